"""One look at the world for one run. What cannot be asked is None, and nothing is concluded from it."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, TypeVar

from gitorch.app.reconciler.pushing import closed_issues
from gitorch.errors import Unavailable
from gitorch.model.job import JobPhase
from gitorch.model.observed import Observed, Overlap
from gitorch.model.run import OVER
from gitorch.model.session import SessionPhase
from gitorch.model.values import Value
from gitorch.ports.world import SessionKey
from gitorch.rules.outstanding import next_prompt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitorch.app.services import Services
    from gitorch.model.ids import CommitId, JobId, PromptId, SessionId
    from gitorch.model.job import JobState
    from gitorch.model.observed import CheckObservation, SessionObservation
    from gitorch.model.run import Run


T = TypeVar("T")


class Observation(Value):
    """What was seen, and what could not be asked, in words."""

    seen: Observed
    silent: tuple[str, ...]


def observe(services: Services, run: Run) -> Observation:
    """Everything that one tick needs to know about one run."""
    silent: list[str] = []
    git = _asked(silent, lambda: _git(services, run))
    seen = Observed(
        now=services.clock.now(),
        sessions=_asked(silent, lambda: _sessions(services, run)),
        heads=git.heads if git is not None else None,
        checks=_asked(silent, lambda: _checks(services, run)) or {},
        sent=_asked(silent, lambda: _sent(services, run)) or {},
        merges_found=git is not None and git.merges_found,
        notified=services.notices.sent(run.id),
        overlaps=git.overlaps if git is not None else (),
        closed=_asked(silent, lambda: closed_issues(services, run)),
    )
    silent += filter(None, (services.notices.failure(),))
    return Observation(seen, tuple(dict.fromkeys(silent)))


def _asked(silent: list[str], look: Callable[[], T]) -> T | None:
    """What a look shows; None, and why, where what it looks at cannot be asked."""
    try:
        return look()
    except Unavailable as mute:
        silent.append(mute.message)
        return None


class _Branches(Value):
    """What git says: all of it or none, since a part would mislead (a target that moved, but not that it was our merge)."""

    heads: Mapping[str, CommitId] | None
    merges_found: bool
    overlaps: tuple[Overlap, ...]


def _git(services: Services, run: Run) -> _Branches:
    heads = _heads(services, run)
    return _Branches(heads, _merges_found(services, run, heads), _overlaps(services, run, heads or {}))


def _sessions(services: Services, run: Run) -> Mapping[SessionId, SessionObservation]:
    keys = [
        SessionKey(run.id, s.id) for s in run.sessions.values() if s.phase is not SessionPhase.ENDED and not s.holder
    ]
    if not keys:
        return {}
    return {key.session: observation for key, observation in services.terminals.observe(keys).items()}


def _heads(services: Services, run: Run) -> Mapping[str, CommitId] | None:
    if run.phase in OVER:
        return None
    refs = [_ref(run, j) for j in run.jobs.values() if j.writes and j.session]
    refs.append(f"refs/heads/{run.target}")
    return services.git.heads(refs)


def _ref(run: Run, job: JobState) -> str:
    return f"refs/heads/{run.branch_of(job.spec.id)}"


def _overlaps(services: Services, run: Run, heads: Mapping[str, CommitId]) -> tuple[Overlap, ...]:
    """Pairs of branches at work that change the same files. What git answers about two commits never changes, and is kept."""
    changed = {}
    for job in run.jobs.values():
        head = heads.get(_ref(run, job))
        if head is not None and job.base not in {None, head} and run.report is None:
            changed[job.spec.id] = (head, frozenset(services.git.stat(job.base or head, head).paths))
    pairs = combinations(changed.items(), 2)
    return tuple(
        Overlap((a, b), tuple(sorted(ours & theirs)), bool(services.git.try_merge(first, second).conflicts))
        for (a, (first, ours)), (b, (second, theirs)) in pairs
        if ours & theirs and not _related(run, a, b)
    )


def _related(run: Run, one: JobId, other: JobId) -> bool:
    """Whether one of the two is built on the other, so that sharing files is what they are for."""
    return one in _below(run, other) or other in _below(run, one)


def _below(run: Run, job: JobId) -> frozenset[JobId]:
    """Everything that a job is built on, found by one walk however many ways lead to it."""
    found: set[JobId] = set()
    waiting = [job]
    while waiting:
        needs = {run.producer(need).spec.id for need in run.jobs[waiting.pop()].spec.needs} - found
        found |= needs
        waiting += needs
    return frozenset(found)


def _checks(services: Services, run: Run) -> Mapping[CommitId, CheckObservation]:
    commits = [
        j.handoff.commit
        for j in run.jobs.values()
        if j.phase is JobPhase.SUBMITTED and j.handoff and run.needs_check(j) and not run.check_is_settled(j)
    ]
    return {commit: services.checks.look(commit, run.settings.test_command) for commit in commits}


def _sent(services: Services, run: Run) -> Mapping[tuple[SessionId, PromptId], str]:
    waiting = [s for s in run.sessions.values() if s.phase is not SessionPhase.ENDED and next_prompt(s) is not None]
    return {
        (session.id, prompt): receipt
        for session in waiting
        for prompt, receipt in services.terminals.receipts(SessionKey(run.id, session.id)).items()
    }


def _merges_found(services: Services, run: Run, heads: Mapping[str, CommitId] | None) -> bool:
    if run.approval is None or run.merged is not None or run.report is None or heads is None:
        return False
    target = heads.get(f"refs/heads/{run.target}")
    merged = run.report.merged_commit
    return target is not None and merged is not None and services.git.contains(merged, target)
