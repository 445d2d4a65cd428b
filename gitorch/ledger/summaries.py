"""What was worked out from the state of each run, in `<common git dir>/gitorch/cache/summaries-<name>.json`.

Reading the state of a run that is over takes 2 ms, and there are as many as there is history; a summary takes some 10 µs.
"""

from __future__ import annotations

import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from gitorch.ledger.files import read, replace
from gitorch.model.json_text import json_of, parse_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from gitorch.model.ids import RunId
    from gitorch.model.work.run import Run

T = TypeVar("T")


def of_runs(
    path: Path,
    key: str,
    newest: Mapping[RunId, int],
    state: Callable[[RunId], Run | None],
    summarize: Callable[[Run], T],
) -> Mapping[RunId, T]:
    """The summary of each of these runs, from the file or made anew. A file that cannot be written is no error.

    `key` is that of the code, and `newest` has the number of each run's newest record.
    """
    known: dict[RunId, tuple[int, T]] = _load(path, key)
    found: dict[RunId, tuple[int, T]] = {}
    for run, seq in newest.items():
        if known.get(run, (None,))[0] == seq:
            found[run] = known[run]
            continue
        now = state(run)
        if now is not None:
            found[run] = seq, summarize(now)

    if found != known:
        with suppress(OSError):
            text = json_of(found)
            replace(path, f"{_first_line(key, text)}\n{text}")
    return {run: summary for run, (_, summary) in found.items()}


def _load(path: Path, key: str) -> dict[RunId, tuple[int, T]]:
    """The number of the newest record and the summary of each run; empty where this code wrote none that can be read."""
    with suppress(OSError, ValueError):
        first, _, text = read(path).partition("\n")
        if first == _first_line(key, text):
            return {run: (seq, summary) for run, (seq, summary) in parse_json(text).items()}
    return {}


def _first_line(key: str, text: str) -> str:
    """The key of the code and a checksum, since nothing else would show that a figure was damaged."""
    return f"{key} {zlib.crc32(text.encode())}"
