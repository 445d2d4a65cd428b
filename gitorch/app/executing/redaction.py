"""Secrets on their way into the ledger, which keeps everything for ever.

What a person or an agent writes is refused: they can write it again without the secret. A screen, the output of a test
or a refusal has to be kept, so that its secrets are redacted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gitorch.errors import Problem, Refused
from gitorch.model import commands
from gitorch.model.commands import PublishArtifact
from gitorch.model.path_text import without_surrogates
from gitorch.model.record import ActorKind
from gitorch.model.values import Value, names_of, replace
from gitorch.text.secret_signs import is_suspicious

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitorch.model.commands import Command
    from gitorch.model.record import Actor

FOR_EVER = "the ledger keeps everything for ever"
SAY_WHERE = "say where it lies instead of what it is"

OBSERVED = (
    commands.EndSession,
    commands.Escalate,
    commands.RecordPermission,
    commands.NoteSilentChannel,
    commands.RecordCheck,
    commands.RecordClosingFailure,
    commands.NoteFault,
    commands.RecordRefusal,
)
"""Commands that quote screens, output or what others wrote, and no digest of it: their secrets are redacted."""


def recordable(actor: Actor, command: Command, attached: Mapping[type, Mapping[str, bytes]] | None) -> Command:
    """The command as it may be recorded: one that quotes screens or output comes back with its secrets redacted.

    Published artifacts pass: their own rule decides, with the principal's consent. So does everything of gitorch itself.
    Raises Refused for text or files of a person or an agent that seem to hold a secret, naming the field and the kind.
    """
    if isinstance(command, OBSERVED):
        redacted: Command = _redacted(command)
        return redacted
    if actor.kind is ActorKind.HOST:
        return command
    if isinstance(command, PublishArtifact):
        return command

    _refuse_any_secret(command, attached)
    return command


def _refuse_any_secret(command: Command, attached: Mapping[type, Mapping[str, bytes]] | None) -> None:
    """Raises Denied for a secret in the command's texts or files."""
    for place, text in _texts(command, ""):
        _refuse_secrets(place, text)
    _refuse_secret_files(attached or {})


def storable(value: Any) -> Any:
    """The same value with text that UTF-8 can hold; the very same object where it already can.

    Bytes of names from a command line or the system become escapes (`model.path_text`), as git's paths do.
    """
    return _mapped(value, without_surrogates)


def _refuse_secret_files(attached: Mapping[type, Mapping[str, bytes]]) -> None:
    """Raises Refused for an attached file that seems to hold a secret."""
    for files in attached.values():
        for name, data in files.items():
            _refuse_secrets(name, data.decode("utf-8", "replace"))


def redact_output(data: bytes) -> bytes:
    """Output that is attached to a record, with its secrets redacted; the same bytes where there is none.

    Bytes that are no UTF-8 come back as they were.
    """
    text = data.decode("utf-8", "surrogateescape")
    if not is_suspicious(text):
        return data
    return _redact(text).encode("utf-8", "surrogateescape")


def find_secrets_in_files(path: str, files: Mapping[str, bytes]) -> tuple[Problem, ...]:
    """A problem for each secret in the files that a run would begin with, the plan at `path` first, at its line and column.

    The first of `files` is the plan; the others are the sections or briefs that the run keeps beside it.
    A secret in another file is reported only where the plan does not hold the same text.
    """
    problems: list[Problem] = []
    texts = {name: data.decode("utf-8", "replace") for name, data in files.items()}
    plan_name = next(iter(texts))
    plan = texts.pop(plan_name)
    for line, column, secret in _secrets(plan):
        problems.append(_problem(path, f"This line seems to hold {secret}", line, column))

    for name, text in texts.items():
        if text in plan:
            continue
        for line, _, secret in _secrets(text):
            problems.append(_problem(path, f"Line {line} of its {name} seems to hold {secret}"))
    return tuple(problems)


def find_secrets_in_value(path: str, value: object, name: str) -> tuple[Problem, ...]:
    """A problem for each secret in a value that a run would begin with; `name` is how the message calls the value.

    The message gives the names that lead to the text, as in `workflow lanes claude env TOKEN`, and never the secret itself.
    """
    problems: list[Problem] = []
    for place, text in _texts(value, name):
        for _, _, secret in _secrets(text):
            problems.append(_problem(path, f"`{place}` seems to hold {secret}"))
    return tuple(problems)


def _problem(
    path: str,
    finding: str,
    line: int = 1,
    column: int = 1,
) -> Problem:
    """A problem in the file at `path`, with the reason why it matters and the advice that fits every secret."""
    return Problem(path, line, column, f"{finding}; {FOR_EVER}.", SAY_WHERE)


def _secrets(text: str) -> tuple[tuple[int, int, str], ...]:
    """Line, column and kind of each secret in a text."""
    if not is_suspicious(text):
        return ()
    from gitorch.text.redact import secret_places  # noqa: PLC0415  # see `text.secret_signs`

    return secret_places(text)


def _refuse_secrets(place: str, text: str) -> None:
    """Raises Refused where a text seems to hold a secret; `place` names the text, which is never quoted."""
    if not is_suspicious(text):
        return
    from gitorch.text.redact import secrets_in  # noqa: PLC0415  # see `text.secret_signs`

    found = secrets_in(text)
    if found:
        raise Refused(f"{place} seems to hold a secret ({found[0]}); {FOR_EVER}, so {SAY_WHERE}")


def _texts(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """Every text in a value, depth first, with the names that lead to it: `summary`, `findings 1 detail`.

    Keys of mappings are names, not texts. What is neither a text nor made of parts gives none.
    """
    if isinstance(value, str):
        yield place, value
    for name, part in _parts(value):
        yield from _texts(part, f"{place} {name}".strip())


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    """The direct parts of a value by name; the items of a tuple count from 1."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield str(key), part
    elif isinstance(value, tuple):
        for number, part in enumerate(value, 1):
            yield str(number), part
    elif isinstance(value, Value):
        for name in names_of(type(value)):
            yield name, getattr(value, name)


def _redacted(value: Any) -> Any:
    """The same value with its secrets redacted; the very same object where it holds none."""
    return _mapped(value, _redact)


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    """The same value with each of its texts changed; the very same object where none changes.

    Texts, tuples, mappings and values are searched to any depth. The words of enumerations and keys stay.
    """
    if type(value) is str:
        return change(value)
    if isinstance(value, tuple):
        return _mapped_tuple(value, change)
    if isinstance(value, Mapping):
        mapped = {name: _mapped(part, change) for name, part in value.items()}
        return value if mapped == value else mapped
    if isinstance(value, Value):
        return _mapped_value(value, change)
    return value


def _mapped_tuple(value: tuple[Any, ...], change: Callable[[str], str]) -> tuple[Any, ...]:
    """A tuple with its texts changed; the very same one where none changes."""
    mapped = tuple(_mapped(part, change) for part in value)
    if all(before is after for before, after in zip(value, mapped, strict=True)):
        return value
    return mapped


def _mapped_value(value: Value, change: Callable[[str], str]) -> Value:
    """A value with the texts in its fields changed; the very same object where no field changes."""
    changed: dict[str, Any] = {}
    for name, part in _parts(value):
        mapped = _mapped(part, change)
        if mapped is not part:
            changed[name] = mapped

    if changed:
        return replace(value, **changed)
    return value


def _redact(text: str) -> str:
    """The text with each secret of an unmistakable form redacted. The expressions are compiled by the first call."""
    if not is_suspicious(text):
        return text
    from gitorch.text.redact import redact_secrets  # noqa: PLC0415  # see `text.secret_signs`

    return redact_secrets(text)


def redact_value(value: object) -> object:
    """A value of a notice with the secrets in its text redacted; anything but text comes back as it is."""
    if not isinstance(value, str):
        return value
    return redact_text(value)


def redact_text(text: str) -> str:
    """A text with its secrets redacted; the same text where it holds none."""
    return _redact(text)
