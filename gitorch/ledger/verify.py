"""Reading everything in one pass and believing nothing: chain, order, form, place, files, trailers, legality.

Goes on after a fault where it can, taking what it found for true, so that one flipped byte is named once and what it hides
is named too. What cannot be judged any more (the legality of a run's later records) is left out, not guessed.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.errors import Corrupt, GitorchError
from gitorch.ledger import layout, trusted_tip
from gitorch.ledger.replay import NOTHING, Evolve, Head, Replay, Step
from gitorch.ledger.run_cache import RunCache
from gitorch.ports.ledger import Verification
from gitorch.text.records import commit_message, digests
from gitorch.text.records import record as codec
from gitorch.text.records.released import kind_of, suffix_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitorch.ledger.trusted_tip import TrustedTip
    from gitorch.model.ids import CommitId, RunId
    from gitorch.model.record import Record
    from gitorch.ports.ledger import Store, StoredCommit

FAULTS_MAX = 20
"""How many faults are collected; the first is what matters, the others say how far it goes."""


def verify(
    commits: Iterable[StoredCommit], store: Store, evolve: Evolve, tip: CommitId, seen: TrustedTip | None
) -> Verification:
    """Check every commit up to `tip`, oldest first, and that the tip remembered from before is among them."""
    with tempfile.TemporaryDirectory(prefix="gitorch-verify-") as folder:
        check = _Check(store, evolve, seen, Replay(RunCache(Path(folder), "verify")))
        faults: list[Corrupt] = []
        for fault in check.all(commits):
            faults.append(fault)
            if len(faults) == FAULTS_MAX:
                return Verification(check.records, tip, check.head.digest, tuple(faults))
    if seen and check.whole and not check.met:
        faults.append(trusted_tip.lost(seen))
    warnings = () if seen else ("No tip is remembered here: that the ledger was not shortened cannot be known.",)
    return Verification(check.records, tip, check.head.digest, tuple(faults), warnings)


class _Check:
    """One pass. `head` is the newest record as found, whatever is wrong with it; `met` that the remembered one was there.

    `whole` says that git could read everything.
    """

    def __init__(self, store: Store, evolve: Evolve, seen: TrustedTip | None, replay: Replay) -> None:
        self._store, self._evolve, self._seen, self._replay = store, evolve, seen, replay
        self._lost: set[RunId | None] = set()
        self.head: Head = NOTHING
        self.records = 0
        self.met = self.whole = False

    def all(self, commits: Iterable[StoredCommit]) -> Iterator[Corrupt]:
        try:
            for commit in commits:
                yield from self._commit(commit)
            self.whole = True
        except Corrupt as error:  # git cannot read on
            yield error

    def _commit(self, commit: StoredCommit) -> Iterator[Corrupt]:
        first = self.head.commit is None
        if commit.parents != (() if first else (self.head.commit,)):
            yield _fault(commit, "", f"has the parents {', '.join(commit.parents) or 'none'}, not {self.head.commit}")
        for path in commit.touched:
            yield _fault(commit, path, "changes, removes or oddly adds this file, which nothing ever may")
        records, others = _sorted(commit, first)
        for path in others:
            yield _fault(commit, path, "brings a file that does not belong on this branch")
        if len(records) != 1:
            yield _fault(commit, "", f"brings {len(records)} records, not one")
        if records:
            yield from self._record(commit, records[0])
        self.head = self.head._replace(commit=commit.id)

    def _record(self, commit: StoredCommit, path: str) -> Iterator[Corrupt]:
        data, before = commit.added[path], self.head
        digest = digests.digest(data)
        try:
            record = codec.decode(path, data)
        except Corrupt as error:
            yield _fault(commit, path, f"is not in the form of a record: {error.message}")
            self._lost.add(None)
            self.head = Head(commit.id, before.seq + 1, digest, before.at)
            return
        for wrong in self._chained(record, digest, path, commit.message):
            yield _fault(commit, path, wrong)
        yield from self._files(commit, path, record)
        yield from self._legal(commit, path, Step(record, commit.id, digest))
        self.head = Head(commit.id, record.seq, digest, max(before.at, record.at))
        self.records += 1
        if self._seen and self._seen.commit == commit.id:
            self.met = True

    def _chained(self, record: Record, digest: str, path: str, message: str) -> Iterator[str]:
        before = self.head
        if record.seq != before.seq + 1:
            yield f"is number {record.seq} where {before.seq + 1} must follow"
        if record.prev != before.digest:
            yield f"names {record.prev} as the digest of the record before it, which is {before.digest}"
        if record.at < before.at:
            yield "is dated before the record it follows"
        folder = self._replay.folder(record.run, record.at)
        place = layout.record_path(folder, record.seq, suffix_of(kind_of(record.event)))
        if path != place:
            yield f"lies elsewhere than at {place}"
        subject, _, trailers = message.partition("\n\n")
        if trailers != commit_message.trailers(record, digest) or "\n" in subject:  # type: ignore[arg-type]  # a Digest is a str
            yield "does not agree with the trailers of its commit"

    def _files(self, commit: StoredCommit, path: str, record: Record) -> Iterator[Corrupt]:
        if not record.files and len(commit.added) == 1:
            return
        folder = self._replay.folder(record.run, record.at)
        named = {layout.file_path(folder, ref.sha256): ref for ref in record.files}
        for place, ref in named.items():
            data = commit.added.get(place)
            if data is None:
                data = self._store.read(commit.id, place)  # attached before, and not stored twice
            if data is None or len(data) != ref.size or digests.bare(digests.digest(data)) != ref.sha256:
                yield _fault(commit, place, f"is not the file that {path} names")
        for place in commit.added:
            if "/files/" in place and place not in named:
                yield _fault(commit, place, "is a file that no record names")

    def _legal(self, commit: StoredCommit, path: str, step: Step) -> Iterator[Corrupt]:
        """A run is not judged any further after a fault: what its state would be is unknown."""
        run, replay = step.record.run, self._replay
        state = replay.state(run)
        try:
            after = state if {run, None} & self._lost else self._evolve(state, step.record)
        except GitorchError as error:
            self._lost.add(run)
            after = state
            yield _fault(commit, path, f"is not allowed by what came before it: {error.message}")
        replay.adopt(step, after)


def _sorted(commit: StoredCommit, first: bool) -> tuple[list[str], list[str]]:
    """The paths of a commit that are records, and those that are neither records nor attached files."""
    records, others = [], []
    for path in commit.added:
        if path.startswith(("runs/", "ledger/")):
            if "/files/" not in path:
                records.append(path)
        elif not first or path not in layout.GENESIS:
            others.append(path)
    return records, others


def _fault(commit: StoredCommit, path: str, what: str) -> Corrupt:
    """A sentence that names the commit and the file."""
    subject = f"Commit {commit.id[:12]}: {path}" if path else f"Commit {commit.id[:12]}"
    return Corrupt(f"{subject} {what}.".replace("..", "."), hint=f"git show {commit.id}", where=f"{commit.id}:{path}")
