"""The demo's repository is made from its template, and made anew in the place of an earlier one only."""

from __future__ import annotations

import pytest

from gitorch.world import sample


@pytest.fixture
def template(tmp_path):
    folder = tmp_path / "template"
    (folder / "repo/__pycache__").mkdir(parents=True)
    for name, text in (
        ("repo/a.py", "a = 1\n"),
        ("repo/__pycache__/a.pyc", "x"),
        ("agents.toml", "agents\n"),
        ("plan.md", "# Plan\n"),
        ("gitorch.yaml", "home: @DEMO@\n"),
    ):
        (folder / name).write_text(text)
    return folder


def test_a_demo_is_a_repository_of_one_commit_beside_its_agents(template, repo, tmp_path):
    folder = tmp_path / "demo"
    made = sample.plant(template, folder, {**repo.environ, "GIT_DIR": "/nowhere"})
    git = lambda *words: repo.git(*words, cwd=made)  # noqa: E731  # used below alone
    assert made == folder / "repo"
    assert sorted(path.name for path in folder.iterdir()) == [".gitorch-demo", "agents.toml", "repo"]
    assert git("log", "--format=%s").splitlines() == ["Begin plaintable: a table, and examples that fail"]
    assert git("symbolic-ref", "HEAD") == "refs/heads/main"
    assert git("ls-files").splitlines() == ["a.py", "gitorch.yaml", "plan.md"]
    assert git("status", "--porcelain") == ""
    named = {key: git("config", key) for key in ("user.name", "user.email", "commit.gpgsign")}
    assert named == {"user.name": "Demo", "user.email": "demo@gitorch.invalid", "commit.gpgsign": "false"}
    assert (made / "gitorch.yaml").read_text() == f"home: {folder}\n"


def test_an_earlier_demo_and_an_empty_folder_are_replaced(template, repo, tmp_path):
    for folder in (tmp_path / "demo", tmp_path / "empty"):
        folder.mkdir()
    made = sample.plant(template, tmp_path / "demo", repo.environ)
    (made / "left.txt").write_text("left\n")
    assert sample.plant(template, tmp_path / "demo", repo.environ) == made
    assert not (made / "left.txt").exists()
    assert (sample.plant(template, tmp_path / "empty", repo.environ) / "a.py").read_text() == "a = 1\n"
