"""A workflow as a picture, before anybody draws it: boxes, arrows, and what a box says at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value
from gitorch.model.words import Words

if TYPE_CHECKING:
    from gitorch.model.ids import JobId


class ArrowKind(Words):
    """The meaning of an arrow: the next job, the way back from a review, a checkpoint's outcome."""

    NEXT = "next"
    BACK = "back"
    CONTINUE = "continue"
    CANCEL = "cancel"


class Box(Value):
    """One job."""

    id: JobId
    title: str
    kind: str
    lane: str = ""
    phase: str = ""
    state: str = ""
    """The job's phase in a run; empty for a workflow alone."""
    note: str = ""
    """More about the state."""


class Arrow(Value):
    """An arrow from one box to another."""

    start: JobId
    end: JobId
    kind: ArrowKind = ArrowKind.NEXT
    rounds: int = 0
    """How often a way back may be taken; 0 for every other arrow."""


class Diagram(Value):
    """Boxes in the order of the workflow, and the arrows between them."""

    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    phases: tuple[str, ...] = ()
