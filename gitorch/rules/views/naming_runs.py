"""Commands that say which run they mean, for when more than one is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import replace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitorch.model.ids import RunId
    from gitorch.model.view import InboxRow, RunView

ASKING_WHICH = frozenset({"answer", "claim", "handoff", "recover", "verdict"})
"""Verbs that cannot know the run where several are open, and take it as `--run`."""


def with_run(command: str, run: RunId) -> str:
    """A suggested command that means this run whatever else is open."""
    words = command.split(" ")
    return f"{command} --run {run}" if words[1:2] and words[1] in ASKING_WHICH and run not in words else command


def rows_with_runs(rows: Iterable[InboxRow]) -> tuple[InboxRow, ...]:
    """What is asked, each with a command that means its own run."""
    return tuple(replace(row, command=with_run(row.command, row.run)) for row in rows)


def view_with_run(view: RunView) -> RunView:
    """A run whose suggested commands all mean it."""
    commands = tuple(with_run(command, view.id) for command in view.next_commands)
    return replace(view, inbox=rows_with_runs(view.inbox), next_commands=commands)
