"""The commands that agents may run without a question: the test command, and what the project's own files allow (F18)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.text.agents_file import (
    AGENTS_FILES,
    ANY_ARGUMENTS,
    SETTINGS_FILE,
    commands_in_agents_file,
    commands_in_claude_settings,
)

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.model.ids import CommitId


def allowed_commands(services: Services, commit: CommitId, test_command: str) -> tuple[str, ...]:
    """The test command with any arguments, then those of the project's files as they are in the target's commit.

    An agent changes these files only in its worktree, so that it cannot allow itself anything.
    """
    found: list[str] = []
    if test_command:
        found.append(f"{test_command}{ANY_ARGUMENTS}")
    for name in AGENTS_FILES:
        found += commands_in_agents_file(_text(services, commit, name))
    found += commands_in_claude_settings(_text(services, commit, SETTINGS_FILE))
    return tuple(dict.fromkeys(found))


def _text(services: Services, commit: CommitId, path: str) -> str:
    """The text of a file at a commit; empty without one."""
    return (services.git.file_at(commit, path) or b"").decode("utf-8", "replace")
