"""The JSON that some parameters take from a file, as schemas: doors without files take the content itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

FINDING: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "severity": {"type": "string", "enum": ["blocking", "important", "minor", "note"]},
        "title": {"type": "string", "description": "One sentence that says what is wrong."},
        "path": {"type": "string", "description": "The file, from the root of the repository."},
        "line": {"type": "integer", "minimum": 0},
        "quote": {"type": "string", "description": "The line as it stands at the commit under review."},
        "detail": {"type": "string", "description": "What to do, or the new evidence."},
        "number": {
            "type": "integer",
            "minimum": 0,
            "description": "Of an earlier finding that is restated or withdrawn.",
        },
        "withdrawn": {
            "type": "boolean",
            "description": "Whether the finding of this number is withdrawn; detail says why.",
        },
    },
    "additionalProperties": False,
}

CONTENTS: Mapping[str, Mapping[str, Any]] = {"findings": {"type": "array", "items": FINDING}}
"""By the name of the parameter, where its content is given in place of a file."""
