"""Twelve epics with scripted agents in real terminals: each seed ends merged, or waits for exactly what people owe."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from house import house
from kill_yard import repeated
from laws import broken
from real_twelve import Twelve
from records import of_repository, runs_of
from seed_story import OVER, Story, could_go_on, open_questions

pytestmark = pytest.mark.tmux


def prompts(home):
    """Every prompt that an agent took up, as it says itself: session and line."""
    for path in sorted(home.glob("sessions/*/*/signals.jsonl")):
        said = [json.loads(line) for line in path.read_text().splitlines()]
        yield from ((path.parent.name, one["text"]) for one in said if one["event"] == "prompt")


def check_ledger(twelve, record_property):
    """The laws of any run, and that what is waited for is what people owe."""
    (records,) = runs_of(of_repository(twelve.house.path))
    story = Story(records)
    owed = open_questions(story)
    inbox = {row["id"] for row in twelve.house("inbox", "--json").json["inbox"]}
    end = next((r["type"] for r in story.of(*OVER)), "waits")
    line = twelve.line(end, Counter(kind for kind, _ in owed.values()), len(records))
    record_property("did", line)
    assert broken(story) == [], line
    assert set(owed) == inbox, line
    assert could_go_on(story) == [], line
    assert bool(owed) is not bool(story.of("cleanup-done")), line
    return story


def check_git(twelve, story, began_at):
    """The target holds exactly what was merged, with every cleared commit in it; the user's own files were not touched."""
    repo, target = twelve.house.repo, twelve.house.target()
    merged = story.of("merged")
    assert target == (merged[0]["new"] if merged else began_at)
    for branch in story.of("report-issued")[-1]["branches"] if merged else ():
        assert repo.git("merge-base", "--is-ancestor", branch["commit"], target) == ""
    assert repo.head() == target
    assert {line[:2] for line in repo.git("status", "--porcelain").splitlines()} == {"??"}


def check_terminals(twelve):
    """No agent took up the same line twice."""
    assert not repeated(prompts(twelve.house.path / ".git" / "gitorch"))


def check_verbs(twelve):
    """What gitorch says of itself agrees."""
    assert "records verified" in twelve.house("verify").out


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(50))
def test_a_real_run_under_misbehaviour_ends_merged_or_waits_for_people_only(seed, tmp_path, record_property):
    with house(tmp_path, "Zwölf 12") as made:
        twelve = Twelve(seed, made)
        twelve.begin()
        began_at = made.target()
        twelve.play()
        story = check_ledger(twelve, record_property)
        check_git(twelve, story, began_at)
        check_terminals(twelve)
        check_verbs(twelve)
