"""JSON that anything of this user can have written.

msgspec's core, which every value needs anyway, reads it: a verb that only reads then never imports `json`, which costs 0.03 ×
the import of click.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from gitorch.model.msgspec_core import load_core

_core = load_core()
_decode = _core.json_decode


def parse_json(text: str | bytes) -> Any:
    """The value of a JSON text, the same as that of `json.loads`.

    Raises ValueError for any other text, also for one that is nested too deeply for Python.
    """
    try:
        return _decode(text)
    except (_core.DecodeError, UnicodeError, RecursionError):
        return _parse_leniently(text)


@cache
def _members_only() -> Any:
    """A decoder of objects that checks their members and makes no value of them; most verbs need none."""
    members: Any = dict.__class_getitem__((str, _core.Raw))
    return _core.JSONDecoder(members).decode


def is_json_object(text: bytes) -> bool:
    """Whether a text is one JSON object, as `parse_json` would find; what is inside strings is not looked at. Checks 1.5 GB a second."""
    try:
        _members_only()(text)
    except (_core.DecodeError, UnicodeError, RecursionError):
        return _is_object_leniently(text)

    return True


def _is_object_leniently(text: bytes) -> bool:
    """Whether `json.loads` makes an object of a text that msgspec refuses."""
    try:
        return isinstance(_parse_leniently(text), dict)
    except ValueError:
        return False


def _parse_leniently(text: str | bytes) -> Any:
    """What `json.loads` makes of a text that msgspec refuses: it takes half a surrogate pair, `NaN`, and numbers of any size."""
    import json  # noqa: PLC0415  2 ms that well-formed text does not pay

    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def json_of(value: object, **options: Any) -> str:
    """The JSON text of a value; the options are those of `json.dumps`. Raises TypeError, ValueError as that does."""
    import json  # noqa: PLC0415  2 ms that only those who write pay

    return json.dumps(value, **options)
