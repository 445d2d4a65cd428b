"""The problems of one file while it is read: collected instead of raised, so that one reading finds them all."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING

from gitorch.errors import Malformed, Problem
from gitorch.model.counts import counted

if TYPE_CHECKING:
    from collections.abc import Collection

    from gitorch.text.yaml_file import Spot

NAMES_COMPARED_MAX = 200
"""difflib takes tens of microseconds a pair: thousands of unknown names against thousands of known ones must not take minutes."""


@dataclass(slots=True)
class Complaints:
    """Every problem found in one file so far."""

    path: str
    found: list[Problem] = field(default_factory=list)

    def add(self, spot: Spot, message: str, fix: str) -> None:
        """Record one more problem at the beginning of `spot`.

        `message` is a whole sentence; `fix` tells the author what to write instead.
        """
        self.found.append(Problem(self.path, spot.line, spot.column, message, fix))

    def sorted(self) -> tuple[Problem, ...]:
        """All problems in file order.

        A problem that two rules found in the same words is there once.
        """
        return in_file_order(self.found)

    def raise_if_any(self, hint: str = "") -> None:
        """Raise Malformed with all problems, if there are any.

        `hint` is the command that a person types next; it may be empty.
        """
        problems = self.sorted()
        if not problems:
            return

        raise Malformed(f"{self.path} has {counted(len(problems), 'problem')}.", problems, hint)


def in_file_order(problems: Collection[Problem]) -> tuple[Problem, ...]:
    """Problems by line and column, each once.

    Files keep the order in which they first appear, so that the problems of one file stay together.
    """
    paths = list(dict.fromkeys(problem.path for problem in problems))
    unique = dict.fromkeys(problems)
    return tuple(sorted(unique, key=lambda problem: (paths.index(problem.path), problem.line, problem.column)))


def did_you_mean(name: str, known: Collection[str]) -> str:
    """` Did you mean …?`, with a blank before it, so that it follows a sentence.

    Empty when no known name is close. Only the first `NAMES_COMPARED_MAX` names are compared.
    """
    near = nearest(name, known)
    if not near:
        return ""

    return f" Did you mean `{near}`?"


def nearest(name: str, known: Collection[str]) -> str:
    """The known name that is most like this one; empty when none is close."""
    close = get_close_matches(name, [*islice(known, NAMES_COMPARED_MAX)], n=1, cutoff=0.6)
    if not close:
        return ""

    return close[0]
