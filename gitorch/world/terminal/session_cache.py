"""What was read of one session, kept between two observations until something shows that it changed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gitorch.model.ids import Moment
from gitorch.model.observed import READY, AgentState
from gitorch.rules.agent_state.dialog_choices import dialog_offered
from gitorch.rules.agent_state.limits import resets_at
from gitorch.rules.agent_state.permission import PERMISSION, dialog_on, permission_request_on
from gitorch.rules.agent_state.screen import (
    ERROR_CHARS,
    HOOKS,
    Screen,
    classify,
    read_screen,
    shown_error,
    stable_text,
    tail,
)
from gitorch.world.terminal.answering import answers, answers_path, pending_path
from gitorch.world.terminal.growing_file import GrowingFile
from gitorch.world.terminal.rate_meter import RateMeter
from gitorch.world.terminal.session_files import SIGNALS_BYTES_MAX, count_broken, parse_signals

if TYPE_CHECKING:
    from pathlib import Path

    from gitorch.model.dialog import ShownDialog
    from gitorch.model.plans.permission import PermissionAnswer
    from gitorch.rules.agent_state.screen import Signal
    from gitorch.world.terminal.session_files import LaunchRecord, SessionFolder
    from gitorch.world.terminal.session_usage import SessionUsage
    from gitorch.world.terminal.tmux import Pane
    from gitorch.world.terminal.transcript import Transcript

NOTHING = (AgentState.UNKNOWN, "")
NO_STAMP = (0, 0)
ASKING = (AgentState.DIALOG, AgentState.LIMITED)
"""States whose screen is read for a dialog: a limit may show one, too."""


class SessionCache:
    """One session's files and screen, as they were last read."""

    def __init__(self, folder: SessionFolder) -> None:
        self.folder = folder
        self.launch: LaunchRecord | None = None
        self.launch_stamp: tuple[int, int] = NO_STAMP
        self.agent: tuple[int, str] | None = None
        """The agent's process id and start time."""
        self._signals = GrowingFile(folder.signals_path, SIGNALS_BYTES_MAX)
        self.hook: Signal | None = None
        """The last hook event that shows a state."""
        self.hooks = RateMeter()
        self.broken_hooks = 0
        """Lines of its file of hook events that no hook wrote."""
        self.conversation = ""
        self.ready = False
        """Whether the agent was ever seen ready."""
        self.pane = ""
        """The pane that `screen` was captured from, when it was last active, and when it was captured."""
        self.active_at = -1
        self.captured_at = 0
        self.captured_dead = False
        self.screen = ""
        self.still: str | None = None
        """The screen without spinners and counters, and when it last changed."""
        self.progress_at: Moment | None = None
        self.shown: tuple[AgentState, str] = NOTHING
        """The state that title and screen show together, with its evidence; `apart` has what each shows."""
        self.apart = Screen(NOTHING, NOTHING)
        self.shown_of: tuple[str, str] | None = None
        """The screen and the title that `shown`, `apart`, `dialog`, `asked`, `offered` and `resets_at` were read from."""
        self.dialog = ""
        self.asked = ""
        self.offered: ShownDialog | None = None
        self.asking_since: Moment | None = None
        """When it was seen first in the dialog that it shows; None while it shows none."""
        self.resets_at: Moment | None = None
        self.failure = ""
        """What the error on the screen says."""
        self.transcript: Transcript | None = None
        self.usage: SessionUsage | None = None
        self.answered: tuple[PermissionAnswer, ...] = ()
        self.answered_at: Moment | None = None
        self.answers_stamp: tuple[tuple[int, int], tuple[int, int]] = (NO_STAMP, NO_STAMP)

    def reread(self) -> None:
        """Read the files that changed."""
        stamp = _stamp(self.folder.path / "launch.json")
        if stamp != self.launch_stamp:
            self.launch, self.launch_stamp = self.folder.launch(), stamp

        if self.agent is None:
            self.agent = self.folder.agent()

        answers_stamp = _stamp(answers_path(self.folder.path)), _stamp(pending_path(self.folder.path))
        if answers_stamp != self.answers_stamp:
            self.answered, self.answered_at = answers(self.folder.path)
            self.answers_stamp = answers_stamp

        self.take_hooks()

    def take_hooks(self) -> None:
        """Read the hook events that were added."""
        added = self._signals.added()
        self.broken_hooks += count_broken(added)
        for signal in parse_signals(added):
            self.hooks.add(signal.at, 1)
            if signal.conversation:
                self.conversation = signal.conversation

            if signal.event in HOOKS:
                self.hook = signal
                self.ready = self.ready or signal.event != "permission"

    def may_have_changed(self, pane: Pane) -> bool:
        """Whether the screen may be another one. A pane that died since it was read has been scrolled by tmux's notice.

        Activity is counted in whole seconds, so a pane that was active in the second of the capture counts as changed.
        """
        if self.pane != pane.id:
            return True

        if self.captured_dead != pane.dead:
            return True

        if self.active_at != pane.active_at:
            return True

        return self.captured_at < (pane.active_at + 1) * 1000

    def take_screen(self, pane: Pane, text: str, now: Moment) -> None:
        """Keep a captured screen, and when it last showed something new beside spinners and counters."""
        self.screen, self.pane = text, pane.id
        self.active_at, self.captured_at, self.captured_dead = pane.active_at, now, pane.dead

        without_spinners = text
        if self.launch is not None:
            without_spinners = stable_text(text, self.launch.preset)

        if without_spinners != self.still:
            self.still = without_spinners
            self.progress_at = Moment(pane.active_at * 1000)

    def read_screen(self, pane: Pane) -> None:
        """Read state, dialog and limit from screen and title, where one of the two changed."""
        if self.launch is None or self.shown_of == (self.screen, pane.title):
            return

        self.shown_of = (self.screen, pane.title)
        self.shown, self.apart = _shown(self.launch, self.screen, pane.title)
        self.dialog, self.asked = _dialog(self.launch, self.screen, self.shown[0])
        self.offered = _offered(self.launch, self.screen, self.shown[0])
        self.failure = shown_error(self.screen, self.launch.preset)
        self.resets_at = limit_end(self.screen, self.shown[0], pane.active_at)

    def note_asking(self, state: AgentState, now: Moment) -> None:
        """Keep since when it shows a dialog."""
        if state is not AgentState.DIALOG:
            self.asking_since = None
        elif self.asking_since is None:
            self.asking_since = now

    def follow_transcript(self, user_home: str, now: Moment) -> Transcript | None:
        """The transcript, read up to its end; None when nothing was started, or the preset names none."""
        if self.transcript is None:
            if self.launch is None or not self.launch.preset.transcript:
                return None

            from gitorch.world.terminal.transcript import Transcript  # noqa: PLC0415  only where there is one

            self.transcript = Transcript(self.launch, user_home)

        self.transcript.follow(now)
        return self.transcript

    @property
    def broken_lines(self) -> int:
        """Lines of the transcript that no program wrote, as far as it was read; 0 without one."""
        if self.transcript is None:
            return 0

        return self.transcript.broken_lines

    def kept_usage(self, user_home: str) -> SessionUsage | None:
        """What is known of its usage; None when nothing was started, or when neither files nor a channel could tell."""
        if self.usage is None and self.launch is not None and self._tells_usage(self.launch):
            from gitorch.world.terminal.session_usage import SessionUsage  # noqa: PLC0415  only loops read usage

            self.usage = SessionUsage(self.launch, user_home)

        return self.usage

    @staticmethod
    def _tells_usage(launch: LaunchRecord) -> bool:
        """Whether a session's program says what it uses."""
        return bool(launch.preset.usage_files or launch.preset.channels)

    def note_ready(self) -> None:
        """Record that the agent is ready, or was, once something shows it."""
        if self.folder.ready_seen():
            self.ready = True
            return

        if self._shows_ready():
            self.ready = True

        if self.ready:
            self.folder.mark_ready()

    def _shows_ready(self) -> bool:
        """Whether the screen shows a state that only a program which is ready can have."""
        if self.shown[0] in READY:
            return True

        return self.shown[0] is AgentState.WORKING

    @property
    def failure_words(self) -> str:
        """What the program says of its error: on its screen, else in its hook; empty where neither says anything."""
        if self.failure or self.hook is None or self.hook.event != "error":
            return self.failure

        return " ".join(self.hook.text.split())[:ERROR_CHARS]

    @property
    def resumable(self) -> str:
        """The conversation's id: the last that the program's hooks reported, else the one that it was started with."""
        if self.conversation or self.launch is None:
            return self.conversation

        return self.launch.conversation

    @property
    def dialog_name(self) -> str:
        """The dialog's name: from its screen, else from its hook, which reports permission requests only."""
        if self.dialog:
            return self.dialog

        if self.hook is None or self.hook.event != "permission":
            return ""

        if not self.hook.text:
            return ""

        return PERMISSION


def _stamp(path: Path) -> tuple[int, int]:
    """Size and time of change of a file; zeros where there is none."""
    try:
        found = path.stat()
    except OSError:
        return NO_STAMP

    return found.st_size, found.st_mtime_ns


def _shown(launch: LaunchRecord, screen: str, title: str) -> tuple[tuple[AgentState, str], Screen]:
    """The states that title and screen show, together and apart.

    A one-shot program has no prompt to come back to: as long as it runs, it works or asks for permission.
    """
    if not launch.one_shot:
        return classify(screen, title, launch.preset), read_screen(screen, title, launch.preset)

    state = (AgentState.WORKING, "process: runs")
    if permission_request_on(screen, launch.preset) is not None:
        state = (AgentState.DIALOG, "prompt: asks")

    return state, Screen(NOTHING, state)


def _dialog(launch: LaunchRecord, screen: str, state: AgentState) -> tuple[str, str]:
    """The name of the dialog on this screen and what it asks for; empty where its structure is not known."""
    if state not in ASKING:
        return "", ""

    asked = ""
    found = permission_request_on(screen, launch.preset)
    if found is not None:
        asked = found[0]

    return dialog_on(screen, launch.preset), asked


def _offered(launch: LaunchRecord, screen: str, state: AgentState) -> ShownDialog | None:
    """The dialog on this screen, if it shows one whose choices are known."""
    if state not in ASKING:
        return None

    return dialog_offered(screen, launch.preset)


def limit_end(screen: str, state: AgentState, active_at: int) -> Moment | None:
    """The moment that the screen names as the end of a limit; None where it shows none.

    `active_at` is the Unix time of its last output, in seconds.
    """
    if state is not AgentState.LIMITED:
        return None

    return resets_at(tail(screen), Moment(active_at * 1000), time.localtime(active_at).tm_gmtoff // 60)
