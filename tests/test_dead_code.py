"""Code that only tests use, or nobody: found by vulture, with what is used in ways that it cannot see listed here."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from sources import TOP, nodes
from vulture import Vulture

if TYPE_CHECKING:
    from pathlib import Path

    from vulture.core import Item

SEEN_BY_OTHERS = {
    "validateLink": "markdown-it calls it",
    "list_commands": "click calls it",
    "get_command": "click calls it",
    "format_commands": "click calls it",
    "max_depth": "ruamel.yaml reads it",
    "__path__": "Python looks for the modules of a package there",
    "warn_double_anchors": "ruamel.yaml reads it",
    "exits": "the page of the command line is made from it",
    "completes": "shells complete by it",
}
"""Names that a library calls or reads."""

SEEN_BY_OTHERS |= dict.fromkeys(
    ("used_percent",),
    "channels of programs that report what they use fill it",
)

SEEN_BY_OTHERS |= dict.fromkeys(("__init_subclass__", "__iter__", "__len__"), "Python calls those of sets of words")

SEEN_BY_TEXTUAL = {
    "_handle_exception",
    "BINDINGS",
    "CSS",
    "DEFAULT_CSS",
    "ENABLE_COMMAND_PALETTE",
    "can_focus",
    "compose",
    "display",
    "get_default_screen",
    "max_height",
    "render_line",
    "virtual_size",
}
"""What Textual calls, reads or notices on the classes of the console."""

CALLED_BY_TEXTUAL = ("action_", "on_")
"""How the methods of the console begin that keys and messages call."""


def names_as_text() -> set[str]:
    """Every text in the source that could be a name: verbs, fields of records, keys of files are looked up by them."""
    texts = (node.value for found in nodes().values() for node in found if isinstance(node, ast.Constant))
    words = {word for text in texts if isinstance(text, str) for word in text.split(":")}
    return {word for word in words if word.isidentifier()}


def words_of_templates() -> set[str]:
    """Every word of the templates of the web page, which read the fields of values."""
    found: set[str] = set()
    for path in (TOP / "gitorch" / "web" / "html").glob("*.html"):
        for code in re.findall(r"{[{%](.*?)[%}]}", path.read_text(encoding="utf-8"), re.DOTALL):
            found.update(re.findall(r"[A-Za-z_]\w*", code))
    return found


def words_of_enums() -> set[str]:
    """The members of enums, which are made from the words of files and records."""
    found: set[str] = set()
    for nodes_of_file in nodes().values():
        for node in nodes_of_file:
            if isinstance(node, ast.ClassDef) and "Words" in {ast.unparse(base) for base in node.bases}:
                assigned = [statement for statement in node.body if isinstance(statement, ast.Assign)]
                found.update(ast.unparse(one.targets[0]) for one in assigned)
    return found


def test_everything_in_the_source_is_used_by_the_source() -> None:
    search = Vulture()
    search.scavenge([str(TOP / "gitorch")])
    known = names_as_text() | words_of_templates() | words_of_enums() | SEEN_BY_OTHERS.keys()
    dead = [one.get_report() for one in search.get_unused_code(min_confidence=60) if not is_known(one, known)]
    assert dead == [], "\n".join(dead)


def is_known(one: Item, known: set[str]) -> bool:
    """Whether something is used in a way that vulture cannot see."""
    if one.name in known:
        return True
    if one.filename.parent.name != "console":
        return False
    return one.name in SEEN_BY_TEXTUAL or one.name.startswith(CALLED_BY_TEXTUAL)


def test_a_function_that_nobody_calls_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "def used():\n    return 1\n\n\ndef unused():\n    return used()\n", encoding="utf-8"
    )
    search = Vulture()
    search.scavenge([str(tmp_path)])
    assert [one.name for one in search.get_unused_code(min_confidence=60)] == ["unused"]
