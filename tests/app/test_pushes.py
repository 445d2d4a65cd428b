"""An approved merge on its way to a remote: exactly that, forward only, together with the ledger, and never in silence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from fakes.world import altered
from merge_yard import CALLER, Yard
from play import RUN

from gitorch.app.people import decisions
from gitorch.app.reconciler.tick import tick
from gitorch.model import events
from gitorch.rules.views.run import run_view
from gitorch.rules.views.why import why

if TYPE_CHECKING:
    from collections.abc import Callable

    from repository import Repository

ONE = {"api": {"api.txt": "api\n"}}
LEDGER = "gitorch/ledger"


@pytest.fixture
def yard(repo: Callable[[str], Repository], tmp_path: Path) -> Yard:
    """A run that waits for its approval, in a repository with a remote."""
    made = Yard(repo("some place").path)
    made.git("init", "-q", "--bare", str(tmp_path / "origin.git"))
    made.git("remote", "add", "origin", str(tmp_path / "origin.git"))
    made.git("push", "-q", "origin", "main")
    made.begin(ONE, push_remote="origin", push_ledger=True)
    made.settle()
    return made


def there(yard: Yard, name: str = "main") -> str:
    return yard.head(name, cwd=Path(yard.git("remote", "get-url", "origin")))


def theirs(yard: Yard, tmp_path: Path) -> str:
    """Somebody else pushes."""
    yard.git("clone", "-q", yard.git("remote", "get-url", "origin"), str(tmp_path / "other"))
    commit = yard.commit({"theirs.txt": "theirs\n"}, cwd=tmp_path / "other")
    yard.git("push", "-q", "origin", "main", cwd=tmp_path / "other")
    return commit


def refusing(yard: Yard, ref: str = "refs/heads/main") -> Path:
    hook = Path(yard.git("remote", "get-url", "origin")) / "hooks/update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f'#!/bin/sh\n[ "$1" != {ref} ] || {{ echo "ask the release manager" >&2; exit 1; }}\n')
    hook.chmod(0o755)
    return hook


def test_the_approved_merge_is_pushed_together_with_its_ledger(yard):
    old = yard.head()
    run = yard.approve()
    assert (str(run.phase), there(yard)) == ("completed", yard.head())
    assert yard.events(events.Pushed) == [events.Pushed("merge", "origin", "main", old, yard.head())]
    arrived = yard.git("log", "--format=%s", there(yard, LEDGER))
    assert arrived.startswith("merged: main"), "up to the merge, its approval included"


def test_without_a_configured_remote_nothing_is_pushed(repo, tmp_path):
    yard = Yard(repo("another place").path)
    yard.git("init", "-q", "--bare", str(tmp_path / "origin.git"))
    yard.git("remote", "add", "origin", str(tmp_path / "origin.git"))
    yard.git("push", "-q", "origin", "main")
    yard.begin(ONE)
    yard.settle()
    old = there(yard)
    assert str(yard.approve().phase) == "completed"
    assert (there(yard), there(yard, LEDGER)) == (old, "")


def test_a_killed_process_pushes_next_time_and_a_pushed_merge_is_not_pushed_again(yard):
    decisions.approve(yard.services, CALLER, yard.run, yard.run.report.digest, "typed")
    tick(yard.services, RUN)
    assert (yard.run.merged.push, str(yard.run.phase)) == ("", "running"), "merged, killed, and not yet pushed"
    yard.git("push", "-q", "origin", "main")
    yard.reopen()
    run = yard.settle()
    assert (str(run.phase), run.merged.push) == ("completed", "pushed")
    assert yard.events(events.Pushed)[0].old is None, "it was found to be there"


PULLING = {"GIT_EDITOR": "true", "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "pull.ff", "GIT_CONFIG_VALUE_0": "only"}
"""The settings of somebody who never merges by a pull, unless a command says so."""


@pytest.mark.parametrize("ours", ["", "ours.txt"], ids=["only there", "here too"])
def test_a_remote_that_moved_before_the_merge_keeps_the_merge_from_being_made(yard, tmp_path, ours):
    old, moved = yard.head(), theirs(yard, tmp_path)
    yard.approve()
    assert (yard.head(), there(yard)) == (old, moved)
    (question,) = yard.open()
    assert (question.trigger, question.options) == ("behind:origin", ("retry", "stop_run"))
    if ours:
        yard.commit({ours: "ours"})
    offered = question.text.partition("(")[2].partition(")")[0]
    subprocess.run(offered, shell=True, cwd=yard.path, env=os.environ | PULLING, check=True, capture_output=True)
    yard.answer("retry")
    yard.approve()
    assert there(yard) == yard.head()
    assert yard.git("merge-base", "--is-ancestor", moved, "main") == ""


class Racing:
    """Remotes in which somebody else is faster, between the look and the push."""

    def __init__(self, real, between):
        self._real, self._between = real, between

    def __getattr__(self, name):
        return getattr(self._real, name)

    def push(self, remote, refs):
        self._between()
        return self._real.push(remote, refs)


def raced(yard: Yard, tmp_path: Path) -> str:
    """Merged here, while somebody else pushed to the remote."""
    moved: list[str] = []
    yard.services = altered(
        yard.services, remotes=Racing(yard.services.remotes, lambda: moved.append(theirs(yard, tmp_path)))
    )
    yard.approve()
    yard.reopen()
    return moved[0]


def test_a_push_that_lost_a_race_overwrites_nothing_and_undoes_nothing(yard, tmp_path):
    moved = raced(yard, tmp_path)
    assert there(yard) == moved
    assert yard.run.merged.new == yard.head()
    (question,) = yard.open()
    assert (question.trigger, question.options) == ("push:origin", ("retry", "leave", "take_back"))
    assert there(yard, LEDGER) == "", "all or none"
    yard.answer("retry")
    assert there(yard) == moved, "trying again pushes nothing over it either"
    yard.git("pull", "-q", "--no-rebase", "--no-edit", "origin", "main")
    yard.git("push", "-q", "origin", "main")
    run = yard.answer("retry")
    assert (str(run.phase), run.merged.push) == ("completed", "pushed")


def test_a_merge_that_is_taken_back_needs_a_new_report_and_a_new_approval(yard, tmp_path):
    old = yard.head()
    moved = raced(yard, tmp_path)
    run = yard.answer("take_back")
    assert (yard.head(), run.merged, run.approval) == (old, None, None)
    assert yard.git("status", "--porcelain") == ""
    assert yard.events(events.MergeTakenBack)[0].old == old
    yard.git("pull", "-q", "--ff-only", "origin", "main")
    yard.answer("retry")
    yard.approve()
    assert (there(yard), str(yard.run.phase)) == (yard.head(), "completed")
    assert yard.story() == ["Begin", "Change", "Merge api: Api"]
    assert yard.head() != moved


@pytest.mark.slow
def test_a_merge_cannot_be_taken_back_from_under_later_work(yard, tmp_path):
    raced(yard, tmp_path)
    later = yard.commit({"later.txt": "later\n"})
    yard.answer("take_back")
    assert yard.head() == later
    (question,) = yard.open()
    assert f"main was not moved back: it is at {later[:12]} by now" in question.happened


@pytest.mark.slow
def test_a_merge_can_be_left_unpushed(yard):
    refusing(yard)
    old = there(yard)
    yard.approve()
    run = yard.answer("leave")
    assert (str(run.phase), run.merged.push, there(yard)) == ("completed", "left", old)


@pytest.mark.slow
def test_the_reason_of_a_hook_is_quoted(yard):
    hook = refusing(yard)
    yard.approve()
    assert "ask the release manager" in yard.open()[0].evidence
    hook.unlink()
    mine = Path(yard.git("rev-parse", "--path-format=absolute", "--git-path", "hooks/pre-push"))
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("#!/bin/sh\necho 'tests first' >&2\nexit 1\n")
    mine.chmod(0o755)
    yard.answer("retry")
    assert "tests first" in yard.open()[0].evidence
    mine.unlink()
    assert str(yard.answer("retry").phase) == "completed"


@pytest.mark.slow
def test_the_output_of_a_remote_hook_comes_first(yard):
    refusing(yard)
    yard.approve()
    (question,) = yard.open()
    assert question.happened.endswith("origin did not take it: ask the release manager")
    assert why(yard.run, yard.run.jobs["merge"]) == f"merged; {question.id} waits for you"
    assert run_view(yard.run).summary.endswith("not yet pushed to origin")


def test_a_refused_ledger_prevents_the_push_of_the_target_too(yard):
    old, hook = there(yard), refusing(yard, "refs/heads/gitorch/ledger")
    yard.approve()
    assert (there(yard), there(yard, LEDGER)) == (old, "")
    hook.unlink()
    yard.answer("retry")
    assert (there(yard), bool(there(yard, LEDGER))) == (yard.head(), True)


def test_a_remote_that_cannot_be_reached_is_asked_about_once_the_merge_is_made(yard, tmp_path):
    (tmp_path / "origin.git").rename(tmp_path / "away")
    run = yard.approve()
    assert run.merged.new == yard.head()
    (question,) = yard.open()
    assert "cannot be reached" in question.happened
    (tmp_path / "away").rename(tmp_path / "origin.git")
    assert str(yard.answer("retry").phase) == "completed"


@pytest.mark.slow
def test_a_target_that_the_remote_does_not_have_is_not_created_there(yard, tmp_path):
    yard.git("--git-dir", str(tmp_path / "origin.git"), "branch", "-m", "main", "other")
    yard.approve()
    assert there(yard) == ""
    assert "has no branch main" in yard.open()[0].happened
