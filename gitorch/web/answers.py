"""From a question of the browser to an answer: HTML with an ETag, 304, or an error page; one place for all of it."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, RedirectResponse, Response

from gitorch.errors import GitorchError, NotFound
from gitorch.model.values import Value
from gitorch.web.forms import form_of
from gitorch.web.guard import client_port_of
from gitorch.web.render import html
from gitorch.wiring.connections import caller_behind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request

    from gitorch.app.execute import Caller
    from gitorch.web.access import Refusal
    from gitorch.web.desk import Desk
    from gitorch.web.forms import Form
    from gitorch.web.render import Page
    from gitorch.wiring.repository import Repository

    Change = Callable[[Repository, Caller, "Question", Form], str]
    """Makes a change for a caller, and returns the path of the page to show next."""

STATUSES = {
    "failed": 500,
    "usage": 400,
    "not-found": 404,
    "refused": 409,
    "denied": 403,
    "malformed": 422,
    "corrupt": 500,
    "unavailable": 503,
    "busy": 503,
    "waiting": 409,
}
"""The HTTP status of each error code of the command line."""


class Question(Value):
    """What a page was asked for."""

    path: Mapping[str, str]
    """The variable parts of the path, by name."""
    query: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        """A variable part of the path."""
        return self.path[name]

    def number(self, name: str, default: int) -> int:
        """A number in the query; the default when there is none, or something else stands there."""
        text = self.query.get(name, "")
        if text.isascii() and text.isdecimal() and len(text) < 10:
            return int(text)
        return default


class Site(Value):
    """What every page shows, whatever it is about."""

    name: str
    """The name of the repository's folder."""
    changes: bool
    """Whether pages have forms that change something."""
    menu: tuple[tuple[str, str], ...] = ()
    """The pages that every page leads to: address and name."""


PLAIN_HEADERS = {"content-security-policy": "sandbox; default-src 'none'", "content-disposition": "inline"}
"""Of files that agents wrote."""

NOWHERE = Site("", changes=False)
"""What a stranger sees around an error."""


class Answers:
    """Makes answers for one server."""

    def __init__(self, desk: Desk, site: Site, port: int | None, report_bug: Callable[[Exception], str]) -> None:
        self._desk = desk
        self._site = site
        self._port = port
        self._report_bug = report_bug
        self._salt = secrets.token_hex(4)  # pages of another version of gitorch are other pages

    def page(self, view: Callable[[Repository, Question], Page]) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint of a page."""

        async def endpoint(request: Request) -> Response:
            question = question_of(request)
            known = request.headers.get("if-none-match", "")
            return await self._desk.ask(lambda repository: self._answered(repository, view, question, known))

        return endpoint

    def file(self, view: Callable[[Repository, Question], bytes]) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint of an attached file: plain text, whatever it holds, in which a browser finds nothing to run."""

        async def endpoint(request: Request) -> Response:
            question = question_of(request)
            return await self._desk.ask(lambda repository: self._plain(repository, view, question))

        return endpoint

    def _plain(
        self, repository: Repository, view: Callable[[Repository, Question], bytes], question: Question
    ) -> Response:
        try:
            data = view(repository, question)
        except Exception as error:  # noqa: BLE001  the boundary of this door
            return self.failure(error)
        return Response(data, media_type="text/plain; charset=utf-8", headers=PLAIN_HEADERS)

    def change(self, change: Change) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint of a change: the form is read, the change made by whoever asks, and a page shown that loads again."""

        async def endpoint(request: Request) -> Response:
            question = question_of(request)
            client_port = client_port_of(request)
            try:
                form = await form_of(request)
            except GitorchError as error:
                return self.failure(error)
            return await self._desk.ask(
                lambda repository: self._changed(repository, change, (question, form), client_port)
            )

        return endpoint

    def _changed(
        self, repository: Repository, change: Change, asked: tuple[Question, Form], client_port: int
    ) -> Response:
        try:
            caller = caller_behind(repository, self._port, client_port)
            path = change(repository, caller, *asked)
        except Exception as error:  # noqa: BLE001  the boundary of this door
            return self.failure(error)
        return RedirectResponse(path, 303, headers={"cache-control": "no-store"})

    def _answered(
        self, repository: Repository, view: Callable[[Repository, Question], Page], question: Question, known: str
    ) -> Response:
        """The page, or 304 where the browser has it: without making it while the ledger stands where it stood."""
        try:
            tag = self._tag(repository)
            if known == tag:
                return not_modified(tag)
            return self._fresh(view(repository, question), tag, known)
        except Exception as error:  # noqa: BLE001  the boundary of this door
            return self.failure(error)

    def _fresh(self, page: Page, tag: str, known: str) -> Response:
        """The page as HTML. One that shows more than the ledger has the digest of its text as its tag."""
        text = self._html(page.template, {"tip": tag[1:].partition("-")[0], **page.values})
        if page.live:
            tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
            if known == tag:
                return not_modified(tag)
        return HTMLResponse(text, headers={"etag": tag})

    def _tag(self, repository: Repository) -> str:
        """The tag of a page that shows the ledger only."""
        tip = repository.ledger.tip() or "none"
        return f'"{tip}-{self._salt}"'

    def _html(self, template: str, values: Mapping[str, object]) -> str:
        return html(template, {"site": self._site, **values})

    def failure(self, error: Exception) -> Response:
        """The page of an error; anything but an expected one is a bug, whose report is named."""
        if not isinstance(error, GitorchError):
            report = self._report_bug(error)
            message = f"gitorch has a bug: {type(error).__name__}"
            return self._error(500, message, f"read {report}" if report else "")
        return self._error(STATUSES.get(error.code, 500), error.message, error.hint)

    def refused(self, request: Request, refusal: Refusal) -> Response:
        """The page of a refused request, which tells a stranger nothing about the repository."""
        del request
        values = {"site": NOWHERE, "status": refusal.status, "message": refusal.message, "hint": refusal.hint}
        return HTMLResponse(html("error.html", values), refusal.status, headers={"cache-control": "no-store"})

    def lost(self, path: str) -> Response:
        """The page for an address that leads nowhere."""
        return self.failure(NotFound(f"there is no page {path}"))

    def _error(self, status: int, message: str, hint: str) -> Response:
        text = self._html("error.html", {"status": status, "message": message, "hint": hint})
        return HTMLResponse(text, status, headers={"cache-control": "no-store"})


def question_of(request: Request) -> Question:
    """What a page is asked for. Of a name that stands twice in the query the last value counts."""
    path: dict[str, str] = {}
    for name, value in request.path_params.items():
        path[name] = str(value)
    return Question(path, dict(request.query_params))


def not_modified(tag: str) -> Response:
    """The answer for a browser that has the page."""
    return Response(status_code=304, headers={"etag": tag})
