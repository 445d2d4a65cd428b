"""A checked history that a process of its own reads, so that a long one is read and judged on two processors.

`python -m gitorch.world.git.history_process <git directory> <tip>` writes frames to its standard output: four bytes of length,
then a list in the form of `marshal`. An empty list is the end, which a process that was killed never writes.
"""

from __future__ import annotations

import gc
import marshal
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitorch.errors import Corrupt, Unavailable
from gitorch.model.ids import CommitId
from gitorch.model.values import names_of
from gitorch.ports.commits import StoredCommit, StoredObject
from gitorch.world.git.checked_history import checked
from gitorch.world.git.object_reader import ObjectReader
from gitorch.world.git.pipes import BUFFER_BYTES, answers_of, patiently, widen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LONG = 2_000
"""Commits from which on a process of its own pays: its start takes 70 ms of the processor, and reading a commit 40 µs."""

_MODULE = "gitorch.world.git.history_process"
_FRAME_ITEMS = 64
_LENGTH_BYTES = 4

_FIELDS: Mapping[type, tuple[str, ...]] = {
    StoredCommit: names_of(StoredCommit),
    StoredObject: names_of(StoredObject),
    Corrupt: ("message", "hint", "where"),
    Unavailable: ("message", "hint", "where"),
}
"""What can be in a frame: the position of its type here, and the values of these fields."""
_TYPES = tuple(_FIELDS)

Item = StoredCommit | StoredObject | Corrupt | Unavailable


def is_long(reader: ObjectReader, tip: CommitId) -> bool:
    """Whether the history has `LONG` commits or more; false where git cannot count them."""
    counting = ("rev-list", "--count", f"--max-count={LONG}", tip, "--")
    with reader.git(*counting, stdin=subprocess.DEVNULL) as process:
        return answers_of(process).read().strip() == b"%d" % LONG


def checked_apart(common: Path, env: Mapping[str, str], tip: CommitId) -> Iterator[StoredCommit | StoredObject]:
    """As `checked_history.checked`, whose errors it raises; Unavailable also where the process is ended."""
    words = (sys.executable, "-m", _MODULE, str(common), tip)
    process = subprocess.Popen(
        words,
        bufsize=BUFFER_BYTES,
        cwd="/",  # where Python finds no module of an agent's
        env={**env, "PYTHONPATH": os.pathsep.join(sys.path)},  # wherever this process found its modules
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    widen(process)
    with patiently(process):
        for item in _received(process):
            if isinstance(item, Corrupt | Unavailable):
                raise item
            yield item


def _received(process: subprocess.Popen[bytes]) -> Iterator[Item]:
    """What a process sends. Raises Unavailable where it ends too early."""
    answers = answers_of(process)
    while True:
        length = answers.read(_LENGTH_BYTES)
        frame = answers.read(int.from_bytes(length))
        if len(length) < _LENGTH_BYTES or len(frame) < int.from_bytes(length):
            raise Unavailable("The process that reads the ledger was ended.", hint="gitorch verify")

        items: list[tuple[int, Any]] = marshal.loads(frame)  # noqa: S302  # our own process made it, of text and bytes
        if not items:
            return
        for number, values in items:
            yield _TYPES[number](*values)


def _items(common: Path, env: Mapping[str, str], tip: CommitId) -> Iterator[Item]:
    """What `checked` gives, and at the end the error that it raises, if any."""
    try:
        yield from checked(ObjectReader(common, env), tip)
    except (Corrupt, Unavailable) as error:
        yield error


def _frames(items: Iterator[Item]) -> Iterator[bytes]:
    """The frames of these items, the last of them empty."""
    some = None
    while some != []:
        some = list(islice(items, _FRAME_ITEMS))
        frame = marshal.dumps([_plain(item) for item in some])
        yield len(frame).to_bytes(_LENGTH_BYTES)
        yield frame


def _plain(item: Item) -> tuple[int, list[Any]]:
    """An item as the position of its type and the values of its fields."""
    names = _FIELDS[type(item)]
    return _TYPES.index(type(item)), [getattr(item, name) for name in names]


def main() -> None:
    """Write the history that the arguments name to the standard output, as long as somebody reads it."""
    gc.disable()  # nothing here has cycles, and looking for them takes a tenth of the time
    common, tip = sys.argv[1:]
    sys.stdout.buffer.writelines(_frames(_items(Path(common), os.environ, CommitId(tip))))


if __name__ == "__main__":
    main()
