"""When an idle loop has git pack the loose objects of the repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.model.ids import Moment

LOOSE_OBJECTS_MAX = 2048
"""Loose objects at which an idle loop has git pack them: those of 256 records, long before a user's `git gc --auto` at 6,700."""

PACK_PAUSE_MS = 60_000
"""The time between two packings: the second removes what the first has packed, and a failed one is not tried at every pulse."""


def pack_if_due(services: Services, packed_at: Moment) -> Moment:
    """Have git pack loose objects where they are many and the last packing was a while ago.

    Gives the time of the last packing, or of the last try that failed, to be passed with the next call.
    A git that does not answer or is at it already is no error: packing only makes later reads faster.
    """
    now = services.clock.now()
    if now - packed_at < PACK_PAUSE_MS:
        return packed_at

    try:
        packed = services.git.pack(LOOSE_OBJECTS_MAX)
    except Exception:  # noqa: BLE001  packing only makes later reads faster; it is tried again after the pause
        return now

    if packed:
        return now

    return packed_at
