"""Settings with which git would run a program or contact another host: those that are always off, and those that are judged.

An agent may be able to write the repository's configuration, the configuration of its worktree, `info/attributes` and
hooks. `FIXED` switches off every program that gitorch never needs. The others (filters, merge drivers, the ways to reach a
remote, hooks of the target) are *judged*: those of the user and of the system stand, those of the repository stand as
long as they have the digests that were recorded when the principal started the run.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.model.values import Value
from gitorch.model.words import Words
from gitorch.text.records.digests import digest
from gitorch.world.safe_reading import whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitorch.world.git.directories import GitDirectories

FIXED = {
    "core.fsmonitor": "false",
    "core.pager": "cat",
    "core.editor": "true",
    "sequence.editor": "true",
    "core.alternateRefsCommand": "",
    "gpg.program": "false",
    "gpg.ssh.program": "false",
    "gpg.x509.program": "false",
    "log.showSignature": "false",
    "commit.gpgSign": "false",
    "tag.gpgSign": "false",
    "push.gpgSign": "false",
    "submodule.recurse": "false",
    "fetch.recurseSubmodules": "false",
    "push.recurseSubmodules": "no",
    "diff.ignoreSubmodules": "dirty",
    "protocol.ext.allow": "never",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "i18n.commitEncoding": "utf-8",
    "user.useConfigOnly": "true",
}
"""Settings of every call. A submodule's own configuration would apply to a git that runs in it, so none ever does."""

NO_HOOKS = "/dev/null"
HOOKS = ("reference-transaction", "pre-push")
"""The hooks that run when gitorch does what a user would do by hand: moving the target, and pushing."""
HOOKS_PATH = "core.hookspath"
ATTRIBUTES = "info/attributes"

PROTOCOLS = "file:git:http:https:ssh"
"""What git may speak to another repository; all others run a helper program."""


class Kind(Words):
    """What a judged setting or file decides."""

    FILTER = "filter"
    """The content of files in the worktree and in commits."""
    DRIVER = "driver"
    """The result of merging a file."""
    ATTRIBUTES = "attributes"
    """Which files have filters and merge drivers, and where git reads that."""
    PROMISOR = "promisor"
    """From which remote a partial clone fetches what it lacks."""
    REMOTE = "remote"
    """Where a remote is, and what runs there."""
    CONNECTION = "connection"
    """How git reaches any remote."""
    HOOK = "hook"
    """A program that runs when the target moves, or at a push."""


PATTERNS = {
    Kind.FILTER: r"filter\.(?P<name>.+)\.(?:clean|smudge|process|required)",
    Kind.DRIVER: r"merge\.(?P<name>.+)\.driver",
    Kind.PROMISOR: r"extensions\.partialclone|remote\..+\.(?:promisor|partialclonefilter)",
    Kind.REMOTE: r"remote\.(?P<name>.+)\.(?:url|pushurl|uploadpack|receivepack|vcs|proxy)",
    Kind.CONNECTION: r"core\.(?:sshcommand|gitproxy|askpass)|ssh\.variant|credential\..+|url\..+|http\..+|protocol\..+",
    Kind.ATTRIBUTES: rf"{ATTRIBUTES}|core\.(?:attributesfile|worktree)",
    Kind.HOOK: r"hooks/.+",
}
"""The keys of each kind. Text, since compiling all of them costs a verb that meets none 4 million instructions."""

NETWORK = frozenset({Kind.PROMISOR, Kind.REMOTE, Kind.CONNECTION})
CONTENT = frozenset({Kind.FILTER, Kind.DRIVER, Kind.ATTRIBUTES})

NEEDLES = rb"(?i)filter|driver|include|worktree|attributesfile|partialclone|promisor"
"""Parts of every line of a configuration that can matter to a command that contacts no remote."""

DIGESTED_BYTES = 1 << 20
"""How much of a hook a full snapshot reads."""

REPOSITORY_SCOPES = frozenset({"local", "worktree"})


class GitSetting(Value):
    """One line of git's configuration."""

    scope: str
    """`system`, `global`, `local`, `worktree` or `command`."""
    key: str
    """Section and name in lower case, the subsection between them as it is written."""
    value: str


def parse_settings(listed: str) -> tuple[GitSetting, ...]:
    """The output of `git config --list -z --show-scope`, in git's order: a later value overrides an earlier one.

    Scopes and entries alternate; an entry is a key, a line break and the value.
    A key without a value, which git takes for true, has an empty one here.
    """
    parts = listed.split("\0")
    found = []
    for scope, entry in zip(parts[0::2], parts[1::2], strict=False):
        key, _, value = entry.partition("\n")
        found.append(GitSetting(scope, key, value))
    return tuple(found)


def key_of(name: str) -> str:
    """The key of a setting that is named in any letters, `Branch.Main.Remote` as `branch.Main.remote`: those of a subsection stand as they are."""
    section, _, rest = name.partition(".")
    subsection, dot, last = rest.rpartition(".")
    return f"{section.lower()}.{subsection}{dot}{last.lower()}"


def kind_of(key: str) -> Kind | None:
    """What a setting or file decides; None for one that is not judged.

    `key` is as git lists it, with section and name in lower case, or the name of a judged file such as `hooks/pre-push`.
    """
    for kind, pattern in PATTERNS.items():
        if re.fullmatch(pattern, key):
            return kind
    return None


def snapshot(
    settings: Sequence[GitSetting], directories: GitDirectories, hooks_path: str | None = None
) -> dict[str, str]:
    """The digests of all judged settings of the repository, its hooks and its `info/attributes`.

    The values are not kept, since a URL or a helper may hold a password. Only the path of the hooks is, so that a merge
    can use the path with which the run began; `hooks_path` is that path, None at the start.

    A judged file that does not exist has no entry, so that its creation is a difference too.
    Raises OSError when a judged file exists and cannot be read.
    """
    digests = {}
    for key, values in _repository_values(settings).items():
        digests[key] = _digest("\0".join(values))

    for setting in settings:
        if setting.key == HOOKS_PATH:
            digests[HOOKS_PATH] = setting.value

    if hooks_path is None:
        hooks_path = digests.get(HOOKS_PATH, "")
    for name, path in _judged_files(directories.common, hooks_path).items():
        if path.is_file():
            digests[name] = digest(path.read_bytes())
    return digests


def full_snapshot(settings: Iterable[GitSetting], common: Path) -> dict[str, str]:
    """The digests of all settings of the repository, of its hooks and of its `info/attributes`, by names for people.

    It shows what changed in a run; `snapshot` decides what git may use.
    """
    values: dict[str, list[str]] = {}
    hooks_path = ""
    for setting in settings:
        if setting.key == HOOKS_PATH:
            hooks_path = setting.value
        if setting.scope in REPOSITORY_SCOPES:
            values.setdefault(f"config/{setting.key}", []).append(setting.value)

    digests: dict[str, str] = {}
    for name, found in values.items():
        digests[name] = _digest("\0".join(found))
    for name, path in _shown_files(common, hooks_path).items():
        if path.is_file():
            digests[name] = _file_digest(path)
    return digests


def _shown_files(common: Path, hooks_path: str) -> dict[str, Path]:
    """`info/attributes`, and the hooks in the git directory and in the folder that is configured, if it is absolute."""
    files = {ATTRIBUTES: common / ATTRIBUTES}
    files |= _files_in(common / "hooks", "hooks")
    configured = hooks_directory(hooks_path, common)
    if hooks_path and configured.is_absolute():
        files |= _files_in(configured, HOOKS_PATH)
    return files


def _files_in(folder: Path, name: str) -> dict[str, Path]:
    """The entries of a folder of hooks, by their names below `name`, without git's samples, which never run.

    None where the folder is missing or cannot be read.
    """
    try:
        paths = sorted(folder.iterdir())
    except OSError:
        return {}
    return {f"{name}/{path.name}": path for path in paths if path.suffix != ".sample"}


def _file_digest(path: Path) -> str:
    """The digest of a file's first MiB and of its size, so that a huge file cannot hold up a report."""
    try:
        beginning = whole(path, DIGESTED_BYTES)
        size = path.stat().st_size
    except OSError:
        return "unreadable"
    if size > DIGESTED_BYTES:
        beginning += b"%d" % size
    return digest(beginning)


def _repository_values(settings: Iterable[GitSetting]) -> dict[str, list[str]]:
    """The values of the repository's judged settings, without those that the user's own configuration has too.

    Depends on git's order, in which the scopes of the system and of the user come before those of the repository.
    """
    values: dict[str, list[str]] = {}
    of_user: dict[str, str] = {}
    for setting in settings:
        if setting.scope not in REPOSITORY_SCOPES:
            of_user[setting.key] = setting.value
            continue
        if kind_of(setting.key) is None:
            continue
        if of_user.get(setting.key) != setting.value:
            values.setdefault(setting.key, []).append(setting.value)
    return values


def _judged_files(common: Path, hooks_path: str) -> dict[str, Path]:
    """The files in the git directory that are judged, by the names that messages use; they need not exist.

    Hooks in a relative folder are not judged, see `hooks_directory`.
    """
    files = {ATTRIBUTES: common / ATTRIBUTES}
    hooks = hooks_directory(hooks_path, common)
    if hooks.is_absolute():
        for name in HOOKS:
            files[f"hooks/{name}"] = hooks / name
    return files


def hooks_directory(configured: str, common: Path) -> Path:
    """The directory of the hooks, with the value of `core.hooksPath` or without one.

    A relative one is left to git, which takes it from the checkout: its hooks are part of the project's history.
    """
    if not configured:
        return common / "hooks"
    return Path(configured).expanduser()


def _digest(text: str) -> str:
    """The digest of a text that git gave."""
    return digest(text.encode("utf-8", "surrogateescape"))
