"""A browser without scripts, and the server that it visits, both in this process."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("starlette", reason="the extra gitorch[web] is not installed")
pytest.importorskip("httpx2", reason="httpx2, which drives the page in tests, is not installed")
from starlette.testclient import TestClient

from gitorch.cli import quiet
from gitorch.cli.call import Call
from gitorch.web.access import Access, Secrets
from gitorch.web.answers import Doors
from gitorch.web.application import application

if TYPE_CHECKING:
    from collections.abc import Callable

PORT = 8420
HOME = f"http://127.0.0.1:{PORT}"
SECRETS = Secrets("the-token", "the-cookie")


def client_of(
    open_repository, *, changes: bool = False, stranger: Callable[[int, int], str] | None = None, report_bug=None
) -> TestClient:
    """A client without a cookie. Errors of the server reach the test, unless it takes their reports."""
    access = Access(SECRETS, PORT, changes, stranger)
    app = application(open_repository, access, Doors(_carry_out, report_bug or _fail))
    return TestClient(app, base_url=HOME, follow_redirects=False)


def browser_of(stage, *, changes: bool = False) -> TestClient:
    """A client that has exchanged the token for the cookie."""
    client = client_of(lambda: stage.services, changes=changes)
    client.cookies.set(f"gitorch-{PORT}", SECRETS.session)
    return client


def _carry_out(repository, caller, line) -> None:
    quiet.carry_out(Call({}, Path.cwd()), repository, caller, *line)


def _fail(error: Exception) -> str:
    raise error


def text_of(html: str) -> str:
    """What a person reads on a page: no tags, blanks as one."""
    from html import unescape

    body = re.sub(r"<(script|style)\b.*?</\1>", "", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())
