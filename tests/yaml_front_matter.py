"""The front matter of a Markdown file, read by a library of its own."""

from __future__ import annotations

import io
from typing import Any

from ruamel.yaml import YAML


def read(text: str) -> dict[str, Any]:
    """The fields between the first two lines of dashes."""
    _, front, _ = text.split("---\n", 2)
    return dict(YAML(typ="safe").load(io.StringIO(front)))
