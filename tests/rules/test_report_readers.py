"""The merge report read by somebody without context: who said what, what is not merged, what was not fixed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from play import commit
from telling import Telling

from gitorch.model.ids import JobId
from gitorch.model.work.report import BranchFacts, FileChange, HowChanged
from gitorch.rules.views.change_remarks import Concern, listed_change, remarks
from gitorch.rules.views.merge_report import report_text
from gitorch.rules.views.report_data import report_json

REVIEWED = ("launch api", "handoff api summary='rows' tests='12 passed'", "check api passed", "launch api.spec")


def told(*steps: str) -> Telling:
    telling = Telling()
    for step in steps:
        said = telling.tell(step)
        assert not any(line.startswith(("refused", "denied", "not-found")) for line in said), (step, said)
    return telling


def report_of(telling: Telling) -> str:
    return report_text(telling.play.run, telling.play.facts())


def part(report: str, heading: str) -> list[str]:
    """The lines below a heading, up to the next one."""
    _, _, rest = report.partition(f"\n{heading}\n")
    return [line for line in rest.partition("\n#")[0].splitlines() if line]


@pytest.mark.parametrize("answered", [(), ("answer q1 leave_failed",)])
def test_rejected_work_has_its_reviewer_reason_round_commit_and_findings_in_the_report(
    answered: tuple[str, ...],
) -> None:
    telling = told(
        'plan api "ui after api" db', *REVIEWED, "judge api.spec reject blocking a.py:3 'another product'", *answered
    )
    report = report_of(telling)
    lines = part(report, "### api: Api")
    assert lines[:2] == [
        "Not merged. api.spec by s2 (scripted) rejected it in round 1: “looked at it”",
        "`gitorch/play-0001/api` at `api-1`.".replace("api-1", telling.play.run.jobs[JobId("api")].handoff.commit[:12]),
    ]
    assert "The author, s1 (scripted), reports DONE in round 1: “rows”" in lines
    assert "- findings: none; 1 on what is not merged" in report
    assert "- tests as reported by the author: “12 passed”" in lines
    assert "- finding blocking a.py:3, raised by api.spec: “another product” — open" in lines
    assert "waits for you" not in report
    assert part(report, "### ui: Ui") == ["Not merged. ui was skipped, because api failed."]
    (lost, *_) = json.loads(report_json(telling.play.run, telling.play.facts()))["not_merged"]
    assert [finding["title"] for finding in lost["findings"]] == ["another product"]
    assert [verdict["verdict"] for verdict in lost["verdicts"]] == ["reject"]


def test_a_refuted_finding_counts_as_not_fixed_and_each_word_names_who_said_it() -> None:
    telling = told(
        "plan api db rounds_max=3",
        *REVIEWED,
        "judge api.spec needs_revision important a.py:3 leak",
        "launch api",
        "handoff api reply='1:false_positive:line 2 closes it'",
        "check api passed",
        "launch api.spec",
        "judge api.spec accept withdrawn #1 'I missed line 2'",
        "launch api.quality",
        "judge api.quality accept_with_findings minor b.py:1 typo",
    )
    report = report_of(telling)
    assert "- findings not fixed: api (#1 important, refuted: “leak”, #2 minor, left as it is: “typo”)" in report
    assert "- findings: 2 in all rounds: 1 left as it is, 1 refuted" in report
    assert "- reviews: 2 verdicts accept what is merged, 1 of them with findings (2 by scripted)" in report
    assert (
        "- finding #1 important a.py:3, raised by api.spec: “leak” — "
        "refuted by api: “line 2 closes it”; api.spec withdrew it: “I missed line 2”"
    ) in part(report, "## api: Api")


@pytest.mark.parametrize(
    ("steps", "shown"),
    [
        ((), "“slow”"),
        (("answer q1 accept",), "“slow”, ada: accept"),
        (("answer q1 follow_up later",), "“slow”, ada: follow_up"),
    ],
)
def test_the_summary_says_who_answered_a_concern(steps: tuple[str, ...], shown: str) -> None:
    telling = told(
        "plan api db",
        "launch api",
        "handoff api DONE_WITH_CONCERNS concern=slow",
        *steps,
    )
    job = telling.play.run.jobs[JobId("api")]
    facts = BranchFacts(job.spec.id, "b", commit("api"), 1, 1, 1, 0)
    details = [one.details for one in remarks(telling.play.run, job, facts) if one.concern is Concern.CONCERNS]
    assert details == [(shown,)]


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (FileChange("a b", HowChanged.MODIFIED), "a b (modified)"),
        (FileChange("a", HowChanged.ADDED), "a (added)"),
        (FileChange("a", HowChanged.DELETED), "a (deleted)"),
        (FileChange("b", HowChanged.RENAMED, before="a"), "b (renamed from a)"),
        (FileChange("a", HowChanged.MODIFIED, mode="100644 → 100755"), "a (modified, mode 100644 → 100755)"),
        (FileChange("b", HowChanged.RENAMED, before="a", mode="1 → 2"), "b (renamed from a, mode 1 → 2)"),
    ],
)
def test_a_list_of_files_says_of_each_how_it_changed(change: FileChange, shown: str) -> None:
    assert listed_change(change) == shown


def test_each_part_names_the_command_that_shows_its_changes() -> None:
    telling = told("plan api", "finish api")
    job = telling.play.run.jobs[JobId("api")]
    lines = part(report_of(telling), "## api: Api")
    assert lines[-1] == f"- to see them: `git diff {telling.play.run.target_commit[:12]}...{(job.cleared or '')[:12]}`"
