"""Imports run one way: no files import each other in a circle, and the rooms of a floor know few others (docs/architecture.md)."""

from __future__ import annotations

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

import pytest
from sources import TOP, trees

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES = {
    ".".join(path.relative_to(TOP).with_suffix("").parts).removesuffix(".__init__"): path
    for path in (TOP / "gitorch").rglob("*.py")
}
ARROWS_MAX = {"app": 30, "rules": 45, "model": 60}
"""Pairs of rooms (folders and files directly in a floor) of which one imports from the other."""


def imported(tree: ast.AST, *, at_runtime: bool) -> Iterator[str]:
    """The modules of gitorch that a file imports, also within functions; without those for types alone where that is asked."""
    for node in ast.iter_child_nodes(tree):
        if at_runtime and isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in FILES else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        else:
            yield from imported(node, at_runtime=at_runtime)


@cache
def graph(*, at_runtime: bool) -> dict[str, set[str]]:
    found = {}
    for name, path in FILES.items():
        modules = set(imported(trees()[path], at_runtime=at_runtime))
        found[name] = {one for one in modules if one in FILES and one != name}
    return found


def circle(arrows: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_files_import_each_other_in_a_circle() -> None:
    assert circle(graph(at_runtime=True)) == []


def test_a_circle_is_found() -> None:
    assert set(circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})) == {"a", "b", "c"}


@pytest.mark.parametrize("floor", ARROWS_MAX)
def test_the_rooms_of_a_floor_know_few_others(floor: str) -> None:
    home = f"gitorch.{floor}."
    pairs = set()
    for name, others in graph(at_runtime=False).items():
        for other in others:
            if name.startswith(home) and other.startswith(home):
                pairs.add((name.removeprefix(home).split(".")[0], other.removeprefix(home).split(".")[0]))
    arrows = {(one, other) for one, other in pairs if one != other}
    assert len(arrows) <= ARROWS_MAX[floor], sorted(arrows)
