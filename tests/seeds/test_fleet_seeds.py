"""Twelve epics on two to four hosts under misbehaviour, partitions and kills: merged, or waiting for exactly what people owe."""

from __future__ import annotations

import sys
from collections import Counter

import pytest
from laws import broken
from records import parse
from seed_story import Story, could_go_on, open_questions
from simulated_fleet import Fleet

from gitorch.text.records.record import encode


def story_of(fleet):
    """The ledger at the remote as somebody outside reads it."""
    return Story([parse(encode(written.record)[1]) for written in fleet.truth.written if written.record.run])


def play(seed, folder):
    fleet = Fleet(seed, folder)
    for _ in range(fleet.chance.randrange(50, 200)):
        fleet.something_happens()
        number = fleet.chance.randrange(1, 60) if fleet.chance.random() < 0.1 else 0
        fleet.tick(number, fleet.rarely_something)
    fleet.settle()
    return fleet


def check(fleet):
    story = story_of(fleet)
    for host in fleet.living_hosts:
        assert [one.commit for one in host.ports["ledger"].written] == [one.commit for one in fleet.truth.written]
    run = fleet.truth.state(fleet.run.id).run
    did = Counter(fleet.happened)
    hosts = Counter(record["actor"]["host"] for record in story.records)
    sys.stdout.write(f"seed {fleet.seed}: {run.phase}, {dict(hosts)}, {dict(did)}, {len(story.records)} records\n")
    assert broken(story) == []
    open_ = open_questions(story)
    assert set(open_) == {str(q.id) for q in run.open_questions()}
    assert could_go_on(story) == []
    if story.of("merged"):
        merged = fleet.git.files(fleet.origin["origin"]["refs/heads/main"])
        cleared = {job.spec.id for job in run.jobs.values() if job.cleared}
        assert {name.removesuffix(".txt") for name in merged} >= cleared


@pytest.mark.parametrize("seed", range(5))
def test_a_run_on_several_hosts_ends_merged_or_waits_for_people_only(seed, tmp_path):
    check(play(seed, tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 2000))
def test_a_thousand_more_seeds(seed, tmp_path):
    check(play(seed, tmp_path))
