"""Opened repositories for threads: a page asks with one of its own, so that no two threads share a ledger's memory."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitorch.wiring.repository import Repository

THREADS_MAX = 4
"""Pages that are made at the same time. The others wait: Python runs one of them at a time anyway, git and tmux do not."""

T = TypeVar("T")


class Desk:
    """Up to `THREADS_MAX` opened repositories, each used by one thread at a time."""

    def __init__(self, open_repository: Callable[[], Repository]) -> None:
        self._open = open_repository
        self._idle: deque[Repository] = deque()
        self._limiter: CapacityLimiter | None = None

    async def ask(self, work: Callable[[Repository], T]) -> T:
        """What `work` returns, which runs in a thread with a repository of its own. Its errors pass through."""
        if self._limiter is None:
            self._limiter = CapacityLimiter(THREADS_MAX)  # belongs to the running loop
        return await run_sync(self._work, work, limiter=self._limiter)

    def fresh(self) -> Repository:
        """A repository that remembers nothing, such as a configuration that was edited since."""
        return self._open()

    def _work(self, work: Callable[[Repository], T]) -> T:
        repository = self._taken()
        try:
            return work(repository)
        finally:
            self._idle.append(repository)

    def _taken(self) -> Repository:
        """An idle repository, or a new one."""
        try:
            return self._idle.pop()
        except IndexError:
            return self._open()
