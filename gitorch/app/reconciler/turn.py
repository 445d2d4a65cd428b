"""Whose turn it is to tick: one process at a time, and while `gitorch up` runs, it alone."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from gitorch.errors import Busy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.app.services import Services

LOCK = "up"
"""Held by whoever ticks: `gitorch up`, or a verb that does at once what it made possible."""

DRIVER_LOCK = "driver"
"""Held by `gitorch up` alone, so that a verb sees that it runs."""

VERB_SECONDS = 30.0
"""How long one waits for a verb that ticks."""


@contextmanager
def turn(services: Services, *, drives: bool = False) -> Iterator[None]:
    """Tick alone while the block runs. `drives` is for `gitorch up` itself.

    Raises Busy at once where `gitorch up` runs, and where anybody else holds the lock for longer than a verb may take.
    """
    if drives:
        _ensure_not_driven(services)
        with services.ledger.hold(DRIVER_LOCK), services.ledger.hold(LOCK, VERB_SECONDS):
            yield
        return

    wait_seconds = VERB_SECONDS
    if is_driven(services):
        wait_seconds = 0.0
    with services.ledger.hold(LOCK, wait_seconds):
        yield


def _ensure_not_driven(services: Services) -> None:
    """Raises Busy where `gitorch up` runs, with the process where the kernel knows it."""
    try:
        with services.ledger.hold(DRIVER_LOCK):
            return
    except Busy as error:
        message = "gitorch up is already running in this repository"
        if error.where:
            message = f"{message}: {error.where}"
        raise Busy(message, "gitorch status --watch") from None


def is_driven(services: Services) -> bool:
    """Whether `gitorch up` runs in this repository: it is seen to hold its lock."""
    try:
        with services.ledger.hold(DRIVER_LOCK):
            return False
    except Busy:
        return True
