"""A ledger in memory: records are folded as the real one folds them, and nothing is ever lost or torn."""

import contextlib

from gitorch.errors import Busy, NotFound
from gitorch.model.events import LedgerCreated
from gitorch.model.ids import NO_DIGEST, CommitId
from gitorch.model.record import Record
from gitorch.model.run import Board, State
from gitorch.ports.ledger import Written
from gitorch.rules.evolve import evolve


class FakeLedger:
    """Every record of every run, in order."""

    def __init__(self):
        self.written = []
        self.states = {}
        self.board = Board()
        self.files = {}
        self.held = set()

    def exists(self):
        return bool(self.written)

    def create(self, actor, at, ledger):
        if not self.written:
            self._add(None, actor, at, LedgerCreated(ledger))

    def state(self, run):
        if run is not None and run not in self.states:
            raise NotFound(f"There is no run {run}.")
        return State(self.board, self.states.get(run))

    def tip(self):
        return self.written[-1].commit if self.written else None

    def append(self, run, actor, at, decide):
        drafts = decide(State(self.board, self.states.get(run)))
        kept = (len(self.written), self.board, dict(self.states))
        try:
            for draft in drafts:
                self._add(run, actor, at, draft.event)
                self.files.update(draft.files)
        except BaseException:
            del self.written[kept[0] :]
            self.board, self.states = kept[1], kept[2]
            raise
        return State(self.board, self.states.get(run)), tuple(self.written[kept[0] :])

    def _add(self, run, actor, at, event):
        last = self.written[-1].record.at if self.written else at
        record = Record(len(self.written), NO_DIGEST, max(at, last), run, actor, event)
        after = evolve(State(self.board, self.states.get(run)), record)
        self.board = after.board
        if after.run is not None:
            self.states[after.run.id] = after.run
        self.written.append(Written(CommitId(f"{record.seq:040x}"), record))

    def records(self, run=None, after=-1):
        return iter([w for w in self.written if w.record.seq > after and run in {None, w.record.run}])

    @contextlib.contextmanager
    def hold(self, name, wait_seconds=0.0):
        if name in self.held:
            raise Busy(f"Another process holds the lock {name} (waited {wait_seconds:g} s).")
        self.held.add(name)
        try:
            yield
        finally:
            self.held.discard(name)
