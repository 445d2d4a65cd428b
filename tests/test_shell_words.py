"""Commands in messages and hints: whatever names a file, a folder, a branch or a remote is quoted where a shell would misread it."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sources import nodes, walk

from gitorch.model.path_text import shell_word

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
COMMAND = re.compile(
    r"(?:^|[`:;(&] ?|\b(?:or|then|with|by|type|run) )(gitorch (?!has )|ls |rm |cp |mv |cat |mkdir |chmod "
    r"|git (-C|branch|checkout|clean|diff|fetch|ls-remote|merge|pull|push|remote|stash|status|switch|worktree)\b)"
)
PLACE = re.compile(
    r"(^|[._])(path|folder|directory|root|parent|branch\w*|target|remote|file|place|shown|checkout|source)\b(\(.*\))?$"
)


def unquoted(source: str) -> list[str]:
    """The formatted texts in which such a name stands in a command as it is."""
    return unquoted_among(walk(ast.parse(source)))


def unquoted_among(found: list[ast.AST]) -> list[str]:
    texts = [node for node in found if isinstance(node, ast.JoinedStr)]
    return [ast.unparse(text) for text in texts if any(is_bare(before, name) for before, name in names_in(text))]


def names_in(text: ast.JoinedStr) -> Iterator[tuple[str, str]]:
    """Each name in a formatted text, after what stands before it."""
    before = ""
    for value in text.values:
        if isinstance(value, ast.Constant):
            before += value.value
        else:
            yield before, ast.unparse(value.value)
            before += "NAME"


def is_bare(before: str, name: str) -> bool:
    """Whether this is a file, a branch or the like in a command that began before it and has not ended."""
    begun = [begin.end() for begin in COMMAND.finditer(before)]
    if not begun or set(before[begun[-1] :]) & set("`);,\n"):
        return False
    return PLACE.search(name) is not None and not name.startswith("shell_word(")


def test_no_command_of_a_message_holds_a_name_that_a_shell_could_misread():
    found = {}
    for path, nodes_of_file in nodes().items():
        if commands := unquoted_among(nodes_of_file):
            found[str(path.relative_to(ROOT))] = commands
    assert found == {}


def test_the_rule_sees_a_name_in_a_command():
    assert unquoted("f'ls {path.parent}'") == ["f'ls {path.parent}'"]
    assert unquoted("f'git push {remote} {shell_word(target)}'")
    assert unquoted("f'Written to {file}. Next: gitorch check {file}'")
    assert not unquoted("f'Written to {file}. Next: gitorch check {shell_word(file)}'")
    assert not unquoted("f'`git worktree add` left nothing at {path}'")
    assert not unquoted("f'git push {shell_word(remote)} main'")


def test_only_what_git_left_or_cannot_read_is_removed_by_a_hint():
    removes = re.compile(r"(^|[`:;&] ?|\b(?:or|then) )(rm |git branch -D|git clean|git reset --hard)")
    found = set()
    for path, nodes_of_file in nodes().items():
        texts = [node.value for node in nodes_of_file if isinstance(node, ast.Constant)]
        if any(isinstance(text, str) and "\n" not in text and removes.search(text) for text in texts):
            found.add(str(path.relative_to(ROOT / "gitorch")))
    by_itself = {"world/git/folders.py"}  # removes the worktree of a job that is over, in a shell of its own
    assert found - by_itself == {"ledger/damage.py", "world/git/locks.py"}


@pytest.mark.parametrize(
    ("name", "word"),
    [("a/b-c.md", "a/b-c.md"), ("my plan.md", "'my plan.md'"), ("a;b", "'a;b'"), (Path("/a b"), "'/a b'")],
)
def test_a_name_is_quoted_only_where_a_shell_needs_it(name, word):
    assert shell_word(name) == word
