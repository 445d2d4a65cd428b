"""Changes outside the work branches: which count, and how the report and the approval question name them (K8)."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from play import Play, digest

from gitorch.model import commands as c
from gitorch.model.ids import JobId, RunId
from gitorch.model.values import replace
from gitorch.model.work.report import OutsideChange
from gitorch.rules.review.outside import (
    CHANGES_SHOWN,
    PERSONAL,
    compare,
    is_own,
    outside_lines,
    since_report_details,
    withdrawing,
)
from gitorch.rules.views.merge_report import report_text
from gitorch.rules.views.report_data import report_json

RUNS = frozenset({RunId("play-1")})
TARGET_CHANGE = OutsideChange("refs/heads/main", "a" * 40, "b" * 40, ("abc1234 Eve: Sneak in",))
TAG_CHANGE = OutsideChange("refs/tags/v1", "c" * 40, "")
SETTING_CHANGE = OutsideChange("config/core.sshcommand", "", "sha256:" + "d" * 64)

MANUAL = "refs/heads/gitorch/by-hand/spike"

COMPARED = {
    "nothing changed": ({"x": "1"}, {"x": "1"}, []),
    "moved": ({"x": "1"}, {"x": "2"}, [OutsideChange("x", "1", "2")]),
    "new": ({}, {"x": "2"}, [OutsideChange("x", "", "2")]),
    "removed": ({"x": "1"}, {}, [OutsideChange("x", "1", "")]),
    "a new branch for manual work": ({}, {MANUAL: "2"}, []),
    "a branch for manual work moved": ({MANUAL: "1"}, {MANUAL: "2"}, [OutsideChange(MANUAL, "1", "2")]),
    "a branch for manual work removed": ({MANUAL: "1"}, {}, [OutsideChange(MANUAL, "1", "")]),
    "the ledger moved": ({"refs/heads/gitorch/ledger": "1"}, {"refs/heads/gitorch/ledger": "2"}, []),
    "sorted by name": ({"b": "1", "a": "1"}, {}, [OutsideChange("a", "1", ""), OutsideChange("b", "1", "")]),
    "a name with a control character": ({}, {"x\x1b[1m": "2"}, [OutsideChange("x[1m", "", "2")]),
}


@pytest.mark.parametrize(("before", "after", "changes"), COMPARED.values(), ids=COMPARED)
def test_a_change_is_a_name_whose_value_differs(before, after, changes) -> None:
    assert compare(before, after, RUNS) == changes


OWN = {
    "refs/heads/gitorch/ledger": True,
    "refs/heads/gitorch/play-1/api": True,
    "refs/heads/gitorch/by-hand/spike": False,
    "refs/gitorch/remotes/origin/gitorch/ledger": True,
    "refs/remotes/origin/gitorch/ledger": False,
    "refs/heads/gitorch/play-1": False,
    "refs/heads/gitorch/unknown/api": False,
    "refs/heads/by-hand/spike": False,
    "refs/remotes/origin/gitorch/by-hand/spike": False,
    "refs/remotes/origin/gitorch/play-1/api": False,
    "refs/heads/main": False,
    "refs/tags/gitorch/ledger": False,
    "config/core.hookspath": False,
}


@pytest.mark.parametrize(("name", "own"), OWN.items(), ids=OWN)
def test_the_ledger_and_work_branches_of_known_runs_are_gitorchs_own(name, own) -> None:
    assert is_own(name, RUNS) == own


LINES = {
    "commits on the target": (
        TARGET_CHANGE,
        [
            f"- refs/heads/main: {'a' * 40} → {'b' * 40}, 1 commit on main since the run began that no review saw",
            "  - abc1234 Eve: Sneak in",
        ],
    ),
    "a deleted tag": (TAG_CHANGE, [f"- refs/tags/v1: {'c' * 40} → removed"]),
    "a new setting": (SETTING_CHANGE, [f"- config/core.sshcommand: absent → sha256:{'d' * 64}"]),
    "a rewritten target": (
        OutsideChange("refs/heads/main", "1", "2", rewritten=True),
        ["- refs/heads/main: 1 → 2, and it lost commits that it had"],
    ),
}


@pytest.mark.parametrize(("change", "lines"), LINES.values(), ids=LINES)
def test_a_change_is_named_with_before_and_after(change, lines) -> None:
    assert outside_lines([change]) == lines


def test_a_long_list_of_commits_is_cut_and_counted() -> None:
    change = replace(TARGET_CHANGE, commits=tuple(f"{n} Eve: x" for n in range(25)))
    assert outside_lines([change])[-1] == "  - and 5 more"


def played() -> Play:
    """A run whose only epic has passed its gate."""
    play = Play()
    play.begin({"api": ()})
    play.finish("api")
    return play


def asked(*changes: OutsideChange) -> str:
    """The text of the approval question for a report with these changes."""
    play = played()
    facts = replace(play.facts(), outside=changes)
    play.do(c.IssueReport(JobId("approval"), digest("report"), facts, "the report"))
    (question,) = play.run.open_questions()
    return question.text


def test_the_question_asks_about_the_target_and_settings_before_other_refs() -> None:
    first, _, rest = asked(TAG_CHANGE, TARGET_CHANGE, SETTING_CHANGE).partition("\n\n")
    assert first.startswith(
        "Approve the merge of 1 branch into main? 3 changes outside the work branches, "
        "with 1 commit on main since the run began that no review saw. Read it: gitorch report "
    )
    assert rest.splitlines() == [
        "Do you accept these changes since the run began? gitorch did not make them:",
        f"- refs/heads/main: {'a' * 19} → {'b' * 19}, 1 commit on main since the run began that no review saw",
        "  - abc1234 Eve: Sneak in",
        f"- config/core.sshcommand: absent → sha256:{'d' * 12}",
        "These refs changed too, by an agent or by you:",
        f"- refs/tags/v1: {'c' * 19} → removed",
    ]


def test_a_question_lists_so_many_changes_and_counts_the_others() -> None:
    changes = [replace(TAG_CHANGE, name=f"refs/tags/v{n}") for n in range(CHANGES_SHOWN + 2)]
    assert asked(*changes).splitlines()[-1] == "- and 2 more, which the report lists"


ATTRIBUTES = OutsideChange("info/attributes", "", "sha256:" + "e" * 64)
HOOK = OutsideChange("hooks/post-commit", "", "sha256:" + "f" * 64)
KEPT = [TARGET_CHANGE, TAG_CHANGE, *(OutsideChange(f"{prefix}x", "", "sha256:" + "9" * 64) for prefix in PERSONAL)]


def test_who_is_about_to_approve_reads_which_changes_withdraw_the_report() -> None:
    said = since_report_details([TAG_CHANGE, HOOK, ATTRIBUTES]).splitlines()[-2:]
    assert said == [
        "This report can no longer be approved, because of hooks/post-commit, info/attributes: approving it withdraws it.",
        "To keep it, first put that back as it was. Otherwise approve, and gitorch up makes a new report.",
    ]


@pytest.mark.parametrize("change", KEPT, ids=[one.name for one in KEPT])
def test_a_change_that_withdraws_no_report_is_listed_and_nothing_more(change) -> None:
    assert withdrawing([change]) == ""
    assert since_report_details([change]).splitlines()[1].startswith(f"- {change.name}: ")
    assert "can no longer be approved" not in since_report_details([change])


def test_the_page_on_security_names_each_setting_that_withdraws_no_report() -> None:
    page = " ".join((Path(__file__).parents[2] / "docs/security.md").read_text(encoding="utf-8").split())
    names = [f"`{prefix.removeprefix('config/')}*`" for prefix in PERSONAL]
    assert f"the settings {', '.join(names[:-1])} and {names[-1]}, which change nothing about a merge" in page


def test_without_a_change_neither_report_nor_question_mentions_any() -> None:
    assert "outside" not in asked()
    play = played()
    assert "Outside" not in report_text(play.run, play.facts())
    assert json.loads(report_json(play.run, play.facts()))["outside"] == []


def test_the_report_and_its_json_list_each_change() -> None:
    play = played()
    facts = replace(play.facts(), outside=(TARGET_CHANGE, TAG_CHANGE))
    part = report_text(play.run, facts).partition("## Outside the work branches\n\n")[2]
    assert "\n".join(outside_lines(facts.outside)) in part
    assert json.loads(report_json(play.run, facts))["outside"] == [
        {
            "name": "refs/heads/main",
            "before": "a" * 40,
            "after": "b" * 40,
            "commits": ["abc1234 Eve: Sneak in"],
            "rewritten": False,
        },
        {"name": "refs/tags/v1", "before": "c" * 40, "after": "", "commits": [], "rewritten": False},
    ]
