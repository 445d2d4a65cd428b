"""`list`, `dashboard` and `adopt`: rows of one kind, one page of everything, and a first day with one question."""

from __future__ import annotations

import json

import pytest
from cli_scenes import reworked
from cli_stage import RUN

from gitorch.app.people.keys import Approver
from gitorch.app.sessions import worktrees
from gitorch.cli.pages.page import Cell
from gitorch.cli.verbs import keys
from gitorch.cli.verbs import list as listing
from gitorch.cli.verbs import worktrees as worktree_verbs
from gitorch.cli.verbs.list import KINDS
from gitorch.model.plans.approval import Guard, SigningKey


def test_runs_are_listed_without_a_kind(stage):
    stage.begin_run()
    assert "auth-7f3a" in stage.gitorch("list").out
    assert json.loads(stage.gitorch("list", "--json").out)["runs"][0]["id"] == "auth-7f3a"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "runs"])
def test_everything_of_a_kind_is_listed_for_people_and_programs(stage, kind):
    stage.begin_run()
    stage.finish("api")
    answer = stage.gitorch("list", kind)
    assert answer.status == 0
    values = json.loads(stage.gitorch("list", kind, "--json").out)[kind]
    rows = [line for line in answer.out.splitlines() if line.strip()]
    assert len(rows) == (len(values) or 1)
    assert values or answer.out == f"run auth-7f3a has no {kind} yet\n"


def test_an_unknown_kind_names_the_known_ones(stage):
    stage.begin_run()
    answer = stage.gitorch("list", "stars")
    assert (answer.status, "runs, jobs, sessions" in answer.err) == (2, True)


def test_the_dashboard_without_an_open_run_shows_what_still_waits(stage):
    stage.until_report().gitorch("approve", "--yes")
    stage.gitorch("up")
    answer = stage.gitorch("dashboard").out
    assert answer.startswith("No run is open. Start one: gitorch start PLAN\n")
    assert "gitorch answer q2 worktrees" in answer


def test_the_dashboard_shows_the_next_command_of_every_open_run(stage):
    assert stage.gitorch("dashboard").out == "No run is open. Start one: gitorch start PLAN\n"
    stage.begin_run()
    out = stage.gitorch("dashboard").out
    assert "auth-7f3a  running" in out
    assert "next: gitorch up" in out
    assert json.loads(stage.gitorch("dashboard", "--json").out)["runs"][0]["id"] == "auth-7f3a"


def test_an_artifact_is_listed_with_the_first_twelve_digits_of_its_digest(stage):
    reworked(stage)
    digest = stage.run.artifacts[0].digest
    lines = stage.gitorch("list", "artifacts").out.splitlines()
    assert lines[0].split() == ["notes", "other", "api", "1.1", digest[:19], "docs/notes.txt"]
    assert digest[:19].removeprefix("sha256:") == digest[7:19]
    assert listing._artifact_row(stage.run.artifacts[0])[0] == Cell("notes", "bold")


def test_a_worktree_is_listed_with_its_name_first_and_what_it_belongs_to_in_the_background(stage):
    stage.begin_run({"api": ()}).launch("api")
    (place,) = worktrees.list_worktrees(stage.services)
    assert worktree_verbs._cells(place) == (
        Cell("api", "bold"),
        Cell(f"{RUN} running", "dim"),
        Cell(f"gitorch/{RUN}/api"),
        Cell(place.head[:12]),
        Cell("clean"),
        Cell(str(place.path), "dim"),
    )


@pytest.mark.parametrize(
    ("guard", "words"),
    [
        (None, "not yours"),
        (Guard.PASSPHRASE, "⟨green:yours; asks for a passphrase⟩"),
        (Guard.TOUCH, "⟨green:yours; asks for a touch⟩"),
        (Guard.AGENT, "⟨yellow:yours; is only in an ssh-agent, which gitorch does not ask⟩"),
        (Guard.NONE, "⟨yellow:yours; has no passphrase: every program of yours can sign with it⟩"),
    ],
)
def test_a_key_is_listed_with_its_guard_and_the_look_of_a_good_or_a_weak_one(guard, words):
    own = None if guard is None else SigningKey("/home/ada/.ssh/id", "ssh-ed25519 AAAA", guard)
    cell = keys._guard_cell(Approver("ada", "ssh-ed25519 AAAA", "ada ssh-ed25519 AAAA", own))
    assert (f"⟨{cell.colour}:{cell.text}⟩" if cell.colour else cell.text) == words
