"""`answer`, `approve`, `reject`: decisions that only people make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitorch.cli import arguments
from gitorch.cli.follow import carry_on_without_up, whats_next
from gitorch.cli.interruption import Interrupted
from gitorch.cli.output import agrees, ask
from gitorch.cli.verb_function import verb
from gitorch.errors import Denied, Failed, Usage, Waiting
from gitorch.model.counts import counted
from gitorch.model.ids import CommitId, JobId

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.app.executing.execute import Caller
    from gitorch.app.people.proposals import Proposed
    from gitorch.cli.call import Call
    from gitorch.model.work.question import Question
    from gitorch.model.work.report import OutsideChange
    from gitorch.model.work.review import Finding
    from gitorch.model.work.run import Run

DIGEST_CHARACTERS_MIN = 8

TYPED_CHARACTERS = 6
"""Of the report's digest, which a person types to approve: nobody types them for another report by habit."""


@verb("answer")
def answer(call: Call, question: str, words: tuple[str, ...], run: str | None) -> None:
    """Answer a question with one of its options or with a text."""
    from gitorch.app.people import decisions

    typed = arguments.words_or_input(words)
    found, answered, accepted = decisions.answer(call.services, call.caller, question, typed, run)
    after = carry_on_without_up(call, found)
    values = {"run": after.id, "phase": after.phase, "question": answered.id, "answer": accepted}
    call.say(values, f"{answered.id} is answered: {accepted}. {whats_next(call, after)}")


@verb("approve")
def approve(call: Call, what: str | None, digest: str | None, yes: bool, run: str | None) -> None:
    """Approve a run's merge report, or an epic that waits at its checkpoint."""
    from gitorch.app.people import decisions
    from gitorch.app.query.lookup import find_run_or_checkpoint
    from gitorch.rules.review.outside import since_report_details

    caller = call.people_only("approve")
    found, checkpoint = find_run_or_checkpoint(call.services, what, run)
    if checkpoint is not None:
        _approve_epic(call, caller, found, checkpoint, yes=yes)
        return

    found = decisions.verified_run(call.services, found)  # a person must read the report that the ledger holds
    proof = "unattended" if yes else "typed"
    decisions.require_approvable(call.services, found, proof)
    changed = decisions.changed_since_report(call.services, found)
    approved = _agreed_digest(call, found, digest, since_report_details(changed), yes=yes)
    _merge(call, caller, found, approved, proof, changed)


def _approve_epic(call: Call, caller: Caller, run: Run, question: Question, *, yes: bool) -> None:
    """Approve an epic at its checkpoint, after its report was shown and the principal agreed."""
    from gitorch.app.people import decisions

    if not yes:
        _ask_about_epic(call, run, question)

    option = question.options[0]
    if "approve" in question.options:
        option = "approve"

    after, _, accepted = decisions.answer(call.services, caller, question.id, [option], run.id)
    values = {"run": after.id, "job": question.job, "question": question.id, "answer": accepted}
    call.say(values, f"{question.job} is approved ({question.id}). {whats_next(call, after)}")


def _ask_about_epic(call: Call, run: Run, question: Question) -> None:
    """Print the epic's report and ask. Raises Interrupted for a no, Usage without a terminal."""
    from gitorch.app.query import runs

    call.must_ask("approve")
    call.note(runs.epic_report(call.services, run, question.job or "") + question.text)
    if not agrees("Approve?"):
        raise Interrupted(f"{question.job} was not approved")


def _agreed_digest(call: Call, run: Run, typed: str | None, since: str, *, yes: bool) -> str:
    """The digest of the report that a human read and agreed to; `since` says what changed after it, and is shown below it.

    Raises Refused, Usage, Interrupted.
    """
    from gitorch.app.people import decisions
    from gitorch.app.query import runs

    report = decisions.report_to_approve(run)
    digest = str(report.digest)
    if typed is not None:
        digest = _whole_digest(typed, digest)

    if yes:
        _note_change(call, since)
        return digest

    if run.settings.approval_unattended:
        call.must_ask("approve")
    else:
        call.must_ask("approve", "gitorch help approval")

    _require_own_terminal(call)
    call.note(runs.report(call.services, run.id))
    _note_change(call, since)
    branches = counted(len(report.branches), "branch", "branches")
    beginning = digest.removeprefix("sha256:")[:TYPED_CHARACTERS]
    call.note(f"The digest of this report begins with {beginning}.")
    reply = ask(f"Type these {TYPED_CHARACTERS} characters to merge {branches} to {report.target}", "no")
    _require_beginning(run, reply.strip().lower(), beginning)
    return digest


def _require_beginning(run: Run, reply: str, beginning: str) -> None:
    """Raises Interrupted unless the reply is how the digest begins; for anything but a no, it says what was wrong."""
    if reply == beginning:
        return

    if reply == "no":
        raise Interrupted("nothing was approved")

    message = f"nothing was approved: the digest begins with {beginning}, not with {reply[: TYPED_CHARACTERS * 2]}"
    raise Interrupted(f"{message}. Try again: gitorch approve {run.id}")


def _note_change(call: Call, since: str) -> None:
    """Print what changed since the report, where something did."""
    if since:
        call.note(since)


def _require_own_terminal(call: Call) -> None:
    """Raises Denied unless standard input is the controlling terminal, which a person always has."""
    if not call.streams.controls:
        message = (
            "standard input is not the controlling terminal of this process, so gitorch cannot know that a person types"
        )
        raise Denied(message, "gitorch keys add --new")


def _whole_digest(typed: str, current: str) -> str:
    """The report's digest if it begins with `typed`; else `typed` itself, which the rules refuse. Raises Usage."""
    digits = typed.lower().removeprefix("sha256:")
    if len(digits) < DIGEST_CHARACTERS_MIN:
        message = f"{typed} is too short for a digest; give at least {DIGEST_CHARACTERS_MIN} digits"
        raise Usage(message, "gitorch report")

    if current.removeprefix("sha256:").startswith(digits):
        return current

    return f"sha256:{digits}"


def _merge(
    call: Call,
    caller: Caller,
    run: Run,
    digest: str,
    proof: str,
    changed: Sequence[OutsideChange],
) -> None:
    """Merge what was approved, and print the outcome with the commands that follow."""
    from gitorch.app.people import decisions
    from gitorch.cli.follow import carry_on_if_leading, checkout_note, merge_outcome, who_merges

    run = decisions.approve(call.services, caller, run, digest, proof)
    call.note(_approved(run))
    run, done = carry_on_if_leading(call, run, _stands)
    note = ""
    if done:
        note = checkout_note(call.services, run)

    values: dict[str, Any] = {
        "run": run.id,
        "phase": run.phase,
        "report": digest,
        "proof": proof,
        "changed_since_report": changed,
        "merged": run.merged,
        "pushed": run.merged is not None and run.merged.push == "pushed",
        "left_to_up": not done,
        "checkout": note,
    }
    if done and run.merged is None:
        from gitorch.cli.waiting import with_questions

        raise with_questions(call, _not_merged(run), run.id, **values)

    call.say(values, f"{merge_outcome(call, run) or who_merges(call, run)}\n{note}".rstrip())


def _stands(run: Run) -> bool:
    """Whether the approval led to a merge, or still can: when it is void, agents go on, and nobody waits for them here."""
    return run.merged is not None or run.approval is not None


def _approved(run: Run) -> str:
    """That the report is approved, and what proves it."""
    if run.approval is None:
        return f"The report of {run.id} is approved."

    return f"The report of {run.id} is {run.approval.sentence}."


def _not_merged(run: Run) -> Failed | Waiting:
    """The error of an approval that is recorded and led to no merge: a question tells why, or the state of the run."""
    message = f"run {run.id} was approved and is not merged"
    if not _stands(run):
        message = f"run {run.id} was approved, but its report became void before the merge"

    for question in run.open_questions():
        return Waiting(f"{message}: {question.id} waits for you", f"gitorch show {question.id} --run {run.id}")

    if not _stands(run):
        return Failed(f"{message}; gitorch up makes a new report to approve", f"gitorch up {run.id} --no-wait")

    return Failed(f"{message}; it is {run.phase}", f"gitorch status {run.id}")


@verb("propose")
def propose(call: Call, what: str | None, remote: str, public: bool) -> None:
    """Put a merge report up for review as a pull request, whose merge approves it."""
    from gitorch.app.people import proposals
    from gitorch.app.query.lookup import find_run
    from gitorch.model.work.proposal import APPROVALS

    caller = call.people_only("propose")
    run = find_run(call.services, what)
    done = proposals.propose(call.services, caller, run, remote, public=public)
    values = {
        "run": run.id,
        "report": done.proposal.digest,
        "commit": done.proposal.commit,
        "remote": done.proposal.remote,
        "branch": done.branch,
        "target": APPROVALS,
        "pushed": done.pushed,
        "address": done.address,
        "opened_by": done.opened,
        "note": done.note,
    }
    call.say(values, _proposed(done))


def _proposed(done: Proposed) -> str:
    """What was pushed, and where the pull request is or is to be opened."""
    lines = [
        f"The report is proposed: {done.branch} at {done.proposal.remote}, to be merged into gitorch/approvals by a merge commit."
    ]
    if done.pushed:
        lines.append(f"Pushed: {', '.join(done.pushed)}.")
    if done.note:
        lines.append(f"{done.note}.")
    lines.append(_where(done))
    return "\n".join(lines)


def _where(done: Proposed) -> str:
    """One line about the pull request."""
    if done.opened and done.address:
        return f"The pull request (opened by {done.opened}): {done.address}"

    if done.opened:
        return f"The pull request was opened by {done.opened}."

    if done.address:
        return f"Open the pull request: {done.address}"

    return f"Open a pull request from {done.branch} into gitorch/approvals there."


@verb("reject")
def reject(
    call: Call,
    what: str | None,
    note: str,
    finding: tuple[str, ...],
    findings_file: str | None,
    commit: str,
    rework: tuple[str, ...],
    run: str | None,
) -> None:
    """Reject a merge report or an epic, with a note or with findings at lines of its files."""
    from gitorch.app.query.lookup import find_run_or_work

    caller = call.people_only("reject")
    findings = _findings(call, findings_file, finding)
    text = arguments.words_or_input([note])[0]
    if not note and not findings and not rework:
        raise Usage("say what is wrong: give --note, or --finding for an epic", "gitorch reject --help")

    found, job = find_run_or_work(call.services, what, run)
    if job:
        after, rejected = _reject_work(call, caller, found, JobId(job), (commit, findings, text)), job
    else:
        after, rejected = _reject_report(call, caller, found, findings, rework, text), f"the report of {found.id}"

    after = carry_on_without_up(call, after)
    call.say(
        {"run": after.id, "phase": after.phase, "rejected": rejected},
        f"Rejected: {rejected}. {whats_next(call, after)}",
    )


def _findings(call: Call, file: str | None, typed: tuple[str, ...]) -> list[Finding]:
    """The findings of a rejection. Raises Malformed, NotFound, and Usage for one that withdraws or repeats another."""
    findings = [arguments.cited_finding(one) for one in typed]
    if file:
        findings += arguments.findings_file(file, call.folder)

    for one in findings:
        if one.number:
            raise Usage("a rejection has findings of its own; it repeats and withdraws none", "gitorch reject --help")

    return findings


def _reject_work(call: Call, caller: Caller, run: Run, job: JobId, reasons: tuple[str, Sequence[Finding], str]) -> Run:
    """Answer the open checkpoint of an epic, or send its newest work back; gives the run as it is afterwards.

    `reasons` are the commit that was read, which may be abbreviated and empty, the findings and the note.
    """
    from gitorch.app.people import decisions

    commit, findings, text = reasons
    checkpoint = run.open_checkpoint(job)
    if checkpoint is None or findings or commit:
        return decisions.send_back(call.services, caller, run, job, _whole_commit(run, job, commit), findings, text)

    option = checkpoint.options[-1]
    if "reject" in checkpoint.options:
        option = "reject"

    after, _, _ = decisions.answer(call.services, caller, checkpoint.id, [option, text], run.id)
    return after


def _whole_commit(run: Run, job: JobId, typed: str) -> CommitId:
    """The commit that was handed in, if it begins with what was typed; else that itself, which the rules refuse."""
    handoff = run.jobs[job].handoff
    if handoff is not None and handoff.commit.startswith(typed.lower()):
        return handoff.commit

    return CommitId(typed)


def _reject_report(
    call: Call, caller: Caller, run: Run, findings: Sequence[Finding], rework: Sequence[str], text: str
) -> Run:
    """Reject the merge report of a run. Raises Usage for findings, which belong to an epic; Interrupted for a no."""
    from gitorch.app.people import decisions

    if findings:
        raise Usage("a finding belongs to an epic; name the epic", f"gitorch list jobs --run {run.id}")

    if not rework:
        _confirm_end(call, run)

    return decisions.reject(call.services, caller, run, rework, text)


def _confirm_end(call: Call, run: Run) -> None:
    """Say that a rejection without an epic ends the run, and ask for a yes where a person can be asked. Raises Interrupted."""
    from gitorch.rules.messages.report_commands import sending_back_command

    if run.phase.is_over or not call.can_ask:
        return

    call.note(f"To send work back: {sending_back_command(run)}")
    if not agrees(f"Without --rework this ends run {run.id}; its branches are kept. End it?"):
        raise Interrupted("nothing was rejected")
