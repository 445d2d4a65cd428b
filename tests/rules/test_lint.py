"""Lint says what is legal and unwise, each remark with its place, its cost and what helps (W10)."""

from __future__ import annotations

import pytest

from gitorch.rules.workflows.lint import lint
from gitorch.text.workflows.file import parse_workflow

SOUND = """gitorch: workflow/1
name: x
lanes: {a: {runtime: claude}, r: {runtime: codex}}
jobs:
  one: {kind: build, lane: a, objective: Do, scope: {allowed: [src/**]}}
  judge: {kind: review, lane: r, needs: [one]}
  ask: {kind: checkpoint, needs: [judge]}
  land: {kind: merge, needs: [ask]}
cycles:
  - {review: judge, back_to: one, rounds: 2}
"""


def remarks(text: str) -> tuple[int, list[tuple[str, str, bool]]]:
    found = lint(parse_workflow("w.yaml", text.encode(), lambda _: None).workflow)
    assert all(remark.fix and remark.message for remark in found.remarks)
    return found.score, [(remark.name, remark.place, remark.strong) for remark in found.remarks]


def test_a_sound_workflow_scores_100():
    assert remarks(SOUND) == (100, [])


@pytest.mark.parametrize(
    ("old", "new", "score", "expected"),
    [
        ("runtime: codex", "runtime: claude", 85, ("same-model", "lanes.r", True)),
        ("runtime: codex", "runtime: claude, model: opus", 96, ("same-runtime", "lanes.r", False)),
        ("runtime: codex", "command: [claude]", 85, ("same-model", "lanes.r", True)),
        ("  - {review: judge, back_to: one, rounds: 2}\n", "  []\n", 94, ("no-way-back", "jobs.judge", False)),
        ("  judge: {kind: review, lane: r, needs: [one]}", "  judge: {kind: review, lane: r, needs: [one], advisory: true}", 80, ("unreviewed", "jobs.one", True)),
        ("[src/**]", "['**']", 92, ("broad-scope", "jobs.one", True)),
        (", scope: {allowed: [src/**]}", "", 92, ("broad-scope", "jobs.one", True)),
        ("{allowed: [src/**]}", "{forbidden: [.github/**]}", 97, ("broad-scope", "jobs.one", False)),
        ("  judge:", "  two: {kind: draft, lane: a, objective: Do, scope: {allowed: [src/x.md]}}\n  judge:", 96, ("shared-paths", "jobs.two", False)),
        ("  ask:", "  more: {kind: review, lane: r, needs: [one], title: judge}\n  ask:", 89, ("same-posture", "jobs.more", False)),
        ("r: {runtime: codex}", "r: {runtime: codex}, spare: {runtime: gemini}", 99, ("unused-lane", "lanes.spare", False)),
        ("a: {runtime: claude}, r: {runtime: codex}}\njobs:\n", "a: {runtime: claude, worktree: shared}, r: {runtime: codex}}\njobs:\n  two: {kind: draft, lane: a, objective: Do, scope: {allowed: [docs/x.md]}}\n", 90, ("shared-worktree", "lanes.a", True)),
        ("  land: {kind: merge, needs: [ask]}\n", "", 100, ("merges-nothing", "jobs", False)),
        ("cycles:", "  more: {kind: build, lane: a, needs: [land], objective: Do, scope: {allowed: [docs/**]}}\ncycles:", 80, ("never-merged", "jobs.more", True)),
        ("cycles:", "  read: {kind: review, lane: r, subject: one, needs: [one, land], title: again, posture: security, advisory: true}\n  more: {kind: draft, lane: a, needs: [read], objective: Do, scope: {allowed: [docs/x.md]}}\ncycles:", 80, ("never-merged", "jobs.more", True)),
        ("objective: Do,", "objective: Do, attempts: 2,", 98, ("attempts-end-first", "jobs.one", False)),
    ],
)  # fmt: skip
def test_a_remark_lowers_the_score_and_names_its_place(old, new, score, expected):
    assert old in SOUND
    found = remarks(SOUND.replace(old, new))

    assert found[0] == score
    assert expected in found[1]


def test_a_shared_worktree_of_one_job_is_no_weakness():
    assert remarks(SOUND.replace("a: {runtime: claude}", "a: {runtime: claude, worktree: shared}")) == (100, [])


def test_a_script_may_judge_a_script():
    assert remarks(SOUND.replace("claude", "scripted").replace("codex", "scripted")) == (100, [])


def test_the_two_ways_out_of_a_checkpoint_never_run_at_once():
    ways = """  go: {kind: build, lane: a, objective: Do, needs: [fork], scope: {allowed: [b]}}
  stop: {kind: draft, lane: a, objective: Do, needs: [fork], scope: {allowed: [b]}}
  fork: {kind: checkpoint, needs: [judge], on_cancel: [stop], on_continue: [go]}
  ask:"""
    assert "shared-paths" not in [name for name, *_ in remarks(SOUND.replace("  ask:", ways))[1]]
    apart = ways.replace(", on_cancel: [stop], on_continue: [go]", "")
    assert "shared-paths" in [name for name, *_ in remarks(SOUND.replace("  ask:", apart))[1]]


def test_the_postures_of_each_job_are_listed():
    found = lint(
        parse_workflow(
            "w.yaml", SOUND.replace("needs: [one]}", "needs: [one], posture: security}").encode(), lambda _: None
        ).workflow
    )

    assert found.postures == {"one": ("security",)}


def test_work_that_needs_other_work_never_runs_beside_it():
    later = "  later: {kind: draft, lane: a, objective: Do, needs: [one], scope: {allowed: [src/x.md]}}\n  judge:"
    assert "shared-paths" not in [name for name, *_ in remarks(SOUND.replace("  judge:", later))[1]]
    earlier = "  first: {kind: draft, lane: a, objective: Do, scope: {allowed: [src/x.md]}}\n  judge:"
    changed = SOUND.replace("objective: Do,", "objective: Do, needs: [first],").replace("  judge:", earlier)
    assert "shared-paths" not in [name for name, *_ in remarks(changed)[1]]


def test_a_job_that_may_change_everything_is_not_compared_with_others():
    wide = "  wide: {kind: draft, lane: a, objective: Do}\n  judge:"
    assert [name for name, *_ in remarks(SOUND.replace("  judge:", wide))[1]] == ["broad-scope"]
