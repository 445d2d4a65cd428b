"""The source of gitorch as syntax trees, each of which is made and walked once in a process."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

TOP = Path(__file__).parents[1]


@cache
def trees() -> dict[Path, ast.Module]:
    """The tree of each file below `gitorch`; nobody may change it."""
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted((TOP / "gitorch").rglob("*.py"))}


@cache
def nodes() -> dict[Path, list[ast.AST]]:
    """Every node of each of those trees."""
    return {path: walk(tree) for path, tree in trees().items()}


def walk(tree: ast.AST) -> list[ast.AST]:
    """The nodes that `ast.walk` gives, in its order, in three quarters of its time."""
    found = [tree]
    for node in found:
        for value in vars(node).values():
            if isinstance(value, list):
                found += [one for one in value if isinstance(one, ast.AST)]
            elif isinstance(value, ast.AST):
                found.append(value)
    return found
