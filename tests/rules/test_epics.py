"""The board: which row each epic has, and that no row stands beside its contradiction (D3)."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from golden import assert_golden
from play import HUMAN, SETTINGS, Play
from random_workflows import made_up
from scene_book import SCENES, scene
from simulated_run import Simulated

from gitorch.model.commands import CancelJob, OpenCheckpoint
from gitorch.model.ids import JobId
from gitorch.model.plans.workflow import JobKind
from gitorch.model.values import replace
from gitorch.model.view import EpicRow, PlainState
from gitorch.model.work.job import JobPhase
from gitorch.model.work.run import Run, RunPhase
from gitorch.rules.views.epics import AGENT_SENTENCES, board, epic_rows
from gitorch.text.workflows.file import parse_workflow

MARKS = {"to come", "at work", "accepted", "wants changes", "waits for you", "failed"}


def contradictions(run: Run, agents=None) -> list[str]:
    """What is wrong with the rows of a run; empty where each is in one state, for one reason."""
    rows = epic_rows(run, agents)
    found = [fault for row in rows for fault in faults_of(run, row)]
    moving = any(row.state in {PlainState.WORKING, PlainState.REVIEWING} for row in rows if row.job is not None)
    if rows[0].state is PlainState.WORKING and not (moving or run.approval or any(run.waiting_checkpoints())):
        found.append("the run is at work beside epics of which none is")
    if moving and rows[0].state is PlainState.QUEUED and run.phase is RunPhase.RUNNING:
        found.append("the run is queued beside epics at work")
    asked = sorted(question.id for row in rows for question in row.questions)
    if asked != sorted(question.id for question in run.open_questions()):
        found.append(f"questions {asked} are shown")
    owned = {
        job.spec.id
        for job in run.jobs.values()
        if job.spec.subject is None
        and job.spec.kind is not JobKind.MERGE
        and not (job.spec.kind is JobKind.CHECKPOINT and run.merge_behind(job.spec.id))
    }
    if {row.job for row in rows if row.job is not None} != owned or len(rows) != len(owned) + 1:
        found.append(f"rows {[row.id for row in rows]}")
    return found


def faults_of(run: Run, row: EpicRow) -> list[str]:
    job = None if row.job is None else run.jobs[row.job]
    is_active = job is not None and (job.phase.is_active or job.phase is JobPhase.SUBMITTED)
    rules = {
        "a question without a person waiting": bool(row.questions) and row.state is not PlainState.WAITING,
        "a person waits for nothing": row.state is PlainState.WAITING
        and not (row.questions or row.agent == "dialog" or (job is None and run.phase is RunPhase.PAUSED)),
        "the reason names a question": row.state is not PlainState.WAITING and "waits for you:" in row.reason,
        "done without its result": job is not None
        and row.state is PlainState.DONE
        and job.phase is not JobPhase.COMPLETED
        and not (job.phase is JobPhase.SKIPPED and run.is_on_other_path(job)),
        "failed though nothing went wrong": job is not None
        and row.state is PlainState.FAILED
        and row.reason.endswith("not needed"),
        "a run done and not over": job is None and row.state is PlainState.DONE and run.phase is not RunPhase.COMPLETED,
        "failed while it goes on": job is not None and row.state is PlainState.FAILED and not job.phase.is_over,
        "queued at work": row.state is PlainState.QUEUED and is_active,
        "at work without an agent": job is not None and row.state is PlainState.WORKING and not job.phase.is_active,
        "reviewing before the handoff": row.state is PlainState.REVIEWING
        and (job is None or job.phase is not JobPhase.SUBMITTED),
        "an agent at work on what is over": bool(row.agent)
        and row.state in {PlainState.DONE, PlainState.FAILED, PlainState.QUEUED},
        "no reason": not row.reason or "\n" in row.reason,
        "an unknown mark": not {mark.word for mark in row.reviews} <= MARKS,
        "done beside an unfinished review": row.state is PlainState.DONE
        and job is not None
        and not job.verdicts
        and any(mark.word in {"at work", "waits for you"} for mark in row.reviews),
    }
    return [f"{row.id} ({row.state}): {name}" for name, broken in rules.items() if broken]


@pytest.mark.parametrize("name", SCENES)
def test_no_row_of_any_scene_stands_beside_its_contradiction(name):
    run = scene(name).run
    assert contradictions(run) == []
    assert contradictions(run, {session.id: "dialog" for session in run.living_sessions}) == []


@pytest.mark.parametrize("seed", range(12))
def test_no_row_contradicts_itself_at_any_moment_of_a_made_up_run(seed):
    source = parse_workflow(f"{seed}.json", made_up(seed).encode(), lambda _: None)
    play = Play()
    play.begin({}, source.settings, source.workflow)
    seen: set[str] = set()

    class Watched(Simulated):
        def tick(self) -> None:
            super().tick()
            seen.update(contradictions(self.play.run))

    Watched(play, Random(seed)).to_the_end()
    assert seen | set(contradictions(play.run)) == set()


def told(row: EpicRow) -> str:
    reviews = " ".join(f"[{mark.name}: {mark.word}]" for mark in row.reviews)
    session = f"{row.session} {row.agent}".strip() if row.session else ""
    shown = (str(row.state), row.id, f"{row.attempt}/{row.rounds_allowed}" if row.job else "", session, reviews)
    return f"  {' | '.join(part for part in shown if part)}\n      {row.reason}"


def test_every_scene_has_these_rows(request):
    lines: list[str] = []
    for name in SCENES:
        run = scene(name).run
        rows = board([(run, {session.id: "working" for session in run.living_sessions})])
        lines += [f"> {name}", *map(told, rows)]
    assert_golden("scenes/epics.txt", "\n".join(lines) + "\n", request)


def test_what_waits_for_a_person_comes_first_and_what_is_over_last():
    runs = [(scene(name).run, {}) for name in ("complete", "canceled", "running", "reviewing", "asking", "died twice")]
    states = [row.state for row in board(runs)]
    order = [PlainState.WAITING, PlainState.WORKING, PlainState.REVIEWING, PlainState.QUEUED, PlainState.DONE]
    placed = [order.index(state) for state in states if state in order]
    assert placed == sorted(placed)
    assert states[0] is PlainState.WAITING
    assert states[-1] is PlainState.FAILED, "those of a run that was canceled"


def test_an_epic_that_failed_in_a_run_under_way_comes_before_what_is_at_work():
    rows = board([(scene("epic stopped").run, {})])
    assert [(row.id, row.state) for row in rows if row.job] == [
        ("api", PlainState.FAILED),
        ("ui", PlainState.FAILED),
        ("db", PlainState.QUEUED),
    ]


PATHS = b"""gitorch: workflow/1
name: x
lanes: {a: {runtime: claude}}
jobs:
  one: {kind: draft, lane: a, objective: Do}
  broken: {kind: draft, lane: a, objective: Do}
  decision: {kind: checkpoint, title: Go on, needs: [one], on_continue: [go], on_cancel: [undo]}
  go: {kind: draft, lane: a, objective: Do, needs: [decision]}
  undo: {kind: draft, lane: a, objective: Do, needs: [decision]}
  undo-more: {kind: draft, lane: a, objective: Do, needs: [undo]}
  mend: {kind: draft, lane: a, objective: Do, needs: [broken]}
  mend-more: {kind: draft, lane: a, objective: Do, needs: [mend, one]}
"""


def test_a_path_that_was_not_taken_is_over_and_nothing_of_it_failed():
    play = Play()
    play.begin({}, replace(SETTINGS, test_command=""), parse_workflow("w.yaml", PATHS, lambda _: None).workflow)
    play.launch("one")
    play.submit_handoff("one")
    play.do(OpenCheckpoint(JobId("decision")))
    play.answer("q1", "continue")
    play.do(CancelJob(JobId("broken"), "no use"), HUMAN)

    states = {row.id: row.state for row in epic_rows(play.run) if row.job in {"undo", "undo-more", "mend", "mend-more"}}
    assert states == {
        "undo": PlainState.DONE,
        "undo-more": PlainState.DONE,
        "mend": PlainState.FAILED,
        "mend-more": PlainState.FAILED,
    }
    assert contradictions(play.run) == []


def test_an_agent_that_shows_a_dialog_waits_for_a_person_before_gitorch_asks():
    run = scene("alive").run
    rows = {row.id: row for row in epic_rows(run, {next(run.living_sessions).id: "dialog"})}
    assert (rows["api"].state, rows["api"].reason) == (PlainState.WAITING, "its agent shows a permission request")


@pytest.mark.parametrize(("word", "reason"), [*AGENT_SENTENCES.items(), ("working", "session s1 is at work")])
def test_the_reason_of_an_epic_at_work_agrees_with_what_its_agent_does(word, reason):
    row = next(row for row in epic_rows(scene("running").run, {"s1": word}) if row.job == "api")
    assert (row.state, row.agent, row.reason) == (PlainState.WORKING, word, reason)


def test_a_question_about_a_review_is_shown_with_the_epic_that_it_judges():
    play = Play()
    play.begin({"api": ()})
    play.launch("api")
    play.submit_handoff("api")
    play.check("api")
    play.launch("api.spec")
    play.submit_handoff("api.spec", "NEEDS_CONTEXT", questions=("Which guide?",))
    row = next(row for row in epic_rows(play.run) if row.job == "api")
    assert (row.state, [question.job for question in row.questions]) == (PlainState.WAITING, ["api.spec"])
    assert [mark.word for mark in row.reviews] == ["waits for you", "to come"]
