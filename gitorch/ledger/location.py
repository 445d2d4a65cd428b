"""The git directory that holds a repository's ledger, and which store can write there."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from gitorch.errors import NotFound, Unavailable
from gitorch.ledger.discovery import searched_folders
from gitorch.ledger.files import read
from gitorch.model.path_text import shell_word
from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

REF = "refs/heads/gitorch/ledger"
"""The branch, by its full name."""

_HARMLESS_EXTENSIONS = {
    "worktreeconfig": None,
    "relativeworktrees": None,
    "objectformat": "sha1",
    "refstorage": "files",
    "noop": None,
}
"""Extensions under which objects and refs are stored in the usual way; those with a value, only when they have it."""

_REMOTE = r'(?m)^\s*\[remote "([A-Za-z0-9][A-Za-z0-9._/-]*)"\]'
_WRITTEN_FOLDERS = ("", "gitorch", "objects", "refs/heads/gitorch")
"""The folders of the git directory in which an append makes files."""

_TRUE_VALUES = frozenset({"", "true", "yes", "on", "1"})
_UNSHARED_VALUES = frozenset({"0", "false", "umask", "no", "off"})


class Choice(Value):
    """The store to use for a repository."""

    store: str
    """`dulwich` or `git`."""

    why: str
    """The reason as part of a sentence, for `doctor`."""


def no_ledger() -> NotFound:
    """The error for a repository without a ledger. Callers raise it; the hint is the command that makes one."""
    return NotFound("This repository has no ledger.", hint="gitorch init")


def common_dir(start: Path, environ: Mapping[str, str] | None = None) -> Path:
    """The git directory that all worktrees of a repository share, found from any folder inside it.

    Knows working copies, linked worktrees, submodules and bare repositories. The result has no links in it.
    Of the caller's environment, what bounds git's own search counts: GIT_CEILING_DIRECTORIES, GIT_DISCOVERY_ACROSS_FILESYSTEM.

    Raises NotFound outside of any repository.
    Raises NotFound when a linked worktree names a git directory that does not exist.
    """
    for folder in searched_folders(start, environ or {}):
        git_dir = _git_dir(folder)
        if git_dir is not None:
            return _shared(git_dir)

    raise NotFound(f"{start} is not inside a git repository.", hint="git init")


def _git_dir(folder: Path) -> Path | None:
    """The git directory of this folder itself; None when it has none.

    Like git, a folder counts as one without `.git` in it when it is a git directory itself, and an empty `.git` is passed over.
    """
    dot_git = folder / ".git"
    if dot_git.is_file():
        return _pointed_to(dot_git)

    for place in (dot_git, folder):
        if _is_git_directory(place):
            return place

    return None


def _is_git_directory(folder: Path) -> bool:
    """Whether git takes the folder for a git directory: it has HEAD, objects and refs, or names a shared one that does."""
    if (folder / "commondir").is_file():  # the git directory of a linked worktree
        return True
    if not os.path.lexists(folder / "HEAD"):
        return False

    return (folder / "objects").is_dir() and (folder / "refs").is_dir()


def _pointed_to(dot_git: Path) -> Path | None:
    """The git directory that a file `.git` of a linked worktree or a submodule names, or None for another file."""
    head, _, target = dot_git.read_text(encoding="utf-8", errors="surrogateescape").rstrip("\n").partition(": ")
    if head != "gitdir":
        return None
    return dot_git.parent / target


def _shared(git_dir: Path) -> Path:
    """The git directory that a worktree's own git directory points to. Raises NotFound where it points to nothing."""
    pointer, shared = git_dir / "commondir", git_dir
    if pointer.is_file():
        shared = git_dir / pointer.read_text(encoding="utf-8", errors="surrogateescape").strip()
    if not (shared / "HEAD").is_file():
        raise NotFound(f"{shared} is not a git directory, although {git_dir} names it.", hint="git worktree repair")
    return shared.resolve()


def cannot_write(start: Path) -> str:
    """The reason why nothing can be recorded from here, as a clause; empty when it can be.

    Makes and removes a file wherever an append makes one: permission bits say nothing about a sandbox or a read-only disk.
    """
    try:
        common = common_dir(start)
        for name in _WRITTEN_FOLDERS:
            _probe(common / name)
    except NotFound:
        return "the repository's git directory cannot be reached from here"
    except OSError as error:
        reason = error.strerror or "refused"
        return f"the repository's git directory cannot be written from here ({reason.lower()})"

    return ""


def _probe(folder: Path) -> None:
    """Make a file in a folder, where there is such a folder, and remove it. Raises OSError.

    An append makes the folders that are missing, and so needs only those above them.
    """
    if not folder.is_dir():
        return
    path = folder / f"gitorch-probe-{os.getpid()}"
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    path.unlink()


def choose(common: Path) -> Choice:
    """The fast store where objects and refs are stored in the usual way, and the git command line everywhere else.

    Like git, it reads the layout from this one file and follows no includes.
    An extension that is not known here may change anything, so it requires git, which then refuses or understands it.
    Raises Unavailable when the file cannot be read.
    """
    text = _configuration(common)
    for key, value in _settings(text):
        reason = _reason_for_git(key, value)
        if reason:
            return Choice("git", reason)

    if (common / "reftable").exists():
        return Choice("git", "the refs are kept in a reftable")

    return Choice("dulwich", "SHA-1 objects and refs in files")


def remotes(common: Path) -> list[str]:
    """The names of the configured remotes, in the order of the file, each once.

    Names that git allows and that could be read as options or paths elsewhere are left out.
    """
    text = _configuration(common)
    names = re.findall(_REMOTE, text)
    return list(dict.fromkeys(names))


def _configuration(common: Path) -> str:
    """The text of the repository's configuration file; empty where there is none, which git allows. Raises Unavailable."""
    path = common / "config"
    try:
        return read(path, "replace")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror}.", hint=f"ls -ld {shell_word(path)}") from error


def _reason_for_git(key: str, value: str) -> str:
    """Why this setting requires the git command line, as a clause; empty when it does not.

    `key` is in lower case, `value` as written.
    """
    if key.startswith("extensions."):
        return _extension_reason(key.removeprefix("extensions."), value)
    if key.endswith(".promisor") and value.lower() in _TRUE_VALUES:
        return "the repository is a partial clone"
    if key == "core.sharedrepository" and value.lower() not in _UNSHARED_VALUES:
        return f"git sets the permissions of new files (core.sharedRepository = {value})"

    return ""


def _extension_reason(name: str, value: str) -> str:
    """Why an extension requires the git command line; an empty string for those that change nothing for the ledger."""
    if name in _HARMLESS_EXTENSIONS:
        required = _HARMLESS_EXTENSIONS[name]
        if required in {None, value.lower()}:
            return ""

    return f"the repository uses the extension {name} = {value}"


def _settings(text: str) -> list[tuple[str, str]]:
    """Each setting of a git configuration file: `section.key` or `section.name.key` in lower case, and its value as written.

    In the order of the file; a key that is set twice comes twice. A key without a value has an empty one.
    Values over several lines are not understood: no setting that decides about the layout has one.
    """
    section = ""
    settings = []
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith("["):  # a setting may follow the section on the same line
            head, _, rest = line[1:].partition("]")
            section = _section(head)
            line = rest.strip()
        if not line or line[0] in "#;":
            continue

        key, _, value = line.partition("=")
        if key:
            name = f"{section}.{key.strip().lower()}"
            without_comment = value.partition(" #")[0]
            settings.append((name, without_comment.strip().strip('"')))

    return settings


def _section(head: str) -> str:
    """`remote.origin` from `remote "origin"`."""
    return ".".join(head.lower().replace('"', "").split(None, 1))
