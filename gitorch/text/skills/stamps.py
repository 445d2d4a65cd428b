"""The stamp of a file that gitorch installs: its version and a digest of the rest, which shows whether somebody edited it."""

from __future__ import annotations

import hashlib
import re

from gitorch.model.plans.skills import FileState

DIGEST = re.compile("sha256:[0-9a-f]{64}")


def stamped(template: str, version: str) -> str:
    """The text of a template, its `{version}` and `{digest}` filled in."""
    text = template.replace("{version}", version)
    return text.replace("{digest}", _digest(text.replace("{digest}", "")), 1)


def state_of(found: str | None, wanted: str) -> FileState:
    """What a file is, compared with the one that would be installed now."""
    if found is None:
        return FileState.ABSENT

    if found == wanted:
        return FileState.CURRENT

    if is_unchanged(found):
        return FileState.OUTDATED

    return FileState.EDITED


def is_unchanged(text: str) -> bool:
    """Whether a text is exactly what some version of gitorch wrote: its digest is that of the rest."""
    found = DIGEST.search(text)
    if found is None:
        return False

    rest = text[: found.start()] + text[found.end() :]
    return found[0] == _digest(rest)


def _digest(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
