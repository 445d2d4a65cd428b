"""The disposable cache in `<common git dir>/gitorch/cache/`: the board, the head, and one file for each run.

The cache holds the state as of one commit, and a reader replays the records since then. A cache that was removed, cannot
be read or was made by other code counts as absent, and the ledger is read from its beginning.
"""

from __future__ import annotations

import os
import time
import zlib
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gitorch
from gitorch.ledger import states
from gitorch.ledger.files import read, read_sealed, replace, replace_sealed
from gitorch.ledger.kinds import require_fields
from gitorch.ledger.replay import Head, Replay, Track
from gitorch.ledger.run_cache import RunCache
from gitorch.model.ids import is_full_id
from gitorch.model.json_text import json_of, parse_json
from gitorch.model.work.board import Board

if TYPE_CHECKING:
    from gitorch.model.ids import RunId

FOLDERS = (
    *(
        "model",
        "model/plans",
        "model/work",
        "rules",
        "rules/evolving",
        "rules/guards",
        "rules/messages",
        "rules/review",
        "rules/usage",
        "rules/views",
        "rules/workflows",
    ),
    *("ledger", "text", "text/records"),
)
"""The folders whose code defines a state and how it follows from records."""


DIGITS, MONTH_CHARACTERS = "0123456789-", 7

INSTALLATIONS_MAX = 16
"""Installations whose key is remembered, such as pipx's and that of a virtual environment."""


def key(folder: Path) -> str:
    """Changes with the version and with the content of every file in `FOLDERS`, wherever gitorch is installed.

    Reading those files takes 10 ms. So `folder` remembers the key of each installation by the sizes and times of its
    files. A process looks at them once for all ledgers that it opens, since what it has loaded stays as it was then.
    Checksums, since hashlib costs 3 ms to import.
    """
    root = os.path.dirname(gitorch.__file__)  # noqa: PTH120  # a Path costs four times as much
    stats = _stats(root)
    installation = _checksum("\n".join(stats).encode())
    known = _installations(folder)
    if installation in known:
        return known[installation]

    made = f"{gitorch.__version__} {_content(root, stats)}"
    known[installation] = made
    with suppress(OSError):
        if folder.is_dir():
            replace(folder / "installations", json_of(dict(list(known.items())[-INSTALLATIONS_MAX:])))
    return made


@cache
def _stats(root: str) -> tuple[str, ...]:
    """The path, size and two times of each file in `FOLDERS` below `root`."""
    stats: list[str] = []
    for name in FOLDERS:
        with os.scandir(f"{root}/{name}") as entries:
            for entry in entries:
                if entry.name.endswith(".py"):
                    stat = entry.stat()
                    stats.append(f"{entry.path} {stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns}")

    return tuple(sorted(stats))


@cache
def _content(root: str, stats: tuple[str, ...]) -> str:
    """The checksum of files and of their names below `root`; each is given as `_stats` gives it."""
    parts = []
    for stat in stats:
        path = stat.rsplit(" ", 3)[0]
        parts.append(path.removeprefix(root).encode())
        parts.append(Path(path).read_bytes())
    return _checksum(bytes(1).join(parts))


def _installations(folder: Path) -> dict[str, str]:
    """The keys of the installations that used this cache; empty where they cannot be read."""
    with suppress(OSError, ValueError):
        known = parse_json(read(folder / "installations"))
        if isinstance(known, dict):
            return {str(name): str(value) for name, value in known.items()}
    return {}


def _checksum(data: bytes) -> str:
    """Sixteen hex digits that change with the data."""
    return f"{zlib.crc32(data):08x}{zlib.adler32(data):08x}"


class Cache:
    """Reading needs no lock. Call `save` with the ledger's lock held."""

    def __init__(self, common: Path) -> None:
        self._folder = common / "gitorch" / "cache"
        self._key = key(self._folder)
        self._board = self._folder / "board.json"

    def empty(self) -> Replay:
        """A replay before the first record, which will be saved here."""
        return Replay(RunCache(self._folder, self._key))

    def load(self) -> Replay | None:
        """The replay as it was last saved, or None where there is none. States of runs are read when they are needed."""
        try:
            head, tracks, board = self._parts()
            replay = Replay(RunCache(self._folder, self._key), _parse_board(board), head)
            for run, track in dict(parse_json(tracks)).items():
                replay.tracks[run] = _parse_track(*track)
        except (OSError, ValueError, KeyError, TypeError, IndexError):
            return None

        return replay

    def save(self, replay: Replay) -> None:
        """Save this replay unless a newer one is saved. Runs first, then the board that names them; then old runs go."""
        try:
            head, *_ = self._parts()
            if head.seq >= replay.head.seq:
                return
        except (OSError, ValueError, TypeError, IndexError):
            pass  # nothing is saved, or nothing that can be read

        replay.run_cache.save()
        tracks: dict[RunId, list[object]] = {}
        newest: dict[RunId, int] = {}
        for run, track in replay.tracks.items():
            tracks[run] = [track.month, track.before, track.last, track.seq]
            newest[run] = track.seq

        last = replay.head
        head_line = json_of([self._key, last.commit, last.seq, last.digest, last.at])
        replace_sealed(self._board, f"{head_line}\n{json_of(tracks)}\n{states.dump(replay.board)}")
        replay.run_cache.remove_others(newest)

    def remove(self) -> None:
        """Remove the board and the runs, so that the next reader begins with the first record."""
        with suppress(OSError):
            self._board.unlink(missing_ok=True)
            RunCache(self._folder, self._key).remove_others({})

    def saved_within(self, seconds: float) -> bool:
        """Whether any process with the same code saved the cache in the last `seconds`."""
        try:
            age = time.time() - self._board.stat().st_mtime
            return 0 <= age < seconds and bool(self._parts())
        except (OSError, ValueError, TypeError, IndexError):
            return False

    def _parts(self) -> tuple[Head, str, str]:
        """The head, and the tracks and the board as text. Raises OSError or ValueError where this code saved none."""
        first, tracks, board = read_sealed(self._board).split("\n")
        made_with, *head = parse_json(first)
        if made_with != self._key:
            raise ValueError("made by other code")
        return _parse_head(*head), tracks, board


def _parse_head(commit: Any, seq: Any, digest: Any, at: Any) -> Head:
    """The head. Raises TypeError or ValueError for other values."""
    require_fields(Head, (commit, seq, digest, at))
    _require_id(commit)
    _require_id(digest.removeprefix("sha256:"))
    return Head(commit, seq, digest, at)


def _parse_track(month: Any, before: Any, last: Any, seq: Any) -> Track:
    """The place of a run's records. Raises TypeError or ValueError for other values."""
    require_fields(Track, (month, before, last, seq))
    _require_id(last)
    if before is not None:
        _require_id(before)
    if len(month) != MONTH_CHARACTERS or month.strip(DIGITS):
        raise ValueError("no folder has this name of a month")
    return Track(month, before, last, seq)


def _require_id(text: str) -> None:
    """Raise ValueError unless this is a full id of git, or the digits of a digest."""
    if not is_full_id(text):
        raise ValueError("no full id")


def _parse_board(text: str) -> Board:
    """The board. Raises ValueError, KeyError or TypeError for other text."""
    board = states.load(text)
    if not isinstance(board, Board):
        raise TypeError("not a board")
    return board
