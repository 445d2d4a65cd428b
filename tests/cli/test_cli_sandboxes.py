"""What a verb does for an agent whose sandbox cannot write to the repository, and what `init` offers a person with keys."""

from __future__ import annotations

import errno
import json

import pytest
from fakes.world import FakeOutboxes, FakeSignatures

from gitorch.app.work.outbox import Sandbox
from gitorch.cli.call import Streams
from gitorch.cli.verbs import submissions
from gitorch.errors import Away, Denied, Malformed, Refused, Unavailable, Usage
from gitorch.model.plans.approval import Guard, SigningKey
from gitorch.rules.views.brief import BRIEF_PATH, BRIEF_VALUES_PATH
from gitorch.wiring import callers

WHY = "the repository's git directory cannot be written from here (read-only file system)"
TERMINAL = Streams(asks=True, draws=True, columns=80, lines=24, controls=True)


@pytest.fixture
def boxed(stage, monkeypatch):
    """An agent at work whose calls cannot be recorded, in a sandbox around its worktree."""
    stage.begin_run().launch("api").as_agent("api")
    stage.outboxes = FakeOutboxes()
    held = Sandbox(stage.outboxes, stage.clock, stage.folder, WHY)
    monkeypatch.setattr(callers, "find_sandbox", lambda *_: held)
    stage.broken = OSError(errno.EROFS, "Read-only file system", "objects")
    return stage


def waiting(boxed):
    return [json.loads(entry.data) for entry in boxed.outboxes.waiting(boxed.folder)]


@pytest.mark.parametrize(
    "words",
    [("handoff", "DONE", "--summary", "It works."), ("ask", "Which", "name?"), ("block", "--by", "a", "--clears", "b")],
)
def test_a_report_that_cannot_be_recorded_waits_in_the_outbox(boxed, words, monkeypatch):
    monkeypatch.setattr("gitorch.app.work.outbox.WAIT_SECONDS", 0, raising=False)
    answer = boxed.gitorch(*words, "--json")
    (entry,) = waiting(boxed)
    assert (answer.status, json.loads(answer.out)["ok"]) == (0, True)
    assert (entry["run"], entry["token"]) == ("auth-7f3a", "token of s1")
    assert entry["report"]["status"] == {"handoff": "DONE", "ask": "NEEDS_CONTEXT", "block": "BLOCKED"}[words[0]]


def test_a_verdict_that_cannot_be_recorded_waits_in_the_outbox(boxed):
    words = ("verdict", "accept", "--commit", "abc1234", "--nonce", "nonce-one", "--summary", "good")
    assert boxed.gitorch(*words).status == 0
    (entry,) = waiting(boxed)
    assert (entry["verdict"]["choice"], entry["verdict"]["nonce"]) == ("accept", "nonce-one")


def test_what_the_rules_refuse_is_not_left_in_the_outbox(boxed):
    boxed.broken = Refused("api is blocked", "gitorch why api")
    answer = boxed.gitorch("handoff", "DONE")
    assert (answer.status, waiting(boxed)) == (4, [])


def test_without_a_sandbox_the_error_is_the_answer(boxed, monkeypatch):
    monkeypatch.setattr(callers, "find_sandbox", lambda *_: None)
    boxed.broken = Unavailable("git gave no answer", "gitorch doctor")
    for words in (("handoff", "DONE"), ("brief",)):
        answer = boxed.gitorch(*words)
        assert (answer.status, answer.err) == (8, "gitorch: git gave no answer\n  try: gitorch doctor\n")


def test_a_brief_that_cannot_be_read_is_the_one_in_the_worktree(boxed):
    assert boxed.gitorch("brief").err == f"gitorch: there is no brief in {boxed.folder} yet, and {WHY}\n"
    for path, text in ((BRIEF_PATH, "# api: written earlier\n"), (BRIEF_VALUES_PATH, '{"job": "api"}')):
        (boxed.folder / path).parent.mkdir(exist_ok=True)
        (boxed.folder / path).write_text(text)
    assert boxed.gitorch("brief").out == "# api: written earlier\n"
    assert json.loads(boxed.gitorch("brief", "--json").out)["brief"] == {"job": "api"}


def key(guard: Guard) -> FakeSignatures:
    return FakeSignatures(SigningKey("/home/ada/.ssh/id", "ssh-ed25519 AAAA", guard))


@pytest.mark.parametrize(
    ("guard", "streams", "typed", "asked", "grade"),
    [
        (Guard.PASSPHRASE, TERMINAL, "\n", 1, "signed"),
        (Guard.TOUCH, TERMINAL, "y\n", 1, "signed"),
        (Guard.PASSPHRASE, TERMINAL, "n\nn\n", 1, "typed"),
        (Guard.NONE, TERMINAL, "n\n", 0, "typed"),
        (Guard.NONE, TERMINAL, "\n", 0, "typed"),
        (Guard.PASSPHRASE, Streams(), "", 0, "typed"),
    ],
)
def test_init_offers_a_guarded_key_to_a_person_at_a_terminal(stage, guard, streams, typed, asked, grade):
    stage.signatures, stage.streams = key(guard), streams
    answer = stage.gitorch("init", typed=typed)
    assert answer.status == 0, answer.err
    assert answer.out.count("Sign approvals with /home/ada/.ssh/id? [Y/n]") == asked
    offered = "Create an SSH key with a passphrase that signs approvals? [y/N]" in answer.out
    assert offered is (streams.asks and grade == "typed")
    why = "A program running under your account could imitate a typed approval. With a key behind a passphrase it cannot.\n"
    assert (why in answer.out) is offered
    assert f"at_least: {grade}" in stage.files.held[stage.folder / "gitorch.yaml"].decode()


def test_init_for_a_program_offers_no_key(stage):
    stage.signatures, stage.streams = key(Guard.PASSPHRASE), TERMINAL
    assert json.loads(stage.gitorch("init", "--json").out)["ok"] is True
    assert "at_least: typed" in stage.files.held[stage.folder / "gitorch.yaml"].decode()


def test_a_sandbox_is_looked_for_behind_what_cannot_be_reached_and_not_behind_a_refusal(stage, monkeypatch):
    asked = []
    monkeypatch.setattr(callers, "find_sandbox", lambda *words: asked.append(words))
    away = Away("the remote is away.\nfatal: no route")
    for environ, error, why in (
        ({"GITORCH_TOKEN": "x"}, away, "the remote is away"),
        ({}, away, ""),
        ({"GITORCH_TOKEN": "x"}, Unavailable("git is missing."), ""),
        ({"GITORCH_TOKEN": "x"}, OSError(errno.EROFS, "no"), ""),
    ):
        stage.environ = environ
        assert submissions.sandbox_behind(stage.call(), error) is None
        assert asked.pop() == (stage.folder, environ, why)
    for refused in (Refused("no"), Denied("no"), Malformed("no"), Usage("no")):
        assert submissions.sandbox_behind(stage.call(), refused) is None
    assert asked == []
