"""`plan gates` adds a gate to each epic that has none, at its end, and changes nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitorch.text.plans.gates import GATE_STEPS, add_gates, new_plan
from gitorch.text.plans.plan import parse_plan


def gate(name: str) -> str:
    return f"\n## Review Gate: {name}\n\n{GATE_STEPS}\n"


API, UI = "## Epic: api — The API\n\n- [ ] One\n", "## Epic: ui — The UI\n\n- [ ] Two\n"
LISTED = "---\nepics:\n- {id: api, title: The API}\n- {id: ui, title: The UI}\n---\n"

PLANS = {
    "one epic": (API, API + gate("api"), ["api"]),
    "two epics, with blank lines between them": (
        f"# Plan\n\n{API}\n\n{UI}\n",
        f"# Plan\n\n{API}{gate('api')}\n\n{UI}{gate('ui')}\n",
        ["api", "ui"],
    ),
    "a gate at the first epic": (API + gate("api") + "\n" + UI, API + gate("api") + "\n" + UI + gate("ui"), ["ui"]),
    "text behind the tasks": (
        f"{API}\nA remark.\n\n{UI}",
        f"{API}\nA remark.\n{gate('api')}\n{UI}{gate('ui')}",
        ["api", "ui"],
    ),
    "a chapter behind the last epic": (
        f"{API}\n## Remarks\n\nNone.\n",
        f"{API}{gate('api')}\n## Remarks\n\nNone.\n",
        ["api"],
    ),
    "two chapters behind the last epic": (
        f"{API}\n## Remarks\n\nNone.\n\n# End\n",
        f"{API}{gate('api')}\n## Remarks\n\nNone.\n\n# End\n",
        ["api"],
    ),
    "a section inside of the epic": (
        f"{API}\n### Remarks\n\nNone.\n",
        f"{API}\n### Remarks\n\nNone.\n{gate('api')}",
        ["api"],
    ),
    "a chapter beside a deeper epic": (
        "# Plan\n\n### Epic: api — The API\n\n- [ ] One\n\n### Remarks\n\nNone.\n",
        f"# Plan\n\n### Epic: api — The API\n\n- [ ] One\n{gate('api')}\n### Remarks\n\nNone.\n",
        ["api"],
    ),
    "a section before the tasks": (
        "## Epic: api — The API\n\n### Why\n\nSo.\n\n- [ ] One\n",
        f"## Epic: api — The API\n\n### Why\n\nSo.\n\n- [ ] One\n{gate('api')}",
        ["api"],
    ),
    "front matter that lists the epics": (
        f"{LISTED}\n## The API\n\n- [ ] One\n\n## The UI\n\n- [ ] Two\n",
        f"{LISTED}\n## The API\n\n- [ ] One\n{gate('api')}\n## The UI\n\n- [ ] Two\n{gate('ui')}",
        ["api", "ui"],
    ),
    "no line end at the end": (API.rstrip("\n"), API + gate("api"), ["api"]),
    "line ends of Windows": (API.replace("\n", "\r\n"), (API + gate("api")).replace("\n", "\r\n"), ["api"]),
}


@pytest.mark.parametrize("name", PLANS)
def test_a_gate_comes_to_the_end_of_each_epic_without_one(name):
    before, after, added = PLANS[name]
    found = add_gates("plan.md", before.encode())
    assert (found.text, list(found.added)) == (after, added)
    again = add_gates("plan.md", found.text.encode())
    assert (again.text, again.added) == (found.text, ())


@given(st.lists(st.text(st.sampled_from("a \t\x0b\x0c\x1c\x85\u2028\u2029\r"), max_size=6), min_size=1, max_size=3))
@settings(max_examples=60, deadline=None)
def test_no_odd_line_break_moves_a_gate_into_another_epic(remarks):
    text = "\n\n".join(["# Plan", *remarks, API, *remarks, UI])
    found = add_gates("plan.md", text.encode())
    assert found.text.index("Review Gate: api") > found.text.index("One")
    assert found.text.index("Review Gate: api") < found.text.index("## Epic: ui")
    assert found.text.index("Review Gate: ui") > found.text.index("Two")
    rest = found.text
    for name in ("api", "ui"):
        rest = rest.replace(gate(name), "").replace(gate(name).replace("\n", "\r\n"), "")
    assert rest == text


def test_the_skeleton_of_a_plan_is_a_plan_with_all_gates():
    text = new_plan("Accounts: the 2nd try")
    plan = parse_plan("plan.md", text.encode())
    assert plan.title == "Accounts: the 2nd try"
    assert [epic.id for epic in plan.epics if epic.needs] == [plan.epics[1].id]
    assert add_gates("plan.md", text.encode()).added == ()


def test_what_gitorch_writes_below_a_gate_is_not_remarked_upon():
    plan = parse_plan("plan.md", add_gates("plan.md", (API + UI).encode()).text.encode())
    assert [remark.message for remark in plan.remarks if "no agent reads it" in remark.message] == []
