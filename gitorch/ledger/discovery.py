"""Which folders are searched for a repository: those above the start, as far as git itself would go."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CEILINGS = "GIT_CEILING_DIRECTORIES"
ACROSS = "GIT_DISCOVERY_ACROSS_FILESYSTEM"
TRUE = frozenset({"1", "true", "yes", "on"})


def searched_folders(start: Path, environ: Mapping[str, str]) -> Iterator[Path]:
    """The start, then the folders above it, up to the first that git would not enter.

    That is a folder that GIT_CEILING_DIRECTORIES names, and one on another file system unless
    GIT_DISCOVERY_ACROSS_FILESYSTEM is true. The start itself is always searched.
    """
    here = start.resolve()
    ceilings = _ceilings(environ.get(CEILINGS, ""))
    device = None
    if environ.get(ACROSS, "").lower() not in TRUE:
        device = _device(here)

    yield here
    for folder in here.parents:
        if folder in ceilings:
            return
        if device is not None and _device(folder) != device:
            return
        yield folder


def _ceilings(value: str) -> frozenset[Path]:
    """The folders that the variable names. As for git, those after an empty entry are taken as they are, links included."""
    found: list[Path] = []
    follows_links = True
    for entry in value.split(os.pathsep):
        if not entry:
            follows_links = False
        elif Path(entry).is_absolute():
            found.append(_ceiling(Path(entry), follows_links=follows_links))

    return frozenset(found)


def _ceiling(entry: Path, *, follows_links: bool) -> Path:
    if follows_links:
        return entry.resolve()
    return entry


def _device(folder: Path) -> int | None:
    """The file system of a folder; None for one that cannot be asked, which ends no search."""
    try:
        return folder.stat().st_dev
    except OSError:
        return None
