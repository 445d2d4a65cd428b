"""Settings read from git's own files where these are plain. A merge asks for them ten times, and each git takes 3 ms."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.errors import Unavailable
from gitorch.world.git.settings import GitSetting, parse_settings
from gitorch.world.safe_reading import whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitorch.world.git.directories import GitDirectories
    from gitorch.world.program_result import ProgramResult

    Ask = Callable[[Sequence[str]], ProgramResult]

_LISTING = ("config", "--list", "-z", "--show-scope", "--includes")

_SECTION = re.compile(rb'\[([A-Za-z0-9-]+)(?: "([^"\\\0]+)")?\] *')
_ENTRY = re.compile(rb'[ \t]*([A-Za-z][A-Za-z0-9-]*)[ \t]*=[ \t]*([^"\\#;\x00-\x1f\x7f]*)')
_NOTHING = re.compile(rb"[ \t]*(?:[#;].*)?")
_OTHER_FILES = frozenset({b"include", b"includeif", b"extensions"})
"""Sections that name more files of settings, or say that there are some."""
_FAILING = frozenset({"core.bare", "core.repositoryformatversion"})
"""What git refuses with a value that it does not know."""
_KNOWN_VALUES = frozenset({"true", "false", "0"})

_UNKNOWN = "?"
"""In place of a path that the environment does not tell."""

_confirmed: set[tuple[str, ...]] = set()
"""The files of the system and the user of which git itself said in this process that it reads them and no others."""


class SettingsFiles:
    """The files from which git reads settings. The environment must hold no settings of its own (`GIT_CONFIG_COUNT`)."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._system = _system_file(env)
        self._user = _user_files(env)
        self._calls = 0

    def read(self, directories: GitDirectories, git: Ask) -> tuple[GitSetting, ...]:
        """The settings of the repository with these directories as they are now, in git's order. `git` runs one command there.

        Nothing is kept from one call to the next. In each process git is asked until its list is what was read from the files, and
        always where only git can say it: files that include others or that cannot be read, any line but plain ones, and
        files whose place is not known, as that of the system with a git before 2.42.
        Raises Unavailable when git cannot read them.
        """
        self._calls += 1
        if self._calls == 2 and self._system == _UNKNOWN:  # most programs make one call
            self._system = git(("var", "GIT_CONFIG_SYSTEM")).out.rstrip("\n")
        outer = (self._system, *self._user)
        plain = None
        with suppress(OSError, ValueError):
            plain = _plain(*outer, str(directories.common / "config"))
        if plain is not None and outer in _confirmed:
            return plain

        result = git(_LISTING)
        if result.status != 0:
            raise Unavailable(f"git cannot read its configuration: {result.err}", hint="git config --list")
        listed = parse_settings(result.out)
        if listed == plain:
            _confirmed.add(outer)
        return listed


def _system_file(env: Mapping[str, str]) -> str:
    """The file of the system, `_UNKNOWN` where the environment does not tell."""
    if env.get("GIT_CONFIG_NOSYSTEM") in {"1", "true"}:
        return os.devnull
    return env.get("GIT_CONFIG_SYSTEM", _UNKNOWN)


def _user_files(env: Mapping[str, str]) -> tuple[str, ...]:
    """The user's own files; they have no absolute paths where the environment does not tell."""
    if "GIT_CONFIG_GLOBAL" in env:
        return (env["GIT_CONFIG_GLOBAL"],)
    home = env.get("HOME", _UNKNOWN)
    folder = f"{home}/.config"
    if env.get("XDG_CONFIG_HOME"):
        folder = env["XDG_CONFIG_HOME"]
    return (f"{folder}/git/config", f"{home}/.gitconfig")


def _plain(system: str, *others: str) -> tuple[GitSetting, ...]:
    """The settings in the files of the system, of the user and of the repository, in git's order.

    Raises OSError and ValueError where only git can say them.
    """
    *users, local = others
    found = parse_file("system", _content(system))
    for user in users:
        found += parse_file("global", _content(user))
    found += parse_file("local", _content(local))
    return tuple(found)


def _content(path: str) -> bytes:
    """The bytes of a file; empty where there is none. Raises OSError, and ValueError for a place that is not known."""
    if not path.startswith("/"):
        raise ValueError(path)
    if path == os.devnull:
        return b""
    try:
        return whole(Path(path))
    except (FileNotFoundError, NotADirectoryError):
        return b""


def parse_file(scope: str, data: bytes) -> list[GitSetting]:
    """The settings in a file of plain lines, as git lists them.

    Plain are sections, with or without a name in quotes, keys with a value without quotes, and comments, each on a line of its
    own. Raises ValueError for every other line, and for a section that leads to other files.
    """
    section = ""
    found = []
    for line in data.split(b"\n"):
        if _NOTHING.fullmatch(line):
            continue
        head = _SECTION.fullmatch(line)
        if head:
            section = _section(head)
            continue
        entry = _ENTRY.fullmatch(line)
        if not entry or not section:
            raise ValueError(line)
        found.append(_setting(scope, section, entry))
    return found


def _section(head: re.Match[bytes]) -> str:
    """The first part of the keys below a section's line. Raises ValueError where it leads to other files."""
    name = head[1].lower()
    if name in _OTHER_FILES:
        raise ValueError(name)
    if head[2] is not None:
        name += b"." + head[2]
    return _text(name)


def _setting(scope: str, section: str, entry: re.Match[bytes]) -> GitSetting:
    """The setting on one line. Raises ValueError for a value with which git may refuse the whole file."""
    key = f"{section}.{_text(entry[1].lower())}"
    value = _text(entry[2].rstrip(b" "))
    if key in _FAILING and value not in _KNOWN_VALUES:
        raise ValueError(value)
    return GitSetting(scope, key, value)


def _text(data: bytes) -> str:
    """As the output of git is read."""
    return data.decode("utf-8", "surrogateescape")
