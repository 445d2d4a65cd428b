"""What follows from a look at a proposal: its approval, or a question to the principal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model import commands
from gitorch.model.plans.forge import PushAs
from gitorch.model.work.question import PROPOSAL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitorch.model.commands import Command
    from gitorch.model.ids import JobId
    from gitorch.model.observed import Observed
    from gitorch.model.work.proposal import ProposalSeen, PullRequest
    from gitorch.model.work.question import Question
    from gitorch.model.work.report import Report
    from gitorch.model.work.run import Run

OPTIONS = ("leave", "stop_run")
"""Leave the report as it is, to be proposed again or decided otherwise; or stop the run."""

PULLS_OPTIONS = ("wait", "stop_run")
"""Go on once the pull requests of the approved branches are merged; or stop the run."""

COMMENTS_SHOWN = 20

CHANGES = "requested changes on"
CHANGES_TRIGGER, CLOSED_TRIGGER = "changes:", "closed:"


def merged_proposals(run: Run, observed: Observed) -> Iterator[Command]:
    """The approval by a merge that counts; one question about a merge that does not, and about each answer of a reviewer."""
    seen = observed.proposal
    report = run.report
    if seen is None or report is None:
        return

    if not _is_awaited(run, seen):
        return

    command = _command(run, report, seen)
    if command is not None and not _was_asked(run, command):
        yield command


def _is_awaited(run: Run, seen: ProposalSeen) -> bool:
    """Whether the proposal that was looked for is the one that the run waits for."""
    if run.proposal is None or run.approval is not None:
        return False

    return seen.commit == run.proposal.commit


def _was_asked(run: Run, command: Command) -> bool:
    """Whether this is a question that was asked before, answered or not."""
    if not isinstance(command, commands.Escalate):
        return False

    return run.was_escalated(command.trigger)


def _command(run: Run, report: Report, seen: ProposalSeen) -> Command | None:
    """What a look at the proposal calls for; None while nobody decided."""
    merge = seen.merge
    if merge is not None and not merge.fault:
        return commands.ApproveAtForge(seen.commit, merge.commit, merge.signer, merge.claims)

    if merge is not None:
        return _question(
            run,
            report,
            f"merge:{merge.commit[:12]}",
            f"The pull request was merged, but that approves nothing: {merge.fault}.",
            merge.fault,
        )

    if seen.pull_request is not None:
        return _about(run, report, seen, seen.pull_request)

    return None


def _about(run: Run, report: Report, seen: ProposalSeen, pull: PullRequest) -> Command | None:
    """The question about a pull request that was closed, or whose reviewers want changes; None while it is neither."""
    written = "\n".join(pull.comments[-COMMENTS_SHOWN:])
    evidence = f"{pull.address}\n{pull.claims.sentence}\n{written}".rstrip()
    if pull.state == "closed":
        happened = f"The pull request {pull.address} was closed and not merged."
        return _question(run, report, f"{CLOSED_TRIGGER}{seen.commit[:12]}", happened, evidence)

    asking, times = _asking(pull)
    if not asking:
        return None

    happened = f"{asking[-1]} requested changes in the pull request {pull.address}."
    return _question(run, report, f"{CHANGES_TRIGGER}{seen.commit[:12]}:{times}", happened, evidence)


def _asking(pull: PullRequest) -> tuple[list[str], int]:
    """Who wants changes by their newest review, and how often anybody did."""
    asking: dict[str, None] = {}
    times = 0
    for review in pull.claims.reviews:
        asking.pop(review.by, None)
        if review.state == CHANGES:
            asking[review.by] = None
            times += 1

    return list(asking), times


def reviewers_words(run: Run) -> str:
    """What reviewers wrote, from the newest open question about a pull request; empty where none is open."""
    for question in reversed(run.open_questions()):
        if question.trigger.startswith((PROPOSAL + CHANGES_TRIGGER, PROPOSAL + CLOSED_TRIGGER)):
            return question.evidence

    return ""


def _question(run: Run, report: Report, trigger: str, happened: str, evidence: str) -> commands.Escalate:
    """The question to the principal, with the commands by which each way goes on."""
    return commands.Escalate(
        trigger=f"{PROPOSAL}{trigger}",
        happened=happened,
        tried="Nothing was merged here; the report still waits for an approval.",
        evidence=evidence,
        decision=(
            f"Send epics back with what reviewers wrote (gitorch reject {run.id} --rework EPIC), propose the report "
            f"again (gitorch propose {run.id}), leave it as it is, or stop the run?"
        ),
        options=OPTIONS,
        job=report.checkpoint,
    )


def pulls_trigger(report: Report) -> str:
    """The trigger of the question that asks for the merge of the pull requests of a report."""
    return f"pulls:{report.digest.removeprefix('sha256:')[:12]}"


def pulls_question(run: Run, report: Report, job: JobId, remote: str, pulls: Sequence[str]) -> commands.Escalate:
    """The question that asks the principal to have the pull requests of a report merged at a remote.

    `job` is the merge that waits for them; `pulls` has a line for each, with its branch and address.
    """
    branches = ", ".join(branch.branch for branch in report.branches)
    return commands.Escalate(
        trigger=pulls_trigger(report),
        happened=f"The approved branches {branches} wait for their pull requests into {report.target} at {remote}.",
        tried=f"They were pushed to {remote}; gitorch itself merges nothing in this run.",
        evidence="\n".join(pulls),
        decision=(
            f"Merge the pull requests into {report.target} at {remote}, then type: gitorch up {run.id}. It recognises merge "
            "commits, squashes and rebases. Answer wait to close this question until then, or stop the run?"
        ),
        options=PULLS_OPTIONS,
        job=job,
    )


def waits_for_pulls(run: Run) -> bool:
    """Whether the approved branches are pull requests that nobody has found merged yet."""
    if run.settings.push_as is not PushAs.PULL_REQUEST or run.merged is not None:
        return False

    return run.approval is not None and run.report is not None


def asked_for_pulls(run: Run) -> Question | None:
    """The question, open or answered, that asked for the merge of pull requests that nobody has found merged yet; None without one."""
    if run.report is None or not waits_for_pulls(run):
        return None

    trigger = pulls_trigger(run.report)
    for question in run.questions.values():
        if question.trigger == trigger:
            return question

    return None


def why_not_merged(run: Run) -> str:
    """Who merges what is approved: people on the forge, once their pull requests are open, else gitorch."""
    question = asked_for_pulls(run)
    if question is None:
        return "will be merged at the next tick of gitorch up"

    return f"waits for the merge of its pull requests into {run.target}; gitorch show {question.id} lists them"


def merged_code(run: Run, observed: Observed) -> Iterator[Command]:
    """The merge of all approved branches on the forge, once it was found there."""
    if observed.code_merges is not None and waits_for_pulls(run):
        yield commands.RecordCodeMerge(observed.code_merges)
