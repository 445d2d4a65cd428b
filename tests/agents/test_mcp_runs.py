"""Runs whose programs report and judge through the MCP server alone: they call no verb of the command line."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from house import house
from mind import Cue, Mind
from programs import PROGRAMS
from real_runs import configure, drive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from house import House
    from stand_in import StandIn

pytestmark = [pytest.mark.tmux, pytest.mark.agents]

PRESETS = {
    "claude": """\
name: claude-mcp
extends: claude-key
one_shot_argv: [-p, "{prompt}", --output-format, json, --allowedTools, mcp__gitorch, --mcp-config, '{"mcpServers": {"gitorch": {"command": "gitorch", "args": ["mcp"]}}}']
""",
    "codex": """\
name: codex-mcp
extends: codex-key
one_shot_argv: [exec, --json, --sandbox, {sandbox}, -c, 'mcp_servers.gitorch={{command="gitorch",args=["mcp"],default_tools_approval_mode="approve"}}', "{{prompt}}"]
""",
    "gemini": """\
name: gemini-mcp
extends: gemini-key
files:
  "{place}/gemini/.gemini/settings.json": |
    {"security": {"auth": {"selectedType": "gemini-api-key"}},
     "privacy": {"usageStatisticsEnabled": false},
     "general": {"enableAutoUpdate": false, "enableAutoUpdateNotification": false},
     "mcpServers": {"gitorch": {"command": "gitorch", "args": ["mcp"], "trust": true}}}
""",
}

VERDICT = r"\\?\"commit\\?\": ?\\?\"(?P<commit>\w{40})[\s\S]*\\?\"nonce\\?\": ?\\?\"(?P<nonce>\w+)"

STORY = (
    Cue(r"\ARead (?P<path>\S+) and do what it says\.", uses="brief"),
    Cue(r"Stop here|You are done|is cleared at", says="I stop here."),
    Cue(r"\nafter .*git commit", uses="handoff", arguments={"status": "DONE", "summary": "As asked", "tests": "none"}),
    Cue(r"\nafter .*api\.txt", runs='git add api.txt && git commit -q -m "Write api.txt" && git rev-parse HEAD'),
    Cue(r"\\?\"kind\\?\": ?\\?\"build\\?\"", writes=("api.txt", "One word.\n")),
    Cue(
        VERDICT + r"[\s\S]*probed: [1-9]",
        by="codex-reviewer",
        uses="verdict",
        arguments={"choice": "accept", "commit": "@commit@", "nonce": "@nonce@", "summary": "As asked"},
    ),
    Cue(VERDICT, by="codex-reviewer", runs="touch probe; echo probed: $?"),
    Cue(
        VERDICT,
        uses="verdict",
        arguments={"choice": "accept", "commit": "@commit@", "nonce": "@nonce@", "summary": "As asked"},
    ),
)
"""A model that reads its brief by a tool, writes and commits by the program's own, and hands in by a tool."""


def through_mcp(home: House, api: StandIn, name: str) -> None:
    """Both lanes are this program, one-shot, with the server in its settings; Codex reviews in its read-only sandbox."""
    configure(home, api, name, name, one_shot=True)
    path = home.path / "gitorch.yaml"
    runtimes = {}
    for role, sandbox in (("writer", "workspace-write"), ("reviewer", "read-only")):
        preset = f"{name}-{role}-mcp"
        text = PRESETS[name]
        if name == "codex":
            text = text.format(sandbox=sandbox)
        home.repo.write({f"gitorch-runtimes/{preset}.yaml": text.replace(f"name: {name}-mcp", f"name: {preset}")})
        env = PROGRAMS[name].env(api.url(f"{name}-{role}"))
        runtimes[role] = {
            "preset": preset,
            "model": "" if name == "gemini" else "stand-in",
            "env": env,
            "one_shot": True,
        }
    lines = [line for line in path.read_text().splitlines() if not line.startswith("runtimes:")]
    path.write_text("\n".join([*lines, f"runtimes: {json.dumps(runtimes)}"]) + "\n")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder outside `/tmp`, because Codex 0.171.0 could start no command in its own sandbox with its home below `/tmp`."""
    made = Path(tempfile.mkdtemp(prefix="gitorch-agents-", dir="/var/tmp"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.mark.parametrize("name", ["claude", "codex", "gemini"])
def test_a_program_goes_from_its_brief_to_its_report_and_its_verdict_by_tools(
    folder: Path, api: StandIn, name: str
) -> None:
    if not PROGRAMS[name].installed:
        pytest.skip(f"{name} is not installed: make agents")
    api.mind = Mind(*STORY)
    with house(folder, "repo") as home:
        through_mcp(home, api, name)
        run = home.start("api")
        drive(home)
        called = {one.ask.called for one in api.heard() if one.ask is not None}
        assert not any("gitorch handoff" in text or "gitorch verdict" in text for text in called)
        offered = {tool for one in api.heard() if one.ask for tool in one.ask.services if "gitorch" in tool}
        assert offered or name == "claude", "whose newer versions show tools only to a model that searches for them"
        assert not [tool for tool in offered if tool.endswith(("_approve", "_reject", "_answer", "_decide"))]
        assert home.records("outbox-entry-accepted") == []
        assert [one["verdict"] for one in home.records("verdict-given")] == ["accept"]
        home("approve", run, "--yes")
        assert home.repo.git("show", "main:api.txt") == "One word."
        assert home("verify").status == 0
