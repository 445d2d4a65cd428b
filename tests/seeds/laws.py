"""What the records of one run may never show, told by somebody who knows the rules on paper and none of the code.

Each law is a generator of complaints about a `Story`; `broken` collects them all. Nothing of gitorch is imported here, so
that a mistake in its rules cannot hide itself.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from laws_of_sessions import (
    a_session_is_ended_by_its_own_host,
    a_session_lives_once,
    a_text_goes_to_a_living_agent,
    launches_and_deaths_are_bounded,
    never_more_than_the_allowed_number_at_work,
    no_job_before_its_needs,
    no_text_is_delivered_twice,
    one_agent_a_worktree,
    one_lease_a_job,
    one_nudge_a_lease,
    reviewers_are_fresh_and_never_the_author,
)
from laws_of_work import (
    a_gate_is_earned_or_waived_by_a_person,
    a_moved_branch_is_not_cleared,
    a_report_is_true_to_its_word,
    an_escalation_is_whole_and_open_once,
    attempts_follow_rounds,
    every_finding_is_answered,
    findings_keep_their_numbers,
    no_work_is_done_twice,
    nothing_merges_without_the_principals_word_for_exactly_it,
    questions_are_asked_once_and_answered_by_people,
    rounds_are_bounded,
)
from seed_story import OVER, Story

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WRITERS = {
    "principal": {"run-prepared", "run-confirmed", "question-answered", "merge-approved", "merge-rejected"},
    "agent": {"handoff-submitted", "verdict-given"},
    "host": {
        *("run-started", "lease-granted", "lease-renewed", "session-alive", "session-ended", "prompt-delivered"),
        *("session-nudged", "base-built", "check-recorded", "work-voided", "overlap-noted", "report-issued", "merged"),
        "question-reminded",
    },
}
"""Who alone may write a record of these types; the others follow from somebody else's."""


def broken(story: Story) -> list[str]:
    """Every complaint of every law; empty where all hold."""
    return [f"{law.__name__}: {complaint}" for law in LAWS for complaint in law(story)]


# Order and rights


def time_and_numbers_grow(story: Story) -> Iterator[str]:
    for one, two in zip(story.records, story.records[1:], strict=False):
        if two["seq"] <= one["seq"] or two["at"] < one["at"]:
            yield f"{two['seq']} at {two['at']} follows {one['seq']} at {one['at']}"


def what_happens_once_happens_once(story: Story) -> Iterator[str]:
    once = ("run-prepared", "run-confirmed", "run-started", "merged", "cleanup-done")
    counted = Counter(r["type"] for r in story.records)
    yield from (f"{counted[name]} × {name}" for name in once if counted[name] > 1)
    if sum(counted[name] for name in OVER) > 1:
        yield "it ended more than once"


def only_who_may_writes(story: Story) -> Iterator[str]:
    for record in story.records:
        allowed = next((kind for kind, types in WRITERS.items() if record["type"] in types), None)
        if allowed is not None and record["actor"]["kind"] != allowed:
            yield f"{record['seq']} {record['type']} was written by {record['actor']}"
        if allowed == "agent" and record["actor"].get("session") != record["session"]:
            yield f"{record['seq']} {record['type']} of {record['session']} was written by {record['actor']}"


def nothing_begins_after_the_end(story: Story) -> Iterator[str]:
    end = next(iter(story.of(*OVER)), None)
    may = {"session-ended", "prompt-delivered", "action-refused", "cleanup-done", "question-asked", *OVER}
    may |= {"question-answered", "question-reminded", "session-alive", "lease-ended"}
    late = [r for r in story.records if end is not None and r["seq"] > end["seq"] and r["type"] not in may]
    yield from (f"{r['seq']} {r['type']} came after {end['type']}" for r in late if end)


LAWS: tuple[Callable[[Story], Iterator[str]], ...] = (
    time_and_numbers_grow,
    what_happens_once_happens_once,
    only_who_may_writes,
    nothing_begins_after_the_end,
    one_lease_a_job,
    never_more_than_the_allowed_number_at_work,
    no_job_before_its_needs,
    a_session_lives_once,
    a_session_is_ended_by_its_own_host,
    one_agent_a_worktree,
    reviewers_are_fresh_and_never_the_author,
    launches_and_deaths_are_bounded,
    no_text_is_delivered_twice,
    a_text_goes_to_a_living_agent,
    one_nudge_a_lease,
    no_work_is_done_twice,
    attempts_follow_rounds,
    rounds_are_bounded,
    a_gate_is_earned_or_waived_by_a_person,
    findings_keep_their_numbers,
    every_finding_is_answered,
    a_report_is_true_to_its_word,
    questions_are_asked_once_and_answered_by_people,
    an_escalation_is_whole_and_open_once,
    nothing_merges_without_the_principals_word_for_exactly_it,
    a_moved_branch_is_not_cleared,
)
