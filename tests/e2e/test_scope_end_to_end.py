"""What a handoff may bring (W23), by what git says of its commits: every trick of paths is refused, and can be taken back."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from house import House

FLOW = """\
gitorch: workflow/1
name: Scoped
lanes: {author: {runtime: claude}, reviewer: {runtime: codex}}
jobs:
  change: {kind: build, lane: author, objective: Do., scope: {allowed: ["src/**"], forbidden: ["src/keep/**"]}}
  review: {kind: review, lane: reviewer, needs: [change]}
"""


@pytest.fixture(scope="module")
def place(home_of_runs: House) -> tuple[House, Path]:
    """A job that was claimed by hand, and its worktree."""
    made = home_of_runs
    made.repo.commit({"src/README.md": "one\n", "src/keep/a": "a\n"})
    made.configure()
    made.repo.write({"flow.yaml": FLOW})
    made("start", "flow.yaml", "--by-hand", "--yes")
    return made, type(made.path)(made("claim", "change", "--json").json["worktree"])


def outside(where: Path) -> None:
    (where / "setup.py").write_text("x")


def forbidden(where: Path) -> None:
    (where / "src/keep/a").write_text("b")


def removed(where: Path) -> None:
    (where / "README.md").unlink()


def moved_out(where: Path) -> None:
    (where / "src/README.md").rename(where / "moved.md")


def link_out(where: Path) -> None:
    (where / "src/all").symlink_to("/etc")


def link_up(where: Path) -> None:
    (where / "src/up").symlink_to("../../..")


def link_through_link(where: Path) -> None:
    (where / "src/here").symlink_to(".")
    (where / "src/up").symlink_to("here/../..")


def folder_becomes_link(where: Path) -> None:
    (where / "src/keep/a").unlink()
    (where / "src/keep").rmdir()
    (where / "src/keep").symlink_to("/tmp")


def repository_inside(where: Path) -> None:
    os.system(f"cd '{where}/src' && git init -q inner && cd inner && git commit -q --allow-empty -m x")


def other_case(where: Path) -> None:
    (where / "src/readme.md").write_text("x")


def other_accents(where: Path) -> None:
    (where / "src/u\u0308.md").write_text("x")
    (where / "src/\u00fc.md").write_text("x")


def gitorchs_own(where: Path) -> None:
    os.system(f"cd '{where}' && git add -f .gitorch/brief.md")


def gits_own(where: Path) -> None:
    (where / "src/GIT~1").mkdir()
    (where / "src/GIT~1/config").write_text("x")


def submodule_command(where: Path) -> None:
    (where / ".gitmodules").write_text('[submodule "x"]\n\tpath = src/x\n\turl = -x\n')


@pytest.mark.parametrize(
    ("trick", "said"),
    [
        (outside, "changes outside the write scope (allowed: src/**): setup.py"),
        (forbidden, "changes outside the write scope (allowed: src/**): src/keep/a"),
        (removed, "changes outside the write scope (allowed: src/**): README.md"),
        (moved_out, "changes outside the write scope (allowed: src/**): moved.md"),
        (link_out, "src/all links to /etc, outside of the repository"),
        (link_up, "src/up links to ../../.., outside of the repository"),
        (link_through_link, "src/up links to here/../.."),
        (folder_becomes_link, "src/keep links to /tmp, outside of the repository"),
        (repository_inside, "src/inner is a repository of its own"),
        (other_case, "src/readme.md and src/README.md are the same path where case or accents do not count"),
        (other_accents, "are the same path where case or accents do not count"),
        (gitorchs_own, ".gitorch/brief.md belongs to gitorch"),
        (gits_own, "src/GIT~1/config is mistaken for git's own"),
        (submodule_command, ".gitmodules says submodule.x.url = -x"),
    ],
)
def test_a_trick_of_paths_is_refused_with_its_reason(
    place: tuple[House, Path], trick: Callable[[Path], None], said: str
) -> None:
    home, where = place
    git = ("-c", "core.protectNTFS=false", "-C", str(where))
    base = home.repo.git(*git, "rev-parse", "HEAD")
    trick(where)
    home.repo.git(*git, "add", "--all")
    home.repo.git(*git, "commit", "-q", "-m", trick.__name__)
    told = home("handoff", "DONE", "--summary", "done", cwd=str(where), status=4).err
    assert said in told
    brief = (where / ".gitorch/brief.md").read_bytes()
    home.repo.git(*git, "reset", "-q", "--hard", base)
    home.repo.git(*git, "clean", "-q", "-ffd", "--exclude", "/.gitorch/")
    (where / ".gitorch").mkdir(exist_ok=True)
    (where / ".gitorch/brief.md").write_bytes(brief)


@pytest.mark.parametrize("path", ["../flow.yaml", "/etc/passwd", ".git/config", "src/../../x", "src/way/passwd"])
def test_nothing_is_published_from_elsewhere(place: tuple[House, Path], path: str) -> None:
    home, where = place
    way = where / "src/way"
    if not way.is_symlink():
        way.symlink_to("/etc")
    said = home("publish", path, cwd=str(where), status=None)
    way.unlink()
    assert said.status == 4, said.text
    assert not home.records("artifact-published")


def test_what_lies_in_scope_is_taken(place: tuple[House, Path]) -> None:
    home, where = place
    (where / "src/README.md").write_text("two\n")
    home.repo.git("-C", str(where), "commit", "-q", "-a", "-m", "Count")
    home("handoff", "DONE", "--summary", "done", cwd=str(where))
    assert home.phase("change") == "submitted"
