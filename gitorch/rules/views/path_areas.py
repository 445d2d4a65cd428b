"""Files that decide about more than their own content: tests, CI, lock files, hooks, instructions for agents."""

from __future__ import annotations

import re
from functools import lru_cache

from gitorch.model.words import Words


class Area(Words):
    """Why a changed file deserves a closer look, in the order in which a report names them."""

    OWN = "gitorch's configuration"
    AGENTS = "instructions for agents"
    HOOKS = "hooks"
    CI = "CI"
    GIT = "git's settings"
    TESTS = "tests"
    BUILD = "build and test commands"
    LOCKS = "lock files"


_FOLDERS: dict[Area, frozenset[str]] = {
    Area.OWN: frozenset({".gitorch"}),
    Area.AGENTS: frozenset(
        {".claude", ".codex", ".gemini", ".cursor", ".opencode", ".qwen", ".windsurf", ".kiro", ".agents", ".roo"}
    ),
    Area.HOOKS: frozenset({".githooks", ".husky", "git-hooks"}),
    Area.CI: frozenset(
        {".ci", ".circleci", ".buildkite", ".woodpecker", ".teamcity", ".tekton", ".gitlab", ".semaphore", ".forgejo"}
    ),
    Area.TESTS: frozenset({"test", "tests", "__tests__", "spec", "specs", "testdata", "e2e"}),
}
"""Names of folders, at any depth, whose files belong to an area."""

_NAMES: dict[Area, str] = {
    Area.OWN: r"gitorch\.ya?ml",
    Area.AGENTS: (
        r"(agents|claude|gemini|qwen|skill|copilot-instructions)(\.local|\.override)?\.md"
        r"|\.(cursorrules|windsurfrules|clinerules|aider\.conf\.yml|mcp\.json|goosehints)|opencode\.jsonc?"
    ),
    Area.HOOKS: r"\.pre-commit-(config|hooks)\.ya?ml|\.?lefthook(-local)?\.ya?ml|\.lintstagedrc.*",
    Area.CI: (
        r"\.gitlab-ci\.ya?ml|\.travis\.yml|\.drone\.yml|\.cirrus\.yml|jenkinsfile|appveyor\.yml"
        r"|(azure|bitbucket)-pipelines\.yml|codecov\.ya?ml"
    ),
    Area.GIT: r"\.git(attributes|modules|ignore)|\.mailmap",
    Area.TESTS: r"test_.*|conftest\.py|.*[._-](test|tests|spec)\.(?!(md|rst|adoc)$)[a-z]+|.*Tests?\.(java|kt|cs|swift|scala)",
    Area.BUILD: (
        r"(gnu)?makefile|justfile|taskfile\.ya?ml|rakefile|cmakelists\.txt|build\.gradle(\.kts)?|pom\.xml|meson\.build"
        r"|package\.json|pyproject\.toml|setup\.(py|cfg)|tox\.ini|noxfile\.py|pytest\.ini|cargo\.toml|go\.mod|gemfile"
        r"|requirements.*\.txt|dockerfile.*|(jest|vitest|playwright|karma)\.config\..*"
    ),
    Area.LOCKS: (
        r".*\.lock|.*\.lockb|package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|go\.sum|packages\.lock\.json"
        r"|.*\.lockfile|package\.resolved"
    ),
}
"""The names of files of an area, as regular expressions for the whole name in any case."""

_GITHUB_CI = r"(^|/)\.github/(workflows|actions)/"
_GIT_HOOK = r"(^|/)hooks/(pre|post|commit|prepare|update|reference|applypatch|fsmonitor)[a-z-]*$"


@lru_cache(maxsize=4096)
def areas_of(path: str) -> tuple[Area, ...]:
    """The areas that a path belongs to, in their order; empty for an ordinary file."""
    *folders, name = path.split("/")
    return tuple(area for area in Area if _belongs(area, path, frozenset(folders), name))


def _belongs(area: Area, path: str, folders: frozenset[str], name: str) -> bool:
    """Whether a path belongs to an area: by a folder above it, by its name, or by both."""
    if not folders.isdisjoint(_FOLDERS.get(area, frozenset())):
        return True
    if _is_named(area, name):
        return True
    if area is Area.CI:
        return re.search(_GITHUB_CI, path) is not None
    if area is Area.HOOKS:
        return re.search(_GIT_HOOK, path) is not None
    return False


def _is_named(area: Area, name: str) -> bool:
    """Whether a file has one of the names of an area."""
    pattern = _NAMES.get(area)
    return pattern is not None and re.fullmatch(pattern, name, re.IGNORECASE) is not None
