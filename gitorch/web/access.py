"""Who may see a page and who may change something: decided on every request, before anything is looked up.

A page on loopback is reachable by every web site that the user's browser shows and by every process on the machine. So:
the Host header must name this server (a rebound name does not), a change must come from one of its own pages, and every
request must carry the token or the cookie that the token was exchanged for. `docs/web.md` lists the attacks.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
"""Names of this machine that reach no other one, as they stand in a Host header."""

READS = frozenset({"GET", "HEAD"})
FOREIGN = frozenset({"cross-site", "same-site"})
"""Values of Sec-Fetch-Site for pages of others. Another port of this machine is `same-site`: somebody else's server."""


class Refusal(Value):
    """Why a request is refused, and what the user can do."""

    status: int
    message: str
    hint: str = ""


class Secrets(Value):
    """The random words of one server, which end with it."""

    token: str
    """Stands in the address that the terminal prints."""
    session: str
    """The value of the cookie. It is not the token, so that a stolen cookie does not give the address away."""


class Asked(Value):
    """One request, as far as access depends on it. Names of headers are in lower case."""

    method: str
    headers: Mapping[str, tuple[str, ...]]
    token: str = ""
    """The token in the address; empty without one."""
    cookie: str = ""
    """The value of our cookie; empty without one."""
    client_port: int = 0
    """The port at the other end; 0 on a Unix socket."""

    def header(self, name: str) -> str:
        """The only value of a header; empty when it is missing or stands twice."""
        values = self.headers.get(name, ())
        if len(values) != 1:
            return ""
        return values[0]

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.method in READS

    @property
    def bearer(self) -> str:
        """The token of a program: `Authorization: Bearer …`, or `token …` as Jupyter's clients write it."""
        scheme, _, value = self.header("authorization").partition(" ")
        if scheme.lower() in {"bearer", "token"}:
            return value.strip()
        return ""


class Access(Value):
    """The rules of one server."""

    secrets: Secrets
    port: int | None
    """The port that the Host header must name; None on a Unix socket, which may be forwarded from any port."""
    changes: bool
    """Whether anything may be changed."""
    stranger: Callable[[int, int], str] | None = None
    """Why the process at the other end may not ask, as a sentence, by our port and its; empty when nothing is known."""

    @property
    def cookie_name(self) -> str:
        """The name of the cookie. Browsers send cookies to all ports of a machine, so each server has a name of its own."""
        return f"gitorch-{self.port or 'socket'}"

    def refusal(self, asked: Asked) -> Refusal | None:
        """Why this request is refused; None when it may be answered."""
        return self._misdirected(asked) or self._foreign(asked) or self._unknown(asked) or self._change(asked)

    def is_login(self, asked: Asked) -> bool:
        """Whether the request carries the token in its address, to be exchanged for the cookie."""
        return bool(asked.token) and asked.reads and _same(asked.token, self.secrets.token)

    def _misdirected(self, asked: Asked) -> Refusal | None:
        """A request that was sent to another name than ours, as a rebound name is."""
        if self._names_us(asked.header("host")):
            return None
        return Refusal(421, "this address is not one of this server; use the one that gitorch serve printed")

    def _names_us(self, host: str) -> bool:
        """Whether a Host header names this server."""
        name, _, port = host.lower().rpartition(":")
        if self.port is None:
            return host.lower() in LOOPBACK or (name in LOOPBACK and port.isdecimal())
        return name in LOOPBACK and port == str(self.port)

    def _foreign(self, asked: Asked) -> Refusal | None:
        """A request that a page of somebody else made."""
        own = f"http://{asked.header('host').lower()}"
        origin = asked.headers.get("origin", ())
        if origin and origin != (own,):
            return Refusal(403, "a page of another site made this request")

        site = asked.header("sec-fetch-site")
        if site in FOREIGN and not _is_followed_link(asked):
            return Refusal(403, "a page of another site made this request")

        if not asked.reads and not origin:
            return Refusal(403, "a change must name the page that it comes from (Origin)")
        return None

    def _unknown(self, asked: Asked) -> Refusal | None:
        """A request of somebody who has neither the token nor the cookie, or of a process that must not have them."""
        if self.stranger is not None and self.port is not None:
            reason = self.stranger(self.port, asked.client_port)
            if reason:
                return Refusal(403, reason)

        known = _same(asked.cookie, self.secrets.session) or _same(asked.bearer, self.secrets.token)
        if known or self.is_login(asked):
            return None
        return Refusal(401, "this page needs its token; open the address that gitorch serve printed", "gitorch serve")

    def _change(self, asked: Asked) -> Refusal | None:
        """A change where none are allowed."""
        if asked.reads or self.changes:
            return None
        return Refusal(
            403, "this server only shows; it was started without --allow-changes", "gitorch serve --allow-changes"
        )


def _same(given: str, kept: str) -> bool:
    """Whether two secrets are equal, in a time that does not tell how much of them is."""
    return hmac.compare_digest(given.encode(errors="replace"), kept.encode())


def _is_followed_link(asked: Asked) -> bool:
    """Whether a person followed a link to a page of ours: it is shown as a page of its own, and changes nothing."""
    if not asked.reads:
        return False
    return asked.header("sec-fetch-mode") == "navigate" and asked.header("sec-fetch-dest") == "document"
