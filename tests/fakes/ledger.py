# ruff: noqa: ARG002 stand-ins take what their ports pass
"""A ledger in memory: records go through their own bytes, are chained and folded as in the real one, and nothing is ever torn."""

import contextlib
import hashlib

from gitorch.errors import Busy, NotFound
from gitorch.ledger.compose import compose
from gitorch.ledger.replay import Replay, Step
from gitorch.model.events import Approved, LedgerCreated, MessageSent
from gitorch.model.ids import CommitId
from gitorch.ports.commits import Draft, Verification, VerifiedRun, WrittenRecord
from gitorch.rules.evolve import evolve
from gitorch.text.records import digests


class MemoryShelf:
    """The newest state of each run."""

    def __init__(self):
        self.held = {}

    def get(self, run, seq):
        return self.held[run]

    def put(self, run, seq, state):
        self.held[run] = state


class FakeLedger:
    """Every record of every run, in order."""

    is_shared = False

    def __init__(self, rules=evolve):
        self.written = []
        self.steps = []
        """How each record was adopted: its step, and the state after all that was written with it."""
        self.held = set()
        self._rules = rules
        self._replay = Replay(MemoryShelf())
        self._files = {}

    def exists(self):
        return bool(self.written)

    def create(self, actor, at, ledger):
        if not self.written:
            self._write(None, actor, at, [Draft(LedgerCreated(ledger), {})])

    def state(self, run):
        self._begun(run)
        return self._replay.state(run)

    def verified(self, run):
        self._begun(run)
        return VerifiedRun(self._replay.state(run), tuple(w.record for w in self.written if w.record.run == run))

    def refresh(self):
        """Nobody else has this ledger."""

    def last_contact(self):
        return None

    def tip(self):
        return self._replay.head.commit

    def append(self, run, actor, at, decide):
        self._begun()
        return self._write(run, actor, at, decide(self._replay.state(run)))

    def _write(self, run, actor, at, drafts):
        made = compose(self._replay, self._rules, drafts, run=run, actor=actor, at=at)
        fresh = []
        for record, digest in made.records:
            commit = CommitId(hashlib.sha1(digest.encode()).hexdigest())
            fresh.append(WrittenRecord(commit, record))
            self.adopt(Step(record, commit, digest), made.after)
        self.written += fresh
        self._files |= {(run, digests.digest(data)): data for draft in drafts for data in draft.files.values()}
        return made.after, tuple(fresh)

    def adopt(self, step, after):
        self._replay.adopt(step, after)
        self.steps.append((step, after))

    def _begun(self, run=None):
        if not self.written:
            raise NotFound("This repository has no ledger.", hint="gitorch init")
        if run is not None and run not in self._replay.tracks:
            raise NotFound(f"There is no run {run}.", hint="gitorch list")

    def records(self, run=None, after=-1, last=None):
        self._begun(run)
        end = len(self.written) if last is None else last
        yield from [w for w in self.written if after < w.record.seq <= end and run in {None, w.record.run}]

    def newest(self, run=None, types=()):
        self._begun(run)
        for written in reversed(self.written):
            if run in {None, written.record.run} and (not types or isinstance(written.record.event, tuple(types))):
                yield written

    def record(self, seq):
        return self._only(lambda written: written.record.seq == seq, f"The ledger has no record {seq}.")

    def message(self, message):
        def sent(written):
            return isinstance(written.record.event, MessageSent) and written.record.event.message == message

        return self._only(sent, f"There is no message {message}.")

    def in_commit(self, prefix):
        missing = f"The ledger has no record in commit {prefix}."
        return self._only(lambda written: written.commit.startswith(prefix), missing)

    def _only(self, wanted, missing):
        self._begun()
        for written in self.written:
            if wanted(written):
                return written
        raise NotFound(missing, hint="gitorch inbox" if "message" in missing else "gitorch log")

    def summaries(self, name, summarize):
        self._begun()
        runs = dict.fromkeys(written.record.run for written in self.written if written.record.run)
        return {run: summarize(self.state(run).run) for run in runs}

    def span(self, run):
        self._begun(run)
        numbers = [written.record.seq for written in self.written if written.record.run == run]
        return numbers[0], numbers[-1]

    def file(self, run, digest):
        self._begun()
        found = self._files.get((run, f"sha256:{digests.bare(digest)}"))
        if found is None:
            raise NotFound(f"No file {digests.bare(digest)[:12]} is attached to {run or 'the ledger'}.")
        return found

    def verify(self, now=None, judge=None):
        self._begun()
        approvals = {}
        for written in self.written:
            if isinstance(written.record.event, Approved):
                approvals.setdefault(written.record.run, []).append(written.record)
        for run, records in approvals.items() if judge else ():
            judge(VerifiedRun(self._replay.state(run), tuple(records)))
        return Verification(len(self.written), self.tip(), self._replay.head.digest, ())

    def damage(self):
        self._begun()

    @contextlib.contextmanager
    def hold(self, name, wait_seconds=0.0):
        if name in self.held:
            raise Busy(f"Another process holds the lock {name} (waited {wait_seconds:g} s).", hint="try again")
        self.held.add(name)
        try:
            yield
        finally:
            self.held.discard(name)
