"""The preset on the page about MCP is one that gitorch takes, and keeps what the shipped one has."""

from __future__ import annotations

import json
from pathlib import Path

from gitorch.wiring.presets import find_preset

PAGE = Path(__file__).resolve().parents[2] / "docs/mcp.md"


def test_the_preset_of_the_page_starts_the_server_and_keeps_the_hooks(tmp_path):
    text = PAGE.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    (tmp_path / "gitorch-runtimes").mkdir()
    (tmp_path / "gitorch-runtimes/claude-mcp.yaml").write_text(text, encoding="utf-8")
    shipped, preset = find_preset("claude", tmp_path), find_preset("claude-mcp", tmp_path)
    assert preset.argv[: len(shipped.argv)] == shipped.argv
    assert json.loads(preset.argv[-1]) == {"mcpServers": {"gitorch": {"command": "gitorch", "args": ["mcp"]}}}
    assert preset.files == shipped.files
