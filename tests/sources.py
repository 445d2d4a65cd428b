"""The source of gitorch as syntax trees, each of which is made once in a process."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

TOP = Path(__file__).parents[1]


@cache
def trees() -> dict[Path, ast.Module]:
    """The tree of each file below `gitorch`; nobody may change it."""
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted((TOP / "gitorch").rglob("*.py"))}
