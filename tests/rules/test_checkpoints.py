"""When a checkpoint is opened (W5): not before all that it stands on is over, whatever its reviews have said."""

from __future__ import annotations

from play import SETTINGS, Play, finding

from gitorch.model import commands as c
from gitorch.model.ids import JobId
from gitorch.model.values import replace
from gitorch.rules.views.inbox import inbox
from gitorch.text.workflows.file import parse_workflow

FLOW = b"""gitorch: workflow/1
name: x
lanes: {a: {runtime: claude}, r: {runtime: codex}}
jobs:
  one: {kind: draft, lane: a, objective: Do}
  look: {kind: review, lane: r, needs: [one]}
  two: {kind: draft, lane: a, objective: Do}
  approval: {kind: checkpoint, needs: [look, two]}
  land: {kind: merge, needs: [approval]}
"""


CHECKED = b"""gitorch: workflow/1
name: x
lanes: {a: {runtime: claude}, r: {runtime: codex}}
jobs:
  one: {kind: draft, lane: a, objective: Do}
  one-look: {kind: review, lane: r, needs: [one]}
  two: {kind: draft, lane: a, objective: Do}
  two-look: {kind: review, lane: r, needs: [two]}
  decision: {kind: checkpoint, title: Go on, needs: [one-look]}
"""


def phase(play: Play, job: str) -> str:
    return str(play.run.jobs[JobId(job)].phase)


def test_a_checkpoint_waits_for_work_that_its_review_sent_to_a_human():
    play = Play()
    play.begin({}, replace(SETTINGS, test_command=""), parse_workflow("w.yaml", FLOW, lambda _: None).workflow)
    for job in ("one", "two"):
        play.launch(job)
        play.submit_handoff(job)
    play.review("look", "needs_revision", (finding(),))

    assert (phase(play, "look"), phase(play, "one")) == ("completed", "submitted")
    assert phase(play, "approval") == "blocked"
    play.answer("q1", "accept_with_exceptions", "it will do")
    assert phase(play, "approval") == "waiting_human"


def test_a_checkpoint_shows_what_its_reviewers_accepted_the_work_with():
    play = Play()
    play.begin({}, replace(SETTINGS, test_command=""), parse_workflow("w.yaml", CHECKED, lambda _: None).workflow)
    for job in ("one", "two"):
        play.launch(job)
        play.submit_handoff(job)
        play.review(f"{job}-look", "accept_with_findings", (finding("minor", f"{job} is long", f"{job}.md", 4),))
    play.do(c.OpenCheckpoint(JobId("decision")))

    (question,) = play.run.open_questions()
    assert question.text == (
        "Go on: continue or cancel?\n\nAccepted with these findings, left as they are:\n"
        "- one #1 minor one.md:4: one is long [one-look]"
    )
    assert inbox(play.run)[0].text == "Go on: continue or cancel?"
