"""`brief`, `handoff`, `verdict`, `ask`, `block`: an agent reads its brief and submits its results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.cli import arguments
from gitorch.cli.verb_function import verb
from gitorch.errors import Away, Denied, GitorchError, Malformed, Refused, Usage
from gitorch.model.submission import OutboxEntry, ReportText
from gitorch.model.values import replace
from gitorch.model.work.review import ReportStatus

if TYPE_CHECKING:
    from gitorch.app.work.claims import ManualClaim
    from gitorch.app.work.outbox import Sandbox
    from gitorch.app.work.submissions import AgentCredential
    from gitorch.cli.call import Call
    from gitorch.model.events import Event
    from gitorch.model.ids import JobId
    from gitorch.model.submission import KeptVerb, VerdictText
    from gitorch.model.work.review import Finding


@verb("brief")
def brief(call: Call, job: str | None, run: str | None) -> None:
    """Print the brief of this session as it stands now."""
    from gitorch.app.work import submissions

    try:
        text, values = submissions.read_brief(call.services, call.bearer(job, run))
    except (GitorchError, OSError) as error:
        text, values = _brief_in_worktree(call, error)

    call.say({"brief": values}, text.rstrip())


def _brief_in_worktree(call: Call, error: GitorchError | OSError) -> tuple[str, dict[str, object]]:
    """The brief as it was last written into the worktree, for an agent that cannot read the ledger."""
    from gitorch.app.work.outbox import written_brief

    sandbox = sandbox_behind(call, error)
    if sandbox is None:
        raise error

    return written_brief(sandbox)


@verb("handoff")
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
    """Report on your job: DONE, DONE_WITH_CONCERNS, NEEDS_CONTEXT or BLOCKED."""
    report = ReportText(
        status=arguments.report_status(status),
        summary=arguments.summary_of(summary, summary_file, call.folder),
        job=_job_claimed(call, job),
        concerns=concern,
        questions=question,
        blocker=blocker,
        clears=clears,
        tests_claimed=tests,
        replies=tuple(arguments.reply(typed) for typed in reply),
    )
    _submit_report(call, report, call.bearer(job, run, fence))


@verb("ask")
def ask(call: Call, text: tuple[str, ...], job: str | None) -> None:
    """Ask the humans a question and wait; the same as handoff NEEDS_CONTEXT."""
    question = " ".join(arguments.words_or_input(text))
    report = ReportText(ReportStatus.NEEDS_CONTEXT, question, _job_claimed(call, job), questions=(question,))
    _submit_report(call, report, call.bearer(job))


@verb("block")
def block(call: Call, by: str, clears: str, kind: str, severity: str, job: str | None) -> None:
    """Report what blocks you and what would clear it; the same as handoff BLOCKED."""
    report = ReportText(
        ReportStatus.BLOCKED,
        by,
        _job_claimed(call, job),
        blocker=by,
        clears=clears,
        blocker_kind=arguments.escalation_kind(kind),
        blocker_severity=arguments.known_severity(severity),
    )
    _submit_report(call, report, call.bearer(job))


def _job_claimed(call: Call, job: str | None) -> JobId | None:
    """The job that an agent says is its own, which is checked; for manual work `--job` only selects a lease."""
    from gitorch.model.ids import JobId

    if job is None or not call.environ.get("GITORCH_TOKEN"):
        return None

    return JobId(job)


def _submit_report(call: Call, report: ReportText, bearer: AgentCredential | ManualClaim) -> None:
    """Submit a report, and print the outcome."""
    from gitorch.app.work import submissions

    if not isinstance(bearer, submissions.AgentCredential):
        _submit_by_hand(call, report, bearer)
        return

    try:
        _say_outcome(call, submissions.submit_handoff(call.services, bearer, report), bearer)
    except (GitorchError, OSError) as error:
        leave_in_outbox(call, error, report)


def _submit_by_hand(call: Call, content: ReportText | VerdictText, claim: ManualClaim) -> None:
    """Submit a person's report or verdict, and print the outcome; it is kept where the remote is away."""
    from gitorch.app.work import submissions
    from gitorch.cli.by_hand import do_or_keep

    events = do_or_keep(
        call,
        lambda: submissions.submit(call.services, submissions.Submission(claim, content)),
        lambda: _kept(call, content, claim),
    )
    if events is not None:
        _say_outcome(call, events, claim)


def _kept(call: Call, content: ReportText | VerdictText, claim: ManualClaim) -> KeptVerb:
    """What is kept of a report or a verdict."""
    from gitorch.model.submission import KeptVerb

    kept = KeptVerb("handoff", claim.caller.actor, call.services.clock.now(), str(claim.folder), claim.run, claim.job)
    if isinstance(content, ReportText):
        return replace(kept, fence=claim.fence, report=content)
    return replace(kept, fence=claim.fence, verb="verdict", verdict=content)


def _say_outcome(call: Call, events: tuple[Event, ...], bearer: AgentCredential | ManualClaim) -> None:
    """Print the consequence in one sentence; with `--json` also the types of the records, by the names that no later version changes."""
    from gitorch.app.work import outcomes, submissions
    from gitorch.text.records.released import kind_of

    recorded = [kind_of(event) for event in events]
    sentence = outcomes.what_follows(events)
    if not isinstance(bearer, submissions.AgentCredential):
        sentence = _after_manual_work(call, outcomes.what_happened(events), bearer)

    call.say({"message": sentence, "recorded": recorded}, sentence)


def _after_manual_work(call: Call, sentence: str, claim: ManualClaim) -> str:
    """The sentence. A run that is driven manually continues first, and its next command follows."""
    from gitorch.app.query import runs
    from gitorch.app.work.claims import claimed_run
    from gitorch.cli.follow import carry_on

    run = claimed_run(call.services, claim)
    if not run.settings.manual:
        return sentence

    after, _ = carry_on(call, run)
    return f"{sentence} Next: {runs.next_command(call.services, after)}"


@verb("verdict")
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
    """Give a verdict on the commit that your brief names."""
    from gitorch.model.submission import VerdictText

    bearer = call.bearer(job, run, fence)
    if call.environ.get("GITORCH_TOKEN") and not (commit and nonce):
        message = "a verdict names the commit and the nonce of its brief"
        raise Usage(message, "gitorch verdict accept --commit COMMIT --nonce WORD")

    text = VerdictText(
        choice=arguments.choice(choice),
        commit=commit,
        nonce=nonce,
        summary=arguments.summary_of(summary, summary_file, call.folder),
        job=_job_claimed(call, job),
        findings=_findings(call, findings_file, finding, withdraw),
    )
    _submit_verdict(call, text, bearer)


def _findings(
    call: Call, file: str | None, findings: tuple[str, ...], withdrawals: tuple[str, ...]
) -> tuple[Finding, ...]:
    """The findings of all three options, in this order. Raises Malformed, NotFound, Usage."""
    listed: list[Finding] = []
    if file:
        listed += arguments.findings_file(file, call.folder)

    listed += [arguments.finding(typed) for typed in findings]
    listed += [arguments.withdrawal(typed) for typed in withdrawals]
    return tuple(listed)


def _submit_verdict(call: Call, verdict: VerdictText, bearer: AgentCredential | ManualClaim) -> None:
    """Give a verdict, and print the outcome."""
    from gitorch.app.work import submissions

    if not isinstance(bearer, submissions.AgentCredential):
        _submit_by_hand(call, verdict, bearer)
        return

    try:
        _say_outcome(call, submissions.give_verdict(call.services, bearer, verdict), bearer)
    except (GitorchError, OSError) as error:
        leave_in_outbox(call, error, verdict)


def leave_in_outbox(call: Call, error: GitorchError | OSError, text: ReportText | VerdictText) -> None:
    """Put the report or verdict in the outbox if a sandbox caused the error; else raise the error."""
    from gitorch.app.work.outbox import leave

    sandbox = sandbox_behind(call, error)
    if sandbox is None:
        raise error

    credential = call.credential
    report, verdict = (text, None) if isinstance(text, ReportText) else (None, text)
    import secrets

    entry = OutboxEntry(credential.run, credential.token, secrets.token_hex(4), report, verdict)
    sentence, recorded = leave(sandbox, entry)
    call.say({"message": sentence, "recorded": recorded}, sentence)


def sandbox_behind(call: Call, error: GitorchError | OSError) -> Sandbox | None:
    """The sandbox that caused the error; None for an error that the rules or the caller's input caused."""
    if isinstance(error, Denied | Malformed | Refused | Usage):
        return None

    from gitorch.wiring.callers import find_sandbox

    why = ""
    if isinstance(error, Away) and call.environ.get("GITORCH_TOKEN"):
        why = error.message.partition("\n")[0].rstrip(".")
    return find_sandbox(call.folder, call.environ, why)
