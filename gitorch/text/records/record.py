"""The canonical form of a record: one small strict codec, normative in docs/ledger-format.md.

A record is lines of `key: value`, where each value is JSON on one line, in a form that every YAML 1.2 reader reads to the
same value. A record has exactly one sequence of bytes: `decode` refuses everything that `encode` would not write.
"""

from __future__ import annotations

from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from gitorch.errors import Corrupt, Usage
from gitorch.model.record import Actor, FileRef, Record
from gitorch.text.records import canonical, timestamps
from gitorch.text.records.released import RELEASED, is_prose, kind_of, suffix_of
from gitorch.text.records.shape import Shape, WrongShape, hints, shape

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence

    from gitorch.text.records.line_pattern import Convert

FORMAT = "record/1"

_FIRST = f'gitorch: "{FORMAT}"'
_BY_LINE = {f'type: "{kind}"': kind for kind in RELEASED}

READS_WITHOUT_PATTERN = 75
"""Compiling the pattern of a type takes as long as it saves in some 75 records: 1.3 ms against 17 µs each."""


class _Layout:
    """How one type of record is written, with or without a run and files."""

    def __init__(self, kind: str, run: bool, files: bool) -> None:
        cls, names = RELEASED[kind]
        self.cls: type = cls
        self.kind, self.run, self.prose = kind, run, is_prose(kind)
        head: dict[str, Any] = {"seq": int, "prev": str, "at": hints(Record)["at"]}
        if run:
            head["run"] = str

        typed = {name: hints(cls)[name] for name in names if name != "text"}
        if files:
            typed["files"] = tuple[FileRef, ...]

        self.hints = {"gitorch": str, **head, "type": str, "actor": Actor, **typed}
        """The type of each key, in the order of the keys."""
        self.keys = tuple(self.hints)
        self.first = len(head)
        """How many keys stand between `gitorch` and `type`."""
        self.prefixes = tuple([f"{key}: " for key in self.keys])
        self.encoders = [shape(hint)[0] for hint in typed.values()]
        """How to write the type's own keys and `files`."""
        self.reads = 0
        """How many records of this type were read line by line."""

    @cached_property
    def pattern(self) -> tuple[re.Pattern[str], tuple[Convert | None, ...]]:
        """The pattern of the whole record, and how to read each of its groups."""
        from gitorch.text.records import line_pattern  # noqa: PLC0415  only where many records are read

        hints = list(self.hints.items())[1:]
        before = line_pattern.compiled(dict(hints[: self.first]))
        after = line_pattern.compiled(dict(hints[self.first + 2 :]))
        pattern = line_pattern.pattern(_FIRST, *before.lines, f'type: "{self.kind}"', "actor: (.*)", *after.lines)
        return pattern, (*before.converts, _actor, *after.converts)


_layout = cache(_Layout)


@lru_cache(maxsize=256)
def _actor(text: str) -> Actor:
    """An actor. Cached, since the same few actors write all records, and reading one costs a fifth of a record."""
    actor: Actor = _shape_of_actor()[1](canonical.read(text))
    return actor


@cache
def _shape_of_actor() -> Shape:
    """The converters of actors, made when the first record needs them."""
    return shape(Actor)


def encode(record: Record) -> tuple[str, bytes]:
    """The end of the file's name (`lease-granted.yaml`, `verdict-given.md`) and the file.

    Prose is normalised (`canonical.normal`); everything else is kept to the last character. Raises Usage for text that no
    UTF-8 file can hold (lone surrogates), for numbers that are not finite and for keys that are too long.
    """
    kind = kind_of(record.event)
    layout = _layout(kind, record.run is not None, bool(record.files))

    try:
        return suffix_of(kind), _file(layout, record).encode()
    except ValueError as error:
        raise Usage(f"A {kind} record cannot hold this: {error}.") from error


def _file(layout: _Layout, record: Record) -> str:
    """The text of a record's file. Raises ValueError for a value that cannot be written."""
    values = [FORMAT, record.seq, record.prev, timestamps.iso(record.at)]
    if layout.run:
        values.append(record.run)

    values += [layout.kind, _shape_of_actor()[0](record.actor)]

    for key, encoder in zip(layout.keys[layout.first + 3 :], layout.encoders, strict=True):
        value = record.files if key == "files" else getattr(record.event, key)
        values.append(encoder(value))

    lines = [f"{prefix}{canonical.write(value)}\n" for prefix, value in zip(layout.prefixes, values, strict=True)]
    front = "".join(lines)
    if not layout.prose:
        return front

    prose = canonical.normal(getattr(record.event, "text", ""))
    return f"---\n{front}---\n{prose}\n"


def decode(path: str, data: bytes) -> Record:
    """The record in a file. A path that ends in `.md` holds prose; errors name the path.

    Raises Corrupt for bytes that are not UTF-8, a key that is unknown, missing or out of place, a value of the wrong type,
    and anything else that is not in canonical form.
    """
    try:
        return _decode(data.decode(), path.endswith(".md"))
    except (ValueError, RecursionError) as error:  # errors of JSON and Unicode are ValueErrors
        raise Corrupt(f"The record {path} is not what gitorch writes: {error}.", where=path) from error


def _decode(text: str, prose: bool) -> Record:
    """The record in a text. Raises ValueError, of which WrongShape is one."""
    front, body = text, ""
    if prose:
        front, body = _split(text)

    kind, has_run = _kind(front)
    last_line = front.rfind("\n", 0, -1) + 1
    has_files = front.startswith("files: ", last_line)
    layout = _layout(kind, has_run, has_files)
    if layout.prose is not prose:
        raise WrongShape(f"a {kind} record is kept in a file named {suffix_of(kind)}")

    values = _match(layout, front) or _read_lines(layout, front)
    return _record(layout, values, body, has_files)


def _kind(front: str) -> tuple[str, bool]:
    """The type of a record, and whether it has a run. Raises WrongShape where the first lines do not tell."""
    lines = [*front.split("\n", 6), "", "", "", "", "", ""]
    has_run = lines[4].startswith("run: ")
    type_line = 4 + has_run
    kind = _BY_LINE.get(lines[type_line])
    if lines[0] != _FIRST or kind is None:
        raise WrongShape(f"it does not begin with {_FIRST} and a known type in line {type_line + 1}")

    return kind, has_run


def _match(layout: _Layout, front: str) -> list[Any] | None:
    """The values by one regular expression; None for a record that needs `_read_lines`, is of a rare type, or is wrong."""
    if layout.reads < READS_WITHOUT_PATTERN:
        layout.reads += 1
        return None

    pattern, readers = layout.pattern
    match = pattern.fullmatch(front)
    if match is None:
        return None

    try:
        return [text if read is None else read(text) for read, text in zip(readers, match.groups(), strict=True)]
    except ValueError:
        return None


def _record(layout: _Layout, values: Sequence[Any], body: str, has_files: bool) -> Record:
    """The record of these values: seq, prev, at, run if any, actor, the type's own keys, files if any."""
    own = list(values[layout.first + 1 :])
    files = _take_files(has_files, own)
    if layout.prose:
        own.append(body)

    run = None
    if layout.run:
        run = values[3]
    return Record(values[0], values[1], values[2], run, values[layout.first], layout.cls(*own), files)


def _take_files(has_files: bool, own: list[Any]) -> tuple[FileRef, ...]:
    """Take the attached files off the end of the values."""
    files: tuple[FileRef, ...] = ()
    if has_files:
        files = own.pop()
        if not files:
            raise WrongShape("files is written although there are none")
    return files


def _split(text: str) -> tuple[str, str]:
    """Front matter and prose. The prose is the text between the second `---` line and the last line break."""
    if not text.startswith("---\n"):
        raise WrongShape("the first line is not ---")

    front, mark, body = text[4:].partition("\n---\n")
    if not mark or not body.endswith("\n"):
        raise WrongShape("the front matter or the text has no end")

    if canonical.normal(body) != body:
        raise WrongShape("the text holds a control character or a line break other than LF")

    return f"{front}\n", body[:-1]


def _read_lines(layout: _Layout, front: str) -> list[Any]:
    """The values line by line: for escaped strings, which the pattern leaves out, and to name the first error."""
    if not front.endswith("\n"):
        raise WrongShape("the last line has no end")

    lines, values = front[:-1].split("\n"), []

    for prefix, line, (key, hint) in zip(layout.prefixes, lines, layout.hints.items(), strict=False):
        if not line.startswith(prefix):
            raise WrongShape(f"expected {key} but found {line:.40}")
        try:
            values.append(shape(hint)[1](canonical.read(line[len(prefix) :])))
        except ValueError as error:
            raise WrongShape(f"{key}: {error}") from error

    _require_all_lines(layout, lines)

    del values[layout.first + 1], values[0]  # type and gitorch are known
    return values


def _require_all_lines(layout: _Layout, lines: list[str]) -> None:
    """Raises WrongShape for missing and for unknown lines."""
    missing = ", ".join(layout.keys[len(lines) :])
    if missing:
        raise WrongShape(f"missing {missing}")

    if len(lines) > len(layout.keys):
        raise WrongShape(f"unknown line {lines[len(layout.keys)]:.40}")
