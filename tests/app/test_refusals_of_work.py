# ruff: noqa: ARG002 stand-ins take what their ports pass
"""Refusals of setting up, working and exporting: each says what is wrong and gives a command to type."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))

from cli_stage import Stage
from fakes.git import FakeGit
from fakes.worktrees import FakeWorktrees
from fakes.world import altered
from refusal_kit import (
    CALLER,
    RUN,
    cancelled,
    run_of,
    started,
)

from gitorch.app.sessions import worktrees
from gitorch.app.work import claims
from gitorch.errors import Failed, Refused
from gitorch.model.ids import JobId
from gitorch.model.plans.config import Config


@pytest.fixture
def stage(tmp_path):
    return Stage(folder=tmp_path)


def test_a_worktree_of_a_run_is_removed_only_when_the_run_is_over(stage):
    started(stage)
    base = stage.folder.parent / "trees"
    repository = altered(stage.services, config=Config(base_path=str(base)))
    claimed = claims.claim(repository, CALLER, "api", None)
    with pytest.raises(Refused, match="api belongs to run auth-7f3a, which is running"):
        worktrees.remove(repository, "api")
    with pytest.raises(Refused, match="api belongs to run auth-7f3a, which is running"):
        worktrees.remove(repository, str(claimed.worktree))
    cancelled(stage, RUN)
    assert worktrees.remove(repository, f"{RUN}/api").path == claimed.worktree


def test_a_claim_whose_worktree_cannot_be_made_is_given_back(stage):
    started(stage)

    class Full(FakeWorktrees):
        def ensure(self, *words, **more):
            raise Failed("no space is left")

    with pytest.raises(Failed, match="no space is left"):
        claims.claim(altered(stage.services, worktrees=Full(FakeGit())), CALLER, "api", None)
    assert run_of(stage).jobs[JobId("api")].lease is None
