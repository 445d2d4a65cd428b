"""Values that come from a process of git, which ends where the reader stops."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

T = TypeVar("T")


@contextmanager
def ended(values: Iterable[T]) -> Iterator[Iterable[T]]:
    """End what produces these values when the block is left.

    An error that is raised while they are read would otherwise keep the process of git, and the thread that watches it, for as long
    as somebody keeps the error.
    """
    try:
        yield values
    finally:
        if isinstance(values, Generator):
            values.close()
