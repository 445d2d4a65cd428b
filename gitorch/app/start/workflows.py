"""Reading and writing workflow files, with the briefs beside them; no repository is needed."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from gitorch.app.start.named_files import read_bytes
from gitorch.errors import Refused
from gitorch.model.path_text import shell_word
from gitorch.text.workflows.file import parse_workflow

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gitorch.model.plans.workflow import Settings, WorkflowSource


def read_workflow(
    path: Path,
    shown: str,
    defaults: Settings,
    roots: tuple[Path, ...] = (),
) -> WorkflowSource:
    """A workflow file with its briefs, which lie beside it or in one of `roots`.

    Raises NotFound, and Malformed with every problem at its place.
    """
    return parse_workflow(shown, read_bytes(path, shown), briefs_in(path.parent, *roots), defaults)


def briefs_in(*folders: Path) -> Callable[[str], bytes | None]:
    """A function that reads a brief from the first of these folders that has it; None where none does."""

    def read(name: str) -> bytes | None:
        for folder in folders:
            brief = folder / name
            if brief.is_file():
                return brief.read_bytes()
        return None

    return read


def write_new(path: Path, shown: str, text: str, again: str) -> None:
    """Write a new file, and the folders above it. Raises Refused where something exists there, or cannot be written.

    `again` is the command that writes it, without the file's name at its end: the hint repeats it with a name that is free.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(path, shown, error) from error
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        hint = f"{again} {shell_word(_free_name(path, shown))}"
        raise Refused(f"{shown} is there already and stays as it is", hint) from None
    except OSError as error:
        raise _unwritable(path, shown, error) from error


def _free_name(path: Path, shown: str) -> str:
    """The name with the first number that makes it free: `plan-2.md` for `plan.md`."""
    stem = shown.removesuffix(path.suffix)
    number = 2
    while path.with_name(f"{path.stem}-{number}{path.suffix}").exists():
        number += 1
    return f"{stem}-{number}{path.suffix}"


def replace_file(path: Path, shown: str, text: str) -> None:
    """Replace a file as a whole, or leave it as it is. Raises Refused where it cannot be written."""
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_text(text, encoding="utf-8", newline="")
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise _unwritable(path, shown, error) from error


def _unwritable(path: Path, shown: str, error: OSError) -> Refused:
    reason = (error.strerror or str(error)).lower()
    return Refused(f"{shown} cannot be written: {reason}", f"ls -ld {shell_word(path.parent)}")
