"""Messages between people and agents, by name. A message approves nothing, answers no question and starts nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value

if TYPE_CHECKING:
    from gitorch.model.ids import Digest, MessageId, Moment

PRINCIPAL = "@principal"
ORCHESTRATOR = "@orchestrator"
"""gitorch itself: it receives plans, and reports whether they could be started."""

COORDINATOR = "@coordinator"
"""The author of the plan, who answers questions about it: a name from the configuration or the plan, else the principal."""

EVERYONE = "@all"
"""Every agent of the run that has a session."""


class Message(Value):
    """One message."""

    id: MessageId
    sender: str
    to: tuple[str, ...]
    """Jobs, and names of people, which begin with `@`."""
    at: Moment
    text: str
    """Whole until every reader has read it, then its first line; the record keeps the rest."""
    thread: MessageId
    """The message that began the conversation."""
    answers: MessageId | None = None
    plan: str = ""
    """The file of a plan that is ready to start."""
    plan_digest: Digest | None = None
    """The digest of that file when the message was sent."""
    read_by: tuple[str, ...] = ()
    operator: str = ""
    """The name of the operator who wrote it; empty for a message of anybody else."""

    def is_unread_by(self, name: str) -> bool:
        """Whether the message is for this receiver, who has not read it.

        Receivers are jobs and names such as `@principal`.
        """
        if name not in self.to:
            return False

        return name not in self.read_by

    @property
    def author(self) -> str:
        """The sender as people read it."""
        return author_of(self.sender, self.operator)

    @property
    def announces_plan(self) -> bool:
        """Whether the message says that a plan is ready to start.

        It names the plan and is addressed to the orchestrator.
        """
        if not self.plan:
            return False

        return ORCHESTRATOR in self.to


def author_of(sender: str, operator: str) -> str:
    """A sender as people read it, with the operator who wrote in that name: `@principal (operator olga)`."""
    if not operator:
        return sender

    return f"{sender} (operator {operator})"
