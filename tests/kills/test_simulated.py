"""gitorch dies between any two calls of its ports, agents and terminals die beside it: the run still ends, done once."""

from __future__ import annotations

from collections import Counter

import pytest
from fakes.git import Checkout
from simulated import World, alive

from gitorch.model import events as e
from gitorch.model.plans.preparation import Preparation
from gitorch.model.work.review import ReportStatus
from gitorch.model.work.run import OVER, RunPhase

NEEDS = {"sky": (), "sea": (), "both": ("sky", "sea")}


def repeated(found):
    return {what: times for what, times in Counter(found).items() if times != 1}


def check(world):
    """What must be true of a finished run, whatever happened to it."""
    events = [w.record.event for w in world.ledger.written]
    assert world.run.phase is RunPhase.COMPLETED
    merged = world.git.files(world.git.resolve("main"))
    last = {job.spec.id: job.attempt for job in world.run.jobs.values() if job.spec.id in world.needs}
    assert merged == {"README.md": "one\n", **{f"{name}.txt": f"{name} {times}\n" for name, times in last.items()}}
    done = [(x.job, x.attempt) for x in events if isinstance(x, e.HandoffSubmitted) and x.status is ReportStatus.DONE]
    assert not repeated(done)
    assert not repeated((x.job, x.round, x.commit) for x in events if isinstance(x, e.VerdictGiven))
    assert not repeated((x.session, x.prompt) for x in events if isinstance(x, e.PromptDelivered))
    assert not repeated((x.job, x.attempt) for x in events if isinstance(x, e.CheckRecorded))
    assert not repeated(x.session for x in events if isinstance(x, e.SessionEnded))
    assert sum(isinstance(x, e.Merged) - isinstance(x, e.MergeTakenBack) for x in events) == 1
    check_remote(world, events)
    for key, session in world.terminals.sessions.items():
        assert not repeated(session.turns), (key, session.turns)
    check_nothing_left(world)


def check_remote(world, events):
    """The remote holds the merge, once, or a person said to leave it."""
    held = world.ports["remotes"].held.get("origin", {})
    assert sum(isinstance(x, e.Pushed) for x in events) == (world.run.merged.push == "pushed")
    assert world.run.merged.push == (
        "left" if held and held["refs/heads/main"] != world.git.resolve("main") else "pushed" if held else ""
    )


def check_nothing_left(world):
    assert [key for key, session in world.terminals.sessions.items() if alive(session)] == []
    assert world.git.checkouts == {}
    assert world.checks.running == {}
    assert world.setups.running == set()
    assert [path for path in world.ports["files"].held if "prompts" in path.parts] == []
    assert list(world.git.tips) == ["main"]


def settings_of(seed):
    """Half of the runs push, a third set their worktrees up and test the target before work begins."""
    settings = {"test_command": "make check", "push_remote": "origin" if seed % 2 else ""}
    if seed % 3 == 0:
        settings |= {"test_target": True, "preparation": Preparation(command="make ready")}
    return settings


def trouble(world, steps):
    """So many steps in which anything happens, and every second tick is cut short."""
    for _ in range(steps):
        if world.run.phase in OVER:
            return
        world.something_happens()
        number = world.chance.randrange(1, 60) if world.chance.random() < 0.5 else 0
        world.tick(number, world.rarely_something)


@pytest.mark.each(2)
@pytest.mark.parametrize("seed", range(8))
def test_any_trouble_ends_well(seed, tmp_path):
    world = World(seed, tmp_path, NEEDS, **settings_of(seed))
    trouble(world, 150)
    world.calm_down()
    check(world)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 2000))
def test_much_more_trouble_ends_well(seed, tmp_path):
    world = World(seed, tmp_path, NEEDS, **settings_of(seed))
    trouble(world, 300)
    world.calm_down()
    check(world)


def test_a_run_of_forty_epics_ends_merged(tmp_path):
    needs = {f"e{n}": tuple(f"e{m}" for m in (n - 8, n - 7) if m >= 0) for n in range(40)}
    world = World(1, tmp_path, needs, max_agents=8)
    world.calm_down()
    check(world)


def test_a_checkout_comes_along_although_who_moved_its_branch_was_killed_then(tmp_path):
    world = World(1, tmp_path, NEEDS)
    world.git.checkouts[tmp_path / "repo"] = Checkout("main", world.git.resolve("main"), {"README.md": "one\n"})
    world.calm_down(until=lambda: world.run.approval is not None)
    world.git.tips["main"] = world.run.report.merged_commit
    world.calm_down()
    assert world.git.checkouts[tmp_path / "repo"].files == world.git.files(world.git.resolve("main"))
    assert len(world.git.checkouts[tmp_path / "repo"].files) == 4


@pytest.mark.parametrize(
    "lives", [*range(1, 28, 8), *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 28) if n % 8 != 1)]
)
def test_processes_that_live_for_a_few_calls_only(lives, tmp_path):
    """Each process dies at its first call, the next at its second, and so on until something was written: then anew."""
    world = World(lives, tmp_path, NEEDS)
    number = lives
    for _ in range(4000):
        if world.run.cleaned:
            break
        written = len(world.ledger.written)
        lived = world.tick(number)
        number = lives if lived or len(world.ledger.written) > written else number + 1
        world.an_agent_goes_on()
        world.a_check_ends()
        world.a_setup_ends()
        world.the_human_decides()
    assert world.deaths > 5
    check(world)
