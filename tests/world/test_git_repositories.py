"""The git command line on repositories as they are found: dirty, bare, shallow, nested, locked, and with odd names."""

import os
import signal
import subprocess
from pathlib import Path

import pytest
from world import repos
from world.terminal_lab import wait_for

from gitorch.errors import Busy, Failed, Refused, Unavailable
from gitorch.model.ids import CommitId, Moment
from gitorch.world.clock import SystemClock
from gitorch.world.git.object_reader import ObjectReader
from gitorch.world.git.repository import GitCommands
from gitorch.world.git.runner import GitRunner
from gitorch.world.git.worktrees import GitWorktrees

CLOCK = SystemClock()
ODD = 'a "b" ü\n-x;'


def commands(repo, path=None):
    return GitCommands(path or repo.path, repo.environ, CLOCK)


def worktrees_of(repo, path=None):
    return GitWorktrees(path or repo.path, repo.environ, CLOCK)


def target(repo):
    """The old and the new commit of main, which is checked out at the old one."""
    old = CommitId(repo.git("rev-parse", "main"))
    return old, CommitId(repo.branch("work", {"src/a.py": "a = 2\n", "new.py": "n\n"}))


def checkout_contents(repo):
    """All that a user has in a checkout: status, index, files."""
    files = {
        str(path): path.read_bytes() for path in repo.path.rglob("*") if path.is_file() and ".git" not in path.parts
    }
    return repo.git("ls-files", "-s"), repo.git("symbolic-ref", "HEAD"), files


def test_a_clean_checkout_of_the_target_is_updated(repo):
    old, new = target(repo)
    repo.write("untracked.txt", "mine\n")
    result = commands(repo).move("main", new, old)
    assert (result.checkout, result.path) == ("updated", str(repo.path))
    assert repo.git("status", "--porcelain") == "?? untracked.txt"
    assert (repo.path / "new.py").read_text() == "n\n"
    assert repo.git("reflog", "-1", "--format=%gs", "HEAD") == "gitorch: merge"


def test_a_move_that_was_killed_after_the_swap_is_completed_by_the_next(repo):
    old, new = target(repo)
    repo.git("update-ref", "refs/heads/main", new)
    assert commands(repo).move("main", new, old).checkout == "updated"
    assert repo.git("status", "--porcelain") == ""


def test_a_checkout_on_another_branch_or_none_is_not_touched(repo):
    old, new = target(repo)
    repo.git("checkout", "-q", "--detach")
    before = repo.git("rev-parse", "HEAD")
    assert commands(repo).move("main", new, old).checkout == "none"
    assert repo.git("rev-parse", "HEAD") == before
    assert repo.git("status", "--porcelain") == ""


def test_a_clean_checkout_in_a_linked_worktree_is_updated(repo, tmp_path):
    repo.git("checkout", "-q", "--detach")
    linked = tmp_path / "linked tree"
    repo.git("worktree", "add", "-q", str(linked), "main")
    old, new = target(repo)
    assert commands(repo).move("main", new, old).path == str(linked)
    assert repo.git("status", "--porcelain", cwd=linked) == ""


def test_a_bare_repository_has_worktrees_and_its_branches_move(tmp_path):
    repo = repos.make(tmp_path)
    bare = tmp_path / "bare.git"
    repo.git("clone", "-q", "--bare", str(repo.path), str(bare))
    git, worktrees = commands(repo, bare), worktrees_of(repo, bare)
    old = git.resolve("main")
    path = tmp_path / "w" / "api"
    worktrees.ensure(path, old, "gitorch/r/api")
    new = CommitId(repo.commit({"b": "b\n"}, cwd=path))
    assert git.facts(path, old).changed == ("b",)
    assert git.move("main", new, old) == git.move("main", new, old)
    assert git.resolve("main") == new
    assert worktrees.remove(path) == ""


def test_a_submodule_has_worktrees_of_its_own(tmp_path, repo):
    outer = repos.make(tmp_path / "outer")
    outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(repo.path), "sub")
    path = tmp_path / "w" / "api"
    worktrees = worktrees_of(outer, outer.path / "sub")
    worktrees.ensure(path, CommitId(repo.git("rev-parse", "main")), "gitorch/r/api")
    outer.write(".gitorch/brief.md", "x\n", path)
    assert commands(outer, outer.path / "sub").facts(path, CommitId(repo.git("rev-parse", "main"))).uncommitted == ()
    assert worktrees.remove(path) == ""


def test_a_shallow_clone_merges_what_it_has(tmp_path, repo):
    repo.commit({"later": "x\n"})
    shallow = tmp_path / "shallow"
    repo.git("clone", "-q", "--depth", "1", f"file://{repo.path}", str(shallow))
    git = commands(repo, shallow)
    main = git.resolve("main")
    path = tmp_path / "w" / "api"
    worktrees_of(repo, shallow).ensure(path, main, "gitorch/r/api")
    head = CommitId(repo.commit({"b": "b\n"}, cwd=path))
    tree = git.try_merge(main, head)
    assert tree.conflicts == ()
    assert git.contains(main, head)
    assert git.stat(main, head).commits == 1


def test_histories_with_nothing_in_common_are_not_merged(repo):
    main = commands(repo).resolve("main")
    repo.git("checkout", "-q", "--orphan", "alien")
    alien = CommitId(repo.commit({"x": "x\n"}))
    with pytest.raises(Failed, match="cannot merge"):
        commands(repo).try_merge(main, alien)


def test_paths_may_hold_anything(repo, tmp_path):
    base = commands(repo).resolve("main")
    path = tmp_path / "w" / "api"
    worktrees_of(repo).ensure(path, base, "gitorch/r/api")
    head = CommitId(repo.commit({ODD: "1\n", "ä/b c": "1\n"}, cwd=path))
    repo.write(f"new {ODD}", "x", path)
    facts = commands(repo).facts(path, base, [ODD, "ä/*", "ä/", "none/*"])
    assert sorted(facts.changed) == sorted([ODD, "ä/b c"])
    assert facts.uncommitted == (f"new {ODD}",)
    assert facts.missing == ("none/*",)
    assert sorted(commands(repo).stat(base, head).paths) == sorted([ODD, "ä/b c"])
    clash = repo.branch("clash", {ODD: "2\n"})
    assert commands(repo).try_merge(head, CommitId(clash)).conflicts == (ODD,)


def test_the_caller_s_git_variables_and_hooks_have_no_effect(repo, tmp_path):
    hooks = Path(repo.git("rev-parse", "--git-path", "hooks"))
    hook = repo.path / hooks / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\nexit 1\n")
    hook.chmod(0o755)
    alien = {**repo.environ, "GIT_DIR": "/nowhere", "GIT_INDEX_FILE": "/nowhere", "GIT_AUTHOR_DATE": "bad"}
    git = GitCommands(repo.path, alien, CLOCK)
    main = git.resolve("main")
    merged = git.commit_merge(git.tree(main), [main, main], "Merge", Moment(1_700_000_000_999))
    GitWorktrees(repo.path, alien, CLOCK).ensure(tmp_path / "w", main, "gitorch/r/api")
    assert not (tmp_path / "ran").exists()
    shown = repo.git("log", "-1", "--format=%an|%ae|%at|%cn|%ce|%ct", merged)
    assert shown == "A|a@example.invalid|1700000000|A|a@example.invalid|1700000000"


GLOBAL = "[user]\n\tname = Grace Global\n\temail = grace@example.invalid\n"
ADA = "A <a@example.invalid>"
GRACE = "Grace Global <grace@example.invalid>"
GITORCH = "gitorch <gitorch@localhost>"
LOCAL = "Lin Local <lin@example.invalid>"


@pytest.mark.parametrize(
    ("named", "local", "author", "committer"),
    [
        (("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"), True, ADA, ADA),
        (("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_CONFIG_GLOBAL"), False, ADA, GRACE),
        (("GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "GIT_CONFIG_GLOBAL"), False, GRACE, ADA),
        (("GIT_AUTHOR_EMAIL", "GIT_CONFIG_GLOBAL"), False, "Grace Global <a@example.invalid>", GRACE),
        (("GIT_CONFIG_GLOBAL",), False, GRACE, GRACE),
        (("GIT_CONFIG_GLOBAL",), True, LOCAL, LOCAL),
        ((), True, LOCAL, LOCAL),
        (("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL"), False, ADA, GITORCH),
        ((), False, GITORCH, GITORCH),
    ],
)
def test_a_merge_is_by_the_user_whom_git_knows_and_nobody_is_guessed(repo, tmp_path, named, local, author, committer):
    settings = tmp_path / "user"
    settings.write_text(GLOBAL)
    environ = {name: value for name, value in repo.environ.items() if not name.startswith("GIT_")}
    environ |= {name: repo.environ[name] for name in named if name in repo.environ} | {"HOME": str(tmp_path)}
    if "GIT_CONFIG_GLOBAL" in named:
        environ["GIT_CONFIG_GLOBAL"] = str(settings)
    for key in ("user.name", "user.email"):
        repo.git("config", "--unset", key, check=False)
    if local:
        repo.git("config", "user.name", "Lin Local")
        repo.git("config", "user.email", "lin@example.invalid")
    git = GitCommands(repo.path, environ, CLOCK)
    main = git.resolve("main")
    merged = git.commit_merge(git.tree(main), [main, main], "Merge", Moment(1_700_000_000_999))
    assert repo.git("log", "-1", "--format=%an <%ae>|%cn <%ce>", merged) == f"{author}|{committer}"
    assert git.commit_merge(git.tree(main), [main, main], "Merge", Moment(1_700_000_000_999)) == merged


def test_a_lock_that_is_released_is_waited_for_and_one_that_stays_is_busy(repo, tmp_path):
    git = GitRunner(repo.path, repo.environ, CLOCK)
    lock = repo.path / ".git/refs/heads/x.lock"
    lock.touch()
    with subprocess.Popen(["sh", "-c", f"sleep 0.2; rm {lock}"]):
        git.output("update-ref", "refs/heads/x", "main")
    lock.touch()
    with pytest.raises(Busy):
        git.output("update-ref", "refs/heads/x", "HEAD")
    lock.unlink()


def test_a_git_that_hangs_or_is_missing_is_unavailable(repo, tmp_path):
    (tmp_path / "bin").mkdir()
    with pytest.raises(Unavailable):
        GitRunner(repo.path, {"PATH": str(tmp_path / "bin")}, CLOCK).run("status")
    stub = tmp_path / "bin/git"
    stub.write_text("#!/bin/sh\nexec sleep 600\n")
    stub.chmod(0o755)
    with pytest.raises(Unavailable, match=r"gave no answer: nothing in it had moved for 0\.2 seconds, so it was ended"):
        GitRunner(repo.path, {"PATH": f"{tmp_path}/bin:/usr/bin:/bin"}, CLOCK).run("status", wait_seconds=0.2)


def test_a_worktree_that_a_kill_left_incomplete_is_created_again(repo, tmp_path):
    repo.git("config", "filter.slow.smudge", f"sh -c 'touch {tmp_path}/begun; sleep 600'")
    repo.commit({".gitattributes": "*.slow filter=slow\n", "z.slow": "x\n"})
    path = tmp_path / "w" / "api"
    base = commands(repo).resolve("main")
    words = ["git", "-C", str(repo.path), "worktree", "add", "-q", "-b", "gitorch/r/api", str(path), base]
    with subprocess.Popen(words, env=repo.environ, start_new_session=True) as killed:
        wait_for((tmp_path / "begun").exists)
        os.killpg(killed.pid, signal.SIGKILL)
    assert not (path / "z.slow").exists()
    repo.git("config", "filter.slow.smudge", "cat")
    worktrees_of(repo).ensure(path, base, "gitorch/r/api")
    assert (path / "z.slow").exists()
    assert commands(repo).facts(path, base).uncommitted == ()


def test_a_worktree_whose_folder_was_deleted_is_created_again_and_others_on_unmounted_disks_are_kept(repo, tmp_path):
    base = commands(repo).resolve("main")
    mine, away = tmp_path / "w" / "api", tmp_path / "usb stick"
    repo.git("worktree", "add", "-q", "--detach", str(away))
    away.rename(tmp_path / "unplugged")
    worktrees = worktrees_of(repo)
    worktrees.ensure(mine, base, "gitorch/r/api")
    subprocess.run(["rm", "-rf", str(mine)], check=True)
    worktrees.ensure(mine, base, "gitorch/r/api")
    assert (mine / "README.md").exists()
    assert str(away) in repo.git("worktree", "list", "--porcelain")


def test_a_folder_that_is_no_worktree_is_renamed_and_never_deleted(repo, tmp_path):
    path = tmp_path / "w" / "api"
    path.mkdir(parents=True)
    (path / "work.txt").write_text("mine\n")
    worktrees_of(repo).ensure(path, commands(repo).resolve("main"), "gitorch/r/api")
    assert (tmp_path / "w/api.lost-1/work.txt").read_text() == "mine\n"


def test_briefs_are_excluded_once_and_the_user_s_exclusions_stay(repo, tmp_path):
    exclude = repo.path / ".git/info/exclude"
    exclude.write_bytes(b"mine")
    for name in ("api", "web"):
        worktrees_of(repo).ensure(tmp_path / "w" / name, commands(repo).resolve("main"), f"gitorch/r/{name}")
    assert exclude.read_bytes() == b"mine\n/.gitorch/\n"


@pytest.mark.parametrize("path", ["repo/inside", "repo/.git/inside", "w/../x"])
def test_a_worktree_lies_outside_the_repository(repo, tmp_path, path):
    with pytest.raises(Refused):
        worktrees_of(repo).ensure(tmp_path / path, commands(repo).resolve("main"), "gitorch/r/api")
    assert repo.git("branch", "--list", "gitorch/*") == ""


def test_folders_that_gitorch_made_are_tidied_away_and_others_are_kept(repo, tmp_path):
    (tmp_path / "user").mkdir()
    path = tmp_path / "user" / "made" / "run" / "api"
    worktrees = worktrees_of(repo)
    worktrees.ensure(path, commands(repo).resolve("main"), "gitorch/r/api")
    worktrees.remove(path)
    worktrees.tidy(path.parent)
    assert (tmp_path / "user").is_dir()
    assert not (tmp_path / "user" / "made").exists()


def test_briefs_are_excluded_in_a_repository_without_a_file_of_exclusions(repo, tmp_path):
    exclude = repo.path / ".git" / "info" / "exclude"
    for before, after in (
        (None, "/.gitorch/\n"),
        ("*.o", "*.o\n/.gitorch/\n"),
        ("x/.gitorch/\n", "x/.gitorch/\n/.gitorch/\n"),
    ):
        exclude.unlink(missing_ok=True)
        if before is not None:
            exclude.write_text(before)
        GitWorktrees(repo.path, repo.environ, SystemClock()).ensure(
            tmp_path / "w" / "one", CommitId(repo.git("rev-parse", "HEAD")), None
        )
        assert exclude.read_text() == after


@pytest.mark.parametrize("number", [0, 1, 199, 200, 201, 401])
def test_objects_come_in_the_order_of_their_ids_however_many_are_asked_for(repo, number):
    head, tree = repo.git("rev-parse", "HEAD"), repo.git("rev-parse", "HEAD^{tree}")
    ids = [head if one % 3 else tree for one in range(number)]
    found = ObjectReader(repo.path / ".git", repo.environ).objects(iter(ids))
    assert [one.id for one in found] == ids
