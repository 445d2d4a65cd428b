"""What docs/plans.md shows is true."""

from __future__ import annotations

import re
from pathlib import Path

from gitorch.text.plans.plan import parse_plan
from gitorch.text.slug import RESERVED, slug

PAGE = (Path(__file__).parents[2] / "docs" / "plans.md").read_text(encoding="utf-8")


def test_the_plan_on_the_page_has_no_problems():
    (example,) = re.findall(r"^````markdown\n(.*?)^````$", PAGE, re.MULTILINE | re.DOTALL)

    plan = parse_plan("plan.md", example.encode())

    assert plan.problems == ()
    assert plan.design == "docs/design/search.md"
    assert [(epic.id, epic.needs, len(epic.tasks)) for epic in plan.epics] == [
        ("index", (), 3),
        ("query", ("index",), 2),
    ]
    assert plan.epics[1].scope_forbidden == ("src/query/generated/**",)


def test_the_page_names_the_reserved_words_and_a_true_slug():
    assert [word for word in RESERVED if f"`{word}`" not in PAGE] == []
    assert slug("Größe & Co.") == "grosse-co"
