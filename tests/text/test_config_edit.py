"""One key of the configuration is replaced, and every other character stays."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gitorch.errors import Usage
from gitorch.model.values import replace
from gitorch.text.config_edit import (
    AT_LEAST,
    UNATTENDED,
    belonging,
    key_type,
    known_keys,
    read_value,
    with_value,
    written_value,
)
from gitorch.text.config_file import parse_config

TEMPLATE = (Path(__file__).parents[2] / "templates/gitorch.yaml").read_text()
KEYS = re.findall(
    r"^\| `([a-z_.]+)` \|", (Path(__file__).parents[2] / "docs/configuration.md").read_text(), re.MULTILINE
)
KEYS = [key for key in KEYS if key_type(TEMPLATE, key)]
FILE = "# mine\ntests:\n  command: make test   # fast\nworktrees: {base_path: ../trees}\n"


@pytest.mark.parametrize(
    ("key", "typed", "value"),
    [
        ("tests.command", "make: all # not", "make: all # not"),
        ("tests.wait_seconds", "60", 60),
        ("tests.run_on_target", "False", False),
        ("worktrees.copy", ".env, config/*.local,", (".env", "config/*.local")),
        ("worktrees.copy", "[.env]", (".env",)),
        ("notify.command", "[notify-send, 'a, b', true, 7]", ("notify-send", "a, b", "true", "7")),
        ("review.stages", '["spec", "quality"]', ("spec", "quality")),
        ("worktrees.copy", "[ab].env, x", ("[ab].env", "x")),
        ("worktrees.copy", "[]", ()),
        ("worktrees.copy", ".env,\"config/*.local\", 'a b'", (".env", "config/*.local", "a b")),
        ("worktrees.copy", "it's, x", ("it's", "x")),
        ("review.runtimes", "{quality: codex}", "{quality: codex}"),
        ("budgets.run", "{tokens: 5000000, minutes: 60}", "{tokens: 5000000, minutes: 60}"),
        (
            "runtimes",
            "{fast: {preset: claude, permissions: [{allow: 'make (test|lint)'}], trust: true}}",
            "{fast: {preset: claude, permissions: [{allow: 'make (test|lint)'}], trust: true}}",
        ),
        ("tests.command", '""', ""),
        ("tests.command", '"make test"', "make test"),
        ("tests.command", '"my tests" "all"', '"my tests" "all"'),
        ("tests.command", "", ""),
        ("cleanup", "keep", "keep"),
    ],
)
def test_a_value_has_the_type_of_its_key(key, typed, value):
    read = read_value(TEMPLATE, key, typed)
    assert read == value
    assert parse_config("gitorch.yaml", with_value("", TEMPLATE, key, read).encode())


@pytest.mark.parametrize(
    ("key", "typed"),
    [
        ("tests.wait_seconds", "soon"),
        ("tests.run_on_target", "perhaps"),
        ("worktrees.copy", "[a, [b]]"),
        ("worktrees.copy", "[ab][cd]"),
        ("worktrees.copy", "[~]"),
        ("worktrees.copy", '"a,b",c'),
        ("review.runtimes", "codex"),
        ("review.runtimes", "{quality: codex"),
        ("review.runtimes", "quality: codex"),
        ("review.runtimes", "{quality: *codex}"),
        ("review.runtimes", ""),
    ],
)
def test_another_value_is_refused(key, typed):
    with pytest.raises(Usage, match=f"{key} is"):
        read_value(TEMPLATE, key, typed)


def test_every_key_of_the_table_has_a_type():
    page = (Path(__file__).parents[2] / "docs/configuration.md").read_text()
    table = page.partition("<!-- The keys")[2].partition("<!-- The end")[0]
    assert set(re.findall(r"^\| `([a-z_.]+)` \|", table, re.MULTILINE)) == set(KEYS)


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


def test_a_key_is_added_to_a_section_in_braces():
    new = with_value(FILE, TEMPLATE, "worktrees.setup", "npm ci")
    assert new == FILE.replace("{base_path", '{setup: "npm ci", base_path')
    assert with_value("tests: {}\n", TEMPLATE, "tests.command", "make") == "tests: {command: make}\n"


def test_a_section_without_keys_is_left_to_its_author():
    with pytest.raises(Usage, match="tests is not written with one key a line"):
        with_value("tests:\n", TEMPLATE, "tests.command", "make")


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("worktrees.copy", "worktrees:\n  copy:\n    - a\n    # why\n    - b\n"),
        ("runtimes", "runtimes:\n  fast:\n    preset: claude\n"),
    ],
)
def test_a_value_in_several_lines_is_left_to_its_author(key, text):
    with pytest.raises(Usage, match=f"{key} is written in several lines, so it has to be changed by hand"):
        with_value(text, TEMPLATE, key, read_value(TEMPLATE, key, "{}"))


def test_sections_of_sections_are_added_too():
    assert with_value("cleanup: ask\n", TEMPLATE, "budgets.run.tokens", 5) == (
        "cleanup: ask\n\nbudgets:\n  run: {tokens: 5}\n"
    )
    lanes = "lanes: {implementer: {runtime: tiny}}\n"
    assert with_value(lanes, TEMPLATE, "lanes.reviewer.runtime", "tiny") == (
        "lanes: {reviewer: {runtime: tiny}, implementer: {runtime: tiny}}\n"
    )


SHORT = "lanes: {implementer: {runtime: tiny}}\nreview: {stages: [spec]}\ntests:\n  command: make\n"


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("text", ["", TEMPLATE, SHORT], ids=["empty", "whole", "short"])
def test_every_key_of_the_table_takes_its_own_value_as_it_is_printed(key, text):
    before = parse_config("gitorch.yaml", text.encode())
    printed = written_value(text, key) or written_value(TEMPLATE, key)
    new = with_value(text, TEMPLATE, key, read_value(TEMPLATE, key, printed))
    after = parse_config("gitorch.yaml", new.encode())
    assert replace(after, places={}) == replace(before, places={})
    assert key in after.places


@pytest.mark.parametrize(
    ("least", "key", "value", "also"),
    [
        ("typed", AT_LEAST, "unattended", {UNATTENDED: True}),
        ("typed", UNATTENDED, True, {AT_LEAST: "unattended"}),
        ("typed", AT_LEAST, "signed", {}),
        ("typed", UNATTENDED, False, {}),
        ("unattended", AT_LEAST, "typed", {UNATTENDED: False}),
        ("unattended", UNATTENDED, False, {AT_LEAST: "typed"}),
        ("signed", UNATTENDED, True, {}),
    ],
)
def test_the_two_keys_of_unattended_approvals_change_together(least, key, value, also):
    assert belonging("", UNATTENDED, value=True) == {AT_LEAST: "unattended"}
    text = f"approval: {{at_least: {least}, unattended: {str(least == 'unattended').lower()}}}\n"
    assert belonging(text, key, value) == also


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


def test_the_known_keys_are_those_of_the_page():
    assert sorted(known_keys(TEMPLATE)) == sorted(KEYS)


WRONG = {
    int: ("many", "perhaps", "{a: 1}", "[3]"),
    bool: ("perhaps", "3", "[true]"),
    tuple: ("{a: 1}",),
    dict: ("3", "[a]"),
}
SAYS = {int: "a whole number", bool: "true or false", tuple: "a list of words", dict: "a mapping in braces"}


@pytest.mark.parametrize("key", [key for key in KEYS if key_type(TEMPLATE, key) in WRONG])
def test_a_value_of_another_type_names_the_key_the_type_and_a_command_that_fits(key):
    wanted = key_type(TEMPLATE, key)
    for typed in WRONG[wanted]:
        with pytest.raises(Usage) as caught:
            read_value(TEMPLATE, key, typed)
        assert caught.value.message == f"{key} is {SAYS[wanted]}, not {typed!r}"
        verb, value = re.fullmatch(rf"gitorch config (get|set) {key} ?'?(.*?)'?", caught.value.hint).groups()
        assert verb == "get" or read_value(TEMPLATE, key, value) is not None
