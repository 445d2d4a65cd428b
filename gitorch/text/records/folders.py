"""What changed from one version of a folder to the next, of which only the part that differs is parsed.

With each record a ledger changes one entry in each of five folders, and the largest of them have a hundred entries.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from gitorch.errors import Corrupt
from gitorch.text.records.objects import FOLDER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.text.records.objects import Entry


class Folder(NamedTuple):
    """The body of a tree, where each of its entries ends, and which of them is expected to change next.

    The first end is 0, where none has begun.
    """

    body: bytes
    ends: Sequence[int]
    changing: int = 0
    """The position of the entry that changed last, as a ledger often changes the same one again."""


NO_FOLDER = Folder(b"", (0,))

Change = tuple[bytes, "Entry | None", "Entry | None"]
"""A name, and the entry under it before and after; None for nothing. A file that gave way to a folder is two changes."""


def compare(old: Folder, body: bytes, width: int) -> tuple[Folder, list[Change]]:
    """The folder of a tree's body, and what turns `old` into it; `width` is the length of a raw id in bytes.

    Raises Corrupt for bytes that are no tree, and for entries that do not follow each other in git's order.
    """
    if body.startswith(old.body):
        return _compare_from(old, len(old.ends) - 1, body, width)

    if len(old.body) != len(body):
        return _compare_from(old, _common(old, body), body, width)

    place = old.changing
    change = _replacement(old, place, body, width)
    if change is None:
        place = _common(old, body)
        change = _replacement(old, place, body, width)
    if change is None:
        return _compare_from(old, place, body, width)
    return Folder(body, old.ends, place), [change]


def _replacement(old: Folder, place: int, body: bytes, width: int) -> Change | None:
    """The change between bodies of one length where only the id of the entry that begins at this end is another."""
    was, start, end = old.body, old.ends[place], old.ends[place + 1]
    head = end - width
    if not body.startswith(was[:head]) or not body.endswith(was[end:]):
        return None

    mode, _, name = body[start : head - 1].partition(b" ")
    return name, (mode, was[head:end]), (mode, body[head:end])


def _compare_from(old: Folder, place: int, body: bytes, width: int) -> tuple[Folder, list[Change]]:
    """The result where both begin with the same entries up to this place."""
    start, pattern = old.ends[place], _entry(width)
    before = {_key(mode, name): (mode, raw) for mode, name, raw in pattern.findall(old.body, start)}
    changes: list[Change] = []
    ends, last = list(old.ends[: place + 1]), _key_before(old, place, width)
    for mode, name, raw in pattern.findall(body, start):
        key, entry = _key(mode, name), (mode, raw)
        if key <= last:
            raise Corrupt("A tree of the ledger is not in git's order.", hint="gitorch recover")
        last = key
        start += len(mode) + len(name) + width + 2
        ends.append(start)
        was = before.pop(key, None)
        if was != entry:
            changes.append((name, was, entry))

    if start != len(body):
        raise Corrupt("A tree of the ledger cannot be read.", hint="gitorch recover")

    for key, removed in before.items():
        changes.append((key.removesuffix(b"/"), removed, None))
    return Folder(body, ends, max(len(ends) - 2, 0)), changes


def _key_before(old: Folder, place: int, width: int) -> bytes:
    """The key of the entry that ends at this place; empty where none does."""
    if place == 0:
        return b""

    mode, _, name = old.body[old.ends[place - 1] : old.ends[place] - width - 1].partition(b" ")
    return _key(mode, name)


def _common(old: Folder, body: bytes) -> int:
    """The position of the last end up to which both are the same. Looked for from the back, where a ledger changes."""
    common, different, step = 0, len(old.ends), 1
    while different - common > 1:
        middle = max(different - step, common + 1)
        end = old.ends[middle]
        if old.body[:end] == body[:end]:
            common, step = middle, 1
        else:
            different, step = middle, 2 * step
    return common


def _key(mode: bytes, name: bytes) -> bytes:
    """What git sorts an entry by: a folder as if its name ended in a slash."""
    if mode == FOLDER:
        return name + b"/"
    return name


@cache
def _entry(width: int) -> re.Pattern[bytes]:
    """One entry of a tree."""
    return re.compile(b"([0-7]+) ([^\\0/]+)\\0(.{%d})" % width, re.DOTALL)
