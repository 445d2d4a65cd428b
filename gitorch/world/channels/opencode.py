"""The channel to OpenCode: the server of the program in the pane, on loopback, with a password that only this session knows."""

from __future__ import annotations

import base64
import http.client
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitorch.errors import Unavailable
from gitorch.model.channel import NOT_YET, REFUSED, ChannelObservation, ReceiptGrade
from gitorch.model.dialog import PermissionRequest
from gitorch.model.ids import Moment
from gitorch.model.observed import READY, AgentState
from gitorch.model.plans.permission import Option
from gitorch.rules.agent_state.limits import resets_at
from gitorch.text.acp.answers import names_limit
from gitorch.text.acp.messages import number_of, object_of, text_of
from gitorch.text.opencode import (
    BUSY,
    RETRY,
    asked_of,
    holds_text,
    own_session,
    status_of,
    tool_input,
    unsettled_message,
)
from gitorch.world.files import read_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.model.ids import PromptId
    from gitorch.world.channels.site import ChannelSite

CHANNEL = "opencode"
SERVER = "server.json"
"""The file of the preset with the port and the password."""

HOST = "127.0.0.1"
USER = "opencode"
ANSWER_SECONDS = 1.0
BYTES_MAX = 8_000_000
MESSAGES = 10
"""How many of the newest messages are searched for a text."""

OPENING_MS = 90_000
"""How long its server may take to listen: 3 s on a machine that does nothing else, more than 60 s on one with much else to do."""

PATIENCE_MS = 3_000
"""For how long a server that answered before may be silent, as on a machine with much else to do, before nothing is given to it."""

LOOK_MS = 600
"""How long one delivery looks for its text in the conversation."""

LOST_MS = 20_000
"""A text that is not in the conversation after this time may have been lost; nobody knows."""

SETTLE_MS = 5_000
"""How long a text waits after a turn that failed or was interrupted. Before that, OpenCode 1.18.33 may begin no turn with the text."""

POLL_SECONDS = 0.05
REPLIES = {Option.ONCE: "once", Option.REJECT: "reject"}


class OpenCodeChannel:
    """The server of one session. One connection is kept open."""

    def __init__(self, site: ChannelSite) -> None:
        self._site = site
        self._connection: http.client.HTTPConnection | None = None
        self._session = ""
        self._answered_at = Moment(0)
        """When it told its state for the last time."""
        self._limit = ""
        """What the service said of the limit that is under way, and when that was seen first."""
        self._limited_at = Moment(0)
        self._unsettled = ""
        """The message of a turn that failed or is not complete, and when it was seen first."""
        self._unsettled_at = Moment(0)

    @property
    def name(self) -> str:
        """Its name in presets."""
        return CHANNEL

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        """The status and the value of one answer. Raises Unavailable where there is none."""
        server = read_json(self._site.folder.path / SERVER) or {}
        try:
            return self._exchange(server, method, path, body)
        except (OSError, http.client.HTTPException, ValueError, RecursionError) as error:
            self.close()
            raise Unavailable(f"its server does not answer: {error}", hint="gitorch doctor") from error

    def _exchange(self, server: dict[str, Any], method: str, path: str, body: dict[str, Any] | None) -> tuple[int, Any]:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(HOST, number_of(server, "port"), timeout=ANSWER_SECONDS)

        secret = base64.b64encode(f"{USER}:{text_of(server, 'password')}".encode()).decode("ascii")
        headers = {"Authorization": f"Basic {secret}", "Content-Type": "application/json"}
        data = json.dumps(body).encode("ascii") if body is not None else None
        self._connection.request(method, path, data, headers)
        answer = self._connection.getresponse()
        text = answer.read(BYTES_MAX)
        if not text:
            return answer.status, None

        return answer.status, json.loads(text)

    def _list(self, path: str) -> list[Any]:
        value = self._get(path)
        if not isinstance(value, list):
            raise Unavailable(f"its server gives no list for {path}", hint="gitorch doctor")

        return value

    def _get(self, path: str) -> Any:
        """The value at a path. Raises Unavailable for every answer but a good one: a wrong password must not look like rest."""
        status, value = self._call("GET", path)
        if status != http.client.OK:
            raise Unavailable(f"its server answers {path} with {status}", hint="gitorch doctor")

        return value

    def _own(self) -> str:
        """The session that the pane shows; empty before the first prompt."""
        if not self._session:
            launch = self._site.launch
            folder = str(Path(launch.cwd).resolve())
            self._session = own_session(self._list("/session"), folder, launch.started_at, launch.conversation)

        return self._session

    def observe(self) -> ChannelObservation | None:
        """The state by the server's statuses and permission requests; None before the first prompt, and while the server begins or is slow."""
        now = self._site.clock.now()
        try:
            observation = self._observed()
        except Unavailable:
            if now < max(self._site.launch.started_at + OPENING_MS, self._answered_at + PATIENCE_MS):
                return None

            raise

        self._answered_at = now
        return observation

    def _observed(self) -> ChannelObservation | None:
        if not self._own():
            return None

        request = self.pending()
        if request is not None:
            return ChannelObservation(AgentState.DIALOG, f"opencode: asks for {request.tool}", request)

        kind, status = status_of(self._get("/session/status"))
        if kind == RETRY:
            return self._retrying(text_of(status, "message"), Moment(number_of(status, "next")))

        if kind != BUSY:
            return ChannelObservation(AgentState.WAITING, "opencode: idle")

        if self._asks():
            return ChannelObservation(AgentState.DIALOG, "opencode: asks a question")

        return ChannelObservation(AgentState.WORKING, "opencode: busy")

    def _asks(self) -> bool:
        """Whether the agent's own question waits for a person. An OpenCode without such questions has no such path."""
        try:
            return bool(self._list("/question"))
        except Unavailable:
            return False

    def _retrying(self, message: str, tried_at: Moment) -> ChannelObservation:
        """A program that tries again after a failure: limited if the failure names a usage limit, else at work.

        The limit ends when the message says; without a word about that, it may when the program tries again.
        """
        if not names_limit(message):
            return ChannelObservation(AgentState.WORKING, f"opencode: tries again, {message}")

        if message != self._limit:
            self._limit, self._limited_at = message, self._site.clock.now()

        offset = time.localtime(self._limited_at // 1000).tm_gmtoff // 60
        ends_at = resets_at(message, self._limited_at, offset) or tried_at
        return ChannelObservation(AgentState.LIMITED, f"opencode: {message}", resets_at=ends_at)

    def pending(self) -> PermissionRequest | None:
        """The first permission request that waits."""
        for request in self._list("/permission"):
            if isinstance(request, dict) and text_of(request, "id"):
                return self._read_request(request)

        return None

    def _read_request(self, request: dict[str, Any]) -> PermissionRequest:
        call = text_of(object_of(request, "tool"), "callID")
        given: dict[str, Any] = {}
        if call:
            given = tool_input(self._messages(text_of(request, "sessionID")), call)

        text, command = asked_of(request, given)
        return PermissionRequest(
            text_of(request, "id"), text, text_of(request, "permission"), command, self._site.launch.cwd
        )

    def _messages(self, session: str) -> list[Any]:
        return self._list(f"/session/{session}/message?limit={MESSAGES}")

    def deliver(self, prompt: PromptId, text: str, started_at: Moment | None) -> str | None:  # noqa: ARG002  the text is looked for
        """Begin a turn with the text; None before the first prompt, which belongs to no session yet."""
        if started_at is not None:
            return self._found(text, started_at)

        known, self._session = self._session, ""  # the human may have begun another one
        state = self.observe()
        if state is None:
            return _without_state(known)

        if state.state not in READY:
            return f"{REFUSED}the agent's state is {state.state} ({state.evidence})"

        now = self._site.clock.now()
        if self._has_just_ended(now):
            return f"{REFUSED}its turn has only just ended"

        self._send(text)
        return self._found(text, now)

    def _has_just_ended(self, now: Moment) -> bool:
        """Whether the newest turn failed, or its message is not complete, and that was seen first a moment ago."""
        message = unsettled_message(self._messages(self._own()))
        if message != self._unsettled:
            self._unsettled, self._unsettled_at = message, now

        return bool(message) and now < self._unsettled_at + SETTLE_MS

    def _send(self, text: str) -> None:
        """Give the server the text. Raises Unavailable only where it refused it; whether it took an unanswered one is looked for."""
        status = http.client.NO_CONTENT
        path = f"/session/{self._own()}/prompt_async"
        try:
            status, _ = self._call("POST", path, {"parts": [{"type": "text", "text": text}]})
        except Unavailable:
            return

        if status not in {http.client.OK, http.client.NO_CONTENT}:
            raise Unavailable(f"its server answers a prompt with {status}", hint="gitorch doctor")

    def _found(self, text: str, since: Moment) -> str:
        """The receipt of a text that was sent: acknowledged once it is a message of the conversation."""
        limit = self._site.clock.now() + LOOK_MS
        while True:
            if self._holds(text, since):
                return ReceiptGrade.ACKNOWLEDGED

            now = self._site.clock.now()
            if now > since + LOST_MS:
                return ReceiptGrade.UNKNOWN

            if now > limit:
                return NOT_YET

            self._site.clock.sleep(POLL_SECONDS)

    def _holds(self, text: str, since: Moment) -> bool:
        """Whether the conversation has the text. A server that does not answer now may have it all the same, and is asked again."""
        try:
            return holds_text(self._messages(self._own()), text, since)
        except Unavailable:
            return False

    def answer(self, request: PermissionRequest, option: Option, reason: str) -> str | None:
        """Reply "once" or "reject" to exactly this request, with the reason."""
        if self.pending() != request or option not in REPLIES:
            return f"{REFUSED}the permission request is not pending any more"

        reply = {"reply": REPLIES[option]}
        if reason:
            reply["message"] = reason

        status, _ = self._call("POST", f"/permission/{request.id}/reply", reply)
        if status != http.client.OK:
            return f"{REFUSED}the permission request is not pending any more"

        return "answered"

    def interrupt(self) -> str | None:
        """Abort the turn; None while the server does not tell whether one is under way."""
        observed = self.observe()
        if observed is None:
            return None

        if observed.state in READY:
            return f"{REFUSED}no turn is under way"

        try:
            self._call("POST", f"/session/{self._own()}/abort")
        except Unavailable:
            return self._aborted()

        return "interrupted"

    def _aborted(self) -> str:
        """The result of an interruption that the server did not answer in time. On a slow machine it takes more than a second."""
        limit = self._site.clock.now() + PATIENCE_MS
        while self._site.clock.now() < limit:
            seen = self.observe()
            if seen is not None and seen.state in READY:
                return "interrupted"

            self._site.clock.sleep(POLL_SECONDS)

        return f"{REFUSED}its server has not ended the turn yet"

    def usage(self) -> Sequence[Any] | None:
        """Its database tells more."""
        return None

    def limits(self) -> None:
        """The server does not tell."""

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()

        self._connection = None


def _without_state(session: str) -> str | None:
    """The receipt of a text while the server tells nothing: refused where the program has a session that the text belongs to."""
    if session:
        return f"{REFUSED}its server does not answer now"

    return None
