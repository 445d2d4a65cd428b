"""One program in a terminal of its own, without a run around it: what tests of typing, seeing and answering work with."""

from __future__ import annotations

import os
import secrets
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from programs import PROGRAMS
from waiting import until

from gitorch.model.ids import PromptId, RunId, SessionId
from gitorch.model.values import replace
from gitorch.model.work.session import SessionKey
from gitorch.ports.world import Launch
from gitorch.wiring.presets import find_preset
from gitorch.wiring.repository import agent_path
from gitorch.world.clock import SystemClock
from gitorch.world.terminal.terminals import TmuxTerminals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stand_in import StandIn

    from gitorch.model.observed import SessionObservation
    from gitorch.model.plans.runtime import Preset
    from gitorch.ports.world import LaunchSandbox

KEY = SessionKey(RunId("r1"), SessionId("s1"))
START_SECONDS = 200
TURN_SECONDS = 150
"""How long a program may take on a machine that has much else to do; alone it takes a few seconds."""

NEVER = ("refused: the text begins", "refused: the text is")
"""What is said of a text that is never typed; all else that is refused is tried again by the loop."""


class Bench:
    """A program at work in a worktree, as gitorch sees it."""

    def __init__(self, folder: Path, api: StandIn, name: str) -> None:
        self.program = PROGRAMS[name]
        self.preset: Preset = find_preset(self.program.preset, Path("/nowhere"))
        if self.program.command:
            self.preset = replace(self.preset, argv=self.program.command)
        self.settings = self.program.settle(folder / "settings", api.url(name))
        self.api = api
        self.key = KEY
        self.size = ""
        self.cwd = folder / "tree"
        self.socket = f"gitorch-test-{secrets.token_hex(4)}"
        self.terminals = TmuxTerminals(folder / "home", self.socket, SystemClock(), os.environ)
        repo = folder / "repo"
        git(folder, "init", "--quiet", "--initial-branch=main", str(repo))
        git(repo, "commit", "--quiet", "--allow-empty", "--message", "Begin")
        git(repo, "worktree", "add", "--quiet", str(self.cwd), "-b", "work")

    def start(
        self,
        line: str = "",
        *,
        one_shot: bool = False,
        resume: str = "",
        key: SessionKey = KEY,
        sandbox: LaunchSandbox | None = None,
    ) -> None:
        env = {**self.program.env(self.api.url(self.program.name)), **self.settings, "PATH": agent_path(os.environ)}
        env["CLAUDE_CODE_MAX_RETRIES"] = "1"  # ten, with growing pauses, take minutes
        model = (
            "" if self.program.name == "gemini" else "openai/stand-in" if self.program.name == "aider" else "stand-in"
        )
        prompt = PromptId("p0") if line else None
        self.key = key
        launch = Launch(
            key,
            self.preset,
            self.cwd,
            env,
            line,
            prompt,
            model=model,
            resume=resume,
            one_shot=one_shot,
            sandbox=sandbox,
        )
        self.terminals.start(launch)
        if self.size:
            columns, rows = self.size.split("x")
            self.tmux("resize-window", "-t", key.name, "-x", columns, "-y", rows)

    def begin(self, line: str) -> None:
        """Start it with a first prompt, which one that takes none then gets as soon as it is ready."""
        if self.preset.first_prompt != "paste":
            self.start(line)
            return
        self.start()
        self.deliver("p0", line)

    def seen(self) -> SessionObservation:
        return self.terminals.observe([self.key])[self.key]

    def until(self, condition: Callable[[SessionObservation], object], what: str = "") -> SessionObservation:
        def look() -> SessionObservation | None:
            seen = self.seen()
            return seen if condition(seen) else None

        found = until(look, START_SECONDS, 0.1, what=f"{self.program.name}: {what}")
        assert found is not None
        return found  # type: ignore[no-any-return]  # what `until` answers is what the condition did

    def give(self, prompt: str, text: str) -> str:
        """Try once to deliver a text; the receipt."""
        return self.terminals.deliver(self.key, self.preset, PromptId(prompt), text)

    def deliver(self, prompt: str, text: str) -> str:
        """Deliver a text as the loop does, again as long as the program is not ready; the receipt."""
        receipt = ""

        def done() -> bool:
            nonlocal receipt
            receipt = self.give(prompt, text)
            return not receipt.startswith("refused") or receipt.startswith(NEVER)

        try:
            until(done, TURN_SECONDS, 0.3, what=f"{self.program.name} to take {text[:40]!r}")
        except AssertionError as late:
            raise AssertionError(f"{late}: {receipt}\n{self.screen()}") from late
        assert receipt != "unknown", self.screen()
        return receipt

    def screen(self, history: int = 0) -> str:
        return self.terminals.screen(self.key, history)

    def tmux(self, *words: str) -> str:
        """One call of tmux on the bench's own server."""
        return self.terminals._tmux.output(*words)


@contextmanager
def bench(folder: Path, api: StandIn, name: str) -> Iterator[Bench]:
    """A program on a bench of its own; nothing of it is left afterwards."""
    made = Bench(folder, api, name)
    try:
        yield made
    finally:
        made.terminals.stop(made.key)
        made.terminals.close()


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True)
