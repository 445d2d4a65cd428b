"""The bars that `tests/complexity.py` prints figures for: they may be lowered, never raised."""

from __future__ import annotations

from pathlib import Path

import pytest
from complexity import figures, functions, of_folder

TOP = Path(__file__).resolve().parents[1]

BARS = {
    "complexity per 10 lines": 3.0,
    "mean complexity": 3.0,
    "ternaries per 1,000 lines": 15,
    "comprehensions per 1,000 lines": 30,
    "over complexity 10": 0,
    "over 60 lines": 0,
}


@pytest.fixture(scope="module")
def measured() -> dict[str, float]:
    return figures(of_folder(TOP / "gitorch"))


@pytest.mark.parametrize("name", BARS)
def test_the_source_keeps_each_bar(measured: dict[str, float], name: str) -> None:
    assert measured[name] <= BARS[name]


@pytest.mark.parametrize(
    ("body", "complexity"),
    [
        ("return 1", 1),
        ("if a:\n  return 1", 2),
        ("if a:\n  return 1\n elif b:\n  return 2", 3),
        ("for x in y:\n  pass", 2),
        ("while a:\n  pass", 2),
        ("assert a", 2),
        ("return a and b and not c", 3),
        ("return 1 if a else 2", 2),
        ("return [x for x in y if x if z]", 4),
        ("return [x for x in y for z in x]", 3),
        ("try:\n  pass\n except A:\n  pass\n except B:\n  pass", 3),
        ("match a:\n  case 1:\n   pass\n  case _:\n   pass", 3),
        ("def g():\n  if a:\n   pass", 1),
    ],
)
def test_branches_loops_handlers_cases_operators_and_comprehensions_count(body: str, complexity: int) -> None:
    outer = next(one for one in functions("a.py", f"def f():\n {body}\n") if one.where.endswith("::f"))
    assert outer.complexity == complexity


def test_ternaries_and_comprehensions_are_counted_per_function() -> None:
    (one,) = functions("a.py", "def f():\n return [1 if a else 2 for a in b], {c for c in d}\n")
    assert (one.lines, one.ternaries, one.comprehensions) == (2, 1, 2)
