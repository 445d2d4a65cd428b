"""Notices to people outside of gitorch: one for each thing that waits for them, and one with each reminder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.ids import QuestionId
from gitorch.model.work.question import QuestionKind
from gitorch.rules.messages.mail import unread_by_people
from gitorch.rules.usage.limits import limit_words, limited_sessions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.view import InboxRow, MessageRow
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session

EVENTS = {
    "stuck": "stuck",
    "failed": "stuck",
    "launch": "stuck",
    "death": "stuck",
    "stale": "stuck",
    "dialog": "permission",
    "budget": "limit",
    "limit": "limit",
}
"""The event of a question by the first part of its trigger; any other question is `waiting`, and an approval `approval`."""

LIMIT = "limit-"
"""How the name of a notice about a usage limit begins."""

ENDS = {"completed": "done", "failed": "failed", "canceled": "failed"}
"""The event of a run that is over, by its phase."""

AT_ONCE_MAX = 3
"""The most notices that one tick gives, so that a slow notification command does not run a hundred times side by side."""


def due(run: Run) -> tuple[str, ...]:
    """The names of all notices, oldest first.

    `q3-0` is a question, `q3-2` its second reminder, `m4` a message, `limit-s3-1` the first usage limit of a session, and `completed`
    the end of the run.
    """
    names = [f"{question.id}-{question.reminders}" for question in run.open_questions()]
    names += [str(message.id) for message in unread_by_people(run.messages.values())]
    names += [f"{LIMIT}{session.id}-{session.limits}" for session in limited_sessions(run)]
    if run.phase.is_over:
        names.append(str(run.phase))

    return tuple(names)


def next_notices(run: Run, given: frozenset[str] | None) -> Iterator[str]:
    """The next notices that were not given yet, oldest first, at most `AT_ONCE_MAX`.

    None at all when `given` is None: no notifier is configured. None after the cleanup, which removes what was given.
    """
    if given is None or run.cleaned:
        return

    ahead = []
    for name in due(run):
        if name not in given:
            ahead.append(name)

    yield from ahead[:AT_ONCE_MAX]


def notice(run: Run, name: str) -> dict[str, object]:
    """The values that the notification command gets: the run, the subject, its text, and the command to type.

    `name` is one of `due`. The command names its run, because it is read where nothing else tells which run is meant. A notice whose subject does not wait any more tells the state of the run.
    """
    from gitorch.rules.views.inbox import inbox, message_rows  # noqa: PLC0415  # saves agents' verbs the import
    from gitorch.rules.views.naming_runs import rows_with_runs  # noqa: PLC0415  # the same

    about: dict[str, object] = {"run": run.id, "title": run.title, "notice": name, "event": event_of(run, name)}
    question, _, reminder = name.partition("-")

    for row in rows_with_runs(inbox(run)):
        if row.id == question:
            return about | _question_values(row, int(reminder or 0))

    for message in message_rows(unread_by_people(run.messages.values()), run.id):
        if message.id == name:
            return about | _message_values(message)

    for session in limited_sessions(run):
        if name == f"{LIMIT}{session.id}-{session.limits}":
            return about | _limit_values(run, session)

    return about | _run_values(run)


def event_of(run: Run, name: str) -> str:
    """The event that a notice tells: waiting, approval, permission, stuck, limit, done or failed."""
    if name in ENDS:
        return ENDS[name]

    if name.startswith(LIMIT):
        return "limit"

    question = run.questions.get(QuestionId(name.partition("-")[0]))
    if question is None:
        return "waiting"

    if question.kind is QuestionKind.APPROVAL:
        return "approval"

    return EVENTS.get(question.trigger.partition(":")[0], "waiting")


def _question_values(row: InboxRow, reminder: int) -> dict[str, object]:
    """The values for a question, or for a reminder of it."""
    return {
        "kind": row.kind,
        "id": row.id,
        "question": row.id,
        "job": row.job,
        "text": row.text,
        "command": row.command,
        "options": list(row.options),
        "reminder": reminder,
    }


def _message_values(row: MessageRow) -> dict[str, object]:
    """The values for a message, with the command that shows it."""
    return {
        "kind": "message",
        "id": row.id,
        "question": None,
        "job": None,
        "text": row.text,
        "sender": row.sender,
        "command": row.commands[0],
    }


def _limit_values(run: Run, session: Session) -> dict[str, object]:
    """The values for a usage limit, which nobody needs to answer."""
    return {
        "kind": "limit",
        "id": session.id,
        "question": None,
        "job": session.job,
        "text": _limit_text(run, session),
        "command": f"gitorch why {session.job} --run {run.id}",
    }


def _limit_text(run: Run, session: Session) -> str:
    """What a limit means for the work: the same agent goes on later, or an agent of another runtime takes over."""
    from gitorch.rules.guards.takeover import taking_over  # noqa: PLC0415  # saves agents' verbs the import

    agent = f"The agent of {session.job} ({session.id})"
    other = taking_over(run, session)
    if other is None:
        return f"{agent} {limit_words(session)}. Its conversation is kept."

    return (
        f"{agent} has reached the usage limit of {session.runtime}. Unless the limit ends within a minute, an agent of "
        f"{other.runtime} takes over in the same worktree, without the conversation."
    )


def _run_values(run: Run) -> dict[str, object]:
    """The values for the end of a run."""
    return {
        "kind": "run",
        "id": run.id,
        "question": None,
        "job": None,
        "text": f"Run {run.id} is {run.phase}. {run.reason}".strip(),
        "command": f"gitorch status {run.id}",
    }
