"""One call of gitorch: where it was made, by whom, how its answer is wanted, and the repository it works on."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitorch.cli.output import write, write_json, write_long
from gitorch.errors import Denied, GitorchError, Usage
from gitorch.model.ids import Moment, RunId
from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TextIO

    from gitorch.app.executing.execute import Caller
    from gitorch.app.work.claims import ManualClaim
    from gitorch.app.work.submissions import AgentCredential
    from gitorch.cli.pages.page import Page
    from gitorch.wiring.repository import Repository

FRESH_MS = 10_000
"""A ledger that was compared with its remote within this time is shown without its age."""

COLUMNS, LINES = 80, 24
"""The size of a terminal that reports none."""


class Streams(Value):
    """Facts about standard input and output."""

    asks: bool = False
    """A human can be asked: input and output are terminals."""
    draws: bool = False
    """Output is a terminal."""
    columns: int = 0
    """The width of the output; 0 where it is no terminal, and then nothing is cut."""
    lines: int = 0
    colours: bool = False
    controls: bool = False
    """Whether standard input is the terminal that controls this process, and this process is in its foreground."""


NO_TERMINAL = Streams()
"""Input and output are files or pipes."""


def open_repository(start: Path, environ: Mapping[str, str]) -> Repository:
    """The repository around a folder, imported when a verb first asks for it. Raises NotFound outside of one."""
    from gitorch.wiring.repository import Repository

    return Repository(start, environ)


class Call:
    """One call of gitorch. Made once a process; every verb gets it."""

    def __init__(
        self,
        environ: Mapping[str, str],
        folder: Path,
        open: Callable[[Path, Mapping[str, str]], Repository] = open_repository,  # noqa: A002  # the field's name
        streams: Streams = NO_TERMINAL,
    ) -> None:
        self.environ = environ
        self.folder = folder
        self.open = open
        """Opens the repository around a folder; tests open one in memory."""
        self.streams = streams
        self.began = time.time()
        """When this process began with it, in seconds."""
        self.json = False
        self.words: tuple[str, ...] = ()
        """The command line without its first word, for hints that repeat it."""
        self.opened: Repository | None = None
        """The repository once a verb has asked for it."""

    def enter(self, path: str) -> None:
        """Work as if begun in this folder; a relative one starts from where the call was made."""
        folder = self.folder / Path(path).expanduser()
        if not folder.is_dir():
            raise Usage(f"{path} is not a folder")

        self.folder = folder

    @property
    def services(self) -> Repository:
        """The repository around the folder. Raises NotFound outside of one."""
        if self.opened is None:
            self.opened = self.open(self.folder, self.environ)

        return self.opened

    @property
    def caller(self) -> Caller:
        """Who typed this."""
        return self.services.caller()

    @property
    def credential(self) -> AgentCredential:
        """The session that the environment names. Raises Denied where it names none."""
        from gitorch.app.work.submissions import AgentCredential

        run = self.environ.get("GITORCH_RUN", "")
        token = self.environ.get("GITORCH_TOKEN", "")
        if not run or not token:
            message = "this verb is for agents: the environment names no session (GITORCH_RUN, GITORCH_TOKEN)"
            raise Denied(message, "gitorch inbox")

        return AgentCredential(RunId(run), token)

    def bearer(self, job: str | None = None, run: str | None = None, fence: int = 0) -> AgentCredential | ManualClaim:
        """The credential of the agent that calls, otherwise a manual claim. Raises Denied for an agent without a token."""
        if self.environ.get("GITORCH_TOKEN"):
            return self.credential

        caller = self.caller
        if caller.is_agent:
            return self.credential  # raises Denied: the caller is an agent, and its environment has no token

        from gitorch.app.work.claims import ManualClaim

        return ManualClaim(caller, self.folder, job, run, fence)

    def people_only(self, verb: str) -> Caller:
        """The caller, once this clone has what other hosts wrote. Raises Denied for an agent's session, and records the attempt."""
        from gitorch.app.executing.execute import only_people

        caller = self.caller
        only_people(self.services, caller, verb)
        self.learn_of_runs()

        return caller

    def learn_of_runs(self) -> None:
        """Where hosts share the ledger, fetch what other hosts wrote, for verbs that change a run which another may have begun.

        Whatever is in the way of that, the verb meets it and says so, or can do without.
        """
        with suppress(GitorchError):
            self.services.ledger.refresh()

    @property
    def page(self) -> Page:
        """A page for people as of this moment."""
        from gitorch.cli.pages.page import Page  # not for `--help`: values cost it 9 ms

        return Page(self.streams.columns, self.streams.colours, self.services.clock.now())

    @property
    def still_page(self) -> Page:
        """A page for text without ages, which needs neither a clock nor a repository."""
        from gitorch.cli.pages.page import Page

        return Page(self.streams.columns, self.streams.colours, Moment(0))

    def say(self, values: Mapping[str, Any], text: str | Callable[[Page], str]) -> None:
        """Print the answer of a verb: `values` as JSON with `--json`, otherwise `text`."""
        if self.json:
            from gitorch.cli.pages.plain import to_json

            write_json(to_json({"ok": True, **values}))
            return

        shown = text if isinstance(text, str) else text(self.page)
        write(shown, colours=self.streams.colours)
        self._tell_age()

    def _tell_age(self) -> None:
        """Say how old the ledger is that was read, where several hosts share it and nobody has asked their remote lately."""
        ledger = vars(self.opened or self).get("ledger")
        if ledger is None or ledger.last_contact() is None:
            return

        contact, page = ledger.last_contact(), self.page
        if page.now - contact.at > FRESH_MS:
            note = f"as of {page.age(contact.at)} ago, when {contact.remote} was last asked; gitorch sync asks it"
            write(f"gitorch: {note}", to_stderr=True)
        if self.services.outboxes.waiting(self.services.home):
            write(
                "gitorch: commands that were typed while the remote was away wait for you: gitorch sync in a terminal, "
                "or gitorch sync --yes",
                to_stderr=True,
            )

    def say_at_length(self, values: Mapping[str, Any], text: str | Callable[[Page], str]) -> None:
        """Print the answer of a verb as `say` does; a person reads one that is longer than the terminal in their pager."""
        if self.json or not self.has_reader:
            self.say(values, text)
            return

        shown = text if isinstance(text, str) else text(self.page)
        if shown.count("\n") < self.streams.lines:
            write(shown, colours=self.streams.colours)
        else:
            write_long([shown], colours=self.streams.colours)

    @property
    def can_ask(self) -> bool:
        """Whether a question can be put to a person at the terminal."""
        return self.streams.asks and not self.json

    @property
    def has_reader(self) -> bool:
        """Whether a person may read in a pager: at a terminal, and not in one of an agent, which nobody would leave."""
        return self.streams.asks and "GITORCH_RUN" not in self.environ

    def note(self, text: str) -> None:
        """Print something before the answer; nothing is printed with `--json`."""
        if not self.json:
            write(text, colours=self.streams.colours)

    def must_ask(self, verb: str, help_without_yes: str = "") -> None:
        """Raises Usage where nobody can be asked: without a terminal, or with `--json`.

        Where `--yes` would be denied, `help_without_yes` is the command that explains what a person does instead.
        """
        if self.can_ask:
            return

        reason = "--json cannot ask" if self.json else "this is not a terminal, so nobody can be asked"
        message = f"{verb} needs an answer, but {reason}"
        if help_without_yes:
            raise Usage(f"{message}; type it at a terminal", help_without_yes)

        raise Usage(f"{message}; add --yes to agree beforehand", self._agreeing_command())

    def _agreeing_command(self) -> str:
        """The same command line with `--yes`, as a shell reads it."""
        end = len(self.words)
        if "--" in self.words:
            end = self.words.index("--")

        import shlex

        return shlex.join(["gitorch", *self.words[:end], "--yes", *self.words[end:]])


def from_process() -> Call:
    """The call that this process is."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # an old terminal shows \u2026 instead of failing

    environ = dict(os.environ)
    return Call(environ, Path.cwd(), streams=streams_of(environ))


def streams_of(environ: Mapping[str, str]) -> Streams:
    """What standard input and output are. `NO_COLOR` with any value, and `TERM=dumb`, turn colours off."""
    reads, draws = _is_terminal(sys.stdin), _is_terminal(sys.stdout)
    columns, lines = _size(environ, draws)
    plain = bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"
    controls = reads and _controls(sys.stdin.fileno())

    return Streams(reads and draws, draws, columns, lines, draws and not plain, controls)


def _is_terminal(stream: TextIO | None) -> bool:
    """Whether a standard stream is a terminal; a closed one is None."""
    return stream is not None and stream.isatty()


def _controls(descriptor: int) -> bool:
    """Whether this descriptor is the controlling terminal of this process, which is in its foreground."""
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:
        return False


def _wished_columns(environ: Mapping[str, str]) -> int:
    """The width that `COLUMNS` asks for; 0 when it is not set, and when it is no number."""
    wished = environ.get("COLUMNS", "")
    if wished.isascii() and wished.isdigit():
        return int(wished)

    return 0


def _size(environ: Mapping[str, str], draws: bool) -> tuple[int, int]:
    """Columns and lines of the output; `COLUMNS` overrides the terminal's width, and 0 means no limit."""
    columns = _wished_columns(environ)
    if not draws:
        return columns, 0

    try:
        terminal = os.get_terminal_size(sys.stdout.fileno())
    except (OSError, ValueError):
        return columns or COLUMNS, LINES

    return columns or terminal.columns or COLUMNS, terminal.lines or LINES
