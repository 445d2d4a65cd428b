"""A run that merges nothing says so, and where its results stay (F7)."""

from __future__ import annotations

from play import SETTINGS, Play

from gitorch.model.values import replace
from gitorch.rules.views.run import run_view
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
MERGED = ALONE + "  ask: {kind: checkpoint, needs: [one, two]}\n  land: {kind: merge, needs: [ask]}\n"


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
