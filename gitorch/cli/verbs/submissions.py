"""`brief`, `handoff`, `verdict`, `ask`, `block`: what an agent says from its own session."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import click

from gitorch.cli import arguments
from gitorch.cli.group import verb
from gitorch.errors import Denied, GitorchError, Malformed, Refused, Usage
from gitorch.model.review import ReportStatus
from gitorch.model.submission import OutboxEntry, ReportText

if TYPE_CHECKING:
    from gitorch.app.work.claims import ManualClaim
    from gitorch.app.work.outbox import Sandbox
    from gitorch.app.work.submissions import AgentCredential
    from gitorch.cli.call import Call
    from gitorch.model.events import Event
    from gitorch.model.ids import JobId
    from gitorch.model.submission import VerdictText

JOB = click.option("--job", metavar="JOB", help="Your job's id; needed by hand where you hold several.")
RUN = click.option("--run", metavar="RUN", help="By hand: the run, where several are open.")
FENCE = click.option("--fence", type=int, default=0, metavar="N", help="Only if this is the number of the lease.")


@verb("brief", "gitorch brief", "gitorch brief --json")
@JOB
@RUN
@click.pass_obj
def brief(call: Call, job: str | None, run: str | None) -> None:
    """Print the brief of this session as it stands now.

    Read it again after a restart: it tells what is on your branch already and what was answered.
    """
    from gitorch.app.work import submissions

    try:
        text, values = submissions.read_brief(call.services, call.bearer(job, run))
    except (GitorchError, OSError) as shut:
        text, values = _brief_at_hand(call, shut)
    call.say({"brief": values}, text.rstrip())


def _brief_at_hand(call: Call, shut: GitorchError | OSError) -> tuple[str, dict[str, object]]:
    """The brief as it was last written into the worktree, for an agent that may not even read the ledger."""
    from gitorch.app.work.outbox import brief_at_hand

    sandbox = sandbox_of(call, shut)
    if sandbox is None:
        raise shut
    return brief_at_hand(sandbox)


@verb(
    "handoff",
    'gitorch handoff DONE --summary "Sessions rotate" --tests "make test: 212 passed"',
    'gitorch handoff DONE --summary "Both mended" --reply 1=fixed:3f2a91c --reply 2=false_positive:"see test_x"',
)
@click.argument("status")
@click.option("--summary", metavar="TEXT", default="", help="What you did. `-` reads standard input.")
@click.option("--summary-file", metavar="FILE", help="The same, from a file.")
@click.option("--concern", metavar="TEXT", multiple=True, help="With DONE_WITH_CONCERNS; may be repeated.")
@click.option("--question", metavar="TEXT", multiple=True, help="With NEEDS_CONTEXT; may be repeated.")
@click.option("--blocker", metavar="TEXT", default="", help="With BLOCKED: what blocks you.")
@click.option("--clears", metavar="TEXT", default="", help="With BLOCKED: what would clear it.")
@click.option("--tests", metavar="TEXT", default="", help="What you ran and what it said.")
@click.option("--reply", metavar="N=DISPOSITION:EVIDENCE", multiple=True, help="Your answer to finding N.")
@JOB
@FENCE
@RUN
@click.pass_obj
def handoff(
    call: Call,
    status: str,
    summary: str,
    summary_file: str | None,
    concern: tuple[str, ...],
    question: tuple[str, ...],
    blocker: str,
    clears: str,
    tests: str,
    reply: tuple[str, ...],
    job: str | None,
    fence: int,
    run: str | None,
) -> None:
    """Report on your job: DONE, DONE_WITH_CONCERNS, NEEDS_CONTEXT or BLOCKED.

    Commit first: what is uncommitted, outside your scope or leaves a finding unanswered is refused, and you may report
    again. Then stop and wait; what follows comes to this terminal.
    """
    from gitorch.model.submission import ReportText

    said = ReportText(
        status=arguments.report_status(status),
        summary=arguments.summary_of(summary, summary_file, call.folder),
        job=_named(call, job),
        concerns=concern,
        questions=question,
        blocker=blocker,
        clears=clears,
        tests_claimed=tests,
        replies=tuple(arguments.reply(r) for r in reply),
    )
    _report(call, said, call.bearer(job, run, fence))


@verb("ask", 'gitorch ask "Which of the two cookie names does the client expect?"')
@click.argument("text", metavar="TEXT...", nargs=-1, required=True)
@JOB
@click.pass_obj
def ask(call: Call, text: tuple[str, ...], job: str | None) -> None:
    """Ask the humans a question and wait; the same as handoff NEEDS_CONTEXT.

    The answer comes to this terminal, and you go on where you are.
    """
    from gitorch.model.submission import ReportText

    question = " ".join(arguments.in_words(text))
    said = ReportText(ReportStatus.NEEDS_CONTEXT, question, _named(call, job), questions=(question,))
    _report(call, said, call.bearer(job))


@verb("block", 'gitorch block --by "The schema is not merged" --clears "Migration 12 on main"')
@click.option("--by", metavar="TEXT", required=True, help="What blocks you.")
@click.option("--clears", metavar="TEXT", required=True, help="What would clear it.")
@click.option(
    "--kind", metavar="KIND", default="", help="ambiguous_goal, missing_authority, contradicting_decisions, …"
)
@click.option("--severity", metavar="SEVERITY", default="blocking", help="blocking, important, minor or note.")
@JOB
@click.pass_obj
def block(call: Call, by: str, clears: str, kind: str, severity: str, job: str | None) -> None:
    """Report what blocks you and what would clear it; the same as handoff BLOCKED."""
    from gitorch.model.submission import ReportText

    said = ReportText(
        ReportStatus.BLOCKED,
        by,
        _named(call, job),
        blocker=by,
        clears=clears,
        blocker_kind=arguments.escalation_kind(kind),
        blocker_severity=arguments.known_severity(severity),
    )
    _report(call, said, call.bearer(job))


def _named(call: Call, job: str | None) -> JobId | None:
    """What an agent said is checked against its own job; by hand it has told which lease is meant, and may be a prefix."""
    from gitorch.model.ids import JobId

    return JobId(job) if job is not None and call.environ.get("GITORCH_TOKEN") else None


def _report(call: Call, said: ReportText, bearer: AgentCredential | ManualClaim) -> None:
    from gitorch.app.work import submissions

    try:
        _follow(call, submissions.submit_handoff(call.services, bearer, said), bearer)
    except (GitorchError, OSError) as shut:
        _through_outbox(call, shut, said)


def _through_outbox(call: Call, shut: GitorchError | OSError, said: ReportText | VerdictText) -> None:

    through_outbox(call, shut, said)


def _follow(call: Call, happened: tuple[Event, ...], bearer: AgentCredential | ManualClaim) -> None:
    """What it led to, in one sentence and as the released names of what was recorded."""
    from gitorch.app.work import submissions
    from gitorch.text.records.released import kind_of

    said = submissions.what_follows(happened)
    recorded = [kind_of(event) for event in happened]
    said = _went_on(call, said, bearer)
    call.say({"said": said, "recorded": recorded}, said)


def _went_on(call: Call, said: str, bearer: AgentCredential | ManualClaim) -> str:
    """Where a run is driven by hand, what needs nobody is done at once, and what to type next is told."""
    from gitorch.app.query import runs
    from gitorch.app.query.lookup import find_run
    from gitorch.app.work.submissions import AgentCredential
    from gitorch.cli.follow import carry_on

    if isinstance(bearer, AgentCredential):
        return said
    run = find_run(call.services, bearer.run)
    if not run.settings.manual:
        return said.replace(" Stop here; findings or your clearance come to this terminal.", "")
    after, _ = carry_on(call, run)
    first = said.partition(" Stop here")[0]
    return f"{first} Next: {runs.next_command(call.services, after)}"


@verb(
    "verdict",
    'gitorch verdict accept --commit 3f2a91c --nonce k7f2 --summary "Every task is covered."',
    "gitorch verdict needs_revision --commit 3f2a91c --nonce k7f2 --summary-file review.md --findings-file f.json",
)
@click.argument("choice")
@click.option(
    "--commit", metavar="COMMIT", default="", help="The commit that your brief names; by hand it may be left out."
)
@click.option("--nonce", metavar="WORD", default="", help="The word that your brief gives; by hand it may be left out.")
@click.option("--summary", metavar="TEXT", default="", help="Why. `-` reads standard input.")
@click.option("--summary-file", metavar="FILE", help="The same, from a file.")
@click.option("--findings-file", metavar="FILE", help="A JSON list of findings; `-` reads standard input.")
@click.option(
    "--finding", metavar="'SEVERITY|PATH:LINE|TITLE|DETAIL'", multiple=True, help="One finding; may be repeated."
)
@click.option("--withdraw", metavar="N=REASON", multiple=True, help="Take finding N back; may be repeated.")
@JOB
@FENCE
@RUN
@click.pass_obj
def verdict(
    call: Call,
    choice: str,
    commit: str,
    nonce: str,
    summary: str,
    summary_file: str | None,
    findings_file: str | None,
    finding: tuple[str, ...],
    withdraw: tuple[str, ...],
    job: str | None,
    fence: int,
    run: str | None,
) -> None:
    """Judge the commit that your brief names.

    CHOICE is accept, accept_with_findings, needs_revision or reject. Severities are blocking, important, minor and note
    (or critical, high, medium, low); blocking and important need a revision. An earlier finding is restated by its number;
    one that its author disproved takes new evidence, or is withdrawn.
    """
    from gitorch.app.work import submissions
    from gitorch.model.submission import VerdictText

    bearer = call.bearer(job, run, fence)
    if call.environ.get("GITORCH_TOKEN") and not (commit and nonce):
        message = "a verdict names the commit and carries the nonce of its brief"
        raise Usage(message, "gitorch verdict accept --commit COMMIT --nonce WORD")
    listed = arguments.findings_file(findings_file, call.folder) if findings_file else ()
    said = VerdictText(
        choice=arguments.choice(choice),
        commit=commit,
        nonce=nonce,
        summary=arguments.summary_of(summary, summary_file, call.folder),
        job=_named(call, job),
        findings=(*listed, *(arguments.finding(f) for f in finding), *(arguments.withdrawal(w) for w in withdraw)),
    )
    try:
        _follow(call, submissions.give_verdict(call.services, bearer, said), bearer)
    except (GitorchError, OSError) as shut:
        _through_outbox(call, shut, said)


def through_outbox(call: Call, shut: GitorchError | OSError, said: ReportText | VerdictText) -> None:
    """Leave what was said in the outbox where a sandbox is why the call failed; else raise what it failed with."""
    from gitorch.app.work.outbox import leave

    sandbox = sandbox_of(call, shut)
    if sandbox is None:
        raise shut
    credential = call.credential
    report, verdict = (said, None) if isinstance(said, ReportText) else (None, said)
    sentence, recorded = leave(
        sandbox, OutboxEntry(credential.run, credential.token, secrets.token_hex(4), report, verdict)
    )
    call.say({"said": sentence, "recorded": recorded}, sentence)


def sandbox_of(call: Call, shut: GitorchError | OSError) -> Sandbox | None:
    """The sandbox that made a call fail; None where it failed for what the caller said or may not do."""
    if isinstance(shut, Denied | Malformed | Refused | Usage):
        return None
    from gitorch.wiring.callers import find_sandbox

    return find_sandbox(call.folder, call.environ)
