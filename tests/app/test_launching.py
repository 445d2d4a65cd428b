"""A single agent: recorded as a run of one job, and launched by ticks until it is alive."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from desk import CALLER, TICKS_MAX, Desk

from gitorch.app.executing.execute import execute
from gitorch.app.reconciler import launch
from gitorch.app.sessions import sessions
from gitorch.errors import Busy, NotFound, Refused
from gitorch.model import commands as c
from gitorch.model.observed import AgentState
from gitorch.model.plans.config import Config
from gitorch.model.plans.runtime import Preset
from gitorch.model.plans.workflow import JobKind
from gitorch.rules.reconciling.failed_turns import SETTLE_MS


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path / "s")


def single(desk, **config):
    desk.services.config = Config(implementer="scripted", **config)
    desk.services.programs.printed["scripted"] = "1"
    return sessions.create(desk.services, CALLER, "helper", "", "Write a poem.")


def test_a_single_agent_is_a_run_of_one_job(desk):
    run = single(desk)
    assert (run.title, run.workflow.source, run.target, run.target_commit) == (
        "Agent helper",
        "gitorch session create",
        "main",
        desk.begun,
    )
    (job,) = run.workflow.jobs.values()
    assert (job.id, job.title, job.kind, job.lane) == ("helper", "Agent helper", JobKind.GENERIC, "own")
    assert desk.ledger.file(run.id, job.brief) == b"Write a poem."
    assert (run.settings.silence_seconds, run.settings.test_command) == (sessions.NEVER_SECONDS, "")
    assert sessions.is_single_agent(run)
    assert not sessions.is_single_agent(desk.begin().run)


def test_two_agents_may_have_one_task_and_one_name_is_taken_once(desk):
    first = single(desk)
    second = sessions.create(desk.services, CALLER, "other", "", "Write a poem.")
    assert [run.workflow.jobs[job].brief for run, job in ((first, "helper"), (second, "other"))] == [
        first.workflow.jobs["helper"].brief
    ] * 2
    with pytest.raises(Refused, match="helper is an agent of run"):
        single(desk)


def test_without_a_task_an_agent_stands_by(desk):
    desk.services.config = Config(implementer="scripted")
    desk.services.programs.printed["scripted"] = "1"
    run = sessions.create(desk.services, CALLER, "helper", "scripted", "  ")
    assert desk.ledger.file(run.id, run.workflow.jobs["helper"].brief) == sessions.STANDING_BY.encode()


def test_an_agent_is_launched_by_ticks_until_it_is_alive(desk):
    single(desk)
    slept = []
    desk.clock.sleep = slept.append
    run, alive = launch.launch_agent(desk.services, "helper", None)
    assert alive
    assert str(run.sessions["s1"].phase) == "alive"
    assert set(slept) <= {launch.LOOK_SECONDS}
    assert "up" not in desk.ledger.held


def test_an_agent_that_cannot_start_is_asked_about_and_not_launched_for_ever(desk):
    single(desk)
    desk.terminals.begin_as = AgentState.EXITED
    sleeps = []

    def sleep(seconds):
        sleeps.append(seconds)
        desk.clock.moment += 60_000
        assert len(sleeps) < TICKS_MAX

    desk.clock.sleep = sleep
    run, alive = launch.launch_agent(desk.services, "helper", None)
    assert (alive, bool(run.open_questions("helper"))) == (False, True)


def test_a_canceled_run_launches_nobody(desk):
    run = single(desk)
    desk.clock.sleep = lambda _: None
    execute(desk.services, run.id, CALLER.actor, c.CancelRun("enough"))
    with pytest.raises(NotFound, match="no run that is open has a job or session helper"):
        launch.launch_agent(desk.services, "helper", None)
    run, alive = launch.launch_agent(desk.services, "helper", run.id)
    assert (alive, run.phase.is_over) == (False, True)


def test_a_run_that_does_not_go_on_by_itself_launches_nobody_and_does_not_hang(desk):
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        assert len(slept) < TICKS_MAX

    desk.clock.sleep = sleep
    run = single(desk)
    execute(desk.services, run.id, desk.services.host, c.StartRun())
    execute(desk.services, run.id, CALLER.actor, c.PauseRun(""))
    run, alive = launch.launch_agent(desk.services, "helper", None)
    assert (alive, str(run.phase), run.sessions) == (False, "paused", {})


def test_a_loop_that_runs_launches_by_itself(desk):
    single(desk)
    with desk.ledger.hold("up"), pytest.raises(Busy):
        launch.launch_agent(desk.services, "helper", None)


def test_a_run_is_left_to_people_once_they_are_asked_about_an_agent_that_takes_no_prompt(desk):
    desk.services.presets["scripted"] = Preset("scripted", ("scripted",), first_prompt="paste")
    desk.terminals.next_receipts = ["refused: no sign-in"] * TICKS_MAX
    desk.begin().tick(4)
    key = desk.key("api")
    desk.terminals.become(key, AgentState.ERROR, "! Sign in")
    desk.clock.moment += SETTLE_MS
    while not desk.run.open_questions():
        assert not desk.ticked.waiting
        desk.clock.moment += 10_000
        desk.tick()
    desk.tick()
    assert (desk.ticked.waiting, desk.ticked.acted, desk.terminals.sessions[key].turns) == (True, False, [])
    desk.terminals.become(key, AgentState.IDLE)
    desk.terminals.next_receipts = []
    desk.tick()
    assert len(desk.terminals.sessions[key].turns) == 1, "the prompt is given once the program takes it"
