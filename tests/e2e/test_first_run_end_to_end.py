"""Before anything exists: what keeps a plan from being started on a real machine, and what `doctor` says of it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from house import House, house

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONFIG = """\
orchestration: {{merge_target: {target}}}
approval: {{unattended: true}}
tests: {{command: {tests}}}
lanes: {{implementer: {{runtime: {runtime}}}}}
worktrees: {{base_path: {base}}}
"""
SOUND = {"target": "main", "tests": "'true'", "runtime": "scripted", "base": '""'}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("first")) as made:
        made.repo.git("tag", "release")
        made.repo.git("update-ref", "refs/remotes/origin/elsewhere", "HEAD")
        ahead = made.repo.git("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "Ahead")
        made.repo.git("update-ref", "refs/remotes/origin/behind", ahead)
        made.repo.git("branch", "behind")
        made.repo.git("checkout", "-q", "--detach")
        (made.path.parent / "in the way").touch()
        made("init", "--runtime", "scripted", "--tests", "true")
        yield made


LACKING = [
    ({"target": "nowhere"}, "The merge target `nowhere` is not a local branch."),
    ({"target": "release"}, "The merge target `release` is not a local branch."),
    ({"target": "elsewhere"}, "The merge target `elsewhere` is not a local branch."),
    ({"target": "HEAD"}, "`orchestration.merge_target` is not a valid name of a branch: `HEAD`."),
    ({"target": "behind"}, "The merge target `behind` is 1 commit behind its upstream."),
    ({"base": "trees"}, "lies inside the repository."),
    ({"base": "'../in the way'"}, "cannot be written to."),
    ({"runtime": "unheard-of"}, "The runtime `unheard-of` is not known."),
    ({"runtime": "aider"}, "The program `aider` of runtime `aider` is not on PATH."),
    ({"tests": '""'}, "There is no test command."),
]


def worktree_status(home: House) -> tuple[str, str, str, bool, list[str]]:
    """Everything that a start could have made."""
    refs = home.repo.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/heads/main", "refs/heads/behind")
    made = home.repo.git("branch", "--list", "gitorch/*/*")
    return refs, made, home.repo.git("worktree", "list"), home.worktrees.exists(), home.processes()


@pytest.mark.parametrize(("wrong", "said"), LACKING, ids=[next(iter(w.values())) for w, _ in LACKING])
def test_what_the_machine_lacks_is_said_before_anything_is_made(home: House, wrong: dict[str, str], said: str) -> None:
    home.repo.write({"gitorch.yaml": CONFIG.format(**SOUND | wrong)})
    before = worktree_status(home)
    refused = home("start", home.plan("api"), "--yes", status=6)
    assert said in refused.err
    assert "gitorch.yaml:" in refused.err, "at the line that says so"
    assert worktree_status(home) == before
    assert not home.records("run-prepared")


def test_all_of_it_is_said_at_once_and_check_says_the_same(home: House) -> None:
    everything = {"target": "nowhere", "base": "trees", "runtime": "unheard-of", "tests": '""'}
    home.repo.write({"gitorch.yaml": CONFIG.format(**everything)})
    plan = home.plan("api")
    checked = home("check", plan, status=6)
    assert checked.err.startswith("gitorch: plan.md has 4 defects")
    assert home("start", plan, "--yes", status=6).err == checked.err


def path_with(home: House, *programs: str) -> str:
    """A folder with nothing but these programs, `sh` and what they do; `name=words` is one that prints words."""
    folder = home.path.parent / f"bin {len(list(home.path.parent.iterdir()))}"
    folder.mkdir()
    for said in ("sh", *programs):
        name, _, words = said.partition("=")
        real = shutil.which(name)
        assert real is not None
        if words:
            told = f'#!/bin/sh\ncase "$1" in -V | --version) echo "{words}" ;; *) exec {real} "$@" ;; esac\n'
            (folder / name).write_text(told)
            (folder / name).chmod(0o755)
        else:
            (folder / name).symlink_to(real)
    return str(folder)


FAILURES: list[tuple[str, Callable[[House], tuple[str, ...]], dict[str, str], str, str]] = [
    (
        "agents",
        lambda _: ("git", "tmux"),
        {"runtime": "claude"},
        "claude of runtime claude is not on PATH",
        "npm install",
    ),
    (
        "merge target",
        lambda _: ("git", "tmux"),
        {"target": "trunk"},
        "trunk is not a local branch",
        "gitorch config set orchestration.merge_target ",
    ),
    ("tmux", lambda _: ("git",), {}, "tmux is not installed", "apt-get install tmux"),
    ("tmux", lambda _: ("git", "tmux=tmux 2.9a"), {}, "tmux 2.9a is too old; 3.2 is needed", "apt-get install tmux"),
    ("git", lambda _: ("git=git version 2.25.1", "tmux"), {}, "git version 2.25.1 is too old", "apt-get install git"),
    ("git", lambda _: ("tmux",), {}, "git is not installed, or does not answer", "apt-get install git"),
    (
        "worktrees",
        lambda _: ("git", "tmux"),
        {"base": "trees"},
        "lies inside the repository",
        "gitorch config set worktrees.base_path",
    ),
    ("worktrees", lambda _: ("git", "tmux"), {"base": "'../in the way'"}, "a file is in its way", "ls -ld"),
]


@pytest.mark.parametrize(
    ("name", "programs", "wrong", "said", "fix"), FAILURES, ids=[f"{f[0]}: {f[3]}" for f in FAILURES]
)
def test_doctor_finds_each_usual_failure_and_says_what_to_type(
    home: House, name: str, programs: Callable[[House], tuple[str, ...]], wrong: dict[str, str], said: str, fix: str
) -> None:
    home.repo.write({"gitorch.yaml": CONFIG.format(**SOUND | wrong)})
    path = path_with(home, *programs(home))
    found = home("doctor", "--json", status=8, env={"PATH": path}).json["error"]
    signs = {sign["name"]: sign for sign in found["checks"] if sign["ok"] is False}
    assert said in signs[name]["text"]
    assert signs[name]["fix"].startswith(fix)
    assert set(signs) - {name} <= ({"merge target", "git settings", "ledger"} if name == "git" else set()), (
        "nothing else is wrong"
    )


def test_the_four_usual_failures_come_first(home: House) -> None:
    home.repo.write({"gitorch.yaml": CONFIG.format(**SOUND)})
    path = f"{path_with(home, 'git', 'tmux')}:{Path(sys.executable).parent}"
    said = home("doctor", "--json", env={"PATH": path}).json["checks"]
    assert [sign["name"] for sign in said][:5] == ["agents", "merge target", "git", "tmux", "worktrees"]
    assert not home.worktrees.exists(), "looking leaves nothing behind"
