"""What gitorch installs for other programs: skills, commands, and entries in their settings."""

from __future__ import annotations

from gitorch.model.values import Value
from gitorch.model.words import Words


class FileForm(Words):
    """How a file is owned."""

    WHOLE = "whole"
    """All of it is gitorch's, with a stamp."""

    JSON_ENTRY = "json_entry"
    """One value in a file of JSON that has others."""

    TOML_ENTRY = "toml_entry"
    """One table in a file of TOML that has others."""


class FileState(Words):
    """What is there, compared with what would be installed now."""

    ABSENT = "absent"
    CURRENT = "current"
    OUTDATED = "outdated"
    """As an earlier version wrote it."""

    EDITED = "edited"
    """Somebody changed it, or wrote it; gitorch leaves it alone."""


class SkillFile(Value):
    """One file that a profile has."""

    path: str
    """From the root of the project or from the user's home, with slashes."""

    form: FileForm
    content: str
    """The whole text, or the entry as JSON or TOML."""

    key: tuple[str, ...] = ()
    """Where the entry stands in its file."""


class SkillStatus(Value):
    """A file of a profile, as it is there."""

    profile: str
    file: SkillFile
    state: FileState
    after: str | None = None
    """The text of the file once it is installed; None where it stays as it is."""

    is_there: bool = False
    """Whether the file exists, with or without what gitorch writes into it."""

    @property
    def adds_entry(self) -> bool:
        """Whether an installation adds an entry to a file that exists."""
        return self.state is FileState.ABSENT and self.is_there
