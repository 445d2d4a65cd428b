"""Observing many sessions at once: one listing for all, and one capture of the screens that may have changed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitorch.model.ids import Moment
from gitorch.model.observed import READY, AgentState, SessionObservation
from gitorch.model.plans.runtime import TERMINAL
from gitorch.model.values import replace
from gitorch.model.work.usage import NOTHING_READ
from gitorch.rules.agent_state.by_channel import NO_WORD_YET, readings_below, with_channel
from gitorch.rules.agent_state.judge import judge, readings_from_hook, readings_from_screen
from gitorch.rules.agent_state.permission import state_after_limit
from gitorch.world import processes
from gitorch.world.terminal.session_cache import SessionCache
from gitorch.world.terminal.session_files import folder_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from gitorch.model.channel import ChannelObservation
    from gitorch.model.plans.runtime import Preset
    from gitorch.model.work.session import SessionKey
    from gitorch.model.work.usage import UsageReading
    from gitorch.ports.world import Clock
    from gitorch.rules.agent_state.judge import StateReading
    from gitorch.world.channels.sessions import SessionChannels
    from gitorch.world.terminal.process_usage import ProcessUsage, Usage
    from gitorch.world.terminal.session_files import LaunchRecord
    from gitorch.world.terminal.tmux import Listing, Pane, Tmux
    from gitorch.world.terminal.transcript import Transcript

SCREEN_LINES = 30
"""How many lines of its screen a session's observation holds."""


class Observer:
    """Observes sessions, and keeps between two observations what need not be read again."""

    def __init__(self, home: Path, tmux: Tmux, clock: Clock, user_home: str, channels: SessionChannels) -> None:
        self._home = home
        self._channels = channels
        self._user_home = user_home
        self._usage: ProcessUsage | None = None
        self._observed_before = False
        self._tmux = tmux
        self._clock = clock
        self._caches: dict[SessionKey, SessionCache] = {}

    def observe(self, keys: Collection[SessionKey]) -> Mapping[SessionKey, SessionObservation]:
        """What each of these sessions is doing now. Raises Unavailable when tmux cannot be asked."""
        listing = self._tmux.list()
        now = self._clock.now()
        caches = {key: self._cache(key) for key in keys}
        for cache in caches.values():
            cache.reread()

        panes = _own_panes(listing, caches)
        self._capture(panes, caches, now)
        observes_again = self._observed_before
        usages = self._process_usage(panes, caches, now)
        observations = self._observations(caches, panes, listing, usages)
        if not observes_again:
            return observations

        return {key: self._with_usage(key, caches[key], seen, now) for key, seen in observations.items()}

    def usage(self, key: SessionKey) -> UsageReading:
        """What the session has used by now, read to the end of its files."""
        cache = SessionCache(folder_of(self._home, key))
        cache.reread()
        usage = cache.kept_usage(self._user_home)
        if usage is None or cache.launch is None:
            return NOTHING_READ

        return usage.read_all(self._channels.of(key, cache.folder, cache.launch))

    def _with_usage(
        self, key: SessionKey, cache: SessionCache, seen: SessionObservation, now: Moment
    ) -> SessionObservation:
        """The observation with what the session has used, where its program tells that."""
        usage = cache.kept_usage(self._user_home)
        if usage is None or cache.launch is None:
            return seen

        chain = self._channels.of(key, cache.folder, cache.launch)
        return replace(seen, usage=usage.follow(chain, now))

    def _observations(
        self,
        caches: dict[SessionKey, SessionCache],
        panes: dict[SessionKey, Pane],
        listing: Listing,
        usages: Mapping[SessionKey, Usage],
    ) -> Mapping[SessionKey, SessionObservation]:
        """The observation of each session, with or without a pane."""
        observations: dict[SessionKey, SessionObservation] = {}
        for key, cache in caches.items():
            pane = panes.get(key)
            if pane is None:
                observations[key] = _absent(cache, listing)
            else:
                observations[key] = self._present(key, cache, pane, usages.get(key))

        return observations

    def _cache(self, key: SessionKey) -> SessionCache:
        """What was read of a session before; new at its first observation."""
        cache = self._caches.get(key)
        if cache is None:
            cache = self._caches[key] = SessionCache(folder_of(self._home, key))

        return cache

    def _capture(
        self, panes: Mapping[SessionKey, Pane], caches: Mapping[SessionKey, SessionCache], now: Moment
    ) -> None:
        """Capture the screens that may have changed."""
        changed = {key: pane for key, pane in panes.items() if caches[key].may_have_changed(pane)}
        texts = self._tmux.capture(list(changed.values()), os.urandom(8).hex())
        for key, pane in changed.items():
            text = texts.get(pane.id)
            if text is not None:
                caches[key].take_screen(pane, text, now)

    def _process_usage(
        self, panes: Mapping[SessionKey, Pane], caches: Mapping[SessionKey, SessionCache], now: Moment
    ) -> Mapping[SessionKey, Usage]:
        """The processes of each session, from the second call on: a verb that observes once does not pay for them."""
        if not self._observed_before:
            self._observed_before = True
            return {}

        if self._usage is None:
            from gitorch.world.terminal.process_usage import ProcessUsage  # noqa: PLC0415  for loops only

            self._usage = ProcessUsage()

        return self._usage.take(_roots(panes, caches), now)

    def _present(self, key: SessionKey, cache: SessionCache, pane: Pane, usage: Usage | None) -> SessionObservation:
        """The observation of a session that has a pane, living or dead."""
        cache.read_screen(pane)
        now = self._clock.now()
        transcript = cache.follow_transcript(self._user_home, now)
        if pane.dead or cache.folder.exit_status() is not None:
            cache.note_ready()
            self._channels.leave(key)
            ended = (AgentState.EXITED, "process: ended")
            return _observation(cache, pane, ended, usage, _requests(cache, transcript, now))

        name, reported = self._reported(key, cache)
        cache.take_hooks()  # a host tells the end of a turn there before its channel does, and an old failure would contradict it
        cache.note_ready()
        signals, shown = _signals(cache, transcript), _shown(cache, pane, usage)
        state = _living_state(cache, readings_below(reported, signals, shown, now), now)
        cache.note_asking(state[0], now)
        observation = _observation(cache, pane, state, usage, _requests(cache, transcript, now))
        skipped = self._skipped(key, cache)
        return with_channel(replace(observation, channel=name, skipped=skipped), reported, now)

    def _reported(self, key: SessionKey, cache: SessionCache) -> tuple[str, ChannelObservation | None]:
        """What the session's channels tell of its state, with the name of the one that does; its terminal's where none can."""
        if cache.launch is None or not cache.launch.preset.channels:
            return TERMINAL, None

        chain = self._channels.of(key, cache.folder, cache.launch)
        found = chain.observe()
        if found is None:
            return TERMINAL, None if chain.skipped else NO_WORD_YET

        if found[1].state in READY:
            cache.ready = True

        return found

    def _skipped(self, key: SessionKey, cache: SessionCache) -> Mapping[str, str]:
        """The channels of a session that do not answer, with the reasons."""
        if cache.launch is None or not cache.launch.preset.channels:
            return {}

        return self._channels.of(key, cache.folder, cache.launch).skipped


def _observation(
    cache: SessionCache, pane: Pane, state: tuple[AgentState, str], usage: Usage | None, requests: int
) -> SessionObservation:
    """What the session's pane and files show, with the state that was judged from them, and its evidence."""
    asks = state[0] is AgentState.DIALOG
    return SessionObservation(
        present=True,
        started=True,
        state=state[0],
        pid=_agent_pid(cache, pane),
        exit_status=cache.folder.exit_status(),
        started_at=_started_at(cache),
        changed_at=Moment(pane.active_at * 1000),
        evidence=state[1],
        screen=_last_lines(cache.screen),
        was_ready=cache.ready,
        conversation=cache.resumable,
        dialog=cache.dialog_name if asks else "",
        asked=cache.asked if asks else "",
        offered=cache.offered if asks else None,
        asking_since=cache.asking_since,
        failure=cache.failure_words if state[0] is AgentState.ERROR else "",
        answered=cache.answered,
        answered_at=cache.answered_at,
        resets_at=cache.resets_at,
        progress_at=cache.progress_at,
        memory_mib=_memory(usage),
        requests=requests,
        broken_hooks=cache.broken_hooks,
        broken_lines=cache.broken_lines,
    )


def _agent_pid(cache: SessionCache, pane: Pane) -> int:
    """The agent's process id; that of the pane's process until the wrapper has written it."""
    if cache.agent is not None:
        return cache.agent[0]

    return pane.pid


def _started_at(cache: SessionCache) -> Moment | None:
    """When the session was started; None where its record is lost."""
    if cache.launch is not None:
        return cache.launch.started_at

    return None


def _memory(usage: Usage | None) -> int:
    """The resident memory of its processes in MiB; 0 where they were not counted."""
    if usage is not None:
        return usage.memory_mib

    return 0


def _signals(cache: SessionCache, transcript: Transcript | None) -> Sequence[StateReading]:
    """What hooks and transcript tell of the state."""
    readings = list(readings_from_hook(cache.hook))
    if transcript is not None and transcript.last is not None:
        readings.append(transcript.last)

    return readings


def _shown(cache: SessionCache, pane: Pane, usage: Usage | None) -> Sequence[StateReading]:
    """What title, processes and screen show of the state."""
    work = ""
    if usage is not None:
        work = usage.sign

    return readings_from_screen(cache.apart, Moment(pane.active_at * 1000), work)


def _living_state(cache: SessionCache, readings: Sequence[StateReading], now: Moment) -> tuple[AgentState, str]:
    """The state of an agent that runs, and its evidence; a limit whose time is over is none."""
    state, evidence = judge(readings, ready_seen=cache.ready, now=now)
    if state is not AgentState.LIMITED or cache.resets_at is None:
        return state, evidence

    if now <= cache.resets_at:
        return state, evidence

    return state_after_limit(cache.dialog)


def _requests(cache: SessionCache, transcript: Transcript | None, now: Moment) -> int:
    """How many hook events or transcript lines came within a minute, whichever are more."""
    events = cache.hooks.within_a_minute(now)
    if transcript is None:
        return events

    return max(events, transcript.rate_meter.within_a_minute(now))


def _own_panes(listing: Listing, caches: Mapping[SessionKey, SessionCache]) -> dict[SessionKey, Pane]:
    """The pane of each session that has one."""
    by_name: dict[str, list[Pane]] = {}
    for pane in listing.panes:
        by_name.setdefault(pane.session, []).append(pane)

    panes: dict[SessionKey, Pane] = {}
    for key, cache in caches.items():
        own = _own_pane(by_name.get(key.name, []), cache.launch)
        if own is not None:
            panes[key] = own

    return panes


def _own_pane(panes: list[Pane], launch: LaunchRecord | None) -> Pane | None:
    """The pane that was started, even where somebody split its window; the first one as long as that is not known."""
    wanted = ""
    if launch is not None:
        wanted = launch.pane

    for pane in panes:
        if not wanted or pane.id == wanted:
            return pane

    return None


def _roots(
    panes: Mapping[SessionKey, Pane], caches: Mapping[SessionKey, SessionCache]
) -> Mapping[SessionKey, tuple[int, Preset]]:
    """The root of each living session's process tree, its pane's process, with the session's preset."""
    roots: dict[SessionKey, tuple[int, Preset]] = {}
    for key, pane in panes.items():
        launch = caches[key].launch
        if launch is not None and not pane.dead:
            roots[key] = (pane.pid, launch.preset)

    return roots


def _absent(cache: SessionCache, listing: Listing) -> SessionObservation:
    """The observation of a session that tmux does not have: never started, or over."""
    launch, agent = cache.launch, cache.agent
    if launch is None or not (launch.pane or agent):
        return SessionObservation(present=False, started=False, state=AgentState.UNKNOWN, evidence="never started")

    pid, state, evidence = _without_terminal(agent)
    return SessionObservation(
        present=False,
        started=True,
        state=state,
        pid=pid,
        exit_status=cache.folder.exit_status(),
        server_gone=_server_is_gone(listing, launch),
        started_at=launch.started_at,
        evidence=evidence,
        screen=cache.folder.output_tail(SCREEN_LINES),
        was_ready=_was_ready(cache),
        conversation=cache.resumable,
        answered=cache.answered,
        answered_at=cache.answered_at,
    )


def _server_is_gone(listing: Listing, launch: LaunchRecord) -> bool:
    """Whether the server that the session was started on is gone."""
    if not listing.server:
        return True

    return launch.server != listing.server


def _was_ready(cache: SessionCache) -> bool:
    """Whether the agent was ever seen ready."""
    if cache.ready:
        return True

    return cache.folder.ready_seen()


def _without_terminal(agent: tuple[int, str] | None) -> tuple[int, AgentState, str]:
    """Process id, state and evidence of an agent whose terminal has ended: it may have left it and run on."""
    if agent is not None and processes.alive(*agent):
        return agent[0], AgentState.UNKNOWN, "process: runs without a terminal"

    return 0, AgentState.EXITED, "process: gone"


def _last_lines(screen: str) -> str:
    """The last lines of a screen, without tmux's notice below a program that ended."""
    lines = [line.rstrip() for line in screen.rstrip().splitlines()]
    if lines and lines[-1].startswith("Pane is dead ("):
        lines = "\n".join(lines[:-1]).rstrip().splitlines()

    return "\n".join(lines[-SCREEN_LINES:])
