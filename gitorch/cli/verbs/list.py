"""`list`, `dashboard`: everything of one kind in rows, and every open run on one page."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from gitorch.cli.pages.page import PHASE_COLOURS, Cell, Page, phrase
from gitorch.cli.verb_function import verb
from gitorch.errors import Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitorch.cli.call import Call
    from gitorch.model.view import InboxRow, JobRow, RunView
    from gitorch.model.work.artifact import Artifact
    from gitorch.model.work.question import Question
    from gitorch.model.work.review import ListedFinding, Verdict
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session
    from gitorch.rules.review.endings import Ending

KINDS = ("runs", "jobs", "sessions", "questions", "artifacts", "verdicts", "findings")

Row = tuple["Cell | str", ...]


@verb("list")
def listing(call: Call, kind: str, run: str | None) -> None:
    """List the runs, or everything of one kind in a run, one line each."""
    from gitorch.app.query import runs
    from gitorch.app.query.lookup import find_run
    from gitorch.cli.pages import views

    if kind not in KINDS:
        raise Usage(f"{kind} cannot be listed; use one of: {', '.join(KINDS)}", "gitorch list")

    if kind == "runs":
        lines = runs.runs(call.services)
        call.say({"runs": lines}, lambda page: views.runs_text(lines, page))
        return

    found = find_run(call.services, run)
    values, rows = LISTS[kind](found)
    if not rows:
        call.say({"run": found.id, kind: values}, f"run {found.id} has no {kind} yet")
        return

    last = len(rows[0]) - 1
    call.say({"run": found.id, kind: values}, lambda page: "\n".join(page.table(rows, shrinks=(last,))))


def _jobs(run: Run) -> tuple[Sequence[Any], list[Row]]:
    """The jobs of a run, as values and as rows."""
    from gitorch.rules.views.run import run_view

    jobs = run_view(run).jobs
    return jobs, [_job_row(job) for job in jobs]


def _job_row(job: JobRow) -> Row:
    """The row of one job: id, kind, phase, title, and what it waits for."""
    phase = Cell(phrase(job.phase), PHASE_COLOURS.get(job.phase, ""))
    return (Cell(job.id, "bold"), phrase(job.kind), phase, job.title, job.why)


def _sessions(run: Run) -> tuple[Sequence[Any], list[Row]]:
    """The sessions of a run, as values and as rows."""
    sessions = tuple(run.sessions.values())
    return sessions, [_session_row(session) for session in sessions]


def _session_row(session: Session) -> Row:
    """The row of one session: id, job, runtime, phase, and how it ended."""
    return (Cell(session.id, "bold"), session.job, session.runtime, str(session.phase), session.ended)


def _questions(run: Run) -> tuple[Sequence[Any], list[Row]]:
    """The questions of a run, as values and as rows."""
    questions = tuple(run.questions.values())
    return questions, [_question_row(question) for question in questions]


def _question_row(question: Question) -> Row:
    """The row of one question: id, kind, job, answer, and text."""
    answer = "open"
    if question.answer is not None:
        answer = question.answer.option or question.answer.text

    return (
        Cell(question.id, "bold"),
        str(question.kind),
        question.job or "",
        answer,
        question.happened or question.text,
    )


def _artifacts(run: Run) -> tuple[Sequence[Any], list[Row]]:
    """The artifacts of a run, as values and as rows."""
    return run.artifacts, [_artifact_row(artifact) for artifact in run.artifacts]


def _artifact_row(artifact: Artifact) -> Row:
    """The row of one artifact: name, kind, version, the beginning of its digest, and path."""
    version = f"{artifact.job} {artifact.attempt}.{artifact.version}"
    return (Cell(artifact.name, "bold"), str(artifact.kind), version, artifact.digest[:19], artifact.path)


def _verdicts(run: Run) -> tuple[Sequence[Any], list[Row]]:
    """The verdicts of a run, as values and as rows."""
    verdicts: list[Verdict] = []
    for job in run.jobs.values():
        verdicts += job.verdicts

    return verdicts, [_verdict_row(verdict) for verdict in verdicts]


def _verdict_row(verdict: Verdict) -> Row:
    """The row of one verdict: review, subject, round, verdict, and the judged commit."""
    round_ = f"round {verdict.round}"
    return (Cell(verdict.review, "bold"), verdict.subject, round_, str(verdict.choice), verdict.commit[:12])


def _findings(run: Run) -> tuple[Sequence[Any], list[Row]]:
    """The findings of a run with how each ended, as values and as rows, each below its job."""
    from gitorch.rules.review.endings import ending

    values: list[dict[str, Any]] = []
    rows: list[Row] = []
    for job in run.jobs.values():
        for listed in job.findings:
            end = ending(run, job, listed)
            values.append({"job": job.spec.id, **_finding_values(listed, end)})
            rows.append((job.spec.id, *_finding_row(listed, end)))

    return values, rows


def _finding_row(listed: ListedFinding, end: Ending) -> Row:
    """The row of one finding: number, severity, how it ended, its place and title."""
    from gitorch.rules.views.finding_lines import place_text

    finding = listed.finding
    place = place_text(finding) if finding.path else ""
    return (f"#{listed.number}", str(finding.severity), end.label, place, finding.title)


def _finding_values(listed: ListedFinding, end: Ending) -> dict[str, Any]:
    """The finding under the keys of the JSON form."""
    finding = listed.finding
    return {
        "number": listed.number,
        "severity": str(finding.severity),
        "title": finding.title,
        "path": finding.path,
        "line": finding.line,
        "open": listed.open,
        "waived": listed.waived,
        "review": listed.review,
        "round": listed.round,
        "detail": finding.detail,
        "end": end.word,
        "end_by": end.by,
        "end_why": end.why,
    }


LISTS: Mapping[str, Callable[[Run], tuple[Sequence[Any], list[Row]]]] = {
    "jobs": _jobs,
    "sessions": _sessions,
    "questions": _questions,
    "artifacts": _artifacts,
    "verdicts": _verdicts,
    "findings": _findings,
}
"""The values of each kind for programs, and their rows for people."""


@verb("dashboard")
def dashboard(call: Call) -> None:
    """Show every open run on one page, with its questions and the next commands. Without an open run, show what finished ones ask."""
    from gitorch.app.query.lookup import unsettled_runs
    from gitorch.app.query.runs import all_inbox, view_of

    views: list[RunView] = []
    rows: Sequence[InboxRow] = ()

    for run_id in unsettled_runs(call.services):
        run = call.services.ledger.state(run_id).run
        if run is not None:
            views.append(view_of(call.services, run))

    if not views:
        rows = all_inbox(call.services)

    call.say({"runs": views}, lambda page: _dashboard_text(views, rows, page))


def _dashboard_text(views: Sequence[RunView], rows: Sequence[InboxRow], page: Page) -> str:
    """All runs, one below the other, with a blank line between them. Without a run, these rows of the inbox."""
    from gitorch.cli.pages.views import inbox_lines

    if not views:
        return "\n".join(["No run is open. Start one: gitorch start PLAN", *inbox_lines(rows, page)])

    return "\n\n".join("\n".join(_run_lines(view, page)) for view in views)


def _run_lines(view: RunView, page: Page) -> list[str]:
    """One run of the dashboard: its header, the counts of its jobs, and what waits for the principal."""
    from gitorch.cli.pages.views import header, inbox_lines, summary

    counts = Counter(job.phase for job in view.jobs)
    jobs = ", ".join(f"{count} {phrase(phase)}" for phase, count in counts.items())
    lines = [header(view, page), page.line(f"  {summary(view, page)}"), page.line(f"  jobs: {jobs}", "dim")]
    lines += inbox_lines(view.inbox, page)
    lines += [page.line(f"  next: {command}") for command in view.next_commands[:3]]

    return lines
