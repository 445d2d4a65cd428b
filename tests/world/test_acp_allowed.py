"""What a program may do without a question, and what it may not."""

import pytest

from gitorch.text.acp.permission import Request
from gitorch.world.acp.allowed import is_harmless, may


@pytest.mark.parametrize(
    "command",
    [
        "gitorch brief",
        "gitorch handoff DONE --summary 'It works (finally); all is `well`'",
        'git commit -m "Say hello; & more"',
        "git add hello.txt src/a-b.py",
        "git status",
        "cat a.txt b.txt",
        "ls -la",
        'git add a.txt && git commit -q -m "One && two" && git rev-parse HEAD',
    ],
)
def test_one_command_of_the_work_is_harmless(command):
    assert is_harmless(command)


@pytest.mark.parametrize(
    "command",
    [
        "git push",
        "gitorch-evil",
        "gitorchx brief",
        "git commitx",
        "git -c core.pager=x log",
        "git log --output=x",
        "git diff --ext-diff",
        "git status; rm -r .",
        "git status & rm -r .",
        "git status | sh",
        "git status\nrm -r .",
        "cat > x",
        "cat < /etc/passwd",
        "cat $(rm -r .)",
        "cat `rm -r .`",
        'cat "$(rm -r .)"',
        'cat "`rm -r .`"',
        "cat $HOME",
        "cat 'open",
        "cat \\; rm",
        "cat # x",
        "X=1 git status",
        " git status",
        "",
        "(git status)",
        "git add a && git push",
        "git status && rm -r .",
        "git status &&",
        "git status &&& git log",
        "git status&& rm x",
        "'git' status",
    ],
)
def test_whatever_a_shell_takes_for_more_is_not(command):
    assert not is_harmless(command)


def test_files_of_the_worktree_may_be_changed_and_no_others(tmp_path):
    tree = tmp_path / "tree"
    (tree / "sub").mkdir(parents=True)
    (tree / "out").symlink_to(tmp_path)
    (tree / "gone").symlink_to(tmp_path / "nothing")

    def asks(*paths, kind="edit", command=""):
        return may(Request("r", kind, "Edit", command, "", paths, ()), str(tree))

    assert asks("a.txt", str(tree / "sub/b.txt"), "sub/../c.txt")
    assert asks("a.txt", kind="delete")
    for outside in ("/etc/passwd", "../x", "out/x", "gone", ".", str(tree), ".git", ".git/config", "sub/.git/hooks/x"):
        assert not asks("a.txt", outside), outside
    assert not asks()
    assert not asks("a.txt", kind="read")
    assert not asks("a.txt", kind="")
    assert not asks("a.txt", command="rm a.txt")
    assert not asks("a.txt", kind="execute", command="git push")
    assert asks("a.txt", kind="execute", command="git status")
