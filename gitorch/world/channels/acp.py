"""The channel to a program that speaks the Agent Client Protocol, through the host that runs it in the pane (`world.acp`).

The host shows the state in a file and takes orders on a socket. It sends each prompt once, whoever asks how often, so that a delivery
that was cut short is simply asked for again.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitorch.errors import Unavailable
from gitorch.model.channel import NOT_YET, REFUSED, ChannelObservation, ReceiptGrade, TokenUsage
from gitorch.model.dialog import PermissionRequest
from gitorch.model.ids import Moment
from gitorch.model.observed import AgentState
from gitorch.model.plans.permission import Option
from gitorch.rules.agent_state.limits import resets_at
from gitorch.text.acp.messages import number_of, object_of, objects_of, text_of
from gitorch.text.acp.permission import ALLOW_ONCE, REJECT_ONCE
from gitorch.text.acp.usage import turn_usages
from gitorch.world import processes
from gitorch.world.acp.control import FOLDER, NAME, STATE, ask
from gitorch.world.files import read_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.model.ids import PromptId
    from gitorch.world.channels.site import ChannelSite

CHANNEL = "acp"
OPENING_MS = 15_000
"""How long a host may take to show its state after its start."""

ACKNOWLEDGED_MS = 300
"""How long one call waits for the program's first report on a prompt."""

SUBMITTED_MS = 60_000
"""After this time without a report, the receipt of a prompt is `submitted`."""

COMMAND_MARK = "/"
"""OpenCode drops a text that begins with it and names none of its commands."""

POLL_SECONDS = 0.02
KINDS = {Option.ONCE: ALLOW_ONCE, Option.REJECT: REJECT_ONCE}


class AcpChannel:
    """The host of one session."""

    def __init__(self, site: ChannelSite) -> None:
        self._site = site
        self._folder = site.folder.path / FOLDER

    @property
    def name(self) -> str:
        """Its name in presets."""
        return CHANNEL

    def _state(self) -> dict[str, Any] | None:
        """What the host shows; None while it begins. Raises Unavailable where it has ended, or shows nothing."""
        agent = self._site.folder.agent()
        if agent is not None and not processes.alive(*agent):
            raise Unavailable("the host of its program has ended", hint="gitorch doctor")

        state = read_json(self._folder / STATE)
        if state is not None and _state_of(state) is not None:
            return state

        if self._site.clock.now() > self._site.launch.started_at + OPENING_MS:
            raise Unavailable("the host of its program does not show its state", hint="gitorch doctor")

        return None

    def _ask(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """The host's answer; None where it got the request and gave none in time. Raises Unavailable where it got nothing."""
        try:
            return ask(self._folder / NAME, request)
        except OSError as error:
            raise Unavailable(
                f"the host of its program does not answer: {error.strerror}", hint="gitorch doctor"
            ) from error

    def deliver(self, prompt: PromptId, text: str, started_at: Moment | None) -> str | None:
        """Hand the text to the host, which sends each prompt once; see `ports.channels`."""
        if text.startswith(COMMAND_MARK):
            return f"{REFUSED}the text begins with {COMMAND_MARK!r}, which programs take as a command"

        if self._state() is None:
            return f"{REFUSED}its program is still starting"

        answer = self._ask({"do": "deliver", "prompt": prompt, "text": text})
        if answer is None:
            return ReceiptGrade.UNKNOWN

        receipt = text_of(answer, "receipt") or f"{REFUSED}{text_of(answer, 'reason')}"
        if receipt != ReceiptGrade.SUBMITTED:
            return receipt

        return self._acknowledged(prompt, started_at or self._site.clock.now())

    def _acknowledged(self, prompt: PromptId, sent_at: Moment) -> str:
        """The receipt of a prompt that was sent, as far as the program has reported on it."""
        limit = self._site.clock.now() + ACKNOWLEDGED_MS
        while self._site.clock.now() < limit:
            try:
                state = self._state() or {}
            except Unavailable:
                return NOT_YET  # the host has the text: nobody else may give it

            if text_of(object_of(state, "receipts"), prompt) == ReceiptGrade.ACKNOWLEDGED:
                return ReceiptGrade.ACKNOWLEDGED

            self._site.clock.sleep(POLL_SECONDS)

        if self._site.clock.now() > sent_at + SUBMITTED_MS:
            return ReceiptGrade.SUBMITTED

        return NOT_YET

    def observe(self) -> ChannelObservation | None:
        """The state that the host shows."""
        state = self._state()
        if state is None:
            return None

        agent_state = AgentState(state["state"])
        evidence = text_of(state, "evidence")
        return ChannelObservation(agent_state, evidence, self._request(state), _limit_end(agent_state, state))

    def pending(self) -> PermissionRequest | None:
        """The permission request that waits longest."""
        state = self._state()
        if state is None:
            return None

        return self._request(state)

    def _request(self, state: dict[str, Any]) -> PermissionRequest | None:
        """The request that waits longest. A program that names no folder means the one in which it was started."""
        request = object_of(state, "request")
        if not text_of(request, "key"):
            return None

        return PermissionRequest(
            text_of(request, "key"),
            text_of(request, "asked"),
            text_of(request, "tool"),
            text_of(request, "command"),
            str(Path(self._site.launch.cwd, text_of(request, "folder"))),
        )

    def answer(self, request: PermissionRequest, option: Option, reason: str) -> str | None:
        """Choose "once" or "reject" in exactly this request. The protocol has no place for the reason; the pane shows it."""
        state = self._state()
        if state is None or self._request(state) != request:
            return f"{REFUSED}the permission request is not pending any more"

        choice = _choice(object_of(state, "request"), option)
        if not choice:
            return f"{REFUSED}the program offers no such answer"

        by = "by gitorch"
        if reason:
            by = f"by gitorch: {reason}"

        answer = self._ask({"do": "answer", "request": request.id, "choice": choice, "by": by})
        if answer is None or answer.get("ok") is not True:
            return f"{REFUSED}the permission request is not pending any more"

        return "answered"

    def interrupt(self) -> str | None:
        """Cancel the turn."""
        answer = self._ask({"do": "interrupt"})
        if answer is None or answer.get("ok") is not True:
            return f"{REFUSED}no turn is under way"

        return "interrupted"

    def usage(self) -> Sequence[TokenUsage] | None:
        """What each turn has used; None for a program that does not count turns."""
        state = self._state()
        if state is None:
            return None

        counts = objects_of(state, "counts")
        first = number_of(state, "ended") - len(counts) + 1
        found: list[TokenUsage] = []
        for number, usages in enumerate(turn_usages(text_of(state, "program"), counts), start=first):
            for place, one in enumerate(usages):
                found.append(
                    TokenUsage(
                        id=f"{text_of(state, 'conversation')}:{self._site.key.session}:{number}:{place}",
                        source=CHANNEL,
                        model=one.model,
                        at=Moment(number_of(counts[number - first], "at")),
                        input=one.input,
                        cached=one.cached,
                        cache_write=one.cache_write,
                        output=one.output,
                        reasoning=one.reasoning,
                    )
                )

        return found or None

    def limits(self) -> None:
        """The protocol does not tell."""

    def close(self) -> None:
        """Nothing is open."""


def _state_of(state: dict[str, Any]) -> AgentState | None:
    """The state that a host shows; None for a word that is none."""
    try:
        return AgentState(text_of(state, "state"))
    except ValueError:
        return None


def _choice(request: dict[str, Any], option: Option) -> str:
    """The id of the choice that an option means; empty where the program offers none of its kind."""
    wanted = KINDS.get(option)
    for choice in objects_of(request, "choices"):
        if text_of(choice, "kind") == wanted:
            return text_of(choice, "id")

    return ""


def _limit_end(state: AgentState, shown: dict[str, Any]) -> Moment | None:
    """When the usage limit ends, as the program's error says it."""
    if state is not AgentState.LIMITED:
        return None

    at = number_of(shown, "since")
    return resets_at(text_of(shown, "evidence"), Moment(at), time.localtime(at // 1000).tm_gmtoff // 60)
