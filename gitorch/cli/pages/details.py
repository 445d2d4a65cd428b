"""One record, job, question or session in full, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.cli.pages.cells import safe_line, safe_text
from gitorch.cli.pages.page import spoken
from gitorch.cli.pages.plain import plain
from gitorch.cli.pages.records import day_and_time, told
from gitorch.rules.views.inbox import inbox
from gitorch.rules.views.why import why
from gitorch.text.records.released import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitorch.model.job import JobState
    from gitorch.model.question import Question
    from gitorch.model.review import ListedFinding
    from gitorch.model.run import Run
    from gitorch.model.session import Session
    from gitorch.ports.ledger import WrittenRecord


def record_text(written: WrittenRecord) -> str:
    """A record with every field, and its prose below."""
    record, event = written.record, plain(written.record.event)
    prose = event.pop("text", "")
    actor = record.actor
    who = f"{actor.kind} {actor.name}{f' ({actor.session})' if actor.session else ''} on {actor.host}"
    fields = [
        ("record", f"{record.seq}  {kind_of(record.event)}"),
        ("commit", written.commit),
        ("at", day_and_time(record.at)),
        ("run", record.run or ""),
        ("actor", who),
        *((name, _short(value)) for name, value in event.items()),
        *(("file", f"{file.name}  {file.size} bytes  {file.sha256}") for file in record.files),
    ]
    return _page(told(written), fields, prose)


def job_text(run: Run, job: JobState) -> str:
    """A job: where it stands and why, what was handed in, tested, judged and asked."""
    spec = job.spec
    fields = [
        ("kind", spoken(spec.kind)),
        ("phase", spoken(job.phase)),
        ("why", why(run, job)),
        ("round", f"{job.attempt} of {job.rounds_allowed}"),
        ("needs", ", ".join(spec.needs)),
        ("branch", run.branch_of(spec.id) if job.writes and job.session is not None else ""),
        ("session", job.session or ""),
        ("handed in", "" if job.handoff is None else f"{job.handoff.status} at {job.handoff.commit}"),
        (
            "tests",
            "" if job.check is None else f"{job.check.outcome} in {job.check.seconds:.1f} s: {job.check.command}",
        ),
        ("cleared", job.cleared or ""),
        *(("verdict", f"round {v.round}, {v.review}: {v.choice} on {v.commit[:12]}") for v in job.verdicts),
        *(("finding", _finding(listed)) for listed in job.findings),
        *(("task", task) for task in spec.tasks),
    ]
    return _page(f"{spec.id}: {spec.title}", fields, job.handoff.summary if job.handoff is not None else "")


def _finding(listed: ListedFinding) -> str:
    finding = listed.finding
    state = "waived" if listed.waived else "open" if listed.open else "closed"
    place = f" {finding.path}:{finding.line}" if finding.line else f" {finding.path}" if finding.path else ""
    answer = f"; {listed.reply.disposition}: {listed.reply.evidence}" if listed.reply is not None else ""
    return f"#{listed.number} {finding.severity}{place}: {finding.title} ({state}{answer})"


def question_text(run: Run, question: Question) -> str:
    """A question with everything that a decision needs, and the command that answers it."""
    answer = question.answer
    command = next((row.command for row in inbox(run) if row.id == question.id), "")
    fields = [
        ("kind", spoken(question.kind)),
        ("about", question.job or ""),
        ("asked", day_and_time(question.asked_at)),
        ("happened", question.happened),
        ("tried", question.tried),
        ("evidence", question.evidence),
        ("options", ", ".join(question.options)),
        ("answered", "" if answer is None else f"{answer.option} {answer.text}".strip() + f" (by {answer.by})"),
        ("answer it", command),
    ]
    return _page(f"{question.id} in {run.id}", fields, question.text)


def session_text(session: Session) -> str:
    """A session: its job, its runtime, and the texts that it got."""
    prompts = (f"{x.id} {x.kind}: {x.receipt or 'not delivered yet'}" for x in session.prompts)
    fields = [
        ("job", session.job),
        ("runtime", f"{session.runtime} ({session.lane})"),
        ("phase", f"{session.phase} {session.ended}".strip()),
        ("started", day_and_time(session.started_at)),
        *(("prompt", text) for text in prompts),
    ]
    return _page(session.id, fields, "")


def _page(title: str, fields: Iterable[tuple[str, str]], prose: str) -> str:
    """A title, aligned fields without the empty ones, and prose below; lines of a field stay below each other."""
    kept = [(name, value) for name, value in fields if value.strip()]
    columns = max((len(name) for name, _ in kept), default=0)
    lines = [safe_line(title)]
    for name, value in kept:
        first, *rest = safe_text(value).strip().splitlines()
        lines.append(f"  {name:<{columns}}  {first}")
        lines += [f"  {'':<{columns}}  {line}" for line in rest]
    return "\n".join([*lines, *(["", safe_text(prose).strip()] if prose.strip() else [])])


def _short(value: object) -> str:
    """A field's value for people: text as it is, the rest as JSON."""
    if isinstance(value, str):
        return value
    if value is None or value == []:
        return ""
    import json

    return json.dumps(value, ensure_ascii=False)
