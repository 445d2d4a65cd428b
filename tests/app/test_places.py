"""A repository that was moved is put right before the first tick, and doctor and recover say that it was."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "cli")]
from cli_stage import Stage
from fakes.world import FakePlace

from gitorch.app.sessions.places import settle_place
from gitorch.app.start.doctor import examine
from gitorch.ports.place import Relocation
from gitorch.wiring.repository import Repository

MOVED = Relocation(Path("/old/repo"), Path("/old/repo/.git"), Path("/old/repo.worktrees"), copied=False)
SENTENCE = "this repository was moved from /old/repo"


def moved_stage() -> Stage:
    stage = Stage().begin_run()
    stage.place = FakePlace(MOVED)
    return stage


def test_each_run_s_folder_is_looked_for_where_it_was_and_where_it_is_expected():
    stage = moved_stage()
    done = settle_place(stage.services)
    here = stage.services.paths.default_base
    assert done == (
        SENTENCE,
        "ended the agents",
        f"repaired /old/repo.worktrees/by-hand to {here}/by-hand",
        f"repaired /old/repo.worktrees/{stage.run.id} to {here}/{stage.run.id}",
    )
    assert settle_place(stage.services) == ()
    assert stage.place.remembered == 2


def test_doctor_names_the_old_place_until_it_is_settled():
    stage = moved_stage()
    (check,) = [one for one in examine(stage.services) if one.name == "place"]
    assert (check.ok, check.text, check.fix) == (
        False,
        f"{SENTENCE}: its worktrees and agents have to follow",
        "gitorch up --once",
    )
    settle_place(stage.services)
    assert not [one for one in examine(stage.services) if one.name == "place"]


def test_recover_says_that_the_repository_was_moved_and_repairs_it_with_apply():
    stage = moved_stage()
    said = stage.gitorch("recover")
    assert said.out.startswith(f"{SENTENCE}\n")
    assert "gitorch recover --apply" in said.out
    assert stage.place.moved is not None
    assert "ended the agents\n" in stage.gitorch("recover", "--apply").out
    assert stage.place.moved is None


def test_up_says_what_it_puts_right_before_the_first_tick():
    stage = moved_stage()
    said = stage.gitorch("up", "--once")
    assert SENTENCE in said.out
    assert stage.place.moved is None


def test_half_written_files_of_killed_processes_are_removed_and_those_of_living_ones_stay(repo):
    services = Repository(repo().path, os.environ)
    services.home.mkdir(parents=True)
    killed = subprocess.Popen(["true"])
    killed.wait()
    living = {f"tip.{os.getpid()}~", f"place.{os.getpid()}.1.tmp", "notes.txt"}
    for name in living | {f"tip.{killed.pid}~", f"root.{killed.pid}.1.tmp"}:
        (services.home / name).write_text("half")
    settle_place(services)
    assert {path.name for path in services.home.iterdir()} - {"place", "root"} == living
