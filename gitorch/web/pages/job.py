"""One job: its rounds with reports, tests and verdicts, its findings with their places, its brief, prompts and commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.query import runs
from gitorch.app.query.lookup import find_job, find_run
from gitorch.errors import NotFound, Unavailable
from gitorch.model import events
from gitorch.model.values import Value
from gitorch.rules.review.endings import ending
from gitorch.web.render import Page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.model.ids import CommitId, JobId
    from gitorch.model.view import InboxRow, JobRow, UsageShare
    from gitorch.model.work.artifact import Artifact
    from gitorch.model.work.job import JobState
    from gitorch.model.work.report import FileChange
    from gitorch.model.work.review import ListedFinding, Verdict
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session
    from gitorch.ports.commits import WrittenRecord
    from gitorch.rules.review.endings import Ending
    from gitorch.web.answers import Question
    from gitorch.wiring.repository import Repository


class Round(Value):
    """One round of work: what was handed in, tested and judged."""

    number: int
    handoffs: Sequence[WrittenRecord]
    checks: Sequence[WrittenRecord]
    verdicts: Sequence[Verdict]

    @property
    def is_empty(self) -> bool:
        """Whether nothing came of it yet."""
        everything = (*self.handoffs, *self.checks, *self.verdicts)
        return not everything


class ShownFinding(Value):
    """A finding with how it ended."""

    listed: ListedFinding
    end: Ending


class Work(Value):
    """What a job's branch holds."""

    commits: Sequence[str]
    """Short id and subject of each commit."""
    changes: Sequence[FileChange]
    missing: str = ""
    """Why git cannot show it."""


def job(services: Repository, question: Question) -> Page:
    """A job of a run."""
    run = find_run(services, question["run"])
    state = run.jobs[find_job(run, question["job"])]
    view = runs.view_of(services, run)

    inbox: list[InboxRow] = []
    for row in view.inbox:
        if row.job == state.spec.id:
            inbox.append(row)

    artifacts: list[Artifact] = []
    for artifact in run.artifacts:
        if artifact.job == state.spec.id:
            artifacts.append(artifact)

    values = {
        "run": run,
        "job": state,
        "row": row_of(view.jobs, state.spec.id),
        "inbox": inbox,
        "reviews": run.reviews_of(state.spec.id),
        "rounds": rounds_of(services, run, state),
        "findings": findings_of(run, state),
        "sessions": sessions_of(run, state),
        "artifacts": artifacts,
        "brief": brief_of(services, run, state),
        "work": work_of(services, state),
        "usage": usage_at(run, view.usage, state.spec.id),
        "branch": run.branch_of(state.spec.id),
    }
    return Page("job.html", values)


def row_of(rows: Sequence[JobRow], job: JobId) -> JobRow:
    """The row of a job that the run has."""
    return next(row for row in rows if row.id == job)


def usage_at(run: Run, shares: Sequence[UsageShare], job: JobId) -> list[UsageShare]:
    """What the sessions of a job used, and those of its reviews."""
    found: list[UsageShare] = []
    for share in shares:
        if job in {share.job, run.jobs[share.job].spec.subject}:
            found.append(share)
    return found


def rounds_of(services: Repository, run: Run, job: JobState) -> list[Round]:
    """The rounds of a job, the newest first. Before the first report there is none."""
    handoffs = records_of(services, run, job, events.HandoffSubmitted)
    checks = records_of(services, run, job, events.CheckRecorded)
    rounds: list[Round] = []
    for number in range(job.attempt, 0, -1):
        found = Round(
            number=number,
            handoffs=in_round(handoffs, number),
            checks=in_round(checks, number),
            verdicts=verdicts_of(job, number),
        )
        if not found.is_empty:
            rounds.append(found)
    return rounds


def in_round(records: Sequence[WrittenRecord], number: int) -> list[WrittenRecord]:
    """The records of one round."""
    found: list[WrittenRecord] = []
    for written in records:
        if attempt_of(written) == number:
            found.append(written)
    return found


def verdicts_of(job: JobState, number: int) -> list[Verdict]:
    """The verdicts of one round."""
    found: list[Verdict] = []
    for verdict in job.verdicts:
        if verdict.round == number:
            found.append(verdict)
    return found


def records_of(services: Repository, run: Run, job: JobState, kind: type) -> list[WrittenRecord]:
    """The records of one type about a job, the oldest first."""
    found: list[WrittenRecord] = []
    for written in services.ledger.newest(run.id, (kind,)):
        if getattr(written.record.event, "job", None) == job.spec.id:
            found.append(written)
    return found[::-1]


def attempt_of(written: WrittenRecord) -> int:
    """The round that a record of a report or a test belongs to."""
    event = written.record.event
    if isinstance(event, events.HandoffSubmitted | events.CheckRecorded):
        return event.attempt
    return 0


def findings_of(run: Run, job: JobState) -> list[ShownFinding]:
    """The findings about a job with how each ended, open ones first."""
    shown: list[ShownFinding] = []
    ended: list[ShownFinding] = []
    for listed in job.findings:
        one = ShownFinding(listed, ending(run, job, listed))
        if listed.open:
            shown.append(one)
        else:
            ended.append(one)
    return shown + ended


def sessions_of(run: Run, job: JobState) -> list[Session]:
    """The sessions of a job, the newest first."""
    found: list[Session] = []
    for session in run.sessions.values():
        if session.job == job.spec.id:
            found.append(session)
    return found[::-1]


def brief_of(services: Repository, run: Run, job: JobState) -> str:
    """The part of the plan that describes a job; empty where there is none.

    The whole brief of a session holds its nonce, and is the agent's alone.
    """
    if job.spec.brief is None:
        return ""
    try:
        return services.ledger.file(run.id, job.spec.brief).decode(errors="replace")
    except NotFound:
        return ""


def head_of(job: JobState) -> CommitId | None:
    """The newest commit of a job that the ledger names; None before its first report."""
    if job.handoff is None:
        return None
    return job.handoff.commit


def work_of(services: Repository, job: JobState) -> Work | None:
    """The commits and files of the work that was handed in; None before the first report."""
    head = head_of(job)
    if head is None or job.base is None:
        return None
    try:
        return Work(services.git.subjects(job.base, head), services.git.file_changes(job.base, head))
    except Unavailable as error:
        return Work((), (), error.message)
