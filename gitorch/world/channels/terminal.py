"""The last channel of every program: its terminal. Texts are typed, dialogs are read from the screen and answered by keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.channel import REFUSED, ChannelObservation
from gitorch.model.dialog import PermissionRequest
from gitorch.model.observed import AgentState
from gitorch.model.plans.permission import Option, PermissionAnswer
from gitorch.model.plans.runtime import TERMINAL
from gitorch.rules.agent_state.permission import permission_request_on
from gitorch.world.terminal.answering import Answering
from gitorch.world.terminal.delivery import Delivery
from gitorch.world.terminal.launch import one_line, unsafe
from gitorch.world.terminal.readiness import PaneReader

if TYPE_CHECKING:
    from gitorch.model.ids import Moment, PromptId
    from gitorch.model.plans.runtime import Preset
    from gitorch.world.channels.site import ChannelSite
    from gitorch.world.terminal.session_files import DeliveryRecord

INTERRUPT_KEYS = ("Escape",)
BY_HAND = "answered through its channel"


class TerminalChannel:
    """The pane of one session. The caller holds the session's typing lock for what presses keys."""

    def __init__(self, site: ChannelSite) -> None:
        self._site = site
        self._preset: Preset = site.launch.preset

    @property
    def name(self) -> str:
        """Its name in presets."""
        return TERMINAL

    def deliver(self, prompt: PromptId, text: str, started_at: Moment | None) -> str | None:  # noqa: ARG002  its own record knows
        """Type one line and submit it, by the rules of `delivery`."""
        line = one_line(text)
        reason = unsafe(line)
        if reason:
            return f"{REFUSED}{reason}"

        return Delivery(self._site).deliver(prompt, line)

    def grade(self, prompt: PromptId, sent: DeliveryRecord) -> str:
        """The receipt of a text that was typed before, raised where a better proof appeared since."""
        return Delivery(self._site).grade(prompt, sent)

    def observe(self) -> ChannelObservation | None:
        """The state that hooks, title and screen show now. A tick reads all screens at once instead (`observer`)."""
        seen = PaneReader(self._site).observe("")
        if seen is None:
            return ChannelObservation(AgentState.EXITED, "process: gone")

        return ChannelObservation(seen.state, seen.sign, self.pending())

    def pending(self) -> PermissionRequest | None:
        """The permission request on the screen, if its whole structure is known."""
        observed = self._site.tmux.observe_pane(self._site.launch.pane, self._site.key.name)
        if observed is None:
            return None

        found = permission_request_on(observed[1], self._preset)
        if found is None:
            return None

        return PermissionRequest(found[0], found[0])

    def answer(self, request: PermissionRequest, option: Option, reason: str) -> str | None:
        """Press the keys of the option, if the screen still asks exactly this. No program takes a reason by keys."""
        answering = Answering(self._site.tmux, self._site.clock, self._site.folder, self._site.launch)
        return answering.answer(PermissionAnswer(request.text, option, reason or BY_HAND))

    def interrupt(self) -> str | None:
        """Press the keys that end a turn, as the preset names them; only in a turn, and not while somebody is attached."""
        seen = PaneReader(self._site).observe("")
        if seen is None or seen.state is not AgentState.WORKING:
            return f"{REFUSED}no turn is under way"

        for key in self._preset.interrupt_keys or INTERRUPT_KEYS:
            if not self._press(key):
                return f"{REFUSED}its program has ended, or somebody is attached to it"

            self._site.clock.sleep(self._preset.settle_ms / 1000)

        return "interrupted"

    def _press(self, key: str) -> bool:
        """Press one key, unless the program has ended or somebody is attached."""
        pane = self._site.launch.pane
        undisturbed = "#{==:#{pane_dead}#{session_attached},00}"
        guard = f"#{{&&:#{{==:#{{pane_pid}},{self._site.launch.pane_pid}}},{undisturbed}}}"
        press = f"send-keys -t {pane} {key} ; display-message -p pressed"
        return "pressed" in self._site.tmux.call_if(pane, guard, press).out.split()

    def usage(self) -> None:
        """A screen does not tell."""

    def limits(self) -> None:
        """A screen does not tell."""

    def close(self) -> None:
        """Nothing is open."""
