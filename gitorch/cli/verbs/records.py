"""`report`, `log`, `show`, `verify`: read the ledger."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from gitorch.cli.boundary import Detailed
from gitorch.cli.output import write, write_long
from gitorch.cli.verb_function import verb
from gitorch.errors import Corrupt, NotFound
from gitorch.model.counts import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gitorch.app.query.anchors import AnchorCheck
    from gitorch.app.services import Services
    from gitorch.cli.call import Call
    from gitorch.cli.pages.page import Page
    from gitorch.model.work.run import Run
    from gitorch.ports.commits import Verification, VerifiedRun, WrittenRecord

LINES = 50
COMMIT = re.compile("[0-9a-f]{7,64}")
WHOLE_ID_CHARACTERS = 40


@verb("report")
def report(call: Call, what: str | None, run: str | None) -> None:
    """Print the newest merge report of a run, or the report of one epic."""
    from gitorch.app.query import runs
    from gitorch.app.query.lookup import find_run_or_epic
    from gitorch.rules.views.report_state import report_state

    found, epic = find_run_or_epic(call.services, what, run)
    if epic:
        _epic_report(call, found, epic)
        return

    text = runs.report(call.services, found.id)
    current = found.report
    values = {"run": found.id, "text": text, "valid": current is not None, "report": current, "data": None}
    values["approval"] = found.approval
    if call.json:
        values["data"] = runs.report_data(call.services, found)

    state = report_state(found)
    values["state"] = state
    call.say_at_length(values, f"{text.rstrip()}\n\n{state}")


def _epic_report(call: Call, run: Run, epic: str) -> None:
    """Print the report of one epic."""
    from gitorch.app.query import runs

    text = runs.epic_report(call.services, run, epic)
    if not text:
        raise NotFound(f"{epic} has no report before it passes its reviews", f"gitorch why {epic}")

    call.say_at_length({"run": run.id, "job": epic, "text": text}, text.rstrip())


@verb("log")
def log(call: Call, run: str | None, after: int | None, lines: int | None) -> None:
    """List the records of the ledger, one sentence each."""
    from gitorch.app.query import runs
    from gitorch.cli.pages.records import values_of

    if after is not None:
        chosen: Iterable[WrittenRecord] = islice(runs.log(call.services, run, after), lines or None)
    else:
        chosen = _last(call.services, run, LINES if lines is None else lines)

    if call.json:
        call.say({"records": [values_of(written) for written in chosen]}, "")
        return

    page = call.page
    sentences = (_log_line(written, page) for written in chosen)
    if call.has_reader:
        write_long(sentences, colours=page.colours)
        return

    for sentence in sentences:
        write(sentence, colours=page.colours)


def _last(services: Services, run: str | None, lines: int) -> Iterable[WrittenRecord]:
    """The last records; all of them for 0."""
    from gitorch.app.query import runs

    if lines == 0:
        return runs.log(services, run)
    return runs.newest_records(services, run, lines)


def _log_line(written: WrittenRecord, page: Page) -> str:
    """One line of the log: the number and time of a record, and its sentence."""
    from gitorch.cli.pages.records import day_and_time, sentence_of

    record = written.record
    start = f"{record.seq:>5}  {written.commit[:9]}  {day_and_time(record.at)}  "

    return page.line(f"{start}{sentence_of(written)}")


@verb("show")
def show(call: Call, thing: str, run: str | None) -> None:
    """Show one record, job, question, message, session or run in full."""
    from gitorch.cli.pages.records import values_of

    if thing.isascii() and thing.isdigit() and len(thing) < WHOLE_ID_CHARACTERS:
        written = _by_number(call.services, int(thing))
    elif not _is_id(call.services, thing, run) and COMMIT.fullmatch(thing.lower()):
        written = _by_commit(call.services, thing.lower())
    else:
        _show_id(call, thing, run)
        return

    output = _test_output(call.services, written)
    values: dict[str, object] = {"record": values_of(written)}
    if output:
        values["log"] = output

    call.say_at_length(values, lambda _: _record_text(written, output))


def _test_output(services: Services, written: WrittenRecord) -> str:
    """The kept output of a recorded test run; empty for any other record."""
    from gitorch.app.query.runs import output_of_tests

    return output_of_tests(services, written.record)


def _record_text(written: WrittenRecord, output: str) -> str:
    """A record with all its fields, and the output of a test run below them."""
    from gitorch.cli.pages.details import record_text

    text = record_text(written)
    if not output:
        return text

    return f"{text}\n\n{output}"


def _by_number(services: Services, number: int) -> WrittenRecord:
    """The record with this number. Raises NotFound."""
    from gitorch.app.query.lookup import require_ledger

    require_ledger(services)
    return services.ledger.record(number)


def _by_commit(services: Services, commit: str) -> WrittenRecord:
    """The record in the commit whose id begins like this. Raises NotFound."""
    from gitorch.app.query.lookup import require_ledger

    require_ledger(services)
    return services.ledger.in_commit(commit)


def _is_id(services: Services, thing: str, run_name: str | None) -> bool:
    """Whether this is exactly the id of a run, or of something in the run that is meant."""
    from gitorch.app.query.lookup import find_run, require_ledger
    from gitorch.errors import Usage

    require_ledger(services)
    if thing in services.ledger.state(None).board.runs:
        return True

    try:
        run = find_run(services, run_name)
    except (NotFound, Usage):
        return False

    for ids in (run.jobs, run.questions, run.sessions):
        if thing in ids:
            return True

    return False


def _show_id(call: Call, thing: str, run_name: str | None) -> None:
    """Print the run, message, question, session or job with this id. Raises NotFound, Usage."""
    from gitorch.app.query.lookup import find_run, find_run_with, run_called
    from gitorch.cli.verbs.messages import show_message

    if re.fullmatch("m[0-9]+", thing):
        show_message(call, thing)
        return

    if re.fullmatch("q[0-9]+", thing):
        _show_question(call, thing, run_name)
        return

    if run_name is not None:
        _show_part(call, find_run(call.services, run_name), thing)
        return

    run_id = run_called(call.services, thing)
    if run_id is not None:
        _show_run(call, find_run(call.services, run_id))
        return

    _show_part(call, find_run_with(call.services, thing), thing)


def _show_run(call: Call, run: Run) -> None:
    """Print a run."""
    from gitorch.app.query.runs import view_of
    from gitorch.cli.pages import views

    view = view_of(call.services, run)
    call.say_at_length({"run": view}, lambda page: views.run_text(view, page))


def _show_question(call: Call, thing: str, run_name: str | None) -> None:
    """Print a question with its answer."""
    from gitorch.app.query.questions import find_question
    from gitorch.cli.pages import details

    run, question = find_question(call.services, thing, run_name)
    call.say_at_length({"run": run.id, "question": question}, lambda _: details.question_text(run, question))


def _show_part(call: Call, run: Run, thing: str) -> None:
    """Print a session, or what the run keeps beside it, by its id, or a job by its id or a unique beginning. Raises NotFound, Usage."""
    from gitorch.app.query.kept import kept_in
    from gitorch.app.query.lookup import resolve_prefix
    from gitorch.cli.pages import details
    from gitorch.model.ids import JobId

    for session in run.sessions.values():
        if session.id == thing:
            text = details.session_text(session)
            call.say_at_length({"run": run.id, "session": session}, text)
            return

    kept = kept_in(run, thing)
    if kept is not None and thing not in run.jobs:
        what, value = kept
        call.say_at_length({"run": run.id, what: value}, details.kept_text(thing, what, value))
        return

    noun, commands = "record, job, question or session", (f"gitorch status {run.id}", "gitorch show")
    job = run.jobs[JobId(resolve_prefix(thing, list(run.jobs), noun, f"run {run.id}", commands))]
    call.say_at_length({"run": run.id, "job": job}, lambda _: details.job_text(run, job))


@verb("verify")
def verify(call: Call, remote: str | None, tag: str | None, recipe: str | None, proposal: str | None) -> None:
    """Read the whole ledger and prove that no record was changed."""
    from gitorch.app.query.lookup import require_ledger

    require_ledger(call.services)
    if recipe is not None:
        from gitorch.app.query import recipe as recipes
        from gitorch.app.query.lookup import find_run

        script = recipes.recipe(call.services, find_run(call.services, recipe))
        call.say({"recipe": script}, script.rstrip("\n"))
        return

    _verify_all(call, remote, tag, proposal)


def _verify_all(call: Call, remote: str | None, tag: str | None, proposal: str | None) -> None:
    """Verify every record, and compare the ledger with the remote, tag or proposal if one is given. Faults are raised, as Detailed."""
    approvals = _Approvals(call.services)
    found = approvals.added_to(call.services.ledger.verify(call.services.clock.now(), approvals.judge))
    found = _with_anchors(call.services, found, remote, tag)
    found = _with_proposal(call.services, found, proposal)
    values = {"records": found.records, "tip": found.tip, "head": found.head, "warnings": found.warnings}
    if not found.faults:
        call.say({**values, "approvals": approvals.by_grade}, _verified(found, approvals.by_grade))
        return

    first = found.faults[0]
    faults = [f"{fault.where or 'ledger'}: {fault.message}" for fault in found.faults]
    message = f"{counted(len(faults), 'fault')} in {counted(found.records, 'record')}; the first: {first.message}"
    raise Detailed(Corrupt(message, first.hint, first.where), faults, faults=faults, **values)


class _Approvals:
    """What the approvals of all runs prove."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._counts: dict[str, int] = {}
        self._faults: list[Corrupt] = []
        self._warnings: list[str] = []

    def judge(self, approved: VerifiedRun) -> None:
        """Note the approvals of a run, and a fault for each that is unsigned and must not be."""
        from gitorch.app.people.code_merges import unproven_merges
        from gitorch.app.people.signing import unsigned
        from gitorch.model.events import Approved
        from gitorch.model.plans.approval import grade_of

        self._faults += unsigned(self._services, approved)
        self._warnings += unproven_merges(approved)
        for record in approved.records:
            if isinstance(record.event, Approved):
                grade = str(grade_of(record.event.proof))
                self._counts[grade] = self._counts.get(grade, 0) + 1

    @property
    def by_grade(self) -> dict[str, int]:
        """The number of merge approvals of each grade, the weakest first."""
        from gitorch.model.plans.approval import Grade

        given = filter(self._counts.__contains__, map(str, Grade))
        return {grade: self._counts[grade] for grade in given}

    def added_to(self, found: Verification) -> Verification:
        """A verification with these faults and warnings; a faulty one is returned unchanged."""
        from gitorch.model.values import replace

        if found.faults:
            return found
        return replace(found, faults=tuple(self._faults), warnings=(*found.warnings, *self._warnings))


def _anchors(services: Services, found: Verification, remote: str | None, tag: str | None) -> Iterator[AnchorCheck]:
    """The comparison with the remote's ledger, then the one with the tag, as far as they are asked for.

    A ledger without a record has no tip that a tag could name.
    """
    from gitorch.app.query.anchors import check_remote, check_tag

    if remote is not None:
        yield check_remote(services, found.records, remote)

    if tag is not None and found.tip is not None:
        yield check_tag(services, found.records, found.tip, tag)


def _with_anchors(services: Services, found: Verification, remote: str | None, tag: str | None) -> Verification:
    """The same, with the faults and warnings of a comparison with a remote's ledger and a tag."""
    if remote is None and tag is None:
        return found

    from gitorch.model.values import replace

    faults, warnings = list(found.faults), list(found.warnings)
    for anchor in _anchors(services, found, remote, tag):
        if anchor.fault is not None:
            faults.append(anchor.fault)

        if anchor.note:
            warnings.append(anchor.note)

    return replace(found, faults=tuple(faults), warnings=tuple(warnings))


def _with_proposal(services: Services, found: Verification, proposal: str | None) -> Verification:
    """The same, with a fault where this commit does not show exactly the report of a run."""
    if proposal is None:
        return found

    from gitorch.app.people.forge_merges import check_proposal
    from gitorch.model.values import replace

    return replace(found, faults=(*found.faults, *check_proposal(services, proposal)))


def _verified(found: Verification, approvals: Mapping[str, int]) -> str:
    """The result of a verification, with its faults and warnings, line by line."""
    lines = [f"warning: {warning}" for warning in found.warnings]
    lines.append(f"{counted(found.records, 'record')} verified, from the first to commit {found.tip}.")
    lines.append(f"The newest record's digest is {found.head}")
    if approvals:
        by_grade = ", ".join(f"{count} {grade}" for grade, count in approvals.items())
        lines.append(f"Approvals of merges by what proves them: {by_grade}.")

    return "\n".join(lines)
