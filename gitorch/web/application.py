"""The application: which address shows which page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route

from gitorch.web.answers import Answers, Site
from gitorch.web.desk import Desk
from gitorch.web.guard import Guard
from gitorch.web.pages.board import board
from gitorch.web.static import static
from gitorch.web.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from gitorch.web.access import Access
    from gitorch.web.answers import Question
    from gitorch.web.render import Page
    from gitorch.wiring.repository import Repository

PAGES: dict[str, Callable[[Repository, Question], Page]] = {
    "/": board,
}
"""Every page by its address."""

MENU = (("/", "Board"),)
"""The pages that every page leads to."""


def application(
    open_repository: Callable[[], Repository], access: Access, report_bug: Callable[[Exception], str]
) -> ASGIApp:
    """The guarded application. `report_bug` writes the report of an unexpected error and returns its path."""
    desk = Desk(open_repository)
    answers = Answers(desk, Site(open_repository().root.name, access.changes, MENU), report_bug)
    stream = Stream(desk)
    routes = [Route(path, answers.page(view)) for path, view in PAGES.items()]
    routes.append(Route("/events", stream.endpoint))
    routes.append(Route("/static/{name}", static))

    async def lost(request: Request, error: Exception) -> Response:
        del error
        return answers.lost(request.url.path)

    made = Starlette(routes=routes, exception_handlers={404: lost, 405: lost, HTTPException: lost})
    return Guard(made, access, answers.refused)
