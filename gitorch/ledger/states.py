"""States as JSON and back, for the cache: `["RunLine", "auth-7f3a", …]`, a class's name and its fields in order.

Only for the disposable cache. Another version may not read these files, which is why the cache has a key.
"""

from __future__ import annotations

import re
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from gitorch.ledger.kinds import STORED_CLASSES, require_fields
from gitorch.model.json_text import json_of, parse_json
from gitorch.model.values import is_value_class, names_of

if TYPE_CHECKING:
    from collections.abc import Callable


_SURROGATE = r"(?<!\\)(?:\\\\)*\\u[dD]"
"""The escape of a surrogate, which JSON can name and no file can hold; `dump` escapes no character beyond ASCII."""


def _fields_of(cls: Any) -> Callable[[Any], tuple[Any, ...]]:
    """Gives the values of a class's fields, in one call of C where it has several."""
    names = names_of(cls)
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple([getattr(value, name) for name in names])


_PRIMITIVES = frozenset({str, int, float, bool, type(None)})
_NESTED = frozenset({list, dict})
_VALUES: dict[Any, tuple[str, Callable[[Any], tuple[Any, ...]]]] = {}
_ENUMS: dict[Any, str] = {}
for _name, _cls in STORED_CLASSES.items():
    if is_value_class(_cls):
        _VALUES[_cls] = (_name, _fields_of(_cls))
    else:
        _ENUMS[_cls] = _name


def dump(value: Any) -> str:
    """Any value of the model as one line of JSON, without a line break at its end.

    Raises AttributeError for an object that is neither a value of the model nor made of dicts, tuples and primitives.
    """
    return json_of(_plain(value), ensure_ascii=False, separators=(",", ":"))


def load(text: str) -> Any:
    """The value that `dump` wrote, equal to the original and of the same classes.

    Keys of dicts are strings afterwards, since JSON has no others.
    Raises ValueError, KeyError, TypeError or IndexError for text that `dump` did not write in this version.
    """
    if "\\u" in text and re.search(_SURROGATE, text):
        raise ValueError("a character that `dump` writes otherwise")
    try:
        return _value(parse_json(text))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _plain(value: Any) -> Any:
    """A value as lists, dicts and primitives.

    An object of the model becomes the list `[class name, field, …]`, and a tuple becomes `["", item, …]`.
    So the first item of each list tells `_value` what to make of it.
    """
    kind = type(value)
    if kind in _PRIMITIVES:
        return value
    if kind in _VALUES:
        name, fields = _VALUES[kind]
        return _list(name, fields(value))
    if kind is tuple:
        return _list("", value)
    if kind in _ENUMS:
        return [_ENUMS[kind], str.__str__(value)]  # `value.value` takes four times as long

    # All that is left in the model are mappings.
    return {str(key): _plain(item) for key, item in value.items()}


def _list(name: str, items: tuple[Any, ...]) -> list[Any]:
    """A name and plain items. Most items are primitive: testing that here, without a call each, saves a quarter of the time."""
    return [name, *[item if type(item) in _PRIMITIVES else _plain(item) for item in items]]


def _value(plain: Any) -> Any:
    """The inverse of `_plain`; changes the dicts in its argument instead of copying them. Raises what `_made` raises."""
    kind = type(plain)
    if kind is list:
        return _made(plain[0], [_value(item) if type(item) in _NESTED else item for item in plain[1:]])
    if kind is dict:
        for key, item in plain.items():
            if type(item) in _NESTED:
                plain[key] = _value(item)

    return plain


def _made(name: str, items: list[Any]) -> Any:
    """The tuple of these items, or the value or word of the named class.

    Raises KeyError for a class that no longer exists, TypeError or ValueError for items that it does not have.
    """
    if name == "":  # not 0 either, which is as empty
        return tuple(items)
    cls: Any = STORED_CLASSES[name]
    if cls in _VALUES:
        require_fields(cls, items)
    return cls(*items)
