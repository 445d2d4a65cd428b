"""The agent itself: it boots, takes prompts, does a turn for each, and says through its hooks what it is doing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.scripted.brief import CLEARED, Brief, Letter, read_letter
from gitorch.scripted.catalogue import perform
from gitorch.scripted.console import BUSY, PROMPT, TITLE_BUSY, TITLE_READY, Interrupted
from gitorch.scripted.defaults import default_steps
from gitorch.scripted.scene import Quit, Scene, TurnFailed, TurnLimited, TurnOver
from gitorch.scripted.worktree import WorkFailed

if TYPE_CHECKING:
    from gitorch.scripted.console import Console
    from gitorch.scripted.desk import Desk
    from gitorch.scripted.script import Script
    from gitorch.scripted.step import Step
    from gitorch.scripted.worktree import Worktree

SHOWN = frozenset({"cleared", "message", "prompt"})
"""Letters that ask for nothing: they are shown, unless a turn of the script takes them."""

SHOWN_LETTER_LINES = 3


class Agent:
    """One session: `job` is what the environment says it is for, `script` how it behaves."""

    def __init__(self, console: Console, desk: Desk, worktree: Worktree, script: Script, job: str = "") -> None:
        self._console = console
        self._desk = desk
        self._worktree = worktree
        self._script = script
        self._job = job

    def run(self, first_prompt: str = "") -> int:
        """Live until the user leaves; answers the exit status. Raises Gone when the terminal is taken away."""
        try:
            self._boot()
            self._ready()
            self._desk.hook("session-start")
            prompt: str | None = first_prompt
            while prompt is not None:
                if prompt:
                    self._turn(prompt)
                prompt = self._console.read_prompt()
        except Quit as quit_:
            return quit_.status
        finally:
            self._desk.hook("session-end")
        return 0

    def _boot(self) -> None:
        self._console.title("scripted")
        scene = Scene(self._console, self._worktree, self._desk, Brief(self._job))
        perform(scene, self._script.boot(self._job))
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
        self._desk.hook("prompt", prompt)
        event, last, mark = "stop", "Done.", "  "
        try:
            self._act(read_letter(prompt, self._worktree.path))
        except TurnOver as over:
            last = str(over)
        except Interrupted:
            last = "Interrupted."
        except (TurnFailed, WorkFailed, OSError) as failure:
            event, last, mark = "error", str(failure), "" if isinstance(failure, TurnLimited) else "■ "
        console.line(f"{mark}{last}\n")
        self._ready()
        self._desk.hook(event, last)

    def _act(self, letter: Letter) -> None:
        if letter.kind in SHOWN and not self._script.names(letter.kind):
            self._show(letter)
            return
        brief = self._desk.brief()
        if not isinstance(brief, Brief):
            raise TurnFailed(f"gitorch brief: {brief.text}")
        self._console.line(f"● Brief of {brief.job} (attempt {brief.attempt}): {brief.title}")
        scene = Scene(self._console, self._worktree, self._desk, brief, letter.kind)
        perform(scene, self._steps(brief, letter))

    def _steps(self, brief: Brief, letter: Letter) -> tuple[Step, ...]:
        turn = self._script.choose(brief, letter.kind, lambda path: self._worktree.text_at(brief.commit, path))
        if turn is not None:
            return turn.steps
        if letter.kind in SHOWN:
            self._show(letter)
            return ()
        return default_steps(brief)

    def _show(self, letter: Letter) -> None:
        """Print the words of a letter that asks for nothing, or only those that clear the work."""
        lines = [line for line in letter.text.splitlines() if line.strip()]
        clearing = [line for line in lines if CLEARED in line]
        self._console.line("● " + "\n  ".join((clearing or lines)[:SHOWN_LETTER_LINES]))
