"""Claude Code's channel: the state that it keeps in a file for its own process, and its `PermissionRequest` hook.

It takes no prompts this way; those are typed, and its `UserPromptSubmit` hook acknowledges them. What it asks for stands in the
session's file of hook events, and an answer is a file of the session's folder that the hook waits for (`gitorch hook claude SECONDS`).
The dialog shows in the terminal all the while, where a human can answer it as well; the hook is released then.
"""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitorch.errors import Unavailable
from gitorch.model.channel import REFUSED, ChannelObservation, TokenUsage
from gitorch.model.ids import Moment
from gitorch.model.json_text import parse_json
from gitorch.model.observed import AgentState
from gitorch.model.values import Value, replace
from gitorch.rules.agent_state.claude_state import (
    ASKS_FOR_PERMISSION,
    decision,
    read_failure,
    read_request,
    read_state,
    turn_began,
)
from gitorch.rules.agent_state.limits import last_end
from gitorch.text.usage.status_line import StatusLine, read_limits, read_status_line
from gitorch.world import processes
from gitorch.world.files import read_regular, write_own
from gitorch.world.terminal.growing_file import GrowingFile
from gitorch.world.terminal.session_files import OWN_FOLDERS, SIGNALS_BYTES_MAX, TIMESTAMP_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.model.channel import UsageLimit
    from gitorch.model.dialog import PermissionRequest
    from gitorch.model.ids import PromptId
    from gitorch.model.plans.permission import Option
    from gitorch.rules.agent_state.claude_state import ClaudeState, Failure
    from gitorch.world.channels.site import ChannelSite
    from gitorch.world.process import Process

ANSWERS = "answers"
"""The folder of answers, below the session's: one file for each request, named by its id."""

REQUEST_ID = r"[0-9a-f]{16}"
"""The ids that hooks make. An agent can write to the file of signals, and an id becomes the name of a file."""

ANSWERED = "answered"
"""The event by which a hook says that it fetched its answer; its text is the id of the request."""

PATIENCE_MS = 3_000
"""How long the state file may be missing, half-written or of another process before the program counts as silent."""

START_MS = 30_000
"""How long after its start the program may take to write the file for the first time, on a machine that has much else to do."""

REPORT_MS = 4_000
"""How long the hook of a request may take to report it, after its dialog has opened. Alone it takes 0.05 s."""

HOOK_MS = 1_500
"""How long the hook that tells how a turn ended may take after the state file says so. None fires after Escape."""

SEARCH_MS = 500
"""How often a state file that is not there is looked for; the search reads the table of processes."""

TAKEN_SECONDS = 0.8
"""How long a hook may take to fetch its answer. It looks for it ten times a second."""

COST = "cost"
"""The id under which the cost of a session counts once."""

POLL_SECONDS = 0.05
FILE_BYTES_MAX = 65_536
FILES_MAX = 1_000


class Asked(Value):
    """A hook that waits for an answer."""

    request: PermissionRequest | None
    """What it was called for; None for what no hook can answer."""
    at: Moment
    until: Moment
    """When its hook gives up, so that only the dialog is left."""


class ClaudeChannel:
    """One session of Claude Code."""

    def __init__(self, site: ChannelSite) -> None:
        self._site = site
        self._path: Path | None = None
        self._owner: Process | None = None
        """The process that writes the file."""
        self._missing = "it keeps no state file for its process"
        """Why there is no file to read."""
        self._searched_at = Moment(0)
        self._failing_since: Moment | None = None
        self._signals = GrowingFile(site.folder.signals_path, SIGNALS_BYTES_MAX)
        self._failure: Failure | None = None
        """How the last turn ended, if it failed and nothing has happened since."""
        self._turn_began: Moment | None = None
        """When the turn began whose end no hook has told yet."""
        self._asked: dict[str, Asked] = {}
        self._taken: set[str] = set()

    @property
    def name(self) -> str:
        """Its name in presets."""
        return "claude"

    def deliver(self, prompt: PromptId, text: str, started_at: Moment | None) -> None:
        """It has no way to take a prompt but its input line."""

    def observe(self) -> ChannelObservation | None:
        """The state that its file says. Raises Unavailable when it has said nothing that makes sense for a while."""
        state = self._state()
        if state is None:
            return None

        self._follow_signals()
        self._release(state)
        if self._failure is not None and state.state is AgentState.IDLE:
            return self._failed(self._failure)

        if self._hook_follows(state):
            return ChannelObservation(AgentState.WORKING, f"{state.evidence}, and the hook of its turn is on its way")

        request = self._pending(state)
        return ChannelObservation(state.state, state.evidence, request, request_follows=self._follows(state, request))

    def _hook_follows(self, state: ClaudeState) -> bool:
        """Whether a turn has just ended and its hook, which may tell a failure, has not come yet."""
        began = self._turn_began
        if state.state is not AgentState.IDLE or began is None or state.changed_at < began:
            return False

        if self._site.clock.now() - state.changed_at < HOOK_MS:
            return True

        self._turn_began = None  # somebody pressed Escape
        return False

    def _failed(self, failure: Failure) -> ChannelObservation:
        """How the last turn failed. When a limit ends, the program's words say, or else its status line."""
        if failure.resets_at is None:
            failure = replace(failure, resets_at=last_end(self.limits() or ()))

        return ChannelObservation(failure.state, f"hook: error, {failure.kind}", resets_at=failure.resets_at)

    def pending(self) -> PermissionRequest | None:
        """The request that shows, oldest first, as its hook reported it. Raises Unavailable."""
        observation = self.observe()
        if observation is None:
            return None

        return observation.request

    def _pending(self, state: ClaudeState) -> PermissionRequest | None:
        if state.waits_for != ASKS_FOR_PERMISSION:
            return None

        now = self._site.clock.now()
        for asked in self._asked.values():
            if now < asked.until and asked.request is not None:
                return asked.request

        return None

    def _follows(self, state: ClaudeState, request: PermissionRequest | None) -> bool:
        """Whether the dialog of a request is open and its hook may still be starting."""
        if request is not None or state.waits_for != ASKS_FOR_PERMISSION:
            return False

        return self._site.clock.now() - state.changed_at < REPORT_MS

    def answer(self, request: PermissionRequest, option: Option, reason: str) -> str | None:
        """Lay the answer where the hook of exactly this request fetches it. Raises Unavailable."""
        if self.pending() != request:
            return f"{REFUSED}the permission request is not pending any more"

        del self._asked[request.id]
        self._lay(request.id, decision(option, reason))
        limit = self._site.clock.now() + int(TAKEN_SECONDS * 1000)
        while self._site.clock.now() < limit:
            self._follow_signals()
            if request.id in self._taken:
                return "answered"

            self._site.clock.sleep(POLL_SECONDS)

        # Its hook was killed. From now on the dialog is answered by keys.
        return f"{REFUSED}its hook did not fetch the answer"

    def interrupt(self) -> None:
        """Escape in its terminal ends a turn."""

    def usage(self) -> Sequence[TokenUsage] | None:
        """What the session has cost, as the program tells its status line; its transcript tells the tokens."""
        first, last = self._status_line("-first"), self._status_line("")
        if first is None or last is None:
            return None

        spent = max(0.0, last.cost_usd - first.cost_usd)
        return (TokenUsage(id=COST, source=self.name, model=first.model, at=self._site.clock.now(), cost_usd=spent),)

    def _status_line(self, which: str) -> StatusLine | None:
        """The cost in what was kept of the status line; None where that names none."""
        return read_status_line(self._kept_status_line(which))

    def limits(self) -> Sequence[UsageLimit] | None:
        """How far the windows of a subscription are used up, as the program tells its status line; None with an API key."""
        return read_limits(self._kept_status_line("")) or None

    def _kept_status_line(self, which: str) -> str:
        """What its hook kept of the status line; empty where that is nothing."""
        data = read_regular(self._site.folder.path / f"status-line{which}", FILE_BYTES_MAX) or b""
        return data.decode("utf-8", "replace")

    def close(self) -> None:
        """Nothing is open."""

    def _state(self) -> ClaudeState | None:
        """What the file of this very process says; None for a moment without one. Raises Unavailable after `PATIENCE_MS`."""
        now = self._site.clock.now()
        fault, state = self._read(now)
        if state is not None:
            self._failing_since = None
            return state

        if self._failing_since is None:
            self._failing_since = now
            if self._owner is None:
                self._failing_since = Moment(self._site.launch.started_at + START_MS)

        if now - self._failing_since >= PATIENCE_MS:
            raise Unavailable(f"Claude Code tells no state: {fault}")

        return None

    def _read(self, now: Moment) -> tuple[str, ClaudeState | None]:
        """What the file says, or why that is nothing to rely on."""
        if self._path is None and now - self._searched_at >= SEARCH_MS:
            self._searched_at = now
            self._search()

        if self._path is None or self._owner is None:
            return self._missing, None

        state = _state_in(self._path)
        if state is None or not _writes(self._owner, state):
            self._path = None
            self._missing = "its state file is gone, cut off or of another process"
            return self._missing, None

        if state.state is AgentState.UNKNOWN:
            return f"its status is {state.status!r}, which is new", None

        return "", state

    def _search(self) -> None:
        """Find the file that the agent's process writes, or a process below it: a wrapper or a sandbox may stand between them."""
        agent = self._site.folder.agent()
        if agent is None or not processes.alive(*agent):
            return

        folder = self._folder(agent[0])
        one = processes.process(agent[0])
        path = folder / f"{agent[0]}.json"
        state = _state_in(path)
        if one is not None and state is not None and _writes(one, state):
            self._path, self._owner = path, one
            return

        self._search_below(agent[0], folder)

    def _folder(self, pid: int) -> Path:
        """The folder of the state files: the session's own in a sandbox, where all programs have the same process ids."""
        own = self._site.folder.path / OWN_FOLDERS / "sessions"
        if own.is_dir():
            return own

        return _config_folder(pid, self._site.user_home) / "sessions"

    def _search_below(self, pid: int, folder: Path) -> None:
        """In a sandbox the program has another process id than outside; its start time is the same."""
        everything = processes.table()
        own = [everything[one] for one in processes.below([pid], everything)]
        for path in list(folder.glob("*.json"))[:FILES_MAX]:
            state = _state_in(path)
            for one in own:
                if state is not None and _writes(one, state):
                    self._path, self._owner = path, one
                    return

    def _follow_signals(self) -> None:
        """Take the hook events that were added: requests, answers that were fetched, and the last one that shows a state."""
        data = self._signals.added()
        if not data:
            return

        for line in data.splitlines():
            self._take(_object(line))

    def _take(self, line: dict[str, Any]) -> None:
        """One line of the file."""
        at, text = line.get("at"), line.get("text")
        if not isinstance(at, int) or not isinstance(text, str) or not 0 <= at < TIMESTAMP_MAX:
            return

        request_id, seconds = line.get("id"), line.get("wait")
        if line.get("event") == ANSWERED:
            self._taken.add(text)
        elif isinstance(seconds, int) and re.fullmatch(REQUEST_ID, str(request_id)):
            until = Moment(at + seconds * 1000)
            self._asked[str(request_id)] = Asked(read_request(str(request_id), text), Moment(at), until)
        elif line.get("event") == "claude":
            self._take_failure(text, Moment(at))
            self._turn_began = turn_began(text, Moment(at), self._turn_began)

    def _take_failure(self, text: str, at: Moment) -> None:
        """The last event tells whether the last turn failed."""
        offset = time.localtime(at // 1000).tm_gmtoff // 60
        self._failure = read_failure(text, at, offset)

    def _release(self, state: ClaudeState) -> None:
        """Release the hooks of requests that were settled in the terminal: the program works or rests again."""
        if state.state is AgentState.DIALOG:
            return

        for request_id, asked in list(self._asked.items()):
            if asked.at < state.changed_at:
                del self._asked[request_id]
                self._lay(request_id, "")

    def _lay(self, request_id: str, text: str) -> None:
        """Write what the hook of a request prints; an empty text ends it without an answer."""
        write_own(self._site.folder.path / ANSWERS / request_id, text.encode())


def _state_in(path: Path) -> ClaudeState | None:
    """What a state file says; None for one that is not there or makes no sense."""
    data = read_regular(path, FILE_BYTES_MAX)
    if data is None:
        return None

    return read_state(data.decode("utf-8", "replace"))


def _writes(one: Process, state: ClaudeState) -> bool:
    """Whether a state file is of this process. Linux counts start times as the file does; elsewhere only the id is compared."""
    if not processes.LINUX:
        return state.pid == one.pid

    return one.started.rpartition("/")[2] == state.started and processes.alive(one.pid, one.started)


def _config_folder(pid: int, user_home: str) -> Path:
    """The folder of the program's configuration, as its environment names it."""
    environment = processes.environment(pid)
    named = environment.get("CLAUDE_CONFIG_DIR", "")
    if named:
        return Path(named)

    return Path(environment.get("HOME", user_home)) / ".claude"


def _object(line: bytes) -> dict[str, Any]:
    """The object on one line; an empty one for a line that holds anything else."""
    try:
        value = parse_json(line)
    except ValueError:
        return {}

    if isinstance(value, dict):
        return value

    return {}
