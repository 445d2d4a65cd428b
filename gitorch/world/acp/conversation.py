"""One conversation with a program over the Agent Client Protocol, version 1: what to send, what to show, what state it is in.

It does no input or output itself: it gets messages and requests, and calls the three outlets that it was made with. A message that
makes no sense is shown in one line, and changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitorch.model.observed import AgentState
from gitorch.text.acp import messages
from gitorch.text.acp.answers import logged_limit, names_limit, refused_conversation, resuming_method, selected
from gitorch.text.acp.messages import error_text, object_of, read_message, text_of
from gitorch.text.acp.permission import ALLOW_ONCE, read_request
from gitorch.text.acp.updates import CHUNKS, SILENT, chunk_text, request_lines, update_lines
from gitorch.world.acp.turns import HUMAN, Turn, Turns

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitorch.text.acp.messages import Id, Message
    from gitorch.text.acp.permission import Request
    from gitorch.world.acp.outlets import Outlets

COUNTS_KEPT = 1_000
"""Of the turns of one session. A tick reads them within seconds of the end of each."""

CALLS_KEPT = 200
"""Of the tool calls that were reported; a permission request names one and says only what is new."""


class Conversation:
    """One conversation, with a program that was started in `folder`.

    `resume` is the id of an earlier conversation, or empty. `may` decides without a human whether the program may do what it asks.
    """

    def __init__(self, folder: str, resume: str, outlets: Outlets, may: Callable[[Request], bool]) -> None:
        self._state = AgentState.STARTING
        self.evidence = "acp: starting"
        self.id = ""
        self.program = ""
        self.counts: list[dict[str, Any]] = []
        """The counts of tokens that came with the ends of turns, oldest first."""
        self.turns = Turns()
        self.requests: dict[str, Request] = {}
        """The permission requests that wait for an answer, oldest first, by a key that no other request ever has."""
        self._folder = folder
        self._resume = resume
        self._out = outlets
        self._may = may
        self._number = 0
        self._awaited: dict[Id, Callable[[Message], None]] = {}
        self._calls: dict[str, dict[str, Any]] = {}
        self._odd: set[str] = set()

    def begin(self) -> None:
        """Greet the program."""
        capabilities = {"fs": {"readTextFile": False, "writeTextFile": False}, "terminal": False}
        params = {
            "protocolVersion": messages.VERSION,
            "clientCapabilities": capabilities,
            "clientInfo": {"name": "gitorch", "version": "1"},
        }
        self._ask("initialize", params, self._greeted)

    def _ask(self, method: str, params: dict[str, Any], then: Callable[[Message], None]) -> int:
        """Send a request; `then` gets its answer."""
        self._number += 1
        self._awaited[self._number] = then
        self._out.send(messages.request(self._number, method, params))
        return self._number

    def take(self, line: bytes | None) -> None:
        """Take one line that the program wrote; None stands for one that was too long to keep."""
        if line is None:
            self._out.show("! A message of the program was too long and was dropped.")
            return

        if not line.strip():
            return

        try:
            message = read_message(line)
        except ValueError as error:
            text = line.decode("utf-8", "replace")[:400]
            self._out.show(f"! Not a message ({error}): {text}")
            return

        self._dispatch(message)

    def _dispatch(self, message: Message) -> None:
        if not message.method:
            self._take_answer(message)
        elif message.method == "session/update":
            self._take_report(message.params)
        elif message.method == "session/request_permission" and message.id is not None:
            self._take_request(message.id, message.params)
        else:
            self._take_unknown(message)

    def _take_answer(self, message: Message) -> None:
        then = None
        if message.id is not None:
            then = self._awaited.pop(message.id, None)

        if then is None:
            self._say_once(f"! An answer to no request was ignored: id {message.id}")
            return

        then(message)

    def _take_unknown(self, message: Message) -> None:
        """Refuse a request that gitorch does not offer, and ignore a notification that it does not know."""
        if message.id is not None:
            self._out.send(messages.refusal(message.id, messages.UNKNOWN_METHOD, f"gitorch has no {message.method}"))

        self._say_once(f"! The program used {message.method}, which gitorch does not offer.")

    def _say_once(self, text: str) -> None:
        if text not in self._odd and len(self._odd) < CALLS_KEPT:
            self._odd.add(text)
            self._out.show(text)

    def _greeted(self, message: Message) -> None:
        """The program has answered the greeting: begin or resume a conversation."""
        if message.error is not None:
            self._fail(f"The program refused to begin: {error_text(message.error)}")
            return

        version = message.result.get("protocolVersion")
        if version != messages.VERSION:
            self._fail(
                f"The program speaks version {version} of the protocol, and gitorch speaks version {messages.VERSION}."
            )
            return

        info = object_of(message.result, "agentInfo")
        self.program = f"{text_of(info, 'title') or text_of(info, 'name')} {text_of(info, 'version')}".strip()
        self._out.show(f"{self.program or 'The program'} speaks the Agent Client Protocol, version {version}.")
        self._open(object_of(message.result, "agentCapabilities"))

    def _open(self, capabilities: dict[str, Any]) -> None:
        """Resume the conversation where that was asked for and the program can, else begin a new one."""
        place = {"cwd": self._folder, "mcpServers": []}
        if not self._resume:
            self._ask("session/new", place, self._opened)
            return

        method = resuming_method(capabilities)
        if method:
            self._ask(method, {**place, "sessionId": self._resume}, self._resumed)
            return

        self._out.show("! The program cannot resume a conversation; a new one begins.")
        self._ask("session/new", place, self._opened)

    def _resumed(self, message: Message) -> None:
        if message.error is not None:
            self._out.show(f"! The conversation could not be resumed: {error_text(message.error)}. A new one begins.")
            self._ask("session/new", {"cwd": self._folder, "mcpServers": []}, self._opened)
            return

        self._ready(self._resume)

    def _opened(self, message: Message) -> None:
        if message.error is not None:
            self._fail(refused_conversation(message.error))
            return

        id_ = text_of(message.result, "sessionId")
        if not id_:
            self._fail("The program began a conversation without an id.")
            return

        self._ready(id_)

    def _ready(self, id_: str) -> None:
        self.id = id_
        self._enter(AgentState.IDLE, "acp: ready")
        self._out.signal("SessionStart", id_)
        self._next_line()

    def _fail(self, text: str) -> None:
        """Nothing can be asked of the program."""
        self._out.show(f"! {text}")
        self._out.signal("StopFailure", text)
        self._enter(AgentState.ERROR, f"acp: {text}")

    def _enter(self, state: AgentState, evidence: str) -> None:
        self._state = state
        self.evidence = evidence

    @property
    def state(self) -> AgentState:
        """What the program is doing; a permission request that waits stands above the turn that it belongs to."""
        if self.requests:
            return AgentState.DIALOG

        return self._state

    def refusal(self) -> str:
        """Why no prompt may be sent now, as a predicate of the program; empty where one may."""
        if not self.id:
            return f"is {self.state} ({self.evidence})"

        if self.turns.current is not None:
            return f"is {self.state} ({self.evidence})"

        return ""

    def prompt(self, id_: str, text: str) -> str:
        """Send a prompt, once for each id; its receipt, or `refused: <reason>` where it was not sent."""
        known = self.turns.receipts.get(id_)
        if known is not None:
            return known

        reason = self.refusal()
        if reason:
            return f"refused: the agent {reason}"

        self._begin_turn(id_, text)
        return self.turns.receipts[id_]

    def type_line(self, text: str) -> None:
        """Send a line that a human typed, or keep it until the turn has ended."""
        if self.refusal():
            self.turns.waiting.append(text)
            self._out.show("! It waits until the program takes a prompt.")
            return

        self._begin_turn(HUMAN, text)

    def _begin_turn(self, prompt: str, text: str) -> None:
        self._out.show("\n".join(f"» {line}" for line in text.split("\n")))
        content = [{"type": "text", "text": text}]
        request = self._ask("session/prompt", {"sessionId": self.id, "prompt": content}, self._turn_ended)
        self.turns.begin(Turn(prompt, text, request))
        self._enter(AgentState.WORKING, "acp: turn")

    def _take_report(self, params: dict[str, Any]) -> None:
        """A report of this conversation; those of others, such as a helper's of the program, are not shown."""
        if self.id and text_of(params, "sessionId") not in {self.id, ""}:
            return

        self._take_update(object_of(params, "update"))

    def _take_update(self, update: dict[str, Any]) -> None:
        kind = text_of(update, "sessionUpdate")
        if kind in SILENT:
            return

        self._acknowledge(kind)
        if kind in CHUNKS:
            self._take_chunk(kind, chunk_text(update))
            return

        self.turns.take_step()
        self._remember_call(update)
        lines = update_lines(update)
        if lines:
            self._out.show("\n".join(lines))
        elif kind not in {"tool_call", "tool_call_update", "plan"}:
            self._say_once(f"! The program reported {kind or 'nothing'}, which gitorch does not know.")

    def _take_chunk(self, kind: str, text: str) -> None:
        if kind == "agent_message_chunk":
            self.turns.write(text)

        self._out.stream(CHUNKS[kind], text)

    def _acknowledge(self, kind: str) -> None:
        """A report of work after the prompt was sent shows that the turn has begun; a replay of an old message does not."""
        if kind != "user_message_chunk" or self.turns.current is not None:
            self._begun()

    def _begun(self) -> None:
        """The program works on the prompt: only this is told as a hook would tell it, and not that the prompt was sent."""
        if self._state is AgentState.LIMITED and self.turns.current is not None:
            self._enter(AgentState.WORKING, "acp: turn")

        text = self.turns.acknowledge()
        if text:
            self._out.signal("UserPromptSubmit", text)

    def take_log(self, line: str) -> None:
        """Take a line of the program's log. A usage limit that it names is believed during a turn."""
        limit = logged_limit(line)
        if limit and self.turns.current is not None:
            self._enter(AgentState.LIMITED, f"acp: {limit}")

    def _remember_call(self, update: dict[str, Any]) -> None:
        """Keep what a tool call is: a permission request for it may repeat only a part. A new call never inherits from an old one."""
        id_ = text_of(update, "toolCallId")
        if not id_:
            return

        known = {}
        if text_of(update, "sessionUpdate") == "tool_call_update":
            known = self._calls.get(id_, {})

        self._calls[id_] = {**known, **update}
        if len(self._calls) > CALLS_KEPT:
            del self._calls[next(iter(self._calls))]

    def _take_request(self, id_: Id, params: dict[str, Any]) -> None:
        """A permission request: answered at once where it may be, else shown until somebody answers it."""
        self._begun()
        call = object_of(params, "toolCall")
        request = read_request(id_, params, self._calls.get(text_of(call, "toolCallId"), {}))
        self._out.show("\n".join(request_lines(request, call)))
        choice = request.choice(ALLOW_ONCE)
        if choice is not None and self._may(request):
            self._out.show("  allowed: it is part of the work on the worktree")
            self._out.send(messages.answer(id_, selected(choice.id)))
            return

        self._number += 1
        self.requests[f"{self._number}:{id_}"] = request
        self._out.signal("PermissionRequest", request.asked)

    @property
    def pending(self) -> tuple[str, Request] | None:
        """The permission request that waits longest, with its key; None without one."""
        return next(iter(self.requests.items()), None)

    def answer(self, key: str, choice: str, by: str) -> bool:
        """Answer a permission request with one of its choices, by its id; false where it does not wait, or offers no such choice."""
        request = self.requests.get(key)
        if request is None:
            return False

        for offered in request.choices:
            if offered.id == choice:
                del self.requests[key]
                self._out.send(messages.answer(request.id, selected(choice)))
                self._out.show(f"  {offered.name} ({by})")
                self._out.signal("UserPromptSubmit", "")
                return True

        return False

    def cancel(self, by: str) -> bool:
        """Interrupt the turn, and with it every permission request; false where there is none."""
        if self.turns.current is None:
            return False

        self._out.show(f"! Interrupted ({by}).")
        for request in self.requests.values():
            self._out.send(messages.answer(request.id, {"outcome": {"outcome": "cancelled"}}))

        self.requests.clear()

        self._out.send(messages.notification("session/cancel", {"sessionId": self.id}))
        return True

    def _turn_ended(self, message: Message) -> None:
        """The program has answered a prompt: its turn is over, whatever it still asks for."""
        self.requests.clear()
        self._begun()
        count = {"at": self._out.now(), "usage": message.result.get("usage"), "_meta": message.result.get("_meta")}
        self.counts = [*self.counts, count][-COUNTS_KEPT:]
        failure = self.turns.failure
        if message.error is not None:
            failure = error_text(message.error)

        if failure:
            self._turn_failed(failure)
        else:
            self._turn_done(message.result)

        self._out.show("")
        self._next_line()

    def _turn_done(self, result: dict[str, Any]) -> None:
        self.turns.end()
        reason = text_of(result, "stopReason")
        if reason not in {"end_turn", ""}:
            self._out.show(f"! The turn ended early: {reason}")

        self._out.signal("Stop", "")
        self._enter(AgentState.WAITING, f"acp: {reason or 'turn ended'}")

    def _turn_failed(self, text: str) -> None:
        """A turn that an error ended. The program took the prompt all the same, unless it never showed any work on it."""
        self._out.show(f"! {text}")
        self._out.signal("StopFailure", text)
        self.turns.end()
        if names_limit(text):
            self._enter(AgentState.LIMITED, f"acp: {text}")
        else:
            self._enter(AgentState.ERROR, f"acp: {text}")

    def _next_line(self) -> None:
        line = self.turns.next_line()
        if line:
            self._begin_turn(HUMAN, line)
