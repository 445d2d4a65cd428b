"""The commands that a project lets its agents run are read from its own files, and nothing else is (F18)."""

from __future__ import annotations

import json

import pytest

from gitorch.text.agents_file import commands_in_agents_file, commands_in_claude_settings

PAGE = """# Guide

Run `rm -rf build` never.

## Allowed commands

- `make lint`: before each commit
- Tests: `npm test *`, or `npm run unit`
- no code here

```console
$ tox -q
# a remark
- `in code`
```

### More

1. `cargo check:*`

## Style

- `git push`
"""


def test_the_section_about_allowed_commands_is_read_and_no_other():
    assert commands_in_agents_file(PAGE) == (
        "make lint",
        "npm test:*",
        "npm run unit",
        "tox -q",
        "cargo check:*",
    )


@pytest.mark.parametrize("heading", ["Commands agents may run", "Commands you may run", "PERMITTED COMMANDS"])
def test_the_section_has_one_of_these_names(heading):
    assert commands_in_agents_file(f"# {heading}\n\n- `make`\n") == ("make",)


@pytest.mark.parametrize("text", ["", "# Commands\n\n- `make`\n", "Allowed commands: `make`\n", "# Forbidden\n- `x`"])
def test_a_file_without_such_a_section_allows_nothing(text):
    assert commands_in_agents_file(text) == ()


def test_the_shell_commands_that_claude_s_settings_allow_are_read():
    allow = ["Bash(npm run lint)", "Bash(make:*)", "Read(./src)", 7, "Bash(make:*)", "Bash(a(b))"]
    assert commands_in_claude_settings(json.dumps({"permissions": {"allow": allow}})) == ("npm run lint", "make:*")


@pytest.mark.parametrize(
    "command",
    [
        "a; b",
        "make a && make b",
        "a & b",
        "cat x | sh",
        "echo `id`",
        "echo $(id)",
        "cat <(id)",
        "tee >(sh)",
        "c; d:*",
        "a || b",
    ],
)
def test_what_a_shell_takes_for_several_commands_is_never_allowed(command):
    allowed = json.dumps({"permissions": {"allow": [f"Bash({command})", "Bash(make x > out.txt)"]}})
    assert commands_in_claude_settings(allowed) == ("make x > out.txt",)
    items = "" if "`" in command else f"- `{command}`\n"
    assert commands_in_agents_file(f"# Allowed commands\n\n```\n{command}\nmake y\n```\n{items}") == ("make y",)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"permissions": []}', '{"permissions": {"allow": "Bash(x)"}}', "[" * 9000]
)
def test_settings_of_any_other_form_allow_nothing(text):
    assert commands_in_claude_settings(text) == ()
