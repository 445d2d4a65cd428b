"""Events: each page learns within a second that the ledger has new records. The id of an event is the ledger's commit."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse, StreamingResponse

from gitorch.errors import GitorchError
from gitorch.text.records.commit_message import sentence
from gitorch.text.visible import safe_text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

    from gitorch.model.ids import CommitId
    from gitorch.web.desk import Desk
    from gitorch.wiring.repository import Repository

STREAMS_MAX = 64
"""Open streams; a browser opens one a tab. More are refused, and those pages ask again later."""

LOOK_SECONDS = 0.25
"""How often the tip of the ledger is read while a stream is open: one file."""

PING_SECONDS = 15.0
LIFE_SECONDS = 900.0
"""A stream ends after this time; the browser opens the next one by itself and goes on from its last event."""

RETRY_MILLISECONDS = 2000
SENTENCES_MAX = 20
"""How many new records one event tells of."""

HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


class EventStream(StreamingResponse):
    """A stream that says when it has ended, however it ends."""

    def __init__(self, events: AsyncIterator[str], closed: Callable[[], None]) -> None:
        super().__init__(events, media_type="text/event-stream", headers=HEADERS)
        self._closed = closed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events until either side ends."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._closed()


class Stream:
    """Watches the ledger for all open streams at once."""

    def __init__(self, desk: Desk, stopping: Callable[[], bool]) -> None:
        self._desk = desk
        self._stopping = stopping
        self._open = 0
        self._tip: CommitId | None = None
        self._looked = 0.0

    async def endpoint(self, request: Request) -> Response:
        """A stream of events; 503 where too many are open."""
        if self._open >= STREAMS_MAX:
            return PlainTextResponse("too many pages are open", 503, headers={"retry-after": "30"})

        known = request.headers.get("last-event-id") or request.query_params.get("after", "")
        self._open += 1
        return EventStream(self._events(known), self._closed)

    def _closed(self) -> None:
        """One stream less."""
        self._open -= 1

    async def _events(self, known: str) -> AsyncIterator[str]:
        """What one page is sent: first how far the ledger is, unless it knows, then each change."""
        yield f"retry: {RETRY_MILLISECONDS}\n\n"
        async for text in self._changes(known):
            yield text

    async def _changes(self, known: str) -> AsyncIterator[str]:
        """An event for each change of the tip, and a comment after each quiet spell, for the life of a stream."""
        loop = asyncio.get_running_loop()
        end, quiet = loop.time() + LIFE_SECONDS, loop.time()
        while loop.time() < end and not self._stopping():
            tip = await self._newest()
            if tip is not None and tip != known:
                yield await self._event(tip, known)
                known, quiet = tip, loop.time()
            elif loop.time() - quiet > PING_SECONDS:
                yield ": still here\n\n"
                quiet = loop.time()
            await asyncio.sleep(LOOK_SECONDS)

    async def _newest(self) -> CommitId | None:
        """The tip of the ledger, read once for all streams."""
        now = asyncio.get_running_loop().time()
        if now - self._looked >= LOOK_SECONDS:
            self._looked = now
            self._tip = await self._desk.ask(_tip)
        return self._tip

    async def _event(self, tip: CommitId, known: str) -> str:
        """The event about a new tip."""
        sentences = await self._desk.ask(lambda repository: sentences_since(repository, known))
        data = json.dumps({"tip": tip, "records": sentences})
        return f"id: {tip}\nevent: ledger\ndata: {data}\n\n"


def _tip(repository: Repository) -> CommitId | None:
    """The tip; None without a ledger, and while it cannot be read: the page itself says why."""
    try:
        return repository.ledger.tip()
    except GitorchError:
        return None


def sentences_since(repository: Repository, known: str) -> list[str]:
    """A sentence for each record after the commit `known`, the newest last; none for a page that knows no commit of ours."""
    found: list[str] = []
    if not known:
        return found
    try:
        for written in repository.ledger.newest():
            if written.commit == known or len(found) == SENTENCES_MAX:
                return found[::-1]
            found.append(safe_text(sentence(written.record.event, written.record.actor)))
    except GitorchError:
        return []
    return []
