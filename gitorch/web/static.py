"""The style, the script and the icon of the pages: three files of ours, known by name."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import Response

from gitorch.web.answers import not_modified

if TYPE_CHECKING:
    from starlette.requests import Request

TYPES = {
    "style.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
"""The files that there are. A name from outside is looked up here, never on the disk."""


async def static(request: Request) -> Response:
    """One of the files."""
    name = request.path_params["name"]
    if name not in TYPES:
        raise HTTPException(404)

    data, tag = _file(name)
    if request.headers.get("if-none-match") == tag:
        return not_modified(tag)
    return Response(data, media_type=TYPES[name], headers={"etag": tag})


@cache
def _file(name: str) -> tuple[bytes, str]:
    """The bytes of a file, and its tag."""
    data = files("gitorch.web").joinpath("files", name).read_bytes()
    return data, f'"{hashlib.sha256(data).hexdigest()[:32]}"'
