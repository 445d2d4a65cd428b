"""What a conversation of Codex has used in a session, from the running totals that its app-server tells (C4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value, replace
from gitorch.model.work.usage import ModelUsage

if TYPE_CHECKING:
    from gitorch.model.app_server import Thread
    from gitorch.model.ids import Moment


class Conversation(Value):
    """One conversation, as far as its totals were told."""

    thread: Thread
    total: ModelUsage = ModelUsage()
    """The total that was told last."""
    used: ModelUsage = ModelUsage()
    """What the totals have grown by. Each growth is one answer of the model, or several if some were not told."""

    def after(self, total: ModelUsage) -> Conversation:
        """The conversation after another total. A total that was told before adds nothing.

        Codex begins its total anew when an answer filled the whole context: what was used before stays counted.
        """
        growth = total.beyond(self.total)
        if growth.is_nothing:
            return replace(self, total=total)

        return replace(self, total=total, used=self.used.plus(replace(growth, requests=1)))

    def is_ours(self, folder: str) -> bool:
        """Whether a user holds it in this folder, or a subagent: no conversation that only finds a title."""
        if self.thread.folder != folder:
            return False

        return self.thread.is_users or bool(self.thread.parent)

    def began_since(self, moment: Moment) -> bool:
        """Whether its total holds only what was used since this moment, to the second."""
        if self.thread.is_copy:
            return False

        return (self.thread.created_at + 1) * 1000 > moment
