"""One call of gitorch: where it was made, by whom, how its answer is wanted, and the tools it works with."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gitorch.cli.pages.page import Page
from gitorch.cli.pages.plain import to_json
from gitorch.cli.parts import Parts
from gitorch.errors import Usage
from gitorch.model.ids import Moment
from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitorch.app.people.decisions import Caller
    from gitorch.app.services import Services
    from gitorch.app.work.claims import ManualClaim
    from gitorch.app.work.submissions import AgentCredential

COLUMNS, LINES = 80, 24
"""Of a terminal that does not say how large it is."""


class Streams(Value):
    """What is known of standard input and output. `columns` is 0 where output is no terminal: then nothing is cut."""

    asks: bool = False
    draws: bool = False
    columns: int = 0
    lines: int = 0
    colours: bool = False
    controls: bool = False
    """Whether standard input is the terminal that controls this process, and this process is in its foreground."""


@dataclass(slots=True)
class Call:
    """Made once a process; every command gets it. Tools are opened when first asked for."""

    environ: Mapping[str, str]
    folder: Path
    parts: Parts = field(default_factory=Parts)
    streams: Streams = field(default_factory=Streams)
    json: bool = False
    opened: Services | None = None

    def enter(self, said: str) -> None:
        """Work as if begun in this folder; a relative one starts from where the call was made."""
        folder = self.folder / Path(said).expanduser()
        if not folder.is_dir():
            message = f"{said} is not a folder"
            raise Usage(message)
        self.folder = folder

    @property
    def services(self) -> Services:
        """The tools of the repository. Raises NotFound outside of one."""
        if self.opened is None:
            self.opened = self.parts.services(self.folder, self.environ)
        return self.opened

    @property
    def caller(self) -> Caller:
        """Who typed this."""
        return self.parts.caller(self.services, self.environ)

    @property
    def credential(self) -> AgentCredential:
        """The agent's session that calls. Raises Denied for everybody else."""
        return self.parts.credential(self.environ)

    def bearer(self, job: str | None = None, run: str | None = None, fence: int = 0) -> AgentCredential | ManualClaim:
        """The agent's session that calls, or whoever works by hand and which of their jobs is meant."""
        if self.environ.get("GITORCH_TOKEN"):
            return self.credential
        caller = self.caller
        if caller.actor.session is not None:
            return self.credential  # an agent without its token, which is denied
        from gitorch.app.work.claims import ManualClaim

        return ManualClaim(caller, self.folder, job, run, fence)

    def people_only(self, verb: str) -> Caller:
        """The caller. Raises Denied for an agent's session, and keeps the attempt in the ledger."""
        from gitorch.app.people.decisions import only_people

        caller = self.caller
        only_people(self.services, caller, verb)
        return caller

    @property
    def page(self) -> Page:
        """Where text for people goes, at this moment."""
        return Page(self.streams.columns, self.streams.colours, self.services.clock.now())

    @property
    def still_page(self) -> Page:
        """The same for text without ages, which needs neither a clock nor a repository."""
        return Page(self.streams.columns, self.streams.colours, Moment(0))

    def say(self, values: Mapping[str, Any], text: str | Callable[[Page], str]) -> None:
        """The answer of a verb: values for programs, or text for people, and never both."""
        if self.json:
            click.echo(to_json({"ok": True, **values}))
        else:
            click.echo(text if isinstance(text, str) else text(self.page))

    def note(self, text: str) -> None:
        """Something to know on the way to the answer; programs are not told."""
        if not self.json:
            click.echo(text)

    def must_ask(self, verb: str) -> None:
        """Raises Usage where nobody can be asked, because there is no terminal or the answer is for a program."""
        if self.json or not self.streams.asks:
            why = "--json cannot ask" if self.json else "this is not a terminal, so nobody can be asked"
            message = f"{verb} needs an answer, but {why}; add --yes to agree beforehand"
            raise Usage(message, f"gitorch {verb} … --yes")


def from_process() -> Call:
    """The call that this process is."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # an old terminal shows \u2026 rather than a failure
    environ = dict(os.environ)
    return Call(environ, Path.cwd(), streams=streams_of(environ))


def streams_of(environ: Mapping[str, str]) -> Streams:
    """What standard input and output are. `NO_COLOR` with any value, and `TERM=dumb`, turn colours off."""
    asks = sys.stdin is not None and sys.stdin.isatty()
    draws = sys.stdout is not None and sys.stdout.isatty()
    columns, lines = _size(environ, draws)
    plain = bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"
    return Streams(
        asks and draws, draws, columns, lines, draws and not plain, controls=asks and _controls(sys.stdin.fileno())
    )


def _controls(descriptor: int) -> bool:
    """Whether this descriptor is the controlling terminal of this process, which is in its foreground."""
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:
        return False


def _size(environ: Mapping[str, str], draws: bool) -> tuple[int, int]:
    said = environ.get("COLUMNS", "")
    columns = int(said) if said.isascii() and said.isdigit() else 0
    if not draws:
        return columns, 0
    try:
        real = os.get_terminal_size(sys.stdout.fileno())
    except (OSError, ValueError):
        return columns or COLUMNS, LINES
    return columns or real.columns or COLUMNS, real.lines or LINES
