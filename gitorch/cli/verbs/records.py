"""`report`, `log`, `show`, `verify`: what the ledger says, without changing anything."""

from __future__ import annotations

import re
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING

import click

from gitorch.cli.boundary import Detailed
from gitorch.cli.group import verb
from gitorch.cli.pages.cells import safe_text
from gitorch.errors import Corrupt, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitorch.app.services import Services
    from gitorch.cli.call import Call
    from gitorch.cli.pages.page import Page
    from gitorch.model.ids import JobId
    from gitorch.model.run import Run
    from gitorch.ports.ledger import Verification, WrittenRecord

WHICH = click.argument("run", required=False)
LINES = 50
COMMIT = re.compile("[0-9a-f]{7,64}")
WHOLE_ID_CHARACTERS = 40


@verb("report", "gitorch report auth-7f3a", "gitorch report api")
@click.argument("what", metavar="[RUN|EPIC]", required=False)
@click.option("--run", metavar="RUN", help="The run that the epic belongs to.")
@click.pass_obj
def report(call: Call, what: str | None, run: str | None) -> None:
    """Print the newest merge report of a run, or the report of one epic.

    It is Markdown, exactly as it was issued; the approval binds to its digest. With --json `data` holds the same facts as
    values, whose digest the report names.
    """
    from gitorch.app.query import runs
    from gitorch.app.query.lookup import run_or_epic

    found, epic = run_or_epic(call.services, what, run)
    if epic:
        _epic_report(call, found, epic)
        return
    text = runs.report(call.services, found.id)
    stands = found.report
    values = {"run": found.id, "text": text, "stands": stands is not None, "report": stands}
    values["data"] = runs.report_data(call.services, found) if call.json else None
    call.say(values, safe_text(text).rstrip() + _gone(found))


def _gone(run: Run) -> str:
    from gitorch.model.run import OVER

    if run.report is not None:
        return ""
    after = f"run {run.id} is {run.phase}." if run.phase in OVER else "gitorch up makes a new one."
    return f"\n\nThis report does not stand any more; {after}"


def _epic_report(call: Call, run: Run, epic: str) -> None:
    from gitorch.app.query import runs

    text = runs.epic_report(call.services, run, epic)
    if not text:
        raise NotFound(f"{epic} has no report yet: it has not passed its reviews", f"gitorch why {epic}")
    call.say({"run": run.id, "job": epic, "text": text}, safe_text(text).rstrip())


@verb("log", "gitorch log auth-7f3a -n 20", "gitorch log --after 412 --json")
@WHICH
@click.option("--after", metavar="SEQ", type=int, help="Only records with a higher number, oldest first.")
@click.option(
    "-n", "most", metavar="N", type=click.IntRange(0), help=f"How many; 0 is all. Without --after: the last {LINES}."
)
@click.pass_obj
def log(call: Call, run: str | None, after: int | None, most: int | None) -> None:
    """List the records of the ledger, one sentence each.

    Of one run, or of everything. `git log gitorch/ledger` says the same without gitorch.
    """
    from gitorch.app.query import runs
    from gitorch.cli.pages.records import values_of

    records = runs.log(call.services, run, -1 if after is None else after)
    if after is not None:
        chosen: Iterable[WrittenRecord] = islice(records, most or None)
    else:
        chosen = deque(records, maxlen=(LINES if most is None else most) or None)
    if call.json:
        call.say({"records": [values_of(written) for written in chosen]}, "")
        return
    page = call.page
    for written in chosen:
        click.echo(_log_line(written, page))


def _log_line(written: WrittenRecord, page: Page) -> str:
    from gitorch.cli.pages.records import day_and_time, told

    record = written.record
    start = f"{record.seq:>5}  {written.commit[:9]}  {day_and_time(record.at)}  "
    return page.line(f"{start}{told(written)}")


@verb("show", "gitorch show 42", "gitorch show 3f2a91c", "gitorch show q3")
@click.argument("thing", metavar="SEQ|COMMIT|ID")
@click.option("--run", metavar="RUN", help="The run that the id belongs to.")
@click.pass_obj
def show(call: Call, thing: str, run: str | None) -> None:
    """Show one record, job, question, message, session or run in full.

    A message that is for you counts as read then. A number is a record's; seven or more hexadecimal digits are its commit; anything else is an id.
    """
    from gitorch.cli.pages.records import values_of

    if thing.isascii() and thing.isdigit() and len(thing) < WHOLE_ID_CHARACTERS:
        written = _by_number(call.services, int(thing))
    elif not _is_id(call.services, thing, run) and COMMIT.fullmatch(thing.lower()):
        written = _by_commit(call.services, thing.lower())
    else:
        _show_id(call, thing, run)
        return
    call.say({"record": values_of(written)}, lambda _: _record_text(written))


def _record_text(written: WrittenRecord) -> str:
    from gitorch.cli.pages.details import record_text

    return record_text(written)


def _by_number(services: Services, number: int) -> WrittenRecord:
    _must_exist(services)
    first = next(iter(services.ledger.records(None, number - 1)), None)
    if first is None:
        raise NotFound(f"the ledger has no record {number}", "gitorch log")
    return first


def _by_commit(services: Services, commit: str) -> WrittenRecord:
    _must_exist(services)
    for written in services.ledger.records():
        if written.commit.startswith(commit):
            return written
    raise NotFound(f"no record of the ledger is commit {commit}", "gitorch log")


def _must_exist(services: Services) -> None:
    if not services.ledger.exists():
        raise NotFound("this repository has no gitorch ledger", "gitorch init")


def _is_id(services: Services, thing: str, said_run: str | None) -> bool:
    """Whether this is exactly an id of a run, or of something in the run that is meant."""
    from gitorch.app.query.lookup import find_run
    from gitorch.errors import Usage

    _must_exist(services)
    if thing in services.ledger.state(None).board.runs:
        return True
    try:
        run = find_run(services, said_run)
    except (NotFound, Usage):
        return False
    return any(thing in ids for ids in (run.jobs, run.questions, run.sessions))


def _show_id(call: Call, thing: str, said_run: str | None) -> None:
    from gitorch.app.query import runs
    from gitorch.app.query.lookup import find_run, run_with
    from gitorch.cli.pages import details, views
    from gitorch.cli.verbs.messages import show_message
    from gitorch.rules.views.run import run_view

    if said_run is None and thing in call.services.ledger.state(None).board.runs:
        view = run_view(find_run(call.services, thing))
        call.say({"run": view}, lambda page: views.run_text(view, page))
        return
    if re.fullmatch("m[0-9]+", thing):
        show_message(call, thing)
        return
    if re.fullmatch("q[0-9]+", thing):
        run, question = runs.question_of(call.services, thing, said_run)
        call.say({"run": run.id, "question": question}, lambda _: details.question_text(run, question))
        return
    run = find_run(call.services, said_run) if said_run is not None else run_with(call.services, thing)
    session = next((s for s in run.sessions.values() if s.id == thing), None)
    if session is not None:
        call.say({"run": run.id, "session": session}, lambda _: details.session_text(session))
        return
    job = run.jobs[_job_id(run, thing)]
    call.say({"run": run.id, "job": job}, lambda _: details.job_text(run, job))


def _job_id(run: Run, thing: str) -> JobId:
    found = [j for j in run.jobs if j == thing] or [j for j in run.jobs if j.startswith(thing)]
    if len(found) != 1:
        message = f"run {run.id} has no record, job, question or session {thing}; its jobs are {', '.join(run.jobs)}"
        raise NotFound(message, "gitorch status")
    return found[0]


@verb("verify", "gitorch verify", "gitorch verify --remote origin", "gitorch verify --tag audit-2026-11")
@click.option("--remote", metavar="NAME", help="Compare with the ledger that this remote holds, too.")
@click.option("--tag", metavar="NAME", help="Every record up to this tag must be there, too.")
@click.pass_obj
def verify(call: Call, remote: str | None, tag: str | None) -> None:
    """Read the whole ledger and prove that nothing in it was changed.

    Checks the chain of digests, the order of records, whether each could legally happen, the attached files, the signatures
    of approvals, and that nothing is missing that was seen here, that a remote holds, or that a tag names.

    `git tag -s audit-2026-11 gitorch/ledger` notes how far it goes today.
    """
    _must_exist(call.services)
    found = _with_anchors(call.services, _with_signatures(call.services, call.services.ledger.verify()), remote, tag)
    values = {"records": found.records, "tip": found.tip, "head": found.head, "warnings": found.warnings}
    if found.faults:
        first = found.faults[0]
        faults = [safe_text(f"{fault.where or 'ledger'}: {fault.message}") for fault in found.faults]
        many = len(faults)
        said = f"{many} {'fault' if many == 1 else 'faults'} in {found.records} records; the first: {first.message}"
        raise Detailed(Corrupt(said, first.hint, first.where), faults, faults=faults, **values)
    call.say(values, _verified(found))


def _with_signatures(services: Services, found: Verification) -> Verification:
    """The same, with approvals that should be signed and are not; what the ledger itself got wrong is said alone."""
    from gitorch.app.people.signing import unsigned
    from gitorch.model.values import replace

    if found.faults:
        return found
    board = services.ledger.state(None).board
    states = (services.ledger.state(run).run for run in board.runs)
    return replace(found, faults=tuple(fault for run in states if run is not None for fault in unsigned(services, run)))


def _with_anchors(services: Services, found: Verification, remote: str | None, tag: str | None) -> Verification:
    """The same, with what a remote's ledger and a tag say about this one."""
    if remote is None and tag is None:
        return found
    from gitorch.app.query.anchors import against_remote, against_tag
    from gitorch.model.values import replace

    seen = [against_remote(services, found.records, remote)] if remote is not None else []
    if tag is not None and found.tip is not None:
        seen.append(against_tag(services, found.records, found.tip, tag))
    faults = tuple(one.fault for one in seen if one.fault is not None)
    return replace(
        found,
        faults=(*found.faults, *faults),
        warnings=(*found.warnings, *(one.told for one in seen if one.told)),
    )


def _verified(found: Verification) -> str:
    lines = [f"warning: {warning}" for warning in found.warnings]
    many = "1 record holds" if found.records == 1 else f"{found.records} records hold"
    lines.append(f"{many}, from the first to commit {found.tip}.")
    return "\n".join([*lines, f"The newest record's digest is {found.head}"])
