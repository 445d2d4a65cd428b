"""Settings with which git would run a program or contact another host, and which of them gitorch lets it use.

An agent may be able to write the repository's configuration, the configuration of its worktree, `info/attributes` and
hooks. `FIXED` switches off every program that gitorch never needs. The others (filters, merge drivers, the ways to reach a
remote, hooks of the target) are *judged*: those of the user and of the system stand, those of the repository stand as
long as they have the digests that were recorded when the principal started the run.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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
}
"""Settings of every call. A submodule's own configuration would apply to a git that runs in it, so none ever does."""

NO_HOOKS = "/dev/null"
HOOKS = ("reference-transaction", "pre-push")
"""The hooks that run when gitorch does what a user would do by hand: moving the target, and pushing."""
HOOKS_PATH = "core.hookspath"
ATTRIBUTES = "info/attributes"

PROTOCOLS = "file:git:http:https:ssh"
"""What git may speak to another repository; all others run a helper program."""

MERGE_AS_TEXT = "git merge-file --quiet --marker-size=%L %A %O %B"
"""A merge driver that does what git does for a file without one."""

FILTER = re.compile(r"filter\.(?P<name>.+)\.(?:clean|smudge|process|required)")
DRIVER = re.compile(r"merge\.(?P<name>.+)\.driver")
PROMISOR = re.compile(r"extensions\.partialclone|remote\..+\.(?:promisor|partialclonefilter)")
REMOTE = re.compile(r"remote\.(?P<name>.+)\.(?:url|pushurl|uploadpack|receivepack|vcs|proxy|promisor)")
CONNECTION = re.compile(
    r"core\.(?:sshcommand|gitproxy|askpass)|ssh\.variant|credential\..+|url\..+|http\..+|protocol\..+"
)
NEUTRAL = {"core.sshcommand": "ssh", "core.askpass": "", "credential.helper": ""}
"""The values that take the place of a program with which git reaches a remote."""

NEEDLES = re.compile(rb"filter|driver|include|worktreeconfig|partialclone|promisor", re.IGNORECASE)
"""Parts of every line of a configuration that can matter to a command that contacts no remote."""

REPOSITORY_SCOPES = frozenset({"local", "worktree"})


class GitSetting(Value):
    """One line of git's configuration."""

    scope: str
    """`system`, `global`, `local`, `worktree` or `command`."""
    key: str
    """Section and name in lower case, the subsection between them as it is written."""
    value: str


def parse_settings(listed: str) -> tuple[GitSetting, ...]:
    """The output of `git config --list -z --show-scope`."""
    parts = listed.split("\0")
    found = []
    for scope, entry in zip(parts[0::2], parts[1::2], strict=False):
        key, _, value = entry.partition("\n")
        found.append(GitSetting(scope, key, value))
    return tuple(found)


def is_judged(key: str) -> bool:
    """Whether a setting of the repository must stand since the start of the run to be used."""
    return any(pattern.fullmatch(key) for pattern in (FILTER, DRIVER, PROMISOR, REMOTE, CONNECTION))


def snapshot(
    settings: Iterable[GitSetting], directories: GitDirectories, hooks_path: str | None = None
) -> dict[str, str]:
    """The digests of all judged settings of the repository, its hooks and its `info/attributes`.

    A value that the user's own configuration has too does not count. The values themselves are not kept, since a URL or a helper may hold a password. The path of the hooks is kept as it
    is, so that a merge can use the path with which the run began; `hooks_path` is that path, None at the start.
    """
    values: dict[str, list[str]] = {}
    digests: dict[str, str] = {}
    of_user: dict[str, str] = {}
    for setting in settings:
        if setting.key == HOOKS_PATH:
            digests[HOOKS_PATH] = setting.value
        elif setting.scope not in REPOSITORY_SCOPES:
            of_user[setting.key] = setting.value
        elif is_judged(setting.key) and of_user.get(setting.key) != setting.value:
            values.setdefault(setting.key, []).append(setting.value)
    for key, held in values.items():
        digests[key] = _digest("\0".join(held).encode("utf-8", "surrogateescape"))
    files = {ATTRIBUTES: directories.common / ATTRIBUTES}
    if hooks_path is None:
        hooks_path = digests.get(HOOKS_PATH, "")
    hooks = hooks_directory(hooks_path, directories.common)
    if hooks.is_absolute():
        files |= {f"hooks/{name}": hooks / name for name in HOOKS}
    for name, path in files.items():
        if path.is_file():
            digests[name] = _digest(path.read_bytes())
    return digests


def hooks_directory(configured: str, common: Path) -> Path:
    """The directory of the hooks, with the value of `core.hooksPath` or without one.

    A relative one is left to git, which takes it from the checkout: its hooks are part of the project's history.
    """
    if not configured:
        return common / "hooks"
    return Path(configured).expanduser()


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class Judgement(Value):
    """What git may use of the repository's settings."""

    overrides: tuple[tuple[str, str], ...]
    """Settings that take the place of those that are not trusted."""
    changed: tuple[str, ...]
    """Judged settings and files that differ from the snapshot, sorted."""
    lazy_fetch: bool
    """Whether git may fetch objects that a partial clone lacks."""

    def changed_merge_rules(self) -> tuple[str, ...]:
        """Those of the changed settings that decide about the content of files and merges."""
        return tuple(key for key in self.changed if key == ATTRIBUTES or FILTER.fullmatch(key) or DRIVER.fullmatch(key))

    def changed_for_remote(self, remote: str) -> tuple[str, ...]:
        """Those of the changed settings that decide how git reaches this remote."""
        found = []
        for key in self.changed:
            match = REMOTE.fullmatch(key)
            if CONNECTION.fullmatch(key) or (match is not None and match["name"] == remote):
                found.append(key)
        return tuple(found)

    def changed_hooks(self) -> tuple[str, ...]:
        """Those of the hooks that changed."""
        return tuple(key for key in self.changed if key.startswith("hooks/"))


def judge(current: Mapping[str, str], trusted: Mapping[str, str] | None) -> Judgement:
    """Compare a snapshot of now with that of the start of the run; without one everything stands as it is."""
    if trusted is None:
        return Judgement((), (), lazy_fetch=any(PROMISOR.fullmatch(key) for key in current))
    changed = sorted(key for key in {*current, *trusted} if key != HOOKS_PATH and current.get(key) != trusted.get(key))
    overrides: dict[str, str] = {}
    for key in changed:
        if match := FILTER.fullmatch(key):
            name = match["name"]
            overrides |= {f"filter.{name}.clean": "", f"filter.{name}.smudge": "", f"filter.{name}.process": ""}
            overrides[f"filter.{name}.required"] = "false"
        elif match := DRIVER.fullmatch(key):
            overrides[f"merge.{match['name']}.driver"] = MERGE_AS_TEXT
    promisors = [key for key in current if PROMISOR.fullmatch(key)]
    network_changed = any(PROMISOR.fullmatch(k) or REMOTE.fullmatch(k) or CONNECTION.fullmatch(k) for k in changed)
    return Judgement(tuple(overrides.items()), tuple(changed), lazy_fetch=bool(promisors) and not network_changed)


def trust_nothing(current: Mapping[str, str]) -> Judgement:
    """Let git use no program of the repository's settings; it may still fetch what a partial clone lacks."""
    judgement = judge(current, {})
    overrides = dict(judgement.overrides)
    can_fetch = any(PROMISOR.fullmatch(key) for key in current)
    for key in current:
        if key in NEUTRAL:
            overrides[key] = NEUTRAL[key]
        elif key.startswith("credential.") and key.endswith(".helper"):
            overrides[key] = ""
        elif key.startswith("remote.") and key.endswith(".uploadpack"):
            overrides[key] = "git-upload-pack"
        elif key == "core.gitproxy" or key.endswith(".vcs"):
            can_fetch = False  # git lets no later value override the first
    return Judgement(tuple(overrides.items()), judgement.changed, lazy_fetch=can_fetch)
