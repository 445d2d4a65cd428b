"""The vendors' programs on the stage of the delivery matrix: how each moment comes about with them, and how a person ends it."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from bench import TURN_SECONDS, Bench
from matrix import ARRIVED, BY_CHANNEL
from mind import Cue, Mind
from waiting import until

from gitorch.model.channel import NOT_YET
from gitorch.model.ids import PromptId, RunId, SessionId
from gitorch.model.observed import READY, AgentState
from gitorch.model.plans.permission import Option, PermissionAnswer
from gitorch.model.values import replace
from gitorch.model.work.session import SessionKey
from gitorch.rules.agent_state.permission import PERMISSION
from gitorch.rules.agent_state.screen import input_is_empty, text_before_cursor

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stand_in import StandIn

    from gitorch.model.plans.runtime import Preset

COMMAND = """python3 -c 'import os; os.mkdir("made-by-the-agent")'"""
ESCALATED = {"sandbox_permissions": "require_escalated", "justification": "May I make a folder?"}
"""What makes Codex ask instead of trying in its sandbox first."""

HALF = "a human's half line"
SAID = "Say hello."
BUSY = "Keep working for a while."
BUSY_SECONDS = 25
BEGUN = {*ARRIVED, NOT_YET}
ANSWERS = (
    Cue(r"\AKeep working", says="It takes a while.", seconds=BUSY_SECONDS),
    Cue(r"\AMake a folder", says="I make a folder.", runs=COMMAND, arguments=ESCALATED),
    Cue("", says="Done."),
)


def without(preset: Preset, *words: str) -> Preset:
    """A preset without these words of its command."""
    kept = list(preset.argv)
    start = next(n for n in range(len(kept)) if tuple(kept[n : n + len(words)]) == words)
    return replace(preset, argv=(*kept[:start], *kept[start + len(words) :]))


def untrusting(preset: Preset) -> Preset:
    """A preset that leaves Claude Code to ask whether the folder is trusted."""
    files = {name: text.replace('"hasTrustDialogAccepted": true', '"x": 1') for name, text in preset.files.items()}
    return replace(preset, files=files)


ASKING: dict[str, tuple[Callable[[Preset], Preset], str]] = {
    "claude": (untrusting, "Enter"),
    "codex": (lambda preset: without(preset, "-c", 'projects={"{cwd}"={trust_level="trusted"}}'), "Enter"),
    "gemini": (lambda preset: without(preset, "--skip-trust"), "Enter"),
    "aider": (lambda preset: without(preset, "--no-gitignore"), "Enter"),
}
"""What makes a program show a dialog at its start, and the key with which a person agrees to it; OpenCode has none."""


class VendorStage(Bench):
    """One program of a vendor; started as often as the matrix asks for."""

    def __init__(self, folder: Path, api: StandIn, name: str) -> None:
        super().__init__(folder, api, name)
        self.name = name
        self._starts = 0
        self._usual = self.preset
        api.mind = Mind(*ANSWERS)

    def fresh(self) -> None:
        self._begin(self._usual)
        self.until(lambda seen: seen.state in READY, "its prompt")

    def _begin(self, preset: Preset, line: str = "") -> None:
        if self._starts:
            self.terminals.stop(self.key)
        self._starts += 1
        self.api.log.clear()
        self.preset = preset
        self.start(line, key=SessionKey(RunId(f"r{self._starts}"), SessionId("s1")))

    def begin_with(self, line: str) -> None:
        """Start the program anew with a first prompt. Raises Refused."""
        self._begin(self._usual, line)

    def receipt(self) -> str:
        """The receipt of the first prompt."""
        return self.terminals.receipts(self.key)[PromptId("p0")]

    def warm(self) -> None:
        """Have a turn behind it."""
        if self._starts and self.seen().state in READY and self.turns():
            return
        self.fresh()
        self.deliver("p0", SAID)
        self.turns(ended=1)

    def bring(self, way: str, moment: str) -> None:
        if moment == "dialog open" and way == "first paste":
            self._begin(ASKING[self.program.name][0](self._usual))
            self.until(lambda seen: seen.state is AgentState.DIALOG, "its first dialog")
        elif moment == "dialog open":
            self.deliver("dialog", "Make a folder now.")
            self.until(lambda seen: seen.asked, "a permission prompt")
        elif moment == "busy":
            # What is given is at work at once; by the Agent Client Protocol it is acknowledged only once the model answers.
            until(lambda: self.give("busy", BUSY) in BEGUN, TURN_SECONDS, 0.3, what="work")
            self.until(lambda seen: seen.state is AgentState.WORKING and BUSY in self.turns(), "work")
        elif moment == "half-written line":
            self.tmux("copy-mode", "-q", "-t", self.key.name)  # a channel leaves a human's copy mode alone
            self.until(lambda seen: seen.state in READY, "its prompt")
            self.write_half()
        elif moment == "copy mode":
            self.tmux("copy-mode", "-t", self.key.name)
        elif moment == "just exited":
            os.kill(self.seen().pid, signal.SIGKILL)
            self.until(lambda seen: seen.state is AgentState.EXITED, "its end")

    def write_half(self) -> None:
        """Write half a line into the empty input; again when the program had not drawn it yet and lost it."""

        def written() -> bool:
            if HALF not in self.screen() and self.input_is_empty():
                self.keys("C-u")
                self.keys("-l", HALF)
                self.terminals._clock.sleep(0.5)
            return HALF in self.screen()

        until(written, what="the half line")

    def input_is_empty(self) -> bool:
        """Whether its cursor stands in an input that holds nothing."""
        x, y = map(int, self.tmux("display-message", "-p", "-t", self.key.name, "#{cursor_x} #{cursor_y}").split())
        return bool(input_is_empty(self.preset, text_before_cursor(self.screen(), x, y)))

    def unharmed(self, moment: str) -> None:
        assert self.name in BY_CHANNEL or "is not for you" not in self.screen()
        if moment == "dialog open":
            assert self.seen().state is AgentState.DIALOG
            assert not (self.cwd / "made-by-the-agent").exists()
        elif moment == "half-written line":
            assert HALF in self.screen()
        elif moment == "just exited":
            assert self.seen().present, "the server and its dead pane are there"
        elif moment == "busy":
            assert self.seen().state is AgentState.WORKING

    def over(self, moment: str) -> None:
        if moment == "half-written line":
            self.keys("C-u")
            until(lambda: HALF not in self.screen(), what="an empty line")
        elif moment == "dialog open" and self.seen().dialog == PERMISSION:
            assert self.terminals.answer(self.key, PermissionAnswer(self.seen().asked, Option.ONCE, ".*")) == "answered"
            until((self.cwd / "made-by-the-agent").exists, what="what was allowed")
            (self.cwd / "made-by-the-agent").rmdir()
        elif moment == "dialog open":
            self.agree()
            self.until(lambda seen: seen.state is not AgentState.DIALOG, "the end of its dialog")
        self.until(lambda seen: seen.state in READY, "its prompt again")

    def agree(self) -> None:
        """Agree to the first dialog; Claude Code 2.1.332 has selected `No, exit`, the first of its two choices."""
        if "❯ No, exit" in self.screen():
            self.keys("Down")
            until(lambda: "❯ No, exit" not in self.screen(), what="the other choice")
        self.keys(ASKING[self.program.name][1])

    def turns(self, ended: int = 0) -> list[str]:
        if ended:
            until(lambda: len(self.api.told(self.program.name)) >= ended, TURN_SECONDS, what=f"turn {ended}")
            self.until(lambda seen: seen.state in READY, "its prompt again")
        return self.api.told(self.program.name)

    def keys(self, *words: str) -> None:
        """Press keys as a person does."""
        self.tmux("send-keys", "-t", self.key.name, *words)
