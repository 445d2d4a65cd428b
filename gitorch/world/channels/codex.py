"""The control channel to Codex: the app-server that the program in the pane shares with us.

The program starts it beside itself (`world.companion`). Both are clients of it: whoever begins a turn, answers a request or interrupts,
the other one is told. A human at the pane goes on as ever, and what stands half-written in the input stays there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitorch.errors import Unavailable
from gitorch.model.app_server import TextTaken, ThreadsChanged, TokensTold
from gitorch.model.channel import REFUSED, ReceiptGrade
from gitorch.model.observed import AgentState
from gitorch.model.plans.permission import Option
from gitorch.model.values import replace
from gitorch.rules.agent_state.app_server import ThreadView, fold, main_thread, observation_of
from gitorch.text.app_server import read_ids, read_texts, read_thread, read_turns
from gitorch.world.channels.app_server import AppServer
from gitorch.world.channels.codex_usage import CodexUsage
from gitorch.world.terminal.template import CONTROL_SOCKET, SOCKETS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gitorch.model.app_server import Fact, PermissionAsked, Reply, Thread, Turn
    from gitorch.model.channel import ChannelObservation, TokenUsage, UsageLimit
    from gitorch.model.dialog import PermissionRequest
    from gitorch.model.ids import Moment, PromptId
    from gitorch.world.channels.site import ChannelSite

NAME = "codex"
COME_UP_MS = 30_000
"""For how long after the start a server that is not there yet is no fault."""

TAKEN_SECONDS = 3.0
"""How long a turn may take to show that it took a text: Codex runs its hooks before."""

SETTLED_SECONDS = 1.0
REQUEST_SECONDS = 0.5
CUT_SHORT_MS = 1_000
"""After this time a text that was sent before shows in the conversation, or never does: a server handles what came in at once."""

TEXTS_SEARCHED = 100
"""Among how many of the newest items a text that an earlier process sent is looked for."""

BLOCKED = {
    AgentState.WORKING: "the agent works on a turn",
    AgentState.DIALOG: "the agent asks for something",
}


class CodexChannel:
    """One session of Codex. It keeps its connection, and reads what came in without waiting."""

    name = NAME

    def __init__(self, site: ChannelSite) -> None:
        self._site = site
        self._server: AppServer | None = None
        self._view: ThreadView | None = None
        self._usage = CodexUsage(site.launch, self._thread)
        self._joined = False
        """Whether the server tells us of its turns and requests, too, not only of its states."""
        self._is_asking = False
        """Whether it waited for an approval when we last looked."""
        self._looks_again = False
        """Whether a conversation was opened or closed since we looked for ours."""

    def observe(self) -> ChannelObservation | None:
        """The state of the conversation in the pane; None until the program has opened one."""
        view = self._current()
        if view is None:
            return None

        return observation_of(view)

    def pending(self) -> PermissionRequest | None:
        """The oldest request that waits for an answer."""
        view = self._current()
        if view is None or not view.asked:
            return None

        return view.asked[0].request

    def deliver(self, prompt: PromptId, text: str, begun_at: Moment | None) -> str | None:
        """Begin a turn with this text, which carries the prompt's name, so that it is found again."""
        view = self._current()
        if view is None:
            return self._before_conversation()

        client = f"gitorch/{self._site.key.name}/{prompt}"
        if begun_at is not None:
            taken = self._found_before(client, begun_at)
            if taken is not None:
                return _grade(taken, text)

        observation = observation_of(view)
        if observation is None:
            return None

        blocked = BLOCKED.get(observation.state)
        if blocked:
            return f"{REFUSED}{blocked}"

        return self._begin_turn(view.thread.id, client, text)

    def _before_conversation(self) -> str | None:
        """The receipt while there is no conversation: refused as long as the program may still open one, so that nothing is typed."""
        if self._is_young():
            return f"{REFUSED}its conversation is not open yet"

        return None

    def _is_young(self) -> bool:
        """Whether the session was started a moment ago."""
        return self._site.clock.now() <= self._site.launch.started_at + COME_UP_MS

    def _begin_turn(self, thread: str, client: str, text: str) -> str:
        """Begin a turn; on any doubt about what the server made of it, the receipt says so."""
        params = {"threadId": thread, "clientUserMessageId": client, "input": [{"type": "text", "text": text}]}
        try:
            reply = self._call("turn/start", params)
            if reply.error:
                return f"{REFUSED}{reply.error}"

            taken = self._await_taken(client)
        except Unavailable:
            return ReceiptGrade.UNKNOWN

        if taken is None:
            return ReceiptGrade.SUBMITTED

        return _grade(taken, text)

    def _await_taken(self, client: str) -> TextTaken | None:
        """The text as the turn took it; None when the server does not show it in time."""
        limit = self._site.clock.now() + int(TAKEN_SECONDS * 1000)
        while True:
            self._join()
            self._listen(wait_seconds=0.1)
            taken = self._taken(client) or self._recorded(client)
            if taken is not None or self._site.clock.now() > limit:
                return taken

    def _found_before(self, client: str, begun_at: Moment) -> TextTaken | None:
        """A text that an earlier process sent; None when it is certain that it never arrived."""
        while True:
            taken = self._recorded(client)
            if taken is not None or self._site.clock.now() > begun_at + CUT_SHORT_MS:
                return taken

            self._site.clock.sleep(0.1)

    def _taken(self, client: str) -> TextTaken | None:
        """The text of this name among those that we were told of."""
        if self._view is None:
            return None

        return _by_client(self._view.texts, client)

    def _recorded(self, client: str) -> TextTaken | None:
        """The text of this name among the newest that the server keeps."""
        if self._view is None:
            return None

        thread = self._view.thread.id
        params = {"threadId": thread, "limit": TEXTS_SEARCHED, "sortDirection": "desc"}
        return _by_client(tuple(read_texts(thread, self._call("thread/items/list", params).result)), client)

    def answer(self, request: PermissionRequest, option: Option, reason: str) -> str | None:
        """Answer exactly this request. A reason follows as a text in the same turn."""
        view = self._current()
        asked = _asked(view, request)
        if view is None or asked is None:
            return f"{REFUSED}the permission request is not pending any more"

        result = asked.refused if option is Option.REJECT else asked.granted
        self._connected().answer(request.id, result)
        if not self._await_settled(request):
            return f"{REFUSED}the program did not take the answer"

        if reason and option is Option.REJECT:
            self._steer(view, reason)

        return "answered"

    def _await_settled(self, request: PermissionRequest) -> bool:
        """Whether a request is over."""
        limit = self._site.clock.now() + int(SETTLED_SECONDS * 1000)
        while self._site.clock.now() < limit:
            self._listen(wait_seconds=0.1)
            if _asked(self._view, request) is None:
                return True

        return False

    def _steer(self, view: ThreadView, text: str) -> None:
        """Give the turn under way a text; a turn that has ended meanwhile needs none."""
        if view.turn_under_way:
            params = {
                "threadId": view.thread.id,
                "expectedTurnId": view.turn_under_way,
                "input": [{"type": "text", "text": text}],
            }
            self._call("turn/steer", params)

    def interrupt(self) -> str | None:
        """End the turn under way."""
        view = self._current()
        if view is None:
            return None

        turn = view.turn_under_way
        if not turn:
            return f"{REFUSED}no turn is under way"

        reply = self._call("turn/interrupt", {"threadId": view.thread.id, "turnId": turn})
        if reply.error:
            return f"{REFUSED}{reply.error}"

        return "interrupted"

    def usage(self) -> Sequence[TokenUsage] | None:
        """What each conversation of the session has used, by its running total; its files tell what was not told to us."""
        self._current()
        return self._usage.answers(self._site.clock.now())

    def limits(self) -> Sequence[UsageLimit] | None:
        """The windows of the account's limits, as far as the server has told them."""
        view = self._current()
        if view is None or not view.limits:
            return None

        return view.limits

    def close(self) -> None:
        """End the connection."""
        if self._server is not None:
            self._server.close()

        self._server = self._view = None
        self._joined = self._looks_again = self._is_asking = False

    def _current(self) -> ThreadView | None:
        """The view of our conversation with everything that has come in; None until there is one."""
        if self._server is None and not self._has_come_up():
            return None

        self._listen()
        if self._view is None or self._looks_again:
            self._look_for_thread()

        self._join()
        self._await_request()
        return self._view

    def _await_request(self) -> None:
        """Wait a moment for the request of a conversation that has just begun to wait for one: the state may be told first."""
        was_asking, self._is_asking = self._is_asking, self._view is not None and self._view.is_asking
        if self._view is None or not self._is_asking or was_asking:
            return

        limit = self._site.clock.now() + int(REQUEST_SECONDS * 1000)
        while not self._view.asked and self._site.clock.now() < limit:
            self._listen(wait_seconds=0.05)

    def _listen(self, wait_seconds: float = 0.0) -> None:
        """Take in what the server told. Raises Unavailable, and leaves the connection then."""
        try:
            facts = self._connected().facts(wait_seconds)
        except Unavailable:
            self.close()
            raise

        for fact in facts:
            self._take(fact)

    def _take(self, fact: Fact) -> None:
        """Take in one fact."""
        if isinstance(fact, ThreadsChanged):
            self._looks_again = True
        elif isinstance(fact, TokensTold):
            self._usage.take(fact)
        elif self._view is not None:
            self._view = fold(self._view, fact)

    def _has_come_up(self) -> bool:
        """Whether the server is there, or should be."""
        if self._socket().exists():
            return True

        return not self._is_young()

    def _socket(self) -> Path:
        """The socket of the server. In a sandbox Codex makes it in a folder that is the session's own outside."""
        link = self._site.folder.path / CONTROL_SOCKET
        try:
            target = link.readlink()
        except OSError:
            return link

        held = self._site.folder.path / SOCKETS
        if held.is_dir():
            return held / target.name

        return target

    def _connected(self) -> AppServer:
        """The connection, made anew where there is none. Raises Unavailable."""
        if self._server is None:
            self._server = AppServer(self._socket())

        return self._server

    def _call(self, method: str, params: dict[str, Any]) -> Reply:
        """Ask the server. Raises Unavailable, and leaves the connection then."""
        try:
            return self._connected().call(method, params)
        except Unavailable:
            self.close()
            raise

    def _look_for_thread(self) -> None:
        """Find the conversation that the program in the pane holds."""
        self._looks_again = False
        ids = read_ids(self._call("thread/loaded/list", {}).result)
        thread = main_thread([self._thread(one) for one in ids], self._site.launch.cwd)
        if thread is None:
            self._view = None
        elif self._view is None or self._view.thread.id != thread.id:
            self._joined = False
            self._view = ThreadView(thread, self._newest_turn(thread.id))

    def _thread(self, thread: str) -> Thread:
        """One conversation as it is now."""
        found = self._call("thread/read", {"threadId": thread}).result.get("thread")
        return read_thread(found if isinstance(found, dict) else {})

    def _newest_turn(self, thread: str) -> Turn | None:
        """The newest turn of a conversation; None before the first one."""
        params = {"threadId": thread, "limit": 1, "sortDirection": "desc"}
        return next(iter(read_turns(self._call("thread/turns/list", params).result)), None)

    def _join(self) -> None:
        """Have the server tell us of turns and requests, too; it refuses before the first turn."""
        if self._joined or self._view is None:
            return

        thread = self._view.thread.id
        reply = self._call("thread/resume", {"threadId": thread, "excludeTurns": True})
        if reply.error:
            return

        self._joined = True
        self._view = replace(self._view, turn=self._newest_turn(thread))


def _asked(view: ThreadView | None, request: PermissionRequest) -> PermissionAsked | None:
    """The request that waits for an answer, if it is exactly this one."""
    if view is None:
        return None

    for one in view.asked:
        if one.request == request:
            return one

    return None


def _by_client(texts: Sequence[TextTaken], client: str) -> TextTaken | None:
    """The text with this name."""
    for one in texts:
        if one.client == client:
            return one

    return None


def _grade(taken: TextTaken, text: str) -> str:
    """The receipt of a text that a turn has taken."""
    if taken.text == text:
        return ReceiptGrade.ACKNOWLEDGED

    return ReceiptGrade.UNKNOWN
