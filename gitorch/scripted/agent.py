"""The agent: it boots, reads prompts, performs a turn for each, and reports its state through hooks."""

from __future__ import annotations

from contextlib import suppress
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
"""Prompts that ask for no work: they are shown, unless a turn of the script takes them."""

SHOWN_PROMPT_LINES = 3
FAILURE_SIGN = "■ "


class Agent:
    """One session. `job` comes from the environment; `script` defines the behaviour."""

    def __init__(
        self, console: Console, gitorch: GitorchClient, worktree: Worktree, script: Script, job: str = ""
    ) -> None:
        self._console = console
        self._gitorch = gitorch
        self._worktree = worktree
        self._script = script
        self._job = job

    def run(self, first_prompt: str = "") -> int:
        """Boot, perform the first prompt if there is one, then one turn for each prompt until the user leaves.

        Returns the exit status: 0 when the user left, or the status of a step that ended the program. The end of the session
        is reported in either case. Raises TerminalClosed.
        """
        try:
            self._boot()
            self._ready()
            self._gitorch.hook("session-start")
            prompt: str | None = first_prompt

            while prompt is not None:
                if prompt:
                    self._turn(prompt)

                prompt = self._console.read_line()
        except Quit as error:
            return error.status
        finally:
            self._gitorch.hook("session-end")

        return 0

    def _boot(self) -> None:
        """Carry out the boot steps of the script, which know only the job's name, then print the banner."""
        self._console.title("scripted")
        context = TurnContext(self._console, self._worktree, self._gitorch, Brief(self._job))
        with suppress(TurnOver):  # there is no turn yet that could end
            perform(context, self._script.boot(self._job))
        self._console.line(f"✻ Scripted agent\n  {self._worktree.path}\n")

    def _ready(self) -> None:
        """Show the empty prompt, with a title that says so."""
        self._console.title(TITLE_READY)
        self._console.row(PROMPT)

    def _turn(self, prompt: str) -> None:
        """Perform one prompt, from its echo to the next ready sign.

        The hooks report the prompt first and the result last, when the terminal already shows the ready sign. No failure in
        the turn ends the program.
        """
        console = self._console
        console.row("")
        console.line("› " + prompt.replace("\n", "\n  "))
        console.title(TITLE_BUSY)
        console.row(BUSY)
        self._gitorch.hook("prompt", prompt)
        event, sign, message = self._result(prompt)
        console.line(f"{sign}{message}\n")
        self._ready()
        self._gitorch.hook(event, message)

    def _result(self, prompt: str) -> tuple[str, str, str]:
        """Perform the turn; returns the hook's event, the sign before the last line, and its text.

        A turn that ends early, as the script wants or by an interruption, still ends with `stop`. Usage limits and failures
        end with `error`.
        """
        try:
            self._act(prompt_of(prompt, self._worktree.path))
        except TurnOver as error:
            return "stop", "  ", str(error)
        except Interrupted:
            return "stop", "  ", "Interrupted."
        except TurnLimited as error:
            return "error", "", str(error)
        except (TurnFailed, WorkFailed, OSError) as error:
            return "error", FAILURE_SIGN, str(error)

        return "stop", "  ", "Done."

    def _act(self, prompt: Prompt) -> None:
        """Read the brief and carry out the steps for this prompt; a prompt that asks for no work is only shown.

        Raises TurnFailed when gitorch prints no brief.
        """
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
        """The steps of the first turn of the script that fits; the default ones without such a turn.

        For a prompt that asks for no work the default is to show it, which takes no step.
        """
        turn = self._script.choose(brief, prompt.kind, lambda path: self._worktree.text_at(brief.commit, path))
        if turn is not None:
            return turn.steps

        if prompt.kind in SHOWN:
            self._show(prompt)
            return ()

        return default_steps(brief)

    def _show(self, prompt: Prompt) -> None:
        """Print a prompt that asks for no work; of one that clears the work, only the lines that say so."""
        lines = [line for line in prompt.text.splitlines() if line.strip()]
        clearing = [line for line in lines if CLEARED in line]
        shown = clearing or lines
        self._console.line("● " + "\n  ".join(shown[:SHOWN_PROMPT_LINES]))
