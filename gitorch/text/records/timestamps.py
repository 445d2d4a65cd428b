"""Timestamps as ISO 8601 in UTC with milliseconds: `2026-11-20T22:40:11.123Z`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitorch.model.ids import Moment

_EPOCH = datetime(1970, 1, 1)  # naive: subtracting aware datetimes costs twice as much
_MILLISECOND = timedelta(milliseconds=1)


def iso(moment: Moment) -> str:
    """A timestamp as text: `2026-11-20T22:40:11.123Z`.

    Raises ValueError outside the years 1 to 9999.
    """
    try:
        return (_EPOCH + timedelta(milliseconds=moment)).isoformat(timespec="milliseconds") + "Z"
    except OverflowError as error:
        raise ValueError(f"{moment} is not a timestamp between the years 1 and 9999") from error


def parse(text: str) -> Moment:
    """The exact inverse of `iso`.

    Raises ValueError for any other form, such as one without milliseconds or with another zone.
    """
    marks = text[10:11] + text[19:20] + text[23:]
    if len(text) != 24 or marks != "T.Z" or not text.isascii():
        raise ValueError(f"{text!r} is not a timestamp such as 2026-11-20T22:40:11.123Z")

    milliseconds: Moment = (datetime.fromisoformat(text[:23]) - _EPOCH) // _MILLISECOND  # type: ignore[assignment]  # a NewType of int
    return milliseconds


def month(moment: Moment) -> str:
    """The month of a timestamp, in UTC: `2026-11`."""
    return iso(moment)[:7]
