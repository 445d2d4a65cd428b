"""What a session of Codex has used, as its app-server tells it to whoever listens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.channel import TokenUsage
from gitorch.rules.usage.conversations import Conversation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitorch.model.app_server import Thread, TokensTold
    from gitorch.model.ids import Moment
    from gitorch.world.terminal.session_files import LaunchRecord


class CodexUsage:
    """The conversations of one session. It outlives connections: a total holds what was missed between two of them."""

    def __init__(self, launch: LaunchRecord, thread: Callable[[str], Thread]) -> None:
        self._launch = launch
        self._thread = thread
        self._conversations: dict[str, Conversation] = {}

    def take(self, fact: TokensTold) -> None:
        """Take in a total. Raises Unavailable when the server does not say what conversation that is."""
        known = self._conversations.get(fact.thread)
        if known is None:
            known = Conversation(self._thread(fact.thread))

        self._conversations[fact.thread] = known.after(fact.total)

    def answers(self, now: Moment) -> Sequence[TokenUsage] | None:
        """What each conversation has used. None until one has, and where one of them began before the session: files tell then."""
        found: list[TokenUsage] = []
        for one in self._conversations.values():
            if not one.is_ours(self._launch.cwd):
                continue

            if not one.began_since(self._launch.started_at):
                return None

            found.append(_usage_of(one, now))

        return found or None


def _usage_of(one: Conversation, now: Moment) -> TokenUsage:
    return TokenUsage(
        id=one.thread.id,
        source="codex",
        model=one.thread.model,
        at=now,
        input=one.used.input,
        cached=one.used.cached,
        cache_write=one.used.cache_write,
        output=one.used.output,
        reasoning=one.used.reasoning,
        requests=one.used.requests,
    )
