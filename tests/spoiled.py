"""JSON values of any kind, and JSON in which one part is another one or missing: what an older or a newer program may send."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value inside a value, its own among them."""
    yield at
    rows = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in rows:
        yield from places(inner, (*at, key))


def replaced(value: Any, place: tuple[Any, ...], other: Any) -> Any:
    """The value with another one at this place; without anything there, where the other one is `...`."""
    if not place:
        return None if other is ... else other
    whole = copy.deepcopy(value)
    holder = whole
    for key in place[:-1]:
        holder = holder[key]
    if other is ...:
        del holder[place[-1]]
    else:
        holder[place[-1]] = other
    return whole
