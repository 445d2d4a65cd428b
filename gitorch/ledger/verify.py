"""`verify`: read everything in one pass and check chain, order, form, place, files, trailers and legality.

After a fault the pass goes on from the record as found, so that one flipped byte is reported once and does not hide later
faults. Checks that a fault makes impossible, such as the legality of a run's later records, are skipped.
"""

from __future__ import annotations

import itertools
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
    from gitorch.model.ids import CommitId, Digest, RunId
    from gitorch.model.record import FileRef, Record
    from gitorch.ports.ledger import Store, StoredCommit

FAULTS_MAX = 20
"""How many faults are collected. The first matters most; the others show how far the damage goes."""


def verify(
    commits: Iterable[StoredCommit], store: Store, evolve: Evolve, tip: CommitId, trusted: TrustedTip | None
) -> Verification:
    """Check every commit up to `tip`, oldest first, and that the trusted tip is among them."""
    with tempfile.TemporaryDirectory(prefix="gitorch-verify-") as folder:
        check = _Check(store, evolve, trusted, Replay(RunCache(Path(folder), "verify")))
        faults = list(itertools.islice(check.all(commits), FAULTS_MAX))
    if trusted is not None and check.is_complete and not check.is_trusted_tip_met:
        faults.append(trusted_tip.lost(trusted))
    warnings: tuple[str, ...] = ()
    if trusted is None:
        warnings = ("This clone remembers no tip, so it cannot know whether the ledger was shortened.",)
    return Verification(check.records, tip, check.head.digest, tuple(faults), warnings)


class _Check:
    """One pass over the history."""

    def __init__(self, store: Store, evolve: Evolve, trusted: TrustedTip | None, replay: Replay) -> None:
        self._store, self._evolve, self._trusted, self._replay = store, evolve, trusted, replay
        self._unjudged: set[RunId | None] = set()
        """Runs whose state is unknown after a fault; None: all of them."""
        self.head: Head = NOTHING
        """The newest record as found, with all its faults."""
        self.records = 0
        self.is_trusted_tip_met = False
        self.is_complete = False
        """Whether git could read the history to its end."""

    def all(self, commits: Iterable[StoredCommit]) -> Iterator[Corrupt]:
        """The faults in the order of the ledger."""
        try:
            for commit in commits:
                yield from self._commit(commit)
            self.is_complete = True
        except Corrupt as error:  # git cannot read on
            yield error

    def _commit(self, commit: StoredCommit) -> Iterator[Corrupt]:
        """The faults of one commit and of the record in it."""
        is_first = self.head.commit is None
        expected = () if self.head.commit is None else (self.head.commit,)
        if commit.parents != expected:
            parents = ", ".join(commit.parents) or "none"
            yield _fault(commit, "", f"has the parents {parents}, not {self.head.commit}")
        for path in commit.touched:
            yield _fault(commit, path, "is changed, removed or added with a mode other than 100644")
        records, others = _sorted(commit, is_first)
        for path in others:
            yield _fault(commit, path, "does not belong on this branch")
        if len(records) != 1:
            yield _fault(commit, "", f"adds {len(records)} records, not one")
        if records:
            yield from self._record(commit, records[0])
        self.head = self.head._replace(commit=commit.id)

    def _record(self, commit: StoredCommit, path: str) -> Iterator[Corrupt]:
        """The faults of the record at this path; makes it the head."""
        data, before = commit.added[path], self.head
        digest = digests.digest(data)
        try:
            record = codec.decode(path, data)
        except Corrupt as error:
            yield _fault(commit, path, f"is not a record in canonical form: {error.message}")
            self._unjudged.add(None)
            self.head = Head(commit.id, before.seq + 1, digest, before.at)
            return
        for problem in self._chained(record, digest, path, commit.message):
            yield _fault(commit, path, problem)
        yield from self._files(commit, path, record)
        yield from self._legal(commit, path, Step(record, commit.id, digest))
        self.head = Head(commit.id, record.seq, digest, max(before.at, record.at))
        self.records += 1
        if self._trusted is not None and self._trusted.commit == commit.id:
            self.is_trusted_tip_met = True

    def _chained(self, record: Record, digest: Digest, path: str, message: str) -> Iterator[str]:
        """What is wrong with a record's place in the chain, its path, and the trailers that repeat it."""
        before = self.head
        if record.seq != before.seq + 1:
            yield f"has the number {record.seq} where {before.seq + 1} must follow"
        if record.prev != before.digest:
            yield f"names {record.prev} as the digest of the record before it, which is {before.digest}"
        if record.at < before.at:
            yield "is dated before the record it follows"
        folder = self._replay.folder(record.run, record.at)
        place = layout.record_path(folder, record.seq, suffix_of(kind_of(record.event)))
        if path != place:
            yield f"should be at {place}"
        subject, _, trailers = message.partition("\n\n")
        if trailers != commit_message.trailers(record, digest) or "\n" in subject:
            yield "does not agree with the trailers of its commit"

    def _files(self, commit: StoredCommit, path: str, record: Record) -> Iterator[Corrupt]:
        """The faults of the attached files: each is what the record says, and there are no others."""
        if not record.files and len(commit.added) == 1:
            return
        folder = self._replay.folder(record.run, record.at)
        named = {layout.file_path(folder, ref.sha256): ref for ref in record.files}
        for place, ref in named.items():
            if not self._holds(commit, place, ref):
                yield _fault(commit, place, f"is not the file that {path} names")
        for place in commit.added:
            if "/files/" in place and place not in named:
                yield _fault(commit, place, "is a file that no record names")

    def _holds(self, commit: StoredCommit, place: str, ref: FileRef) -> bool:
        """Whether this commit has the file at this path, with the size and digest that a record names."""
        data = commit.added.get(place)
        if data is None:
            data = self._store.read(commit.id, place)  # attached before, and not stored twice
        if data is None:
            return False
        return len(data) == ref.size and digests.bare(digests.digest(data)) == ref.sha256

    def _legal(self, commit: StoredCommit, path: str, step: Step) -> Iterator[Corrupt]:
        """The fault of a record that the rules would not have made. After a fault, the rest of its run is not judged."""
        run, replay = step.record.run, self._replay
        state = replay.state(run)
        after = state
        if not {run, None} & self._unjudged:
            try:
                after = self._evolve(state, step.record)
            except GitorchError as error:
                self._unjudged.add(run)
                yield _fault(commit, path, f"is not allowed by the records before it: {error.message}")
        replay.adopt(step, after)


def _sorted(commit: StoredCommit, is_first: bool) -> tuple[list[str], list[str]]:
    """The paths of a commit that are records, and those that are neither records nor attached files."""
    records, others = [], []
    for path in commit.added:
        if path.startswith(("runs/", "ledger/")):
            if "/files/" not in path:
                records.append(path)
        elif not is_first or path not in layout.GENESIS:
            others.append(path)
    return records, others


def _fault(commit: StoredCommit, path: str, problem: str) -> Corrupt:
    """An error whose message names the commit and the file."""
    subject = f"Commit {commit.id[:12]}"
    if path:
        subject = f"{subject}: {path}"
    return Corrupt(
        f"{subject} {problem}.".replace("..", "."), hint=f"git show {commit.id}", where=f"{commit.id}:{path}"
    )
