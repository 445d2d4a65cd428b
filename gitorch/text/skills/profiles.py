"""Where each program looks for skills, commands and servers, in a project and in the user's home."""

from __future__ import annotations

import json
import posixpath
from typing import TYPE_CHECKING, NamedTuple

from gitorch.model.plans.skills import FileForm, SkillFile
from gitorch.text.skills.stamps import stamped

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVER = {"command": "gitorch", "args": ["mcp"]}
STAMP = "gitorch {version} {digest}"
CODEX_TABLE = '[mcp_servers.gitorch]\ncommand = "gitorch"\nargs = ["mcp"]\n'


class Settings(NamedTuple):
    """The file of settings in which a program lists its MCP servers, and the entry for gitorch's server."""

    path: str
    key: tuple[str, ...] = ("mcpServers", "gitorch")
    entry: object = SERVER


class Place(NamedTuple):
    """Where a program looks, in a project or in a home."""

    skills: str
    settings: Settings | None = None
    commands: str = ""
    """The path of a command with `{name}` in it; empty for a program that has none here."""


OPENCODE = Settings(
    "opencode.json", ("mcp", "gitorch"), {"type": "local", "command": ["gitorch", "mcp"], "enabled": True}
)
PROJECT: Mapping[str, Place] = {
    "claude": Place(".claude/skills", Settings(".mcp.json"), ".claude/commands/gitorch/{name}.md"),
    "codex": Place(".agents/skills", Settings(".codex/config.toml")),
    "gemini": Place(".gemini/skills", Settings(".gemini/settings.json"), ".gemini/commands/gitorch/{name}.toml"),
    "opencode": Place(".opencode/skills", OPENCODE, ".opencode/commands/gitorch-{name}.md"),
    "copilot": Place(".github/skills", None, ".github/prompts/gitorch-{name}.prompt.md"),
    "generic": Place(".agents/plugins/gitorch/skills"),
}
"""Below the root of the repository."""

HOME: Mapping[str, Place] = {
    "claude": Place(".claude/skills", Settings(".claude.json"), ".claude/commands/gitorch/{name}.md"),
    "codex": Place(".agents/skills", Settings(".codex/config.toml"), ".codex/prompts/gitorch-{name}.md"),
    "gemini": Place(".gemini/skills", Settings(".gemini/settings.json"), ".gemini/commands/gitorch/{name}.toml"),
    "opencode": Place(
        ".config/opencode/skills",
        OPENCODE._replace(path=".config/opencode/opencode.json"),
        ".config/opencode/commands/gitorch-{name}.md",
    ),
    "copilot": Place(".copilot/skills", Settings(".copilot/mcp-config.json")),
    "generic": Place(".agents/plugins/gitorch/skills"),
}
"""Below the user's home."""

MOVED = (
    (".claude/", "CLAUDE_CONFIG_DIR", ""),
    (".claude.json", "CLAUDE_CONFIG_DIR", ".claude.json"),
    (".codex/", "CODEX_HOME", ""),
    (".gemini/", "GEMINI_CLI_HOME", ".gemini/"),
    (".config/", "XDG_CONFIG_HOME", ""),
    (".copilot/", "COPILOT_HOME", ""),
)
"""How paths below the home begin that a variable moves, the variable, and how they begin in the folder that it names.

Seen with `mcp add` for the user of Claude Code 2.1.197, Codex 0.171.0, Gemini CLI 0.61.0 and Copilot CLI 1.0.102. Codex looks for skills
in `~/.agents` whatever CODEX_HOME says.
"""

PROFILES = tuple(PROJECT)
"""The programs for which there are bundles."""

PLUGIN = {
    "$schema": "https://agent-plugins.org/schemas/1.0.0/plugin.schema.json",
    "name": "gitorch",
    "description": "Work under gitorch, drive its runs, and write its plans.",
}
CLAUDE_PLUGIN = {"name": "gitorch", "description": PLUGIN["description"], "author": {"name": "gitorch"}}
GEMINI_EXTENSION = {"name": "gitorch", "description": PLUGIN["description"], "mcpServers": {"gitorch": SERVER}}
MARKETPLACE = {
    "name": "gitorch",
    "plugins": [
        {
            "name": "gitorch",
            "source": {"source": "local", "path": "./.agents/plugins/gitorch"},
            "policy": {"installation": "AVAILABLE", "authentication": "ON_INSTALL"},
            "category": "Developer Tools",
        }
    ],
}
"""Where Codex 0.171.0 looks for plugins: `marketplace.json` beside them, with paths from the root of the repository or home."""

PLUGIN_SERVERS = {
    "$schema": "https://agent-plugins.org/schemas/1.0.0/mcp.schema.json",
    "mcpServers": {"gitorch": {"type": "stdio", **SERVER}},
}


PLUGIN_HOOKS = {
    "hooks": {"SessionStart": [{"hooks": [{"type": "command", "command": "gitorch hook context"}]}]},
}
"""In the form of Claude Code, which Codex and Gemini CLI read, too. Codex refuses a file with any other key."""


class Sources(NamedTuple):
    """The one source of all bundles: templates by name."""

    skills: Mapping[str, str]
    commands: Mapping[str, str]
    version: str


def place_in_home(path: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """Where a path below the home is for its program: the folder that its variable names, empty for the home, and the path in it."""
    for start, variable, inner in MOVED:
        folder = environ.get(variable, "")
        if folder and path.startswith(start):
            return folder, inner + path.removeprefix(start)

    return "", path


def files_of(profile: str, sources: Sources, *, in_home: bool) -> tuple[SkillFile, ...]:
    """The files of a profile, as this version writes them."""
    place = (HOME if in_home else PROJECT)[profile]
    found: list[SkillFile] = []
    for name, template in sources.skills.items():
        text = stamped(template, sources.version)
        found.append(SkillFile(f"{place.skills}/{name}/SKILL.md", FileForm.WHOLE, text))

    if place.commands:
        for name, template in sources.commands.items():
            path = place.commands.format(name=name)
            found.append(SkillFile(path, FileForm.WHOLE, stamped(_command(path, template), sources.version)))

    if profile == "generic":
        found += _plugin(place.skills.removesuffix("/skills"), sources.version)

    if place.settings is not None:
        found.append(_entry(place.settings))

    return tuple(found)


def _command(path: str, template: str) -> str:
    """A command in the form of its program: Markdown with front matter, or TOML."""
    summary, _, prompt = template.partition("\n\n")
    if path.endswith(".toml"):
        body = prompt.replace("$ARGUMENTS", "{{args}}")
        return f'# {STAMP}\ndescription = {json.dumps(summary)}\nprompt = """\n{body}"""\n'

    return f"---\ndescription: {summary}\n---\n\n{prompt}\n<!-- {STAMP} -->\n"


def _plugin(folder: str, version: str) -> list[SkillFile]:
    """The manifests of a plugin: portable, of Claude Code, of Gemini CLI, and the list that Codex reads. None allows a stamp."""
    manifests: dict[str, Mapping[str, object]] = {
        "plugin.json": PLUGIN,
        ".claude-plugin/plugin.json": {**CLAUDE_PLUGIN, "version": version},
        "mcp.json": PLUGIN_SERVERS,
        "hooks/hooks.json": PLUGIN_HOOKS,
        "gemini-extension.json": {**GEMINI_EXTENSION, "version": version},
        "../marketplace.json": MARKETPLACE,
    }
    found: list[SkillFile] = []
    for name, values in manifests.items():
        for key, value in values.items():
            path = posixpath.normpath(f"{folder}/{name}")
            found.append(SkillFile(path, FileForm.JSON_ENTRY, json.dumps(value), (key,)))

    return found


def _entry(settings: Settings) -> SkillFile:
    """The entry of the server in a program's settings."""
    if settings.path.endswith(".toml"):
        return SkillFile(settings.path, FileForm.TOML_ENTRY, CODEX_TABLE)

    return SkillFile(settings.path, FileForm.JSON_ENTRY, json.dumps(settings.entry), settings.key)
