"""Typing one line into an agent, once, and proving that it arrived.

The tmux server keeps the state that survives a crash of ours: the command list that pastes also sets the pane option
`@gitorch_typed` to the prompt, and the one that presses the submit key sets `@gitorch_pressed`. The next process reads
there what happened, types only a text that was never typed, and presses the key only for a text that stands in the input.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.model.ids import PromptId
from gitorch.model.observed import AT_PROMPT, AgentState
from gitorch.model.values import replace
from gitorch.world.terminal.readiness import PaneReader
from gitorch.world.terminal.receipts import PROVEN, proof, transcript_sizes
from gitorch.world.terminal.session_files import DeliveryRecord

if TYPE_CHECKING:
    from gitorch.world.channels.site import ChannelSite
    from gitorch.world.terminal.readiness import PaneObservation

SHOWN_MS = 2_000
"""How long a program may take to show a pasted line (slowest measured: 0.3 s)."""

LATE_MS = 10_000
"""How long a busy machine may take to show a pasted line. After that it counts as lost, and is typed again where that is certain."""

LOST_MAX = 3
"""How often a text that was provably lost is typed again."""

CONFIRM_MS = 3_000
"""How long a submission may take to show (slowest proof measured: 0.25 s after the key)."""

CLEAR_KEY = "C-u"
"""The key that empties the input line in all programs that gitorch types into."""

SWALLOWED_MS = 700
"""A line that still stands in the input after this long was not submitted: the program swallowed the key."""

PROOF_MS = 600_000
"""For how long a better proof is searched for; transcripts grow, and every search reads them."""

PRESSES_MAX = 3
HOOK_GRACE_MS = 1_000
"""How long to wait for a better proof from a program whose hooks work."""

POLL_SECONDS = 0.04


class Delivery:
    """One text on its way into one session. The caller holds the session's typing lock."""

    def __init__(self, site: ChannelSite) -> None:
        self._tmux = site.tmux
        self._clock = site.clock
        self._folder = site.folder
        self._launch = site.launch
        self._preset = site.launch.preset
        self._home = site.user_home
        self._cwd = Path(site.launch.cwd)
        self._buffer = f"gitorch-{os.urandom(8).hex()}"
        self._reader = PaneReader(site)

    def deliver(self, prompt: PromptId, line: str) -> str:
        """Type and submit, or finish an earlier try; answers the receipt, and keeps every receipt but a refusal."""
        sent = self._folder.sent(prompt)
        if sent is not None and sent.receipt:
            return self.grade(prompt, sent)

        observation = self._reader.observe(line)
        if observation is None:
            return "refused: the session has ended"

        if observation.pane.typed == prompt:
            if sent is None:
                sent = self._adopt(prompt, line)

            return self._finish(prompt, sent)

        receipt = self._left_unsent(PromptId(observation.pane.typed)) or self._after_a_loss(observation, prompt, sent)
        if receipt:
            return receipt

        sent = self._new_record(line, sent)
        refusal = self._type(observation, prompt, sent)
        if refusal:
            return f"refused: {refusal}"

        return self._finish(prompt, sent)

    def _left_unsent(self, earlier: PromptId) -> str:
        """Submit an earlier text that still stands in the input, since its keys were swallowed; empty where none does.

        It comes before any other text, which could not be typed beside it. Nothing is pressed while somebody is attached.
        """
        sent = self._folder.sent(earlier)
        if sent is None or sent.receipt != "typed":
            return ""

        observation = self._reader.observe(sent.line)
        if observation is None or observation.pane.attached or not _key_was_swallowed(observation, SWALLOWED_MS + 1):
            return ""

        self._press(earlier)
        self._keep(earlier, self._confirm(earlier, sent, presses=1))
        return "refused: an earlier text stood in the input and is submitted first"

    def _after_a_loss(self, observation: PaneObservation, prompt: PromptId, sent: DeliveryRecord | None) -> str:
        """The receipt of a text that counted as lost and came late, or why it is not typed again now; else an empty string."""
        if sent is None or not sent.lost:
            return ""

        if observation.ours:
            self._tmux.output("set-option", "-p", "-t", observation.pane.id, "@gitorch_typed", prompt)
            return self._finish(prompt, sent)

        # The key that clears the input would remove what a human types there. Below a dialog the text is gone for certain.
        if observation.pane.attached and not sent.blocked:
            return "refused: the text may still come, and somebody is at its terminal"

        return ""

    def _adopt(self, prompt: PromptId, line: str) -> DeliveryRecord:
        """A record of a text that stands typed already although no record of it is left."""
        sent = DeliveryRecord(line, self._launch.started_at)
        self._folder.write_sent(prompt, sent)
        return sent

    def _new_record(self, line: str, earlier: DeliveryRecord | None) -> DeliveryRecord:
        """A record of a text that is about to be typed, for the first time or again."""
        lost = 0
        if earlier is not None:
            lost = earlier.lost

        sizes = transcript_sizes(self._preset, self._cwd, self._home)
        return DeliveryRecord(line, self._clock.now(), lost=lost, transcripts=sizes)

    def grade(self, prompt: PromptId, sent: DeliveryRecord) -> str:
        """The receipt of a text that was typed before, raised when a proof appears soon enough."""
        if sent.receipt in PROVEN or self._clock.now() >= sent.at + PROOF_MS:
            return sent.receipt

        proof = self._proof(sent)
        if not proof:
            return sent.receipt

        self._keep(prompt, proof)
        return proof

    def _keep(self, prompt: PromptId, receipt: str) -> None:
        sent = self._folder.sent(prompt)
        if sent is not None:
            self._folder.write_sent(prompt, replace(sent, receipt=receipt))

    def _proof(self, sent: DeliveryRecord) -> str:
        return proof(self._folder, sent, self._preset, self._cwd, self._home)

    def _type(self, observation: PaneObservation, prompt: PromptId, sent: DeliveryRecord) -> str:
        """Paste the line, recorded before and guarded inside the server; answers why not, or an empty string."""
        refusal = self._reader.refusal(observation)
        if refusal:
            return refusal

        pane = observation.pane.id
        if observation.pane.in_mode:
            self._tmux.call("send-keys", "-t", pane, "-X", "cancel")

        self._folder.write_sent(prompt, sent)
        # A paste of a gitorch that was killed may still have come after our observation.
        conditions = [f"#{{!=:#{{@gitorch_typed}},{prompt}}}"]
        paste = f"paste-buffer -p -r -d -b {self._buffer} -t {pane}"
        if sent.lost and not observation.pane.attached:
            # A program reads in order: where the first paste still comes, this key removes it before the second.
            conditions.append("#{==:#{session_attached},0}")
            paste = f"send-keys -t {pane} {CLEAR_KEY} ; {paste}"

        guard = self._guard(*conditions)
        mark = f"set-option -p -t {pane} @gitorch_typed {prompt}"
        command = f"{mark} ; {paste} ; display-message -p typed"
        result = self._tmux.call_if(
            pane,
            guard,
            command,
            otherwise=f"delete-buffer -b {self._buffer}",
            before=("load-buffer", "-b", self._buffer, "-"),
            given=os.fsencode(sent.line),
        )
        if "typed" in result.out.split():
            return ""

        return "its terminal changed just before the text was typed"

    def _guard(self, *more: str) -> str:
        """A tmux condition: the pane still runs our program, and no mode is on.

        `paste-buffer` into a dead pane kills the whole tmux 3.3a server, so only a check inside the server is early enough.
        """
        condition = f"#{{==:#{{pane_pid}},{self._launch.pane_pid}}}"
        for part in ("#{==:#{pane_dead}#{pane_in_mode},00}", *more):
            condition = f"#{{&&:{condition},{part}}}"

        return condition

    def _press(self, prompt: PromptId) -> bool:
        """Press the submit key for this prompt, and record it in the server in the same step; false when it may not be pressed."""
        pane = self._launch.pane
        guard = self._guard(f"#{{==:#{{@gitorch_typed}},{prompt}}}")
        mark = f"set-option -p -t {pane} @gitorch_pressed {prompt}"
        command = f"{mark} ; send-keys -t {pane} {self._preset.submit_key} ; display-message -p pressed"
        return "pressed" in self._tmux.call_if(pane, guard, command).out.split()

    def _finish(self, prompt: PromptId, sent: DeliveryRecord) -> str:
        """Submit a text that stands typed; answers the receipt, and keeps it unless it is a refusal."""
        receipt = self._submit(prompt, sent)
        if not receipt.startswith("refused"):
            self._keep(prompt, receipt)

        return receipt

    def _submit(self, prompt: PromptId, sent: DeliveryRecord) -> str:
        """Continue after the paste: wait until the line shows, press the key, wait until the line has left."""
        observation = self._reader.observe(sent.line)
        if observation is None:
            return "unknown"

        if observation.pane.pressed == prompt:
            return self._confirm(prompt, sent, presses=0)

        receipt = self._await_shown(prompt, sent)
        if receipt:
            return receipt

        if not self._press(prompt):
            return "refused: its terminal changed just before the submit key"

        return self._confirm(prompt, sent, presses=1)

    def _await_shown(self, prompt: PromptId, sent: DeliveryRecord) -> str:
        """Wait until the pasted line may be submitted; answers the receipt where it may not, else an empty string.

        The state is read again here, right before the key, because Enter approves whatever dialog opened meanwhile. The pause before
        the key counts from the moment the line shows: a slow program takes a key right after a paste as part of it.
        """
        pause = self._preset.settle_ms
        began = self._clock.now()
        hidden_at = began
        while True:
            observation = self._reader.observe(sent.line)
            now = self._clock.now()
            proof = self._proof(sent)
            if proof:
                return proof

            if observation is None or observation.state is AgentState.EXITED:
                return "refused: the agent ended after the text was typed"

            if not observation.shows:
                hidden_at = now

            if now >= hidden_at + pause and observation.takes_submit_key:
                self._folder.write_sent(prompt, replace(sent, shown=True))
                return ""

            if now >= _shown_limit(observation, sent, began, pause):
                return self._not_shown(prompt, sent, observation)

            self._clock.sleep(POLL_SECONDS)

    def _not_shown(self, prompt: PromptId, sent: DeliveryRecord, observation: PaneObservation) -> str:
        """The receipt of a line that cannot be submitted; a line that is lost for certain may be typed again.

        All programs tried drop a paste into a dialog. A line is lost for certain when the program is ready, its input is empty, the line
        was never seen there, and either a dialog was seen, or the program wrote something since and the line still does not show.
        """
        if observation.state is AgentState.DIALOG and not sent.shown:
            self._folder.write_sent(prompt, replace(sent, blocked=True))

        if observation.state not in AT_PROMPT:
            state = observation.state
            return f"refused: the agent became {state} after the text was typed; the submit key was not pressed"

        if observation.empty is not True:
            return "refused: the input holds something else beside the text; the submit key was not pressed"

        if sent.shown or sent.lost >= LOST_MAX:
            return "unknown"

        doubt = self._doubt(sent, observation)
        if doubt:
            return doubt

        self._tmux.output("set-option", "-p", "-u", "-t", observation.pane.id, "@gitorch_typed")
        self._folder.write_sent(prompt, replace(sent, lost=sent.lost + 1))
        return "refused: the text was lost and will be typed again"

    def _doubt(self, sent: DeliveryRecord, observation: PaneObservation) -> str:
        """The receipt of a line that may still show; empty where it is lost for certain."""
        if sent.blocked:
            return ""

        if self._clock.now() <= sent.at + LATE_MS:
            return "refused: the text does not show in the input yet"

        typed_in_second = sent.at + 1000
        if observation.pane.active_at * 1000 < typed_in_second:
            return "unknown"

        return ""

    def _confirm(self, prompt: PromptId, sent: DeliveryRecord, presses: int) -> str:
        """Wait for a change that only submission explains; press again only while the line provably stands there."""
        began = self._clock.now()
        pressed_at = began
        unsent_at = began
        receipt = "unknown"
        while True:
            proof = self._proof(sent)
            if proof:
                return proof

            now = self._clock.now()
            observation = self._reader.observe(sent.line)
            if observation is None or observation.state is AgentState.EXITED:
                return receipt

            if _was_submitted(observation):
                receipt = "submitted"
                if self._proof_is_overdue(now - unsent_at):
                    return receipt

                self._clock.sleep(POLL_SECONDS)
                continue

            unsent_at = now
            if now > began + CONFIRM_MS:
                return _unconfirmed(observation, now < sent.at + LATE_MS)

            if presses < PRESSES_MAX and _key_was_swallowed(observation, now - pressed_at):
                self._press(prompt)
                presses += 1
                pressed_at = now

            self._clock.sleep(POLL_SECONDS)

    def _proof_is_overdue(self, since_submission_ms: int) -> bool:
        """Whether no hook or transcript will prove the delivery, or none did soon enough."""
        if since_submission_ms > HOOK_GRACE_MS:
            return True

        if self._preset.transcript:
            return False

        return not self._folder.signals()


def _unconfirmed(observation: PaneObservation, early: bool) -> str:
    """The receipt of a text whose submission does not show; a slow program may show nothing at all for a while (`early`)."""
    if observation.ours:
        return "typed"

    if early:
        return "refused: the program does not show yet whether it took the text"

    return "unknown"


def _key_was_swallowed(observation: PaneObservation, since_press_ms: int) -> bool:
    """Whether the line stands there so long after the key that the program must have dropped the key."""
    if not observation.unsent or observation.state not in AT_PROMPT:
        return False

    return since_press_ms > SWALLOWED_MS


def _was_submitted(observation: PaneObservation) -> bool:
    """Whether the pane shows what only a submission explains."""
    if observation.empty is None:
        return observation.state not in {*AT_PROMPT, AgentState.UNKNOWN}

    if observation.ours:
        return False

    return observation.empty or observation.state not in AT_PROMPT


def _shown_limit(observation: PaneObservation, sent: DeliveryRecord, began: int, pause: int) -> int:
    """The time until which a pasted line may show; below a dialog it never does, so that nothing waits for it there."""
    if observation.state is AgentState.DIALOG:
        return max(began, sent.at + pause)

    return began + SHOWN_MS + pause
