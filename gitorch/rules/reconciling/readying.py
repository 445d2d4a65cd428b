"""What is learned and asked before work begins: the tests of the target, and worktrees that cannot be set up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model import commands
from gitorch.model.observed import CheckPhase, SetupPhase
from gitorch.model.plans.preparation import NOT_SET_UP
from gitorch.model.work.question import SETUP, TARGET_TESTS, checkout_trigger
from gitorch.rules.messages.answer_words import RETRY, START_ANYWAY, STOP_EPIC, STOP_RUN
from gitorch.rules.messages.tried import setup_hint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.commands import Command
    from gitorch.model.ids import CommitId, JobId, SessionId
    from gitorch.model.observed import Observed, SetupObservation
    from gitorch.model.work.job import JobState
    from gitorch.model.work.review import Check
    from gitorch.model.work.run import Run

SILENT = "It printed nothing."
SETUP_OPTIONS = (RETRY, STOP_EPIC, STOP_RUN)
TARGET_OPTIONS = (RETRY, START_ANYWAY, STOP_RUN)


def readying_commands(run: Run, observed: Observed) -> Iterator[Command]:
    """Results of the target's tests, and questions about what keeps work from beginning; each cause is asked about once."""
    yield from _target(run, observed)
    for job, commit in run.untested_handoffs():
        if is_not_set_up(observed, commit) and not run.is_escalated(checkout_trigger(job.spec.id, commit)):
            yield _checkout_failed(run, job, commit, observed)

    for session, seen in observed.setups.items():
        if seen.phase is SetupPhase.FAILED and not run.is_escalated(session_trigger(session)):
            yield _worktree_failed(run, session, seen)


def is_not_set_up(observed: Observed, commit: CommitId) -> bool:
    """Whether the checkout of this commit could not be made ready, so that its tests did not run."""
    seen = observed.checks.get(commit)
    if seen is None or seen.check is None:
        return False

    return seen.check.outcome == NOT_SET_UP


def session_trigger(session: SessionId) -> str:
    """The trigger of the question about the worktree of a session."""
    return f"{SETUP}{session}"


def is_target_check_owed(run: Run) -> bool:
    """Whether the test command must still run on the target, before which no job is given out."""
    return not run.is_target_ready and run.target_check is None


def _target(run: Run, observed: Observed) -> Iterator[Command]:
    """The result of the target's tests, then a question when they did not pass."""
    if run.is_target_ready:
        return

    if run.target_check is None:
        seen = observed.checks.get(run.target_commit)
        if seen is not None and seen.phase is CheckPhase.FINISHED and seen.check is not None:
            yield commands.RecordTargetCheck(seen.check)
        return

    trigger = f"{TARGET_TESTS}{run.target_commit[:12]}"
    if not run.is_escalated(trigger):
        yield _target_failed(run, trigger, run.target_check)


def _target_failed(
    run: Run,
    trigger: str,
    check: Check,
) -> Command:
    """The question about tests that do not pass before anybody has changed anything."""
    happened = f"The tests do not pass on {run.target} as it is: {check.summary}."
    key, hint = "tests.command", setup_hint(check.tail)
    if hint:
        key = "worktrees.setup"
    if check.outcome == NOT_SET_UP:
        happened = f"The checkout of {run.target} for the tests could not be set up{_status(check.exit_status)}."
        key, hint = "worktrees.setup", ""

    decision = (
        f"Correct the command (gitorch config set {key} COMMAND --run {run.id}), try once more (retry), "
        f"start the agents in spite of it (start_anyway), or stop the run and repair {run.target} first (stop_run)?"
    )

    return commands.Escalate(
        trigger=trigger,
        happened=happened,
        tried=f"`{check.command}` was tried once on a clean checkout of {check.commit[:12]}. No agent was started.",
        evidence=check.tail or SILENT,
        decision=f"{hint} {decision}".strip(),
        options=TARGET_OPTIONS,
    )


def _status(exit_status: int | None) -> str:
    """How a command ended, to follow a verb; nothing for one that its time limit ended."""
    if exit_status is None:
        return ""

    return f" (status {exit_status})"


def _checkout_failed(
    run: Run,
    job: JobState,
    commit: CommitId,
    observed: Observed,
) -> Command:
    """The question about a checkout for tests that could not be set up. It costs the author no round."""
    name = job.spec.id
    check = observed.checks[commit].check
    tail, status = "", None
    if check is not None:
        tail, status = check.tail, check.exit_status

    return commands.Escalate(
        trigger=checkout_trigger(name, commit),
        happened=f"The checkout for the tests of {name} could not be set up{_status(status)}.",
        tried=f"{_done(run)} ran in a clean checkout of {commit[:12]}. Its tests did not run, and no round was counted.",
        evidence=tail or SILENT,
        decision=f"Is the commit the cause? Send it back: gitorch reject {name} --note TEXT. {_decision(run, name)}",
        options=SETUP_OPTIONS,
        job=name,
    )


def _worktree_failed(
    run: Run,
    session: SessionId,
    seen: SetupObservation,
) -> Command:
    """The question about an agent's worktree that could not be set up. Its agent was not started."""
    name = run.sessions[session].job
    return commands.Escalate(
        trigger=session_trigger(session),
        happened=f"The worktree of {name} could not be set up{_status(seen.exit_status)}.",
        tried=f"{_done(run)} ran in the new worktree of session {session}. Its agent was not started.",
        evidence=seen.tail or SILENT,
        decision=_decision(run, name),
        options=SETUP_OPTIONS,
        job=name,
        session=session,
    )


def _done(run: Run) -> str:
    """What sets up worktrees, as the subject of a sentence."""
    command = run.settings.preparation.command
    if command:
        return f"`{command}`"

    return "The copying of files"


def _decision(run: Run, job: JobId) -> str:
    """What a person can decide about a set-up that failed."""
    return (
        f"Correct the command (gitorch config set worktrees.setup COMMAND --run {run.id}), and it is tried again by itself. "
        f"Or remove the cause and try once more (retry), stop {job} (stop_epic), or stop the run (stop_run)?"
    )
