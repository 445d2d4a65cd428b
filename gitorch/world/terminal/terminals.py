"""Agents in panes of gitorch's own tmux server: started, observed, stopped. Implements `ports.world.Terminals`."""

from __future__ import annotations

import contextlib
import os
import re
from functools import cached_property
from typing import TYPE_CHECKING

from gitorch.errors import Busy, Failed, NotFound, Refused, Unavailable
from gitorch.model.values import replace
from gitorch.rules.agent_state.requests import is_of_screen
from gitorch.world import processes
from gitorch.world.channels.sessions import SessionChannels
from gitorch.world.files import holding
from gitorch.world.terminal.observer import Observer
from gitorch.world.terminal.recording import wait_until_recorded
from gitorch.world.terminal.session_files import folder_of, folders
from gitorch.world.terminal.session_pane import FOLDER_MADE, SESSION_VARIABLE, owner_of, pane_of
from gitorch.world.terminal.tmux import ROWS, Tmux

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from gitorch.model.ids import PromptId
    from gitorch.model.observed import SessionObservation
    from gitorch.model.plans.permission import PermissionAnswer
    from gitorch.model.plans.runtime import Preset
    from gitorch.model.work.session import SessionKey
    from gitorch.model.work.usage import UsageReading
    from gitorch.ports.world import Clock, Launch
    from gitorch.world.process import Process
    from gitorch.world.terminal.session_files import LaunchRecord, SessionFolder
    from gitorch.world.terminal.session_start import SessionStarts

NAME = r"[A-Za-z0-9_-]+"
CLOSING_SECONDS = 3.0
TYPING_SECONDS = 2.0
"""How long to wait for another process that is typing into the same session."""


class TmuxTerminals:
    """Sessions of one repository, on the tmux server with this socket name, with their files below `home`.

    `environ` is the caller's environment, from which a few variables reach the agents (`launch.environment`).
    """

    def __init__(self, home: Path, socket: str, clock: Clock, environ: Mapping[str, str]) -> None:
        self._home = home
        self._clock = clock
        self._environ = environ
        self._user_home = environ.get("HOME", "/")
        self._tmux = Tmux(socket, environ, clock)
        self._channels = SessionChannels(self._tmux, clock, self._user_home)
        self._observer = Observer(home, self._tmux, clock, self._user_home, self._channels)

    @cached_property
    def _starts(self) -> SessionStarts:
        """How sessions are started, which a verb that looks at them does not import."""
        from gitorch.world.terminal.session_start import SessionStarts  # noqa: PLC0415  20 modules

        return SessionStarts(self._home, self._tmux, self._clock, self._environ)

    def observe(self, keys: Collection[SessionKey]) -> Mapping[SessionKey, SessionObservation]:
        """What each of these sessions is doing now, from one listing. Raises Unavailable when tmux cannot be asked."""
        return self._observer.observe(keys)

    def written(self, keys: Collection[SessionKey]) -> object:
        """The sizes of the sessions' files, as `SessionFolder.growth`."""
        now = self._clock.now()
        return [folder_of(self._home, key).growth(now) for key in keys]

    def usage(self, key: SessionKey) -> UsageReading:
        """What a session has used by now, whether it runs or not; see `ports.world`."""
        return self._observer.usage(key)

    def start(self, launch: Launch) -> None:
        """Start the session unless it runs, or ran before. Raises Refused for a prompt that must not be typed, Busy, Unavailable."""
        from gitorch.world.terminal.launch import one_line, unsafe  # noqa: PLC0415  the same

        name = launch.key.name
        if not re.fullmatch(NAME, name):
            raise Refused(f"{name!r} cannot be a session's name: letters, digits, _ and - only")

        line = one_line(launch.first_line)
        reason = ""
        if line:
            reason = unsafe(line)

        if reason:
            raise Refused(f"The first prompt of {name} cannot be given: {reason}")

        self._starts.start(replace(launch, first_line=line), folder_of(self._home, launch.key))

    def deliver(self, key: SessionKey, preset: Preset, prompt: PromptId, line: str) -> str:
        """Deliver one text by the first channel that can, once for each prompt; see `ports.world` for the receipt."""
        if not re.fullmatch(NAME, prompt):
            return f"refused: {prompt!r} is not the id of a prompt"

        folder = folder_of(self._home, key)
        try:
            with self._typing(key, folder) as record:
                if record is None:
                    return "refused: the session was not started"

                terminal = self._channels.terminal(key, folder, record, preset)
                return self._channels.of(key, folder, record).deliver(prompt, line, terminal)
        except Busy:
            return "refused: another process is typing into it"

    def answer(self, key: SessionKey, answer: PermissionAnswer) -> str:
        """Choose an option in a permission request; see `ports.world`. Raises Unavailable."""
        folder = folder_of(self._home, key)
        try:
            with self._typing(key, folder) as record:
                if record is None:
                    return "refused: the session was not started"

                chain = self._channels.of(key, folder, record)
                found = chain.ask(lambda channel: channel.pending())
                if found is not None and not is_of_screen(answer):
                    return self._channels.answer(chain, folder, found[1], answer)

                from gitorch.world.terminal.answering import Answering  # noqa: PLC0415  the same

                return Answering(self._tmux, self._clock, folder, record).answer(answer)
        except Busy:
            return "refused: another process is typing into it"

    def interrupt(self, key: SessionKey) -> str:
        """End the turn under way by the first channel that can. Raises Unavailable."""
        folder = folder_of(self._home, key)
        try:
            with self._typing(key, folder) as record:
                if record is None:
                    return "refused: the session was not started"

                terminal = self._channels.terminal(key, folder, record, record.preset)
                return self._channels.of(key, folder, record).interrupt(terminal)
        except Busy:
            return "refused: another process is typing into it"

    @contextlib.contextmanager
    def _typing(self, key: SessionKey, folder: SessionFolder) -> Iterator[LaunchRecord | None]:
        """Hold the session's typing lock; None for a session that was not started. Raises Busy, Unavailable."""
        record = self._starts.completed(key, folder)
        if record is None:
            yield None
            return

        with holding(folder.path / "typing.lock", wait_seconds=TYPING_SECONDS):
            yield record

    def receipts(self, key: SessionKey) -> Mapping[PromptId, str]:
        """The receipts of everything typed into this session so far, raised where a better proof appeared since."""
        folder = folder_of(self._home, key)
        try:
            record = self._starts.completed(key, folder)
        except (Busy, Unavailable):
            record = folder.launch()

        if record is None:
            return {}

        return self._graded_receipts(key, folder, record)

    def _graded_receipts(self, key: SessionKey, folder: SessionFolder, record: LaunchRecord) -> Mapping[PromptId, str]:
        """The receipt of every text that was delivered, raised where a better proof appeared."""
        terminal = self._channels.terminal(key, folder, record, record.preset)
        receipts: dict[PromptId, str] = {}
        for prompt in folder.prompts():
            sent = folder.sent(prompt)
            if sent is None:
                continue

            receipt = sent.receipt
            if receipt:
                receipt = terminal.grade(prompt, sent)
            elif sent.channel:
                receipt = self._channels.of(key, folder, record).graded(prompt, sent)

            if receipt:
                receipts[prompt] = receipt

        return receipts

    def stop(self, key: SessionKey) -> None:
        """End the whole process tree, then the session. Raises Failed when something survives even SIGKILL.

        It finds processes from the session's files, by descent and by the environment they were started with, so it works without
        tmux, and finds children that left the tree. Afterwards it raises Unavailable where tmux cannot be asked.
        """
        folder = folder_of(self._home, key)
        unavailable: Unavailable | None = None
        roots = _recorded_roots(folder)
        try:
            roots |= self._pane_root(key)
        except Unavailable as error:
            unavailable = error

        owner = owner_of(self._tmux.name, key)

        def find(everything: Mapping[int, Process]) -> set[int]:
            found = processes.marked(SESSION_VARIABLE, owner)
            for pid, started in roots.items():
                if pid in everything and everything[pid].started == started:
                    found.add(pid)

            return found

        if not processes.end(find, self._clock):
            raise Failed(f"Processes of session {key.name} could not be ended", hint="ps -ef")

        if unavailable is not None:
            raise unavailable

        self._end_session(key)
        folder.tidy()

    def _pane_root(self, key: SessionKey) -> dict[int, str]:
        """The living process of the session's pane, by id with its start time. Raises Unavailable."""
        pane = pane_of(self._tmux.list(), key, None)
        if pane is None or pane.dead:
            return {}

        one = processes.process(pane.pid)
        if one is None:
            return {}

        return {pane.pid: one.started}

    def _end_session(self, key: SessionKey) -> None:
        """End the tmux session where it is still there. Raises Unavailable."""
        pane = pane_of(self._tmux.list(), key, None)
        if pane is None:
            return

        from gitorch.world.terminal.server import AgentServer  # noqa: PLC0415  importing libtmux costs 53 ms

        wait_until_recorded(self._tmux, pane.server, folder_of(self._home, key).path, self._clock)
        AgentServer(self._tmux).end_session(key.name)

    def screen(self, key: SessionKey, history: int = 0) -> str:
        """The visible text, with `history` lines before it; of a session that ended its kept output. Raises NotFound."""
        folder = folder_of(self._home, key)
        pane = pane_of(self._tmux.list(), key, folder.launch())
        if pane is not None:
            texts = self._tmux.capture([pane], os.urandom(8).hex(), history)
            return texts.get(pane.id, "").rstrip("\n")

        kept = folder.output_tail(ROWS + history)
        if not kept and folder.launch() is None:
            raise _no_terminal(key)

        return kept

    def attach_argv(self, key: SessionKey) -> tuple[str, ...]:
        """The command that shows the session in the caller's terminal. Raises NotFound.

        It resets the terminal of a program that has ended, in the call that attaches: tmux 3.3a crashes with every agent when a client
        comes to or leaves a dead pane whose program had asked for focus events.
        """
        if pane_of(self._tmux.list(), key, None) is None:
            raise _no_terminal(key)

        target = f"={key.name}:"
        disarm = ("if-shell", "-F", "-t", target, "#{pane_dead}", f"send-keys -R -t {target}", ";")
        return (*self._tmux.watching, *disarm, "attach-session", "-t", f"={key.name}")

    def pids(self) -> Mapping[int, SessionKey]:
        """The process ids of living agents, from the sessions' files; an id that now belongs to another process is left out."""
        living: dict[int, SessionKey] = {}
        for key, folder in folders(self._home):
            agent = folder.agent()
            if agent is not None and processes.alive(*agent):
                living[agent[0]] = key

        return living

    def close(self) -> None:
        """End the tmux server when no session is left on it, and remove its socket, and the socket's folder if we made it.

        The server decides itself whether it is empty, so nobody's start is lost.
        """
        self._tmux.call("if-shell", "-F", "#{==:#{server_sessions},0}", "kill-server")
        limit = self._clock.now() + int(CLOSING_SECONDS * 1000)
        while not self._tmux.remove_socket():
            if self._tmux.list().panes or self._clock.now() > limit:
                return

            self._clock.sleep(0.02)

        made = self._home / FOLDER_MADE
        if made.exists():
            with contextlib.suppress(OSError):
                self._tmux.socket.parent.rmdir()

            made.unlink(missing_ok=True)


def _no_terminal(key: SessionKey) -> NotFound:
    """The error for a session that has no pane, nor anything that was kept of one."""
    message = f"Session {key.session} of run {key.run} has no terminal: it has not started yet, or is over"
    return NotFound(message, hint="gitorch status")


def _recorded_roots(folder: SessionFolder) -> dict[int, str]:
    """The session's first processes as its files name them: ids with start times."""
    roots: dict[int, str] = {}
    agent = folder.agent()
    if agent is not None:
        roots[agent[0]] = agent[1]

    record = folder.launch()
    if record is not None and record.pane_pid and record.pane_started:
        roots[record.pane_pid] = record.pane_started

    return roots
