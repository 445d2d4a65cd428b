"""Commands in messages and hints: whatever names a file, a folder, a branch or a remote is quoted where a shell would misread it."""

import ast
import re
from pathlib import Path

import pytest

from gitorch.model.path_text import shell_word

ROOT = Path(__file__).parent.parent
COMMAND = re.compile(
    r"(gitorch (?!has )|ls |rm |cp |mv |cat |mkdir |chmod "
    r"|git (-C|branch|checkout|clean|diff|fetch|ls-remote|merge|pull|push|remote|stash|status|switch|worktree)\b)"
)
PLACE = re.compile(
    r"(^|[._])(path|folder|directory|root|parent|branch\w*|target|remote|file|place|shown|checkout|source)\b(\(.*\))?$"
)


def unquoted(source: str) -> list[str]:
    """The commands in formatted texts that hold such a name as it is."""
    found = []
    for text in ast.walk(ast.parse(source)):
        if not isinstance(text, ast.JoinedStr) or not isinstance(text.values[0], ast.Constant):
            continue
        names = [ast.unparse(value.value) for value in text.values if isinstance(value, ast.FormattedValue)]
        if COMMAND.match(text.values[0].value) and any(
            PLACE.search(name) and not name.startswith("shell_word(") for name in names
        ):
            found.append(ast.unparse(text))
    return found


def test_no_command_of_a_message_holds_a_name_that_a_shell_could_misread():
    found = {}
    for path in sorted((ROOT / "gitorch").rglob("*.py")):
        if commands := unquoted(path.read_text()):
            found[str(path.relative_to(ROOT))] = commands
    assert found == {}


def test_the_rule_sees_a_name_in_a_command():
    assert unquoted("f'ls {path.parent}'") == ["f'ls {path.parent}'"]
    assert unquoted("f'git push {remote} {shell_word(target)}'")
    assert not unquoted("f'git push {shell_word(remote)} main'")


@pytest.mark.parametrize(
    ("name", "word"),
    [("a/b-c.md", "a/b-c.md"), ("my plan.md", "'my plan.md'"), ("a;b", "'a;b'"), (Path("/a b"), "'/a b'")],
)
def test_a_name_is_quoted_only_where_a_shell_needs_it(name, word):
    assert shell_word(name) == word
