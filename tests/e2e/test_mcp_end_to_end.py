"""Agents and people work through the MCP server alone, on real git and in real terminals."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
from house import House, house

sys.path.insert(0, str(Path(__file__).parents[1] / "mcp"))
from clients import HANDSHAKE, Client, line

PROGRAM = Path(__file__).with_name("mcp_agent.py")
PRESET = f"""\
name: once
argv: ["{sys.executable}", "{PROGRAM}", {{words}}]
one_shot_argv: ["{{{{prompt}}}}"]
"""
LANES = """\
lanes: {implementer: {runtime: headless}, reviewer: {runtime: headless}}
runtimes: {headless: {preset: once, one_shot: true}}
"""


@pytest.fixture
def home(tmp_path):
    with house(tmp_path, "repo") as made:
        made.configure()
        for key, value in (("user.name", "An Agent"), ("user.email", "agent@example.invalid")):
            made.repo.git("config", key, value)
        yield made


def agents_over_mcp(home: House, words: str) -> None:
    path = home.path / "gitorch.yaml"
    kept = [text for text in path.read_text().splitlines() if not text.startswith(("lanes:", "runtimes:"))]
    home.repo.write(
        {"gitorch.yaml": "\n".join(kept) + "\n" + LANES, "gitorch-runtimes/once.yaml": PRESET.format(words=words)}
    )


def refused(home: House) -> list[tuple[str, str]]:
    """The verbs of the attempts that were refused, each with the kind of actor that made it."""
    records = home("log", "--json", "-n", "0").json["records"]
    return [(one["event"]["verb"], one["actor"]["kind"]) for one in records if one["type"] == "action-refused"]


@pytest.mark.tmux
@pytest.mark.slow
@pytest.mark.parametrize("words", ["full", "bare"])
def test_a_run_is_merged_whose_agents_have_only_tools(home, words):
    """`bare`: the program starts its server without the session's variables, as Codex and Gemini do."""
    agents_over_mcp(home, f'"{words}"')
    run = home.start("api")
    home.up()
    attempts = refused(home)
    assert [verb for verb, _ in attempts].count("approve") == 2, attempts
    assert {kind for _, kind in attempts} == {"agent"}
    assert home.records("verdict-given")[0]["findings"][0]["title"] == "One word"
    home("approve", run, "--yes")
    assert home.repo.git("show", "main:api.txt") == "word"
    assert home("verify").status == 0


@pytest.mark.slow
def test_a_person_s_program_claims_works_and_judges_but_never_decides(home):
    run = home("start", home.plan("api"), "--by-hand", "--yes", "--json").json["run"]["id"]
    with Client(home.path, os.environ) as client:
        listed = client.tools()
        assert {"claim", "handoff", "verdict", "status"} <= listed
        assert listed.isdisjoint({"approve", "reject", "answer", "decide", "start", "cancel"})
        claimed = client.call("claim", job="api")
        worktree = Path(claimed["worktree"])
        (worktree / "api.txt").write_text("word\n")
        for words in (("add", "."), ("commit", "--quiet", "--message", "Write a word")):
            home.repo.git("-C", str(worktree), *words)
        client.call("handoff", status="DONE", summary="A word", job="api")
        review = client.call("claim", job="api.spec")["brief"]
        client.call(
            "verdict", choice="accept", commit=review["commit"], nonce=review["nonce"], summary="Good", job="api.spec"
        )
        assert client.call("status")["run"]["id"] == run
        assert "only the principal may" in client.refused("approve", what=run)
        assert "a person runs it: gitorch attach" in client.refused("attach", thing="api")
        text = client.ask("resources/read", {"uri": "gitorch://report"})["contents"][0]["text"]
        assert text.startswith("# ")
    assert refused(home) == [("approve", "operator")]
    assert home.status()["phase"] == "running"


def test_outside_of_a_repository_the_server_lives_and_its_tools_say_why_not(tmp_path):
    with Client(tmp_path, os.environ) as client:
        assert "status" in client.tools()
        assert client.refused("status").startswith("not-found: ")


CPU_RATIO_MAX, MEMORY_MIB_MAX, ROUNDS = 4.0, 40, 9


def spent(argv, folder, given: bytes) -> float:
    """Seconds of processor that a process took, its children included."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(argv, cwd=folder, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdin.write(given)
    process.stdin.close()
    process.stdout.read()
    process.stdout.close()
    _, process.returncode, used = os.wait4(process.pid, 0)
    return used.ru_utime + used.ru_stime


def peak_mib(pid: int) -> float:
    """The most memory that a process has had."""
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


@pytest.mark.slow
def test_the_first_answer_costs_four_bare_interpreters_at_most_and_memory_stays_small(home):
    home.start("api")
    serve = (sys.executable, "-m", "gitorch.cli.main", "mcp")
    first = line("initialize", HANDSHAKE, 1)
    ratios = []
    for _ in range(ROUNDS):
        bare = spent((sys.executable, "-c", "pass"), home.path, b"")
        served = spent(serve, home.path, first)
        ratios.append(served / bare)
    assert statistics.median(ratios) <= CPU_RATIO_MAX, ratios
    with Client(home.path, os.environ) as client:
        client.tools()
        for name in ("status", "log", "inbox"):
            client.call(name)
        assert peak_mib(client.process.pid) <= MEMORY_MIB_MAX
