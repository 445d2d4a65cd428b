"""Which conversation a new session of a job goes on with."""

from __future__ import annotations

import pytest

from gitorch.model.plans.workflow import JobKind, JobSpec, Lane, Settings, Workflow
from gitorch.model.work.job import JobState
from gitorch.model.work.run import Run, RunPhase
from gitorch.model.work.session import Session, SessionPhase


def session(name, job="api", **chosen):
    values = {"lane": "a", "runtime": "claude", "token": "", "phase": SessionPhase.ENDED, "started_at": 0, **chosen}
    return Session(name, job, **values)


def run_of(*sessions, kind=JobKind.BUILD, failures=0, one_shot=False):
    spec = JobSpec("api", "API", kind, "a")
    flow = Workflow("plan", "1", "plan", lanes={"a": Lane("a", "claude", one_shot=one_shot)}, jobs={"api": spec})
    return Run(
        id="r",
        title="R",
        phase=RunPhase.RUNNING,
        workflow=flow,
        settings=Settings(),
        target="main",
        target_commit="c",
        plan="plan.md",
        plan_digest="",
        prepared_at=0,
        jobs={"api": JobState(spec, launch_failures=failures)},
        sessions={one.id: one for one in sessions},
    )


@pytest.mark.parametrize(
    ("before", "chosen", "conversation"),
    [
        ({"ended": "killed", "conversation": "c1"}, {}, "c1"),
        ({"ended": "exited", "conversation": "c1"}, {}, "c1"),
        ({"ended": "server-gone", "conversation": "c1"}, {}, "c1"),
        ({"ended": "stopped", "conversation": "c1"}, {}, ""),
        ({"ended": "not-ready", "conversation": "c1"}, {}, ""),
        ({"ended": "killed", "conversation": ""}, {}, ""),
        ({"ended": "killed", "conversation": "c1", "runtime": "codex"}, {}, ""),
        ({"ended": "killed", "conversation": "c1", "job": "docs"}, {}, ""),
        ({"ended": "killed", "conversation": "c1"}, {"failures": 1}, ""),
        ({"ended": "killed", "conversation": "c1"}, {"kind": JobKind.REVIEW}, ""),
        ({"ended": "exited", "conversation": "c1"}, {"one_shot": True}, ""),
    ],
)
def test_a_session_goes_on_with_the_conversation_of_one_that_died(before, chosen, conversation):
    run = run_of(session("s1", **before), session("s2"), **chosen)
    assert run.conversation_to_resume(run.sessions["s2"]) == conversation
