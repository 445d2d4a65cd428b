"""The disposable cache in `<common git dir>/gitorch/cache/`: the board, the head, and one file for each run.

Keyed by commit: it says what is true as of a commit, and the records since then are replayed on it. Removed, unreadable or
made by other code, it counts as not there, and the ledger is read from its beginning.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from typing import TYPE_CHECKING

import gitorch
from gitorch.ledger import states
from gitorch.ledger.files import replace
from gitorch.ledger.replay import Head, Replay, Track
from gitorch.ledger.run_cache import RunCache
from gitorch.model.board import Board

if TYPE_CHECKING:
    from pathlib import Path

    from gitorch.model.ids import RunId

FOLDERS = (
    *("model", "rules", "rules/evolving", "rules/review", "rules/views", "rules/workflows"),
    *("ledger", "text", "text/records"),
)
"""Where it is written what a state is and how it follows from records."""


def key() -> str:
    """Changes with the version and with every file in those folders. Checksums, since hashlib costs 3 ms to import."""
    root, seen = os.path.dirname(gitorch.__file__), []  # noqa: PTH120  # a Path costs four times as much
    for folder in FOLDERS:
        with os.scandir(f"{root}/{folder}") as entries:
            for entry in entries:
                if entry.name.endswith(".py"):
                    stat = entry.stat()
                    seen.append(f"{folder}/{entry.name} {stat.st_size} {stat.st_mtime_ns}")
    code = "\n".join(sorted(seen)).encode()
    return f"{gitorch.__version__} {zlib.crc32(code):08x}{zlib.adler32(code):08x}"


def _board(text: str) -> Board:
    board = states.load(text)
    if not isinstance(board, Board):
        raise TypeError("no board")
    return board


class Cache:
    """Reading needs no lock. `save` is to be called with the ledger's lock held."""

    def __init__(self, common: Path) -> None:
        self._folder, self._key = common / "gitorch" / "cache", key()
        self._board = self._folder / "board.json"

    def fresh(self) -> Replay:
        """A fold of nothing, which will be saved here."""
        return Replay(RunCache(self._folder, self._key))

    def load(self) -> Replay | None:
        """The fold as it was last saved; runs are read when they are asked for."""
        try:
            head, tracks, board = self._lines()
            replay = Replay(RunCache(self._folder, self._key), _board(board), head)
            replay.tracks = {run: Track(*track) for run, track in json.loads(tracks).items()}
        except (OSError, ValueError, KeyError, TypeError, IndexError):
            return None
        return replay

    def save(self, replay: Replay) -> None:
        """Keep this fold unless a newer one is kept. Runs first, then the board that names them, then the old are removed."""
        try:
            if self._lines()[0].seq >= replay.head.seq:
                return
        except (OSError, ValueError, TypeError, IndexError):
            pass  # nothing is kept, or nothing that can be read
        replay.run_cache.save()
        tracks = {run: list(track) for run, track in replay.tracks.items()}
        head = json.dumps([self._key, *replay.head])
        replace(self._board, f"{head}\n{json.dumps(tracks)}\n{states.dump(replay.board)}")
        newest: dict[RunId, int] = {run: track.seq for run, track in replay.tracks.items()}
        replay.run_cache.clear(newest)

    def saved_within(self, seconds: float) -> bool:
        """Whether somebody with the same code has saved one just now."""
        try:
            return 0 <= time.time() - self._board.stat().st_mtime < seconds and bool(self._lines())
        except (OSError, ValueError, TypeError, IndexError):
            return False

    def clear(self) -> None:
        """Forget everything."""
        self._board.unlink(missing_ok=True)

    def _lines(self) -> tuple[Head, str, str]:
        first, tracks, board = self._board.read_text(encoding="utf-8").split("\n")
        made_with, *head = json.loads(first)
        if made_with != self._key:
            raise ValueError("made by other code")
        return Head(*head), tracks, board
