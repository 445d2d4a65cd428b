"""Runtime presets as people write them: one YAML file for each agent program."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gitorch.model.plans.permission import Dialog, RequestPattern
from gitorch.model.plans.runtime import CHANNELS, Preset, StateSign
from gitorch.model.values import replace
from gitorch.text.fields import read_form

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitorch.text.fields import Form

BYTES_MAX = 200_000

STATES = ("dialog", "limited", "busy", "error", "ready")
PLACES = ("screen", "tail", "title", "transcript", "processes")
FIRST_PROMPTS = ("argument", "option", "stdin", "file", "paste")
RESUMED_PROMPTS = ("paste",)
USAGES = ("claude", "codex", "gemini", "opencode", "aider")
NAME = r"[a-z][a-z0-9_-]{0,40}"
KEY = r"[A-Za-z0-9^-]{1,20}"
VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"
FILE_NAME = r"(\{place\}/)?(?!\.\.?(/|$))[A-Za-z0-9.][A-Za-z0-9._-]*(/(?!\.\.?(/|$))[A-Za-z0-9.][A-Za-z0-9._-]*)*"
HOME_FILE = r"~/(?!.*\.\./).+"
PAUSE_MS_MAX = 10_000

WORDS = ("name", "checked_with", "first_option", "transcript", "install_hint", "allow", "sign_in_hint", "socket_folder")
ARGVS = (
    "argv",
    "host_argv",
    "version_argv",
    "begin_argv",
    "resume_argv",
    "model_argv",
    "one_shot_argv",
    "server_argv",
    "client_argv",
)


def parse_preset(path: str, data: bytes, known: Callable[[str], Preset | None] = lambda _: None) -> Preset:
    """A preset from its YAML.

    `known` gives the preset that this one `extends`, by name. Of that preset, words and lists in the file replace the old ones,
    and mappings are added to. Raises Malformed with every problem of the file.
    """
    form = read_form(path, data, BYTES_MAX)
    extended = _extended(form, known)
    fields = _fields(form)
    _check_required(form)
    form.done()
    form.complaints.raise_if_any()
    if extended is None:
        return Preset(**fields)

    return _merged(extended, fields)


def _extended(form: Form, known: Callable[[str], Preset | None]) -> Preset | None:
    """The preset that this one extends; None without any, and, with a complaint, for an unknown one."""
    name = form.text("extends")
    if not form.has("extends"):
        return None

    preset: Preset | None = None
    if re.fullmatch(NAME, name):
        preset = known(name)
    if preset is None:
        form.complain("extends", f"names `{name}`, which is not a preset.", "Name one that `gitorch doctor` lists.")

    return preset


def _merged(extended: Preset, fields: Mapping[str, Any]) -> Preset:
    """The extended preset with the fields of the file. A mapping keeps those of its old keys that the file does not set."""
    changes: dict[str, Any] = {}
    for key, value in fields.items():
        changes[key] = value
        if isinstance(value, dict):
            changes[key] = {**getattr(extended, key), **value}

    return replace(extended, **changes)


def _fields(form: Form) -> dict[str, Any]:
    """The fields of a preset that the file sets, by name.

    A key without a value counts as absent.
    """
    readers: dict[str, Callable[[Form, str], Any]] = {
        **dict.fromkeys(WORDS, _word),
        **dict.fromkeys(ARGVS, _argv),
        "passes": _passes,
        "writable": _texts,
        "signed_in": _texts,
        "channels": _channels,
        "usage": _usage,
        "usage_files": _texts,
        "sandbox_env": _env,
        "sandbox_copies": _copies,
        "sandbox_folders": _texts,
        "first_prompt": _first_prompt,
        "resumed_prompt": _resumed_prompt,
        "submit_key": _submit_key,
        "settle_ms": _pause,
        "interrupt_keys": _keys,
        "warm_ms": _pause,
        "empty_input": _pattern,
        "env": _env,
        "files": _files,
        "signs": _signs,
        "permission_requests": _permission_requests,
        "dialogs": _dialogs,
    }
    fields: dict[str, Any] = {}

    for key, read in readers.items():
        if form.get(key) is not None:
            fields[key] = read(form, key)

    return fields


def _check_required(form: Form) -> None:
    """Every preset has a name, and a command of its own or of the preset that it extends."""
    _check_name(form)

    if not form.has("extends") and not form.texts("argv"):
        form.missing("argv")

    _check_first_option(form)


def _check_name(form: Form) -> None:
    """The name is there, and can be part of a file's name."""
    name = form.word("name", required=True)

    if name and not re.fullmatch(NAME, name):
        form.complain("name", "must be a small letter, then small letters, digits, _ and -.", "Rename the preset.")


def _check_first_option(form: Form) -> None:
    """A preset that passes its first prompt as an option names that option."""
    if form.text("first_prompt") != "option":
        return

    if not form.word("first_option"):
        form.complain("first_prompt", "is `option`, but no option is named.", "Add `first_option:`.")


def _word(form: Form, key: str) -> str:
    """A text, or a whole number as text."""
    return form.word(key)


def _argv(form: Form, key: str) -> tuple[str, ...]:
    """A command as a list of words."""
    return form.argv(key)


def _texts(form: Form, key: str) -> tuple[str, ...]:
    """A list of texts."""
    return form.texts(key)


def _passes(form: Form, key: str) -> tuple[str, ...]:
    """The names of the variables that the agent program gets from gitorch's own environment."""
    variables = form.texts(key)
    for variable in variables:
        if not re.fullmatch(VARIABLE, variable):
            form.complain(
                key, f"contains `{variable}`, which is not the name of a variable.", "Give names, not values."
            )

    return variables


def _channels(form: Form, key: str) -> tuple[str, ...]:
    """The names of control channels."""
    channels = form.texts(key)
    for channel in channels:
        if channel not in CHANNELS:
            form.complain(key, f"names `{channel}`, which is not a channel.", f"Use: {', '.join(CHANNELS)}.")

    return channels


def _first_prompt(form: Form, key: str) -> str:
    """How the program gets its first prompt."""
    return form.one_of(key, FIRST_PROMPTS, FIRST_PROMPTS[0])


def _resumed_prompt(form: Form, key: str) -> str:
    """How the program gets a prompt when it runs already."""
    return form.one_of(key, RESUMED_PROMPTS, RESUMED_PROMPTS[0])


def _usage(form: Form, key: str) -> str:
    """The format in which the program writes down what it used."""
    return form.one_of(key, USAGES, USAGES[0])


def _submit_key(form: Form, key: str) -> str:
    """The key that submits a prompt, as tmux names it."""
    name = form.word(key)
    if not re.fullmatch(KEY, name):
        form.complain(key, f"is `{name}`, which is not the name of a key.", "Use tmux names: Enter, C-m, M-Enter.")

    return name


def _pause(form: Form, key: str) -> int:
    """A pause in milliseconds, at most `PAUSE_MS_MAX`."""
    return form.number(key, 300, maximum=PAUSE_MS_MAX)


def _pattern(form: Form, key: str) -> str:
    """A regular expression; a complaint when it cannot be compiled."""
    pattern = form.word(key)
    try:
        re.compile(pattern)
    except re.error as error:
        form.complain(key, f"is not a regular expression: {error}.", "Put it in single quotation marks.")

    return pattern


def _env(form: Form, key: str) -> dict[str, str]:
    """Variables with their values."""
    return _named_texts(form, key, VARIABLE)


def _files(form: Form, key: str) -> dict[str, str]:
    """Files with their contents; a name may begin with `{place}/`."""
    return _named_texts(form, key, FILE_NAME)


def _copies(form: Form, key: str) -> dict[str, str]:
    """Files of the user's home with the places that they are copied to."""
    return _named_texts(form, key, HOME_FILE)


def _named_texts(form: Form, key: str, name_pattern: str) -> dict[str, str]:
    """A mapping from names to texts. Each name that does not match the pattern adds a complaint to the form."""
    inner = form.form(key)
    for name in inner.names():
        if not re.fullmatch(name_pattern, name):
            inner.complain_of_key(name, "is not a valid name.", f"Use a name that matches {name_pattern}")

    return form.mapping(key)


def _signs(form: Form, key: str) -> dict[str, tuple[StateSign, ...]]:
    """The signs of each state, in the order of the file. A state that the file leaves out has none."""
    inner = form.form(key)
    signs: dict[str, tuple[StateSign, ...]] = {}

    for state in STATES:
        rows = tuple(_sign(row) for row in inner.rows(state))
        if inner.has(state):
            signs[state] = rows

    inner.done()
    return signs


def _sign(row: Form) -> StateSign:
    """A sign: a place, and a pattern for what stands there."""
    _require(row, "place")
    place = row.one_of("place", PLACES, PLACES[0])
    sign = StateSign(place, _required_pattern(row))
    row.done()
    return sign


def _require(row: Form, key: str) -> None:
    """The key has a value."""
    if row.get(key) is None:
        row.missing(key)


def _required_pattern(row: Form) -> str:
    """A pattern that must be there."""
    _require(row, "pattern")
    return _pattern(row, "pattern")


def _permission_requests(form: Form, key: str) -> tuple[RequestPattern, ...]:
    """The permission requests that the program shows, in the order of the file."""
    return tuple(_permission_request(row) for row in form.rows(key))


def _permission_request(row: Form) -> RequestPattern:
    """A pattern for what the program asks, and the keys for at least one answer."""
    request = RequestPattern(
        _asking_pattern(row),
        once=_keys(row, "once"),
        reject=_keys(row, "reject"),
        blank_rows=row.flag("blank_rows", default=False),
    )
    if not request.once and not request.reject:
        row.complain("once", "or `reject` must name keys.", "Write `once: [Enter]`.")

    row.done()
    return request


def _asking_pattern(row: Form) -> str:
    """A pattern whose group `asked` is what a person or rule decides about."""
    pattern = _required_pattern(row)
    if pattern and "(?P<asked>" not in pattern:
        row.complain("pattern", "has no group `asked`.", "Put what the program asks for into (?P<asked>…).")

    return pattern


def _keys(row: Form, key: str) -> tuple[str, ...]:
    """Keys as tmux names them."""
    keys = row.texts(key)
    for name in keys:
        if not re.fullmatch(KEY, name):
            row.complain(
                key, f"contains `{name}`, which is not the name of a key.", "Use tmux names: Enter, Escape, y."
            )

    return keys


def _dialogs(form: Form, key: str) -> dict[str, Dialog]:
    """The dialogs of the program, by name."""
    dialogs: dict[str, Dialog] = {}
    inner = form.form(key)

    for name in inner.names():
        if not re.fullmatch(NAME, name):
            inner.complain_of_key(name, "is not a valid name of a dialog.", f"Use a name that matches {NAME}")
        dialogs[name] = _dialog(name, inner.form(name))

    return dialogs


def _dialog(name: str, row: Form) -> Dialog:
    """A dialog, and the keys or the choice that answer it.

    Only a trust dialog is answered without a person, and only for the folder that it names.
    """
    keys, choice = _keys(row, "keys"), _pattern(row, "choice")
    if not keys and not choice:
        dialog = Dialog(_required_pattern(row))
    elif name == "trust":
        dialog = Dialog(_asking_pattern(row), keys, choice)
    else:
        dialog = Dialog(_required_pattern(row))
        _complain_of_answer(row)

    row.done()
    return dialog


def _complain_of_answer(row: Form) -> None:
    """A dialog that a person answers names neither keys nor a choice."""
    for key in ("keys", "choice"):
        if row.get(key) is not None:
            row.complain(key, "may stand only in the dialog `trust`.", "Remove it: a person answers this dialog.")
