"""A repository has one root, one folder of worktrees and one configuration, whoever asks from wherever."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from gitorch.cli.boundary import run as run_call
from gitorch.cli.call import Call
from gitorch.errors import NotFound
from gitorch.ledger.location import common_dir
from gitorch.model.ids import CommitId, Moment
from gitorch.model.record import Actor, ActorKind
from gitorch.ports.place import Relocation
from gitorch.wiring.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

BRANCH = "gitorch/auth-7f3a/api"


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ("git", "-c", "protocol.file.allow=always", *words), cwd=folder, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def seed(tmp: Path) -> Path:
    folder = tmp / "seed"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "docs").mkdir()
    (folder / "docs/a.txt").write_text("a\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    return folder


def plain(tmp: Path) -> tuple[Path, Path, Path]:
    git(tmp, "clone", "-q", "seed", "p")
    return tmp / "p", tmp / "p", tmp / "p.worktrees"


def separate(tmp: Path) -> tuple[Path, Path, Path]:
    (tmp / "store").mkdir()
    git(tmp, "clone", "-q", "--separate-git-dir", "store/p.git", "seed", "p")
    return tmp / "p", tmp / "p", tmp / "store/p.git.worktrees"


def submodule(tmp: Path) -> tuple[Path, Path, Path]:
    git(tmp, "clone", "-q", "seed", "outer")
    git(tmp / "outer", "submodule", "add", "-q", str(tmp / "seed"), "libs/p")
    return tmp / "outer/libs/p", tmp / "outer/libs/p", tmp / "outer.libs.p.worktrees"


def bare_inside(tmp: Path) -> tuple[Path, Path, Path]:
    (tmp / "p").mkdir()
    git(tmp, "clone", "-q", "--bare", "seed", "p/.bare")
    (tmp / "p/.git").write_text("gitdir: ./.bare\n")
    git(tmp / "p", "worktree", "add", "-q", "main", "main")
    return tmp / "p/main", tmp / "p/main", tmp / "p.worktrees"


def bare_beside(tmp: Path) -> tuple[Path, Path, Path]:
    git(tmp, "clone", "-q", "--bare", "seed", "p.git")
    git(tmp / "p.git", "worktree", "add", "-q", str(tmp / "main"), "main")
    return tmp / "main", tmp / "main", tmp / "p.git.worktrees"


def bare_alone(tmp: Path) -> tuple[Path, Path, Path]:
    git(tmp, "clone", "-q", "--bare", "seed", "p.git")
    return tmp / "p.git", tmp / "p.git", tmp / "p.git.worktrees"


def bare_below_a_checkout(tmp: Path) -> tuple[Path, Path, Path]:
    git(tmp, "clone", "-q", "seed", "outer")
    git(tmp / "outer", "clone", "-q", "--bare", str(tmp / "seed"), "p.git")
    return tmp / "outer/p.git", tmp / "outer/p.git", tmp / "outer/p.git.worktrees"


LAYOUTS = (plain, separate, submodule, bare_inside, bare_beside, bare_alone, bare_below_a_checkout)
VERBS = (("why", "api"), ("inbox",), ("list",), ("log",), ("verify",), ("worktree", "list"), ("session", "list"))
PLAN = "# One\n\n## Epic: api — A\n\n- [ ] a\n\n## Review Gate: api\n"


@pytest.fixture(params=LAYOUTS, ids=[one.__name__ for one in LAYOUTS])
def layout(request, tmp_path):
    """Where it was set up, the root that everybody must find, the folder of worktrees."""
    seed(tmp_path)
    return request.param(tmp_path)


def places_of(start: Path, trees: Path) -> dict[str, Path]:
    """Every kind of folder from which somebody may call gitorch, the agent's worktree among them."""
    common = common_dir(start)
    api = trees / "auth-7f3a/api"
    git(start, "worktree", "add", "-q", "-b", BRANCH, str(api), "main")
    own = trees.parent / "own"
    git(start, "worktree", "add", "-q", "-b", "feature", str(own), "main")
    link = trees.parent / "link"
    link.symlink_to(start)
    found = {"set up": start, "agent": api, "agent's folder": api / "docs", "own": own, "git dir": common, "link": link}
    if (start / "docs").is_dir():
        found["folder"] = start / "docs"
    return found


def test_everybody_finds_one_root_from_everywhere(layout):
    start, root, trees = layout
    first = Repository(start, os.environ)
    first.place.remember_root()
    first.ledger.create(Actor(ActorKind.PRINCIPAL, "ada", "desk"), Moment(1_700_000_000_000), "L-1")
    (root / "gitorch.yaml").write_text("tests: {command: make unit}\n")
    base = CommitId(git(start, "rev-parse", "main"))
    for name, folder in places_of(start, trees).items():
        repository = Repository(folder, os.environ)
        assert (repository.root, repository.paths.folder("")) == (root, trees), name
        assert repository.config.test_command == "make unit", name
        assert repository.git.facts(trees / "auth-7f3a/api", base, ()).uncommitted == (), name


@pytest.mark.slow
def test_every_verb_says_the_same_from_everywhere(layout, tmp_path, monkeypatch, capsys):
    start, _, trees = layout
    plan = tmp_path / "plan.md"
    plan.write_text(PLAN)

    def said(folder: Path, *words: str) -> tuple[int, str]:
        monkeypatch.chdir(folder)
        capsys.readouterr()
        return run_call(list(words), Call(dict(os.environ), folder)), capsys.readouterr().out

    assert said(start, "init", "--runtime", "scripted", "--tests", "true")[0] == 0
    assert said(start, "start", str(plan), "--yes")[0] == 0
    answers: dict[str, set[tuple[int, str]]] = {}
    for folder in places_of(start, trees).values():
        for words in VERBS:
            answers.setdefault(" ".join(words), set()).add(said(folder, *words, "--json"))
    for words, different in answers.items():
        assert [status for status, _ in different] == [0], words


def test_the_checkout_that_was_set_up_stays_the_root_when_it_switches_its_branch(tmp_path):
    seed(tmp_path)
    start, root, trees = bare_inside(tmp_path)
    Repository(start, os.environ).place.remember_root()
    git(start, "switch", "-q", "-c", "feature")
    for folder in (start, tmp_path / "p"):
        assert Repository(folder, os.environ).root == root
    assert Repository(start, os.environ).paths.folder("") == trees


def test_a_bare_repository_without_a_checkout_of_its_branch_has_its_container_as_root(tmp_path):
    seed(tmp_path)
    start, _, trees = bare_inside(tmp_path)
    git(start, "switch", "-q", "-c", "feature")
    assert Repository(start, os.environ).root == tmp_path / "p"
    assert Repository(start, os.environ).paths.folder("") == trees


def test_an_agent_s_checkout_is_never_the_root(tmp_path):
    seed(tmp_path)
    start, _, trees = bare_alone(tmp_path)
    git(start, "worktree", "add", "-q", "-b", BRANCH, str(trees / "auth-7f3a/api"), "main")
    (start / "gitorch").mkdir()
    (start / "gitorch/root").write_text('{"root": "../p.git.worktrees/auth-7f3a/api"}')
    assert Repository(trees / "auth-7f3a/api", os.environ).root == start


@pytest.mark.parametrize("make", [plain, bare_inside, bare_beside, bare_alone])
def test_a_repository_that_was_moved_knows_where_its_worktrees_lay(tmp_path, make):
    seed(tmp_path)
    (tmp_path / "old").mkdir()
    git(tmp_path, "clone", "-q", "seed", "old/seed")
    start, _, trees = make(tmp_path / "old")
    Repository(start, os.environ).place.remember()
    common = common_dir(start).relative_to(tmp_path / "old")
    (tmp_path / "old").rename(tmp_path / "new")
    moved = Repository(tmp_path / "new" / common, os.environ)
    relocation = moved.place.relocation()
    assert isinstance(relocation, Relocation)
    assert relocation.old_worktrees == trees


def test_an_empty_git_folder_is_passed_over(tmp_path):
    outer = seed(tmp_path)
    (outer / "docs/.git").mkdir()
    assert common_dir(outer / "docs") == outer / ".git"
    git(outer / "docs", "rev-parse", "--git-dir")


def test_the_search_ends_where_git_s_own_ends(tmp_path):
    outer = seed(tmp_path)
    for ceiling, found in (
        (outer, False),
        (tmp_path, True),
        (outer / "docs", True),
        ("", True),
        ("not/absolute", True),
    ):
        environ = {"GIT_CEILING_DIRECTORIES": str(ceiling)}
        asked = subprocess.run(
            ("git", "rev-parse", "--git-dir"),
            cwd=outer / "docs",
            env={**os.environ, **environ},
            check=False,
            capture_output=True,
        )
        assert (asked.returncode == 0) is found, ceiling
        if found:
            assert common_dir(outer / "docs", environ) == outer / ".git"
        else:
            with pytest.raises(NotFound, match="is not inside a git repository"):
                common_dir(outer / "docs", environ)


def test_a_linked_ceiling_counts_by_its_target_unless_an_empty_entry_comes_first(tmp_path):
    outer = seed(tmp_path)
    link = tmp_path / "link"
    link.symlink_to(outer)
    with pytest.raises(NotFound):
        common_dir(outer / "docs", {"GIT_CEILING_DIRECTORIES": str(link)})
    assert common_dir(outer / "docs", {"GIT_CEILING_DIRECTORIES": f":{link}"}) == outer / ".git"


@pytest.mark.parametrize(("value", "found"), [("", False), ("0", False), ("1", True), ("true", True)])
def test_another_file_system_is_entered_only_where_git_would(tmp_path, monkeypatch, value, found):
    outer = seed(tmp_path)
    devices = {outer / "docs": 1, outer: 2}
    monkeypatch.setattr("gitorch.ledger.discovery._device", lambda folder: devices.get(folder, 2))
    environ = {"GIT_DISCOVERY_ACROSS_FILESYSTEM": value}
    if found:
        assert common_dir(outer / "docs", environ) == outer / ".git"
    else:
        with pytest.raises(NotFound):
            common_dir(outer / "docs", environ)
