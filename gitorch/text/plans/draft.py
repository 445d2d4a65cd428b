"""An epic as it was found in a plan, before anything is said about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value
from gitorch.text.slug import slug

if TYPE_CHECKING:
    from gitorch.model.plan import Task
    from gitorch.text.plans.sections import Named


class Draft(Value):
    """An epic before it is judged: from its heading, its line in a list, or both."""

    path: str
    id: str
    title: str
    line: int
    tasks: tuple[Task, ...]
    needs: tuple[Named, ...] = ()
    allowed: tuple[Named, ...] = ()
    forbidden: tuple[Named, ...] = ()
    closed: bool = False
    issue: str = ""

    @property
    def job(self) -> str:
        """The id that the epic has in a run: its own, or one made from that of its issue, which may hold dots and capitals."""
        return slug(self.id, "epic") if self.issue else self.id
