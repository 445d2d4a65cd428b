"""A repository whose tests fail on the target and whose worktrees need a set-up: asked once each, corrected, merged."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest
from house import GITORCH, Epic, house

if TYPE_CHECKING:
    from collections.abc import Iterator

    from house import House

pytestmark = [pytest.mark.tmux, pytest.mark.slow]

SCRIPT = """
[[turn]]
job = "api"
[[turn.step]]
run = "cat ready .env > seen; env | grep '^GITORCH_PORT=' | cut -c1-13 >> seen"
exit = 0
[[turn.step]]
commit = "Keep what was seen"
[[turn.step]]
handoff = "DONE"
"""
SET_UP = f"{shlex.quote(str(GITORCH))} config set tests.command true; test $? = 5 && echo ready > ready"
"""The set-up tries what only a person may do, and goes on only when that was denied."""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("house")) as made:
        made.repo.commit({".gitignore": "ready\n.env\n"})
        made.repo.write({".env": "KEY=1\n"})
        made.configure(SCRIPT, tests="test -f ready")
        made("config", "set", "tests.run_on_target", "true")
        yield made


def test_what_keeps_agents_from_beginning_is_asked_once_each_and_corrected(prepared: House) -> None:
    run = prepared.start(Epic("api"))
    prepared.up(run)
    assert "The tests do not pass on main as it is" in prepared("inbox").out
    assert prepared("session", "list", "--json").json["sessions"] == []

    def corrected(key: str, value: str) -> str:
        prepared("config", "set", key, value, "--run", run)
        prepared.up(run)
        return " ".join(prepared("inbox").out.split())  # its lines are wrapped

    assert "could not be set up (status 7)" in corrected("worktrees.setup", "echo no such module; exit 7")
    assert "no such module" in prepared("show", "q2").out
    assert prepared("show", "q1", "--json").json["question"]["answer"]["option"] == "withdrawn"
    prepared("config", "set", "worktrees.copy", ".env", "--run", run)
    assert f"gitorch approve {run}" in corrected("worktrees.setup", SET_UP)

    prepared("approve", run, "--yes")
    prepared.up(run, status=0)
    assert prepared.repo.git("show", "main:seen").splitlines() == ["ready", "KEY=1", "GITORCH_PORT="]
    assert prepared.repo.git("ls-tree", "--name-only", "main", "ready") == ""
