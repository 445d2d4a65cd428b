"""`verify`: read everything in one pass and check chain, order, form, place, files, trailers and legality.

The record after a faulty one is checked against what is stored, so that one flipped byte is reported once and does not hide
later faults. Checks that a fault makes impossible, such as the legality of a run's later records, are skipped.
"""

from __future__ import annotations

import itertools
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gitorch.errors import Corrupt, GitorchError
from gitorch.ledger import layout, location, object_check
from gitorch.ledger.replay import NOTHING, Evolve, Head, Replay, Step, is_parent_of
from gitorch.ledger.run_cache import RunCache
from gitorch.model.counts import counted
from gitorch.model.events import Approved, CodeMerged
from gitorch.model.values import replace
from gitorch.ports.commits import StoredCommit, Verification, VerifiedRun
from gitorch.text.records import commit_message, digests, timestamps
from gitorch.text.records import record as codec
from gitorch.text.records.released import kind_of, suffix_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gitorch.ledger.trusted_tip import TrustedTip
    from gitorch.model.ids import CommitId, Digest, Moment, RunId
    from gitorch.model.record import FileRef, Record
    from gitorch.ports.commits import StoredObject
    from gitorch.ports.ledger import History, Store

FAULTS_MAX = 20
"""How many faults are collected. The first matters most; the others show how far the damage goes."""


FUTURE_MS_MAX = 3_600_000
"""How far a record may be ahead of this host's clock: the clocks of two hosts differ, but rarely by an hour."""

NO_RECORD = (
    "The tip that this clone remembered names no record that git has: either the file gitorch/tip was forged, "
    "or the ledger was shortened and its objects were pruned."
)

_FOLDERS = ("runs/", "ledger/")
_COMMITTER = re.compile("gitorch <[A-Za-z0-9-]+@gitorch[.]invalid>")


class Baseline(NamedTuple):
    """The facts outside of the branch that verify compares with it."""

    tip: CommitId
    trusted: TrustedTip | None
    now: Moment | None
    lost: Callable[[TrustedTip], Corrupt | None]
    """Gives the error for a branch without the trusted tip; None where that is no record."""
    has_refused_tip: bool = False
    """Whether an earlier reader set aside a trusted tip that was no record."""


def verify(
    history: History,
    store: Store,
    evolve: Evolve,
    baseline: Baseline,
    judge: Callable[[VerifiedRun], object] | None = None,
) -> Verification:
    """Check every object and every commit up to the tip, oldest first, and that the trusted tip is among them.

    Faults are a part of the result and never raised: at most `FAULTS_MAX`, first that the trusted tip is missing, then those
    of objects, then by commit. Without any, `judge` is called with each run that has a merge approval, one at a time.
    States are kept in a temporary folder, so that a poisoned cache can neither hide nor make a fault.
    Raises Unavailable when git cannot be run.
    """
    with tempfile.TemporaryDirectory(prefix="gitorch-verify-") as folder:
        check = _Check(store, evolve, baseline, Replay(RunCache(Path(folder), "verify")))
        of_commits = list(itertools.islice(check.all(history.checked(baseline.tip)), FAULTS_MAX))
        faults = [*check.replaced, *of_commits]
        faults[:0] = check.lost()  # a replaced branch has many faults, of which this is the cause
        if judge is not None and not faults:
            for approved in check.approved():
                judge(approved)

    return Verification(
        records=check.records,
        tip=baseline.tip,
        head=check.head.digest,
        faults=tuple(faults[:FAULTS_MAX]),
        warnings=_warnings(baseline, check),
    )


def _warnings(baseline: Baseline, check: _Check) -> tuple[str, ...]:
    """What could not be checked for want of a trusted tip; a warning is no fault of the ledger."""
    if check.is_trusted_tip_refused or baseline.has_refused_tip:
        return (NO_RECORD,)
    if baseline.trusted is not None:
        return ()
    return ("This clone remembers no tip, so it cannot know whether the ledger was shortened.",)


class _Check:
    """One pass over the history."""

    def __init__(self, store: Store, evolve: Evolve, baseline: Baseline, replay: Replay) -> None:
        self._store, self._evolve, self._replay = store, evolve, replay
        self._baseline, self._trusted, self._now = baseline, baseline.trusted, baseline.now
        self._approvals: dict[RunId, list[Record]] = {}
        self._unjudged: set[RunId | None] = set()
        """Runs whose state is unknown after a fault; None: all of them."""
        self.head: Head = NOTHING
        """The newest record as found, with all its faults."""
        self.records = 0
        self.replaced: list[Corrupt] = []
        """The faults of objects whose content does not match their name, at most `FAULTS_MAX`."""
        self.is_trusted_tip_met = False
        self.is_trusted_tip_refused = False
        self.is_complete = False
        """Whether git could read the history to its end."""

    def approved(self) -> Iterator[VerifiedRun]:
        """The runs with a merge approval, each with its state as of the newest record and its approvals, oldest first."""
        for run, records in self._approvals.items():
            yield VerifiedRun(self._replay.state(run), tuple(records))

    def lost(self) -> Iterator[Corrupt]:
        """The fault of a history that was read to its end and does not hold the trusted tip; at most one.

        In a history that git could not read to its end, the trusted tip may be among the rest.
        """
        if self._trusted is None or self.is_trusted_tip_met or not self.is_complete:
            return

        fault = self._baseline.lost(self._trusted)
        if fault is not None:
            yield fault
        self.is_trusted_tip_refused = fault is None

    def all(self, history: Iterable[StoredCommit | StoredObject]) -> Iterator[Corrupt]:
        """The faults in the order of the ledger, found while the caller reads on; last a tip that is none of its commits.

        A caller that stops early has checked only the commits up to that fault.
        """
        try:
            for found in history:
                if isinstance(found, StoredCommit):
                    yield from self._commit(found)
                elif len(self.replaced) < FAULTS_MAX:
                    self.replaced.append(object_check.fault(found))
            self.is_complete = True
        except Corrupt as error:  # git cannot read on
            yield error
            return

        tip = self._baseline.tip
        if self.head.commit != tip:
            yield Corrupt(f"{location.REF} names {tip:.12}, which is no commit.", "gitorch recover", tip)

    def _commit(self, commit: StoredCommit) -> Iterator[Corrupt]:
        """The faults of one commit and of the record in it.

        Of several records the first is judged, so that the chain goes on from there.
        """
        is_first = self.head.commit is None
        if not is_parent_of(self.head, commit):
            parents = ", ".join(commit.parents) or "none"
            yield _fault(commit, "", f"has the parents {parents}, not {self.head.commit}")

        yield from _path_faults(commit, is_first)
        records = _record_paths(commit)
        if len(records) != 1:
            yield _fault(commit, "", f"adds {counted(len(records), 'record')}, not one")
        if records:
            yield from self._record(commit, records[0])

        self.head = replace(self.head, commit=commit.id)

    def _record(self, commit: StoredCommit, path: str) -> Iterator[Corrupt]:
        """The faults of the record at this path; makes it the head.

        A file that is no record counts as the next one, and no record after it is judged by the rules.
        """
        before = self.head
        data = commit.added[path]
        digest = digests.digest(data)
        try:
            record = codec.decode(path, data)
        except Corrupt as error:
            yield _fault(commit, path, f"is not a record in canonical form: {error.message}")
            self._unjudged.add(None)
            self.head = Head(commit.id, before.seq + 1, digest, before.at)
            return

        problems = itertools.chain(
            self._chain_problems(record),
            self._time_problems(record),
            self._path_problems(record, path),
            _commit_problems(commit, record, digest),
        )
        for problem in problems:
            yield _fault(commit, path, problem)

        yield from self._files(commit, path, record)
        yield from self._legal(commit, path, Step(record, commit.id, digest))
        self.head = Head(commit.id, record.seq, digest, max(before.at, record.at))
        self._note(commit, record)

    def _note(self, commit: StoredCommit, record: Record) -> None:
        """Count a record, and remember an approval and the trusted tip.

        An approval counts even after a fault: the caller checks its signature and decides.
        """
        self.records += 1

        if record.run is not None and isinstance(record.event, Approved | CodeMerged):
            self._approvals.setdefault(record.run, []).append(record)

        if self._trusted is not None and self._trusted.commit == commit.id:
            self.is_trusted_tip_met = True

    def _chain_problems(self, record: Record) -> Iterator[str]:
        """What is wrong with a record's number and with the digest that it names."""
        before = self.head
        if record.seq != before.seq + 1:
            yield f"has the number {record.seq} where {before.seq + 1} must follow"
        if record.prev != before.digest:
            yield f"names {record.prev} as the digest of the record before it, which is {before.digest}"

    def _time_problems(self, record: Record) -> Iterator[str]:
        """What is wrong with a record's time. Of the records in the future, only the first is reported."""
        before = self.head
        if record.at < before.at:
            yield "is dated before the record it follows"
        if self._now is None:
            return

        latest = self._now + FUTURE_MS_MAX
        if before.at <= latest < record.at:
            yield f"is dated in the future: {timestamps.iso(record.at)}"

    def _path_problems(self, record: Record, path: str) -> Iterator[str]:
        """What is wrong with the path of a record."""
        folder = self._replay.folder(record.run, record.at)
        place = layout.record_path(folder, record.seq, suffix_of(kind_of(record.event)))
        if path != place:
            yield f"should be at {place}"

    def _files(self, commit: StoredCommit, path: str, record: Record) -> Iterator[Corrupt]:
        """The faults of the attached files: each is what the record says, and there are no others.

        Named files come first, in the order of the record, then those that no record names, by path.
        """
        if not record.files and len(commit.added) == 1:
            return

        folder = self._replay.folder(record.run, record.at)
        unnamed = {place for place in commit.added if "/files/" in place}
        for ref in record.files:
            place = layout.file_path(folder, ref.sha256)
            unnamed.discard(place)
            if not self._holds(commit, place, ref):
                yield _fault(commit, place, f"is not the file that {path} names")

        for place in sorted(unnamed):
            yield _fault(commit, place, "is a file that no record names")

    def _holds(self, commit: StoredCommit, place: str, ref: FileRef) -> bool:
        """Whether this commit has the file at this path, with the size and digest that a record names."""
        data = commit.added.get(place)
        if data is None:
            data = self._store.read(commit.id, place)  # attached before, and not stored twice
        if data is None:
            return False

        if len(data) != ref.size:
            return False
        return digests.bare(digests.digest(data)) == ref.sha256

    def _legal(self, commit: StoredCommit, path: str, step: Step) -> Iterator[Corrupt]:
        """The fault of a record that the rules would not have made. After a fault, the rest of its run is not judged.

        A record of no run concerns all of them, so that after its fault nothing more is judged.
        The record that is not judged leaves the state as it was, and still moves the head and the place of its run.
        """
        run = step.record.run
        state = self._replay.state(run)
        if self._unjudged & {run, None}:
            self._replay.adopt(step, state)
            return

        try:
            after = self._evolve(state, step.record)
        except GitorchError as error:
            self._unjudged.add(run)
            yield _fault(commit, path, f"is not allowed by the records before it: {error.message}")
            after = state

        self._replay.adopt(step, after)


def _genesis_faults(commit: StoredCommit) -> Iterator[Corrupt]:
    """What is wrong with the pages that the first commit adds beside its record."""
    for path, data in layout.GENESIS.items():
        found = commit.added.get(path)
        if found is None:
            yield _fault(commit, path, "is missing from the first commit")
        elif found != data:
            yield _fault(commit, path, "is not the page that gitorch writes")


def _commit_problems(commit: StoredCommit, record: Record, digest: Digest) -> Iterator[str]:
    """What is wrong with the message, the author and the committer of a commit, which all follow from its record.

    Of the message, the trailers must be exact; the subject is free text on one line.
    The author is the actor of the record, the committer gitorch on some host, both at the record's time in UTC.
    """
    subject, _, trailers = commit.message.partition("\n\n")
    if trailers != commit_message.trailers(record, digest) or "\n" in subject:
        yield "does not agree with the trailers of its commit"

    when = f" {record.at // 1000} +0000"
    author = commit_message.author(record.actor) + when
    if commit.author != author:
        yield f"has the author {commit.author}, not {author}"

    name = commit.committer.removesuffix(when)
    if name == commit.committer or not _COMMITTER.fullmatch(name):
        yield f"has the committer {commit.committer}, not gitorch at the time of the record"


def _path_faults(commit: StoredCommit, is_first: bool) -> Iterator[Corrupt]:
    """The faults of paths that no commit may touch, or that only the first commit may add.

    A commit only ever adds regular files below the folders of records; the first also adds the pages of `GENESIS`.
    """
    for path in commit.touched:
        yield _fault(commit, path, "is changed, removed or added with a mode other than 100644")

    for path in commit.added:
        if path.startswith(_FOLDERS):
            continue
        if not is_first or path not in layout.GENESIS:
            yield _fault(commit, path, "does not belong on this branch")

    if is_first:
        yield from _genesis_faults(commit)


def _record_paths(commit: StoredCommit) -> list[str]:
    """The paths at which a commit adds records: those below the folders of records that are no attached files."""
    records = []
    for path in commit.added:
        if path.startswith(_FOLDERS) and "/files/" not in path:
            records.append(path)
    return records


def _fault(commit: StoredCommit, path: str, problem: str) -> Corrupt:
    """An error whose message names the commit and the file.

    `path` is empty for a fault of the commit as a whole.
    `problem` is a predicate without a full stop; one from another error's message may end in one.
    """
    subject = f"Commit {commit.id[:12]}"
    if path:
        subject = f"{subject}: {path}"
    message = f"{subject} {problem}."

    return Corrupt(
        message.replace("..", "."),
        hint=f"git show {commit.id}",
        where=f"{commit.id}:{path}",
    )
