"""Reading without changing anything: runs, jobs, what waits for whom, the log."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from gitorch.app.query.lookup import (
    find_run,
    find_run_with,
    is_ambiguous,
    require_ledger,
    resolve_prefix,
    run_called,
    run_lines,
)
from gitorch.app.query.notifying import notification_trouble
from gitorch.app.query.this_host import prepared_here
from gitorch.errors import NotFound, Unavailable
from gitorch.model.ids import JobId, MessageId, QuestionId, SessionId
from gitorch.model.json_text import parse_json
from gitorch.model.values import replace
from gitorch.model.work.job import JobPhase
from gitorch.model.work.session import SessionKey, SessionPhase
from gitorch.rules.views.inbox import cleanup_row, inbox
from gitorch.rules.views.naming_runs import rows_with_runs, view_with_run, with_run
from gitorch.rules.views.next_commands import next_commands
from gitorch.rules.views.presence import agent_words
from gitorch.rules.views.run import run_view
from gitorch.rules.views.why import why

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitorch.app.services import Services
    from gitorch.model.observed import SessionObservation
    from gitorch.model.record import Record
    from gitorch.model.view import InboxRow, RunView
    from gitorch.model.work.board import RunLine
    from gitorch.model.work.job import JobState
    from gitorch.model.work.message import Message
    from gitorch.model.work.question import Answer, Question
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session
    from gitorch.ports.commits import WrittenRecord


def runs(services: Services) -> tuple[RunLine, ...]:
    """Every run in one line, oldest first.

    No run is loaded: the lines lie in the board. Raises NotFound without a ledger.
    """
    require_ledger(services)
    return run_lines(services)


def status(services: Services, name: str | None, *, live: bool = False) -> RunView:
    """One run as it stands in the ledger; with `live`, agents' states as their terminals show them now.

    Nothing is changed, also with `live`. Terminals that cannot be asked leave the states of the ledger.
    Raises NotFound for an unknown run, Usage where several could be meant.
    """
    run = find_run(services, name)
    if not live:
        return view_of(services, run)

    return view_of(services, run, agent_states(services, run))


def view_of(services: Services, run: Run, agents: Mapping[SessionId, str] | None = None) -> RunView:
    """The view of a run; its commands are for the caller, and name the run where others are open.

    `agents` are the states of living sessions in a word each; without them the ledger's are shown.
    """
    view = run_view(run, agents, holder_name(services, run), leads=prepared_here(services, run))
    trouble = notification_trouble(services)
    if trouble:
        note = f"nobody is notified, the notification command failed: {trouble}"
        view = replace(view, notes=(*view.notes, note))

    if is_ambiguous(services):
        return view_with_run(view)

    return view


def next_command(services: Services, run: Run) -> str:
    """The first command for the caller to type next, with the run in it where others are open."""
    first = next_commands(run, holder_name(services, run), leads=prepared_here(services, run))[0]
    if is_ambiguous(services):
        return with_run(first, run.id)

    return first


def holder_name(services: Services, run: Run) -> str:
    """The name under which the caller holds manual claims; empty where nobody has held one in this run, so that nobody is asked."""
    for session in run.sessions.values():
        if session.is_manual:
            return services.holder

    return ""


def agent_states(services: Services, run: Run) -> Mapping[SessionId, str]:
    """What each living session is doing, in a word, as its terminal shows it now.

    An agent is asked nothing: its screen and its session files are read.
    """
    return agent_words(run, observe_sessions(services, run))


def observe_sessions(services: Services, run: Run) -> Mapping[SessionId, SessionObservation] | None:
    """The observations of living sessions by their terminals; None where the terminals cannot be asked.

    No terminal is asked where no session lives.
    """
    living = _sessions_in_terminals(run)
    if not living:
        return {}

    keys = [SessionKey(run.id, session.id) for session in living]
    try:
        observations = services.terminals.observe(keys)
    except Unavailable:
        return None

    return {key.session: observation for key, observation in observations.items()}


def _sessions_in_terminals(run: Run) -> list[Session]:
    """The living sessions of agents, in the order in which they were opened."""
    return [session for session in run.sessions.values() if _has_terminal(session)]


def _has_terminal(session: Session) -> bool:
    """Whether a session is an agent in a terminal, and not a manual claim."""
    if session.phase is SessionPhase.ENDED:
        return False

    return not session.holder


def why_of(services: Services, name: str, run_name: str | None) -> str:
    """In one line: where a run stands, what a job waits for, why a question is open, or who has not read a message.

    `name` is the whole id of any of these, or a unique prefix of a job or run; the whole id wins, then the job.
    Without `run_name` runs and messages between people come first, then the unsettled run that has the name.

    Raises NotFound for a name that nothing has.
    Raises Usage where several runs could be meant.
    """
    if run_name is not None:
        return _why_within(find_run(services, run_name), name)

    if services.ledger.exists():
        run_id = run_called(services, name)
        if run_id is not None:
            return _why_run(services, find_run(services, run_id))

        messages = services.ledger.state(None).board.messages
        if name in messages:
            return _why_message(messages[MessageId(name)])

    return _why_within(find_run_with(services, name), name)


def _why_run(services: Services, run: Run) -> str:
    """Where a run stands, and what to type next."""
    where = f"{run.id}: {run_view(run).summary}."
    command = next_command(services, run)
    if command == f"gitorch why {run.id}":
        return f"{where} {run.host} leads it and goes on. Unless it runs already, type there: gitorch up {run.id}"

    return f"{where} Next: {command}"


def _why_within(run: Run, name: str) -> str:
    """The reason for a part of one run, by its whole id or a unique prefix of a job. Raises NotFound."""
    reason = _why_in(run, name)
    if reason is not None:
        return reason

    return _why_by_prefix(run, name)


def _why_by_prefix(run: Run, name: str) -> str:
    """The reason for the only job that begins with this name. Raises NotFound, Usage."""
    commands = (f"gitorch status {run.id}", "gitorch why")
    job = resolve_prefix(name, list(run.jobs), "job, question or session", f"run {run.id}", commands)
    return _why_job(run, run.jobs[JobId(job)])


def _why_job(run: Run, job: JobState) -> str:
    """The phase of a job, and what it waits for."""
    reason = why(run, job).removeprefix(f"{job.phase}: ")
    if job.phase is JobPhase.FAILED:
        return f"{job.spec.id} failed: {reason}"

    return f"{job.spec.id} is {job.phase}: {reason}"


def _why_in(run: Run, name: str) -> str | None:
    """The reason for a job, question, session or message with this whole id; None where the run has none."""
    job = run.jobs.get(JobId(name))
    if job is not None:
        return _why_job(run, job)

    question = run.questions.get(QuestionId(name))
    if question is not None:
        return _why_question(question)

    session = run.sessions.get(SessionId(name))
    if session is not None:
        return f"{name} works on {session.job} ({session.runtime}) and is {session.phase}"

    message = run.messages.get(MessageId(name))
    if message is not None:
        return _why_message(message)

    return None


def _why_message(message: Message) -> str:
    """Who has not read a message yet, or that everybody has."""
    unread_by = []
    for name in message.to:
        if name not in message.read_by:
            unread_by.append(name)
    if unread_by:
        return f"{message.id} from {message.author} is not read yet by {', '.join(unread_by)}"

    return f"{message.id} from {message.author} was read"


def _why_question(question: Question) -> str:
    """Who answered a question and how, or that it waits and what it asks."""
    if question.answer is not None:
        return _settled(question, question.answer)

    about = ""
    if question.job:
        about = f" about {question.job}"
    return f"{question.id} ({question.kind}{about}) waits for you: {question.text}"


def _settled(question: Question, answer: Answer) -> str:
    """How a question ended: who answered it and what, or what settled it."""
    if question.is_withdrawn:
        return f"{question.id} was withdrawn: {answer.text or 'its subject has changed'}"

    return f"{question.id} was answered by {answer.by}: {answer.summary}"


def all_inbox(services: Services, name: str | None = None) -> tuple[InboxRow, ...]:
    """What waits for a human, over all runs or in the one that is named; oldest run first.

    The commands of the rows name their run where a command without one could mean another.
    Raises NotFound for an unknown run, Usage for a prefix of several.
    """
    return named_rows(services, _inbox_rows(services, name))


def named_rows(services: Services, rows: Sequence[InboxRow]) -> tuple[InboxRow, ...]:
    """These rows; their commands name their run where a command without one could mean another."""
    if rows and is_ambiguous(services):
        return rows_with_runs(rows)

    return tuple(rows)


def _inbox_rows(services: Services, name: str | None) -> tuple[InboxRow, ...]:
    """The rows of the run that is named, otherwise those of all runs."""
    if name is not None:
        return inbox(find_run(services, name))

    return _asked_by_all(services)


def _asked_by_all(services: Services) -> tuple[InboxRow, ...]:
    """What every run with an open question asks."""
    rows: list[InboxRow] = []
    for line in run_lines(services):
        if line.asked:
            rows.extend(_asked_by(services, line))
    return tuple(rows)


def _asked_by(services: Services, line: RunLine) -> tuple[InboxRow, ...]:
    """What one run asks. A run that only asks how to clean up, as most do, is answered from its line, without loading it."""
    row = cleanup_row(line)
    if row is not None and line.asked == 1:
        return (row,)

    run = services.ledger.state(line.id).run
    if run is not None:
        return inbox(run)

    return ()


def newest_records(services: Services, name: str | None, lines: int) -> tuple[WrittenRecord, ...]:
    """The last records, at most `lines` of them, in ledger order; only those of a run where one is named.

    Raises NotFound for an unknown run, Corrupt for a damaged record.
    """
    run = None
    if name is not None:
        run = find_run(services, name).id
    newest = tuple(islice(services.ledger.newest(run), lines))
    return newest[::-1]


def log(services: Services, name: str | None = None, after: int = -1) -> Iterator[WrittenRecord]:
    """Records with a number above `after`, in ledger order; only those of a run where one is named.

    They are read one by one as the caller iterates, so that a caller which stops early pays for no more.
    Raises NotFound for an unknown run, Corrupt for a damaged record once it is reached.
    """
    if name is None:
        return services.ledger.records(None, after)

    return services.ledger.records(find_run(services, name).id, after)


def report(services: Services, name: str | None) -> str:
    """The text of the newest merge report of a run, exactly as it was issued, also once it was rejected or is void.

    Raises NotFound before the first.
    """
    from gitorch.model.events import ReportIssued  # noqa: PLC0415  # 10 ms that `status` does not pay

    run = find_run(services, name)
    for written in services.ledger.newest(run.id, (ReportIssued,)):
        if isinstance(written.record.event, ReportIssued):
            return written.record.event.text

    raise NotFound(f"run {run.id} has no merge report yet", f"gitorch status {run.id}")


def report_data(services: Services, run: Run) -> object:
    """The newest merge report as the values in its `report.json`; None without a report or without that file."""
    from gitorch.model.events import ReportIssued  # noqa: PLC0415  # the same

    for written in services.ledger.newest(run.id, (ReportIssued,)):
        for ref in written.record.files:
            if ref.name == "report.json":
                return parse_json(services.ledger.file(run.id, ref.sha256))

        return None

    return None


def epic_report(services: Services, run: Run, job: str) -> str:
    """The text of the newest report of one epic; empty before the first. `job` is the whole id of the epic."""
    from gitorch.model.events import EpicReported  # noqa: PLC0415  # the same

    for written in services.ledger.newest(run.id, (EpicReported,)):
        event = written.record.event
        if isinstance(event, EpicReported) and event.job == job:
            return event.text

    return ""


def output_of_tests(services: Services, record: Record) -> str:
    """The kept output of a test run as text, bytes that are no UTF-8 replaced; empty for any other record, and without one.

    Raises Corrupt where the file is not what the record names.
    """
    from gitorch.model.events import CheckRecorded  # noqa: PLC0415  # 10 ms that `status` does not pay

    if not isinstance(record.event, CheckRecorded):
        return ""

    for file in record.files:
        return services.ledger.file(record.run, file.sha256).decode("utf-8", "replace").rstrip()

    return ""
