"""The canonical form of a record: one small strict codec, normative in docs/ledger-format.md.

A record is lines of `key: value` where each value is JSON on one line, in a form that every YAML 1.2 reader reads to the
same value. Exactly one sequence of bytes stands for a record: `decode` refuses everything that `encode` would not write.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from gitorch.errors import Corrupt, Usage
from gitorch.model.record import Actor, FileRef, Record
from gitorch.text.records import canonical, line_pattern, timestamps
from gitorch.text.records.released import RELEASED, is_prose, kind_of, suffix_of
from gitorch.text.records.shape import Shape, Wrong, hints, shape

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence

    from gitorch.model.events import Event
    from gitorch.text.records.line_pattern import Convert

FORMAT = "record/1"

_FIRST = f'gitorch: "{FORMAT}"'
_BY_LINE = {f'type: "{kind}"': kind for kind in RELEASED}


class _Layout:
    """How one type is written with or without a run and files: its keys, and how each value is written and read."""

    __slots__ = ("cls", "encoders", "first", "hints", "keys", "kind", "pattern", "prefixes", "prose", "readers", "run")

    def __init__(self, kind: str, run: bool, files: bool) -> None:
        cls: type = RELEASED[kind][0]
        names = RELEASED[kind][1]
        self.cls, self.kind, self.run, self.prose = cls, kind, run, is_prose(kind)
        own = [name for name in names if name != "text"]
        typed = {name: hints(cls)[name] for name in own} | ({"files": tuple[FileRef, ...]} if files else {})
        head = {"seq": int, "prev": str, "at": hints(Record)["at"], **({"run": str} if run else {})}
        self.hints = {"gitorch": str, **head, "type": str, "actor": Actor, **typed}
        self.keys, self.first = tuple(self.hints), len(head)
        self.prefixes = tuple(f"{key}: " for key in self.keys)
        self.encoders = [shape(hint)[0] for hint in typed.values()]
        before, after = line_pattern.compiled(head), line_pattern.compiled(typed)
        self.readers: tuple[Convert | None, ...] = (*before.converts, _actor, *after.converts)
        self.pattern: re.Pattern[str] = line_pattern.pattern(
            _FIRST, *before.lines, f'type: "{kind}"', "actor: (.*)", *after.lines
        )


_layout = cache(_Layout)


@lru_cache(maxsize=256)
def _actor(text: str) -> Actor:
    """The same few actors write all records, and reading one costs a fifth of a record."""
    actor: Actor = _shape_of_actor()[1](canonical.read(text))
    return actor


@cache
def _shape_of_actor() -> Shape:
    return shape(Actor)


def encode(record: Record) -> tuple[str, bytes]:
    """The end of the file's name (`lease-granted.yaml`, `verdict-given.md`) and the file.

    Prose is normalised (`canonical.normal`); everything else is kept to the last character. Raises Usage for what no
    UTF-8 file can hold (lone surrogates), for numbers that are not finite and for keys that are too long.
    """
    event, kind = record.event, kind_of(record.event)
    layout = _layout(kind, record.run is not None, bool(record.files))
    try:
        values = [FORMAT, record.seq, record.prev, timestamps.iso(record.at), *([record.run] if layout.run else [])]
        values += [kind, _shape_of_actor()[0](record.actor)]
        values += [write(one) for write, one in zip(layout.encoders, _fields(record, layout), strict=True)]
        lines = [f"{key}{canonical.write(one)}\n" for key, one in zip(layout.prefixes, values, strict=True)]
        front = "".join(lines)
        body = f"---\n{front}---\n{_prose(event)}\n" if layout.prose else front
        return suffix_of(kind), body.encode()
    except ValueError as error:
        raise Usage(f"A {kind} record cannot hold this: {error}.") from error


def _fields(record: Record, layout: _Layout) -> list[Any]:
    own = layout.keys[layout.first + 3 :]
    return [record.files if key == "files" else getattr(record.event, key) for key in own]


def _prose(event: Event) -> str:
    return canonical.normal(getattr(event, "text", ""))


def decode(path: str, data: bytes) -> Record:
    """The record in a file. `path` tells prose by its `.md` and is named when something is wrong.

    Raises Corrupt, saying what: not UTF-8, a key that is unknown, missing or out of place, a value of the wrong type,
    anything that is not in canonical form.
    """
    try:
        return _decode(data.decode(), path.endswith(".md"))
    except (ValueError, RecursionError) as error:  # errors of JSON and Unicode are ValueErrors
        raise Corrupt(f"The record {path} is not what gitorch writes: {error}.", where=path) from error


def _decode(text: str, prose: bool) -> Record:
    front, body = _split(text) if prose else (text, "")
    lines = front.split("\n", 6)
    run = len(lines) > 4 and lines[4].startswith("run: ")
    kind = _BY_LINE.get(lines[4 + run]) if len(lines) > 4 + run else None
    if lines[0] != _FIRST or kind is None:
        raise Wrong(f"it does not begin with {_FIRST} and a known type in line {5 + run}")
    files = front.startswith("files: ", front.rfind("\n", 0, -1) + 1)
    layout = _layout(kind, run, files)
    if layout.prose is not prose:
        raise Wrong(f"a {kind} record is kept in a file named {suffix_of(kind)}")
    return _record(layout, _quickly(layout, front) or _slowly(layout, front), body, files)


def _quickly(layout: _Layout, front: str) -> list[Any] | None:
    """The values by one regular expression; None for what it does not cover and for what is wrong."""
    match = layout.pattern.fullmatch(front)
    if match is None:
        return None
    try:
        return [text if read is None else read(text) for read, text in zip(layout.readers, match.groups(), strict=True)]
    except ValueError:
        return None


def _record(layout: _Layout, values: Sequence[Any], body: str, files: bool) -> Record:
    """From the values of seq, prev, at, run if any, actor, the type's own keys, files if any."""
    first = layout.first + 1
    own = values[first:-1] if files else values[first:]
    event = layout.cls(*own, *((body,) if layout.prose else ()))
    if files and not values[-1]:
        raise Wrong("files is written although there are none")
    run = values[3] if layout.run else None
    return Record(values[0], values[1], values[2], run, values[first - 1], event, values[-1] if files else ())


def _split(text: str) -> tuple[str, str]:
    """Front matter and prose. The prose is what stands between the second `---` line and the last line break."""
    if not text.startswith("---\n"):
        raise Wrong("the first line is not ---")
    front, mark, body = text[4:].partition("\n---\n")
    if not mark or not body.endswith("\n"):
        raise Wrong("the front matter or the text has no end")
    if canonical.normal(body) != body:
        raise Wrong("the text holds a control character or a line break other than LF")
    return f"{front}\n", body[:-1]


def _slowly(layout: _Layout, front: str) -> list[Any]:
    """The values line by line: for escaped strings, which the pattern leaves out, and to say what is wrong."""
    if not front.endswith("\n"):
        raise Wrong("the last line has no end")
    lines, values = front[:-1].split("\n"), []
    for prefix, line, (key, hint) in zip(layout.prefixes, lines, layout.hints.items(), strict=False):
        if not line.startswith(prefix):
            raise Wrong(f"expected {key} but found {line:.40}")
        try:
            values.append(shape(hint)[1](canonical.read(line[len(prefix) :])))
        except ValueError as error:
            raise Wrong(f"{key}: {error}") from error
    if len(lines) != len(layout.prefixes):
        missing = ", ".join(layout.keys[len(lines) :])
        raise Wrong(f"missing {missing}" if missing else f"unknown line {lines[len(layout.keys)]:.40}")
    del values[layout.first + 1], values[0]  # type and gitorch are known
    return values
