"""The server: a listening socket on loopback or a Unix socket, uvicorn behind it, and limits for those who are slow."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
from typing import TYPE_CHECKING, Any, NamedTuple

from h11 import IDLE
from uvicorn import Config, Server
from uvicorn.protocols.http.h11_impl import H11Protocol

from gitorch.errors import Busy, Unavailable, Usage
from gitorch.model.values import Value
from gitorch.web.access import Access, Secrets
from gitorch.web.answers import Doors
from gitorch.web.application import application
from gitorch.web.guard import HEADER_BYTES_MAX
from gitorch.wiring.connections import stranger

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gitorch.web.changes import CarryOut
    from gitorch.wiring.repository import Repository

HOST = "127.0.0.1"
PORT = 8420
PORTS_TRIED = 20
"""A port that is taken leads to the next one, as with Jupyter, unless it was asked for."""

HEADER_SECONDS = 10
"""How long a connection may take to ask something; also between two requests."""

STUCK_SECONDS = 20
"""How long a reader may take nothing of an answer that waits for it."""

CONNECTIONS_MAX = 256
"""Beyond these, a request is answered with 503."""

SOCKET_PATH_BYTES_MAX = 107
BACKLOG = 128


class Options(Value):
    """How the page is served."""

    port: int | None = None
    """The port; None for the first free one from `PORT` on."""
    path: Path | None = None
    """The Unix socket to listen on instead of a port."""
    changes: bool = False


class Served(Value):
    """A server that listens: what a person must know to open it."""

    url: str
    """With the token, for one browser to exchange."""
    path: Path | None
    """The Unix socket; None on a port."""
    token: str


class PatientProtocol(H11Protocol):
    """uvicorn's protocol, which ends a connection that asks nothing, and one whose reader takes nothing.

    uvicorn 0.54 has a limit between two requests only: a connection that never sends one whole header stays for ever, and an
    answer waits for ever for a reader that stopped.
    """

    _asking: asyncio.TimerHandle | None = None
    _stuck: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in the class itself
        """Wait for the first request."""
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timers."""
        _cancel(self._asking)
        _cancel(self._stuck)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, and go on waiting unless it completed a request."""
        super().data_received(data)
        self._watch()

    def pause_writing(self) -> None:
        """The reader takes nothing any more."""
        super().pause_writing()
        self._stuck = self.loop.call_later(STUCK_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """The reader takes something again."""
        _cancel(self._stuck)
        super().resume_writing()

    def _watch(self) -> None:
        """Let a connection end in time if it has not asked anything yet. Single bytes win it no time."""
        if self.conn.their_state is not IDLE:
            _cancel(self._asking)
            self._asking = None
        elif self._asking is None:
            self._asking = self.loop.call_later(HEADER_SECONDS, self.transport.abort)


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()


class Ready(NamedTuple):
    """A server that listens and does not answer yet."""

    server: Server
    listener: socket.socket
    served: Served

    def run(self) -> None:
        """Answer until a signal comes, or `server.should_exit` is set."""
        self.server.run(sockets=[self.listener])


@contextlib.contextmanager
def ready(
    open_repository: Callable[[], Repository],
    options: Options,
    carry_out: CarryOut,
    report_bug: Callable[[Exception], str],
) -> Iterator[Ready]:
    """A server with secrets of its own, closed afterwards.

    Raises Busy for a port or socket that is taken, Usage for one that cannot be, Unavailable.
    """
    keys = Secrets(secrets.token_urlsafe(32), secrets.token_urlsafe(32))
    with listening(options) as listener:
        access = Access(keys, _port_of(listener), options.changes, stranger)

        def stopping() -> bool:
            return server.should_exit

        server = Server(
            Config(application(open_repository, access, Doors(carry_out, report_bug), stopping), **SETTINGS)
        )
        yield Ready(server, listener, Served(_url(access), options.path, keys.token))


SETTINGS: dict[str, Any] = {
    "http": PatientProtocol,
    "ws": "none",
    "lifespan": "off",
    "log_config": None,
    "log_level": "critical",
    "access_log": False,
    "server_header": False,
    "proxy_headers": False,
    "h11_max_incomplete_event_size": HEADER_BYTES_MAX,
    "limit_concurrency": CONNECTIONS_MAX,
    "timeout_keep_alive": HEADER_SECONDS,
    "timeout_graceful_shutdown": 1,
    "backlog": BACKLOG,
}
"""Of uvicorn. `proxy_headers` would believe whoever sends X-Forwarded-For."""


def _port_of(listener: socket.socket) -> int | None:
    """The port of a listening socket; None of a Unix socket."""
    if listener.family == socket.AF_UNIX:
        return None
    port: int = listener.getsockname()[1]
    return port


def _url(access: Access) -> str:
    """The address that a person opens once."""
    host = HOST
    if access.port is None:
        return f"http://localhost/?token={access.secrets.token}"
    return f"http://{host}:{access.port}/?token={access.secrets.token}"


@contextlib.contextmanager
def listening(options: Options) -> Iterator[socket.socket]:
    """A listening socket, closed afterwards; a Unix socket is removed, too. Raises Busy, Usage, Unavailable."""
    if options.path is None:
        with _on_port(options.port) as listener:
            listener.listen(BACKLOG)  # who connects before the server runs waits for it
            yield listener
        return

    with _on_path(options.path) as listener:
        try:
            listener.listen(BACKLOG)
            yield listener
        finally:
            options.path.unlink(missing_ok=True)


def _on_port(port: int | None) -> socket.socket:
    """A socket on loopback: on this port, or on the first free one. Raises Busy."""
    tried = range(PORT, PORT + PORTS_TRIED)
    if port is not None:
        tried = range(port, port + 1)

    for number in tried:
        listener = _bound(number)
        if listener is not None:
            return listener
    raise Busy(f"port {tried[0]} is taken by another program", "gitorch serve --port 0")


def _bound(port: int) -> socket.socket | None:
    """A socket that is bound to a port of loopback; None where it is taken. Raises Unavailable."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except PermissionError as error:
        listener.close()
        raise Unavailable(f"port {port} cannot be opened: {error.strerror}", "gitorch serve --port 0") from None
    except OSError:
        listener.close()
        return None
    return listener


def _on_path(path: Path) -> socket.socket:
    """A Unix socket that only this user can open. One that a killed server left is replaced. Raises Busy, Usage, Unavailable."""
    if len(os.fsencode(path)) > SOCKET_PATH_BYTES_MAX:
        raise Usage(f"{path} is too long for a socket; {SOCKET_PATH_BYTES_MAX} bytes are allowed")
    if path.exists() and not path.is_socket():
        raise Usage(f"{path} is not a socket")
    if path.is_socket():
        _remove_abandoned(path)

    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    except OSError as error:
        listener.close()
        raise Unavailable(f"{path} cannot be opened: {error.strerror}") from None
    finally:
        os.umask(before)
    return listener


def _remove_abandoned(path: Path) -> None:
    """Remove a socket that nobody listens on. Raises Busy where somebody does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        try:
            caller.connect(str(path))
        except OSError:
            path.unlink(missing_ok=True)
            return
    raise Busy(f"another program listens on {path}")
