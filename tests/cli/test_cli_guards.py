"""Contradictory or incomplete arguments are refused with one sentence before anything is done."""

from __future__ import annotations

import pytest

HUMAN_CALLS = [
    (("recover", "--apply", "--requeue"), 2, "exclude each other"),
    (("recover", "--adopt", "h1", "--cancel"), 2, "exclude each other"),
    (("recover", "--requeue"), 2, "name the job"),
    (("recover", "--cancel"), 2, "name the job"),
    (("keys", "add", "--new"), 2, "a new key needs a passphrase"),
    (("keys", "add"), 2, "name one key"),
    (("send", "api", "a text", "--file", "notes.md"), 2, "a text is given once"),
    (("send", "api"), 2, "send needs a text"),
    (("reply", "q1", "a text"), 2, "q1 is a question, which no message answers"),
    (("report", "api"), 3, "api has no report before it passes its reviews"),
    (("session", "create", "helper", "--task", "x", "--task-file", "y"), 2, "a task is given once"),
    (("export", "out", "--keep", "names"), 2, "names is never redacted"),
]

AGENT_CALLS = [
    (("block", "--by", "a", "--clears", "b", "--severity", "grave"), 2, "'grave' is not a severity"),
    (("block", "--by", "a", "--clears", "b", "--kind", "mood"), 2, "'mood' is not a kind of blocker"),
    (("send", "@principal", "a text", "--as", "coordinator"), 2, "--as is for people"),
    (("verdict", "accept"), 2, "a verdict names the commit and the nonce of its brief"),
    (("verdict", "accept", "--commit", "a"), 2, "a verdict names the commit and the nonce of its brief"),
]


@pytest.mark.parametrize(("words", "status", "message"), HUMAN_CALLS)
def test_invalid_arguments_of_a_person_name_the_fault_and_record_nothing(stage, words, status, message):
    stage.begin_run()
    before = len(stage.ledger.written)
    answer = stage.gitorch(*words)
    assert (answer.status, message in answer.err) == (status, True), answer.err
    assert len(stage.ledger.written) == before


@pytest.mark.parametrize(("words", "status", "message"), AGENT_CALLS)
def test_invalid_arguments_of_an_agent_name_the_fault_and_record_nothing(stage, words, status, message):
    stage.begin_run().launch("api").as_agent("api")
    before = len(stage.ledger.written)
    answer = stage.gitorch(*words)
    assert (answer.status, message in answer.err) == (status, True), answer.err
    assert len(stage.ledger.written) == before


def test_an_agent_without_its_token_is_denied(stage):
    stage.begin_run().launch("api").as_agent("api")
    del stage.environ["GITORCH_TOKEN"]
    answer = stage.gitorch("handoff", "DONE")
    assert (answer.status, "the environment names no session" in answer.err) == (5, True)
