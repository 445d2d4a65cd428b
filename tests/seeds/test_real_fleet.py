"""Twelve epics on four real hosts over one forge: each seed ends merged, or waits for exactly what people owe."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from laws import broken
from real_fleet import Fleet, four_hosts
from records import of_repository, runs_of
from seed_story import OVER, Story, could_go_on, open_questions
from twelve import NEEDS

if TYPE_CHECKING:
    from pathlib import Path

    from forge import Forge

pytestmark = [pytest.mark.tmux, pytest.mark.slow]


def check_records(fleet: Fleet, record_property) -> Story:
    """The laws of any run, and that what is waited for is what people owe."""
    (records,) = runs_of(of_repository(fleet.house.path))
    story = Story(records)
    owed = open_questions(story)
    end = next((r["type"] for r in story.of(*OVER)), "waits")
    hosts = Counter(r["actor"]["host"] for r in story.of("lease-granted"))
    line = f"{fleet.line(end, Counter(kind for kind, _ in owed.values()), len(records))}; leases: {dict(hosts)}"
    record_property("did", line)
    assert [one for one in broken(story) if "fewer than two reviews" not in one] == [], line
    assert could_go_on(story) == [], line
    assert bool(owed) is not bool(story.of("cleanup-done")), line
    for host in fleet.living():
        assert {row["id"] for row in host("inbox", "--json").json["inbox"]} == set(owed), line
    return story


def check_hosts(fleet: Fleet) -> None:
    """Every host, also one that was dead, has the same history, in which nothing of what the forge had is missing."""
    tip = fleet.forge.head("gitorch/ledger")
    history = set(fleet.forge.git("rev-list", tip).splitlines())
    assert fleet.tips <= history
    for host in fleet.hosts:
        host("sync")
        assert host.tip() == tip, host.name
        assert "records verified" in host("verify").out


def check_target(fleet: Fleet, story: Story) -> None:
    """The target at the forge holds exactly what was merged, with every epic in it once."""
    merged = story.of("merged")
    if not merged:
        assert fleet.forge.head("main") == fleet.target
        return
    assert fleet.forge.head("main") == merged[0]["new"]
    branches = {branch["job"]: branch["commit"] for branch in story.of("report-issued")[-1]["branches"]}
    for job, commit in branches.items():
        fleet.forge.git("merge-base", "--is-ancestor", commit, "main")
        assert f"{job}.txt" in fleet.forge.git("ls-tree", "--name-only", "main").splitlines()
    assert set(branches) <= set(NEEDS)


@pytest.mark.parametrize("seed", range(30))
def test_four_hosts_under_kills_and_a_bad_network_end_merged_or_wait_for_people_only(
    seed: int, tmp_path: Path, forge: Forge, record_property
) -> None:
    with four_hosts(tmp_path, forge) as hosts:
        fleet = Fleet(seed, hosts, forge)
        fleet.begin()
        fleet.play()
        check_hosts(fleet)
        story = check_records(fleet, record_property)
        check_target(fleet, story)
