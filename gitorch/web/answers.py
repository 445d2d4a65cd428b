"""From a question of the browser to an answer: HTML with an ETag, 304, or an error page; one place for all of it."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import HTMLResponse, RedirectResponse, Response

from gitorch.app.reconciler.trouble import bug_sentence
from gitorch.errors import GitorchError, Malformed, NotFound
from gitorch.model.values import Value
from gitorch.web.changes import CHANGES, asked_command
from gitorch.web.forms import form_of
from gitorch.web.guard import client_port_of
from gitorch.web.render import html
from gitorch.wiring.connections import caller_behind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from starlette.requests import Request

    from gitorch.errors import Problem
    from gitorch.verbs.calls import CommandLine
    from gitorch.web.access import Refusal
    from gitorch.web.changes import CarryOut
    from gitorch.web.desk import Desk
    from gitorch.web.render import Page
    from gitorch.wiring.repository import Repository

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


class Doors(Value):
    """What the program that starts the server does for it."""

    carry_out: CarryOut
    """Carries out a verb."""
    report_bug: Callable[[Exception], str]
    """Writes the report of an unexpected error and returns its path."""


PLAIN_HEADERS = {"content-security-policy": "sandbox; default-src 'none'", "content-disposition": "inline"}
"""Of files that agents wrote."""

NOWHERE = Site("", changes=False)
"""What a stranger sees around an error."""


class Answers:
    """Makes answers for one server."""

    def __init__(self, desk: Desk, site: Site, port: int | None, doors: Doors) -> None:
        self._desk = desk
        self._site = site
        self._port = port
        self._doors = doors
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

    def change(self, address: str) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint of a change: its verb is carried out for whoever asks, and a page shown that loads again."""

        async def endpoint(request: Request) -> Response:
            question = question_of(request)
            client_port = client_port_of(request)
            try:
                line = asked_command(address, question.path, await form_of(request))
            except GitorchError as error:
                return self.failure(error)
            following = CHANGES[address].format_map(quoted(question.path))
            return await self._desk.ask(lambda repository: self._changed(repository, line, client_port, following))

        return endpoint

    def _changed(self, repository: Repository, line: CommandLine, client_port: int, page: str) -> Response:
        try:
            caller = caller_behind(repository, self._port, client_port)
            self._doors.carry_out(repository, caller, line)
        except Exception as error:  # noqa: BLE001  the boundary of this door
            return self.failure(error)
        return RedirectResponse(page, 303, headers={"cache-control": "no-store"})

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
            report = self._doors.report_bug(error)
            message = bug_sentence(type(error).__name__)
            return self._error(500, message, f"read {report}" if report else "")
        problems: tuple[Problem, ...] = ()
        if isinstance(error, Malformed):
            problems = error.problems
        return self._error(STATUSES.get(error.code, 500), error.message, error.hint, problems)

    def refused(self, request: Request, refusal: Refusal) -> Response:
        """The page of a refused request, which tells a stranger nothing about the repository."""
        del request
        shown = {"status": refusal.status, "message": refusal.message, "hint": refusal.hint, "problems": ()}
        return HTMLResponse(
            html("error.html", {"site": NOWHERE, **shown}), refusal.status, headers={"cache-control": "no-store"}
        )

    def lost(self, path: str) -> Response:
        """The page for an address that leads nowhere."""
        return self.failure(NotFound(f"there is no page {path}"))

    def _error(self, status: int, message: str, hint: str, problems: Sequence[Problem] = ()) -> Response:
        values = {"status": status, "message": message, "hint": hint, "problems": problems}
        text = self._html("error.html", values)
        return HTMLResponse(text, status, headers={"cache-control": "no-store"})


def question_of(request: Request) -> Question:
    """What a page is asked for. Of a name that stands twice in the query the last value counts."""
    path: dict[str, str] = {}
    for name, value in request.path_params.items():
        path[name] = str(value)
    return Question(path, dict(request.query_params))


def quoted(path: Mapping[str, str]) -> Mapping[str, str]:
    """The variable parts of a path as they stand in an address."""
    return {name: quote(value, safe="") for name, value in path.items()}


def not_modified(tag: str) -> Response:
    """The answer for a browser that has the page."""
    return Response(status_code=304, headers={"etag": tag})
