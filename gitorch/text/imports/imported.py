"""What an import has read: epics with their tasks and order, the text around them, and all that was left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value
from gitorch.text.slug import epic_id_fault, slug, unused

if TYPE_CHECKING:
    from collections.abc import Collection


class Left(Value):
    """Something that was not carried over, or that changed its meaning."""

    where: str
    """Its place: `tasks.md:12`, or `tasks.json: tasks[3].priority`."""
    message: str


class ImportedEpic(Value):
    """One epic of an imported plan."""

    id: str
    title: str
    body: str
    """Markdown with its tasks as checkboxes, and all text that its agent gets."""
    needs: tuple[str, ...] = ()
    """The ids of the epics that it waits for."""


class Imported(Value):
    """A task list of another tool, as epics."""

    format: str
    title: str
    epics: tuple[ImportedEpic, ...]
    preamble: str = ""
    """Markdown for people: it stands above the first epic, and no agent reads it."""
    design: str = ""
    """The path of a document that the plan is based on; empty without one."""
    left: tuple[Left, ...] = ()


def epic_id(title: str, taken: Collection[str]) -> str:
    """An unused, valid id for an epic with this title.

    Reserved words and titles without ASCII letters get an id that begins with `epic`.
    """
    name = slug(title, "epic")
    if epic_id_fault(name):
        name = slug(f"epic {title}", "epic")

    return unused(name, taken)
