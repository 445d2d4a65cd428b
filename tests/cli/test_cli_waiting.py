"""Every verb that ends because people must answer gives programs the open questions."""

from __future__ import annotations

import json

import pytest
from cli_stage import RUN, Stage

from gitorch.app.reconciler import one_job
from gitorch.model.ids import JobId
from gitorch.model.work.job import JobPhase


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """A run whose only agent waits for an answer; `host run` took its job."""
    taken = one_job.TakenJob(RUN, JobId("api"), JobPhase.RUNNING, True)
    monkeypatch.setattr(one_job, "take_one_job", lambda *_: (taken,))
    stage = Stage(folder=tmp_path).begin_run({"api": ()}).launch("api")
    return stage.submit_handoff("api", "NEEDS_CONTEXT", questions=("Which name?",))


@pytest.mark.parametrize(
    ("words", "others"),
    [
        (("up", "--no-wait"), {"paused": []}),
        (("wait", "--timeout", "0"), {}),
        (("session", "launch", "api"), {"job": "api", "alive": False}),
        (("host", "run", "--once"), {"host": "desk"}),
    ],
)
def test_a_verb_that_waits_for_people_lists_the_questions(asked, monkeypatch, words, others):
    asked.gitorch("retry", "api")
    monkeypatch.setattr(type(asked.ledger), "is_shared", words[0] == "host")
    answer = asked.gitorch(*words, "--json")
    error = json.loads(answer.out)["error"]
    assert (answer.status, error["code"]) == (10, "waiting")
    assert [row["id"] for row in error["waiting"]] == ["q1"]
    assert others.items() <= error.items()


def test_a_host_whose_job_waits_for_people_still_says_which_it_took(asked, monkeypatch):
    monkeypatch.setattr(type(asked.ledger), "is_shared", True)
    answer = asked.gitorch("host", "run", "--once")
    assert (answer.status, answer.err.splitlines()[:2]) == (
        10,
        ["api is running", "gitorch: people are asked about api"],
    )
