"""Whether people are notified: why the notification command failed the last time it ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitorch.app.services import Services

FOLDER = "notices"
FAILURES = ("failure", "failure.reported")
"""The file that a failed command leaves, before and after the loop has told of it; a success removes both."""


def notification_trouble(services: Services) -> str:
    """Why the notification command failed the last time; empty once it has worked again, and without a command.

    Only a file is read, so that `status` needs no configuration for it.
    """
    for name in FAILURES:
        data = services.files.read(services.home / FOLDER / name)
        if data is not None:
            return data.decode("utf-8", "replace").strip()

    return ""
