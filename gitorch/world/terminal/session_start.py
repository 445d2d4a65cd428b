"""Starting one agent in a pane, once: whoever was killed in between leaves files from which the next start continues."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitorch.errors import Unavailable
from gitorch.model.ids import PromptId
from gitorch.model.values import replace
from gitorch.world import processes
from gitorch.world.files import holding, write_own
from gitorch.world.terminal import launch as launching
from gitorch.world.terminal.receipts import transcript_sizes
from gitorch.world.terminal.sandbox_start import sandbox_words
from gitorch.world.terminal.server_start import ensure_server
from gitorch.world.terminal.session_files import DeliveryRecord, LaunchRecord
from gitorch.world.terminal.session_pane import FOLDER_MADE, owner_of, pane_of
from gitorch.world.terminal.template import CONTROL_SOCKET, template_values
from gitorch.world.terminal.tmux import COLUMNS, ROWS, plain, says_no_server

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitorch.model.work.session import SessionKey
    from gitorch.ports.world import Clock, Launch
    from gitorch.world.terminal.session_files import SessionFolder
    from gitorch.world.terminal.template import Template
    from gitorch.world.terminal.tmux import Pane, Tmux

HISTORY_LINES = 5_000
DISARM_WATCHED = "if-shell -F '#{session_attached}' 'send-keys -R'"
"""Reset the terminal of a program that ended while somebody watches: tmux 3.3a tells it that the client leaves, if it had asked for
focus events, and crashes with every agent. Unwatched it is left alone, because its last screen is evidence; see `attach_argv`."""

DISARM_DEAD = "if-shell -F '#{pane_dead}' 'send-keys -R'"
"""The same for a program that ended while the client was on its way: tmux 3.3a crashes only when the client leaves."""

UNFOCUS = (
    "if-shell -F '#{&&:#{m:3.3*,#{version}},#{!=:#{pane_dead},1}}' "
    r"""{ run-shell "printf '\\033[?1004l' 2>/dev/null > #{pane_tty} || true" }"""
)
"""Take the request for focus events back, as if the program that somebody begins to watch did so: tmux 3.3a then has nothing to tell
it where it ends in the very moment in which they leave. No hook runs between the two. By default tmux passes no focus on anyway."""

FIX_SIZE = (
    "if-shell -F '#{==:#{session_attached},0}' "
    f"'set-option -w window-size manual ; resize-window -x {COLUMNS} -y {ROWS}'"
)
"""Give the window its own size back once the last client has left; while clients are attached it follows the smallest."""

SERVER_SETUP = (
    *("set-option", "-wg", "remain-on-exit", "on", ";"),
    *("set-option", "-wg", "automatic-rename", "off", ";"),
    *("set-option", "-wg", "allow-rename", "off", ";"),
    *("set-option", "-g", "history-limit", str(HISTORY_LINES), ";"),
    *("set-option", "-g", "status", "off", ";"),
    *("set-option", "-g", "update-environment", "", ";"),
    *("set-hook", "-g", "pane-died", DISARM_WATCHED, ";"),
    *("set-hook", "-g", "client-attached", f"set-option -w window-size smallest ; {DISARM_DEAD} ; {UNFOCUS}", ";"),
    *("set-hook", "-g", "client-detached", FIX_SIZE, ";"),
)
"""Set in the same call that makes a session: `remain-on-exit` set afterwards was lost in 10 of 10 instant exits."""

START_SECONDS = 10.0
"""How long to wait for another process that is starting the same session."""

COMPLETE_SECONDS = 2.0

SERVERS_MAX = 3
"""How many servers a start may find ending. One whose last session has just ended still accepts a connection, and then ends."""


class SessionStarts:
    """Starts sessions on one tmux server, with their files below `home`.

    `environ` is the caller's environment, from which a few variables reach the agents (`launch.environment`).
    """

    def __init__(self, home: Path, tmux: Tmux, clock: Clock, environ: Mapping[str, str]) -> None:
        self._home = home
        self._tmux = tmux
        self._clock = clock
        self._environ = environ

    def start(self, launch: Launch, folder: SessionFolder) -> None:
        """Start the session unless it runs, or ran before. Raises Busy, Unavailable."""
        with holding(folder.path / "start.lock", wait_seconds=START_SECONDS):
            record = folder.launch()
            pane = pane_of(self._tmux.list(), launch.key, record)
            if pane is not None:
                _complete(folder, pane, record or self._prepare(launch, folder))
            elif record is None or not _has_run(record, folder):
                self._start_anew(launch, folder)

    def _start_anew(self, launch: Launch, folder: SessionFolder) -> None:
        record = self._prepare(launch, folder)
        folder.write_launch(record)
        if record.prompt:
            sizes = transcript_sizes(record.preset, launch.cwd, self._environ.get("HOME", "/"))
            sent = DeliveryRecord(launch.first_line, record.started_at, transcripts=sizes)
            folder.write_sent(PromptId(record.prompt), sent)

        if not self._tmux.socket.parent.exists():
            write_own(self._home / FOLDER_MADE, b"")

        self._make_session(launch, folder)
        pane = pane_of(self._tmux.list(), launch.key, None)
        if pane is None:
            raise Unavailable(f"tmux made no session {launch.key.name}", hint="gitorch doctor")

        _complete(folder, pane, record)

    def _prepare(self, launch: Launch, folder: SessionFolder) -> LaunchRecord:
        """Write the wrapper and every file that it needs; the record of what it will start."""
        if launching.has_server(launch):
            (folder.path / CONTROL_SOCKET).parent.mkdir(mode=0o700, parents=True, exist_ok=True)

        template = template_values(launch, folder.path, self._environ)
        launching.write_files(launch, folder.path, template)
        argv = (
            *sandbox_words(self._home, launch, folder, template, self._environ),
            *launching.command(launch, template),
        )
        owner = owner_of(self._tmux.name, launch.key)
        env = launching.environment(launch, self._environ, folder.path, owner, template)
        prompt_file = folder.path / launching.PROMPT
        takes_input = launching.by_input(launch)
        if takes_input or launching.by_file(launch):
            write_own(prompt_file, os.fsencode(launch.first_line))

        script = launching.wrapper(argv, env, launch.cwd, folder.path, prompt_file=prompt_file if takes_input else None)
        write_own(folder.path / "run.sh", os.fsencode(script))
        prompt = _delivered_prompt(launch)
        return LaunchRecord(
            argv=argv,
            cwd=str(launch.cwd),
            prompt=prompt or "",
            started_at=self._clock.now(),
            preset=replace(
                launch.preset,
                transcript=template.fill(launch.preset.transcript),
                usage_files=tuple(map(template.fill, launch.preset.usage_files)),
            ),
            conversation=_named_conversation(launch, template),
            one_shot=launch.one_shot,
        )

    def _make_session(self, launch: Launch, folder: SessionFolder) -> None:
        """Make the tmux session and record its output in one call; with a separate `pipe-pane`, 20 of 20 instant exits lost their output."""
        name = launch.key.name
        commands = (
            *SERVER_SETUP,
            *("new-session", "-d", "-s", name, "-x", str(COLUMNS), "-y", str(ROWS), "-c", "/"),
            *("env", "-i", "/bin/sh", str(folder.path / "run.sh"), ";"),
            *("pipe-pane", "-t", f"={name}:", plain(launching.recorder(folder.path)), ";"),
            # Before the session exists this option crashes tmux 3.3a ("server exited unexpectedly").
            *("set-option", "-w", "-t", f"={name}:", "window-size", "manual", ";"),
            # `tmux -D` turns this off; before the first session it would end the server.
            *("set-option", "-s", "exit-empty", "on"),
        )
        refusal = ""
        for _ in range(SERVERS_MAX):
            ensure_server(self._tmux, self._home / "tmux.lock", self._clock)
            result = self._tmux.call(*commands)
            if result.status == 0:
                return

            refusal = result.err
            if not says_no_server(refusal) or folder.agent() is not None:
                break

        raise Unavailable(f"tmux could not start session {name}: {refusal}", hint="gitorch doctor")

    def completed(self, key: SessionKey, folder: SessionFolder) -> LaunchRecord | None:
        """The record of a session that was started, completed where a killed process left it incomplete; None without one.

        Without its pane nothing could ever be typed into it. Raises Busy, Unavailable.
        """
        record = folder.launch()
        if record is None or record.pane:
            return record

        with holding(folder.path / "start.lock", wait_seconds=COMPLETE_SECONDS):
            record = folder.launch()
            pane = pane_of(self._tmux.list(), key, record)
            if record is None or pane is None:
                return None

            return _complete(folder, pane, record)


def _delivered_prompt(launch: Launch) -> PromptId | None:
    """The prompt that the start itself delivers; None where it delivers none."""
    if launching.delivers_prompt(launch):
        return launch.first_prompt

    return None


def _named_conversation(launch: Launch, template: Template) -> str:
    """The conversation that the program's arguments name; empty where its hooks report it."""
    if launching.names_conversation(launch):
        return template.fill("{conversation}")

    return ""


def _has_run(record: LaunchRecord, folder: SessionFolder) -> bool:
    """Whether the start that this record announces took place."""
    if bool(record.pane):
        return True

    return folder.agent() is not None


def _complete(folder: SessionFolder, pane: Pane, record: LaunchRecord) -> LaunchRecord:
    """Complete the start of a session that exists in tmux. This process made it, or a process that was killed before it completed the start.

    The receipt of a prompt that was an argument is written first, because a record with a pane is never completed again.
    """
    _keep_receipt(folder, record)
    if record.pane:
        return record

    started = _start_time(pane)
    record = replace(record, server=pane.server, pane=pane.id, pane_pid=pane.pid, pane_started=started)
    folder.write_launch(record)
    return record


def _keep_receipt(folder: SessionFolder, record: LaunchRecord) -> None:
    """Write the receipt of a prompt that was an argument, unless it has one."""
    if record.prompt:
        prompt = PromptId(record.prompt)
        sent = folder.sent(prompt)
        if sent is not None and not sent.receipt:
            folder.write_sent(prompt, replace(sent, receipt="submitted"))


def _start_time(pane: Pane) -> str:
    """The start time of the pane's process; empty where it has ended."""
    one = processes.process(pane.pid)
    if one is not None:
        return one.started

    return ""
