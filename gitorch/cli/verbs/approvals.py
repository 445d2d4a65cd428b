"""`answer`, `approve`, `reject`: what only people decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gitorch.cli import arguments
from gitorch.cli.boundary import Interrupted
from gitorch.cli.group import verb
from gitorch.cli.pages.cells import safe_text
from gitorch.errors import Denied, Usage

if TYPE_CHECKING:
    from gitorch.app.people.decisions import Caller
    from gitorch.cli.call import Call
    from gitorch.model.question import Question
    from gitorch.model.run import Run

RUN = click.option("--run", metavar="RUN", help="The run, where several have what is named.")
DIGEST_CHARACTERS_MIN = 8

TYPED_CHARACTERS = 6
"""Of the report's digest, which whoever approves at a terminal types: nobody types them for another report by habit."""


@verb("answer", "gitorch answer q3 one_more_round", 'gitorch answer q4 "Use the session cookie, not the token."')
@click.argument("question")
@click.argument("said", metavar="[OPTION|TEXT]...", nargs=-1)
@RUN
@click.pass_obj
def answer(call: Call, question: str, said: tuple[str, ...], run: str | None) -> None:
    """Answer a question with one of its options or in words.

    Words may follow an option, and some options need them. A single `-` reads the text from standard input.
    """
    from gitorch.app.people import decisions

    found, asked, taken = decisions.answer(call.services, call.caller, question, arguments.in_words(said), run)
    after = _carried_on(call, found)
    values = {"run": after.id, "phase": after.phase, "question": asked.id, "answer": taken}
    call.say(values, f"{asked.id} is answered: {taken}. {_goes_on(after)}")


def _carried_on(call: Call, run: Run) -> Run:
    """An answer can end a run: then what it leaves is stopped at once."""
    from gitorch.cli.follow import carry_on
    from gitorch.model.run import OVER

    return carry_on(call, run)[0] if run.phase in OVER else run


def _goes_on(run: Run) -> str:
    from gitorch.model.run import OVER

    return f"Run {run.id} is {run.phase}." if run.phase in OVER else "gitorch up goes on with it."


@verb("approve", "gitorch approve auth-7f3a", "gitorch approve api")
@click.argument("what", metavar="[RUN|JOB]", required=False)
@click.option("--report", "digest", metavar="DIGEST", help="Approve only the report with this digest.")
@click.option("--yes", is_flag=True, help="Approve without being asked; recorded as such. Needed without a terminal.")
@RUN
@click.pass_obj
def approve(call: Call, what: str | None, digest: str | None, yes: bool, run: str | None) -> None:
    """Approve a run's merge report, or an epic that waits at its checkpoint.

    Prints the report and asks for the beginning of its digest. The approval binds to exactly this report, the target's commit and every
    branch's commit; if one of them moves, it counts no more. The merge is carried out at once, or by a running `gitorch up`.
    """
    from gitorch.app.query.lookup import run_or_checkpoint

    caller = call.people_only("approve")
    found, checkpoint = run_or_checkpoint(call.services, what, run)
    if checkpoint is not None:
        _pass_checkpoint(call, caller, found, checkpoint, yes=yes)
        return
    bound = _read_and_agreed(call, found, digest, yes=yes)
    _merge(call, caller, found, bound, "unattended" if yes else "typed")


def _pass_checkpoint(call: Call, caller: Caller, run: Run, question: Question, *, yes: bool) -> None:
    from gitorch.app.people import decisions
    from gitorch.app.query import runs

    if not yes:
        call.must_ask("approve")
        call.note(safe_text(runs.epic_report(call.services, run, question.job or "") + question.text))
        if not click.confirm("Approve?", default=False):
            raise Interrupted(f"{question.job} was not approved")
    option = "approve" if "approve" in question.options else question.options[0]
    after, _, taken = decisions.answer(call.services, caller, question.id, [option], run.id)
    values = {"run": after.id, "job": question.job, "question": question.id, "answer": taken}
    call.say(values, f"{question.job} is approved ({question.id}). {_goes_on(after)}")


def _read_and_agreed(call: Call, run: Run, said: str | None, *, yes: bool) -> str:
    """The digest of the report that a human read and agreed to. Raises Refused, Usage, Interrupted."""
    from gitorch.app.people import decisions
    from gitorch.app.query import runs

    report = decisions.report_to_approve(run)
    bound = str(report.digest) if said is None else _whole_digest(said, str(report.digest))
    if yes:
        return bound
    call.must_ask("approve")
    _must_own_terminal(call)
    call.note(safe_text(runs.report(call.services, run.id)))
    many = len(report.branches)
    branches = "1 branch" if many == 1 else f"{many} branches"
    beginning = bound.removeprefix("sha256:")[:TYPED_CHARACTERS]
    call.note(f"The digest of this report begins with {beginning}.")
    typed = click.prompt(
        f"Type these {TYPED_CHARACTERS} characters to merge {branches} to {report.target}", default="no"
    )
    if typed.strip().lower() != beginning:
        raise Interrupted("nothing was approved")
    return bound


def _must_own_terminal(call: Call) -> None:
    """Raises Denied where standard input is not the terminal that controls this process: a person has one."""
    if not call.streams.controls:
        message = (
            "standard input is not the controlling terminal of this process, so a person cannot be told from a program"
        )
        raise Denied(message, "gitorch keys add --new")


def _whole_digest(said: str, stands: str) -> str:
    """The digest that stands where `said` is enough of its beginning; else what was said, which the rules then refuse."""
    bare = said.lower().removeprefix("sha256:")
    if len(bare) < DIGEST_CHARACTERS_MIN:
        message = f"{said} is too short for a digest; give at least {DIGEST_CHARACTERS_MIN} digits"
        raise Usage(message, "gitorch report")
    return stands if stands.removeprefix("sha256:").startswith(bare) else f"sha256:{bare}"


def _merge(call: Call, caller: Caller, run: Run, digest: str, proof: str) -> None:
    from gitorch.app.people import decisions
    from gitorch.cli.follow import carry_on, checkout_note

    run = decisions.approve(call.services, caller, run, digest, proof)
    call.note(f"The report of {run.id} is approved.")
    run, done = carry_on(call, run)
    note = checkout_note(call.services, run) if done else ""
    merged = run.merged
    values: dict[str, Any] = {
        "run": run.id,
        "phase": run.phase,
        "report": digest,
        "proof": proof,
        "merged": merged,
        "pushed": merged is not None and merged.push == "pushed",
        "left_to_up": not done,
        "checkout": note,
    }
    call.say(values, "\n".join(line for line in (_outcome(run, done=done), note) if line))


def _outcome(run: Run, *, done: bool) -> str:

    if run.merged is not None and run.push_is_owed:
        here = f"Merged here: {run.merged.target} is now {run.merged.new[:12]}, but it did not reach {run.settings.push_remote}."
        return f"{here} Nothing is undone. Decide: gitorch inbox"
    if run.merged is not None:
        left = "" if run.cleaned else f" Next: gitorch cleanup {run.id}"
        return f"Merged: {run.merged.target} is now {run.merged.new[:12]}. Run {run.id} is {run.phase}.{left}"
    if not done:
        return "gitorch up is running and will merge."
    return f"It is not merged: run {run.id} is {run.phase}. Look: gitorch status {run.id}"


@verb("reject", 'gitorch reject auth-7f3a --note "The cookie is never rotated." --rework api')
@click.argument("what", metavar="[RUN|JOB]", required=False)
@click.option(
    "--note", metavar="TEXT", required=True, help="Why; whoever reworks it reads this. `-` reads standard input."
)
@click.option(
    "--rework", metavar="JOB", multiple=True, help="An epic to send back; none ends the run. May be repeated."
)
@RUN
@click.pass_obj
def reject(call: Call, what: str | None, note: str, rework: tuple[str, ...], run: str | None) -> None:
    """Reject a merge report or an epic, with a note.

    An epic goes back to its agent with your note as a finding. A merge report sends the epics named by `--rework` back, or
    ends the run with its branches kept.
    """
    from gitorch.app.people import decisions
    from gitorch.app.query.lookup import run_or_checkpoint

    caller = call.people_only("reject")
    text = arguments.in_words([note])[0]
    found, checkpoint = run_or_checkpoint(call.services, what, run)
    if checkpoint is not None:
        option = "reject" if "reject" in checkpoint.options else checkpoint.options[-1]
        after, _, _ = decisions.answer(call.services, caller, checkpoint.id, [option, text], found.id)
    else:
        after = decisions.reject(call.services, caller, found, rework, text)
    after = _carried_on(call, after)
    what = str(checkpoint.job) if checkpoint is not None else f"the report of {after.id}"
    call.say({"run": after.id, "phase": after.phase, "rejected": what}, f"Rejected: {what}. {_goes_on(after)}")
