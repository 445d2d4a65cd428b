"""The table of what each program showed: every program is in it, and every test that it names exists and tests that program."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest
from matrix import ACP
from programs import PROGRAMS

PAGE = (Path(__file__).parents[2] / "docs/agents.md").read_text(encoding="utf-8")
SECTION = PAGE.split("## Which program showed what\n")[1].split("\n## ")[0]
ROWS = [[cell.strip() for cell in line.split("|")[1:-1]] for line in re.findall(r"^\| `.*$", SECTION, re.MULTILINE)]
TESTS = {
    word: (file, name)
    for word, file, name in re.findall(r"^- `(.+)`: `tests/agents/(\w+)\.py::(\w+)`$", SECTION, re.MULTILINE)
}
OF_ONE = {
    "test_claude_states": "claude",
    "test_codex_server": "codex",
    "test_gemini_limits": "gemini",
    "test_opencode_server": "opencode",
}
"""The modules whose tests start one program."""

CELL = re.compile(r"`[\w ]+` \d+\.\d+\.\d+, 2026-\d\d-\d\d|not run")


def programs_of(file: str, name: str) -> set[str]:
    """The programs with which a test is run."""
    if file in OF_ONE:
        return {OF_ONE[file]}
    if file == "test_acp":
        return set(ACP)
    module = import_module(file)
    marks = [mark.args for mark in getattr(module, name).pytestmark if mark.name == "parametrize"]
    (values,) = (values for names, values in marks if names in {"name", "writer"})
    return set(values)


def test_each_program_that_was_to_show_it_has_a_row() -> None:
    assert {row[0].strip("`") for row in ROWS} == set(PROGRAMS) - {"aider"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_each_cell_names_tests_of_its_program_and_a_version(row: list[str]) -> None:
    program = row[0].strip("`")
    for cell in row[1:]:
        assert CELL.fullmatch(cell), cell
        for word in re.findall(r"`([^`]+)`", cell):
            file, name = TESTS[word]
            assert callable(getattr(import_module(file), name))
            assert program in programs_of(file, name), f"{name} does not start {program}"


def test_each_named_test_stands_in_a_row() -> None:
    assert set(TESTS) == set(re.findall(r"`([^`]+)`", " ".join(cell for row in ROWS for cell in row[1:])))
