"""Names in backticks exist: a class, function, field or module that a docstring or page names is somewhere in the source."""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import TYPE_CHECKING

import pytest
from sources import TOP, nodes

if TYPE_CHECKING:
    from pathlib import Path

FLOORS = {path.name for path in (TOP / "gitorch").iterdir() if path.is_dir()}
SOURCES = sorted((TOP / "gitorch").rglob("*.py"))
PAGES = sorted(path for path in (TOP / "docs").rglob("*.md") if path.name != "parity.md" and path.parent.name != "adr")
QUOTED = re.compile(r"`([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)(?:\(\))?`")

OTHERS = {
    "StopFailure": "an event of Claude Code",
    "ledger.queue": "a file",
    "ledger.remote": "a setting",
    "ledger.public": "a setting",
}
"""Names of other programs, of files and of settings."""


@cache
def names_and_strings(path: Path) -> tuple[frozenset[str], tuple[str, ...]]:
    """The identifiers of a file of the source, each part of a dotted one on its own, and its strings."""
    names, strings = set[str](), []
    for node in nodes()[path]:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            strings.append(node.value)
        held = vars(node)
        for field in ("id", "attr", "arg", "name", "module"):
            value = held.get(field)
            if isinstance(value, str):
                names.update(value.split("."))
    return frozenset(names), tuple(strings)


@cache
def known_names() -> frozenset[str]:
    """Every identifier of the source, and every word in its strings and templates."""
    found: set[str] = set()
    for path in SOURCES:
        names, strings = names_and_strings(path)
        found |= names | {path.stem}
        for text in strings:
            if "`" not in text:
                found.update(re.findall(r"\w+", text))
    for folder in ("templates", "examples", "tests"):
        for path in (TOP / folder).rglob("*"):
            if path.suffix in {".yaml", ".toml", ".py", ".md"}:
                found.update(re.findall(r"\w+", path.name))
                if folder != "tests":
                    found.update(re.findall(r"\w+", path.read_text(encoding="utf-8")))
    return frozenset(found)


def module_exists(floor: str, name: str) -> bool:
    """Whether a floor has a module or room of this name."""
    path = TOP / "gitorch" / floor / name
    return path.is_dir() or path.with_suffix(".py").is_file()


def lost(text: str) -> list[str]:
    """The names in backticks that look like a class, a module or a function, and that nothing bears."""
    found = []
    for name in QUOTED.findall(text):
        first, *rest = name.split(".")
        is_module = bool(rest) and first in FLOORS
        is_class = re.fullmatch(r"(?:[A-Z][a-z0-9]+){2,}", first) is not None
        is_function = "_" in first.strip("_") and first.islower() and not rest
        if name in OTHERS:
            continue
        if is_module and not module_exists(first, rest[0]):
            found.append(name)
        elif (is_class or is_function) and first not in known_names():
            found.append(name)
    return found


def texts_of(path: Path) -> list[str]:
    """The docstrings and comments of a file of the source."""
    _, strings = names_and_strings(path)
    return [text for text in strings if "`" in text] + re.findall(r"#.*", path.read_text(encoding="utf-8"))


def test_names_in_the_source_exist() -> None:
    found = [f"{path.relative_to(TOP)}: {name}" for path in SOURCES for text in texts_of(path) for name in lost(text)]
    assert found == [], "\n".join(found)


@pytest.mark.parametrize("page", PAGES, ids=[path.name for path in PAGES])
def test_names_on_a_page_exist(page: Path) -> None:
    assert lost(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("name", ["`KeptHandIn`", "`rules.readings`", "`write_letter`", "`write_letter()`"])
def test_a_name_that_is_gone_is_noticed(name: str) -> None:
    assert lost(f"See {name}.") == [name.strip("`").removesuffix("()")]


@pytest.mark.parametrize("name", ["`Run`", "`rules.decide`", "`branch_of`", "`GITORCH_TOKEN`", "`git`", "`a.py`"])
def test_other_words_pass(name: str) -> None:
    assert lost(f"See {name}.") == []
