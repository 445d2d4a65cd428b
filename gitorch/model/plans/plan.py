"""A plan as its file states it, before it is compiled into a workflow. Lines are kept for messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.errors import Problem


class Task(Value):
    """One task of an epic."""

    title: str
    line: int
    done: bool = False
    optional: bool = False
    """Whether the epic is done without it, too."""

    @property
    def text(self) -> str:
        """The title, and `(optional)` behind that of an optional task."""
        if self.optional:
            return f"{self.title} (optional)"
        return self.title


class Pattern(Value):
    """A glob of an epic's scope, at its place in the plan."""

    epic: str
    glob: str
    line: int
    column: int
    forbids: bool = False


class Epic(Value):
    """One epic of a plan."""

    id: str
    """The slug in the heading, or one made from its title."""
    title: str
    line: int
    """The line of the heading."""
    section: str
    """Everything between its heading and its gate: all that its agent gets of the plan."""
    tasks: tuple[Task, ...]
    needs: tuple[str, ...] = ()
    scope_allowed: tuple[str, ...] = ()
    scope_forbidden: tuple[str, ...] = ()
    closed: bool = False
    issue: str = ""
    """Its id in the project's tracker; empty without one."""
    issue_tasks: tuple[str, ...] = ()
    """The open issues below it there."""
    runtime: str = ""
    """The runtime that the plan chooses for it; empty for the configured one."""
    runtime_line: int = 0
    host_labels: tuple[str, ...] = ()
    """The labels that a host must have to work on it."""


class Plan(Value):
    """A parsed plan."""

    path: str
    title: str
    epics: tuple[Epic, ...]
    digest: str
    design: str = ""
    prompt: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    """The settings of its front matter, as strings."""
    problems: tuple[Problem, ...] = ()
    """Empty when the plan may run."""
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Line and column of `design` and of each setting."""
    remarks: tuple[Problem, ...] = ()
    """What has no effect, or what no agent reads; remarks stop nothing."""
    patterns: tuple[Pattern, ...] = ()
    """The usable globs of all scopes."""
    announced: tuple[str, ...] = ()
    """The paths that the sections of its epics name."""
