"""What `doctor` names of agents at work: a worktree that was deleted under one, and bad hook events that one wrote."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import pytest
from desk import RUN, Desk

from gitorch.app.start.doctor import examine
from gitorch.model import commands as c
from gitorch.model.values import replace


def test_a_worktree_that_was_deleted_under_its_agent_is_named_with_the_command_that_makes_it_anew(tmp_path):
    desk = Desk(tmp_path / "s").begin()
    desk.tick(3)
    session = next(iter(desk.run.living_sessions))
    if session.phase == "starting":
        desk.do(c.MarkAlive(session.id, 4242, "hook: start"))

    path = desk.services.paths.worktree(desk.run, session.id)
    path.mkdir(parents=True, exist_ok=True)
    named = lambda: [check for check in examine(desk.services) if check.name == f"run {RUN}"]  # noqa: E731 asked twice
    assert named() == []
    path.rmdir()
    (found,) = named()
    assert (found.ok, found.fix) == (False, f"gitorch session restart {session.job} --run {RUN}")
    assert found.text == f"the worktree of {session.job} is gone: {path}; its agent ({session.id}) still works in it"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("broken_hooks", "passed over 3 lines in the hook events of {} that no hook wrote"),
        ("broken_lines", "passed over 3 lines in the transcript of {} that its program did not write"),
    ],
)
def test_lines_that_no_program_wrote_are_counted_with_the_command_that_shows_their_agent(tmp_path, name, told):
    desk = Desk(tmp_path / "s").begin()
    desk.tick(3)
    session = next(iter(desk.run.living_sessions))
    terminals = desk.services.terminals
    observe = terminals.observe
    terminals.observe = lambda keys: {key: replace(seen, **{name: 3}) for key, seen in observe(keys).items()}
    (found,) = [check for check in examine(desk.services) if check.name == f"run {RUN}"]
    assert found.text == told.format(f"{session.job} ({session.id})")
    assert (found.ok, found.fix) == (None, f"gitorch peek {session.job} --run {RUN}")
