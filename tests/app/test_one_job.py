"""`gitorch host run --once`: when a host has done its job or gives up, and what it says where it takes none."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "cli")]

import two_hosts
from cli_memory import START, TARGET
from cli_stage import RUN, UNATTENDED, Stage
from fakes.clock import FakeClock
from fakes.world import FakeFiles, altered
from two_hosts import ATTIC, SharedLedger

from gitorch.app.executing.execute import execute
from gitorch.app.reconciler import loop, one_job
from gitorch.errors import Corrupt
from gitorch.model import commands as c
from gitorch.model.ids import JobId, SessionId
from gitorch.model.values import replace
from gitorch.model.work.review import Check

stage, desk, attic = two_hosts.stage, two_hosts.desk, two_hosts.attic


def ticked(run, leads=True):
    """What a worker looks at of a tick of a run."""
    return SimpleNamespace(run=run, observed=SimpleNamespace(leads=leads))


def lease_to(services, stage, job: str) -> SessionId:
    session = SessionId(f"s{len(stage.run.sessions) + 1}")
    execute(services, RUN, services.host, c.GrantLease(JobId(job), session, True, "sha256:t", "nonce"))
    return session


def test_a_host_without_a_job_gives_up_after_three_ticks_of_a_run_however_often_it_is_asked(tmp_path):
    stage = Stage(folder=tmp_path, ledger=SharedLedger()).begin_run({"api": ()}).launch("api")
    services = altered(stage.services, host=ATTIC, clock=FakeClock(START), files=FakeFiles())
    worker = one_job._Worker(services)
    answers = []
    for _ in range(one_job.ROUNDS_MAX):
        answers += [worker.is_done() for _ in range(9)]
        worker.see(ticked(stage.run))
    assert (answers, worker.is_done()) == ([False] * 27, True)
    assert (worker.places(), list(worker.finish())) == (1, [])


def test_a_host_that_can_tick_no_run_gives_up_after_a_while(tmp_path):
    stage = Stage(folder=tmp_path, ledger=SharedLedger()).begin_run({"api": ()}).launch("api")
    services = altered(stage.services, host=ATTIC, clock=FakeClock(START), files=FakeFiles())
    worker = one_job._Worker(services)
    assert not worker.is_done()
    services.clock.sleep(one_job.PATIENCE_MS / 1000)
    assert worker.is_done()


@pytest.mark.parametrize(
    ("leads", "passed", "faults", "waits"),
    [
        (True, None, {}, True),
        (False, None, {}, False),
        (True, True, {}, False),
        (True, False, {}, False),
        (True, None, {"check": "fault"}, False),
    ],
)
def test_a_host_waits_for_the_tests_of_the_target_that_it_runs_itself(tmp_path, leads, passed, faults, waits):
    settings = replace(UNATTENDED, test_command="make test", test_target=True)
    stage = Stage(folder=tmp_path, ledger=SharedLedger()).begin_run({"api": ()}, settings)
    outcome = "passed" if passed else "failed"
    check = None if passed is None else Check(TARGET, "make test", outcome, 0 if passed else 1, 1.0)
    worker = one_job._Worker(altered(stage.services, files=FakeFiles()))
    for _ in range(9):
        worker.see(ticked(replace(stage.run, target_check=check, faults=faults), leads))
    assert worker.is_done() is not waits


def test_a_host_without_a_job_says_what_each_waits_for_and_who_leads(stage, attic, desk):
    [taken, job, leader] = one_job.why_none(attic)
    assert taken == "api of auth-7f3a: session s1 is at work"
    assert job.startswith("ui of auth-7f3a: ")
    assert leader == "auth-7f3a is led by desk, which runs the tests of main, reports and merges"
    assert one_job.why_none(desk) == (taken, job)


def test_a_host_that_may_not_write_hears_that_alone(stage, attic, desk):
    execute(desk, None, stage.who().actor, c.AddHost("desk", "ssh-ed25519 desk"))
    words = (
        "attic is not a host of this ledger: on a host that is, type the command that `gitorch host join` prints here"
    )
    assert one_job.why_none(attic) == (words,)
    assert words not in one_job.why_none(desk)


def test_a_host_takes_one_job_and_ends_its_agent_when_it_is_handed_in_and_tested(stage, attic):
    worker = one_job._Worker(attic)
    session = lease_to(attic, stage, "ui")
    assert (worker.places(), worker.is_done()) == (0, False)
    stage.submit_handoff("ui")
    assert not worker.is_done(), "it must still be tested"
    check = Check(stage.run.jobs[JobId("ui")].handoff.commit, "make test", "passed", 0, 1.0)
    execute(attic, RUN, ATTIC, c.RecordCheck(JobId("ui"), check))
    assert worker.is_done()
    [taken] = worker.finish()
    assert taken == one_job.TakenJob(RUN, JobId("ui"), stage.run.jobs[JobId("ui")].phase, False)
    assert stage.run.sessions[session].ended == "stopped"
    assert stage.run.sessions[SessionId("s1")].ended == "", "what it did before is left alone"
    assert list(worker.finish()) == [taken], "it has ended already"


def test_a_job_that_a_human_is_asked_about_is_done_here(stage, attic):
    worker = one_job._Worker(attic)
    lease_to(attic, stage, "ui")
    execute(
        attic, RUN, ATTIC, c.Escalate("x:1", "It broke.", "Nothing.", "none", "Go on?", ("retry", "stop"), JobId("ui"))
    )
    assert worker.is_done()
    assert [one.is_asked_about for one in worker.finish()] == [True]


def test_nothing_is_taken_where_no_program_is_here_and_an_unreadable_ledger_is_an_error(stage, attic, monkeypatch):
    before = len(stage.ledger.written)
    assert one_job.take_one_job(attic, lambda _: None) == ()
    assert len(stage.ledger.written) == before

    def unreadable(*_):
        raise Corrupt("record 2 is broken")

    monkeypatch.setattr(loop, "tick", unreadable)
    with pytest.raises(Corrupt, match="record 2 is broken"):
        one_job.take_one_job(attic, lambda _: None)
