"""Typing one line into an agent, once, and knowing that it arrived.

The tmux server itself keeps the truth that survives us: the same command list that pastes sets the pane option
`@gitorch_typed` to the prompt, and the one that presses the submit key sets `@gitorch_pressed`. Whoever comes after a
crash reads there what happened, types only what was never typed, and presses only what stands in the input.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.model.ids import Moment
from gitorch.model.observed import AT_PROMPT, READY, AgentState
from gitorch.model.values import Value, replace
from gitorch.rules.agent_state.judge import judge, readings_from_hook, readings_from_screen
from gitorch.rules.agent_state.screen import (
    HOOKS,
    input_is_empty,
    is_above_cursor,
    is_in_input,
    read_screen,
    text_before_cursor,
)
from gitorch.world.terminal.observer import limit_end
from gitorch.world.terminal.receipts import reached, transcript_sizes
from gitorch.world.terminal.session_files import DeliveryRecord

if TYPE_CHECKING:
    from gitorch.model.ids import PromptId
    from gitorch.model.runtime import Preset
    from gitorch.ports.world import Clock
    from gitorch.world.terminal.session_files import LaunchRecord, SessionFolder
    from gitorch.world.terminal.tmux import Pane, Tmux

SHOWN_MS = 2_000
"""How long a program may take to show a pasted line (slowest measured: 0.3 s)."""

LATE_MS = 10_000
"""How long a pasted line may show late, on a machine that is busy; then it is given up, or typed again where it is surely lost."""

LOST_MAX = 3
"""How often a text that was provably lost is typed again."""

CONFIRM_MS = 3_000
"""How long a submission may take to show (slowest proof measured: 0.25 s after the key)."""

SWALLOWED_MS = 700
"""After this long a line that still stands in the input was not submitted: the key was swallowed."""

PROOF_MS = 600_000
"""For how long a better proof is looked for; transcripts grow, and every look reads them."""

PRESSES_MAX = 3
HOOK_GRACE_MS = 1_000
"""How long a better proof is waited for, from a program whose hooks work."""

FIRST_PROMPT_MS = 10_000
"""How long a prompt that was given as an argument may take to be taken up, in a program whose hooks work."""

POLL_SECONDS = 0.04


class PaneObservation(Value):
    """What a pane shows at one moment. `empty` is None where nobody can tell; `ours` says that the line stands in the input.

    `broken` says that it stands there above an empty line: the submit key came too early for a slow program, and broke the line.
    """

    pane: Pane
    state: AgentState
    sign: str
    empty: bool | None
    ours: bool
    broken: bool = False

    @property
    def unsent(self) -> bool:
        """Whether the line stands there and was not submitted."""
        return self.ours or self.broken


class Delivery:
    """One text on its way into one session. Whoever uses it holds the session's typing lock."""

    def __init__(
        self, tmux: Tmux, clock: Clock, folder: SessionFolder, *, launch: LaunchRecord, preset: Preset, user_home: str
    ) -> None:
        self._tmux = tmux
        self._clock = clock
        self._folder = folder
        self._launch = launch
        self._preset = preset
        self._home = user_home
        self._cwd = Path(launch.cwd)
        self._nonce = os.urandom(8).hex()

    def deliver(self, prompt: PromptId, line: str) -> str:
        """Type and submit, or finish what an earlier try began; the receipt, which is kept once it says more than refused."""
        sent = self._folder.sent(prompt)
        if sent is not None and sent.receipt:
            return self.grade(prompt, sent)
        scene = self._scene(line)
        if scene is None:
            return "refused: the session is gone"
        if scene.pane.typed != prompt and scene.ours and sent is not None and sent.lost:
            self._tmux.tell("set-option", "-p", "-t", scene.pane.id, "@gitorch_typed", prompt)
        elif scene.pane.typed != prompt:
            sizes = transcript_sizes(self._preset, self._cwd, self._home)
            sent = DeliveryRecord(line, self._clock.now(), lost=sent.lost if sent is not None else 0, transcripts=sizes)
            if refusal := self._type(scene, prompt, sent):
                return f"refused: {refusal}"
        elif sent is None:
            sent = DeliveryRecord(line, self._launch.started_at)
            self._folder.write_sent(prompt, sent)
        receipt = self._finish(prompt, sent)
        if not receipt.startswith("refused"):
            self._keep(prompt, receipt)
        return receipt

    def grade(self, prompt: PromptId, sent: DeliveryRecord) -> str:
        """The receipt of a text that was typed before, raised to `delivered` when something proves it soon enough."""
        fresh = self._clock.now() < sent.at + PROOF_MS
        if sent.receipt != "delivered" and fresh and self._reached(sent):
            self._keep(prompt, "delivered")
            return "delivered"
        return sent.receipt

    def _keep(self, prompt: PromptId, receipt: str) -> None:
        sent = self._folder.sent(prompt)
        if sent is not None:
            self._folder.write_sent(prompt, replace(sent, receipt=receipt))

    def _reached(self, sent: DeliveryRecord) -> bool:
        return reached(self._folder, sent, self._preset, self._cwd, self._home)

    def _scene(self, line: str) -> PaneObservation | None:
        seen = self._tmux.observe_pane(self._launch.pane, self._nonce)
        if seen is None:
            return None
        pane, screen = seen
        signals = [signal for signal in self._folder.signals() if signal.event in HOOKS]
        told = readings_from_hook(signals[-1] if signals else None)
        apart = read_screen(screen, pane.title, self._preset)
        readings = (*told, *readings_from_screen(apart, Moment(pane.active_at * 1000)))
        state, sign = judge(readings, ready_seen=True, now=self._clock.now())
        ends = limit_end(screen, state, pane.active_at)
        if ends is not None and self._clock.now() > ends:
            state, sign = AgentState.WAITING, "limit: over"
        if pane.dead or self._folder.exit_status() is not None:
            state, sign = AgentState.EXITED, "process"
        left = text_before_cursor(screen, pane.cursor_x, pane.cursor_y)
        empty = input_is_empty(self._preset, left)
        broken = empty is False and is_above_cursor(line, screen, pane.cursor_x, pane.cursor_y)
        return PaneObservation(pane, state, sign, empty, is_in_input(line, left), broken)

    def _why_not(self, scene: PaneObservation) -> str:
        """Why nothing may be typed now; empty when it may."""
        if scene.state not in (AT_PROMPT if scene.empty else READY):
            return f"the agent is {scene.state} ({scene.sign})" if scene.sign else f"the agent is {scene.state}"
        if scene.pane.pid != self._launch.pane_pid:
            return "another program runs in its terminal"
        if scene.pane.in_mode and scene.pane.attached:
            return "somebody is reading its terminal in copy mode"
        if scene.empty is False:
            return "a half-written line stands in its input"
        if self._first_prompt_pending():
            return "its first prompt was not taken up yet"
        if self._warming_up():
            return "its prompt has only just come up"
        return ""

    def _warming_up(self) -> bool:
        """Whether its prompt may stand there before the program can take a text: Gemini CLI asks for pastes in brackets 0.15 s later.

        Until then it takes a paste for single keys, of which some are commands.
        """
        if not self._preset.warm_ms:
            return False
        at, now = self._folder.ready_at(), self._clock.now()
        if at is None:
            self._folder.mark_ready()
        return at is None or 0 <= now - at < self._preset.warm_ms

    def _first_prompt_pending(self) -> bool:
        events = {signal.event for signal in self._folder.signals()}
        young = self._clock.now() - self._launch.started_at < FIRST_PROMPT_MS
        return (
            bool(self._launch.prompt)
            and young
            and bool(events)
            and not events & {"prompt", "stop", "permission", "error"}
        )

    def _type(self, scene: PaneObservation, prompt: PromptId, sent: DeliveryRecord) -> str:
        """Paste the line, marked before and guarded inside the server; why not, or nothing."""
        if refusal := self._why_not(scene):
            return refusal
        pane = scene.pane.id
        if scene.pane.in_mode:
            self._tmux.ask("send-keys", "-t", pane, "-X", "cancel")
        self._folder.write_sent(prompt, sent)
        buffer = f"gitorch-{self._nonce}"
        paste = (
            f"set-option -p -t {pane} @gitorch_typed {prompt} ; paste-buffer -p -r -d -b {buffer} -t {pane} ;"
            " display-message -p typed"
        )
        otherwise = f"delete-buffer -b {buffer} ; display-message -p refused"
        words = ("load-buffer", "-b", buffer, "-", ";", "if-shell", "-F", "-t", pane)
        # A tmux that a killed gitorch had just begun may paste after we looked.
        once = self._guard(f"#{{!=:#{{@gitorch_typed}},{prompt}}}")
        done = self._tmux.ask(*words, once, paste, otherwise, given=sent.line.encode())
        if "typed" in done.out.split():
            return ""
        return "its terminal changed just before the text was typed"

    def _guard(self, *more: str) -> str:
        """A tmux condition, decided in the server in the same step as what it guards.

        `paste-buffer` into a dead pane kills the whole tmux 3.3a server, so no check from outside is early enough.
        """
        condition = f"#{{==:#{{pane_pid}},{self._launch.pane_pid}}}"
        for one in ("#{==:#{pane_dead}#{pane_in_mode},00}", *more):
            condition = f"#{{&&:{condition},{one}}}"
        return condition

    def _press(self, prompt: PromptId) -> bool:
        pane = self._launch.pane
        key = f"set-option -p -t {pane} @gitorch_pressed {prompt} ; send-keys -t {pane} {self._preset.submit_key}"
        guard = self._guard(f"#{{==:#{{@gitorch_typed}},{prompt}}}")
        words = (
            "if-shell",
            "-F",
            "-t",
            pane,
            guard,
            f"{key} ; display-message -p pressed",
            "display-message -p refused",
        )
        return "pressed" in self._tmux.ask(*words).out.split()

    def _finish(self, prompt: PromptId, sent: DeliveryRecord) -> str:
        """Go on from a line that was pasted: see it, press the key, see it gone."""
        scene = self._scene(sent.line)
        if scene is None:
            return "unknown"
        presses = 0
        if scene.pane.pressed != prompt:
            receipt = self._await_shown(prompt, sent)
            if receipt:
                return receipt
            if not self._press(prompt):
                return "refused: its terminal changed just before the submit key"
            presses = 1
        return self._confirm(prompt, sent, presses)

    def _await_shown(self, prompt: PromptId, sent: DeliveryRecord) -> str:
        """Wait until the pasted line may be submitted; empty then, else the receipt.

        The state is read again here, right before the key: Enter approves whatever dialog opened meanwhile. The pause before the
        key counts from the moment the line shows, since a slow program takes a key right after a paste as part of it.
        """
        began = self._clock.now()
        settled = max(began, sent.at + self._preset.settle_ms)
        shown_at: int | None = None
        while True:
            scene, now = self._scene(sent.line), self._clock.now()
            if self._reached(sent):
                return "delivered"
            if scene is None or scene.state is AgentState.EXITED:
                return "refused: the agent ended after the text was typed"
            visible = scene.ours or scene.empty is None
            shown_at = (shown_at or now) if visible else None
            rested = shown_at is not None and now >= shown_at + self._preset.settle_ms
            if rested and scene.state in AT_PROMPT and not scene.pane.in_mode:
                self._folder.write_sent(prompt, replace(sent, shown=True))
                return ""
            blocked = scene.state is AgentState.DIALOG and now >= settled
            if blocked or now > began + SHOWN_MS + self._preset.settle_ms:
                return self._not_shown(prompt, sent, scene)
            self._clock.sleep(POLL_SECONDS)

    def _not_shown(self, prompt: PromptId, sent: DeliveryRecord, scene: PaneObservation) -> str:
        """What became of a line that cannot be submitted.

        All programs tried drop a paste into a dialog. It is lost, and may be typed again, when the program is ready and its
        input empty, and a dialog was seen, or something was written since and the line still does not show; unless it was
        once seen in the input, so that somebody else did something to it. A program that shows nothing at all has it still.
        """
        if scene.state is AgentState.DIALOG and not sent.shown:
            self._folder.write_sent(prompt, replace(sent, blocked=True))
        if scene.state not in AT_PROMPT:
            return f"refused: the agent became {scene.state} after the text was typed; the submit key was not pressed"
        if scene.empty is not True:
            return "refused: the input holds something else beside the text; the submit key was not pressed"
        if sent.shown or sent.lost >= LOST_MAX:
            return "unknown"
        if not sent.blocked and self._clock.now() <= sent.at + LATE_MS:
            return "refused: the text does not show in the input yet"
        if not sent.blocked and scene.pane.active_at * 1000 < sent.at + 1000:
            return "unknown"
        self._tmux.tell("set-option", "-p", "-u", "-t", scene.pane.id, "@gitorch_typed")
        self._folder.write_sent(prompt, replace(sent, lost=sent.lost + 1))
        return "refused: the text was lost and will be typed again"

    def _confirm(self, prompt: PromptId, sent: DeliveryRecord, presses: int) -> str:
        """Wait for a change that only submission explains; press again only while the line provably stands there."""
        began = pressed_at = self._clock.now()
        gone_at: int | None = None
        while True:
            now = self._clock.now()
            if self._reached(sent):
                return "delivered"
            scene = self._scene(sent.line)
            if scene is None or scene.state is AgentState.EXITED:
                return "submitted" if gone_at is not None else "unknown"
            if self._submitted(scene):
                gone_at = gone_at or now
                proof_may_follow = self._folder.signals() or self._preset.transcript
                if not proof_may_follow or now > gone_at + HOOK_GRACE_MS:
                    return "submitted"
            elif now > began + CONFIRM_MS:
                return "typed" if scene.ours else "unknown"
            elif (
                scene.unsent and scene.state in AT_PROMPT and now > pressed_at + SWALLOWED_MS and presses < PRESSES_MAX
            ):
                self._press(prompt)
                presses, pressed_at = presses + 1, now
            self._clock.sleep(POLL_SECONDS)

    @staticmethod
    def _submitted(scene: PaneObservation) -> bool:
        if scene.empty is None:
            return scene.state not in {*AT_PROMPT, AgentState.UNKNOWN}
        return not scene.ours and (scene.empty or scene.state not in AT_PROMPT)
