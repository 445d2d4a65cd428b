"""Where some records are, in `<common git dir>/gitorch/cache/places`: a reader starts near a record instead of at the first.

One line for every 64th record, `64 <commit>`, and one for each message, `m5 1234`, with the number of its record. Lines are
only added. They are hints: a reader compares what it finds with the ledger's tip, so a lost or wrong line costs time only.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_left
from contextlib import suppress
from typing import TYPE_CHECKING

from gitorch.ledger.files import read, replace
from gitorch.model.ids import CommitId, MessageId
from gitorch.model.values import Value

if TYPE_CHECKING:
    from pathlib import Path

    from gitorch.model.record import Record

STRIDE = 64
"""Records between two remembered commits: a walk back from one of them to a record reads 32 commits on average."""

_BYTES_MAX = 50_000_000
"""A larger file is not ours: that of a million records has 800 kB."""

_COMMIT_LINE = "([0-9]{1,12}) ([0-9a-f]{40}|[0-9a-f]{64})"
_MESSAGE_LINE = "(m[0-9]{1,12}) ([0-9]{1,12})"


class Place(Value):
    """The commit that is said to hold a record."""

    seq: int
    commit: CommitId


class Places:
    """The remembered places of one clone, and those that this process met."""

    def __init__(self, common: Path) -> None:
        self._path = common / "gitorch" / "cache" / "places"
        self._unsaved: list[str] = []
        self._commits: dict[int, CommitId] | None = None
        """None until the file is read."""
        self._messages: dict[MessageId, int] = {}

    def note(self, record: Record, commit: CommitId) -> None:
        """Remember the place of a record that was replayed or written, where one is wanted."""
        if record.seq % STRIDE == 0:
            self._add(f"{record.seq} {commit}")
        message = getattr(record.event, "message", None)
        if type(record.event).__name__ == "MessageSent" and message is not None:
            self._add(f"{message} {record.seq}")

    def _add(self, line: str) -> None:
        """Keep a line for the file, and learn it where the file was read."""
        self._unsaved.append(line)
        self._take(line)

    def save(self) -> None:
        """Add what is new to the file. Raises OSError."""
        if not self._unsaved:
            return
        lines = "".join(f"{line}\n" for line in self._unsaved)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK  # never waits for a pipe's reader
        with os.fdopen(os.open(self._path, flags, 0o644), "a", encoding="ascii") as file:
            file.write(lines)
        self._unsaved.clear()

    def begin_again(self) -> None:
        """Forget all places, since one of them was wrong or many are missing. A file that cannot be replaced stays."""
        self._unsaved.clear()
        self._commits, self._messages = {}, {}
        with suppress(OSError):
            replace(self._path, "")

    def met(self, place: Place) -> None:
        """Remember a commit for this process alone."""
        self._known()[place.seq] = place.commit

    def at_or_above(self, seq: int) -> Place | None:
        """The nearest known place of this record or of a later one."""
        known = self._known()
        numbers = sorted(known)
        index = bisect_left(numbers, seq)
        if index == len(numbers):
            return None
        return Place(numbers[index], known[numbers[index]])

    def of_message(self, message: MessageId) -> int | None:
        """The number of the record that is said to have sent a message."""
        self._known()
        return self._messages.get(message)

    def _known(self) -> dict[int, CommitId]:
        """The known commits by the number of their record."""
        if self._commits is None:
            self._commits = {}
            self._take(self._text())
            self._take("\n".join(self._unsaved))
        return self._commits

    def _text(self) -> str:
        """The file, or nothing where it cannot be read or cannot be ours."""
        with suppress(OSError):
            if self._path.stat().st_size <= _BYTES_MAX:
                return read(self._path, "replace")
        return ""

    def _take(self, lines: str) -> None:
        """Learn the places in these lines. Others are passed over, such as the half line of a writer that was killed."""
        if self._commits is None:
            return
        for line in lines.splitlines():
            commit = re.fullmatch(_COMMIT_LINE, line)
            message = re.fullmatch(_MESSAGE_LINE, line)
            if commit is not None:
                self._commits[int(commit[1])] = CommitId(commit[2])
            elif message is not None:
                self._messages[MessageId(message[1])] = int(message[2])
