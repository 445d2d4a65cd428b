"""One record, job, question or session in full, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.cli.pages.cells import safe_line
from gitorch.cli.pages.page import phrase
from gitorch.cli.pages.plain import plain, to_json
from gitorch.cli.pages.records import day_and_time, sentence_of
from gitorch.model.counts import counted
from gitorch.model.work.question import QuestionKind
from gitorch.rules.messages.answer_words import meaning
from gitorch.rules.messages.report_commands import (
    approving_command,
    ending_command,
    sending_back_command,
    takes_only_pull_requests,
)
from gitorch.rules.review.endings import ending
from gitorch.rules.views.finding_lines import place_text
from gitorch.rules.views.inbox import inbox
from gitorch.rules.views.naming_runs import with_run
from gitorch.rules.views.why import why
from gitorch.text.records.released import kind_of
from gitorch.text.visible import safe_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.model.record import Actor
    from gitorch.model.work.job import JobState
    from gitorch.model.work.question import Answer, Question
    from gitorch.model.work.review import ListedFinding
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session
    from gitorch.ports.commits import WrittenRecord


Field = tuple[str, str]
"""A name and a text, which may have several lines. A field without text is not shown."""


def record_text(written: WrittenRecord) -> str:
    """A record with every field, and its prose below."""
    record, event = written.record, plain(written.record.event)
    prose = event.pop("text", "")
    fields: list[Field] = [
        ("record", f"{record.seq}  {kind_of(record.event)}"),
        ("commit", written.commit),
        ("at", day_and_time(record.at)),
        ("run", record.run or ""),
        ("actor", _actor_text(record.actor)),
    ]
    fields += [(name, _value_text(value)) for name, value in event.items()]
    fields += [("file", f"{file.name}  {counted(file.size, 'byte')}  {file.sha256}") for file in record.files]

    return _page(sentence_of(written), fields, prose)


def _actor_text(actor: Actor) -> str:
    """Who wrote a record, with the session if there was one, and on which host."""
    session = f" ({actor.session})" if actor.session else ""
    return f"{actor.kind} {actor.name}{session} on {actor.host}"


def job_text(run: Run, job: JobState) -> str:
    """A job: its state and the reason for it, its handoff, tests, verdicts, findings and tasks."""
    spec = job.spec
    fields: list[Field] = [
        ("kind", phrase(spec.kind)),
        ("phase", phrase(job.phase)),
        ("why", why(run, job)),
        ("round", f"{job.attempt} of {job.rounds_allowed}"),
        ("needs", ", ".join(spec.needs)),
    ]
    if job.writes and job.session is not None:
        fields.append(("branch", run.branch_of(spec.id)))

    fields.append(("session", job.session or ""))
    fields += _results(run, job)
    fields += [("task", task) for task in spec.tasks]
    summary = "" if job.handoff is None else job.handoff.summary

    return _page(f"{spec.id}: {spec.title}", fields, summary)


def _results(run: Run, job: JobState) -> list[Field]:
    """The handoff, tests, verdicts and findings so far."""
    fields: list[Field] = []
    if job.handoff is not None:
        fields.append(("handoff", f"{job.handoff.status} at {job.handoff.commit}"))

    if job.check is not None:
        fields.append(("tests", f"{job.check.outcome} in {job.check.seconds:.1f} s: {job.check.command}"))

    fields.append(("cleared", job.cleared or ""))
    for verdict in job.verdicts:
        text = f"round {verdict.round}, {verdict.review}: {verdict.choice} on {verdict.commit[:12]}"
        fields.append(("verdict", text))

    fields += [("finding", _finding_text(run, job, listed)) for listed in job.findings]
    return fields


def _finding_text(run: Run, job: JobState, listed: ListedFinding) -> str:
    """A finding in one line, with how it ended, and the author's reply while it is open."""
    finding = listed.finding
    place = ""
    if finding.path:
        place = f" {place_text(finding)}"

    end = ending(run, job, listed)
    state = end.sentence
    if listed.reply is not None and end.word == "open":
        state += f"; {listed.reply.disposition}: {listed.reply.evidence}"

    return f"#{listed.number} {finding.severity}{place}: {finding.title} ({state})"


def question_text(run: Run, question: Question) -> str:
    """A question with everything that a decision needs, and the command that answers it."""
    answer = ""
    if question.answer is not None:
        answer = _answer_line(run, question, question.answer)

    fields = [
        ("kind", phrase(question.kind)),
        ("about", question.job or ""),
        ("asked", day_and_time(question.asked_at)),
        ("happened", question.happened),
        ("tried", question.tried),
        ("evidence", question.evidence),
        *(("options", line) for line in _option_lines(run, question)),
        ("answered", answer),
        ("answer it", _command_of(run, question)),
    ]
    return _page(f"{question.id} in {run.id}", fields, question.text)


def _answer_line(run: Run, question: Question, answer: Answer) -> str:
    """An answer and who gave it; of the approval that the run stands on also what proves it."""
    approval = run.approval
    if approval is not None and question.kind is QuestionKind.APPROVAL and approval.at == answer.at:
        return approval.sentence

    text = f"{answer.option} {answer.text}".strip()
    return f"{text} (by {answer.by})"


def _option_lines(run: Run, question: Question) -> list[str]:
    """The options of a question, one a line; an approval has commands of its own instead."""
    if question.kind is not QuestionKind.APPROVAL:
        return [_option_text(question, option) for option in question.options]

    return [
        f"{approving_command(run)}: {_approving_means(run)}",
        f"{sending_back_command(run)}: sends the epic back to its author, and a new report follows",
        f"{ending_command(run)}: ends the run; its branches are kept",
    ]


def _approving_means(run: Run) -> str:
    """What the command does that leads to an approval."""
    if not takes_only_pull_requests(run):
        return "merges exactly this report"

    if run.proposal is None:
        return "proposes exactly this report as a pull request, whose merge approves it"

    return "looks for the merge of the pull request, which approves the report"


def _option_text(question: Question, option: str) -> str:
    """An option with what it means, where its word is known."""
    means = meaning(question, option)
    if not means:
        return option

    return f"{option}: {means}"


def _command_of(run: Run, question: Question) -> str:
    """The command that answers an open question, whatever other runs are open; empty for an answered one."""
    for row in inbox(run):
        if row.id == question.id:
            return with_run(row.command, run.id)

    return ""


def session_text(session: Session) -> str:
    """A session: its job, its runtime, and the prompts that it got."""
    fields: list[Field] = [
        ("job", session.job),
        ("runtime", f"{session.runtime} ({session.lane})"),
        ("phase", f"{session.phase} {session.ended}".strip()),
        ("started", day_and_time(session.started_at)),
    ]
    for prompt in session.prompts:
        receipt = prompt.receipt or "not delivered yet"
        fields.append(("prompt", f"{prompt.id} {prompt.kind}: {receipt}"))

    return _page(session.id, fields, "")


def kept_text(name: str, what: str, kept: object) -> str:
    """A decision, a late handoff, a prompt or a document: all its fields, and what somebody wrote below."""
    values = plain(kept)
    prose = values.pop("text", "") or values.pop("summary", "")
    fields = [(field, _value_text(value)) for field, value in values.items() if field not in {"id", "name"}]
    return _page(f"{name} {phrase(what)}", fields, prose)


def _page(title: str, fields: Sequence[Field], prose: str) -> str:
    """A title, the fields that have text in two columns, and prose below."""
    shown = [(name, value) for name, value in fields if value.strip()]
    columns = max((len(name) for name, _ in shown), default=0)
    lines = _field_lines(title, shown, columns)

    if prose.strip():
        lines += ["", safe_text(prose).strip()]

    return "\n".join(lines)


def _field_lines(title: str, shown: list[tuple[str, str]], columns: int) -> list[str]:
    """The title, and the fields in two columns."""
    lines = [safe_line(title)]

    for name, value in shown:
        label = name
        for line in safe_text(value).strip().splitlines():
            lines.append(f"  {label:<{columns}}  {line}")
            label = ""
    return lines


def _value_text(value: object) -> str:
    """A field's value for people: text as it is, the rest as JSON."""
    if isinstance(value, str):
        return value

    if value is None or value == []:
        return ""

    return to_json(value)
