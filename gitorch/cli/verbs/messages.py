"""`send`, `inbox`, `reply`, `wait`: messages between people and agents, and everything that waits for a reader."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from gitorch.cli import arguments
from gitorch.cli.verb_function import verb
from gitorch.errors import Busy, Unavailable, Usage, Waiting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.app.people.mailbox import Held
    from gitorch.app.people.messages import Party
    from gitorch.cli.call import Call
    from gitorch.model.ids import MessageId
    from gitorch.model.view import InboxRow, MessageRow
    from gitorch.model.work.run import Run

AGENT_VARIABLES = ("GITORCH_TOKEN", "GITORCH_SESSION")
"""Variables in the environment of an agent's session. Its other evidence takes 60 ms to find, which a reader need not pay."""


def party_of(call: Call, person: str | None = None) -> Party:
    """The caller: an agent by its token or any other evidence, else a person. Raises Denied, NotFound, Usage."""
    from gitorch.app.people import messages

    agent = calling_agent(call)
    if agent is None:
        return messages.person(call.services, call.caller.actor, person)

    if person is not None:
        raise Usage(f"--as is for people; an agent acts as itself, here {agent.name}", "gitorch inbox")

    return agent


def calling_agent(call: Call) -> Party | None:
    """The agent's session that calls, by its token or any other evidence; None for a human."""
    from gitorch.app.people.messages import Party

    if call.environ.get("GITORCH_TOKEN"):
        from gitorch.app.work.submissions import who

        run, session, actor = who(call.services, call.credential)
        return Party(actor, session.job, run.id)

    caller = call.caller
    if not caller.is_agent:
        return None

    return Party(caller.actor, caller.actor.name, caller.run)


@verb("send")
def send(call: Call, name: str, text: tuple[str, ...], file: str | None, run: str | None, who: str | None) -> None:
    """Send a message to an agent or a person; it decides nothing."""
    from gitorch.app.people import messages

    message = _text(call, text, file, "send")
    party = party_of(call, who)
    names = tuple(part.strip() for part in name.split(",") if part.strip())
    _say_sent(call, messages.send(call.services, party, names, message, call.folder, run))


def _text(call: Call, text: tuple[str, ...], file: str | None, verb_name: str) -> str:
    """The text from the words, a file or standard input. Raises Usage for none, or for two of them."""
    if file is not None and text:
        raise Usage("a text is given once: as words or by --file", f"gitorch {verb_name} --help")

    if file is not None:
        return arguments.text_of(file, call.folder).strip()

    if not text:
        message = f"{verb_name} needs a text; a single - reads standard input"
        raise Usage(message, f"gitorch {verb_name} --help")

    return " ".join(arguments.words_or_input(text)).strip()


def _say_sent(call: Call, sent: tuple[Held, ...]) -> None:
    """Print what was sent, each message with its receivers."""
    from gitorch.app.people import mailbox

    rows = mailbox.rows(call.services, sent)
    lines = [_sent_line(call, held) for held in sent]
    call.say({"sent": rows}, "\n".join(lines) or "The message is stored.")


def _sent_line(call: Call, held: Held) -> str:
    """The next step of the message."""
    message = held.message
    if message.announces_plan:
        return f"{message.id}: {message.plan} waits for the principal, who starts it. Nothing starts before that."

    return f"{message.id} to {', '.join(message.to)}: {_delivery(call, held)}"


def _delivery(call: Call, held: Held) -> str:
    """How the message reaches its receivers."""
    run = call.services.ledger.state(held.run).run
    if run is None or run.jobs.keys().isdisjoint(held.message.to):
        return "it waits in the inbox."

    if _is_due(run, held.message.id):
        from gitorch.app.reconciler.turn import is_driven

        if not is_driven(call.services):
            return "gitorch up delivers it."

        return "it is delivered as soon as the terminal is ready."

    return "the job has no agent yet; its brief will include it."


def _is_due(run: Run, message: MessageId) -> bool:
    """Whether a session has a prompt about the message."""
    for session in run.sessions.values():
        for prompt in session.prompts:
            if prompt.about == message:
                return True

    return False


@verb("inbox")
def inbox(call: Call, run: str | None, who: str | None) -> None:
    """List everything that waits for you, with the command that answers it."""
    agent = None
    if any(name in call.environ for name in AGENT_VARIABLES):
        agent = calling_agent(call)

    if agent is None:
        _list_inbox(call, run, who)
        return

    if who is not None:
        agent = party_of(call, who)

    _say_unread(call, agent)


def _list_inbox(call: Call, run: str | None, person: str | None) -> None:
    """List a person's inbox. Questions belong to the principal, so another person has only messages."""
    from gitorch.app.people import mailbox
    from gitorch.app.query import runs
    from gitorch.app.query.lookup import find_run
    from gitorch.cli.pages import views

    only = None
    if run is not None:
        only = find_run(call.services, run).id

    questions: Sequence[InboxRow] = ()
    if person is None:
        questions = runs.all_inbox(call.services, only)

    held = mailbox.waiting(call.services, mailbox.person_named(call.services, person), None)
    if only is not None:
        held = tuple(one for one in held if one.run == only)

    messages = mailbox.rows(call.services, held)
    call.say({"inbox": questions, "messages": messages}, lambda page: views.inbox_text(questions, messages, page))


def _say_unread(call: Call, party: Party) -> None:
    """Print the unread messages of an agent in full, and record them as read."""
    from gitorch.app.people import mailbox

    held = mailbox.waiting(call.services, party.name, party.run)
    _say_in_full(call, party, held, "There is no message for you.")


def _say_in_full(call: Call, party: Party, held: tuple[Held, ...], if_none: str) -> None:
    """Print messages in full, and record that they were read only once they are printed."""
    from gitorch.app.people import mailbox

    rows = mailbox.rows(call.services, tuple(mailbox.whole(call.services, one) for one in held))
    text = "\n\n".join(message_text(row) for row in rows)
    call.say({"messages": rows}, text or if_none)
    record_read(call, party, held)


def show_message(call: Call, typed: str) -> None:
    """Print one message in full; it counts as read when it is for the caller. Raises NotFound."""
    from gitorch.app.people import mailbox

    party = party_of(call)
    _say_in_full(call, party, (mailbox.find_message(call.services, party.run, typed),), "")


def record_read(call: Call, party: Party, held: tuple[Held, ...]) -> None:
    """Record these as read. In an agent's sandbox, which cannot write, they stay unread."""
    from gitorch.app.people import messages

    with suppress(Busy, Unavailable, OSError):
        messages.mark_read(call.services, party, held)


def message_text(row: MessageRow) -> str:
    """A message in full."""
    from gitorch.cli.pages.cells import safe_line
    from gitorch.cli.pages.records import day_and_time
    from gitorch.text.visible import safe_text

    head = f"{row.id} from {row.author} to {', '.join(row.to)}, {day_and_time(row.at)}"
    if row.answers is not None:
        head += f", answering {row.answers}"

    return f"{safe_line(head)}\n\n{safe_text(row.text).strip()}\n\n  {row.commands[-1]}"


@verb("reply")
def reply(call: Call, message: str, text: tuple[str, ...], file: str | None, who: str | None) -> None:
    """Answer a message, in its thread."""
    from gitorch.app.people import messages

    answer = _text(call, text, file, "reply")
    party = party_of(call, who)
    if message[:1] == "q" and message[1:].isdigit():
        raise Usage(f"{message} is a question, which no message answers", f"gitorch answer {message} --help")

    _say_sent(call, messages.reply(call.services, party, message, answer))


@verb("wait")
def wait(call: Call, timeout: float | None, who: str | None) -> None:
    """Wait for a message, and print it."""
    from gitorch.app.people import messages
    from gitorch.model.ids import Moment

    party = party_of(call, who)
    until = None
    if timeout is not None:
        until = Moment(call.services.clock.now() + int(timeout * 1000))

    found = messages.wait_for(call.services, party, until)
    if not found:
        from gitorch.cli.waiting import with_questions

        raise with_questions(call, Waiting(f"no message for {party.name} came within {timeout:g} s", "gitorch inbox"))

    _say_in_full(call, party, found, "")
