"""The application: which address shows which page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route

from gitorch.web.answers import Answers, Doors, Site
from gitorch.web.changes import CHANGES
from gitorch.web.desk import Desk
from gitorch.web.guard import Guard
from gitorch.web.pages import details, ledger, overview
from gitorch.web.pages.board import board
from gitorch.web.pages.diff import diff
from gitorch.web.pages.job import job
from gitorch.web.pages.run import run
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
    "/runs/{run}": run,
    "/runs/{run}/jobs/{job}": job,
    "/runs/{run}/jobs/{job}/diff": diff,
    "/runs/{run}/jobs/{job}/report": details.epic_report,
    "/runs/{run}/verdicts/{review}/{round}": details.verdict,
    "/runs/{run}/questions/{question}": details.asked,
    "/runs/{run}/report": details.report,
    "/runs/{run}/artifacts/{digest}": details.artifact,
    "/runs/{run}/sessions/{session}": details.session,
    "/log": ledger.log,
    "/records/{seq}": ledger.record,
    "/sessions": overview.sessions,
    "/workflows": overview.workflows,
    "/workflows/{name}": overview.workflow,
    "/doctor": overview.doctor,
    "/stats": overview.stats,
}
"""Every page by its address."""

FILE = "/runs/{run}/files/{digest}"

MENU = (
    ("/", "Board"),
    ("/sessions", "Sessions"),
    ("/log", "Log"),
    ("/workflows", "Workflows"),
    ("/stats", "Stats"),
    ("/doctor", "Doctor"),
)
"""The pages that every page leads to."""


def application(
    open_repository: Callable[[], Repository],
    access: Access,
    doors: Doors,
    stopping: Callable[[], bool] = bool,
) -> ASGIApp:
    """The guarded application.

    Open streams end once `stopping` says so.
    """
    desk = Desk(open_repository)
    answers = Answers(desk, Site(open_repository().root.name, access.changes, MENU), access.port, doors)
    stream = Stream(desk, stopping)

    routes: list[Route] = []
    for path, view in PAGES.items():
        routes.append(Route(path, answers.page(view)))

    for path in CHANGES:
        routes.append(Route(path, answers.change(path), methods=["POST"]))

    routes.append(Route(FILE, answers.file(details.file)))
    routes.append(Route("/events", stream.endpoint))
    routes.append(Route("/static/{name}", static))

    async def lost(request: Request, error: Exception) -> Response:
        del error
        return answers.lost(request.url.path)

    made = Starlette(routes=routes, exception_handlers={404: lost, 405: lost, HTTPException: lost})
    return Guard(made, access, answers.refused)
