"""Settings read from git's own files where these are plain: a merge asks for them ten times, and a process costs it 3 ms."""

from __future__ import annotations

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
    Scoped = tuple[tuple[str, Path], ...]

_LISTING = ("config", "--list", "-z", "--show-scope", "--includes")

_SECTION = re.compile(rb'\[([A-Za-z0-9-]+)(?: "([^"\\\0]+)")?\] *')
_ENTRY = re.compile(rb'[ \t]*([A-Za-z][A-Za-z0-9-]*)[ \t]*=[ \t]*([^"\\#;\x00-\x1f\x7f]*)')
_NOTHING = re.compile(rb"[ \t]*(?:[#;].*)?")
_OTHER_FILES = frozenset({b"include", b"includeif", b"extensions"})
"""Sections that name more files of settings, or say that there are some."""
_FAILING = frozenset({"core.bare", "core.repositoryformatversion"})
"""What git refuses with a value that it does not know."""
_KNOWN_VALUES = frozenset({"true", "false", "0"})

_confirmed: set[Scoped] = set()
"""The files of the system and the user of which git itself said in this process that it reads them and no others."""


class SettingsFiles:
    """The files from which git reads settings with this environment, which must name no settings itself (`GIT_CONFIG_COUNT`)."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._system = _system_files(env)
        self._user = _user_files(env)
        self._calls = 0

    def read(self, directories: GitDirectories, git: Ask) -> tuple[GitSetting, ...]:
        """The settings of the repository with these directories as they are now, in git's order. `git` runs one command there.

        Nothing is kept from one call to the next. git is asked in each process until it has listed what the files say, and
        always where only git can say it: files that include others or that cannot be read, any line but plain ones, and
        files whose place is not known, as that of the system with a git before 2.42.
        Raises Unavailable when git cannot read them.
        """
        outer: Scoped = ()
        plain = None
        with suppress(OSError, ValueError):
            outer = self._outer_files(git)
            plain = _plain((*outer, ("local", directories.common / "config")))
        if plain is not None and outer in _confirmed:
            return plain
        result = git(_LISTING)
        if result.status != 0:
            raise Unavailable(f"git cannot read its configuration: {result.err}", hint="git config --list")
        listed = parse_settings(result.out)
        if listed == plain:
            _confirmed.add(outer)
        return listed

    def _outer_files(self, git: Ask) -> Scoped:
        """The file of the system, if any, and then those of the user. Raises ValueError where the place of one is not known.

        git is asked for that of the system at the second call, since most programs make only one.
        """
        self._calls += 1
        if self._system is None and self._calls == 2:
            self._system = _scoped("system", git(("var", "GIT_CONFIG_SYSTEM")).out.rstrip("\n"))
        if self._system is None or self._user is None:
            raise ValueError("the environment does not tell")
        return (*self._system, *self._user)


def _system_files(env: Mapping[str, str]) -> Scoped | None:
    """The file of the system, if any; None where the environment does not tell."""
    if env.get("GIT_CONFIG_NOSYSTEM") in {"1", "true"}:
        return ()
    return _scoped("system", env.get("GIT_CONFIG_SYSTEM", ""))


def _user_files(env: Mapping[str, str]) -> Scoped | None:
    """The user's own files; None where the environment does not tell."""
    if "GIT_CONFIG_GLOBAL" in env:
        return _scoped("global", env["GIT_CONFIG_GLOBAL"])
    home = env.get("HOME", "")
    folder = env.get("XDG_CONFIG_HOME") or f"{home}/.config"
    return _scoped("global", f"{folder}/git/config", f"{home}/.gitconfig")


def _scoped(scope: str, *names: str) -> Scoped | None:
    """Files with their scope; None unless all have absolute paths."""
    found = []
    for name in names:
        if not name.startswith("/"):
            return None
        found.append((scope, Path(name)))
    return tuple(found)


def _plain(files: Scoped) -> tuple[GitSetting, ...]:
    """The settings in these files, in git's order. Raises OSError and ValueError where only git can say them."""
    found: list[GitSetting] = []
    for scope, path in files:
        found += parse_file(scope, _content(path))
    return tuple(found)


def _content(path: Path) -> bytes:
    """The bytes of a file; empty where there is none. Raises OSError."""
    try:
        return whole(path)
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
