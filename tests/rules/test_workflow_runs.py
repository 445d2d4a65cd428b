"""What the keys of a workflow file do in a run (W3 to W8): advice, attempts, fresh sessions, limits of lanes, phases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from play import PARALLEL, SETTINGS, Play, commit, finding

from gitorch.errors import Refused
from gitorch.model import commands as c
from gitorch.model import effects
from gitorch.model import events as e
from gitorch.model.ids import JobId, Moment
from gitorch.model.observed import AgentState, Observed, SessionObservation
from gitorch.model.values import replace
from gitorch.model.work.job import JobPhase
from gitorch.model.work.review import Choice
from gitorch.rules.guards.granting import may_be_granted
from gitorch.rules.outstanding import outstanding
from gitorch.rules.reconcile import reconcile
from gitorch.rules.review.gates import settle
from gitorch.rules.views.brief_values import brief_data
from gitorch.text.workflows.file import parse_workflow

if TYPE_CHECKING:
    from gitorch.model.plans.workflow import Settings

NO_TESTS = replace(SETTINGS, test_command="")
HEAD = "gitorch: workflow/1\nname: x\nlanes: {a: {runtime: claude}, r: {runtime: codex}}\n"


def begun(text: str, settings: Settings = NO_TESTS) -> Play:
    flow = parse_workflow("w.yaml", (HEAD + text).encode(), lambda _: None).workflow
    play = Play()
    play.begin({}, settings, flow)
    return play


def phase(play: Play, job: str) -> str:
    return str(play.run.jobs[JobId(job)].phase)


def work(play: Play, *jobs: str) -> None:
    for job in jobs:
        play.launch(job)
        play.submit_handoff(job)


def seen(play: Play, **observation: object) -> Observed:
    sessions = {
        s.id: SessionObservation(True, True, AgentState.WORKING, **observation) for s in play.run.sessions.values()
    }
    return Observed(Moment(play.at), sessions, {}, {}, {})


ADVICE = """jobs:
  plan: {kind: draft, lane: a, objective: Do}
  strict: {kind: review, lane: r, needs: [plan]}
  grim: {kind: review, lane: r, needs: [plan], posture: devils_advocate, advisory: true}
  next: {kind: build, lane: a, objective: Do, needs: [strict, grim]}
"""


@pytest.mark.parametrize("choice", ["accept", "needs_revision", "reject"])
def test_an_advisory_review_is_required_but_keeps_no_gate_closed(choice):
    play = begun(ADVICE, replace(PARALLEL, test_command=""))
    work(play, "plan")
    play.review("strict")
    assert phase(play, "plan") == "submitted"

    play.review("grim", choice, () if choice == "accept" else (finding(title="It costs too much"),))

    assert phase(play, "plan") == "completed"
    assert phase(play, "next") == "queued"
    kept = [x.finding.title for x in play.run.jobs[JobId("plan")].findings]
    assert kept == ([] if choice == "accept" else ["It costs too much"])


def test_what_is_advice_goes_back_with_the_findings_of_others():
    play = begun(ADVICE + "cycles: [{review: strict, back_to: plan, rounds: 1}]\n", replace(PARALLEL, test_command=""))
    work(play, "plan")
    play.review("grim", "needs_revision", (finding(title="Advice"),))
    play.review("strict", "needs_revision", (finding(title="Order"),))

    listed = [event for event in play.events if isinstance(event, e.FindingsListed)]
    assert [(event.job, [x.finding.title for x in event.findings]) for event in listed] == [
        ("plan", ["Advice", "Order"])
    ]


CYCLE = """jobs:
  one: {kind: draft, lane: a, objective: Do, ATTEMPTS}
  r: {kind: review, lane: r, needs: [one]}
cycles: [{review: r, back_to: one, rounds: 3}]
"""


@pytest.mark.parametrize(
    ("attempts", "allowed"), [("attempts: 1", 1), ("attempts: 2", 2), ("attempts: 9", 4), ("tasks: []", 4)]
)
def test_a_human_is_asked_after_the_last_attempt_even_if_the_cycle_allows_more(attempts, allowed):
    play = begun(CYCLE.replace("ATTEMPTS", attempts))
    for _ in range(allowed):
        assert not any(isinstance(event, e.Escalated) for event in play.events)
        play.launch("one")
        play.submit_handoff("one", replies=play.fixed("one"))
        play.review("r", "needs_revision", (finding(),))

    assert [event.trigger for event in play.events if isinstance(event, e.Escalated)] == [f"rounds:one:{allowed}"]


def test_fresh_work_gets_a_new_session_for_every_attempt():
    play = begun(CYCLE.replace("ATTEMPTS", "fresh: true"))
    work(play, "one")
    play.review("r", "needs_revision", (finding(),))
    job = play.run.jobs[JobId("one")]

    assert not may_be_granted(play.run, job)
    assert effects.StopSession(job.session) in outstanding(play.run, seen(play))
    play.do(c.EndSession(job.session, "stopped"))
    play.grant("one")
    assert play.run.jobs[JobId("one")].session != job.session


def test_work_that_is_not_fresh_goes_on_in_its_session():
    play = begun(CYCLE.replace("ATTEMPTS", "fresh: false"))
    work(play, "one")
    before = play.session("one")
    play.review("r", "needs_revision", (finding(),))
    play.grant("one")

    assert play.session("one") == before


LIMITS = """jobs:
  one: {kind: draft, lane: slow, objective: Do}
  two: {kind: draft, lane: a, objective: Do}
"""
SLOW = "  slow: {runtime: codex, capacity: 1, constraints: [Use no network.], timeouts: {lease_seconds: 60, work_seconds: 120, start_seconds: 5}}\n"


def limited(jobs: str = LIMITS) -> Play:
    text = HEAD.replace("lanes: {", "lanes:\n  ").replace("}, r:", "}\n  r:").replace("codex}}", "codex}") + SLOW + jobs
    play = Play()
    play.begin({}, NO_TESTS, parse_workflow("w.yaml", text.encode(), lambda _: None).workflow)
    return play


def test_a_lane_sets_its_own_lease_and_how_long_its_agents_may_take():
    play = limited()
    play.launch("one")
    play.launch("two")
    leases = {job: play.run.jobs[JobId(job)].lease for job in ("one", "two")}

    assert [lease.until - lease.granted_at for lease in leases.values()] == [60_000, SETTINGS.lease_seconds * 1000]
    play.at = leases["one"].granted_at + 121_000
    asked = [x for x in reconcile(play.run, seen(play, changed_at=Moment(play.at))) if isinstance(x, c.Escalate)]
    assert [(x.job, x.options) for x in asked] == [("one", ("go_on", "retry", "stop_epic", "stop_run"))]
    play.do(asked[0])
    play.answer("q1", "retry")
    assert phase(play, "one") == "queued"


def test_an_agent_of_a_slow_lane_is_given_up_after_the_lanes_own_time():
    play = limited()
    play.grant("one")
    play.grant("two")
    play.at += 6000
    starting = {s.id: SessionObservation(True, True, AgentState.STARTING) for s in play.run.sessions.values()}

    ended = [
        x for x in reconcile(play.run, Observed(Moment(play.at), starting, {}, {}, {})) if isinstance(x, c.EndSession)
    ]
    assert [(x.session, x.how) for x in ended] == [("s1", "not-ready")]


def test_a_lane_gives_work_to_as_many_as_its_capacity_says():
    play = limited("jobs:\n" + "".join(f"  {job}: {{lane: slow, objective: Do}}\n" for job in ("one", "two")))
    play.grant("one")

    with pytest.raises(Refused):
        play.grant("two")


def test_every_brief_of_a_lane_holds_its_constraints():
    play = limited()
    play.grant("one")
    play.grant("two")

    texts = [str(brief_data(play.run, session, "Do it.")["text"]) for session in play.run.sessions.values()]
    assert ["- Use no network." in text for text in texts] == [True, False]


def test_priority_then_age_decides_what_is_given_out_first():
    jobs = "".join(
        f"  {job}: {{lane: a, objective: Do, priority: {n}}}\n" for job, n in (("low", 0), ("high", 5), ("mid", 1))
    )
    play = begun("jobs:\n" + jobs, replace(NO_TESTS, max_agents=2))
    granted = [x.job for x in reconcile(play.run, seen(play)) if isinstance(x, c.GrantLease)]

    assert granted == ["high", "mid", "low"]
    play.grant("high")
    play.grant("mid")
    with pytest.raises(Refused):
        play.grant("low")


PHASES = """phases: [design, build]
jobs:
  sketch: {kind: draft, lane: a, objective: Do, phase: design}
  study: {kind: draft, lane: a, objective: Do, phase: design}
  design: {kind: phase_synthesis, lane: r, needs: [sketch, study], phase: design}
  make: {kind: build, lane: a, objective: Do, phase: build, needs: [design]}
  built: {kind: phase_synthesis, lane: r, needs: [make], phase: build}
CYCLES
"""
BACK = "cycles: [{review: design, back_to: sketch, rounds: 1}]"


def designed(cycles: str = BACK) -> Play:
    """The first phase at its synthesis, whose base was built from the two branches."""
    play = begun(PHASES.replace("CYCLES", cycles))
    work(play, "sketch", "study")
    close(play)
    return play


def close(play: Play) -> None:
    parents = play.run.base_parents(JobId("design"))
    play.do(c.RecordBase(JobId("design"), commit("+".join(parents)), parents))
    play.launch("design")


def test_the_next_phase_stands_on_what_the_synthesis_accepted():
    play = designed()
    whole = play.run.jobs[JobId("design")].base
    session = play.run.sessions[play.session("design")]
    brief = brief_data(play.run, session, "")
    assert (brief["commit"], "### study at" in str(brief["text"])) == (whole, True)
    assert phase(play, "make") == "blocked"

    play.judge("design", "accept")

    assert (phase(play, "design"), phase(play, "make")) == ("completed", "queued")
    assert play.run.base_parents(JobId("make")) == (whole,)


def test_a_synthesis_judges_the_whole_and_nothing_else():
    play = designed()

    with pytest.raises(Refused, match="what design handed in is"):
        play.judge("design", "accept", commit=commit("sketch-1"))


def test_a_synthesis_sends_work_back_within_its_rounds_then_asks():
    play = designed()
    play.judge("design", "needs_revision", (finding(title="They disagree"),))
    sketch = play.run.jobs[JobId("sketch")]
    assert (phase(play, "sketch"), sketch.attempt, phase(play, "study"), phase(play, "design")) == (
        *("queued", 2),
        *("completed", "blocked"),
    )
    assert [(x.finding.title, x.review) for x in sketch.findings] == [("They disagree", "design")]

    play.launch("sketch")
    play.submit_handoff("sketch", replies=play.fixed("sketch"))
    close(play)
    play.judge("design", "needs_revision", (finding(title="They still disagree"),))

    assert play.run.jobs[JobId("sketch")].attempt == 2
    (question,) = play.run.questions.values()
    assert question.options == ("one_more_round", "accept_with_exceptions", "stop_epic", "stop_run")
    play.answer(question.id, "accept_with_exceptions", "a known gap")
    assert (phase(play, "design"), phase(play, "make")) == ("completed", "queued")


def test_a_finding_that_a_synthesis_withdraws_is_not_listed_for_the_author():
    play = designed()
    play.judge("design", "accept_with_findings", (finding("minor", "A gap"),))
    judged = play.run.jobs[JobId("design")]
    withdrawal = finding("note", "A gap", number=1, detail="It was closed", withdrawn=True)
    again = replace(
        judged.verdicts[0],
        choice=Choice.NEEDS_REVISION,
        findings=(withdrawal, finding(title="They disagree")),
    )

    (listed,) = settle(play.run, replace(judged, phase=JobPhase.SUBMITTED, verdicts=(again,)))

    assert [x.finding.title for x in listed.findings] == ["They disagree"]


def test_a_synthesis_without_a_way_back_asks_at_once_and_offers_none():
    play = designed("")
    play.judge("design", "needs_revision", (finding(),))

    (question,) = play.run.questions.values()
    assert question.options == ("accept_with_exceptions", "stop_epic", "stop_run")
    play.answer(question.id, "stop_epic")
    assert [phase(play, job) for job in ("design", "make", "built")] == ["failed", "skipped", "skipped"]


def test_one_more_round_after_the_last_is_one_more_round():
    play = designed()
    for question in ("", "q1"):
        play.judge("design", "needs_revision", (finding(title=f"Again {question}"),))
        if question:
            play.answer(question, "one_more_round")
        play.launch("sketch")
        play.submit_handoff("sketch", replies=play.fixed("sketch"))
        close(play)

    play.judge("design", "accept")
    assert phase(play, "make") == "queued"


def test_a_rejected_phase_fails_and_takes_what_needs_it_along():
    play = designed()
    play.judge("design", "reject")

    assert phase(play, "design") == "failed"
    assert phase(play, "make") == "skipped"


CHECKPOINT = """jobs:
  study: {kind: draft, lane: a, objective: Do}
  ask: {kind: checkpoint, needs: [study]}
  go: {kind: build, lane: a, objective: Do, needs: [ask]}
"""


def test_work_behind_a_checkpoint_stands_on_the_work_before_it():
    play = begun(CHECKPOINT)
    work(play, "study")
    play.do(c.OpenCheckpoint(JobId("ask")))
    play.answer("q1", "continue")

    assert play.run.jobs[JobId("go")].phase is JobPhase.QUEUED
    assert play.run.base_parents(JobId("go")) == (commit("study-1"),)


def test_a_review_may_wait_for_another_of_the_same_work():
    play = begun("""jobs:
  one: {kind: draft, lane: a, objective: Do}
  audit: {kind: review, lane: r, needs: [one]}
  final: {kind: review, lane: r, needs: [one, audit]}
""")
    work(play, "one")
    assert (phase(play, "audit"), phase(play, "final")) == ("queued", "blocked")
    play.review("audit")
    assert phase(play, "final") == "queued"
    play.review("final")
    assert play.run.phase == "completed"


def test_a_run_whose_end_cannot_be_reached_fails_instead_of_waiting_for_ever():
    play = begun("""jobs:
  one: {kind: draft, lane: a, objective: Do}
  two: {kind: draft, lane: a, objective: Do}
  r: {kind: review, lane: r, needs: [two]}
  ask: {kind: checkpoint, needs: [r]}
  go: {kind: build, lane: a, objective: Do, needs: [ask]}
""")
    work(play, "one", "two")
    play.review("r", "reject")
    assert play.run.phase == "running"
    play.answer("q1", "leave_failed")

    assert (play.run.phase, play.run.reason) == (
        "failed",
        "what ask, go needs was not completed, so the end cannot be reached",
    )


def test_a_rejection_is_put_to_a_human_even_when_nothing_else_is_left():
    play = begun("jobs:\n  one: {kind: draft, lane: a, objective: Do}\n  r: {kind: review, lane: r, needs: [one]}\n")
    work(play, "one")
    play.review("r", "reject")
    assert play.run.phase == "running"

    play.answer("q1", "one_more_round")
    assert phase(play, "one") == "queued"


def test_a_synthesis_of_one_job_closes_its_phase_and_does_not_judge_the_job():
    play = begun("""phases: [p]
jobs:
  one: {kind: draft, lane: a, objective: Do, phase: p}
  close: {kind: phase_synthesis, lane: r, needs: [one], phase: p}
""")
    work(play, "one")
    assert (phase(play, "one"), phase(play, "close")) == ("completed", "queued")


def test_a_review_ends_with_a_verdict_and_with_no_report():
    play = begun(CYCLE.replace("ATTEMPTS", "fresh: false"))
    work(play, "one")
    play.launch("r")
    with pytest.raises(Refused, match="r is a review and ends with a verdict"):
        play.submit_handoff("r")
    assert phase(play, "r") == "running"
