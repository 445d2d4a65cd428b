"""The context of a step: the terminal, the worktree, gitorch, and the brief of the job."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitorch.scripted.brief import Brief
    from gitorch.scripted.client import GitorchClient
    from gitorch.scripted.console import Console
    from gitorch.scripted.worktree import Worktree

WORD = re.compile(r"\{(head|commit|base|nonce|attempt|job|subject|ran|(?:answer|quoted):[\w-]+)\}")

ANSWER = re.compile(r"\{((?:answer|quoted):[\w-]+)\}")


class TurnOver(Exception):
    """The turn ends as intended: the agent waits for a prompt."""


class TurnFailed(Exception):
    """The turn cannot continue; the message says why. The agent shows it and waits at its prompt."""


class TurnLimited(TurnFailed):
    """The turn ran into a usage limit; the message says until when. It stands above an ordinary prompt."""


class Quit(Exception):
    """The program ends with this exit status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class TurnContext:
    """One turn in progress."""

    ran: str = ""
    """The result of the last `run`, as a sentence."""

    answers: dict[str, str]
    """The answers to the turn's named questions."""

    def __init__(
        self, console: Console, worktree: Worktree, gitorch: GitorchClient, brief: Brief, prompt: str = "brief"
    ) -> None:
        self.console = console
        self.worktree = worktree
        self.gitorch = gitorch
        self.brief = brief
        self.prompt = prompt
        self.answers = {}

    def show(self, text: str) -> None:
        """Print an action: one bullet, further lines indented below it.

        The text may come from a model or a script: the console leaves out control sequences.
        """
        head, *rest = text.split("\n")
        self.console.line("\n".join(["● " + head, *("  " + line for line in rest)]))

    def show_result(self, text: str) -> None:
        """Print the result of an action, indented below the line before."""
        head, *rest = text.split("\n")
        self.console.line("\n".join(["  ⎿ " + head, *("    " + line for line in rest)]))

    def fill(self, text: str) -> str:
        """Replace `{head}`, `{answer:name}` and the like by facts; anything else in braces stays."""
        return WORD.sub(lambda found: self._fact(found.group(1), found.group()), text)

    def fill_answers(self, text: str) -> str:
        """Replace only answers: for the text of files, where `{commit}` may be code."""
        return ANSWER.sub(lambda found: self._fact(found.group(1), found.group()), text)

    def mark(self, place: str, what: str) -> bool:
        """Mark the step at this place of the script in this worktree, for good; true the first time.

        The mark is a file, so it outlives the process. `what` tells several marks of one step apart.
        """
        return self.worktree.mark(self._mark(place, what))

    def marked(self, place: str, what: str) -> bool:
        """Whether `mark` was called, by this process or one before it."""
        return (self.worktree.notes / self._mark(place, what)).exists()

    def _mark(self, place: str, what: str) -> str:
        """The name of the file for a mark. The job is part of it, because jobs may share a worktree."""
        import hashlib  # noqa: PLC0415 - it takes longer to import than all of this module, and most turns mark nothing

        return f"{what}-{hashlib.sha256(os.fsencode(f'{self.brief.job} {place}')).hexdigest()[:16]}"

    def _fact(self, word: str, written: str) -> str:
        """The fact that a word stands for; an unknown answer stays as it is written.

        Only the newest commit is asked of git, and only when a text names it.
        """
        kind, _, name = word.partition(":")
        if kind in {"answer", "quoted"}:
            return self._answer(kind, name, written)

        if kind == "head":
            return self.worktree.head()

        facts = {
            "commit": self.brief.commit,
            "base": self.brief.base,
            "nonce": self.brief.nonce,
            "attempt": str(self.brief.attempt),
            "job": self.brief.job,
            "subject": self.brief.subject,
            "ran": self.ran,
        }
        return facts[kind]

    def _answer(self, kind: str, name: str, written: str) -> str:
        """The answer with this name, as a literal for the kind `quoted`; `written` when no question has the name."""
        if name not in self.answers:
            return written

        answer = self.answers[name]
        if kind == "quoted":
            return _quoted(answer)

        return answer


QUOTED = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"})


def _quoted(text: str) -> str:
    """A string literal that Python, JSON and TOML read alike."""
    return f'"{text.translate(QUOTED)}"'
