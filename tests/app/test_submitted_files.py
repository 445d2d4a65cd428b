"""A file that is expected is taken for an agent that cannot run commands, where its front matter says whose it is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gitorch.model.values import replace

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "rules")]
from fakes.world import FakeRepository
from play import HOST, SETTINGS, Play

from gitorch.app.work.artifacts import submitted_as_files
from gitorch.errors import Denied
from gitorch.model.plans.workflow import ExpectedArtifact, JobKind, JobSpec, Lane, Workflow

SPEC = JobSpec("draft", "Draft", JobKind.DRAFT, "a", artifacts=(ExpectedArtifact("p", "prompt", "docs/p.md"),))
FLOW = Workflow("flow", "1", "flow.yaml", {"a": Lane("a", "scripted")}, {"draft": SPEC})
NAMED = b"---\ntitle: x\njob: draft\nattempt: 1\nnonce: nonce-s1\n---\n"


@pytest.fixture
def play() -> Play:
    play = Play()
    play.begin({}, replace(SETTINGS, test_command=""), FLOW)
    play.launch("draft")
    return play


def found(play: Play, data: bytes | None):
    repository = FakeRepository(Path("here"))
    if data is not None:
        repository.files.write(repository.paths.job_worktree(play.run, "draft") / "docs/p.md", data)
    return [command for command, _ in submitted_as_files(repository, play.run)]


def test_a_file_is_published_once_for_the_session_that_its_front_matter_names(play):
    (command,) = found(play, NAMED)
    (event,) = play.do(command, HOST)
    assert (event.via, event.byline, event.name, event.version) == ("file", "agent/draft", "p", 1)
    assert found(play, NAMED) == []
    assert [one.path for one in found(play, NAMED + b"More.\n")] == ["docs/p.md"]


def test_a_missing_or_unfinished_file_or_one_without_a_nonce_is_not_published(play):
    for data in (None, b"", b"---\ntit", b"# Words\n", b"---\ntitle: x\n---\n", b"---\njob: draft\nattempt: 1\n---\n"):
        assert found(play, data) == []


def test_a_file_of_another_attempt_is_not_published(play):
    (command,) = found(play, NAMED.replace(b"attempt: 1", b"attempt: 2"))
    with pytest.raises(Denied):
        play.do(command, HOST)


def test_a_session_without_a_lease_publishes_nothing(play):
    play.submit_handoff("draft")
    assert found(play, NAMED) == []
