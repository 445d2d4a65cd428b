"""A run says what it does not merge, and where that stays (F7)."""

from __future__ import annotations

import pytest
from play import HUMAN, SETTINGS, Play

from gitorch.model.commands import CancelRun
from gitorch.model.values import replace
from gitorch.rules.views.run import branches_after_merge, run_view
from gitorch.text.workflows.file import parse_workflow

HEAD = "gitorch: workflow/1\nname: x\nlanes: {a: {runtime: claude}}\n"


def begun(text: str) -> Play:
    flow = parse_workflow("w.yaml", (HEAD + text).encode(), lambda _: None).workflow
    play = Play()
    play.begin({}, replace(SETTINGS, test_command=""), flow)
    return play


def work(play: Play, *jobs: str) -> None:
    for job in jobs:
        play.launch(job)
        play.submit_handoff(job)


ALONE = "jobs:\n  one: {kind: draft, lane: a, objective: Do}\n  two: {kind: draft, lane: a, objective: Do}\n"
MERGED = ALONE + "  approval: {kind: checkpoint, needs: [one, two]}\n  land: {kind: merge, needs: [approval]}\n"


def test_a_run_that_merges_nothing_says_so_and_where_its_results_are_at_its_end():
    play = begun(ALONE)
    assert run_view(play.run).destination == "(merges nothing)"

    work(play, "one", "two")

    view = run_view(play.run)
    assert str(play.run.phase) == "completed"
    assert view.summary.endswith(
        f"nothing is merged: the results are on gitorch/{play.run.id}/one, gitorch/{play.run.id}/two"
    )


def test_a_run_that_merges_names_its_target_and_no_branches():
    play = begun(MERGED)
    work(play, "one", "two")

    view = run_view(play.run)
    assert view.destination == f"→ {play.run.target}"
    assert "results are on" not in view.summary


AFTER = MERGED + (
    "  notes: {kind: draft, lane: a, needs: [land], objective: Do}\n"
    "  look: {kind: review, lane: a, needs: [notes]}\n"
    "  more: {kind: draft, lane: a, needs: [look], objective: Do}\n"
)
ON_BRANCHES = "work after the merge is not merged: it stays on gitorch/{run}/notes, gitorch/{run}/more"


@pytest.mark.parametrize(("flow", "left"), [(MERGED, ""), (AFTER, ON_BRANCHES)])
def test_a_summary_names_the_branches_of_work_that_begins_after_the_merge(flow, left):
    play = begun(flow)
    work(play, "one", "two")
    assert "work after the merge" not in run_view(play.run).summary
    play.report()
    play.approve()
    play.merge()

    assert run_view(play.run).summary.partition("merged to main at ")[2][14:] == left.format(run=play.run.id)


def test_no_branch_is_named_for_work_after_the_merge_that_was_canceled():
    play = begun(AFTER)
    assert len(branches_after_merge(play.run)) == 2
    play.do(CancelRun("enough"), HUMAN)
    assert branches_after_merge(play.run) == ()
