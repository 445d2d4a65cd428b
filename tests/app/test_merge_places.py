"""A whole run in repositories as they are found: the merge arrives, whole, and nothing of the user's is touched."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from merge_yard import Yard

if TYPE_CHECKING:
    from collections.abc import Callable

    from repository import Repository

ONE = {"api": {"api.txt": "api\n"}}


def git(*words: str, cwd: Path) -> str:
    done = subprocess.run(("git", *words), cwd=cwd, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def plain(repo: Callable[[str], Repository]) -> Path:
    return repo("plain").path


def bare(plain: Path, folder: Path) -> Path:
    git("clone", "-q", "--bare", str(plain), str(folder / "bare.git"), cwd=folder)
    return folder / "bare.git"


def linked(plain: Path, folder: Path) -> Path:
    git("worktree", "add", "-q", "-b", "mine", str(folder / "linked tree"), cwd=plain)
    return folder / "linked tree"


def detached(plain: Path, _: Path) -> Path:
    git("checkout", "-q", "--detach", cwd=plain)
    return plain


def shallow(plain: Path, folder: Path) -> Path:
    git("commit", "-q", "--allow-empty", "-m", "Later", cwd=plain)
    git("clone", "-q", "--depth", "1", f"file://{plain}", str(folder / "shallow"), cwd=folder)
    return folder / "shallow"


def partial(plain: Path, folder: Path) -> Path:
    (plain / "big.txt").write_text("big\n")
    git("add", "-A", cwd=plain)
    git("commit", "-qm", "Something big", cwd=plain)
    git("config", "uploadpack.allowFilter", "true", cwd=plain)
    git("clone", "-q", "--filter=blob:none", f"file://{plain}", str(folder / "partial"), cwd=folder)
    return folder / "partial"


def sha256(_: Path, folder: Path) -> Path:
    path = folder / "sha256"
    git("init", "-q", "--object-format=sha256", "-b", "main", str(path), cwd=folder)
    git("commit", "-q", "--allow-empty", "-m", "Begin", cwd=path)
    return path


def odd(plain: Path, folder: Path) -> Path:
    path = folder / 'it\'s "odd" — ünïcode $HOME *'
    plain.rename(path)
    return path


PLACES = [bare, linked, detached, shallow, partial, sha256, odd]


@pytest.mark.each(3)
@pytest.mark.parametrize("place", PLACES, ids=[p.__name__ for p in PLACES])
def test_a_run_ends_merged_in(place, plain, tmp_path):
    yard = Yard(place(plain, tmp_path))
    before = yard.git("rev-parse", "--abbrev-ref", "HEAD"), yard.git("status", "--porcelain", check=False)
    yard.begin(ONE, test_command="test -e api.txt")
    assert [str(q.kind) for q in yard.settle() and yard.open()] == ["approval"]
    assert str(yard.approve().phase) == "completed"
    assert yard.git("show", "main:api.txt") == "api"
    assert yard.story()[-1] == "Merge api: Api"
    assert (yard.git("rev-parse", "--abbrev-ref", "HEAD"), yard.git("status", "--porcelain", check=False)) == before
    assert yard.answer("branches").cleaned
    assert yard.git("for-each-ref", "--format=%(refname)", "refs/heads/gitorch/").split() == [
        "refs/heads/gitorch/ledger"
    ]
    assert yard.services.ledger.verify().faults == ()


def test_a_shallow_clone_that_lacks_the_history_of_a_target_is_still_merged_forward(plain, tmp_path):
    yard = Yard(shallow(plain, tmp_path))
    yard.begin(ONE)
    yard.settle()
    moved = yard.commit({"mine.txt": "mine\n"})
    yard.settle()
    yard.approve()
    assert yard.git("merge-base", "--is-ancestor", moved, "main") == ""


@pytest.fixture
def with_submodule(plain: Path, tmp_path: Path, monkeypatch) -> Yard:
    """A repository that holds another one at its first commit of two."""
    for name, value in {"COUNT": "1", "KEY_0": "protocol.file.allow", "VALUE_0": "always"}.items():
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    part = tmp_path / "part"
    git("init", "-q", "-b", "main", str(part), cwd=tmp_path)
    for text in ("one", "two"):
        (part / "part.txt").write_text(f"{text}\n")
        git("add", "-A", cwd=part)
        git("commit", "-qm", text, cwd=part)
    git("submodule", "--quiet", "add", str(part), "part", cwd=plain)
    git("-C", "part", "checkout", "-q", "HEAD~1", cwd=plain)
    git("add", "-A", cwd=plain)
    git("commit", "-qm", "Take part in", cwd=plain)
    return Yard(plain)


def test_a_branch_that_moves_a_submodule_is_merged_and_the_checkout_shows_just_that(with_submodule, tmp_path):
    yard, new = with_submodule, git("rev-parse", "HEAD", cwd=tmp_path / "part")
    yard.begin({"api": {}, "ui": {"ui.txt": "ui\n"}})
    bump(yard, "api", new)
    yard.settle()
    yard.approve()
    assert yard.git("rev-parse", "main:part") == new
    assert yard.git("status", "--porcelain", "--ignore-submodules=all") == ""
    yard.git("submodule", "--quiet", "update")
    assert yard.git("status", "--porcelain") == ""
    assert yard.answer("worktrees").cleaned


def bump(yard: Yard, job: str, commit: str) -> None:
    """Let an epic do nothing but move the submodule."""
    real = yard.commit

    def committing(files, message="Change", cwd=None):
        if cwd is not None and cwd.name == job:
            yard.git("update-index", "--cacheinfo", f"160000,{commit},part", cwd=cwd)
            yard.git("commit", "-qm", message, cwd=cwd)
            return yard.git("rev-parse", "HEAD", cwd=cwd)
        return real(files, message, cwd)

    yard.commit = committing


def test_branches_that_move_a_submodule_apart_are_a_conflict(with_submodule, tmp_path):
    yard, part = with_submodule, tmp_path / "part"
    git("checkout", "-q", "-b", "other", "HEAD~1", cwd=part)
    git("commit", "-q", "--allow-empty", "-m", "three", cwd=part)
    commits = {"api": git("rev-parse", "main", cwd=part), "ui": git("rev-parse", "other", cwd=part)}
    yard.begin({"api": {}, "ui": {}})
    for job, commit in commits.items():
        bump(yard, job, commit)
    target = yard.head()
    run = yard.settle()
    assert run.report.conflicts == ("ui conflicts in part",)
    assert yard.head() == target


def test_content_filters_and_line_ends_change_nothing_in_what_is_merged(plain):
    yard = Yard(plain)
    yard.git("config", "core.autocrlf", "true")
    yard.git("config", "filter.shout.clean", "tr a-z A-Z")
    yard.git("config", "filter.shout.smudge", "tr A-Z a-z")
    yard.commit({".gitattributes": "*.loud filter=shout\n*.txt text\n", "song.loud": "la\n"})
    yard.begin({"api": {"api.txt": "one\r\ntwo\r\n", "more.loud": "la la\n"}})
    yard.settle()
    yard.approve()
    assert yard.git("status", "--porcelain") == ""
    assert (plain / "more.loud").read_text() == "la la\n"
    assert (plain / "api.txt").read_bytes() == b"one\r\ntwo\r\n"
    assert yard.git("show", "main:more.loud", "main:api.txt").split() == ["LA", "LA", "one", "two"]


@pytest.mark.parametrize("edit", ["", "mine\n"])
def test_a_target_that_is_checked_out_in_another_worktree_follows_there_and_keeps_other_edits(plain, tmp_path, edit):
    yard = Yard(detached(plain, tmp_path))
    other = tmp_path / "other tree"
    yard.git("worktree", "add", "-q", str(other), "main")
    if edit:
        (other / "README.md").write_text(edit)
    yard.begin(ONE)
    yard.settle()
    yard.approve()
    assert (other / "api.txt").read_text() == "api\n"
    assert (other / "README.md").read_text() == (edit or "# Example\n")
    assert yard.git("show", "main:api.txt") == "api"


def test_edits_of_a_merged_file_are_asked_about_and_the_offered_command_lets_the_same_approval_merge(plain):
    yard = Yard(plain)
    yard.begin({"api": {"README.md": "# Example\n\nMore.\n"}})
    yard.settle()
    old = yard.head()
    (plain / "README.md").write_text("# My example\n")
    yard.approve()
    (question,) = yard.open()
    assert f"{plain} has uncommitted changes to README.md" in question.happened
    assert yard.head() == old
    command = question.text.removeprefix("Clear that (").partition(") and retry")[0]
    subprocess.run(command, shell=True, check=True, capture_output=True)
    assert str(yard.answer("retry").phase) == "completed"
    assert (plain / "README.md").read_text() == "# Example\n\nMore.\n"
    assert "My example" in yard.git("stash", "show", "-p")


@pytest.mark.each(2)
@pytest.mark.parametrize("backend", ["--merge", "--apply"])
@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_target_that_somebody_rebases_is_asked_about_and_giving_up_the_rebase_takes_no_merge_back(
    plain, tmp_path, elsewhere, backend
):
    yard = Yard(plain)
    yard.commit({"mine.txt": "mine\n"})
    git("branch", "theirs", "main~1", cwd=plain)
    other = tmp_path / "theirs"
    git("worktree", "add", "-q", str(other), "theirs", cwd=plain)
    (other / "mine.txt").write_text("theirs\n")
    git("add", "-A", cwd=other)
    git("commit", "-qm", "Theirs", cwd=other)
    where = plain
    if elsewhere:
        where = tmp_path / "other tree"
        git("checkout", "-q", "--detach", cwd=plain)
        git("worktree", "add", "-q", str(where), "main", cwd=plain)
    yard.begin(ONE)
    yard.settle()
    old = yard.head()
    stopped = subprocess.run(("git", "rebase", "-q", backend, "theirs"), cwd=where, capture_output=True, check=False)
    assert stopped.returncode == 1
    yard.approve()
    (question,) = yard.open()
    assert f"a rebase of it is under way in {where}" in question.happened
    git("rebase", "--abort", cwd=where)
    assert yard.head() == old
    assert str(yard.answer("retry").phase) == "completed"
    assert yard.git("show", "main:api.txt") == "api"
    assert (where / "api.txt").read_text() == "api\n"


def test_worktrees_may_lie_on_another_file_system(plain, tmp_path):
    shared = Path("/dev/shm")
    if not shared.is_dir() or shared.stat().st_dev == plain.stat().st_dev:
        pytest.skip("there is no other file system here")
    yard = Yard(plain)
    base = shared / f"gitorch-{tmp_path.name}"
    yard.begin(ONE, worktrees=str(base))
    yard.settle()
    assert (base / "play-0001" / "api").stat().st_dev != plain.stat().st_dev
    yard.approve()
    assert yard.git("show", "main:api.txt") == "api"
    assert yard.answer("worktrees").cleaned
    assert not base.exists()


def test_the_ledger_of_a_sha256_repository_is_kept_by_git_itself(plain, tmp_path):
    yard = Yard(sha256(plain, tmp_path))
    assert yard.services.store.startswith("git ")
    yard.begin(ONE)
    assert len(yard.head("gitorch/ledger")) == 64
