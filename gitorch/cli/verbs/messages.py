"""`send`, `inbox`, `reply`, `wait`: words between people and agents, and everything that waits for a reader."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import click

from gitorch.cli import arguments
from gitorch.cli.group import verb
from gitorch.errors import Busy, Unavailable, Usage, Waiting

if TYPE_CHECKING:
    from gitorch.app.people.mailbox import Held
    from gitorch.app.people.messages import Party
    from gitorch.cli.call import Call
    from gitorch.model.view import MessageRow

AS = click.option("--as", "who", metavar="NAME", help="As this person: the coordinator, where one is configured.")
FILE = click.option("--file", "file", metavar="FILE", help="The text, from a file.")
TRACES = ("GITORCH_TOKEN", "GITORCH_SESSION")
"""What an agent's session has in its environment. Its other traces take 60 ms to follow, and who only looks needs none."""

TEXT = click.argument("text", metavar="[TEXT]...", nargs=-1)


def party_of(call: Call, said: str | None = None) -> Party:
    """Whoever calls: an agent by its token or any other trace, else a person. Raises Denied, NotFound, Usage."""
    from gitorch.app.people import messages

    own = agent_calling(call)
    if own is None:
        return messages.person(call.services, call.caller.actor, said)
    if said is not None:
        raise Usage(f"--as is for people; an agent writes and reads as itself, here {own.name}", "gitorch inbox")
    return own


def agent_calling(call: Call) -> Party | None:
    """The agent's session that calls, by its token where there is one; None for a human."""
    from gitorch.app.people.messages import Party

    if call.environ.get("GITORCH_TOKEN"):
        from gitorch.app.work.submissions import who

        run, session, actor = who(call.services, call.credential)
        return Party(actor, session.job, run.id)
    caller = call.caller
    return Party(caller.actor, caller.actor.name, caller.run) if caller.actor.session is not None else None


@verb(
    "send",
    'gitorch send api "The schema is merged now."',
    'gitorch send @orchestrator "Plan ready at docs/plans/sign-in.md"',
    "gitorch send @principal --file notes.md",
)
@click.argument("name", metavar="NAME[,NAME]...")
@TEXT
@FILE
@click.option("--run", metavar="RUN", help="The run, where several have an agent of this name.")
@AS
@click.pass_obj
def send(call: Call, name: str, text: tuple[str, ...], file: str | None, run: str | None, who: str | None) -> None:
    """Tell an agent or a person something; a message decides nothing.

    NAME is a job or session, @principal, @coordinator or @orchestrator, which takes plans; people may tell @all agents. An agent is told where it works, by one line that points to the text, as soon as its terminal can take it. A message
    approves nothing, answers nothing and starts nothing. A single `-` reads the text from standard input.
    """
    from gitorch.app.people import messages

    said = _text(call, text, file, "send")
    party = party_of(call, who)
    names = tuple(part.strip() for part in name.split(",") if part.strip())
    _say_sent(call, messages.send(call.services, party, names, said, call.folder, run))


def _text(call: Call, text: tuple[str, ...], file: str | None, name: str) -> str:
    if file is not None and text:
        raise Usage("a text is given once: as words or by --file", f"gitorch {name} --help")
    if file is not None:
        return arguments.text_of(file, call.folder).strip()
    if not text:
        raise Usage(f"{name} needs a text; a single - reads standard input", f"gitorch {name} --help")
    return " ".join(arguments.in_words(text)).strip()


def _say_sent(call: Call, sent: tuple[Held, ...]) -> None:
    from gitorch.app.people import mailbox

    rows = mailbox.rows(call.services, sent)
    call.say({"sent": rows}, "\n".join(_sent_line(call, held) for held in sent) or "It is put aside.")


def _sent_line(call: Call, held: Held) -> str:
    """What becomes of it now."""
    message = held.message
    to = ", ".join(message.to)
    if message.announces_plan:
        return f"{message.id}: {message.plan} waits for the principal, who starts it. Nothing is begun before."
    told = _told(call, held)
    return f"{message.id} to {to}: {told}"


def _told(call: Call, held: Held) -> str:
    run = call.services.ledger.state(held.run).run if held.run is not None else None
    jobs = [job for job in held.message.to if run is not None and job in run.jobs]
    if not jobs or run is None:
        return "it waits in the inbox."
    owed = any(x.about == held.message.id for s in run.sessions.values() for x in s.prompts)
    return "it is told as soon as its terminal takes it." if owed else "it has no agent yet, whose brief will say it."


@verb("inbox", "gitorch inbox", "gitorch inbox --json")
@click.argument("run", required=False)
@AS
@click.pass_obj
def inbox(call: Call, run: str | None, who: str | None) -> None:
    """List everything that waits for you, with the command that answers it.

    Questions, messages and plans that are ready, over all runs or of one. In an agent's session: the messages for it, in
    full; they count as read then.
    """
    from gitorch.app.people import mailbox
    from gitorch.app.query import runs
    from gitorch.app.query.lookup import find_run
    from gitorch.cli.pages import views

    if any(name in call.environ for name in TRACES) and (agent := agent_calling(call)) is not None:
        _show_all(call, party_of(call, who) if who is not None else agent)
        return
    only = None if run is None else find_run(call.services, run).id
    rows = runs.all_inbox(call.services, only) if who is None else ()
    held = mailbox.waiting(call.services, mailbox.person_named(call.services, who), None)
    told = mailbox.rows(call.services, (one for one in held if only in {None, one.run}))
    call.say({"inbox": rows, "messages": told}, lambda page: views.inbox_text(rows, told, page))


def _show_all(call: Call, party: Party) -> None:
    """What an agent has to read, whole, and kept as read."""
    from gitorch.app.people import mailbox

    _tell(call, party, mailbox.waiting(call.services, party.name, party.run), "There is no message for you.")


def _tell(call: Call, party: Party, held: tuple[Held, ...], otherwise: str) -> None:
    from gitorch.app.people import mailbox

    whole = tuple(mailbox.whole(call.services, one) for one in held)
    rows = mailbox.rows(call.services, whole)
    call.say({"messages": rows}, "\n\n".join(message_text(row) for row in rows) or otherwise)
    keep_read(call, party, held)


def show_message(call: Call, said: str) -> None:
    """One message in full; it counts as read when it is for the caller."""
    from gitorch.app.people import mailbox

    party = party_of(call)
    _tell(call, party, (mailbox.find_message(call.services, party.run, said),), "")


def keep_read(call: Call, party: Party, held: tuple[Held, ...]) -> None:
    """Keep that these were read. Where nothing can be written, as in an agent's sandbox, they were read all the same."""
    from gitorch.app.people import messages

    with suppress(Busy, Unavailable, OSError):
        messages.mark_read(call.services, party, held)


def message_text(row: MessageRow) -> str:
    """A message in full."""
    from gitorch.cli.pages.cells import safe_line, safe_text
    from gitorch.cli.pages.records import day_and_time

    answers = f", answering {row.answers}" if row.answers is not None else ""
    head = f"{row.id} from {row.sender} to {', '.join(row.to)}, {day_and_time(row.at)}{answers}"
    return f"{safe_line(head)}\n\n{safe_text(row.text).strip()}\n\n  {row.commands[-1]}"


@verb("reply", 'gitorch reply m3 "Use the second one."', "gitorch reply m3 -")
@click.argument("message")
@TEXT
@FILE
@AS
@click.pass_obj
def reply(call: Call, message: str, text: tuple[str, ...], file: str | None, who: str | None) -> None:
    """Answer a message, in its thread.

    The answer goes to whoever sent it, and the message counts as read. A question (q3) is answered by `gitorch answer`, and by nothing else.
    """
    from gitorch.app.people import messages

    said = _text(call, text, file, "reply")
    party = party_of(call, who)
    if message[:1] == "q" and message[1:].isdigit():
        raise Usage(f"{message} is a question, and a message answers none", f"gitorch answer {message} --help")
    _say_sent(call, messages.reply(call.services, party, message, said))


@verb("wait", "gitorch wait", "gitorch wait --timeout 60 --json")
@click.option(
    "--timeout", metavar="SECONDS", type=click.FloatRange(0, 31_536_000), help="Give up after so long, with exit 10."
)
@AS
@click.pass_obj
def wait(call: Call, timeout: float | None, who: str | None) -> None:
    """Wait for a message, and print it.

    Exit 0 when one has come, 10 when none came in time. What is unread already is printed at once. Without --timeout it waits until Ctrl-C.
    """
    from gitorch.app.people import messages
    from gitorch.model.ids import Moment

    party = party_of(call, who)
    until = None if timeout is None else Moment(call.services.clock.now() + int(timeout * 1000))
    found = messages.wait_for(call.services, party, until)
    if not found:
        raise Waiting(f"no message came for {party.name} within {timeout:g} s", "gitorch inbox")
    _tell(call, party, found, "")
