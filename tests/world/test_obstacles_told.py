"""What keeps a checkout from following its branch, and the command that clears it, told whole for each state of the checkout.

Each command is run as it stands, and the checkout follows after it. `pytest --rewrite-transcripts` writes `texts/obstacles.txt` anew.
"""

from __future__ import annotations

import subprocess

from golden import assert_golden

from gitorch.model.ids import CommitId
from gitorch.world.clock import SystemClock
from gitorch.world.git.checkout import bring_along, checkouts_of, update_command
from gitorch.world.git.runner import GitRunner

NEW = {
    "README.md": "theirs\n",
    "new.txt": "n\n",
    "deep/er/new.txt": "n\n",
    "*[x].txt": "n\n",
    **{f"many/{number}.txt": "n\n" for number in range(7)},
}


def write(name, text="mine\n"):
    return lambda repo: repo.write(name, text)


def link(name, target):
    return lambda repo: (repo.path / name).symlink_to(target)


def ignored(repo):
    repo.write(".git/info/exclude", "new.txt\n")
    repo.write("new.txt", "mine\n")


def staged(repo):
    repo.write("README.md", "mine\n")
    repo.git("add", "README.md")


def many(number):
    def act(repo):
        for one in range(number):
            repo.write(f"many/{one}.txt", "mine\n")

    return act


def folder_with_work(repo):
    repo.write("new.txt/mine.txt", "mine\n")


def conflict(name):
    """A conflict without an operation under way, as `git stash pop` leaves it."""

    def act(repo):
        blob = repo.git("rev-parse", "HEAD:README.md")
        stages = "".join(f"100644 {blob} {stage}\t{name}\n" for stage in (1, 2, 3))
        lines = f"0 {'0' * 40}\t{name}\n{stages}"
        words = ("git", "update-index", "--index-info")
        subprocess.run(words, input=lines, text=True, cwd=repo.path, env=repo.environ, check=True)

    return act


def under_way(name):
    def act(repo):
        path = repo.path / ".git" / name
        if name.startswith("rebase"):
            path.mkdir()
        else:
            path.write_text("x\n")

    return act


STATES = {
    "nothing is in the way": lambda _: None,
    "another file was edited": write("src/a.py"),
    "another file was staged": lambda repo: (repo.write("src/a.py", "mine\n"), repo.git("add", "-A")),
    "the times of the files changed": lambda repo: (repo.path / "README.md").touch(),
    "a file was edited": write("README.md"),
    "a file was edited and staged": staged,
    "a file was deleted": lambda repo: (repo.path / "README.md").unlink(),
    "another file was deleted": lambda repo: (repo.path / "src/a.py").unlink(),
    "a new file is there already": write("new.txt"),
    "a new file is there already, and ignored": ignored,
    "a new file with an odd name is there already": write("*[x].txt"),
    "a link is in the place of a new file": link("new.txt", "nowhere"),
    "a file is in the place of a folder": write("deep"),
    "a link is in the place of a folder": link("deep", "src"),
    "an empty folder is in the place of a new file": lambda repo: (repo.path / "new.txt").mkdir(),
    "a folder with work is in the place of a new file": folder_with_work,
    "five new files are there already": many(5),
    "six new files are there already": many(6),
    "a file that stays as it is has a conflict": conflict("src/a.py"),
    "a file that changes has a conflict": conflict("README.md"),
    **{
        f"{name} is there": under_way(name)
        for name in ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "BISECT_LOG", "rebase-merge", "rebase-apply")
    },
}


def test_every_obstacle_of_a_checkout_is_told_with_the_command_that_clears_it(repo, request):
    old = CommitId(repo.git("rev-parse", "HEAD"))
    new = CommitId(repo.branch("new", NEW))
    git = GitRunner(repo.path, repo.environ, SystemClock())
    told = []
    for name, act in STATES.items():
        repo.git("read-tree", "-u", "--reset", old)
        repo.git("clean", "-qfdx")
        act(repo)
        found = bring_along(git, new, old)
        here = repo.git("write-tree") == repo.git("rev-parse", f"{new}^{{tree}}") if found is None else False
        told.append(
            f"> {name}\n"
            + (
                f"follows, and the index is that of the commit: {here}"
                if found is None
                else f"{found.reason} $ {found.command}"
            )
        )
        if found is not None and " stash push " in found.command:
            subprocess.run(found.command, shell=True, env=repo.environ, cwd="/", check=True, capture_output=True)
            assert bring_along(git, new, old) is None, name
        for left in ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "BISECT_LOG", "info/exclude"):
            (repo.path / ".git" / left).unlink(missing_ok=True)
        for left in ("rebase-merge", "rebase-apply"):
            if (repo.path / ".git" / left).exists():
                (repo.path / ".git" / left).rmdir()
    assert_golden("obstacles.txt", ("\n\n".join(told) + "\n").replace(str(repo.path), "{repo}"), request)


def test_what_git_refuses_is_told_with_a_command_that_shows_why(repo):
    old = CommitId(repo.git("rev-parse", "HEAD"))
    new = CommitId(repo.branch("new", NEW))
    for message, command in (("error: unable to write file", "df -h {repo}"), ("error: odd", "git -C {repo} status")):
        bin_folder = repo.path.parent / "bin"
        bin_folder.mkdir(exist_ok=True)
        script = f'case "$*" in *read-tree*) echo "{message}" >&2; exit 128;; esac\nexec /usr/bin/env -S git "$@"\n'
        real = subprocess.run(("which", "git"), capture_output=True, text=True, check=True).stdout.strip()
        (bin_folder / "git").write_text("#!/bin/sh\n" + script.replace("/usr/bin/env -S git", real))
        (bin_folder / "git").chmod(0o755)
        env = {**repo.environ, "PATH": f"{bin_folder}:{repo.environ['PATH']}"}
        found = bring_along(GitRunner(repo.path, env, SystemClock()), new, old)
        assert (found.reason, found.command) == (
            f"{repo.path} could not be updated: {message}",
            command.format(repo=repo.path),
        )


def test_the_checkouts_of_a_branch_are_those_whose_folders_are_there(repo, tmp_path):
    git = GitRunner(repo.path, repo.environ, SystemClock())
    repo.git("branch", "one")
    assert checkouts_of(git, "refs/heads/main") == (repo.path,)
    assert checkouts_of(git, "refs/heads/one") == ()
    repo.git("worktree", "add", "-q", str(tmp_path / "one"), "one")
    repo.git("worktree", "add", "-q", "--detach", str(tmp_path / "none"))
    assert checkouts_of(git, "refs/heads/one") == (tmp_path / "one",)
    (tmp_path / "one").rename(tmp_path / "away")
    assert checkouts_of(git, "refs/heads/one") == ()
    command = update_command(git, CommitId("2" * 40), CommitId("1" * 40))
    assert command == f"git -C {repo.path} read-tree -m -u {'1' * 40} {'2' * 40}"
