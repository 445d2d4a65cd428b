"""Who calls through the server: found by a program of its own, from the environment, the ancestors and the ledger."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from clients import HANDSHAKE, answers, line

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

from cli_stage import Stage

from gitorch.errors import Unavailable
from gitorch.mcp import identify, server
from gitorch.mcp.caller import Caller, read_caller
from gitorch.model import events
from gitorch.model.record import ActorKind
from gitorch.rules.guards.capabilities import HOLDS
from gitorch.world import verb_process

IDENTIFIES = """
import json, os, sys
words = {words}
if words == "nothing":
    sys.exit(0)
told = " ".join([*sys.argv[1:], "in", os.getcwd(), "by", os.environ["GITORCH_OPERATOR"], os.environ.get("GITORCH_RUN", "")])
print(json.dumps({{"kind": "agent", "capabilities": ["read", "write"], "variables": {{"GITORCH_RUN": "r1"}}, "denied": words and told}}))
"""


def asked(monkeypatch, folder, said: str) -> list[dict]:
    """What a server answers to a client that begins, lists resources and calls `approve`, where `said` is what it is told."""
    monkeypatch.setattr(verb_process, "PYTHON", (sys.executable, "-S", "-c", IDENTIFIES.format(words=repr(said))))
    wanted = line("resources/list", id_=2) + line("tools/call", {"name": "approve"}, 3)
    return answers(line("initialize", HANDSHAKE, 1) + wanted, None, str(folder))


def test_the_caller_is_whom_the_program_finds_and_an_attempt_is_told_with_its_reason(monkeypatch, tmp_path):
    _, listed, denied = asked(monkeypatch, tmp_path, "denied")
    assert [one["name"] for one in listed["result"]["resources"]][-1] == "findings"
    told = f"denied: gitorch.mcp.identify approve in {tmp_path} by a-client r1"
    assert denied["result"] == {"content": [{"type": "text", "text": told}], "isError": True}


@pytest.mark.parametrize("said", ["", "nothing"])
def test_a_verb_of_people_that_nothing_denies_is_still_no_tool(monkeypatch, tmp_path, said):
    *_, denied = asked(monkeypatch, tmp_path, said)
    text = "denied: approve is no tool; a person runs it: gitorch approve"
    assert denied["result"]["content"] == [{"type": "text", "text": text}]


def test_a_client_that_begins_without_a_name_is_an_operator_named_mcp(monkeypatch, tmp_path):
    monkeypatch.setattr(verb_process, "PYTHON", (sys.executable, "-S", "-c", IDENTIFIES.format(words="'told'")))
    for client in ({}, {"name": 5}, "x"):
        data = line("initialize", {**HANDSHAKE, "clientInfo": client}, 1) + line("tools/call", {"name": "approve"}, 2)
        [_, denied] = answers(data, None, str(tmp_path))
        assert " by mcp r1" in denied["result"]["content"][0]["text"]


def test_the_server_serves_standard_input_and_output_until_the_client_leaves(tmp_path, monkeypatch):
    given, got = tmp_path / "in", tmp_path / "out"
    given.write_bytes(line("ping", id_=7) * 3)
    kept = server.signal.getsignal(server.signal.SIGTERM)
    write = server.os.write
    monkeypatch.setattr(server.os, "write", lambda descriptor, data: write(descriptor, data[:5]))
    read, end = server.os.pipe()
    with given.open("rb") as source, got.open("wb") as out, server.os.fdopen(end, "wb") as pipe:
        pipe.write(source.read())
        pipe.close()
        monkeypatch.setattr(sys, "stdin", server.os.fdopen(read, "rb"))
        monkeypatch.setattr(sys, "stdout", out)
        try:
            server.serve(str(tmp_path), {})
            with pytest.raises(KeyboardInterrupt):
                server.signal.getsignal(server.signal.SIGTERM)(15, None)
        finally:
            server.signal.signal(server.signal.SIGTERM, kept)
            sys.stdin.close()
    assert [json.loads(one) for one in got.read_bytes().splitlines()] == [{"jsonrpc": "2.0", "id": 7, "result": {}}] * 3


@pytest.fixture
def stage(tmp_path, monkeypatch):
    """A run at work, in whose repository the program looks for the caller; it says where and with which environment."""
    monkeypatch.setattr(identify.processes, "ancestors", lambda _: [1])
    made = Stage(folder=tmp_path).begin_run().launch("api")
    made.opened = []

    def repository(folder, environ):
        made.opened.append((str(folder), environ))
        return made.open(folder, environ)

    monkeypatch.setattr(identify, "Repository", repository)
    return made


def records(stage) -> list[str]:
    return [
        written.record.event.verb
        for written in stage.ledger.written
        if isinstance(written.record.event, events.ActionRefused)
    ]


def test_a_person_is_an_operator_here_and_what_only_people_may_is_not_denied_to_it(stage, tmp_path):
    found = identify.main([], {"GITORCH_WORKTREE": "/no/such"}, tmp_path)
    assert found == {
        "kind": "operator",
        "capabilities": sorted(HOLDS[ActorKind.OPERATOR]),
        "variables": {},
        "denied": "",
    }
    assert stage.opened == [(str(tmp_path), {"GITORCH_WORKTREE": "/no/such"})]
    assert read_caller(json.dumps(found).encode()) == Caller("operator", HOLDS[ActorKind.OPERATOR], {})


def test_an_agent_s_attempt_is_denied_and_recorded_in_the_repository_of_its_worktree(stage, tmp_path):
    stage.as_agent("api")
    worktree = tmp_path / "tree"
    worktree.mkdir()
    environ = {"GITORCH_WORKTREE": str(worktree), "GITORCH_TOKEN": "t"}
    found = identify.main(["approve"], environ, tmp_path)
    assert found == {
        "kind": "agent",
        "capabilities": sorted(HOLDS[ActorKind.AGENT]),
        "variables": {},
        "denied": "session s1 is an agent and may not approve (its token is in the environment); only the principal may",
    }
    assert stage.opened == [(str(worktree), environ)]
    assert records(stage) == ["approve"]


def test_a_repository_that_cannot_be_read_leaves_a_caller_that_may_read(stage, tmp_path):
    stage.broken = Unavailable("git is gone")
    assert identify.main(["approve"], {}, tmp_path) == {
        "kind": "operator",
        "capabilities": ["read"],
        "variables": {},
        "denied": "",
        "fault": "git is gone",
    }


def test_a_session_is_found_in_the_nearest_ancestor_that_has_its_token(stage, monkeypatch, tmp_path):
    theirs = {
        1: {"GITORCH_TOKEN": "own", "GITORCH_RUN": "own"},
        2: {"GITORCH_RUN": "r0"},
        3: {"GITORCH_RUN": "r1", "GITORCH_TOKEN": "t1", "GITORCH_HOME": "/h", "GITORCH_JOB": "api"},
        4: {"GITORCH_RUN": "r2", "GITORCH_TOKEN": "t2"},
    }
    monkeypatch.setattr(
        identify.processes, "ancestors", lambda pid: [1, 2, 3, 4] if pid == identify.os.getpid() else []
    )
    monkeypatch.setattr(
        identify.processes, "environment", lambda pid, names: theirs[pid] if names == "GITORCH_" else {}
    )
    inherited = {"GITORCH_RUN": "r1", "GITORCH_TOKEN": "t1", "GITORCH_JOB": "api"}
    assert identify.inherited({"GITORCH_TOKEN": ""}) == inherited
    assert identify.inherited({"GITORCH_TOKEN": "mine"}) == {}
    assert identify.main([], {"A": "b"}, tmp_path)["variables"] == inherited
    assert stage.opened[0][1] == {"A": "b", **inherited}
    del theirs[3]["GITORCH_TOKEN"], theirs[4]["GITORCH_TOKEN"]
    assert identify.inherited({}) == {}
