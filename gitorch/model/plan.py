"""A plan as its file states it, before it is compiled into a workflow. Lines are kept for messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.errors import Problem


class Task(Value):
    """One task of an epic: its words and where they stand."""

    title: str
    line: int
    done: bool = False


class Epic(Value):
    """One epic: `section` is everything between its heading and its gate, which is all that its agent gets.

    `id` is the slug written in the heading or made from its title. `line` is that of the heading, `gate_line` that of its gate.
    `issue` is its id in the project's tracker, `issue_tasks` what is open below it there; both are empty without one.
    """

    id: str
    title: str
    line: int
    section: str
    tasks: tuple[Task, ...]
    needs: tuple[str, ...] = ()
    gate_line: int = 0
    scope_allowed: tuple[str, ...] = ()
    scope_forbidden: tuple[str, ...] = ()
    closed: bool = False
    issue: str = ""
    issue_tasks: tuple[str, ...] = ()


class Plan(Value):
    """A parsed plan. `problems` is empty when it may run. `settings` are what its front matter sets, as strings.

    `places` tells where `design` and each setting stand, as line and column.
    """

    path: str
    title: str
    epics: tuple[Epic, ...]
    digest: str
    design: str = ""
    prompt: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)
