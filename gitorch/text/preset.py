"""Runtime presets as people write them: one YAML file for each agent program."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from gitorch.errors import Malformed, Problem
from gitorch.model.permission import Dialog, RequestPattern
from gitorch.model.runtime import Preset, StateSign
from gitorch.model.values import names_of, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

STATES = ("dialog", "limited", "busy", "error", "ready")
PLACES = ("screen", "tail", "title", "transcript", "processes")
FIRST_PROMPTS = ("argument", "option", "stdin", "file", "paste")
NAME = r"[a-z][a-z0-9_-]{0,40}"
KEY = r"[A-Za-z0-9^-]{1,20}"
VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"
FILE_NAME = r"(\{place\}/)?(?!\.\.?(/|$))[A-Za-z0-9.][A-Za-z0-9._-]*(/(?!\.\.?(/|$))[A-Za-z0-9.][A-Za-z0-9._-]*)*"
PAUSE_MS_MAX = 10_000

WORDS = ("name", "checked_with", "first_option", "transcript", "install_hint")
LISTS = ("argv", "version_argv", "begin_argv", "resume_argv", "model_argv", "one_shot_argv", "passes")


def parse_preset(path: str, data: bytes, known: Callable[[str], Preset | None] = lambda _: None) -> Preset:
    """A preset from its YAML. Raises Malformed with every problem of the file, each with line, column and fix.

    `known` gives the preset that this one `extends`: what the file does not say is as it is there.
    """
    return _Reader(path, known).read(data)


def _over(extended: Preset, values: Mapping[str, Any]) -> Preset:
    """A preset with other values: lists and words take the place of the old ones, mappings are added to."""
    added = {key: {**getattr(extended, key), **value} for key, value in values.items() if isinstance(value, dict)}
    return replace(extended, **{**values, **added})


class _Reader:
    """Reads one file and collects what is wrong with it."""

    def __init__(self, path: str, known: Callable[[str], Preset | None]) -> None:
        self._path = path
        self._known = known
        self._problems: list[Problem] = []

    def read(self, data: bytes) -> Preset:
        top = self._load(data)
        values = self._values(top) if top is not None else {}
        if self._problems:
            count = len(self._problems)
            found = tuple(sorted(self._problems, key=lambda problem: (problem.line, problem.column)))
            raise Malformed(f"{self._path} has {count} problem{'s' if count > 1 else ''}", found)
        extended = values.pop("extends", None)
        return Preset(**values) if extended is None else _over(extended, values)

    def _load(self, data: bytes) -> CommentedMap | None:
        try:
            value = YAML(typ="rt").load(data.decode("utf-8"))
        except UnicodeDecodeError as error:
            self._say(data[: error.start].count(b"\n"), 0, "the file is not UTF-8", "save it as UTF-8")
            return None
        except MarkedYAMLError as error:
            mark = error.problem_mark
            self._say(mark.line if mark else 0, mark.column if mark else 0, f"{error.problem}", "correct the YAML here")
            return None
        except YAMLError as error:
            self._say(0, 0, str(error).splitlines()[0], "correct the YAML")
            return None
        if not isinstance(value, CommentedMap):
            self._say(0, 0, "a preset is a mapping of keys", "begin with `name:`")
            return None
        return value

    def _values(self, top: CommentedMap) -> dict[str, Any]:
        known = set(names_of(Preset)) | {"extends"}
        for key in top:
            if key not in known:
                self._at(top, key, f"{key!r} is no key of a preset", f"known keys: {', '.join(sorted(known))}")
        for key in ("name",) if "extends" in top else ("name", "argv"):
            if not top.get(key):
                self._say(0, 0, f"{key} is missing", f"add `{key}:`")
        readers: dict[str, Callable[[CommentedMap, str], Any]] = {
            **dict.fromkeys(WORDS, self._word),
            **dict.fromkeys(LISTS, self._list),
            "first_prompt": self._first_prompt,
            "resumed_prompt": self._resumed_prompt,
            "submit_key": self._submit_key,
            "settle_ms": self._pause,
            "warm_ms": self._pause,
            "empty_input": self._pattern,
            "env": self._texts,
            "files": self._texts,
            "signs": self._signs,
            "permission_requests": self._permission_requests,
            "dialogs": self._dialogs,
            "extends": self._extends,
        }
        values = {key: readers[key](top, key) for key in top if key in readers}
        self._cross_check(top, values)
        return values

    def _cross_check(self, top: CommentedMap, values: Mapping[str, Any]) -> None:
        if values.get("name") and not re.fullmatch(NAME, values["name"]):
            self._at(top, "name", "a preset's name is a small letter, then letters, digits, _ and -", "rename it")
        if values.get("first_prompt") == "option" and not values.get("first_option"):
            self._at(top, "first_prompt", "first_prompt `option` needs the option", "add `first_option:`")
        for variable in values.get("passes", ()):
            if not re.fullmatch(VARIABLE, variable):
                self._at(top, "passes", f"{variable!r} is no name of a variable", "give names only, not values")
        for key, pattern in (("env", VARIABLE), ("files", FILE_NAME)):
            for name in values.get(key, {}):
                if not re.fullmatch(pattern, name):
                    self._at(top[key], name, f"{name!r} cannot be a name here", f"use a name that matches {pattern}")

    def _word(self, where: CommentedMap, key: str) -> str:
        value = where[key]
        if isinstance(value, str):
            return value
        self._at(where, key, f"{key} must be text", "put it in quotation marks")
        return ""

    def _list(self, where: CommentedMap, key: str) -> tuple[str, ...]:
        value = where[key]
        if isinstance(value, CommentedSeq) and all(isinstance(word, str) for word in value):
            return tuple(str(word) for word in value)
        self._at(where, key, f"{key} must be a list of texts", 'write it as [word, "other word"]')
        return ()

    def _texts(self, where: CommentedMap, key: str) -> dict[str, str]:
        value = where[key]
        if not isinstance(value, CommentedMap):
            self._at(where, key, f"{key} must be a mapping of names to texts", "indent `NAME: text` below it")
            return {}
        return {str(name): self._word(value, name) for name in value}

    def _extends(self, where: CommentedMap, key: str) -> Preset | None:
        name = self._word(where, key)
        found = self._known(name) if re.fullmatch(NAME, name) else None
        if found is None:
            self._at(where, key, f"there is no preset {name!r} to extend", "name one that `gitorch doctor` lists")
        return found

    def _first_prompt(self, where: CommentedMap, key: str) -> str:
        return self._choice(where, key, FIRST_PROMPTS)

    def _resumed_prompt(self, where: CommentedMap, key: str) -> str:
        return self._choice(where, key, ("paste",))

    def _choice(self, where: CommentedMap, key: str, choices: tuple[str, ...]) -> str:
        if where[key] in choices:
            return str(where[key])
        self._at(where, key, f"{key} cannot be {where[key]!r}", f"one of {', '.join(choices)}")
        return choices[0]

    def _submit_key(self, where: CommentedMap, key: str) -> str:
        value = self._word(where, key)
        if value and not re.fullmatch(KEY, value):
            self._at(where, key, f"{value!r} is no name of a key", "as tmux names keys: Enter, C-m, M-Enter")
        return value

    def _pause(self, where: CommentedMap, key: str) -> int:
        value = where[key]
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= PAUSE_MS_MAX:
            return value
        self._at(where, key, f"{key} must be a number of milliseconds from 0 to {PAUSE_MS_MAX}", f"{key}: 300")
        return 0

    def _pattern(self, where: CommentedMap, key: str) -> str:
        value = self._word(where, key)
        try:
            re.compile(value)
        except re.error as error:
            self._at(where, key, f"{value!r} is no regular expression: {error}", "put it in single quotation marks")
        return value

    def _signs(self, where: CommentedMap, key: str) -> dict[str, tuple[StateSign, ...]]:
        value = where[key]
        if not isinstance(value, CommentedMap):
            self._at(where, key, "signs must be a mapping of states to lists", f"states: {', '.join(STATES)}")
            return {}
        for state in value:
            if state not in STATES:
                self._at(value, state, f"{state!r} is no state that a sign tells", f"one of {', '.join(STATES)}")
        return {str(state): self._signs_of(value, state) for state in value if state in STATES}

    def _permission_requests(self, where: CommentedMap, key: str) -> tuple[RequestPattern, ...]:
        rows = where[key]
        if not isinstance(rows, CommentedSeq):
            self._at(
                where,
                key,
                "permission_requests must be a list",
                "write `- {pattern: '…(?P<asked>.*)…', once: [Enter]}`",
            )
            return ()
        return tuple(self._prompt(where, key, row) for row in rows)

    def _dialogs(self, where: CommentedMap, key: str) -> dict[str, Dialog]:
        value = where[key]
        if not isinstance(value, CommentedMap):
            self._at(
                where, key, "dialogs must be a mapping of names to patterns", "write `login: {pattern: 'Sign in'}`"
            )
            return {}
        return {str(name): self._dialog(value, str(name)) for name in value}

    def _dialog(self, where: CommentedMap, name: str) -> Dialog:
        row = where[name]
        if not re.fullmatch(NAME, name):
            self._at(where, name, f"{name!r} cannot be a dialog's name", f"use a name that matches {NAME}")
        if not isinstance(row, CommentedMap) or not {"pattern"} <= set(row) <= {"pattern", "keys"}:
            self._at(where, name, "a dialog has a pattern, and a dialog of trust may have keys", "{pattern: 'Sign in'}")
            return Dialog("")
        pattern = self._pattern(row, "pattern")
        keys = self._keys(row, "keys") if "keys" in row else ()
        if keys and name != "trust":
            self._at(
                row, "keys", f"nothing is pressed in a dialog of {name}", "remove the keys: only `trust` may have some"
            )
        elif keys and "(?P<asked>" not in pattern:
            self._at(row, "pattern", "the pattern has no group `asked`", "put the folder's name into (?P<asked>…)")
        return Dialog(pattern, keys)

    def _keys(self, where: CommentedMap, key: str) -> tuple[str, ...]:
        pressed = self._list(where, key)
        for one in pressed:
            if not re.fullmatch(KEY, one):
                self._at(where, key, f"{one!r} is no name of a key", "as tmux names keys: Enter, Escape, y")
        return pressed

    def _prompt(self, where: CommentedMap, key: str, row: Any) -> RequestPattern:
        if not isinstance(row, CommentedMap) or not {"pattern"} < set(row) - {"blank_rows"} <= {
            "pattern",
            "once",
            "reject",
        }:
            self._at(where, key, "a prompt has a pattern, and keys for `once`, `reject` or both", "once: [Enter]")
            return RequestPattern("")
        if not isinstance(row.get("blank_rows", False), bool):
            self._at(row, "blank_rows", "`blank_rows` is true or false", "blank_rows: true")
        pattern = self._pattern(row, "pattern")
        if "(?P<asked>" not in pattern:
            self._at(row, "pattern", "the pattern has no group `asked`", "put what is asked for into (?P<asked>…)")
        keys = {name: self._keys(row, name) for name in ("once", "reject") if name in row}
        return RequestPattern(pattern, **keys, blank_rows=row.get("blank_rows") is True)

    def _signs_of(self, where: CommentedMap, state: str) -> tuple[StateSign, ...]:
        rows = where[state]
        if not isinstance(rows, CommentedSeq):
            self._at(where, state, f"the signs of {state} must be a list", "write `- {place: tail, pattern: '^> '}`")
            return ()
        return tuple(self._sign(where, state, row) for row in rows)

    def _sign(self, where: CommentedMap, state: str, row: Any) -> StateSign:
        if not isinstance(row, CommentedMap) or set(row) != {"place", "pattern"}:
            self._at(where, state, f"a sign of {state} has a place and a pattern", "{place: tail, pattern: '^> '}")
            return StateSign(PLACES[0], "")
        return StateSign(self._choice(row, "place", PLACES), self._pattern(row, "pattern"))

    def _at(self, where: CommentedMap, key: Any, message: str, fix: str) -> None:
        line, column = where.lc.key(key) if key in where else (where.lc.line, where.lc.col)
        self._say(line, column, message, fix)

    def _say(self, line: int, column: int, message: str, fix: str) -> None:
        self._problems.append(Problem(self._path, line + 1, column + 1, message, fix))
