"""The agent itself: it boots, takes prompts, does a turn for each, and says through its hooks what it is doing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.scripted.brief import CLEARED, Brief, Prompt, prompt_of
from gitorch.scripted.catalogue import perform
from gitorch.scripted.console import BUSY, PROMPT, TITLE_BUSY, TITLE_READY, Interrupted
from gitorch.scripted.context import Quit, TurnContext, TurnFailed, TurnLimited, TurnOver
from gitorch.scripted.defaults import default_steps
from gitorch.scripted.worktree import WorkFailed

if TYPE_CHECKING:
    from gitorch.scripted.client import GitorchClient
    from gitorch.scripted.console import Console
    from gitorch.scripted.script import Script
    from gitorch.scripted.step import Step
    from gitorch.scripted.worktree import Worktree

SHOWN = frozenset({"cleared", "message", "other"})
"""Prompts that ask for nothing: they are shown, unless a turn of the script takes them."""

SHOWN_PROMPT_LINES = 3


class Agent:
    """One session: `job` is what the environment says it is for, `script` how it behaves."""

    def __init__(
        self, console: Console, gitorch: GitorchClient, worktree: Worktree, script: Script, job: str = ""
    ) -> None:
        self._console = console
        self._gitorch = gitorch
        self._worktree = worktree
        self._script = script
        self._job = job

    def run(self, first_prompt: str = "") -> int:
        """Live until the user leaves; answers the exit status. Raises TerminalClosed when the terminal is taken away."""
        try:
            self._boot()
            self._ready()
            self._gitorch.hook("session-start")
            prompt: str | None = first_prompt
            while prompt is not None:
                if prompt:
                    self._turn(prompt)
                prompt = self._console.read_line()
        except Quit as quit_:
            return quit_.status
        finally:
            self._gitorch.hook("session-end")
        return 0

    def _boot(self) -> None:
        self._console.title("scripted")
        context = TurnContext(self._console, self._worktree, self._gitorch, Brief(self._job))
        perform(context, self._script.boot(self._job))
        self._console.line(f"✻ Scripted agent\n  {self._worktree.path}\n")

    def _ready(self) -> None:
        self._console.title(TITLE_READY)
        self._console.row(PROMPT)

    def _turn(self, prompt: str) -> None:
        """One prompt from its echo to the next ready sign; nothing that goes wrong in it ends the program."""
        console = self._console
        console.row("")
        console.line("› " + prompt.replace("\n", "\n  "))
        console.title(TITLE_BUSY)
        console.row(BUSY)
        self._gitorch.hook("prompt", prompt)
        event, last, mark = "stop", "Done.", "  "
        try:
            self._act(prompt_of(prompt, self._worktree.path))
        except TurnOver as over:
            last = str(over)
        except Interrupted:
            last = "Interrupted."
        except (TurnFailed, WorkFailed, OSError) as failure:
            event, last, mark = "error", str(failure), "" if isinstance(failure, TurnLimited) else "■ "
        console.line(f"{mark}{last}\n")
        self._ready()
        self._gitorch.hook(event, last)

    def _act(self, prompt: Prompt) -> None:
        if prompt.kind in SHOWN and not self._script.names(prompt.kind):
            self._show(prompt)
            return
        brief = self._gitorch.brief()
        if not isinstance(brief, Brief):
            raise TurnFailed(f"gitorch brief: {brief.text}")
        self._console.line(f"● Brief of {brief.job} (attempt {brief.attempt}): {brief.title}")
        context = TurnContext(self._console, self._worktree, self._gitorch, brief, prompt.kind)
        perform(context, self._steps(brief, prompt))

    def _steps(self, brief: Brief, prompt: Prompt) -> tuple[Step, ...]:
        turn = self._script.choose(brief, prompt.kind, lambda path: self._worktree.text_at(brief.commit, path))
        if turn is not None:
            return turn.steps
        if prompt.kind in SHOWN:
            self._show(prompt)
            return ()
        return default_steps(brief)

    def _show(self, prompt: Prompt) -> None:
        """Print the words of a prompt that asks for nothing, or only those that clear the work."""
        lines = [line for line in prompt.text.splitlines() if line.strip()]
        clearing = [line for line in lines if CLEARED in line]
        self._console.line("● " + "\n  ".join((clearing or lines)[:SHOWN_PROMPT_LINES]))
