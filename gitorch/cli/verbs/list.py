"""`list` and `dashboard`: everything of one kind in rows, and everything that is open on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gitorch.cli.group import verb
from gitorch.cli.pages.page import PHASE_COLOURS, Cell, Page, spoken
from gitorch.errors import Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitorch.cli.call import Call
    from gitorch.model.run import Run
    from gitorch.model.view import RunView

KINDS = ("runs", "jobs", "sessions", "questions", "artifacts", "verdicts", "findings")


@verb("list", "gitorch list", "gitorch list jobs", "gitorch list artifacts --run auth-7f3a --json")
@click.argument("kind", metavar="[runs|jobs|sessions|questions|artifacts|verdicts|findings]", default="runs")
@click.option("--run", metavar="RUN", help="Of this run; without it, of the one that is open, or the newest.")
@click.pass_obj
def listing(call: Call, kind: str, run: str | None) -> None:
    """List the runs, or everything of one kind in a run, one line each."""
    from gitorch.app.query import runs
    from gitorch.app.query.lookup import find_run
    from gitorch.cli.pages import views

    if kind not in KINDS:
        raise Usage(f"{kind} cannot be listed; {', '.join(KINDS)} can", "gitorch list")
    if kind == "runs":
        lines = runs.runs(call.services)
        call.say({"runs": lines}, lambda page: views.runs_text(lines, page))
        return
    found = find_run(call.services, run)
    values = VALUES[kind](found)
    rows = [ROWS[kind](value) for value in values]
    nothing = f"run {found.id} has no {kind} yet"
    call.say(
        {"run": found.id, kind: values},
        lambda page: "\n".join(page.table(rows, gives=(len(rows[0]) - 1,))) if rows else nothing,
    )


VALUES: Mapping[str, Callable[[Run], Sequence[Any]]] = {
    "jobs": lambda run: tuple(_view(run).jobs),
    "sessions": lambda run: tuple(run.sessions.values()),
    "questions": lambda run: tuple(run.questions.values()),
    "artifacts": lambda run: run.artifacts,
    "verdicts": lambda run: tuple(v for job in run.jobs.values() for v in job.verdicts),
    "findings": lambda run: tuple(
        {"job": job.spec.id, **_finding(x)} for job in run.jobs.values() for x in job.findings
    ),
}

ROWS: Mapping[str, Callable[[Any], tuple[Cell | str, ...]]] = {
    "jobs": lambda j: (Cell(j.id, "bold"), spoken(j.kind), _phase(j.phase), j.title, j.why),
    "sessions": lambda s: (Cell(s.id, "bold"), s.job, s.runtime, str(s.phase), s.ended),
    "questions": lambda q: (Cell(q.id, "bold"), str(q.kind), q.job or "", _answer(q), q.happened or q.text),
    "artifacts": lambda a: (
        Cell(a.name, "bold"),
        str(a.kind),
        f"{a.job} {a.attempt}.{a.version}",
        a.digest[:19],
        a.path,
    ),
    "verdicts": lambda v: (Cell(v.review, "bold"), v.subject, f"round {v.round}", str(v.choice), v.commit[:12]),
    "findings": lambda f: (f["job"], f"#{f['number']}", f["severity"], "open" if f["open"] else "closed", f["title"]),
}


def _view(run: Run) -> RunView:
    from gitorch.rules.views.run import run_view

    return run_view(run)


def _phase(phase: str) -> Cell:
    return Cell(spoken(phase), PHASE_COLOURS.get(phase, ""))


def _answer(question: Any) -> str:
    return "open" if question.answer is None else question.answer.option or question.answer.text


def _finding(listed: Any) -> dict[str, Any]:
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
    }


@verb("dashboard", "gitorch dashboard", "gitorch dashboard --json")
@click.pass_obj
def dashboard(call: Call) -> None:
    """Show every open run on one page: what moves, what waits for whom, and what to type next."""
    from gitorch.app.query.lookup import open_runs
    from gitorch.app.query.runs import view_of

    loaded = (call.services.ledger.state(run).run for run in open_runs(call.services))
    views = tuple(view_of(call.services, run) for run in loaded if run is not None)
    call.say({"runs": views}, lambda page: _dashboard_text(views, page))


def _dashboard_text(views: Sequence[RunView], page: Page) -> str:
    from gitorch.cli.pages.views import header, inbox_lines, summary

    if not views:
        return "No run is open. Begin one: gitorch start PLAN"
    lines: list[str] = []
    for view in views:
        counts: dict[str, int] = {}
        for job in view.jobs:
            counts[job.phase] = counts.get(job.phase, 0) + 1
        told = ", ".join(f"{many} {spoken(phase)}" for phase, many in counts.items())
        lines += [header(view, page), page.line(f"  {summary(view, page)}"), page.line(f"  jobs: {told}", "dim")]
        lines += inbox_lines(view.inbox, page)
        lines += [page.line(f"  next: {command}") for command in view.next_commands[:3]]
        lines.append("")
    return "\n".join(lines).rstrip()
