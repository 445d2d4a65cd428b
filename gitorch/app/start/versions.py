"""The version of an agent program, beside the one that its preset was checked with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitorch.model.plans.runtime import Preset


def version_text(preset: Preset, line: str) -> str:
    """The version line that a program printed, beside the version that its preset was checked with.

    Only the program's name where the preset gives no command that prints one.
    """
    if not preset.version_argv:
        return preset.argv[0]
    program = preset.argv[0]
    if not line:
        return f"{program}, which printed no version in time"
    if not preset.checked_with:
        return line

    return _beside_checked(preset, line)


def _beside_checked(preset: Preset, line: str) -> str:
    """The version line, beside the version that the preset was checked with."""
    found = re.search(r"\d+\.\d+\.\d+\S*", line)
    if found is not None and found[0] == preset.checked_with:
        return f"{line}, with which the preset was checked"
    return f"{line}; the preset was checked with {preset.checked_with}: its screen may differ"
