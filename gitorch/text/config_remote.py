"""The remote that shares the ledger, read from `gitorch.yaml` without a YAML parser: every verb asks, and few repositories share."""

from __future__ import annotations

import re

_UNUSUAL = re.compile(rb"""^(?:[ \t]*[{%?!&]|---|["'])""", re.MULTILINE)
"""Lines that can begin the section in another form than the template's."""

_SECTION = re.compile(rb"^ledger[ \t]*:(.*)((?:\n(?:[ \t].*|\r?|#.*))*)", re.MULTILINE)
_KEY = re.compile(rb"""^[ \t]+["']?remote\b""", re.MULTILINE)
_REMOTE = re.compile(
    rb"""^[ \t]+remote[ \t]*:[ \t]*(?:([A-Za-z0-9_][A-Za-z0-9_.-]*)|""|'')?[ \t]*(?:[ \t]#.*)?\r?$""", re.MULTILINE
)
_COMMENT = re.compile(rb"[ \t]*(?:[ \t]#.*)?\r?")


def remote_of(data: bytes) -> str | None:
    """The value of the key `ledger: remote`, empty where it is not set; None where only a YAML parser can tell."""
    if b"ledger" not in data:
        return ""
    if _UNUSUAL.search(data):
        return None

    section = _SECTION.search(data)
    if section is None:
        return ""
    if not _COMMENT.fullmatch(section[1]):
        return None
    return _value(section[2])


def _value(lines: bytes) -> str | None:
    """The remote in the lines of the section."""
    if not _KEY.search(lines):
        return ""
    found = _REMOTE.search(lines)
    if found is None:
        return None
    return (found[1] or b"").decode()
