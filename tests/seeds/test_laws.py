"""Each law sees what it forbids: a sound ledger is spoiled in one place, and exactly that is complained about."""

from __future__ import annotations

import ast
import copy
from pathlib import Path

import laws
import pytest
from seed_story import Story, could_go_on, open_questions
from simulated_twelve import Twelve
from test_simulated_seeds import play, story_of

HERE = Path(__file__).parent
SEEN = ("merged", "findings-listed", "session-nudged", "escalated", "question-answered", "merge-approved")
"""What the ledger that is spoiled must hold: the first seed that shows all of it is taken."""


def has_more(story):
    """Whether an author was replaced, and the first work that was accepted passed its gate by that verdict."""
    authors = [r["job"] for r in story.of("session-alive") if r["job"] in story.builds]
    (accepted, *_) = story.of("verdict-given", verdict="accept")
    gates = story.of("gate-passed", job=accepted["subject"], waived=False, commit=accepted["commit"])
    return len(authors) > len(set(authors)) and bool(gates)


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    for seed in range(50):
        story = story_of(play(seed, tmp_path_factory.mktemp("sound")))
        if all(map(story.of, SEEN)) and story.of("gate-passed", job="ash", waived=False) and has_more(story):
            assert laws.broken(story) == []
            return story.records
    raise AssertionError("no seed shows everything")


@pytest.fixture
def sound(records):
    return copy.deepcopy(records)


def first(records, kind, **fields):
    return next(r for r in records if r["type"] == kind and all(r.get(k) == v for k, v in fields.items()))


def without(records, kind, **fields):
    gone = first(records, kind, **fields)
    return [r for r in records if r is not gone]


def changed(records, kind, change, **fields):
    first(records, kind, **fields).update(change)
    return records


def doubled(records, kind, **fields):
    """The record is there a second time, at once behind itself."""
    one = first(records, kind, **fields)
    at = records.index(one) + 1
    more = [{**r, "seq": r["seq"] + 1} for r in records[at:]]
    return [*records[:at], {**one, "seq": one["seq"] + 1}, *more]


def earlier(records, kind, before, **fields):
    """The record stands before another, which came before it."""
    one = first(records, kind, **fields)
    rest = [r for r in records if r is not one]
    at = rest.index(first(rest, before))
    ordered = [*rest[:at], one, *rest[at:]]
    times = [r["at"] for r in records]
    return [{**r, "seq": n, "at": at} for n, (r, at) in enumerate(zip(ordered, times, strict=True))]


def agents_for_everything(records):
    """So many grants at once that no limit is kept."""
    first(records, "run-confirmed")["settings"]["max_agents"] = 0
    return records


def no_death_allowed(records):
    """Less than none, so that whatever is begun is begun too often."""
    first(records, "run-confirmed")["settings"]["restarts_max"] = -1
    return records


def ended_from_elsewhere(records):
    """Another host ends a session that it could see."""
    ended = first(records, "session-ended", how="stopped")
    ended["actor"] = {**ended["actor"], "host": "attic"}
    return records


SPOILED = {
    "time_and_numbers_grow": lambda r: changed(r, "lease-granted", {"at": "1999-01-01T00:00:00.000Z"}),
    "what_happens_once_happens_once": lambda r: doubled(r, "merged"),
    "only_who_may_writes": lambda r: changed(r, "merge-approved", {"actor": {"kind": "agent", "name": "ash"}}),
    "nothing_begins_after_the_end": lambda r: earlier(r, "run-completed", "report-issued"),
    "one_lease_a_job": lambda r: doubled(r, "lease-granted"),
    "never_more_than_the_allowed_number_at_work": agents_for_everything,
    "no_job_before_its_needs": lambda r: without(r, "gate-passed", job="ash"),
    "a_session_lives_once": lambda r: doubled(r, "session-ended"),
    "a_session_is_ended_by_its_own_host": ended_from_elsewhere,
    "one_agent_a_worktree": lambda r: [x for x in r if x["type"] != "session-ended"],
    "reviewers_are_fresh_and_never_the_author": lambda r: [
        x if x["type"] != "verdict-given" else {**x, "session": "s1"} for x in r
    ],
    "launches_and_deaths_are_bounded": no_death_allowed,
    "no_text_is_delivered_twice": lambda r: doubled(r, "prompt-delivered"),
    "a_text_goes_to_a_living_agent": lambda r: [x for x in r if x["type"] != "session-alive"],
    "one_nudge_a_lease": lambda r: doubled(r, "session-nudged"),
    "no_work_is_done_twice": lambda r: doubled(r, "verdict-given"),
    "attempts_follow_rounds": lambda r: changed(r, "handoff-submitted", {"attempt": 7}),
    "rounds_are_bounded": lambda r: changed(r, "findings-listed", {"round": 9}),
    "a_gate_is_earned_or_waived_by_a_person": lambda r: changed(
        r, "verdict-given", {"commit": "0" * 40}, verdict="accept"
    ),
    "findings_keep_their_numbers": lambda r: changed(r, "findings-listed", {"findings": []}),
    "every_finding_is_answered": lambda r: [{**x, "replies": []} if x["type"] == "handoff-submitted" else x for x in r],
    "a_report_is_true_to_its_word": lambda r: changed(r, "handoff-submitted", {"commits": 0}, status="DONE"),
    "questions_are_asked_once_and_answered_by_people": lambda r: doubled(r, "question-answered"),
    "an_escalation_is_whole_and_open_once": lambda r: changed(r, "escalated", {"tried": ""}),
    "nothing_merges_without_the_principals_word_for_exactly_it": lambda r: without(r, "merge-approved"),
    "a_moved_branch_is_not_cleared": lambda r: [
        *r[: r.index(first(r, "gate-passed", waived=False))],
        {**first(r, "gate-passed", waived=False), "type": "work-voided"},
        *[{**x, "seq": x["seq"] + 1} for x in r[r.index(first(r, "gate-passed", waived=False)) :]],
    ],
}


def test_every_law_has_its_spoiled_ledger():
    assert set(SPOILED) == {law.__name__ for law in laws.LAWS}


@pytest.mark.parametrize("name", SPOILED)
def test_a_law_sees_what_it_forbids(name, sound):
    spoiled = Story(SPOILED[name](sound))
    assert list(getattr(laws, name)(spoiled)) != []


def test_the_laws_share_no_code_with_what_they_judge():
    for name in ("laws", "laws_of_sessions", "laws_of_work", "seed_story", "records"):
        tree = ast.parse((HERE / f"{name}.py").read_text())
        words = [ast.unparse(n) for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
        assert not [w for w in words if "gitorch" in w]


def test_a_run_that_rests_for_no_reason_is_noticed(tmp_path):
    world = Twelve(1, tmp_path)
    for _ in range(3):
        world.tick()
    story = story_of(world)
    assert open_questions(story) == {}
    assert set(could_go_on(story)) == {"ash", "bay", "cedar"}
