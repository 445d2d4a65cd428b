"""The command line that was typed, with the name that it lacks."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from gitorch.verbs.finding import verb_named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.errors import Usage
    from gitorch.verbs.verb import Verb


def unambiguous(words: Sequence[str], error: Usage) -> str:
    """The typed command with one of the things that it could mean; empty where the words do not show its place."""
    line = list(words)
    if not error.meant:
        return ""
    if error.typed in line:
        line[line.index(error.typed)] = error.meant
    elif not error.typed:
        line += _run_words(line, error.meant)

    if line == list(words) or "--" in line:
        return ""
    return shlex.join(["gitorch", *line])


def _run_words(line: Sequence[str], run: str) -> list[str]:
    """The words by which the verb of a command line takes a run; none for a verb that takes no run."""
    verb = _verb(line)
    if verb is None:
        return []

    for one in verb.parameters:
        if one.name == "run" and one.is_option:
            return ["--run", run]
        if one.completes == "run":
            return [run]

    return []


def _verb(line: Sequence[str]) -> Verb | None:
    """The verb at the beginning of a command line, which may be one of a group."""
    return verb_named(" ".join(line[:2])) or verb_named(line[0])
