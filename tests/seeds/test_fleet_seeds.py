"""Runs on two to fifty hosts under misbehaviour, partitions and kills: merged, or waiting for exactly what people owe."""

from __future__ import annotations

import sys
from collections import Counter

import pytest
from laws import broken
from records import parse
from seed_story import Story, could_go_on, open_questions
from simulated_fleet import Fleet

from gitorch.app.hosts.offer import Offer, save_offer
from gitorch.app.query.settings import trusted_settings
from gitorch.app.reconciler.tick import tick
from gitorch.text.records.record import encode


def story_of(fleet):
    """The ledger at the remote as somebody outside reads it."""
    return Story([parse(encode(written.record)[1]) for written in fleet.truth.written if written.record.run])


def play(seed, folder, happenings=(50, 200), **how):
    """`happenings` are the least number of them and the most, before everything that is wrong ends."""
    fleet = Fleet(seed, folder, **how)
    for _ in range(fleet.chance.randint(*happenings)):
        fleet.something_happens()
        number = fleet.chance.randrange(1, 60) if fleet.chance.random() < 0.1 else 0
        fleet.tick(number, fleet.rarely_something)
    fleet.settle()
    return fleet


def hosts_without_settings(story, leader):
    """Hosts that began a session of a run which another host prepared, and had not taken their git settings before."""
    took, without = {leader}, set()
    for record in story.records:
        host = record["actor"]["host"]
        if record["type"] == "settings-taken":
            took.add(host)
        if record["type"] == "lease-granted" and host not in took:
            without.add(host)
    return without


def test_each_host_trusts_its_own_clone_as_it_was_before_its_first_session(tmp_path):
    fleet = Fleet(1, tmp_path)
    other, fleet.racing = fleet.hosts[1], True  # nobody is faster
    with fleet.at(other):
        other.git.planted = {"filter.lfs.clean": "sha256:own"}
        services = fleet.services()
        assert trusted_settings(services) is None
        for _ in range(3):
            tick(services, fleet.run.id)
        other.git.planted = {"filter.lfs.clean": "sha256:an agent's"}
        assert trusted_settings(services) == {"filter.lfs.clean": "sha256:own"}
    with fleet.at(fleet.hosts[0]):
        fleet.ledger.refresh()
        assert trusted_settings(fleet.services()) == fleet.run.git_settings


@pytest.mark.parametrize(("agents", "number"), [(1, 1), (2, 2), (0, 3)])
def test_a_host_has_no_more_agents_than_it_offers(tmp_path, agents, number):
    fleet = Fleet(1, tmp_path)
    fleet.racing = True  # nobody is faster
    with fleet.at(fleet.hosts[1]):
        services = fleet.services()
        save_offer(services, Offer((), agents))
        for _ in range(4):
            tick(services, fleet.run.id)
        assert len(list(fleet.run.living_sessions)) == number


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
    assert hosts_without_settings(story, run.host) == set()
    if story.of("merged"):
        merged = fleet.git.files(fleet.origin["origin"]["refs/heads/main"])
        cleared = {job.spec.id for job in run.jobs.values() if job.cleared}
        assert {name.removesuffix(".txt") for name in merged} >= cleared


@pytest.mark.each(3)
@pytest.mark.parametrize("seed", range(30))
def test_a_run_on_several_hosts_ends_merged_or_waits_for_people_only(seed, tmp_path):
    check(play(seed, tmp_path, (3, 15), needs={"ash": ()}, hosts=(2, 3)))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 2000))
def test_a_thousand_seeds_of_twelve_epics(seed, tmp_path):
    check(play(seed, tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2000, 2020))
def test_fifty_hosts_end_a_run_merged_or_wait_for_people_only(seed, tmp_path):
    check(play(seed, tmp_path, hosts=(50, 50)))
