"""Agents and worktrees one by one: created, launched, listed, told, started anew with what was done, stopped, removed."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from house import House

pytestmark = pytest.mark.tmux

SCRIPT = """
[[turn]]
job = "helper"
[[turn.step]]
say = "I am ready."

[[turn]]
job = "api"
[[turn.step]]
write = "first.md"
text = "One."
[[turn.step]]
commit = "Write the first part"
[[turn.step]]
run = "gitorch brief > brief-$(ls brief-* 2>/dev/null | wc -l).txt; cp brief-*.txt .gitorch/; rm brief-*.txt"
[[turn.step]]
hang = true
once = true
[[turn.step]]
handoff = "DONE"

[[turn]]
job = "ui"
[[turn.step]]
run = "gitorch session stop api; gitorch session create x1; gitorch retry api; gitorch worktree create x1"
[[turn.step]]
hang = true
"""

BAD_NAMES = [
    "../x",
    "a/b",
    "A B",
    "é",
    "x" * 300,
    "-rf",
    "--upload-pack=x",
    ".",
    "..",
    "api.spec",
    "merge",
    "s1",
    "m1",
    "",
]


@pytest.fixture(scope="module")
def house(home_of_runs: House) -> House:
    """A plan of two epics at work, and an agent of one's own beside it."""
    house = home_of_runs
    house.configure(SCRIPT, silence=600)
    house("session", "create", "helper", "--task", "Keep the house.")
    house.work = house.start("api", "ui")
    return house


def sessions(house: House) -> dict[str, Any]:
    return {row["job"]: row for row in house("session", "list", "--json").json["sessions"]}


def test_an_agent_of_ones_own_is_created_and_then_launched_without_a_plan(house: House) -> None:
    assert sessions(house) == {}, "created is not begun"
    said = house("session", "launch", "helper").out
    assert said == "helper is alive as session s1. See it: gitorch attach helper\n"
    assert sessions(house)["helper"]["presence"] == "alive"
    house.until(lambda: "I am ready." in house("session", "peek", "helper").out, "the first words of the helper")
    assert list(sessions(house)) == ["helper"], "no other run was touched"
    assert house.repo.git("branch", "--list", "gitorch/helper-*/helper")
    refused = house("session", "create", "helper", status=4).err
    assert "helper is an agent of run helper-" in refused


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_leaves_its_folder_or_is_an_option_is_refused(house: House, name: str) -> None:
    before = sorted(p.name for p in house.worktrees.rglob("*") if p.is_dir() and len(p.name) < 40)
    for words in (("session", "create"), ("worktree", "create")):
        said = house(*words, "--", name, status=2)
        assert len(said.err) < 400
    assert sorted(p.name for p in house.worktrees.rglob("*") if p.is_dir() and len(p.name) < 40) == before


def _listed_without_tmux(house: House) -> list[dict[str, Any]]:
    """The sessions as they are listed without any program; none while new records are there, which git must read."""
    said = house(
        "session", "list", "--json", env={"PATH": f"{house.script.parent}{os.pathsep}/nowhere"}, status=None
    ).json
    return list(said.get("sessions", ()))


def test_sessions_are_alive_dead_or_unknown_and_that_is_told_apart(house: House) -> None:
    house.up_beside("--wait")
    house.until(lambda: {"api", "ui", "helper"} <= sessions(house).keys(), "all three agents")
    house.until(lambda: house.records("prompt-delivered", job="ui"), "the brief of ui")
    house.until(lambda: sessions(house)["ui"]["agent"] == "working", "ui at work")
    assert {row["presence"] for row in sessions(house).values()} == {"alive"}
    broken = house.until(lambda: _listed_without_tmux(house), "a list that no new record of the others' work disturbs")
    assert {(row["presence"], row["agent"]) for row in broken} == {("unknown", "unknown")}
    told = house.until(lambda: house("status", house.work, env={"PATH": "/nowhere"}, status=None).out, "the same")
    assert "unknown" in str(told), "nobody is shown as alive who was not seen"


def test_a_restarted_agent_gets_its_brief_with_what_is_on_its_branch(house: House) -> None:
    house.until(lambda: house.repo.git("log", "--format=%s", "--branches=gitorch/*/api"), "the first part")
    house.until(lambda: "gitorch brief" in house("peek", "api", "--history", "200").out, "the agent's first look")
    first = house.records("lease-granted", job="api")[0]["session"]
    house("session", "restart", "api")
    house.until(lambda: house.records("handoff-submitted", job="api"), "the work of the second agent")
    granted = [r["session"] for r in house.records("lease-granted", job="api")]
    assert len(granted) == 2
    assert granted[0] == first != granted[1]
    head = house.repo.git("log", "--format=%H", f"gitorch/{house.work}/api", "--grep", "Write the first part").strip()
    brief = next(x for x in house.records("prompt-delivered", job="api") if x["session"] == granted[1])
    (told,) = [
        r for r in house("log", "-n", "0", "--json").json["records"] if r["event"].get("prompt") == brief["prompt"]
    ]
    text = house.repo.git("cat-file", "blob", f"gitorch/ledger:{_folder(house)}/files/{told['files'][0]['sha256']}")
    assert "## Already on your branch" in text
    assert f"- {head[:7]}" in text
    assert "Write the first part" in text


def _folder(house: House) -> str:
    paths = house.repo.git("ls-tree", "-r", "--name-only", "gitorch/ledger").split()
    return next(p for p in paths if "/some-work-" in f"/{p}").rsplit("/", 2)[0]


def test_a_stopped_agent_waits_for_an_answer_and_retry_is_one(house: House) -> None:
    was = sessions(house)["ui"]["id"]
    said = house("session", "stop", "ui").out
    assert said.startswith("ui is stopped.")
    house.until(
        lambda: [r for r in house.records("session-ended", session=was, job="ui") if r["how"] == "stopped"], "its end"
    )
    assert "stopped the agent of ui" in house("why", "ui").out
    assert "ui" not in sessions(house)
    assert house("retry", "ui").out.startswith("ui is retried.")
    house.until(lambda: "ui" in sessions(house), "another agent for ui")
    assert sessions(house)["ui"]["id"] != was


def test_an_agent_that_was_killed_is_dead_before_anybody_does_something_about_it(house: House) -> None:
    session = sessions(house)["ui"]["id"]
    house.until(lambda: house.records("session-alive", session=session, job="ui"), "a sign of life of ui's agent")
    beside = house.driving.pop()
    beside.send_signal(signal.SIGTERM)
    beside.wait(60)
    pid = house.records("session-alive", session=session, job="ui")[-1]["pid"]
    os.kill(pid, signal.SIGKILL)
    house.until(lambda: sessions(house)["ui"]["presence"] == "dead", "the end of ui's agent")
    assert sessions(house)["ui"]["agent"] == "exited"
    assert sessions(house)["helper"]["presence"] == "alive"


def test_an_agent_of_ones_own_ends_when_it_is_stopped(house: House) -> None:
    assert "is canceled" in house("session", "stop", "helper").out
    assert "helper" not in sessions(house)
    assert "no run that is open has a job or session helper" in house("session", "restart", "helper", status=3).err


def test_what_cannot_be_retried_says_why(house: House) -> None:
    assert "no agent works on approval" in house("retry", "approval", status=4).err
    assert "has a job or session nothing" in house("retry", "nothing", status=3).err


def test_worktrees_are_made_listed_and_removed_by_name(house: House) -> None:
    before = house.repo.git("status", "--porcelain"), house.repo.git("branch", "--show-current")
    made = house("worktree", "create", "spike", "--json").json["worktree"]
    assert house("worktree", "create", "spike", status=4).err
    assert made["branch"] == "gitorch/by-hand/spike"
    listed = {row["name"]: row for row in house("worktree", "list", "--json").json["worktrees"]}
    assert {"spike", "ui"} <= listed.keys()
    assert "belongs to run" in house("worktree", "remove", "ui", status=4).err
    (house.worktrees / "by-hand" / "spike" / "kept.txt").write_text("not committed\n")
    assert "kept.txt" in house("worktree", "remove", "spike", status=4).err
    (house.worktrees / "by-hand" / "spike" / "kept.txt").unlink()
    house("worktree", "remove", "spike")
    assert not (house.worktrees / "by-hand").exists()
    assert house.repo.git("branch", "--list", "gitorch/by-hand/spike")
    assert house("worktree", "remove", "../../etc", status=3).err
    assert "is not a local branch" in house("worktree", "create", "other", "--from", "--exec=x", status=3).err
    assert (house.repo.git("status", "--porcelain"), house.repo.git("branch", "--show-current")) == before


def test_an_agent_may_do_none_of_this(house: House) -> None:
    refused = {(r["verb"], r["code"]) for r in house.records("action-refused") if r["_actor"]["name"] == "ui"}
    assert refused == {(v, "denied") for v in ("session stop", "session create", "retry", "worktree create")}
    assert list(house.worktrees.rglob("x1")) == []


def test_an_agent_of_ones_own_whose_work_is_over_is_stopped_by_the_name_that_the_list_shows(house: House) -> None:
    house("session", "create", "brief", "--runtime", "hand", "--task", "Look around")
    house("session", "launch", "brief", wait_seconds=120)
    house.until(lambda: house.status(own_run(house, "brief"))["phase"] == "completed", "the end of its work")
    if "brief" in sessions(house):  # a loop beside may have ended it by now
        assert "brief is stopped" in house("session", "stop", "brief").out
    assert "brief" not in sessions(house)


def own_run(house: House, name: str) -> str:
    """The id of the run that an agent of one's own has."""
    runs = house("list", "runs", "--json").json["runs"]
    return next(str(run["id"]) for run in runs if str(run["id"]).startswith(f"{name}-"))
