"""Which conversation a new session of a job goes on with."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from gitorch.model.workflow import JobKind
from gitorch.rules.readings import resumes


def session(name, job="api", **chosen):
    values = {"id": name, "job": job, "lane": "a", "runtime": "claude", "ended": "", "conversation": "", **chosen}
    return SimpleNamespace(**values)


def run_of(*sessions, kind=JobKind.BUILD, failures=0, one_shot=False):
    job = SimpleNamespace(spec=SimpleNamespace(kind=kind), launch_failures=failures)
    flow = SimpleNamespace(lanes={"a": SimpleNamespace(one_shot=one_shot)})
    return SimpleNamespace(jobs={"api": job}, sessions={one.id: one for one in sessions}, workflow=flow)


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
    assert resumes(run, run.sessions["s2"]) == conversation
