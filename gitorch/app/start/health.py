"""The result of one check of `gitorch doctor`."""

from __future__ import annotations

from gitorch.model.values import Value


class HealthCheck(Value):
    """The result of one check."""

    name: str
    ok: bool | None
    """None for a note, which is neither good nor bad."""
    text: str
    fix: str = ""
    """A command or an edit that helps."""
