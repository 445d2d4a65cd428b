"""States of runs, each as of its newest record: in memory while in use, else each in a file of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.ledger import states
from gitorch.ledger.files import read_sealed, replace_sealed
from gitorch.model.work.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from gitorch.model.ids import RunId
    from gitorch.ports.ledger import T

IN_MEMORY_MAX = 64
"""Runs held in memory; a ledger of 100,000 records has some 500 runs, of which a few are alive at once."""


class RunNotCached(Exception):
    """A state is not in the cache any more: its file was removed, or another process saved a newer one."""


class RunCache:
    """A file is named by its run and the number of its newest record, so that an older state is never read as a newer one."""

    def __init__(self, folder: Path, key: str) -> None:
        self._folder, self._key = folder, key
        self._held: dict[RunId, tuple[int, Run | None]] = {}
        self._unsaved: set[RunId] = set()

    def get(self, run: RunId, seq: int) -> Run | None:
        """The state after record `seq`, which is the run's newest.

        From memory, else from the run's file. None is the state of a run whose records made none.
        Raises RunNotCached when neither has the state after exactly this record, OSError when an unsaved state of another
        run has to leave memory and cannot be written.
        """
        held = self._held.pop(run, None)
        if held is None or held[0] != seq:
            held = (seq, self._load(run, seq))
        self._hold(run, held)
        return held[1]

    def put(self, run: RunId, seq: int, state: Run | None) -> None:
        """Keep the state after record `seq`, in place of an older one of this run.

        With more than `IN_MEMORY_MAX` runs, that which was not used for longest moves to its file.
        Raises OSError when that file cannot be written.
        """
        self._held.pop(run, None)
        self._unsaved.add(run)
        self._hold(run, (seq, state))

    def _hold(self, run: RunId, state: tuple[int, Run | None]) -> None:
        """Keep a state in memory as the one that was used last. Raises OSError when another one cannot be written."""
        self._held[run] = state
        if len(self._held) > IN_MEMORY_MAX:
            oldest = next(iter(self._held))
            self._save(oldest)
            del self._held[oldest]

    def save(self) -> None:
        """Write the states that are only in memory. They stay in memory too. Raises OSError."""
        for run in tuple(self._unsaved):
            self._save(run)

    def summaries(
        self,
        name: str,
        newest: Mapping[RunId, int],
        state: Callable[[RunId], Run | None],
        summarize: Callable[[Run], T],
    ) -> Mapping[RunId, T]:
        """What `summarize` makes of each of these runs, kept under this name as long as a run has no newer record."""
        from gitorch.ledger.summaries import of_runs  # noqa: PLC0415  # for one verb only

        return of_runs(self._folder / f"summaries-{name}.json", self._key, newest, state, summarize)

    def remove_others(self, newest: Mapping[RunId, int]) -> None:
        """Remove the files of all states but these: the number of the newest record by run.

        Another process may need one of them still; it then meets RunNotCached and replays.
        """
        kept = {self._path(run, seq).name for run, seq in newest.items()}
        for path in self._folder.glob("run-*.json"):
            if path.name not in kept:
                path.unlink(missing_ok=True)

    def _save(self, run: RunId) -> None:
        """Write the state of one run where it is only in memory."""
        if run not in self._unsaved:
            return

        seq, state = self._held[run]
        replace_sealed(self._path(run, seq), f"{self._key}\n{states.dump(state)}")
        self._unsaved.discard(run)

    def _load(self, run: RunId, seq: int) -> Run | None:
        """The state in the run's file, whose first line is the key of the code that wrote it.

        Raises RunNotCached when there is no such file, or when other code wrote it.
        """
        try:
            key, _, text = read_sealed(self._path(run, seq)).partition("\n")
            if key != self._key:
                raise RunNotCached(run)
            state = states.load(text)
        except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
            raise RunNotCached(run) from error

        if not isinstance(state, Run | None):
            raise RunNotCached(run)

        return state

    def _path(self, run: RunId, seq: int) -> Path:
        """The file for the state after record `seq`."""
        return self._folder / f"run-{run}-{seq}.json"
