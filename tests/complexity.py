"""How much a reader must hold in the head: `python tests/complexity.py [FOLDER]` prints the table; `test_complexity` holds its bars.

Complexity is cyclomatic: 1 for a function, and 1 more for each branch, loop, handler, case, ternary, boolean operator,
and each `for` and `if` of a comprehension. Nested functions count on their own. Lines are all lines of the function.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sources import nodes_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BRANCHES = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.IfExp, ast.Assert)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Function:
    """One function and its counts."""

    where: str
    lines: int
    complexity: int
    ternaries: int
    comprehensions: int


def own(function: ast.AST) -> list[ast.AST]:
    """Every node of a function, in no order, without those of nested functions."""
    found = [function]
    for node in found:
        found += [child for child in ast.iter_child_nodes(node) if not isinstance(child, FUNCTIONS)]
    return found[1:]


def weight(node: ast.AST) -> int:
    """The amount that one node adds to the complexity of its function."""
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 1
    if isinstance(node, ast.comprehension):
        return 1 + len(node.ifs)
    if isinstance(node, ast.match_case):
        return 1
    return int(isinstance(node, BRANCHES))


def functions(name: str, text: str) -> Iterator[Function]:
    """Every function of one file."""
    return functions_among(name, nodes_of(name, text))


def functions_among(name: str, nodes: Iterable[ast.AST]) -> Iterator[Function]:
    """The functions among the nodes of the file with this name."""
    for node in nodes:
        if isinstance(node, FUNCTIONS):
            inside = own(node)
            yield Function(
                f"{name}::{node.name}",
                (node.end_lineno or node.lineno) - node.lineno + 1,
                1 + sum(weight(one) for one in inside),
                sum(isinstance(one, ast.IfExp) for one in inside),
                sum(isinstance(one, COMPREHENSIONS) for one in inside),
            )


def of_folder(folder: Path) -> list[Function]:
    """Every function below a folder, or of one file."""
    files = sorted(folder.rglob("*.py")) if folder.is_dir() else [folder]
    return [function for file in files for function in functions(str(file), file.read_text(encoding="utf-8"))]


def figures(found: list[Function]) -> dict[str, float]:
    """The figures of the table; all are 0 if there is no function."""
    lines = sum(one.lines for one in found) or 1
    total = sum(one.complexity for one in found)
    return {
        "functions": len(found),
        "complexity per 10 lines": 10 * total / lines,
        "mean complexity": total / (len(found) or 1),
        "ternaries per 1,000 lines": 1000 * sum(one.ternaries for one in found) / lines,
        "comprehensions per 1,000 lines": 1000 * sum(one.comprehensions for one in found) / lines,
        "over complexity 10": sum(one.complexity > 10 for one in found),
        "over 60 lines": sum(one.lines > 60 for one in found),
    }


def main() -> None:
    """Print the table of a folder, then its functions over complexity 10."""
    found = of_folder(Path(sys.argv[1] if len(sys.argv) > 1 else "gitorch"))
    for name, figure in figures(found).items():
        sys.stdout.write(f"{name:32} {figure:8.2f}\n")
    for one in sorted(found, key=lambda one: -one.complexity):
        if one.complexity > 10:
            sys.stdout.write(f"{one.complexity:4} {one.where}\n")


if __name__ == "__main__":
    main()
