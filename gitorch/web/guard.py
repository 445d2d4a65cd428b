"""The gate before every page: asks `access`, exchanges the token for a cookie, and sets the headers that browsers obey."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse

from gitorch.web.access import READS, Asked, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from gitorch.web.access import Access

METHODS = READS | {"POST"}

HEADER_BYTES_MAX = 16_384
"""Of the address and all headers of a request. h11 has a limit too, but only for headers that come in several reads."""

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing inline, nothing from elsewhere, in no frame."""

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # with no-referrer, browsers send the Origin of a form as null
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "private, no-cache",
}
"""Set on every answer that does not say otherwise."""


class Guard:
    """An ASGI application around another one, which gets only the requests that may be answered."""

    def __init__(self, app: ASGIApp, access: Access, refuse: Callable[[Request, Refusal], Response]) -> None:
        self._app = app
        self._access = access
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        request = Request(scope)
        answer = self._answer(request)
        await (answer or self._app)(scope, receive, send_guarded)

    def _answer(self, request: Request) -> Response | None:
        """The answer to a request that goes no further; None for one that does."""
        if request.method not in METHODS:
            return self._refuse(request, Refusal(405, f"{request.method} is not used here"))

        asked = asked_of(request, self._access.cookie_name)
        refusal = self._access.refusal(asked)
        if refusal is not None:
            return self._refuse(request, refusal)
        if _header_bytes(request) > HEADER_BYTES_MAX:
            return self._refuse(request, Refusal(431, f"the headers are larger than {HEADER_BYTES_MAX // 1024} KiB"))
        if self._access.is_login(asked):
            return self._logged_in(request)
        return None

    def _logged_in(self, request: Request) -> Response:
        """The same page without the token in its address, and the cookie."""
        rest: list[tuple[str, str]] = []
        for name, value in parse_qsl(request.url.query, keep_blank_values=True):
            if name != "token":
                rest.append((name, value))

        path = "/" + request.url.path.lstrip("/")  # never `//host`, which would lead elsewhere
        answer = RedirectResponse(f"{path}?{urlencode(rest)}".rstrip("?"), 303)
        answer.set_cookie(self._access.cookie_name, self._access.secrets.session, httponly=True, samesite="strict")
        return answer


def _header_bytes(request: Request) -> int:
    """The size of the address and the headers of a request, as they were sent."""
    address = len(request.scope["raw_path"]) + len(request.scope["query_string"])
    return address + sum(len(name) + len(value) + len(": \r\n") for name, value in request.headers.raw)


def asked_of(request: Request, cookie_name: str) -> Asked:
    """What access depends on."""
    headers: dict[str, tuple[str, ...]] = {}
    for name, value in request.headers.items():
        headers[name] = (*headers.get(name, ()), value)

    token = request.query_params.get("token", "")
    return Asked(request.method, headers, token, request.cookies.get(cookie_name, ""), client_port_of(request))


def client_port_of(request: Request) -> int:
    """The port at the other end; 0 on a Unix socket."""
    if request.client is None:
        return 0
    return request.client.port
