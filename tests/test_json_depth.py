"""JSON that is nested too deeply makes Python raise RecursionError, which no caller expects: every reader of foreign JSON catches it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from gitorch.model.json_text import parse_json

ROOT = Path(__file__).parent.parent / "gitorch"
OWN = {
    "app/start/skills.py": "what gitorch itself is about to write",
    "mcp/caller.py": "what gitorch's own verb printed",
    "mcp/results.py": "what gitorch's own verb printed",
    "mcp/server.py": "what gitorch's own verb printed",
    "scripted/client.py": "what gitorch's own verb printed",
    "text/app_server.py": "an id that the same module wrote",
    "world/check_runner.py": "what gitorch's own child process sent",
    "world/terminal_restorer.py": "what gitorch's own parent process sent",
}


CALLERS = {
    "text/outbox_entry.py": "`read_entry` catches it for both",
    "world/channels/opencode.py": "`ask` catches it",
}
"""Where a caller catches it."""


def unguarded(source: str) -> int:
    """How many calls of `json.loads` stand in no `try` that catches RecursionError."""
    if "json.loads" not in source:
        return 0
    tree = ast.parse(source)
    calls = {node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "json.loads"}
    for block in ast.walk(tree):
        if isinstance(block, ast.Try) and any("RecursionError" in ast.unparse(one) for one in block.handlers):
            calls -= {node for statement in block.body for node in ast.walk(statement)}
    return len(calls)


def test_every_reader_of_foreign_json_catches_a_nesting_that_is_too_deep():
    found = {str(path.relative_to(ROOT)): unguarded(path.read_text()) for path in sorted(ROOT.rglob("*.py"))}
    assert {path for path, count in found.items() if count} <= set(OWN) | set(CALLERS)


@pytest.mark.parametrize("text", ["[" * 200_000, b"[" * 200_000, '{"a":' * 200_000, "", "[", "nothing"])
def test_what_is_no_json_is_a_value_error(text):
    with pytest.raises(ValueError, match=r"nested too deeply|line 1 column"):
        parse_json(text)


def test_json_is_its_value():
    assert parse_json(b'{"a": [1, null]}') == {"a": [1, None]}
