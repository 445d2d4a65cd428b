"""Words between people and agents, by name. A message tells; it approves nothing, answers nothing and starts nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value

if TYPE_CHECKING:
    from gitorch.model.ids import Digest, MessageId, Moment

PRINCIPAL = "@principal"
ORCHESTRATOR = "@orchestrator"
"""gitorch itself: it takes plans, and tells what became of them."""

COORDINATOR = "@coordinator"
"""Whoever wrote the plan and answers questions about it: a name of the configuration or the plan, else the principal."""

EVERYONE = "@all"
"""Every agent of the run that has a session."""


class Message(Value):
    """One message. `to` are jobs, and names of people that begin with `@`; `thread` is the message that began it.

    `plan` is the file that a plan was said to be ready in, `plan_digest` what it held then. `text` is whole until everybody
    has read it, and its first line from then on: the record keeps the rest.
    """

    id: MessageId
    sender: str
    to: tuple[str, ...]
    at: Moment
    text: str
    thread: MessageId
    answers: MessageId | None = None
    plan: str = ""
    plan_digest: Digest | None = None
    read_by: tuple[str, ...] = ()
