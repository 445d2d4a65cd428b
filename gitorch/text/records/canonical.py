r"""The one way to write a value on a line: JSON that every YAML 1.2 reader reads to the same value.

The JSON of `json.dumps` with `", "` and `": "`, not reduced to ASCII, except for the characters in `ODD`, which are
written `\uXXXX`: some YAML readers take them for line breaks or refuse them, or they make text look different from what it is.
"""

from __future__ import annotations

import json
import re
from typing import Any

ODD = "\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff"
"""The body of a regular expression's character class: DEL, C1 and bidi controls, line separators, BOM, noncharacters."""

_BREAKS = re.compile("\r\n?")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_dump = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(", ", ": ")).encode


def _no_constant(name: str) -> Any:
    """Refuse `NaN` and `Infinity`, which Python's JSON accepts and JSON does not have."""
    raise ValueError(f"{name} is not a JSON value")


_scan = json.JSONDecoder(parse_constant=_no_constant).raw_decode


def write(value: Any) -> str:
    """A plain value on one line, in the only form that `read` accepts.

    Raises ValueError for a number that is not finite.
    """
    text = _dump(value)
    if text.isascii() and "\x7f" not in text:
        return text

    return re.sub(f"[{ODD}]", lambda match: f"\\u{ord(match[0]):04x}", text)


def read(text: str) -> Any:
    """The value of one canonical text.

    Raises ValueError for text that `write` would not write, even if it is valid JSON.
    """
    value, end = _scan(text)
    if end != len(text):
        raise ValueError(f"more than one value in {text:.60}")

    if write(value) != text:
        raise ValueError(f"{text:.60} where the canonical form is {write(value):.60}")

    return value


def normal(text: str) -> str:
    """Prose as records keep it.

    LF is the only line break, and U+FFFD stands for every control character but tab and LF.
    """
    return _CONTROLS.sub("\ufffd", _BREAKS.sub("\n", text))
