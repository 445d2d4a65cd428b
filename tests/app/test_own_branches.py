"""An agent that works on another branch, or on none, is told so at its handoff, with a command that mends it."""

from __future__ import annotations

import os
import subprocess
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from desk import Desk  # noqa: F401  its folders become importable
from telling import Telling

from gitorch.app.work.own_branch import mend
from gitorch.errors import Refused
from gitorch.model import commands as c
from gitorch.model.ids import CommitId
from gitorch.model.values import replace
from gitorch.model.work.review import ReportStatus
from gitorch.world.clock import SystemClock
from gitorch.world.git.repository import GitCommands

if TYPE_CHECKING:
    from pathlib import Path

OWN = "gitorch/play-0001/api"
ASIDE = {
    "another branch": "git switch -qc feature",
    "no branch": "git switch -q --detach",
    "another branch, after work on its own": "git commit -qm first --allow-empty && git switch -qc feature",
    "another branch, which lacks work on its own": (
        "echo own > own.txt && git add own.txt && git commit -qm own && git switch -qc feature HEAD~1"
    ),
    "no branch, without the work on its own": (
        "echo own > own.txt && git add own.txt && git commit -qm own && git switch -q --detach HEAD~1"
    ),
}


class Site:
    def __init__(self, repo, folder: Path) -> None:
        self.repo = repo()
        self.base = CommitId(self.repo.head())
        self.tree = folder / "trees/api"
        self.repo.git("worktree", "add", "-q", "-b", OWN, str(self.tree))
        self.git = GitCommands(self.repo.path, os.environ, SystemClock())

    def sh(self, command: str) -> None:
        subprocess.run(["/bin/sh", "-ec", command], cwd=self.tree, check=True, capture_output=True)

    def facts(self) -> c.WorkFacts:
        facts = self.git.facts(self.tree, self.base)
        return replace(facts, mend=mend(SimpleNamespace(git=self.git), OWN, facts))


@pytest.fixture
def site(repo, tmp_path):
    return Site(repo, tmp_path)


def report(facts: c.WorkFacts) -> None:
    telling = Telling()
    for step in ("plan api", "launch api"):
        telling.tell(step)
    play = telling.play
    session = play.session("api")
    command = c.SubmitHandoff(play.run.sessions[session].token, "api", ReportStatus.DONE, "done", facts)
    play.do(command, play.actor(session))


@pytest.mark.parametrize("name", ASIDE)
def test_the_command_brings_all_work_to_the_own_branch(site: Site, name: str) -> None:
    site.sh(f"{ASIDE[name]}; echo work > work.txt; git add work.txt; git commit -qm work")
    facts = site.facts()
    with pytest.raises(Refused) as refused:
        report(facts)
    shown = "the branch feature" if "another" in name else "a commit without a branch"
    assert refused.value.message == (
        f"the report on api is refused: its worktree has {shown} checked out, not api's own branch"
    )

    site.sh(refused.value.hint)
    mended = site.facts()
    assert (mended.mend, mended.branch, mended.uncommitted) == ("", OWN, ())
    assert "work.txt" in mended.changed
    assert ("own.txt" in mended.changed) is ("own.txt" in ASIDE[name])
    report(mended)


def test_work_on_the_own_branch_is_not_questioned(site: Site) -> None:
    site.sh("echo work > work.txt; git add work.txt; git commit -qm work")
    assert site.facts().mend == ""


def test_an_agent_in_another_folder_is_told_where_its_worktree_is(site: Site) -> None:
    with pytest.raises(Refused) as refused:
        report(replace(site.facts(), worktree="/trees/my api"))
    assert refused.value.hint == "git -C '/trees/my api' status"
