"""An epic as the plan states it, before the checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value
from gitorch.text.slug import slug

if TYPE_CHECKING:
    from gitorch.model.plans.plan import Task
    from gitorch.text.plans.sections import Reference


class Draft(Value):
    """An epic before the checks: from its heading, its line in a list, or both."""

    path: str
    id: str
    title: str
    line: int
    tasks: tuple[Task, ...]
    needs: tuple[Reference, ...] = ()
    allowed: tuple[Reference, ...] = ()
    forbidden: tuple[Reference, ...] = ()
    closed: bool = False
    issue: str = ""
    """Its id in the tracker; empty when the tracker does not have it."""
    aliases: tuple[str, ...] = ()
    """Numbers that the plan gives to it beside its id."""
    runtime: str = ""
    """The runtime that the plan chooses for it; empty for the configured one."""
    runtime_line: int = 0
    host_labels: tuple[str, ...] = ()

    @property
    def job(self) -> str:
        """The epic's id in a run.

        Its own id, or a slug of its issue's id, which may contain dots and capitals.
        """
        if self.issue:
            return slug(self.id, "epic")
        return self.id

    @property
    def all_tasks_done(self) -> bool:
        """Whether there are tasks and all of them are done.

        An epic without tasks is not done: its tasks may be missing.
        """
        if not self.tasks:
            return False
        return all(task.done for task in self.tasks)

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do, since the plan says so or since all tasks are done."""
        return self.closed or self.all_tasks_done
