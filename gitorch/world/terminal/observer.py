"""Looking at many sessions at once: one listing for all, and a screen only where something was written."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitorch.model.ids import Moment
from gitorch.model.observed import READY, AgentState, SessionObservation
from gitorch.rules.agent_state.judge import judge, readings_from_hook, readings_from_screen
from gitorch.rules.agent_state.limits import resets_at
from gitorch.rules.agent_state.permission import PERMISSION, dialog_on, permission_request_on
from gitorch.rules.agent_state.screen import HOOKS, Screen, classify, read_screen, stable_text, tail
from gitorch.world import processes
from gitorch.world.terminal.answering import answers, pending, told
from gitorch.world.terminal.rate_meter import RateMeter
from gitorch.world.terminal.session_files import folder_of, parse_signals

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from gitorch.model.permission import PermissionAnswer
    from gitorch.model.runtime import Preset
    from gitorch.ports.world import Clock, SessionKey
    from gitorch.rules.agent_state.screen import Signal
    from gitorch.world.terminal.process_usage import ProcessUsage, Usage
    from gitorch.world.terminal.session_files import LaunchRecord, SessionFolder
    from gitorch.world.terminal.tmux import Listing, Pane, Tmux
    from gitorch.world.terminal.transcript import Transcript

SHOWN_LINES = 30
NOTHING = (AgentState.UNKNOWN, "")


@dataclass(slots=True)
class SessionCache:
    """What was read of one session, kept as long as nothing shows that it changed."""

    folder: SessionFolder
    launch: LaunchRecord | None = None
    launch_stamp: tuple[int, int] = (0, 0)
    agent: tuple[int, str] | None = None
    signals_read: int = 0
    hook: Signal | None = None
    conversation: str = ""
    ready: bool = False
    pane: str = ""
    active_at: int = -1
    captured_at: int = 0
    captured_dead: bool = False
    screen: str = ""
    still: str | None = None
    progress_at: Moment | None = None
    shown: tuple[AgentState, str] = NOTHING
    apart: Screen = field(default=Screen(NOTHING, NOTHING))
    transcript: Transcript | None = None
    hooks: RateMeter = field(default_factory=RateMeter)
    dialog: str = ""
    asked: str = ""
    resets_at: Moment | None = None
    answered: tuple[PermissionAnswer, ...] = ()
    answered_at: Moment | None = None
    answers_stamp: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0))
    shown_of: tuple[str, str] | None = field(default=None)

    def reread(self) -> None:
        """Read the marks that changed."""
        stamp = _stamp(self.folder.path / "launch.json")
        if stamp != self.launch_stamp:
            self.launch, self.launch_stamp = self.folder.launch(), stamp
        self.agent = self.agent or self.folder.agent()
        answered = _stamp(told(self.folder.path)), _stamp(pending(self.folder.path))
        if answered != self.answers_stamp:
            (self.answered, self.answered_at), self.answers_stamp = answers(self.folder.path), answered
        size = _stamp(self.folder.signals_path)[0]
        if size != self.signals_read:
            fresh = self._new_signals(size)
            self.conversation = next((s.conversation for s in reversed(fresh) if s.conversation), self.conversation)
            for signal in fresh:
                self.hooks.add(signal.at, 1)
            signals = [signal for signal in fresh if signal.event in HOOKS]
            self.hook = signals[-1] if signals else self.hook
            self.ready = self.ready or any(signal.event != "permission" for signal in signals)

    def note_progress(self) -> None:
        """Keep when the screen last showed something new, spinners and counters aside."""
        shown = stable_text(self.screen, self.launch.preset) if self.launch is not None else self.screen
        if shown != self.still:
            self.still, self.progress_at = shown, Moment(self.active_at * 1000)

    @property
    def resumable(self) -> str:
        """The conversation's id: as the program's hooks said last, else as it was told at its start."""
        return self.conversation or (self.launch.conversation if self.launch is not None else "")

    def _new_signals(self, size: int) -> list[Signal]:
        start = self.signals_read if size > self.signals_read else 0
        with self.folder.signals_path.open("rb") as file:
            file.seek(start)
            data = file.read(size - start)
        whole = data.rfind(b"\n") + 1
        self.signals_read = start + whole
        return parse_signals(data[:whole])


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


class Observer:
    """Looks at sessions; remembers between looks what need not be read again."""

    def __init__(self, home: Path, tmux: Tmux, clock: Clock, user_home: str) -> None:
        self._home = home
        self._user_home = user_home
        self._census: ProcessUsage | None = None
        self._looks = 0
        self._tmux = tmux
        self._clock = clock
        self._memories: dict[SessionKey, SessionCache] = {}

    def look(self, keys: Collection[SessionKey]) -> Mapping[SessionKey, SessionObservation]:
        """What each of these sessions is doing now. Raises Unavailable when tmux cannot be asked."""
        listing = self._tmux.list()
        now = self._clock.now()
        by_name: dict[str, list[Pane]] = {}
        for pane in listing.panes:
            by_name.setdefault(pane.session, []).append(pane)
        memories = {key: self._memories.setdefault(key, SessionCache(folder_of(self._home, key))) for key in keys}
        panes: dict[SessionKey, Pane] = {}
        for key, memory in memories.items():
            memory.reread()
            if (own := _own_pane(by_name.get(key.name, []), memory.launch)) is not None:
                panes[key] = own
        self._capture(panes, memories, now)
        counts = self._counted(panes, memories, now)
        return {
            key: self._present(memory, panes[key], counts.get(key), now) if key in panes else _absent(memory, listing)
            for key, memory in memories.items()
        }

    def _capture(
        self, panes: Mapping[SessionKey, Pane], memories: Mapping[SessionKey, SessionCache], now: Moment
    ) -> None:
        """Read the screens that may have changed; activity is in whole seconds, so one that moved this second is read again."""
        moved = {key: pane for key, pane in panes.items() if _moved(memories[key], pane)}
        texts = self._tmux.capture(list(moved.values()), os.urandom(8).hex())
        for key, pane in moved.items():
            if (text := texts.get(pane.id)) is not None:
                memory = memories[key]
                memory.screen, memory.pane = text, pane.id
                memory.active_at, memory.captured_at, memory.captured_dead = pane.active_at, now, pane.dead
                memory.note_progress()

    def _present(self, memory: SessionCache, pane: Pane, count: Usage | None, now: Moment) -> SessionObservation:
        exit_status = memory.folder.exit_status()
        if memory.launch is not None and memory.shown_of != (memory.screen, pane.title):
            memory.shown, memory.apart = _shown(memory.launch, memory.screen, pane.title)
            memory.shown_of = (memory.screen, pane.title)
            memory.dialog, memory.asked = _asked(memory.launch, memory.screen, memory.shown[0])
            memory.resets_at = limit_end(memory.screen, memory.shown[0], pane.active_at)
        self._note_ready(memory)
        changed_at = Moment(pane.active_at * 1000)
        transcript = self._followed(memory, now)
        written = () if transcript is None or transcript.last is None else (transcript.last,)
        readings = (
            *readings_from_hook(memory.hook),
            *written,
            *readings_from_screen(memory.apart, changed_at, count.sign if count is not None else ""),
        )
        state, sign = judge(readings, ready_seen=memory.ready, now=now)
        if state is AgentState.LIMITED and memory.resets_at is not None and now > memory.resets_at:
            state, sign = AgentState.WAITING, "limit: over"
        if pane.dead or exit_status is not None:
            state, sign = AgentState.EXITED, "process: ended"
        return SessionObservation(
            present=True,
            started=True,
            state=state,
            pid=memory.agent[0] if memory.agent is not None else pane.pid,
            exit_status=exit_status,
            started_at=memory.launch.started_at if memory.launch is not None else None,
            changed_at=changed_at,
            evidence=sign,
            screen=_last_lines(memory.screen),
            was_ready=memory.ready,
            conversation=memory.resumable,
            dialog=_which(memory) if state is AgentState.DIALOG else "",
            asked=memory.asked if state is AgentState.DIALOG else "",
            answered=memory.answered,
            answered_at=memory.answered_at,
            resets_at=memory.resets_at,
            progress_at=memory.progress_at,
            memory_mib=count.memory_mib if count is not None else 0,
            requests=max(
                memory.hooks.within_a_minute(now),
                transcript.rate_meter.within_a_minute(now) if transcript is not None else 0,
            ),
        )

    def _counted(
        self, panes: Mapping[SessionKey, Pane], memories: Mapping[SessionKey, SessionCache], now: Moment
    ) -> Mapping[SessionKey, Usage]:
        """The processes of each session, from the second look on: a verb that looks once does not pay for them."""
        self._looks += 1
        if self._looks == 1:
            return {}
        if self._census is None:
            from gitorch.world.terminal.process_usage import ProcessUsage  # noqa: PLC0415  for whoever looks again and again

            self._census = ProcessUsage()
        return self._census.take(_agents(panes, memories), now)

    def _followed(self, memory: SessionCache, now: Moment) -> Transcript | None:
        """The transcript, read up to its end; None where the preset names none."""
        if memory.transcript is None and memory.launch is not None and memory.launch.preset.transcript:
            from gitorch.world.terminal.transcript import Transcript  # noqa: PLC0415  only where there is one

            memory.transcript = Transcript(memory.launch, self._user_home)
        if memory.transcript is not None:
            memory.transcript.follow(now)
        return memory.transcript

    @staticmethod
    def _note_ready(memory: SessionCache) -> None:
        if memory.ready or memory.shown[0] in {*READY, AgentState.WORKING} or memory.folder.ready_seen():
            if not memory.folder.ready_seen():
                memory.folder.mark_ready()
            memory.ready = True


def _asked(launch: LaunchRecord, screen: str, shown: AgentState) -> tuple[str, str]:
    """The name of the dialog on this screen and what it asks for; empty where it is none whose structure is known."""
    if shown is not AgentState.DIALOG:
        return "", ""
    found = permission_request_on(screen, launch.preset)
    return dialog_on(screen, launch.preset), found[0] if found is not None else ""


def _which(memory: SessionCache) -> str:
    """The dialog's name: as its screen shows it, else what its hook says, which tells of permissions only."""
    asked_for = memory.hook is not None and memory.hook.event == "permission" and memory.hook.text
    return memory.dialog or (PERMISSION if asked_for else "")


def _shown(launch: LaunchRecord, screen: str, title: str) -> tuple[tuple[AgentState, str], Screen]:
    """What title and screen tell, together and apart.

    A one-shot program has no prompt to come back to: as long as it runs, it works or asks for permission.
    """
    if launch.one_shot:
        asks = permission_request_on(screen, launch.preset) is not None
        told = (AgentState.DIALOG, "prompt: asks") if asks else (AgentState.WORKING, "process: runs")
        return told, Screen(NOTHING, told)
    return classify(screen, title, launch.preset), read_screen(screen, title, launch.preset)


def _agents(
    panes: Mapping[SessionKey, Pane], memories: Mapping[SessionKey, SessionCache]
) -> Mapping[SessionKey, tuple[int, Preset]]:
    """The process to count from, of each living session: its pane's, above which nothing of it stands."""
    launched = ((key, pane, memories[key].launch) for key, pane in panes.items() if not pane.dead)
    return {key: (pane.pid, launch.preset) for key, pane, launch in launched if launch is not None}


def _moved(memory: SessionCache, pane: Pane) -> bool:
    """Whether its screen may be another one. A pane that died since it was read has been scrolled by tmux's notice."""
    if pane.dead != memory.captured_dead or memory.pane != pane.id or memory.active_at != pane.active_at:
        return True
    return memory.captured_at < (pane.active_at + 1) * 1000


def _own_pane(panes: list[Pane], launch: LaunchRecord | None) -> Pane | None:
    """The pane that was started, even where somebody split its window; the first one as long as that is not known."""
    if launch is None or not launch.pane:
        return panes[0] if panes else None
    return next((pane for pane in panes if pane.id == launch.pane), None)


def _absent(memory: SessionCache, listing: Listing) -> SessionObservation:
    """A session that tmux does not have: never started, or over."""
    launch, agent = memory.launch, memory.agent
    if launch is None or (not launch.pane and agent is None):
        return SessionObservation(present=False, started=False, state=AgentState.UNKNOWN, evidence="never started")
    running = agent is not None and processes.alive(*agent)
    return SessionObservation(
        present=False,
        started=True,
        state=AgentState.UNKNOWN if running else AgentState.EXITED,
        pid=agent[0] if agent is not None and running else 0,
        exit_status=memory.folder.exit_status(),
        server_gone=not listing.server or launch.server != listing.server,
        started_at=launch.started_at,
        evidence="process: runs without a terminal" if running else "process: gone",
        screen=memory.folder.output_tail(SHOWN_LINES),
        was_ready=memory.ready or memory.folder.ready_seen(),
        conversation=memory.resumable,
        answered=memory.answered,
        answered_at=memory.answered_at,
    )


def _last_lines(screen: str) -> str:
    lines = [line.rstrip() for line in screen.rstrip().splitlines()]
    if lines and lines[-1].startswith("Pane is dead ("):
        lines = "\n".join(lines[:-1]).rstrip().splitlines()
    return "\n".join(lines[-SHOWN_LINES:])


def limit_end(screen: str, state: AgentState, active_at: int) -> Moment | None:
    """The moment that the screen names; None where it shows no limit. `active_at` is the second of its last output."""
    if state is not AgentState.LIMITED:
        return None
    return resets_at(tail(screen), Moment(active_at * 1000), time.localtime(active_at).tm_gmtoff // 60)
