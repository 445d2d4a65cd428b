"""One key of the configuration is replaced, and every other character stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitorch.errors import Usage
from gitorch.text.config_edit import key_type, read_value, with_value, written_value
from gitorch.text.config_file import parse_config

TEMPLATE = (Path(__file__).parents[2] / "templates/gitorch.yaml").read_text()
FILE = "# mine\ntests:\n  command: make test   # fast\nworktrees: {base_path: ../trees}\n"


@pytest.mark.parametrize(
    ("key", "typed", "value"),
    [
        ("tests.command", "make: all # not", "make: all # not"),
        ("tests.wait_seconds", "60", 60),
        ("tests.run_on_target", "False", False),
        ("worktrees.copy", ".env, config/*.local,", (".env", "config/*.local")),
        ("cleanup", "keep", "keep"),
    ],
)
def test_a_value_has_the_type_of_its_key(key, typed, value):
    assert read_value(TEMPLATE, key, typed) == value
    assert parse_config("gitorch.yaml", with_value("", TEMPLATE, key, value).encode())


@pytest.mark.parametrize(("key", "typed"), [("tests.wait_seconds", "soon"), ("tests.run_on_target", "perhaps")])
def test_another_value_is_refused(key, typed):
    with pytest.raises(Usage, match=f"{key} is"):
        read_value(TEMPLATE, key, typed)


@pytest.mark.parametrize("key", ["tests", "tests.comand", "nothing.at.all", ""])
def test_a_key_that_does_not_exist_has_no_type(key):
    assert key_type(TEMPLATE, key) is None


def test_a_key_that_is_set_is_replaced_alone():
    new = with_value(FILE, TEMPLATE, "tests.command", "make unit")
    assert new == FILE.replace("make test   #", '"make unit"  #')
    assert written_value(new, "tests.command") == '"make unit"'


@pytest.mark.parametrize("value", ["", "make", "a" * 7, "a" * 8, "a b" * 9])
def test_a_comment_keeps_its_column_where_the_value_leaves_room(value):
    before = 'tests:\n  command: ""      # how\n'
    line = with_value(before, TEMPLATE, "tests.command", value).splitlines()[1]

    written = written_value(f"tests:\n{line}\n", "tests.command")
    assert line.index("#") == max(before.splitlines()[1].index("#"), len(f"  command: {written}  "))


def test_a_comment_that_one_blank_parts_from_its_value_stays_there():
    assert with_value("cleanup: ask # me\n", TEMPLATE, "cleanup", "keep") == "cleanup: keep # me\n"


def test_a_key_that_is_not_set_is_added_to_its_section():
    assert with_value(FILE, TEMPLATE, "tests.wait_seconds", 60) == FILE.replace(
        "tests:\n  ", "tests:\n  wait_seconds: 60\n  "
    )
    assert with_value(FILE, TEMPLATE, "push.remote", "origin") == f"{FILE}\npush:\n  remote: origin\n"
    assert with_value(FILE.rstrip("\n"), TEMPLATE, "cleanup", "keep") == f"{FILE}cleanup: keep\n"
    assert written_value(FILE, "push.remote") == ""


def test_a_section_in_one_line_is_left_to_its_author():
    with pytest.raises(Usage, match="worktrees is not written with one key a line"):
        with_value(FILE, TEMPLATE, "worktrees.setup", "npm ci")


def test_every_key_of_the_template_can_be_set_to_its_own_value():
    for section, names in {"tests": ("command", "wait_seconds"), "worktrees": ("setup", "copy", "link")}.items():
        for name in names:
            key = f"{section}.{name}"
            kind = key_type(TEMPLATE, key)
            value = {str: "x y", int: 7, tuple: ("a", "b")}[kind]
            for text in ("", TEMPLATE, "cleanup: ask\n"):
                new = with_value(text, TEMPLATE, key, value)
                assert read_value(TEMPLATE, key, "7") is not None
                assert parse_config("gitorch.yaml", new.encode()).places[key]
