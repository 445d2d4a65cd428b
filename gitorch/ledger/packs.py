"""Objects in packs, read one by one as `gitformat-pack` describes them: importing dulwich for them takes longer than a whole verb.

Only what git writes in a repository of its own is read here: indexes of version 2, and deltas whose base is in the same pack.
dulwich reads everything else, such as the packs of alternates.
"""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING

from gitorch.ports.commits import OBJECT_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC = b"\xfftOc\x00\x00\x00\x02"
"""How an index of version 2 begins."""

_FANOUT_AT, _NAMES_AT = 8, 8 + 256 * 4
"""After the magic number: how many names begin with each byte or a smaller one, then all names, sorted."""

_NEAR = 128
"""How many names are read on each side of the place where one is expected: four standard deviations among 4,000 names."""

_BASE_EARLIER, _BASE_NAMED = 6, 7
"""The kinds of objects that are stored as differences to another one: at an earlier place in the pack, or with a name."""

_LARGE = 1 << 31
"""Marks a place that does not fit into 31 bits, and stands in another table."""

_CHUNK = 4096
_HEADER_BYTES_MAX = 48
_COPY_BYTES = 0x10000
"""What a copy without a length copies."""

_DEPTH_MAX = 4096
"""Differences that may stand on each other: git makes chains of at most 4,095."""

_KEPT_MAX, _KEPT_BYTES_MAX = 512, 20_000


class Packs:
    """The packs below one folder of objects. One instance a thread."""

    def __init__(self, objects: str) -> None:
        self._folder = f"{objects}/pack"
        self._latest: tuple[str, ...] = ()
        self._kept: dict[tuple[str, int], bytes] = {}
        """Bodies by pack and place: the trees of successive commits are differences to each other."""

    def body(self, identity: str) -> bytes | None:
        """The body of an object; None where no pack that is understood has it.

        Raises OSError, zlib.error, ValueError or IndexError for a damaged pack. The body is not compared with its name.
        """
        name = bytes.fromhex(identity)
        for pack in self._packs():
            try:
                body = self._body_in(pack, name)
            except FileNotFoundError:  # git has replaced this pack since the folder was listed
                continue
            if body is not None:
                self._latest = (pack,)
                return body

        return None

    def _packs(self) -> Iterator[str]:
        """The names of the packs: first the one that had the object before, since those of one record lie together."""
        yield from self._latest
        for index in indexes(self._folder):
            yield index.removesuffix(".idx")

    def _body_in(self, pack: str, name: bytes) -> bytes | None:
        """The body of an object in one pack; None where it is not there."""
        place = place_of(f"{self._folder}/{pack}.idx", name)
        if place is None:
            return None

        descriptor = os.open(f"{self._folder}/{pack}.pack", os.O_RDONLY)
        try:
            return self._body_at(pack, descriptor, place)
        finally:
            os.close(descriptor)

    def _body_at(self, pack: str, descriptor: int, place: int) -> bytes:
        """The body of the object at this place: its base, to which the differences are applied, the oldest first."""
        differences: list[tuple[int, bytes]] = []
        body = self._kept.get((pack, place))
        while body is None:
            stored = _Stored(descriptor, place)
            data = stored.data()
            if stored.kind not in {_BASE_EARLIER, _BASE_NAMED}:
                body = data
                break

            differences.append((place, data))
            if len(differences) > _DEPTH_MAX:
                raise ValueError("its bases form a circle")

            place = self._place_of_base(pack, stored)
            body = self._kept.get((pack, place))

        self._keep(pack, place, body)
        for changed, difference in reversed(differences):
            body = _applied(difference, body)
            self._keep(pack, changed, body)

        return body

    def _place_of_base(self, pack: str, stored: _Stored) -> int:
        """Where the base of a difference is. Raises ValueError where it is not in this pack."""
        if stored.kind == _BASE_EARLIER:
            return stored.place - stored.distance

        place = place_of(f"{self._folder}/{pack}.idx", stored.base)
        if place is None:
            raise ValueError(f"its base {stored.base.hex()} is missing")

        return place

    def _keep(self, pack: str, place: int, body: bytes) -> None:
        """Keep a small body in memory."""
        if len(body) >= _KEPT_BYTES_MAX:
            return

        if len(self._kept) > _KEPT_MAX:
            self._kept.clear()

        self._kept[pack, place] = body


class _Stored:
    """The header of an object in an open pack."""

    def __init__(self, descriptor: int, place: int) -> None:
        self._descriptor = descriptor
        self.place = place
        head = os.pread(descriptor, _HEADER_BYTES_MAX, place)
        self.kind = head[0] >> 4 & 7
        self._size, at = _size_of(head)
        self.distance, self.base = 0, b""
        if self.kind == _BASE_EARLIER:
            self.distance, at = _distance(head, at)
        elif self.kind == _BASE_NAMED:
            self.base = head[at : at + 20]
            at += 20

        self._data_at = place + at

    def data(self) -> bytes:
        """What follows the header, decompressed. Raises ValueError, zlib.error."""
        inflater = zlib.decompressobj()
        at = self._data_at
        left = min(self._size, OBJECT_BYTES_MAX)
        parts: list[bytes] = []
        while not inflater.eof:
            chunk = os.pread(self._descriptor, _CHUNK, at)
            if not chunk:
                raise ValueError("its pack ends too early")

            part = inflater.decompress(chunk)  # at most a thousand times as much
            left = _left(left, part)
            parts.append(part)
            at += len(chunk)

        if left:
            raise ValueError("its length is not the one in its header")

        return b"".join(parts)


def _size_of(head: bytes) -> tuple[int, int]:
    """The size in the header of an object, and where the header goes on: four bits, then seven of each further byte."""
    size, shift, at = head[0] & 15, 4, 1
    while head[at - 1] & 0x80:
        size |= (head[at] & 0x7F) << shift
        shift += 7
        at += 1

    return size, at


def _distance(head: bytes, at: int) -> tuple[int, int]:
    """How far back the base is, and where the data begins: seven bits of each byte, the highest first, each further byte adding 1."""
    distance = head[at] & 0x7F
    while head[at] & 0x80:
        at += 1
        distance = (distance + 1) << 7 | head[at] & 0x7F

    return distance, at + 1


def _applied(difference: bytes, base: bytes) -> bytes:
    """The body that a difference makes of its base. Raises ValueError where they do not belong together."""
    size_of_base, at = _number(difference, 0)
    size, at = _number(difference, at)
    if size_of_base != len(base):
        raise ValueError("its base has another length")

    left = min(size, OBJECT_BYTES_MAX)
    parts: list[bytes] = []
    while at < len(difference):
        code = difference[at]
        at += 1
        if code & 0x80:
            start, at = _flagged(difference, at, code, 4)
            length, at = _flagged(difference, at, code >> 4, 3)
            part = base[start : start + (length or _COPY_BYTES)]
        else:
            part = difference[at : at + code]
            at += code

        left = _left(left, part)
        parts.append(part)

    if left:
        raise ValueError("its length is not the one in its header")

    return b"".join(parts)


def _left(room: int, part: bytes) -> int:
    """The room that is left after this part. Raises ValueError where the part does not fit: a forged object could go on for ever."""
    if len(part) > room:
        raise ValueError("it is longer than its header says, or larger than any object of a ledger")

    return room - len(part)


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and where the data goes on."""
    number, shift = data[at] & 0x7F, 7
    while data[at] & 0x80:
        at += 1
        number |= (data[at] & 0x7F) << shift
        shift += 7

    return number, at + 1


def _flagged(data: bytes, at: int, flags: int, width: int) -> tuple[int, int]:
    """A number of `width` bytes, the lowest first, of which only those are stored that have a flag, and where the data goes on."""
    number = 0
    for byte in range(width):
        if flags >> byte & 1:
            number |= data[at] << 8 * byte
            at += 1

    return number, at


def indexes(folder: str) -> list[str]:
    """The names of the indexes in a folder of packs; none where it cannot be read."""
    try:
        names = os.listdir(folder)  # noqa: PTH208  `glob` compiles a pattern
    except OSError:
        return []

    return [name for name in names if name.endswith(".idx")]


def place_of(index: str, name: bytes) -> int | None:
    """Where an object lies in the pack of this index; None where it is not listed, or the index is of another version."""
    descriptor = os.open(index, os.O_RDONLY)
    try:
        if os.pread(descriptor, len(MAGIC), 0) != MAGIC:
            return None

        number = number_of(descriptor, name)
        if number is None:
            return None

        return _place(descriptor, number, len(name))
    finally:
        os.close(descriptor)


def number_of(descriptor: int, name: bytes) -> int | None:
    """Which name of an open index this is, counted from 0; None where it is not listed."""
    first = 0
    if name[0]:
        first = _count(descriptor, name[0] - 1)

    count = _count(descriptor, name[0]) - first
    if not 0 <= count * len(name) <= os.fstat(descriptor).st_size:
        return None  # the table is damaged

    # Names are digests and spread evenly, so the next three bytes say about where this one is.
    expected = count * int.from_bytes(name[1:4]) >> 24
    last_start = max(0, count - 2 * _NEAR)
    start = min(max(0, expected - _NEAR), last_start)
    number = _number_among(descriptor, name, first + start, min(count, 2 * _NEAR))
    if number is None:
        number = _number_among(descriptor, name, first, count)

    return number


def _number_among(descriptor: int, name: bytes, first: int, count: int) -> int | None:
    """Which name this is, where it is one of so many names from the first on; else None."""
    width = len(name)
    names = os.pread(descriptor, count * width, _NAMES_AT + first * width)
    at = names.find(name)
    while at % width and at >= 0:  # the end of one name and the beginning of the next
        at = names.find(name, at + 1)

    if at < 0:
        return None

    return first + at // width


def _place(descriptor: int, number: int, width: int) -> int:
    """Where the object with this number lies in the pack: after the names and their checksums come all places."""
    count = _count(descriptor, 255)
    places_at = _NAMES_AT + count * (width + 4)
    place = int.from_bytes(os.pread(descriptor, 4, places_at + 4 * number))
    if place < _LARGE:
        return place

    return int.from_bytes(os.pread(descriptor, 8, places_at + 4 * count + 8 * (place - _LARGE)))


def _count(descriptor: int, byte: int) -> int:
    """How many names of an index begin with this byte or a smaller one."""
    return int.from_bytes(os.pread(descriptor, 4, _FANOUT_AT + 4 * byte))
