"""Who is calling, by every kind of evidence, and the sandbox that is around them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))

from cli_stage import RUN, Stage

from gitorch.model.ids import RunId, SessionId
from gitorch.model.record import Actor, ActorKind
from gitorch.model.work.session import SessionKey
from gitorch.wiring import callers
from gitorch.world.clock import SystemClock
from gitorch.world.outbox import WorktreeOutboxes

KEY = SessionKey(RUN, SessionId("s1"))


@pytest.fixture
def stage(tmp_path, monkeypatch):
    """A run at work, called by nobody that any evidence shows."""
    monkeypatch.setattr(callers, "recognised_session", lambda *_: None)
    monkeypatch.setattr(callers, "evidence_of_origin", lambda _: "")
    return Stage(folder=tmp_path).begin_run().launch("api")


def caller_of(stage, **environ):
    found = callers.find_caller(stage.services, environ)
    return found.actor, found.run, found.evidence


def test_without_any_evidence_the_human_at_the_keyboard_is_the_principal(stage):
    assert caller_of(stage) == (Actor(ActorKind.PRINCIPAL, "Ada Lovelace", "desk"), None, "")


@pytest.mark.parametrize(
    ("named", "kind"), [("ci", ActorKind.OPERATOR), (" ci ", ActorKind.OPERATOR), (" ", ActorKind.PRINCIPAL)]
)
def test_an_operator_is_named_by_a_variable(stage, named, kind):
    actor, run, evidence = caller_of(stage, GITORCH_OPERATOR=named)
    assert actor.kind is kind
    if kind is ActorKind.OPERATOR:
        assert (actor, run, evidence) == (Actor(kind, "ci", "desk"), None, "GITORCH_OPERATOR is set")


def test_what_another_gitorch_started_is_an_agent_before_an_operator(stage, monkeypatch):
    asked = []
    monkeypatch.setattr(
        callers, "evidence_of_origin", lambda environ: asked.append(environ) or "it descends from tests"
    )
    found = caller_of(stage, GITORCH_OPERATOR="ci")
    assert found == (Actor(ActorKind.AGENT, "agent", "desk"), None, "it descends from tests")
    assert asked == [{"GITORCH_OPERATOR": "ci"}]


def test_a_session_is_asked_for_with_the_processes_of_the_terminals(stage, monkeypatch):
    asked = []
    monkeypatch.setattr(callers, "recognised_session", lambda *words: asked.append(words) or KEY)
    found = caller_of(stage, GITORCH_TOKEN="x")
    assert found == (
        Actor(ActorKind.AGENT, "api", "desk", "s1"),
        RUN,
        "recognised as session s1 of run auth-7f3a",
    )
    assert asked == [({"GITORCH_TOKEN": "x"}, stage.services.home, stage.terminals.pids(), Path.cwd())]


@pytest.mark.parametrize(
    ("key", "name", "run"),
    [
        (SessionKey(RUN, SessionId("s9")), "agent", RUN),
        (SessionKey(RunId("old-1"), SessionId("s1")), "agent", None),
    ],
)
def test_a_session_that_the_ledger_does_not_have_is_an_agent_without_a_job(stage, monkeypatch, key, name, run):
    monkeypatch.setattr(callers, "recognised_session", lambda *_: key)
    actor, found, evidence = caller_of(stage)
    assert (actor, found) == (Actor(ActorKind.AGENT, name, "desk", key.session), run)
    assert evidence == f"recognised as session {key.session} of run {key.run}"


def test_a_session_without_any_ledger_is_an_agent_of_no_run(tmp_path, monkeypatch):
    monkeypatch.setattr(callers, "recognised_session", lambda *_: KEY)
    actor, run, _ = caller_of(Stage(folder=tmp_path))
    assert (actor, run) == (Actor(ActorKind.AGENT, "agent", "desk", "s1"), None)


@pytest.fixture
def shut(monkeypatch):
    """The repository's git directory cannot be written."""
    reason = "the repository's git directory cannot be written from here (read-only file system)"
    monkeypatch.setattr("gitorch.ledger.location.cannot_write", lambda _: reason)
    return reason


def test_whoever_can_write_is_in_no_sandbox(repo):
    made = repo()
    (made.path / ".gitorch").mkdir()
    assert callers.find_sandbox(made.path, {}) is None


def test_a_sandbox_is_the_worktree_that_the_environment_names_before_the_one_around_the_caller(tmp_path, shut):
    named, around = tmp_path / "named", tmp_path / "around"
    deep = around / "src/deep"
    for folder in (named / ".gitorch", around / ".gitorch", deep):
        folder.mkdir(parents=True)
    found = callers.find_sandbox(deep, {"GITORCH_WORKTREE": str(named)})
    assert (found.worktree, found.why) == (named, shut)
    assert (type(found.clock), type(found.outboxes)) == (SystemClock, WorktreeOutboxes)
    assert callers.find_sandbox(deep, {}).worktree == around
    assert callers.find_sandbox(deep, {"GITORCH_WORKTREE": str(tmp_path)}).worktree == around


def test_a_sandbox_without_a_worktree_of_a_run_is_none(tmp_path, shut):
    assert callers.find_sandbox(tmp_path, {}) is None
