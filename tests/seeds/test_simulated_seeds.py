"""Twelve epics in four waves under every kind of misbehaviour, on fakes: each seed ends merged, or waits for people only."""

from __future__ import annotations

import sys
from collections import Counter

import pytest
from laws import broken
from records import parse
from seed_story import Story, could_go_on, open_questions
from simulated_twelve import Twelve

from gitorch.text.records.record import encode


def story_of(world):
    """The ledger of a world as somebody outside reads it."""
    return Story([parse(encode(written.record)[1]) for written in world.ledger.written if written.record.run])


def play(seed, folder):
    world = Twelve(seed, folder)
    for _ in range(world.chance.randrange(50, 300)):
        world.something_happens()
        number = world.chance.randrange(1, 60) if world.chance.random() < 0.1 else 0
        world.tick(number, world.rarely_something)
    world.settle()
    return world


def said_of(world, story):
    """One line for what a seed did."""
    end = str(world.run.phase) if world.run.cleaned else f"{world.run.phase}, waits"
    owed = Counter(kind for kind, _ in open_questions(story).values())
    counted = Counter(r["type"] for r in story.records)
    deeds = ", ".join(f"{name} {times}" for name, times in sorted(Counter(world.done).items()))
    names = ("lease-granted", "verdict-given", "findings-listed", "escalated", "question-answered", "action-refused")
    facts = " ".join(f"{counted[name]} {name}" for name in names)
    return (
        f"seed {world.seed}: {end} {dict(owed)}; {len(story.records)} records, {facts}; {world.deaths} deaths; {deeds}"
    )


def check(world):
    story = story_of(world)
    sys.stdout.write(said_of(world, story) + "\n")
    assert broken(story) == []
    open_ = open_questions(story)
    assert set(open_) == {str(q.id) for q in world.run.open_questions()}
    assert could_go_on(story) == []
    assert bool(open_) is not world.run.cleaned
    if story.of("merged"):
        merged = world.git.files(world.git.resolve("main"))
        cleared = {job.spec.id for job in world.run.jobs.values() if job.cleared}
        assert {name.removesuffix(".txt") for name in merged} >= cleared


@pytest.mark.each(2)
@pytest.mark.parametrize("seed", range(6))
def test_a_run_under_misbehaviour_ends_merged_or_waits_for_people_only(seed, tmp_path):
    check(play(seed, tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 3000))
def test_two_thousand_more_seeds(seed, tmp_path):
    check(play(seed, tmp_path))
