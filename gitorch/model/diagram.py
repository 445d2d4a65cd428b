"""A workflow as a picture, before anybody draws it: boxes, arrows, and what a box says at a glance."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from gitorch.model.values import Value

if TYPE_CHECKING:
    from gitorch.model.ids import JobId


class ArrowKind(StrEnum):
    """What an arrow says: what comes next, what a review may send back, where a checkpoint leads."""

    NEXT = "next"
    BACK = "back"
    CONTINUE = "continue"
    CANCEL = "cancel"


class Box(Value):
    """One job. `state` is its phase in a run, or empty for a workflow that no run is of; `note` says more about the state."""

    id: JobId
    title: str
    kind: str
    lane: str = ""
    phase: str = ""
    state: str = ""
    note: str = ""


class Arrow(Value):
    """From one box to another. `rounds` is how often a way back may be gone, 0 for every other arrow."""

    start: JobId
    end: JobId
    kind: ArrowKind = ArrowKind.NEXT
    rounds: int = 0


class Diagram(Value):
    """Boxes in the order of the workflow, with the arrows between them."""

    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    phases: tuple[str, ...] = ()
