"""One run's answers: what was agreed at the start holds for it, budgets are asked about, and people are told outside."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from house import House

pytestmark = [pytest.mark.tmux, pytest.mark.slow]  # quick: tests/app/test_approving.py, tests/cli/test_cli_approvals.py

SCRIPT = """
[[turn]]
job = "curious"
[[turn.step]]
ask = "Which name?"
name = "name"
[[turn.step]]
write = "curious.md"
text = "{answer:name}"
[[turn.step]]
commit = "Write it"
[[turn.step]]
handoff = "DONE"
"""

TELL = """
import json, os, sys
told = json.load(sys.stdin)
with open(sys.argv[1], "a") as out:
    out.write(json.dumps(told) + "\\n")
sys.exit(3 if told["kind"] == "context" else 0)
"""


def more(house: House, text: str) -> None:
    """Add keys to the configuration."""
    path = house.path / "gitorch.yaml"
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def notices(house: House) -> list[dict[str, Any]]:
    path = house.script.parent / "told.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


@pytest.fixture(scope="module")
def asked(home_of_runs: House) -> House:
    """A run with a budget of two sessions and one curious agent, after its configuration was changed in every way."""
    house = home_of_runs
    house.configure(SCRIPT, agents=3, remind=600)
    tell = house.script.parent / "tell.py"
    tell.write_text(TELL, encoding="utf-8")
    argv = json.dumps([sys.executable, str(tell), str(tell.parent / "told.jsonl")])
    more(house, f"budgets: {{sessions: 2}}\nnotify: {{command: {argv}}}\n")
    house.start("curious", "plain", "last")
    house.configure(SCRIPT, agents=1, rounds=1, tests="'false'", stages="[quality]", silence=1)
    more(house, f"notify: {{command: {argv}}}\nworktrees: {{base_path: ../elsewhere}}\n")
    house.first = house.up()
    return house


def test_a_question_and_a_budget_wait_in_one_inbox_and_the_run_stands_still(asked: House) -> None:
    rows = asked("inbox", "--json").json["inbox"]
    assert sorted(row["kind"] for row in rows) == ["context", "escalation"]
    (budget,) = asked.records("escalated")
    assert budget["trigger"] == "budget:sessions"
    assert len({r["session"] for r in asked.records("lease-granted")}) == 2
    for row in rows:
        assert row["command"] in asked("status").out


def test_people_are_told_by_their_own_command_once_and_its_failure_is_said_once(asked: House) -> None:
    asked.until(lambda: {n["kind"] for n in notices(asked)} >= {"context", "escalation"}, "both notices")
    told = [n["notice"] for n in notices(asked)]
    assert len(told) == len(set(told))
    (context,) = [n for n in notices(asked) if n["kind"] == "context"]
    assert (context["text"], context["command"]) == (
        "Which name?",
        f'gitorch answer {context["id"]} "…" --run {context["run"]}',
    )
    said = asked.first.text + asked("up", "--no-wait", status=10).text + asked("up", "--no-wait", status=10).text
    assert said.count("the notification command failed") == 1


def test_answers_by_short_id_from_a_script_are_taken_once(asked: House) -> None:
    budget = asked.question(kind="escalation")
    assert "it has go_on, stop_run" in asked("answer", budget, "yes", status=2).err
    asked("answer", budget, "go")
    assert "already answered by" in asked("answer", budget, "stop_run", status=4).err
    asked("answer", asked.question(kind="context"), "--", "-sid", "with", "words")
    asked.up()
    while budgets := [q for q in asked("inbox", "--json").json["inbox"] if q["kind"] == "escalation"]:
        asked("answer", budgets[0]["id"], "go_on")
        asked.up()
    (handed,) = asked.records("handoff-submitted", job="curious", status="DONE")
    assert asked.repo.git("show", f"{handed['commit']}:curious.md") == "-sid with words"


def test_a_changed_configuration_does_not_reach_the_run(asked: House) -> None:
    (confirmed,) = asked.records("run-confirmed")
    assert confirmed["settings"]["max_agents"] == 3
    assert not asked.records("check-recorded"), "the tests that were added since are not run"
    assert {r["job"] for r in asked.records("verdict-given")} == {"curious.spec", "plain.spec", "last.spec"}
    assert not (asked.path.parent / "elsewhere").exists()
    assert not asked.records("session-nudged"), "nor does the new patience count"


def test_a_target_is_confirmed_when_it_is_first_used_and_again_after_another(asked: House) -> None:
    asked("cancel")
    assert [r["target"] for r in asked.records("target-confirmed")] == ["main"]
    asked.repo.git("branch", "release", "main")
    for number, target in enumerate(("main", "release", "release", "main")):
        asked.configure(SCRIPT)
        config = asked.path / "gitorch.yaml"
        config.write_text(config.read_text().replace("merge_target: main", f"merge_target: {target}"))
        plan = asked.plan(f"more-{number}", title=f"More {number}", name=f"more-{number}.md")
        confirmed = asked("check", plan, "--json").json["sheet"]["target_confirmed"]
        assert confirmed is (number in {0, 2})
        asked("start", plan, "--yes")
        asked("cancel", asked("status", "--all", "--json").json["runs"][-1]["id"])
    assert [r["target"] for r in asked.records("target-confirmed")] == ["main", "release", "main"]
