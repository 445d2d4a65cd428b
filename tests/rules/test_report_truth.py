"""Briefs and reports of made-up runs say what the records say: no fact is only in the text, no word is put in a mouth."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from play import Play, commit
from test_random_workflows import played

from gitorch.model import events
from gitorch.model.work.report import BranchFacts
from gitorch.model.work.review import ACCEPTING
from gitorch.rules.views.brief import brief_text
from gitorch.rules.views.brief_values import brief_data
from gitorch.rules.views.report_data import branch_data

if TYPE_CHECKING:
    from gitorch.model.ids import JobId

SEEDS = range(12)


@pytest.fixture(scope="module")
def plays() -> list[Play]:
    return [played(seed).play for seed in SEEDS]


def test_text_and_values_of_a_brief_are_made_of_one_value(plays: list[Play]) -> None:
    seen: Counter[str] = Counter()
    for run in (play.run for play in plays):
        for session in run.sessions.values():
            brief = brief_data(run, session, "Do *this*.", ("1a2b3c4 Begin",))
            text = str(brief["text"])
            assert text == brief_text(run, session, "Do *this*.", ("1a2b3c4 Begin",))
            assert text == "\n\n".join(part["text"] for part in brief["parts"]) + "\n"
            for fact in facts_of(brief, seen):
                assert fact in text, fact
    assert {"findings", "report", "section", "tests"} <= seen.keys(), seen


def facts_of(brief: dict, seen: Counter[str]):
    """Every text of a brief's values that its agent must find in the text, counted by where it comes from."""
    facts = [("section", brief["section"]), ("title", brief["title"])]
    facts += [("constraints", one) for one in brief["constraints"]]
    if brief["kind"] != "phase_synthesis" and not brief["subject"]:
        facts += [("artifacts", f"`{one['path']}` ({one['name']}, {one['kind']}") for one in brief["artifacts"]]
        facts += [("findings", one["title"]) for one in brief["findings"]]
        facts += [("entries", one["title"]) for one in brief["entries"]]
        facts += [("scope", one) for one in (*brief["scope"]["allowed"], *brief["scope"]["forbidden"])]
        facts += [("tests", brief["test_command"])] if brief["test_command"] else []
    if brief["report"] is not None and brief["kind"] != "phase_synthesis":
        facts.append(("report", brief["report"]["summary"].strip()))
    for where, fact in facts:
        seen[where] += 1
        yield fact


def test_a_report_says_of_each_finding_what_the_records_say(plays: list[Play]) -> None:
    ends: Counter[str] = Counter()
    for play in plays:
        for job in play.run.jobs.values():
            measured = BranchFacts(job.spec.id, "b", job.cleared or commit("none"), 1, 1, 1, 0)
            told = branch_data(play.run, job, measured)["findings"]
            assert numbers(play, job.spec.id) <= {one["number"] for one in told}
            assert {one["title"] for one in told} <= titles(play, job.spec.id)
            for one in told:
                ends[one["end"]] += 1
                hold(play, job.spec.id, one)
    assert ends.keys() & {"fixed", "accepted", "waived", "not raised again"}, ends
    assert ends.total() > 20, ends


def of(play: Play, kind: type, job: JobId) -> list:
    return [event for event in play.events if isinstance(event, kind) and event.job == job]


def numbers(play: Play, job: JobId) -> set[int]:
    return {listed.number for event in of(play, events.FindingsListed, job) for listed in event.findings}


def titles(play: Play, job: JobId) -> set[str]:
    """Of every finding that the job was ever told of: those that a passed gate lists were in a verdict."""
    listed = {listed.finding.title for event in of(play, events.FindingsListed, job) for listed in event.findings}
    verdicts = [e for e in play.events if isinstance(e, events.VerdictGiven) and e.subject == job]
    return listed | {finding.title for verdict in verdicts for finding in verdict.findings}


def hold(play: Play, job: JobId, told: dict) -> None:
    """What is told of one finding is recorded by whoever it is attributed to."""
    replies = [
        reply
        for event in of(play, events.HandoffSubmitted, job)
        for reply in event.replies
        if reply.number == told["number"]
    ]
    verdicts = [event for event in play.events if isinstance(event, events.VerdictGiven) and event.subject == job]
    answers = [event.text for event in play.events if isinstance(event, events.QuestionAnswered)]
    match told["end"]:
        case "fixed":
            assert (str(replies[-1].disposition), replies[-1].evidence) == ("fixed", told["end_by"])
        case "refuted":
            assert str(replies[-1].disposition) == "false_positive"
            assert told["end_why"] == replies[-1].evidence
            said = [f"{v.job} withdrew it: “{f.detail}”" for v in verdicts for f in v.findings if f.withdrawn]
            assert told["end_note"] in {"", *said}
        case "accepted":
            accepting = {f"{v.job} ({v.session})" for v in verdicts if v.verdict in ACCEPTING}
            assert set(told["end_by"].split(", ")) <= accepting
            assert told["end_why"] == ""
        case "waived" | "deferred":
            assert told["end_why"] in {"", *answers}
            assert told["end_note"] in {"", *(f"its author: “{reply.evidence}”" for reply in replies)}
        case "open" | "not raised again":
            assert told["end_by"] == ""
        case other:
            raise AssertionError(other)
