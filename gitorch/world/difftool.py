"""The user's own difftool, on copies of changed files outside of the repository, whose settings an agent could have edited."""

from __future__ import annotations

import subprocess
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from gitorch.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

SIDES = ("before", "after")
COMMAND = ("git", "difftool", "--no-index", "--no-prompt", *SIDES)


def show(files: Mapping[str, tuple[bytes | None, bytes | None]], environ: Mapping[str, str]) -> None:
    """Open each file before and after a change in the tool that the user's git settings name, and return when it is left.

    None stands for a file that is not there. Raises Unavailable without git.
    """
    own = {name: value for name, value in environ.items() if not name.startswith(("GIT_DIR", "GIT_WORK_TREE"))}
    with TemporaryDirectory(prefix="gitorch-diff-") as folder:
        own["GIT_CEILING_DIRECTORIES"] = str(Path(folder).parent)
        for side in SIDES:
            (Path(folder) / side).mkdir()

        for path, contents in files.items():
            for side, content in zip(SIDES, contents, strict=True):
                _write(Path(folder) / side, PurePosixPath(path), content)

        try:
            subprocess.run(COMMAND, cwd=folder, env=own, check=False)
        except OSError as error:
            raise Unavailable(f"git cannot be run: {error.strerror}", "gitorch doctor") from None


def _write(folder: Path, path: PurePosixPath, content: bytes | None) -> None:
    """Write a file of a tree below a folder; a forged path that leads out of it is left out."""
    if content is None or ".." in path.parts:
        return

    place = folder / path.relative_to(path.anchor)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
