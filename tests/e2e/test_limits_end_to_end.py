"""Agents that run into a limit: a usage limit is waited out and then nudged once; memory and requests are put to a human."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from house import house

if TYPE_CHECKING:
    from pathlib import Path

    from house import House

pytestmark = [
    pytest.mark.tmux,
    pytest.mark.slow,
]  # quick: tests/rules/test_usage_limits.py, tests/rules/test_runaway.py

SCRIPT = """
[[turn]]
job = "spent"
prompt = "brief"
[[turn.step]]
used_up = 8

[[turn]]
job = "greedy"
[[turn.step]]
hoard = 300
[[turn.step]]
sleep = 600

[[turn]]
job = "monster"
[[turn.step]]
hoard = 500
once = true
[[turn.step]]
sleep = 600
once = true
[[turn.step]]
write = "monster.md"
text = "In less memory."
[[turn.step]]
commit = "Write it"
[[turn.step]]
handoff = "DONE"

[[turn]]
job = "frantic"
[[turn.step]]
storm = 24
[[turn.step]]
sleep = 600
"""


@pytest.fixture(scope="module")
def limits(home_of_runs: House) -> House:
    """A run in which each agent meets a limit, seen while one waits for its usage limit to end, and driven on."""
    house = home_of_runs
    house.configure(SCRIPT, silence=60)
    config = house.path / "gitorch.yaml"
    config.write_text(config.read_text() + "budgets: {memory_mib: 200, requests_per_minute: 20}\n")
    house.start("spent", "greedy", "monster", "frantic")
    house.up_beside("--wait")
    return house


def test_a_usage_limit_in_a_terminal_is_told_as_what_it_is(limits: House) -> None:
    limits.until(lambda: agents(limits)["spent"] == "limited", "the limit on the screen")
    assert "limited" in limits("status").out
    assert limits("peek", "spent", "--json").json["state"] == "limited"
    assert not limits.records("session-nudged", job="spent"), "it is waited out"


def test_after_its_reset_an_agent_is_nudged_once_and_goes_on(limits: House) -> None:
    limits.until(lambda: limits.records("handoff-submitted", job="spent"), "the work after the limit")
    (nudged,) = limits.records("session-nudged", job="spent")
    (handed,) = limits.records("handoff-submitted", job="spent")
    told = [e for e in limits.records("prompt-delivered", job="spent") if e["kind"] == "nudge"]
    assert nudged["_seq"] < told[0]["_seq"] < handed["_seq"]
    assert not limits.records("escalated", job="spent"), "a limit is nobody's fault"
    assert len(limits.records("lease-granted", job="spent")) == 1, "the same session went on"


def test_an_agent_that_holds_too_much_memory_is_put_to_a_human_and_goes_on(limits: House) -> None:
    limits.until(lambda: limits.records("escalated", job="greedy"), "the question about memory")
    (asked,) = limits.records("escalated", job="greedy")
    assert asked["trigger"] == "stuck:greedy:1:memory:1"
    assert "MiB of memory with all that it has started; it may hold 200" in asked["happened"]
    assert not limits.records("session-ended", job="greedy")


def test_one_that_holds_twice_as_much_is_ended_and_its_job_goes_on(limits: House) -> None:
    limits.until(lambda: limits.records("session-ended", job="monster"), "its end")
    ended = limits.records("session-ended", job="monster")[0]
    assert ended["how"].startswith("memory: ")
    for row in limits("inbox", "--json").json["inbox"]:
        if row["job"] == "monster":  # a slow machine was asked about it on its way up; its end withdraws that question
            limits("answer", row["id"], "retry", status=None)
    limits.until(lambda: limits.records("handoff-submitted", job="monster"), "the work of its successor")
    assert not [line for line in limits.processes() if "500 << 20" in line], "nothing of it is left"


def test_a_storm_of_requests_is_put_to_a_human(limits: House) -> None:
    limits.until(lambda: limits.records("escalated", job="frantic"), "the question about requests")
    (asked,) = limits.records("escalated", job="frantic")
    assert asked["trigger"] == "stuck:frantic:1:requests:1"
    assert "within a minute; 20 are usual" in asked["happened"]


TAKES_OVER = """
[[turn]]
[[turn.step]]
write = "spent.md"
text = "By the other one."
[[turn.step]]
commit = "Write it"
[[turn.step]]
handoff = "DONE"
"""


@pytest.mark.slow
def test_another_runtime_goes_on_in_the_same_worktree_while_the_first_waits(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        home.configure(SCRIPT.replace("used_up = 8", "used_up = 3600"))
        other = tmp_path / "other.toml"
        other.write_text(TAKES_OVER, encoding="utf-8")
        config = home.path / "gitorch.yaml"
        runtimes = (
            f"runtimes: {{other: {{preset: scripted, env: {{GITORCH_SCRIPT: {other}}}}}, hand: {{takeover: other, "
        )
        config.write_text(config.read_text(encoding="utf-8").replace("runtimes: {hand: {", runtimes), encoding="utf-8")
        home.start("spent")
        home.up_beside("--wait")
        home.until(lambda: home.records("handoff-submitted", job="spent"), "the work of the other runtime")
        first, second = home.records("lease-granted", job="spent")
        assert (first["lane"], second["lane"]) == ("implementer", "implementer-other")
        assert [one["reason"] for one in home.records("lease-ended", job="spent")] == ["limited"]
        home.until(lambda: home.records("session-ended", session=first["session"]), "the end of the first agent")


def agents(home: House) -> dict[str, str]:
    return {row["id"]: row["agent"] for row in home.status()["jobs"]}
