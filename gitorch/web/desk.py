"""Opened repositories for threads: a page asks with one of its own, so that no two threads share a ledger's memory."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitorch.model.ids import Moment
    from gitorch.wiring.repository import Repository

AGE_MILLISECONDS_MAX = 30_000
"""How long a repository is used: it remembers its configuration and settings, which may be edited meanwhile."""

THREADS_MAX = 4
"""Pages that are made at the same time. The others wait: Python runs one of them at a time anyway, git and tmux do not."""

T = TypeVar("T")


class Opened(NamedTuple):
    """A repository, and when it was opened."""

    repository: Repository
    at: Moment


class Desk:
    """Up to `THREADS_MAX` opened repositories, each used by one thread at a time."""

    def __init__(self, open_repository: Callable[[], Repository]) -> None:
        self._open = open_repository
        self._idle: deque[Opened] = deque()
        self._limiter: CapacityLimiter | None = None

    async def ask(self, work: Callable[[Repository], T]) -> T:
        """What `work` returns, which runs in a thread with a repository of its own. Its errors pass through."""
        if self._limiter is None:
            self._limiter = CapacityLimiter(THREADS_MAX)  # belongs to the running loop
        return await run_sync(self._work, work, limiter=self._limiter)

    def _work(self, work: Callable[[Repository], T]) -> T:
        opened = self._taken()
        try:
            return work(opened.repository)
        finally:
            self._idle.append(opened)

    def _taken(self) -> Opened:
        """An idle repository that is not old, or a new one."""
        while self._idle:
            opened = self._idle.pop()
            if opened.repository.clock.now() - opened.at < AGE_MILLISECONDS_MAX:
                return opened

        repository = self._open()
        return Opened(repository, repository.clock.now())
