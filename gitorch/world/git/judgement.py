"""Which of a repository's judged settings git may use: those that stand since the run began."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.model.values import Value
from gitorch.world.git.settings import CONTENT, NETWORK, PATTERNS, Kind, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MERGE_AS_TEXT = "git merge-file --quiet --marker-size=%L %A %O %B"
"""A merge driver that does what git does for a file without one."""

NO_FILTER = {"clean": "", "smudge": "", "process": "", "required": "false"}
"""The settings of a filter that changes nothing."""

NEUTRAL = {"core.sshcommand": "ssh", "core.askpass": "", "credential.helper": ""}
"""The values that take the place of a program with which git reaches a remote."""

FIRST_COUNTS = (".gitproxy", ".uploadpack", ".vcs")
"""The last parts of settings that name a program and of which git takes the first value, so that none overrides it."""


class Judgement(Value):
    """What git may use of the repository's settings."""

    overrides: tuple[tuple[str, str], ...]
    """Settings that take the place of those that are not trusted."""
    changed: tuple[str, ...]
    """Judged settings and files that differ from the snapshot, sorted."""
    lazy_fetch: bool
    """Whether git may fetch objects that a partial clone lacks."""

    def changed_content_rules(self) -> tuple[str, ...]:
        """Those of the changed settings that decide about the content of files and merges, sorted.

        A handoff or a merge under these could hold other content than its commits do.
        """
        return tuple(key for key in self.changed if kind_of(key) in CONTENT)

    def changed_hooks(self) -> tuple[str, ...]:
        """The names of the hooks that changed, as `hooks/<name>`, sorted.

        A hook that was added or removed since the snapshot counts as changed.
        """
        return tuple(key for key in self.changed if kind_of(key) is Kind.HOOK)

    def changed_for_remote(self, remote: str) -> tuple[str, ...]:
        """Those of the changed settings that decide how git reaches this remote, sorted.

        Settings of connections concern every remote, so that they are always among them.
        Settings of another remote are not: a push to one must not wait for the repair of the other.
        """
        found = []
        for key in self.changed:
            kind = kind_of(key)
            if kind is Kind.CONNECTION:
                found.append(key)
            elif kind is Kind.REMOTE and _name(kind, key) == remote:
                found.append(key)
        return tuple(found)


NOTHING_JUDGED = Judgement((), (), lazy_fetch=False)
"""The judgement on a repository whose settings cannot matter."""


def judge(current: Mapping[str, str], trusted: Mapping[str, str] | None) -> Judgement:
    """Compare a snapshot of now with that of the start of the run; without one everything stands as it is.

    Filters and merge drivers that changed are switched off, so that git can go on without them.
    Changed hooks and settings of remotes are only reported: a command that needs one must not run at all.
    A partial clone fetches no missing objects once any setting of the network changed.
    """
    can_fetch = _has_promisor(current)
    if trusted is None:
        return Judgement((), (), lazy_fetch=can_fetch)

    changed = _differences(current, trusted)
    if any(kind_of(key) in NETWORK for key in changed):
        can_fetch = False

    return Judgement(_overrides(changed), changed, lazy_fetch=can_fetch)


def trust_nothing(current: Mapping[str, str]) -> Judgement:
    """Let git use no program of the repository's settings; it may still fetch what a partial clone lacks.

    Every judged setting counts as changed, as if there were a snapshot of a repository without any.
    A setting that no override can replace (`FIRST_COUNTS`) forbids the fetch instead.
    """
    changed = _differences(current, {})
    overrides = dict(_overrides(changed))
    overrides.update(_without_programs(current))

    can_fetch = _has_promisor(current)
    if any(key.endswith(FIRST_COUNTS) for key in current):
        can_fetch = False

    return Judgement(tuple(overrides.items()), changed, lazy_fetch=can_fetch)


def _has_promisor(snapshot: Iterable[str]) -> bool:
    """Whether the repository is a partial clone, which lacks objects that a remote promised."""
    return any(kind_of(key) is Kind.PROMISOR for key in snapshot)


def _differences(current: Mapping[str, str], trusted: Mapping[str, str]) -> tuple[str, ...]:
    """The keys that only one of two snapshots has, or whose values differ, sorted."""
    differing = set()
    for key in {*current, *trusted}:
        if current.get(key) != trusted.get(key):
            differing.add(key)

    return tuple(sorted(differing))


def _overrides(changed: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Settings that switch off each filter and merge driver among the changed keys.

    A filter then leaves files as they are, and a driver merges them as text.
    Keys of other kinds need none: `CommandLine` refuses the commands that would use them.
    """
    overrides: dict[str, str] = {}
    for key in changed:
        kind = kind_of(key)
        if kind is Kind.FILTER:
            for variable, value in NO_FILTER.items():
                overrides[f"filter.{_name(kind, key)}.{variable}"] = value
        elif kind is Kind.DRIVER:
            overrides[f"merge.{_name(kind, key)}.driver"] = MERGE_AS_TEXT
    return tuple(overrides.items())


def _without_programs(current: Iterable[str]) -> dict[str, str]:
    """Harmless values for every setting that names a program with which git reaches a remote.

    `NEUTRAL` has those with a fixed name. A credential helper can be set for one URL alone, so that its section is open.
    """
    overrides: dict[str, str] = {}
    for key in current:
        section, _, variable = key.rpartition(".")
        if key in NEUTRAL:
            overrides[key] = NEUTRAL[key]
        elif section.startswith("credential.") and variable == "helper":
            overrides[key] = ""
    return overrides


def _name(kind: Kind, key: str) -> str:
    """The name of the filter, merge driver or remote that a key belongs to; empty for a key of another kind."""
    match = re.fullmatch(PATTERNS[kind], key)
    if match is None:
        return ""
    return match["name"]
