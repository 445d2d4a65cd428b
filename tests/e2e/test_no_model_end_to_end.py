"""Orchestration asks no model: what gitorch itself starts and connects to, heard by Python's own audit hooks (P48)."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import warm
from house import CALL_SECONDS

if TYPE_CHECKING:
    from house import House

pytestmark = pytest.mark.tmux

HOOK = """
import json, sys
HEARD = {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "socket.connect", "socket.getaddrinfo", "socket.bind"}
def heard(event, args):
    if event in HEARD:
        with open(%r, "a") as out:
            out.write(json.dumps([event, [str(a) for a in args[:2]]]) + "\\n")
sys.addaudithook(heard)
"""

OWN = {"git", "tmux", "python", "python3", "sh"}
"""Its own programs: git, tmux, its own runner of the tests, and the shell that the project's test command is given to."""


@pytest.fixture(scope="module")
def heard(home_of_runs: House) -> list[tuple[str, list[str]]]:
    """Everything that was heard while a plan went from start to cleanup, with a question and a refused call in between."""
    house = home_of_runs
    log = house.script.parent / "heard.jsonl"
    hooks = house.script.parent / "hooks"
    hooks.mkdir()
    (hooks / "sitecustomize.py").write_text(HOOK % str(log), encoding="utf-8")
    path = os.pathsep.join(filter(None, (str(hooks), os.environ.get("PYTHONPATH"))))
    env = {**os.environ, "PYTHONPATH": path}
    server = warm.started(env)

    def gitorch(*words: str, status: int | None = 0) -> Any:
        """One verb at a server that is heard from its start; the house's own is not."""
        done = warm.call((*words, "--json"), house.path, env, CALL_SECONDS, server)
        assert status in {None, done.returncode}, done.stderr
        return json.loads(done.stdout)

    house.configure('[[turn]]\njob = "one"\n[[turn.step]]\nask = "Which?"\nname = "n"\n', tests="'true'", command="[]")
    run = gitorch("start", house.plan("one", "two"), "--yes")["run"]["id"]
    gitorch("up", "--no-wait", status=10)
    gitorch("answer", "q1", "This", "one.")
    gitorch("send", "one", "Hello")
    for words in (("status",), ("why", "one"), ("inbox",), ("session", "list"), ("doctor",), ("verify",)):
        gitorch(*words, status=None)
    gitorch("cancel", run)
    gitorch("cleanup", "--yes")
    told = [tuple(json.loads(line)) for line in log.read_text(encoding="utf-8").splitlines()]
    return [(event, args) for event, args in told if args[1:] != [server]]


def test_every_program_that_it_starts_is_its_own(heard: list[tuple[str, list[str]]]) -> None:
    started = {Path(args[0]).name for event, args in heard if not event.startswith("socket.")}
    assert {"git", "tmux"} <= started
    assert {name for name in started if name.rstrip("0123456789.") not in OWN} == set()


def test_it_connects_to_nothing_but_its_own_tmux_server(heard: list[tuple[str, list[str]]]) -> None:
    sockets = [args for event, args in heard if event.startswith("socket.") and event != "socket.bind"]
    assert [args for args in sockets if "family=1" not in args[0] or "/gitorch-" not in args[1]] == []


def test_it_tries_ports_for_its_agents_on_loopback_alone(heard: list[tuple[str, list[str]]]) -> None:
    tried = [args[1] for event, args in heard if event == "socket.bind"]
    assert tried
    assert [address for address in tried if not address.startswith("('127.0.0.1', ")] == []


LOOPBACK = ("opencode.py: http.client",)
"""Talks to the server of a program in the pane, on this machine alone, as `tests/test_without_vendors.py` checks."""


def test_the_package_imports_no_client_of_a_model_or_the_network() -> None:
    source = Path(__file__).parents[2] / "gitorch"
    names = ("anthropic", "openai", "google.genai", "httpx", "requests", "aiohttp", "urllib.request", "http.client")
    told = [
        f"{path.name}: {name}"
        for path in source.rglob("*.py")
        for name in names
        if f"import {name}" in path.read_text()
    ]
    assert tuple(told) == LOOPBACK
