"""One observation of the world for one run. What cannot be asked is None, and nothing is concluded from it."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, TypeVar

from gitorch.app.reconciler.issues import closed_issues
from gitorch.errors import Unavailable
from gitorch.model.job import JobPhase
from gitorch.model.observed import Observed, Overlap
from gitorch.model.session import SessionPhase
from gitorch.model.values import Value
from gitorch.ports.world import SessionKey

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitorch.app.services import Services
    from gitorch.model.ids import CommitId, JobId, PromptId, SessionId
    from gitorch.model.job import JobState
    from gitorch.model.observed import CheckObservation, SessionObservation
    from gitorch.model.run import Run


T = TypeVar("T")


class Observation(Value):
    """The result of one observation."""

    observed: Observed
    silent: tuple[str, ...]
    """Why something could not be asked, in words for people."""


class _Branches(Value):
    """The answers of git: all or none, since a part would mislead (a target that moved, without the fact that our merge moved it)."""

    heads: Mapping[str, CommitId] | None = None
    merges_found: bool = False
    overlaps: tuple[Overlap, ...] = ()


def observe(services: Services, run: Run) -> Observation:
    """Everything that one tick needs to know about one run."""
    silent: list[str] = []
    branches = _ask(silent, lambda: _branches(services, run)) or _Branches()
    observed = Observed(
        now=services.clock.now(),
        sessions=_ask(silent, lambda: _sessions(services, run)),
        heads=branches.heads,
        checks=_ask(silent, lambda: _checks(services, run)) or {},
        sent=_ask(silent, lambda: _receipts(services, run)) or {},
        merges_found=branches.merges_found,
        notified=services.notices.sent(run.id),
        overlaps=branches.overlaps,
        closed=_ask(silent, lambda: closed_issues(services, run)),
    )
    failure = services.notices.failure()
    if failure:
        silent.append(failure)
    return Observation(observed, tuple(dict.fromkeys(silent)))


def _ask(silent: list[str], question: Callable[[], T]) -> T | None:
    """The answer; where nothing answers, None, and the reason is added to `silent`."""
    try:
        return question()
    except Unavailable as error:
        silent.append(error.message)
        return None


def _branches(services: Services, run: Run) -> _Branches:
    heads = _heads(services, run)
    if heads is None:
        return _Branches()
    return _Branches(heads, _is_merge_found(services, run, heads), _overlaps(services, run, heads))


def _heads(services: Services, run: Run) -> Mapping[str, CommitId] | None:
    """The commits of work branches and of the target; None for a run that is over."""
    if run.phase.is_over:
        return None
    refs = [_ref_of(run, job) for job in run.jobs.values() if job.writes and job.session]
    refs.append(f"refs/heads/{run.target}")
    return services.git.heads(refs)


def _ref_of(run: Run, job: JobState) -> str:
    return f"refs/heads/{run.branch_of(job.spec.id)}"


def _is_merge_found(services: Services, run: Run, heads: Mapping[str, CommitId]) -> bool:
    """Whether the approved merge commit is part of the target already, although the ledger does not say so."""
    if run.approval is None or run.merged is not None or run.report is None:
        return False
    target = heads.get(f"refs/heads/{run.target}")
    merged = run.report.merged_commit
    if target is None or merged is None:
        return False
    return services.git.contains(merged, target)


def _overlaps(services: Services, run: Run, heads: Mapping[str, CommitId]) -> tuple[Overlap, ...]:
    """Pairs of branches at work that change the same files, before there is a merge report.

    What git answers about two commits never changes, so its adapter answers a repeated question from memory.
    """
    if run.report is not None:
        return ()
    changed: dict[JobId, tuple[CommitId, frozenset[str]]] = {}
    for job in run.jobs.values():
        head = heads.get(_ref_of(run, job))
        if head is not None and job.base is not None and head != job.base:
            changed[job.spec.id] = (head, frozenset(services.git.stat(job.base, head).paths))
    overlaps: list[Overlap] = []
    for (one, (ours, our_paths)), (other, (theirs, their_paths)) in combinations(changed.items(), 2):
        shared = our_paths & their_paths
        if not shared or _is_built_on(run, one, other) or _is_built_on(run, other, one):
            continue
        conflicts = services.git.try_merge(ours, theirs).conflicts
        overlaps.append(Overlap((one, other), tuple(sorted(shared)), bool(conflicts)))
    return tuple(overlaps)


def _is_built_on(run: Run, job: JobId, other: JobId) -> bool:
    """Whether a job is built on another, directly or not, so that it is expected to change the same files."""
    found: set[JobId] = set()
    waiting = [job]
    while waiting:
        for need in run.jobs[waiting.pop()].spec.needs:
            producer = run.producer(need).spec.id
            if producer not in found:
                found.add(producer)
                waiting.append(producer)
    return other in found


def _sessions(services: Services, run: Run) -> Mapping[SessionId, SessionObservation]:
    """The observations of agents in terminals; manual claims have no terminal."""
    keys: list[SessionKey] = []
    for session in run.sessions.values():
        if session.phase is not SessionPhase.ENDED and not session.holder:
            keys.append(SessionKey(run.id, session.id))
    if not keys:
        return {}
    return {key.session: observation for key, observation in services.terminals.observe(keys).items()}


def _checks(services: Services, run: Run) -> Mapping[CommitId, CheckObservation]:
    """The test runs of submitted work that needs one."""
    observations: dict[CommitId, CheckObservation] = {}
    for job in run.jobs.values():
        if job.phase is not JobPhase.SUBMITTED or job.handoff is None:
            continue
        if run.needs_check(job) and not run.check_is_settled(job):
            commit = job.handoff.commit
            observations[commit] = services.checks.observe(commit, run.settings.test_command)
    return observations


def _receipts(services: Services, run: Run) -> Mapping[tuple[SessionId, PromptId], str]:
    """The receipts of prompts that were typed and whose delivery is not recorded yet."""
    receipts: dict[tuple[SessionId, PromptId], str] = {}
    for session in run.sessions.values():
        if session.phase is SessionPhase.ENDED or session.next_prompt is None:
            continue
        for prompt, receipt in services.terminals.receipts(SessionKey(run.id, session.id)).items():
            receipts[session.id, prompt] = receipt
    return receipts
