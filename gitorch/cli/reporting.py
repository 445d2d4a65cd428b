"""`brief`, `handoff`, `verdict`, `ask`, `block`: what an agent says from its own session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitorch.cli import words
from gitorch.cli.grammar import verb
from gitorch.model.review import ReportStatus

if TYPE_CHECKING:
    from gitorch.app.agents import ReportWords
    from gitorch.cli.call import Call
    from gitorch.model.events import Event

JOB = click.option("--job", metavar="JOB", help="Your job's id, to be sure that you report on the right one.")


@verb("brief", "gitorch brief", "gitorch brief --json")
@click.pass_obj
def brief(call: Call) -> None:
    """Print the brief of this session as it stands now.

    Read it again after a restart: it tells what is on your branch already and what was answered.
    """
    from gitorch.app import agents

    text, values = agents.read_brief(call.tools, call.badge)
    call.say({"brief": values}, text.rstrip())


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
) -> None:
    """Report on your job: DONE, DONE_WITH_CONCERNS, NEEDS_CONTEXT or BLOCKED.

    Commit first: what is uncommitted, outside your scope or leaves a finding unanswered is refused, and you may report
    again. Then stop and wait; what follows comes to this terminal.
    """
    from gitorch.app.agents import ReportWords
    from gitorch.model.ids import JobId

    said = ReportWords(
        status=words.report_status(status),
        summary=words.summary_of(summary, summary_file, call.folder),
        job=JobId(job) if job is not None else None,
        concerns=concern,
        questions=question,
        blocker=blocker,
        clears=clears,
        tests_claimed=tests,
        replies=tuple(words.reply(r) for r in reply),
    )
    _report(call, said)


@verb("ask", 'gitorch ask "Which of the two cookie names does the client expect?"')
@click.argument("text", metavar="TEXT...", nargs=-1, required=True)
@JOB
@click.pass_obj
def ask(call: Call, text: tuple[str, ...], job: str | None) -> None:
    """Ask the humans a question and wait; the same as handoff NEEDS_CONTEXT.

    The answer comes to this terminal, and you go on where you are.
    """
    from gitorch.app.agents import ReportWords
    from gitorch.model.ids import JobId

    question = " ".join(words.in_words(text))
    named = JobId(job) if job is not None else None
    _report(call, ReportWords(ReportStatus.NEEDS_CONTEXT, question, named, questions=(question,)))


@verb("block", 'gitorch block --by "The schema is not merged" --clears "Migration 12 on main"')
@click.option("--by", metavar="TEXT", required=True, help="What blocks you.")
@click.option("--clears", metavar="TEXT", required=True, help="What would clear it.")
@JOB
@click.pass_obj
def block(call: Call, by: str, clears: str, job: str | None) -> None:
    """Report what blocks you and what would clear it; the same as handoff BLOCKED."""
    from gitorch.app.agents import ReportWords
    from gitorch.model.ids import JobId

    named = JobId(job) if job is not None else None
    _report(call, ReportWords(ReportStatus.BLOCKED, by, named, blocker=by, clears=clears))


def _report(call: Call, said: ReportWords) -> None:
    from gitorch.app import agents

    _follow(call, agents.hand_in(call.tools, call.badge, said))


def _follow(call: Call, happened: tuple[Event, ...]) -> None:
    """What it led to, in one sentence and as the released names of what was recorded."""
    from gitorch.app import agents
    from gitorch.text.released import kind_of

    said = agents.what_follows(happened)
    call.say({"said": said, "recorded": [kind_of(event) for event in happened]}, said)


@verb(
    "verdict",
    'gitorch verdict accept --commit 3f2a91c --nonce k7f2 --summary "Every task is covered."',
    "gitorch verdict needs_revision --commit 3f2a91c --nonce k7f2 --summary-file review.md --findings-file f.json",
)
@click.argument("choice")
@click.option("--commit", metavar="COMMIT", required=True, help="The commit that your brief names.")
@click.option("--nonce", metavar="WORD", required=True, help="The word that your brief gives.")
@click.option("--summary", metavar="TEXT", default="", help="Why. `-` reads standard input.")
@click.option("--summary-file", metavar="FILE", help="The same, from a file.")
@click.option("--findings-file", metavar="FILE", help="A JSON list of findings; `-` reads standard input.")
@click.option(
    "--finding", metavar="'SEVERITY|PATH:LINE|TITLE|DETAIL'", multiple=True, help="One finding; may be repeated."
)
@click.option("--withdraw", metavar="N=REASON", multiple=True, help="Take finding N back; may be repeated.")
@JOB
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
) -> None:
    """Judge the commit that your brief names.

    CHOICE is accept, accept_with_findings, needs_revision or reject. Severities are blocking, important, minor and note
    (or critical, high, medium, low); blocking and important need a revision. An earlier finding is restated by its number;
    one that its author disproved takes new evidence, or is withdrawn.
    """
    from gitorch.app import agents
    from gitorch.app.agents import VerdictWords
    from gitorch.model.ids import JobId

    listed = words.findings_file(findings_file, call.folder) if findings_file else ()
    said = VerdictWords(
        choice=words.choice(choice),
        commit=commit,
        nonce=nonce,
        summary=words.summary_of(summary, summary_file, call.folder),
        job=JobId(job) if job is not None else None,
        findings=(*listed, *(words.finding(f) for f in finding), *(words.withdrawal(w) for w in withdraw)),
    )
    _follow(call, agents.give_verdict(call.tools, call.badge, said))
