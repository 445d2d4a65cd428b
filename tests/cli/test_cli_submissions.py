"""What agents say from their own sessions."""

from __future__ import annotations

import json

import pytest
from cli_stage import commit

from gitorch.model.events import ActionRefused
from gitorch.model.work.review import Severity


@pytest.fixture
def agent(stage):
    return stage.begin_run().launch("api").as_agent("api")


@pytest.fixture
def reviewer(stage):
    stage.begin_run().launch("api").submit_handoff("api").launch("api.spec")
    return stage.as_agent("api.spec")


def test_verbs_of_agents_are_denied_outside_of_a_session(stage):
    stage.begin_run()
    words = (
        ("brief",),
        ("handoff", "DONE"),
        ("ask", "x"),
        ("block", "--by", "x", "--clears", "y"),
        ("verdict", "accept", "--commit", "x", "--nonce", "y"),
    )
    for call in words:
        assert stage.gitorch(*call).status == 5, call


def test_a_brief_is_text_for_agents_and_values_for_programs(agent):
    assert "Rotate the session." in agent.gitorch("brief").out
    assert json.loads(agent.gitorch("brief", "--json").out)["brief"]["job"] == "api"


def test_a_handoff_is_recorded_and_prints_what_follows(agent):
    answer = agent.gitorch("handoff", "done", "--summary", "-", "--tests", "make test: ok", typed="It rotates.")
    assert answer.status == 0
    assert "api is handed in at" in answer.out
    handoff = agent.run.jobs["api"].handoff
    assert (handoff.summary, handoff.tests_claimed) == ("It rotates.", "make test: ok")


def test_a_second_report_is_refused_and_recorded(agent):
    assert agent.gitorch("handoff", "DONE").status == 0
    answer = agent.gitorch("handoff", "DONE", "--json")
    assert json.loads(answer.out)["error"]["code"] == "refused"
    assert isinstance(agent.ledger.written[-1].record.event, ActionRefused)


def test_an_unknown_status_names_the_list_and_changes_nothing(agent):
    before = len(agent.ledger.written)
    answer = agent.gitorch("handoff", "FINISHED")
    assert (answer.status, "DONE, DONE_WITH_CONCERNS, NEEDS_CONTEXT, BLOCKED" in answer.err) == (2, True)
    assert len(agent.ledger.written) == before


def test_a_report_for_another_job_is_denied(agent):
    assert agent.gitorch("handoff", "DONE", "--job", "ui").status == 5


def test_concerns_and_questions_may_be_repeated(agent):
    assert agent.gitorch("handoff", "DONE_WITH_CONCERNS", "--concern", "a", "--concern", "b").status == 0
    assert agent.run.jobs["api"].handoff.concerns == ("a", "b")


def test_to_ask_is_to_report_needs_context(agent):
    answer = agent.gitorch("ask", "Which", "name?")
    assert answer.out == "q1 waits for a human. Stop here; the answer comes to this terminal.\n"
    assert agent.run.questions["q1"].text == "Which name?"


def test_to_block_names_what_blocks_and_what_would_clear_it(agent):
    values = json.loads(agent.gitorch("block", "--by", "no schema", "--clears", "migration 12", "--json").out)
    assert values["recorded"][0] == "handoff-submitted"
    assert "migration 12" in str(agent.run.questions["q1"])


def test_a_verdict_reads_findings_from_a_file_and_from_options(reviewer):
    (reviewer.folder / "f.json").write_text('[{"severity": "high", "title": "Dropped", "path": "a.py", "line": 3}]')
    answer = reviewer.gitorch(
        *("verdict", "Needs-Revision", "--commit", commit("api-1")[:8], "--nonce", "nonce-one", "--summary", "no"),
        *("--findings-file", "f.json", "--finding", "minor|a.py:500|A name"),
    )
    assert (answer.status, answer.err) == (0, "")
    assert "goes back to its author with 2 findings" in answer.out
    found = [x.finding for x in reviewer.run.jobs["api"].findings]
    assert [(f.severity, f.doubtful) for f in found] == [(Severity.BLOCKING, False), (Severity.MINOR, True)]


def test_findings_may_come_from_standard_input(reviewer):
    answer = reviewer.gitorch(
        *("verdict", "accept_with_findings", "--commit", commit("api-1"), "--nonce", "nonce-one"),
        *("--summary", "fine", "--findings-file", "-"),
        typed='[{"severity": "note", "title": "A name"}]',
    )
    assert (answer.status, answer.err) == (0, "")


def test_a_wrong_file_of_findings_is_malformed_with_its_problems(reviewer):
    (reviewer.folder / "f.json").write_text('[{"severity": "grave"}]')
    words = ("verdict", "accept", "--commit", "abc", "--nonce", "n", "--findings-file", "f.json")
    answer = reviewer.gitorch(*words, "--json")
    assert answer.status == 6
    assert len(json.loads(answer.out)["error"]["problems"]) == 2


def test_a_verdict_with_another_nonce_is_refused(reviewer):
    answer = reviewer.gitorch("verdict", "accept", "--commit", commit("api-1"), "--nonce", "guess", "--summary", "x")
    assert answer.status in {4, 5}
    assert reviewer.run.jobs["api"].verdicts == ()


def test_calls_with_an_unknown_token_are_denied_and_a_bounded_number_is_recorded(agent, monkeypatch):
    monkeypatch.setattr("gitorch.rules.deciding.runs.STRANGER_REFUSALS_KEPT", 10)
    agent.environ["GITORCH_TOKEN"] = "guessed"
    before = len(agent.ledger.written)
    for _ in range(12):
        assert agent.gitorch("handoff", "DONE").status == 5
        assert agent.gitorch("verdict", "accept", "--commit", "x", "--nonce", "y").status == 5
    kept = [written.record for written in agent.ledger.written[before:]]
    assert {(r.actor.kind, r.actor.name, r.actor.session) for r in kept} == {("agent", "unknown", None)}
    assert {(r.event.verb, r.event.code) for r in kept} == {("handoff", "denied"), ("verdict", "denied")}
    assert len(kept) == 10, "a looping agent does not fill the ledger"


def test_a_report_without_a_claim_is_denied_and_recorded(stage):
    stage.begin_run()
    assert stage.gitorch("handoff", "DONE").status == 5
    kept = stage.ledger.written[-1].record
    assert isinstance(kept.event, ActionRefused)
    assert (kept.actor.kind, kept.event.verb) == ("principal", "handoff")
