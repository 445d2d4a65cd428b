"""Which of a repository's judged settings git may use: those that stand since the run began."""

from __future__ import annotations

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
        """Those of the changed settings that decide about the content of files and merges."""
        return tuple(key for key in self.changed if kind_of(key) in CONTENT)

    def changed_hooks(self) -> tuple[str, ...]:
        """Those of the hooks that changed."""
        return tuple(key for key in self.changed if kind_of(key) is Kind.HOOK)

    def changed_for_remote(self, remote: str) -> tuple[str, ...]:
        """Those of the changed settings that decide how git reaches this remote."""
        found = []
        for key in self.changed:
            kind = kind_of(key)
            if kind is Kind.CONNECTION or (kind is Kind.REMOTE and _name(kind, key) == remote):
                found.append(key)
        return tuple(found)


NOTHING_JUDGED = Judgement((), (), lazy_fetch=False)
"""The judgement on a repository whose settings cannot matter."""


def judge(current: Mapping[str, str], trusted: Mapping[str, str] | None) -> Judgement:
    """Compare a snapshot of now with that of the start of the run; without one everything stands as it is."""
    is_partial = _has_promisor(current)
    if trusted is None:
        return Judgement((), (), lazy_fetch=is_partial)
    changed = _differences(current, trusted)
    network_changed = any(kind_of(key) in NETWORK for key in changed)
    return Judgement(_overrides(changed), changed, lazy_fetch=is_partial and not network_changed)


def trust_nothing(current: Mapping[str, str]) -> Judgement:
    """Let git use no program of the repository's settings; it may still fetch what a partial clone lacks."""
    changed = _differences(current, {})
    overrides = dict(_overrides(changed))
    overrides.update(_without_programs(current))
    can_fetch = _has_promisor(current) and not any(key.endswith(FIRST_COUNTS) for key in current)
    return Judgement(tuple(overrides.items()), changed, lazy_fetch=can_fetch)


def _has_promisor(snapshot: Iterable[str]) -> bool:
    """Whether the repository is a partial clone, which lacks objects that a remote promised."""
    return any(kind_of(key) is Kind.PROMISOR for key in snapshot)


def _differences(current: Mapping[str, str], trusted: Mapping[str, str]) -> tuple[str, ...]:
    """The keys that only one of two snapshots has, or whose values differ."""
    keys = {*current, *trusted}
    return tuple(sorted(key for key in keys if current.get(key) != trusted.get(key)))


def _overrides(changed: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Settings that switch off each filter and merge driver among the changed keys."""
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
    """Harmless values for every setting that names a program with which git reaches a remote."""
    overrides: dict[str, str] = {}
    for key in current:
        section, _, variable = key.rpartition(".")
        if key in NEUTRAL:
            overrides[key] = NEUTRAL[key]
        elif section.startswith("credential.") and variable == "helper":
            overrides[key] = ""
    return overrides


def _name(kind: Kind, key: str) -> str:
    """The name of the filter, merge driver or remote that a key belongs to."""
    match = PATTERNS[kind].fullmatch(key)
    if match is None:
        return ""
    return match["name"]
