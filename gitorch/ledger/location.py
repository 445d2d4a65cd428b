"""Where the ledger of a repository lives, and which store can write it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from gitorch.errors import NotFound

if TYPE_CHECKING:
    from pathlib import Path

REF = "refs/heads/gitorch/ledger"
"""The branch, by its full name."""

_KNOWN = {
    "worktreeconfig": None,
    "relativeworktrees": None,
    "objectformat": "sha1",
    "refstorage": "files",
    "noop": None,
}
"""Extensions under which files and ids are as they always were; with a value, only when they have it."""


class Choice(NamedTuple):
    """The store to use for a repository: `dulwich` or `git`, and why, in words for `doctor`."""

    store: str
    why: str


def common_dir(start: Path) -> Path:
    """The git directory that all worktrees of a repository share, found from any folder inside it.

    Knows working copies, linked worktrees, submodules and bare repositories. Raises NotFound.
    """
    for folder in (start.absolute(), *start.absolute().parents):
        found = _git_dir(folder)
        if found is not None:
            return _shared(found)
    raise NotFound(f"{start} is not inside a git repository.", hint="git init")


def _git_dir(folder: Path) -> Path | None:
    dot = folder / ".git"
    if dot.is_dir():
        return dot
    if dot.is_file():
        head, _, target = dot.read_text(encoding="utf-8").rstrip("\n").partition(": ")
        return folder / target if head == "gitdir" else None
    bare = (folder / "HEAD").is_file() and (folder / "objects").is_dir()
    return folder if bare or (folder / "commondir").is_file() else None


def _shared(git_dir: Path) -> Path:
    pointer = git_dir / "commondir"
    shared = git_dir / pointer.read_text(encoding="utf-8").strip() if pointer.is_file() else git_dir
    if not (shared / "HEAD").is_file():
        raise NotFound(f"{shared} is named as a git directory but is none.", hint="git worktree repair")
    return shared.resolve()


def cannot_write(start: Path) -> str:
    """Why nothing can be recorded from here, by trying to make a file wherever an append does; empty where it can be."""
    try:
        common = common_dir(start)
        for folder in (common, common / "gitorch", common / "objects", common / "refs/heads/gitorch"):
            if folder.is_dir():
                _probe(folder / f"gitorch-probe-{os.getpid()}")
    except NotFound:
        return "the repository's git directory cannot be reached from here"
    except OSError as error:
        return f"the repository's git directory cannot be written from here ({(error.strerror or 'refused').lower()})"
    return ""


def _probe(path: Path) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    path.unlink()


def choose(common: Path) -> Choice:
    """The fast store where the repository is laid out as it always was, and the git command line everywhere else.

    git reads the layout from this one file, includes aside, and so does this.
    """
    settings = _settings((common / "config").read_text(encoding="utf-8", errors="replace"))
    for key, value in settings:
        why = _unusual(key, value)
        if why:
            return Choice("git", why)
    if (common / "reftable").exists():
        return Choice("git", "the refs are kept in a reftable")
    return Choice("dulwich", "SHA-1 objects and refs in files")


def _unusual(key: str, value: str) -> str:
    if key.startswith("extensions."):
        name = key.removeprefix("extensions.")
        usual = name in _KNOWN and _KNOWN[name] in {None, value.lower()}
        return "" if usual else f"the repository uses the extension {name} = {value}"
    if key.endswith(".promisor") and value.lower() in {"", "true", "yes", "on", "1"}:
        return "the repository is a partial clone"
    if key == "core.sharedrepository" and value.lower() not in {"0", "false", "umask", "no", "off"}:
        return f"git sets the permissions of new files (core.sharedRepository = {value})"
    return ""


def _settings(text: str) -> list[tuple[str, str]]:
    """`section.key` in lower case, or `section.name.key`, with the value as written."""
    section, settings = "", []
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith("["):
            head, _, line = line[1:].partition("]")
            section, line = ".".join(head.lower().replace('"', "").split(None, 1)), line.strip()
        key, _, value = line.partition("=")
        if key and key[0] not in "#;":
            settings.append((f"{section}.{key.strip().lower()}", value.partition(" #")[0].strip().strip('"')))
    return settings
