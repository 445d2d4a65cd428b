"""The start of an agent in a sandbox: what holds it, and what its program needs to find its own state inside."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.errors import Failed
from gitorch.world.acp.control import FOLDER as CONTROL
from gitorch.world.files import read_regular
from gitorch.world.safe_writing import write_inside
from gitorch.world.terminal.launch import has_server
from gitorch.world.terminal.session_files import OWN_FOLDERS
from gitorch.world.terminal.template import SOCKETS, from_home

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.ports.world import Launch
    from gitorch.world.terminal.session_files import SessionFolder
    from gitorch.world.terminal.template import Template

COPY_BYTES_MAX = 50_000_000
"""The largest file that is copied for a program. The configuration of Claude Code grows with every project, to some MB."""


def sandbox_words(
    home: Path, launch: Launch, folder: SessionFolder, template: Template, environ: Mapping[str, str]
) -> tuple[str, ...]:
    """The words that hold the agent in its sandbox; none for an agent without one. Raises Failed where none can be made."""
    held = launch.sandbox
    if held is None:
        return ()

    from gitorch.world import sandbox  # noqa: PLC0415  most agents are in none

    if reason := sandbox.fault(environ):
        raise Failed(f"{launch.key.name} must run in a sandbox, but {reason}", "apt-get install bubblewrap")

    view = sandbox.view_of(home, launch.key.name, held.branch)
    sandbox.prepare(view, held.commit)
    _copy_files(launch, template, environ)
    signals = folder.path / "signals.jsonl"
    signals.touch()
    # Its hooks write the signals, a host its state and socket; a program without an account keeps its own data in the place.
    control = folder.path / CONTROL
    control.mkdir(mode=0o700, exist_ok=True)
    own = (signals, control, Path(template.fill("{place}")))
    over = _own_folders(launch, folder, template, environ)
    if has_server(launch):
        over[folder.path / SOCKETS] = Path(template.fill(launch.preset.socket_folder))

    for path in over:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)

    writable: list[Path] = []
    for name in (*launch.preset.writable, *held.writable):
        writable.append(from_home(template.fill(name), environ))

    return sandbox.wrap(view, launch.cwd, writable=tuple(writable), network=held.network, own=own, over=over)


def _own_folders(
    launch: Launch, folder: SessionFolder, template: Template, environ: Mapping[str, str]
) -> dict[Path, Path]:
    """The session's own folders, each with the folder of the program that it hides.

    Inside, programs count their processes from 1, so the files that two sessions name by their process ids have the same names.
    A folder that would lie nowhere is left out: then the program is not set up.
    """
    found: dict[Path, Path] = {}
    for name in launch.preset.sandbox_folders:
        path = from_home(template.fill(name), environ)
        if path.parent.is_dir():
            found[folder.path / OWN_FOLDERS / path.name] = path

    return found


def _copy_files(launch: Launch, template: Template, environ: Mapping[str, str]) -> None:
    """Copy the files that the program could not replace inside: a file that is mounted alone cannot be renamed over.

    A copy that the program has changed since stays, unless the user's own file is newer.
    """
    for source, target in launch.preset.sandbox_copies.items():
        if target:
            _copy(from_home(source, environ), from_home(template.fill(target), environ))


def _copy(source: Path, target: Path) -> None:
    """Copy a file into a folder that exists, if it is newer than the copy there; keep the time of its last change."""
    changed_at = _changed_at(source)
    if not target.parent.is_dir() or changed_at <= _changed_at(target):
        return

    data = read_regular(source, COPY_BYTES_MAX)
    if data is None:
        return

    with contextlib.suppress(OSError):  # then the program begins with what is in its folder
        write_inside(target.parent, target, data)
        os.utime(target, ns=(changed_at, changed_at))


def _changed_at(path: Path) -> int:
    """The time of a file's last change in nanoseconds; 0 without a file."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
