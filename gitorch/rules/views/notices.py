"""What people are told outside of gitorch: each thing that waits for them once, and again with each reminder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.run import OVER
from gitorch.rules.views.mail import unread_by_people

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.run import Run

AT_ONCE_MAX = 3
"""Notices of one look: a command that is slow must not be run a hundred times side by side."""


def due(run: Run) -> tuple[str, ...]:
    """Names of everything to tell, oldest first: `q3-0` was asked, `q3-2` reminded of twice, `m4` sent, `completed` is the run."""
    questions = (f"{q.id}-{q.reminders}" for q in run.open_questions())
    messages = (str(m.id) for m in unread_by_people(run.messages.values()))
    return (*questions, *messages, *((str(run.phase),) if run.phase in OVER else ()))


def untold(run: Run, told: frozenset[str] | None) -> Iterator[str]:
    """The next of them that nobody was told of; nothing where nobody is to be told at all."""
    if told is not None:
        yield from [name for name in due(run) if name not in told][:AT_ONCE_MAX]


def notice(run: Run, name: str) -> dict[str, object]:
    """What the command is given: which run, what kind of thing, its words, and what to type."""
    from gitorch.rules.views.run import inbox, message_rows  # noqa: PLC0415  # no verb of an agent pays for it

    about = {"run": run.id, "title": run.title, "notice": name}
    for row in inbox(run):
        if name.partition("-")[0] == row.id:
            reminder = int(name.partition("-")[2] or 0)
            said = {"kind": row.kind, "id": row.id, "job": row.job, "text": row.text, "command": row.command}
            return {**about, **said, "options": list(row.options), "reminder": reminder}
    for message in message_rows(unread_by_people(run.messages.values()), run.id):
        if message.id == name:
            said = {"kind": "message", "id": message.id, "job": None, "text": message.text}
            return {**about, **said, "sender": message.sender, "command": message.commands[0]}
    text = f"Run {run.id} is {run.phase}. {run.reason}".strip()
    return {**about, "kind": "run", "id": run.id, "job": None, "text": text, "command": f"gitorch status {run.id}"}
