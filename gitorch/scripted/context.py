"""What a step has to do with: the terminal, the worktree, gitorch, and the brief of the job."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitorch.scripted.brief import Brief
    from gitorch.scripted.client import GitorchClient
    from gitorch.scripted.console import Console
    from gitorch.scripted.worktree import Worktree

WORD = re.compile(r"\{(head|commit|base|nonce|attempt|job|subject|ran|(?:answer|quoted):[\w-]+)\}")

ANSWER = re.compile(r"\{((?:answer|quoted):[\w-]+)\}")


class TurnOver(Exception):
    """The turn ends here, as intended: the agent waits for a prompt."""


class TurnFailed(Exception):
    """The turn cannot go on; the message says why. The agent shows it and waits at its prompt."""


class TurnLimited(TurnFailed):
    """The turn ran into a usage limit; the message says until when. It stands above an ordinary prompt."""


class Quit(Exception):
    """The program ends with this exit status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass
class TurnContext:
    """One turn under way. `answers` are those of the turn's named questions; `ran` is how the last `run` ended."""

    console: Console
    worktree: Worktree
    gitorch: GitorchClient
    brief: Brief
    prompt: str = "brief"
    ran: str = ""
    answers: dict[str, str] = field(default_factory=dict)

    def tell(self, text: str) -> None:
        """Print what the agent does: one bullet, further lines set in below it."""
        head, *rest = text.split("\n")
        self.console.line("\n".join(["● " + head, *("  " + line for line in rest)]))

    def result(self, text: str) -> None:
        """Print what came of it, set in below the line before."""
        head, *rest = text.split("\n")
        self.console.line("\n".join(["  ⎿ " + head, *("    " + line for line in rest)]))

    def fill(self, text: str) -> str:
        """Put facts in the place of `{head}`, `{answer:name}` and the like; anything else in braces stays."""
        return WORD.sub(lambda found: self._fact(found.group(1), found.group()), text)

    def fill_answers(self, text: str) -> str:
        """Put only answers in their places: for the text of files, where `{commit}` may be somebody's code."""
        return ANSWER.sub(lambda found: self._fact(found.group(1), found.group()), text)

    def mark(self, place: str, what: str) -> bool:
        """Mark the step at this place of the script in this worktree, for good; true the first time."""
        return self.worktree.mark(self._mark(place, what))

    def marked(self, place: str, what: str) -> bool:
        """Whether `mark` was called, by this process or one before it."""
        return (self.worktree.notes / self._mark(place, what)).exists()

    def _mark(self, place: str, what: str) -> str:
        return f"{what}-{hashlib.sha256(f'{self.brief.job} {place}'.encode()).hexdigest()[:16]}"

    def _fact(self, word: str, written: str) -> str:
        kind, _, name = word.partition(":")
        if kind in {"answer", "quoted"}:
            answer = self.answers.get(name)
            return written if answer is None else _quoted(answer) if kind == "quoted" else answer
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


def _quoted(text: str) -> str:
    """A string literal that Python, JSON and TOML read alike."""
    escaped = "".join(
        {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}.get(character, character) for character in text
    )
    return f'"{escaped}"'
