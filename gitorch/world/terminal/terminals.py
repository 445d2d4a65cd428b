"""Agents in panes of gitorch's own tmux server: started, watched, stopped. Implements `ports.world.Terminals`."""

from __future__ import annotations

import contextlib
import os
import re
from typing import TYPE_CHECKING

from gitorch.errors import Busy, Failed, NotFound, Refused, Unavailable
from gitorch.model.ids import PromptId
from gitorch.model.values import replace
from gitorch.world import processes
from gitorch.world.files import holding, write_whole
from gitorch.world.terminal import launch as launching
from gitorch.world.terminal.answering import Answering
from gitorch.world.terminal.delivery import Delivery
from gitorch.world.terminal.observer import Observer
from gitorch.world.terminal.receipts import transcript_sizes
from gitorch.world.terminal.session_files import DeliveryRecord, LaunchRecord, folder_of, folders
from gitorch.world.terminal.template import template_values
from gitorch.world.terminal.tmux import COLUMNS, ROWS, Tmux, plain

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from gitorch.model.observed import SessionObservation
    from gitorch.model.permission import PermissionAnswer
    from gitorch.model.runtime import Preset
    from gitorch.ports.world import Clock, Launch, SessionKey
    from gitorch.world.processes import Process
    from gitorch.world.terminal.session_files import SessionFolder
    from gitorch.world.terminal.tmux import Listing, Pane

NAME = re.compile(r"[A-Za-z0-9_-]+")
HISTORY_LINES = 5_000
CLOSING_SECONDS = 3.0
FOLDER_MADE = "tmux-folder-made"
"""There while the folder that tmux keeps its sockets in exists only because of us."""

SERVER_SETUP = (
    *("start-server", ";"),
    *("set-option", "-wg", "remain-on-exit", "on", ";"),
    *("set-option", "-wg", "automatic-rename", "off", ";"),
    *("set-option", "-wg", "allow-rename", "off", ";"),
    *("set-option", "-g", "history-limit", str(HISTORY_LINES), ";"),
    *("set-option", "-g", "status", "off", ";"),
    *("set-option", "-g", "update-environment", "", ";"),
)
"""Set in the same call that makes a session: `remain-on-exit` set afterwards was lost in 10 of 10 instant exits."""


class TmuxTerminals:
    """Sessions of one repository, on the tmux server with this socket name, with their marks below `home`.

    `environ` is the caller's environment, from which a few variables reach the agents (`launch.environment`).
    """

    def __init__(self, home: Path, socket: str, clock: Clock, environ: Mapping[str, str]) -> None:
        self._home = home
        self._socket = socket
        self._clock = clock
        self._environ = environ
        self._tmux = Tmux(socket, environ, clock)
        self._sight = Observer(home, self._tmux, clock, self._user_home)

    def look(self, keys: Collection[SessionKey]) -> Mapping[SessionKey, SessionObservation]:
        """What each of these sessions is doing now, from one listing. Raises Unavailable when tmux cannot be asked."""
        return self._sight.look(keys)

    def start(self, launch: Launch) -> None:
        """Start the session unless it runs or ran before. Raises Refused for a prompt that must not be typed, Unavailable."""
        if not NAME.fullmatch(launch.key.name):
            raise Refused(f"{launch.key.name!r} cannot be a session's name: letters, digits, _ and - only")
        line = launching.one_line(launch.first_line)
        if line and (why := launching.unsafe(line)):
            raise Refused(f"The first prompt of {launch.key.name} cannot be given: {why}")
        folder = folder_of(self._home, launch.key)
        with holding(folder.path / "start.lock", wait_seconds=10.0):
            self._start(replace(launch, first_line=line), folder)

    def _start(self, launch: Launch, folder: SessionFolder) -> None:
        mark = folder.launch()
        pane = _pane_of(self._tmux.list(), launch.key, mark)
        if pane is not None:
            self._complete(folder, pane, mark or self._prepare(launch, folder))
            return
        if mark is not None and (mark.pane or folder.agent() is not None):
            return
        mark = self._prepare(launch, folder)
        folder.write_launch(mark)
        if mark.prompt:
            sizes = transcript_sizes(mark.preset, launch.cwd, self._user_home)
            folder.write_sent(
                PromptId(mark.prompt), DeliveryRecord(launch.first_line, mark.started_at, transcripts=sizes)
            )
        if not self._tmux.socket.parent.exists():
            write_whole(self._home / FOLDER_MADE, b"")
        self._create(launch, folder)
        pane = _pane_of(self._tmux.list(), launch.key, None)
        if pane is None:
            raise Unavailable(f"tmux made no session {launch.key.name}", hint="gitorch doctor")
        self._complete(folder, pane, mark)

    def _prepare(self, launch: Launch, folder: SessionFolder) -> LaunchRecord:
        filled = template_values(launch, folder.path, self._environ)
        argv = launching.command(launch, filled)
        env = launching.environment(launch, self._environ, folder.path, self._owner(launch.key), filled)
        launching.write_files(launch, folder.path, filled)
        prompt_file = folder.path / launching.PROMPT
        given = prompt_file if launching.by_input(launch) else None
        if given is not None or launching.by_file(launch):
            write_whole(prompt_file, launch.first_line.encode())
        script = launching.wrapper(argv, env, launch.cwd, folder.path, given=given)
        write_whole(folder.path / "run.sh", script.encode())
        prompt = (launch.first_prompt or "") if _prompts(launch) else ""
        transcript = filled.fill(launch.preset.transcript)
        preset = replace(launch.preset, transcript=transcript)
        conversation = filled.fill("{conversation}") if _names_conversation(launch) else ""
        return LaunchRecord(
            argv,
            str(launch.cwd),
            prompt,
            self._clock.now(),
            preset,
            conversation=conversation,
            one_shot=launch.one_shot,
        )

    def _create(self, launch: Launch, folder: SessionFolder) -> None:
        name = launch.key.name
        self._tmux.tell(
            *SERVER_SETUP,
            *("new-session", "-d", "-s", name, "-x", str(COLUMNS), "-y", str(ROWS), "-c", "/"),
            *("env", "-i", "/bin/sh", str(folder.path / "run.sh"), ";"),
            *("pipe-pane", "-t", f"={name}:", plain(launching.recorder(folder.path)), ";"),
            # Before the session exists this option crashes tmux 3.3a ("server exited unexpectedly").
            *("set-option", "-w", "-t", f"={name}:", "window-size", "manual"),
        )

    @staticmethod
    def _complete(folder: SessionFolder, pane: Pane, mark: LaunchRecord) -> LaunchRecord:
        """Complete the marks of a start that was seen to have happened, by us or by somebody who was killed then.

        The receipt of a prompt given as an argument comes first: once the mark has a pane, nobody completes it again.
        """
        prompt = PromptId(mark.prompt)
        sent = folder.sent(prompt) if prompt else None
        if sent is not None and not sent.receipt:
            folder.write_sent(prompt, replace(sent, receipt="submitted"))
        if not mark.pane:
            one = processes.process(pane.pid)
            started = one.started if one is not None else ""
            mark = replace(mark, server=pane.server, pane=pane.id, pane_pid=pane.pid, pane_started=started)
            folder.write_launch(mark)
        return mark

    def _placed(self, key: SessionKey, folder: SessionFolder) -> LaunchRecord | None:
        """The launch mark of a session that was started, completed where who started it was killed before it could be.

        Without that nothing could ever be typed into it, since its pane is not known. Raises Busy, Unavailable.
        """
        mark = folder.launch()
        if mark is None or mark.pane:
            return mark
        with holding(folder.path / "start.lock", wait_seconds=2.0):
            mark = folder.launch()
            pane = _pane_of(self._tmux.list(), key, mark)
            return self._complete(folder, pane, mark) if mark is not None and pane is not None else None

    def deliver(self, key: SessionKey, preset: Preset, prompt: PromptId, line: str) -> str:
        """Type one line and submit it, once for each prompt; see `ports.world` for the receipt."""
        text = launching.one_line(line)
        if why := launching.unsafe(text):
            return f"refused: {why}"
        if not NAME.fullmatch(prompt):
            return f"refused: {prompt!r} is no prompt's id"
        folder = folder_of(self._home, key)
        try:
            mark = self._placed(key, folder)
            if mark is None:
                return "refused: the session was not started"
            with holding(folder.path / "typing.lock", wait_seconds=2.0):
                return self._delivery(folder, mark, preset).deliver(prompt, text)
        except Busy:
            return "refused: another process is typing into it"

    def receipts(self, key: SessionKey) -> Mapping[PromptId, str]:
        """The receipts of everything typed into this session so far, raised by whatever proof came in since."""
        folder = folder_of(self._home, key)
        mark = folder.launch()
        with contextlib.suppress(Busy, Unavailable):
            mark = self._placed(key, folder)
        if mark is None:
            return {}
        delivery = self._delivery(folder, mark, mark.preset)
        sent = ((prompt, folder.sent(prompt)) for prompt in folder.prompts())
        return {prompt: delivery.grade(prompt, one) for prompt, one in sent if one is not None and one.receipt}

    def _delivery(self, folder: SessionFolder, mark: LaunchRecord, preset: Preset) -> Delivery:
        filled = replace(preset, transcript=mark.preset.transcript)
        return Delivery(self._tmux, self._clock, folder, launch=mark, preset=filled, user_home=self._user_home)

    def answer(self, key: SessionKey, answer: PermissionAnswer) -> str:
        """Choose an option in a permission prompt; see `ports.world`. Raises Unavailable."""
        folder = folder_of(self._home, key)
        try:
            mark = self._placed(key, folder)
            if mark is None:
                return "refused: the session was not started"
            with holding(folder.path / "typing.lock", wait_seconds=2.0):
                return Answering(self._tmux, self._clock, folder, mark).answer(answer)
        except Busy:
            return "refused: another process is typing into it"

    def stop(self, key: SessionKey) -> None:
        """End the whole process tree, then the session. Raises Failed when something survives even SIGKILL.

        Processes are found from the marks, by descent and by the environment they were started with, so that this works
        without tmux and finds children that left the tree. Raises Unavailable after that when tmux cannot be asked.
        """
        folder = folder_of(self._home, key)
        silent: Unavailable | None = None
        roots = self._roots(folder)
        try:
            pane = _pane_of(self._tmux.list(), key, None)
            if pane is not None and not pane.dead and (one := processes.process(pane.pid)) is not None:
                roots[pane.pid] = one.started
        except Unavailable as error:
            silent = error
        owner = self._owner(key)

        def find(everything: Mapping[int, Process]) -> set[int]:
            ours = {pid for pid, started in roots.items() if pid in everything and everything[pid].started == started}
            return ours | processes.marked(launching.SESSION_VARIABLE, owner)

        if not processes.end(find, self._clock):
            raise Failed(f"Processes of session {key.name} could not be ended", hint="ps -ef")
        if silent is not None:
            raise silent
        self._tmux.ask("kill-session", "-t", f"={key.name}")
        folder.tidy()

    def _roots(self, folder: SessionFolder) -> dict[int, str]:
        mark, agent = folder.launch(), folder.agent()
        roots = dict([agent] if agent is not None else [])
        if mark is not None and mark.pane_pid and mark.pane_started:
            roots[mark.pane_pid] = mark.pane_started
        return roots

    def screen(self, key: SessionKey, history: int = 0) -> str:
        """The visible text, with `history` lines before it; of a session that is gone its kept output. Raises NotFound."""
        folder = folder_of(self._home, key)
        pane = _pane_of(self._tmux.list(), key, folder.launch())
        if pane is not None:
            shown = self._tmux.capture([pane], os.urandom(8).hex(), history)
            return shown.get(pane.id, "").rstrip("\n")
        kept = folder.output_tail(ROWS + history)
        if not kept and folder.launch() is None:
            raise NotFound(f"There is no session {key.session} in run {key.run}", hint="gitorch status")
        return kept

    def attach_argv(self, key: SessionKey) -> tuple[str, ...]:
        """The command that shows the session in the caller's terminal. Raises NotFound."""
        if _pane_of(self._tmux.list(), key, None) is None:
            raise NotFound(f"Session {key.session} of run {key.run} is not running", hint="gitorch status")
        return (*self._tmux.attach, f"={key.name}")

    def pids(self) -> Mapping[int, SessionKey]:
        """Living agents' process ids, from the marks; an id that was given to another process is left out."""
        agents = ((key, folder.agent()) for key, folder in folders(self._home))
        return {agent[0]: key for key, agent in agents if agent is not None and processes.alive(*agent)}

    def close(self) -> None:
        """End the tmux server when no session is left on it, and remove what it leaves: its socket, and the folder if it made it.

        The server itself decides whether it is empty, so nobody's start is lost.
        """
        self._tmux.ask("if-shell", "-F", "#{==:#{server_sessions},0}", "kill-server")
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

    def _owner(self, key: SessionKey) -> str:
        return f"{self._socket}/{key.name}"

    @property
    def _user_home(self) -> str:
        return self._environ.get("HOME", "/")


def _prompts(launch: Launch) -> bool:
    """Whether starting the session is what delivers its first prompt_file."""
    return bool(launch.first_line) and (launch.one_shot or launch.preset.takes_prompt(resuming=bool(launch.resume)))


def _names_conversation(launch: Launch) -> bool:
    """Whether the program was told which conversation this is, so that nobody has to learn it from its hooks."""
    return bool(launch.resume) or any("{conversation}" in word for word in launch.preset.begin_argv)


def _pane_of(listing: Listing, key: SessionKey, mark: LaunchRecord | None) -> Pane | None:
    """The session's own pane, even where somebody split its window."""
    panes = [pane for pane in listing.panes if pane.session == key.name]
    if mark is not None and mark.server == listing.server:
        return next((pane for pane in panes if pane.id == mark.pane), panes[0] if panes and not mark.pane else None)
    return panes[0] if panes else None
