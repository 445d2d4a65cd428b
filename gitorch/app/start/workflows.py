"""Workflow files as files: read where they lie, with the briefs beside them; whether a repository is around does not matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import NotFound, Refused
from gitorch.text.workflows.file import parse_workflow

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gitorch.model.workflow import Settings, WorkflowSource


def read_workflow(path: Path, shown: str, defaults: Settings, roots: tuple[Path, ...] = ()) -> WorkflowSource:
    """A workflow file with its briefs, which lie beside it or else in one of `roots`.

    Raises NotFound, and Malformed with every problem at its place.
    """
    return parse_workflow(shown, bytes_of(path, shown), briefs_in(path.parent, *roots), defaults)


def briefs_in(*folders: Path) -> Callable[[str], bytes | None]:
    """Reads a brief from the first of these folders that has it; None where none does."""

    def read(said: str) -> bytes | None:
        found = (folder / said for folder in folders)
        return next((brief.read_bytes() for brief in found if brief.is_file()), None)

    return read


def bytes_of(path: Path, shown: str) -> bytes:
    """What a file holds. Raises NotFound where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise NotFound(
            f"{shown} cannot be read: {(error.strerror or 'no such file').lower()}", f"ls {path.parent}"
        ) from error


def write_new(path: Path, shown: str, text: str) -> None:
    """A new file, with the folders above it. Raises Refused where something is there already."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise Refused(f"{shown} is there already and stays as it is", f"rm {shown}") from None
    except OSError as error:
        raise Refused(
            f"{shown} cannot be written: {(error.strerror or str(error)).lower()}", f"ls -ld {path.parent}"
        ) from error
