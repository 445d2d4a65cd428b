"""One observation of the world for one run. What cannot be asked is None, and nothing is concluded from it."""

from __future__ import annotations

from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING, TypeVar

from gitorch.app.hosts.here import sessions_here
from gitorch.app.hosts.others import hosts_of
from gitorch.app.query.this_host import is_here
from gitorch.app.reconciler.issues import closed_issues
from gitorch.app.reconciler.missing_programs import programs_found
from gitorch.app.reconciler.trouble import trouble
from gitorch.model.observed import CheckObservation, CheckPhase, Observed, Overlap
from gitorch.model.values import Value
from gitorch.model.work.job import JobPhase
from gitorch.model.work.session import SessionKey, SessionPhase
from gitorch.rules.reconciling.steps import TERMINALS, looking, of_session
from gitorch.rules.review.proposals import waits_for_pulls

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitorch.app.services import Services
    from gitorch.errors import GitorchError
    from gitorch.model.ids import CommitId, JobId, PromptId, SessionId
    from gitorch.model.observed import SessionObservation, SetupObservation
    from gitorch.model.work.code_merge import CodeMerges
    from gitorch.model.work.fault import Step
    from gitorch.model.work.job import JobState
    from gitorch.model.work.proposal import ProposalSeen
    from gitorch.model.work.run import Run


T = TypeVar("T")

GIT = looking("git", "asking git for the branches")
OVERLAPS = looking("overlaps", "comparing the branches")
NOTICES = looking("notices", "asking which notifications were sent")
PROGRAMS = looking("programs", "looking for programs that were missing")
PROPOSAL = looking("proposal", "asking the remote for the merge of the pull request")
TRACKER = looking("tracker", "asking the tracker for closed issues")


class Observation(Value):
    """The result of one observation."""

    observed: Observed
    asked: tuple[Step, ...]
    """The parts of the world that were asked."""
    faults: Mapping[str, GitorchError]
    """Why parts could not be asked, by the names of their steps."""
    silent: tuple[str, ...] = ()
    """What else went wrong, in words for people."""


class _Branches(Value):
    """The answers of git: all or none, since a part would mislead (a target that moved, without the fact that our merge moved it)."""

    heads: Mapping[str, CommitId] | None = None
    merges_found: bool = False


class _Look:
    """One observation under way: which parts were asked, and why some gave no answer."""

    def __init__(self) -> None:
        self.asked: list[Step] = []
        self.faults: dict[str, GitorchError] = {}

    def ask(
        self,
        step: Step,
        question: Callable[[], T],
    ) -> T | None:
        """The answer; None where asking fails for whatever reason, which is kept then."""
        self.asked.append(step)
        try:
            return question()
        except Exception as error:  # noqa: BLE001  whatever is raised, the other parts are asked
            self.faults[step.name] = trouble(error)
            return None


def observe(services: Services, run: Run, places: int | None = None) -> Observation:
    """Everything that one tick needs to know about one run.

    Each part is asked for by itself: one that does not answer leaves the others as they are, and its reason is in `faults`.
    Nothing is changed, and no error of the world passes through.
    """
    look = _Look()
    branches = look.ask(GIT, lambda: _branches(services, run)) or _Branches()
    hosts = hosts_of(services, run)
    observed = Observed(
        now=services.clock.now(),
        sessions=look.ask(TERMINALS, lambda: _sessions(services, run)),
        heads=branches.heads,
        checks=_checks(look, services, run),
        setups=_setups(look, services, run),
        sent=_receipts(look, services, run),
        merges_found=branches.merges_found,
        notified=look.ask(NOTICES, lambda: services.notices.sent(run.id)),
        overlaps=look.ask(OVERLAPS, lambda: _overlaps(services, run, branches.heads)),
        closed=look.ask(TRACKER, lambda: closed_issues(services, run)),
        proposal=look.ask(PROPOSAL, lambda: _proposal(services, run)),
        code_merges=look.ask(PROPOSAL, lambda: _code_merges(services, run)),
        programs_found=look.ask(PROGRAMS, lambda: programs_found(services, run)),
        host=hosts.host,
        leads=hosts.leads,
        unseen=hosts.unseen,
        lanes=hosts.lanes,
        labels=hosts.labels,
        places=places if places is not None else hosts.places,
    )
    failure = look.ask(NOTICES, services.notices.failure)
    silent = (failure,) if failure else ()
    return Observation(observed, tuple(look.asked), look.faults, silent)


def _proposal(services: Services, run: Run) -> ProposalSeen | None:
    """What became of the pull request of the report; None where none is open."""
    if run.proposal is None or run.approval is not None:
        return None

    from gitorch.app.people.proposal_looks import look  # noqa: PLC0415  only runs with a pull request pay for it

    return look(services, run)


def _code_merges(services: Services, run: Run) -> CodeMerges | None:
    """Where the approved branches were merged on the forge; None where no pull requests of them are open."""
    if not waits_for_pulls(run):
        return None

    from gitorch.app.reconciler.code_pulls import merged_code  # noqa: PLC0415  the same

    return merged_code(services, run)


def _branches(services: Services, run: Run) -> _Branches:
    """The answers of git, which all fail together where one does; none for a run that is over."""
    heads = _heads(services, run)
    if heads is None:
        return _Branches()

    return _Branches(heads, _is_merge_found(services, run, heads))


def _heads(services: Services, run: Run) -> Mapping[str, CommitId] | None:
    """The commits of work branches and of the target, by their full names; None for a run that is over.

    A branch that does not exist is left out.
    """
    if run.phase.is_over:
        return None

    refs = []
    for job in run.jobs.values():
        if job.writes and job.session and is_here(services, run, job.session):
            refs.append(_ref_of(run, job))
    if not services.ledger.is_shared:
        refs.append(f"refs/heads/{run.target}")
        return services.git.heads(refs)

    from gitorch.app.hosts.sharing import with_target  # noqa: PLC0415  only a shared ledger pays for it

    return with_target(services, run, services.git.heads(refs))


def _ref_of(run: Run, job: JobState) -> str:
    """The full name of a job's branch."""
    return f"refs/heads/{run.branch_of(job.spec.id)}"


def _is_merge_found(
    services: Services,
    run: Run,
    heads: Mapping[str, CommitId],
) -> bool:
    """Whether the approved merge commit is part of the target already, although the ledger does not say so.

    That is so after a kill between the move of the target and its record.
    """
    if run.approval is None or run.report is None:
        return False

    if run.merged is not None:
        return False

    target = heads.get(f"refs/heads/{run.target}")
    merged = run.report.merged_commit
    if target is None or merged is None:
        return False

    return services.git.contains(merged, target)


def _overlaps(
    services: Services,
    run: Run,
    heads: Mapping[str, CommitId] | None,
) -> tuple[Overlap, ...] | None:
    """Pairs of branches at work that change the same files; None once there is a merge report, and while git cannot be asked.

    What git answers about two commits never changes, so its adapter answers a repeated question from memory.
    """
    if heads is None or run.report is not None:
        return None

    overlaps: list[Overlap] = []
    for ours, theirs in combinations(_changes(services, run, heads), 2):
        shared = ours.paths & theirs.paths
        if not shared or _are_built_on_each_other(run, ours.job, theirs.job):
            continue

        conflicts = services.git.try_merge(ours.head, theirs.head).conflicts
        overlaps.append(Overlap((ours.job, theirs.job), tuple(sorted(shared)), bool(conflicts)))
    return tuple(overlaps)


class _Change(Value):
    """The files that a job's branch has changed since its base."""

    job: JobId
    head: CommitId
    paths: frozenset[str]


def _changes(
    services: Services,
    run: Run,
    heads: Mapping[str, CommitId],
) -> list[_Change]:
    """The changes of every job with commits of its own, in the order of the jobs."""
    changes: list[_Change] = []
    for job in run.jobs.values():
        head = heads.get(_ref_of(run, job))
        if head is None or job.base is None:
            continue

        if head == job.base:
            continue

        paths = frozenset(services.git.stat(job.base, head).paths)
        changes.append(_Change(job.spec.id, head, paths))
    return changes


def _are_built_on_each_other(
    run: Run,
    one: JobId,
    other: JobId,
) -> bool:
    """Whether one of two jobs is built on the other, so that both are expected to change the same files."""
    return _is_built_on(run, one, other) or _is_built_on(run, other, one)


def _is_built_on(
    run: Run,
    job: JobId,
    other: JobId,
) -> bool:
    """Whether a job is built on another, directly or through the jobs between them."""
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
    """The observations of agents in terminals, asked for in one call; manual claims have no terminal."""
    keys = _terminal_keys(services, run)
    if not keys:
        return {}

    observations: dict[SessionId, SessionObservation] = {}
    for key, observation in services.terminals.observe(keys).items():
        observations[key.session] = observation
    return observations


def _terminal_keys(services: Services, run: Run) -> list[SessionKey]:
    """The keys of all sessions that have a terminal here."""
    keys: list[SessionKey] = []
    for session in sessions_here(services, run):
        if not session.holder:
            keys.append(SessionKey(run.id, session.id))
    return keys


def _checks(
    look: _Look,
    services: Services,
    run: Run,
) -> Mapping[CommitId, CheckObservation]:
    """The test runs of submitted work that needs one and has no result in the ledger yet, by the commit under test."""
    observations: dict[CommitId, CheckObservation] = {}
    if not run.is_target_ready and run.target_check is None:
        step = looking("tests", f"asking for the tests of {run.target}")
        seen = look.ask(step, partial(services.checks.observe, run.target_commit, run.settings.test_command))
        observations[run.target_commit] = seen or CheckObservation(CheckPhase.UNKNOWN)

    for job in run.jobs.values():
        commit = _commit_to_check(run, job)
        if commit is None:
            continue

        step = looking(f"tests:{job.spec.id}", f"asking for the tests of {job.spec.id}", job.spec.id)
        found = look.ask(step, partial(services.checks.observe, commit, run.settings.test_command))
        observations[commit] = found or CheckObservation(CheckPhase.UNKNOWN)
    return observations


def _commit_to_check(run: Run, job: JobState) -> CommitId | None:
    """The submitted commit of a job whose test run is not settled; None for any other job."""
    if job.phase is not JobPhase.SUBMITTED or job.handoff is None:
        return None

    if not run.needs_check(job) or run.check_is_settled(job):
        return None

    return job.handoff.commit


def _setups(
    look: _Look,
    services: Services,
    run: Run,
) -> Mapping[SessionId, SetupObservation]:
    """How far the worktrees of sessions are set up that wait for their launch; none in a run that sets nothing up."""
    observations: dict[SessionId, SetupObservation] = {}
    preparation = run.settings.preparation
    if preparation.is_empty:
        return observations

    for session in sessions_here(services, run):
        if session.phase is not SessionPhase.STARTING or session.is_manual:
            continue
        step = of_session(run, "observe-set-up", session.id, "asking for the worktree of")
        worktree = services.paths.worktree(run, session.id)
        seen = look.ask(step, partial(services.setups.observe, worktree, preparation))
        if seen is not None:
            observations[session.id] = seen
    return observations


def _receipts(
    look: _Look,
    services: Services,
    run: Run,
) -> Mapping[tuple[SessionId, PromptId], str]:
    """The receipts of prompts that were typed and whose delivery is not recorded yet."""
    receipts: dict[tuple[SessionId, PromptId], str] = {}
    for session in sessions_here(services, run):
        if session.phase is SessionPhase.ENDED or session.next_prompt is None:
            continue

        step = of_session(run, "observe-receipts", session.id, "reading the receipts of")
        found = look.ask(step, partial(services.terminals.receipts, SessionKey(run.id, session.id))) or {}
        for prompt, receipt in found.items():
            receipts[session.id, prompt] = receipt
    return receipts
