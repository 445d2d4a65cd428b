"""Suggested commands with `--run`, for when more than one run is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import replace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitorch.model.ids import RunId
    from gitorch.model.view import InboxRow, RunView

NEED_RUN = frozenset(
    {
        "answer",
        "attach",
        "claim",
        "decide",
        "findings",
        "handoff",
        "heartbeat",
        "peek",
        "publish",
        "recover",
        "release",
        "report",
        "retry",
        "verdict",
        "why",
    }
)
"""Verbs that cannot tell which run is meant when several are open, and take `--run`."""


BRACKET = "(gitorch "


def with_run(command: str, run: RunId) -> str:
    """A suggested `gitorch` command that means this run, whatever other runs are open."""
    words = command.split(" ")
    if run in words:
        return command

    verb = words[1:2]
    if verb and verb[0] in NEED_RUN:
        return f"{command} --run {run}"

    return command


def text_with_run(text: str, run: RunId) -> str:
    """A text whose commands mean this run: those that stand in brackets, `(gitorch peek api)`."""
    before, *parts = text.split(BRACKET)
    for part in parts:
        command, bracket, after = part.partition(")")
        named = with_run(f"gitorch {command}", run).removeprefix("gitorch ")
        before += f"{BRACKET}{named}{bracket}{after}"

    return before


def rows_with_runs(rows: Iterable[InboxRow]) -> tuple[InboxRow, ...]:
    """Inbox rows whose commands name their own run, also those of the question."""
    return tuple(
        replace(
            row,
            text=text_with_run(row.text, row.run),
            command=with_run(row.command, row.run),
            others=tuple(with_run(command, row.run) for command in row.others),
        )
        for row in rows
    )


def view_with_run(view: RunView) -> RunView:
    """A view of a run whose suggested commands all name that run."""
    return replace(
        view,
        inbox=rows_with_runs(view.inbox),
        next_commands=tuple(with_run(command, view.id) for command in view.next_commands),
    )
