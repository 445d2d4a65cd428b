"""Installing, listing and removing what gitorch has for other programs, without touching what somebody edited."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

from gitorch.app.start.health import HealthCheck
from gitorch.errors import Refused
from gitorch.model.plans.skills import FileForm, FileState, SkillStatus
from gitorch.model.values import Value, replace
from gitorch.text.skills import entries
from gitorch.text.skills.profiles import PROFILES, files_of, place_in_home
from gitorch.text.skills.stamps import state_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from gitorch.model.plans.skills import SkillFile
    from gitorch.ports.files import Files
    from gitorch.text.skills.profiles import Sources

VERSION = ("version",)
"""The key of an entry that every version of gitorch writes anew."""

BYTES_MAX = 4_000_000
"""Of a file of settings that gets an entry."""


class Target(Value):
    """Where files are installed: the root of a project, or a user's home."""

    root: Path
    in_home: bool = False
    environ: Mapping[str, str] = {}
    """In a home, the variables with which programs are told to look elsewhere."""


def statuses(
    files: Files, target: Target, sources: Sources, profiles: Iterable[str] = PROFILES
) -> tuple[SkillStatus, ...]:
    """Every file of these profiles, as it is there."""
    return tuple(status for status, _ in _found(files, target, sources, profiles))


def _found(
    files: Files, target: Target, sources: Sources, profiles: Iterable[str]
) -> Iterator[tuple[SkillStatus, str | None]]:
    """Each file of these profiles, read when it is asked for, and its text. One that is not below the root has its whole path."""
    for profile in profiles:
        for file in files_of(profile, sources, in_home=target.in_home):
            folder, path = place_in_home(file.path, target.environ)
            root = target.root / folder
            state, after, text = _seen(files, root, path, file)
            if folder:
                path = str(root / path)
            yield SkillStatus(profile, replace(file, path=path), state, after, text is not None), text


def installed_profiles(found: Iterable[SkillStatus]) -> tuple[str, ...]:
    """The profiles of which something is there that gitorch wrote, whoever edited it since."""
    profiles: list[str] = []
    for status in found:
        is_there = status.state is not FileState.ABSENT
        if is_there and status.file.form is FileForm.WHOLE and status.profile not in profiles:
            profiles.append(status.profile)

    return tuple(profiles)


def install(files: Files, target: Target, sources: Sources, profiles: Sequence[str]) -> tuple[SkillStatus, ...]:
    """Write what is absent or outdated; gives each file as it was found. What somebody edited stays as it is.

    A file of settings can get several entries, each with a row of its own; all say whether it was there before the first.
    """
    found: list[SkillStatus] = []
    was_there: dict[str, bool] = {}
    for status, _ in _found(files, target, sources, profiles):
        is_there = was_there.setdefault(status.file.path, status.is_there)
        found.append(replace(status, is_there=is_there))
        if status.after is not None:
            files.write(target.root / status.file.path, status.after.encode())

    return tuple(found)


def remove(files: Files, target: Target, sources: Sources, profiles: Sequence[str]) -> tuple[SkillStatus, ...]:
    """Remove what gitorch wrote; gives each file as it was found. What somebody edited stays as it is."""
    found: list[SkillStatus] = []
    for status, text in _found(files, target, sources, profiles):
        found.append(status)
        if text is not None and status.state in {FileState.CURRENT, FileState.OUTDATED}:
            _take_out(files, target, status.file, text)

    return tuple(found)


def _seen(files: Files, root: Path, path: str, file: SkillFile) -> tuple[FileState, str | None, str | None]:
    """The state of a file, its text once it is installed, and its text now. A link, and anything but a file of text, is somebody's own."""
    try:
        data = files.inside(root, path, BYTES_MAX)
    except Refused:
        return FileState.EDITED, None, None

    text = None
    if data is not None:
        text = data.decode("utf-8", "surrogateescape")

    state, after = _compared(file, text)
    return state, after, text


def _compared(file: SkillFile, text: str | None) -> tuple[FileState, str | None]:
    """The state of a file, and its text once it is installed; None where nothing is written."""
    if file.form is FileForm.WHOLE:
        state = state_of(text, file.content)
        return state, _if_written(state, file.content)

    try:
        if file.form is FileForm.TOML_ENTRY:
            return _compared_toml(file, text)

        return _compared_json(file, text)
    except ValueError:
        return FileState.EDITED, None


def _if_written(state: FileState, text: str) -> str | None:
    """The text, where a file in this state is written."""
    if state in {FileState.ABSENT, FileState.OUTDATED}:
        return text

    return None


def _compared_json(file: SkillFile, text: str | None) -> tuple[FileState, str | None]:
    """The state of an entry in JSON. Raises ValueError for a file that cannot have one."""
    wanted = json.loads(file.content)
    found = entries.json_entry(text, file.key)
    if found is None:
        return FileState.ABSENT, entries.with_json_entry(text, file.key, wanted)

    if found == wanted:
        return FileState.CURRENT, None

    if file.key == VERSION:
        return FileState.OUTDATED, entries.with_json_entry(text, file.key, wanted)

    return FileState.EDITED, None


def _compared_toml(file: SkillFile, text: str | None) -> tuple[FileState, str | None]:
    """The state of a table in TOML. Raises ValueError for a file that cannot have one."""
    found = entries.toml_block(text)
    if found is None:
        return FileState.ABSENT, entries.with_toml_block(text, file.content)

    if found == file.content:
        return FileState.CURRENT, None

    return FileState.EDITED, None


def _take_out(files: Files, target: Target, file: SkillFile, text: str) -> None:
    """Remove a file, or gitorch's entry in it; a file that is left empty goes."""
    left = ""
    if file.form is FileForm.JSON_ENTRY:
        left = entries.without_json_entry(text, file.key)
    elif file.form is FileForm.TOML_ENTRY:
        left = entries.without_toml_block(text)

    path = target.root / file.path
    if left.strip():
        files.write(path, left.encode("utf-8", "surrogateescape"))
        return

    files.remove(path)


def examine_skills(files: Files, target: Target, sources: Sources) -> tuple[HealthCheck, ...]:
    """A check for each profile that is installed, and one for each file of it that is outdated or was edited."""
    found = statuses(files, target, sources)
    checks: list[HealthCheck] = []
    for profile in installed_profiles(found):
        faults: list[HealthCheck] = []
        for status in found:
            if status.profile == profile:
                faults += _faults(status)

        checks += faults or [HealthCheck("skills", ok=True, text=f"those for {profile} are current")]

    return tuple(checks)


def _faults(status: SkillStatus) -> tuple[HealthCheck, ...]:
    """What is to be mended about one file, with the command that does it."""
    again = f"gitorch skills install --profile {status.profile}"
    path = status.file.path
    if status.state is FileState.OUTDATED:
        return (HealthCheck("skills", None, f"{path} is of an earlier version", again),)

    if status.state is not FileState.EDITED:
        return ()

    if status.file.form is FileForm.WHOLE:
        aside = shlex.join(["mv", path, f"{path}.mine"])
        return (HealthCheck("skills", None, f"{path} was edited, and is not updated", f"{aside} && {again}"),)

    text = f"the entry for gitorch in {path} was edited, or cannot be read, and is not updated"
    return (HealthCheck("skills", None, text, f"remove the entry from {shlex.quote(path)}, then: {again}"),)
