"""The vendors' programs in a cache folder of the project: where they are, and what is installed there by `make agents`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(os.environ.get("GITORCH_AGENTS", Path(__file__).parents[2] / ".cache/agents"))


AIDER = {"AIDER_EDIT_FORMAT": "diff", "AIDER_AUTO_COMMITS": "false", "AIDER_DIRTY_COMMITS": "false"}
"""aider edits as with every model that it knows to be good, and leaves commits to gitorch: it could name none in its report."""


@dataclass(frozen=True)
class Program:
    """One program: the preset that starts it with a key alone, its package, and the variables that lead it to an endpoint."""

    name: str
    preset: str
    package: str
    key: str
    base: str
    path: str = ""
    command: tuple[str, ...] = ()
    """With the preset `acp`: what starts the program."""
    more: tuple[tuple[str, str], ...] = ()
    """Further variables."""

    @property
    def executable(self) -> str:
        return self.command[0] if self.command else self.name

    @property
    def folder(self) -> Path:
        return CACHE / self.executable

    @property
    def bin(self) -> Path:
        """The folder that goes on PATH."""
        return self.folder / ("bin" if self.name == "aider" else "node_modules/.bin")

    @property
    def installed(self) -> bool:
        return (self.bin / self.executable).exists()

    def version(self) -> str:
        """What it says of its version."""
        with tempfile.TemporaryDirectory() as home:
            env = {**os.environ, "HOME": home, "CODEX_HOME": home}
            words = [str(self.bin / self.executable), "--version"]
            done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=120, check=False)
        found = re.search(r"\d+\.\d+\.\d+(?:[-+]\w+(?:\.\w+)*)?", done.stdout)
        return found[0] if found is not None else "an unknown version"

    def env(self, url: str) -> dict[str, str]:
        """What leads the program to the stand-in."""
        more = (
            {"AIDER_EDIT_FORMAT": "diff"} if self.name == "aider" else {}
        )  # as for every model that it knows to be good
        return {self.key: "sk-a-key-for-the-stand-in-000", self.base: url + self.path, **more, **dict(self.more)}

    def settle(self, folder: Path, url: str) -> dict[str, str]:
        """Write the settings that a user of this program by its protocol would have made, and name them in variables."""
        settings = ACP_SETTINGS.get(self.name)
        if settings is None:
            return {}
        variable, file, value = settings
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value).replace("@url@", url + "/v1"))
        return {variable: str(folder if variable.endswith("_HOME") else path)}


ACP_SETTINGS: dict[str, tuple[str, str, object]] = {
    "gemini-acp": (
        "GEMINI_CLI_HOME",
        ".gemini/settings.json",
        {
            "security": {"auth": {"selectedType": "gemini-api-key"}},
            "privacy": {"usageStatisticsEnabled": False},
            "general": {"enableAutoUpdate": False},
        },
    ),
    "opencode-acp": (
        "OPENCODE_CONFIG",
        "opencode.json",
        {
            "autoupdate": False,
            "share": "disabled",
            "model": "key/stand-in",
            "small_model": "key/stand-in",
            "permission": {"edit": "allow", "bash": {"*": "ask"}, "external_directory": "ask"},
            "provider": {
                "key": {
                    "npm": "@ai-sdk/openai-compatible",
                    "name": "Key",
                    "options": {"baseURL": "@url@", "apiKey": "sk-a-key-for-the-stand-in-000"},
                    "models": {"stand-in": {"name": "stand-in", "limit": {"context": 128000, "output": 8000}}},
                }
            },
        },
    ),
}
"""For each program that needs them: the variable that names the file or the folder, the file, and what it says."""


PROGRAMS = {
    program.name: program
    for program in (
        Program("claude", "claude-key", "@anthropic-ai/claude-code", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"),
        Program("codex", "codex-key", "@openai/codex", "OPENAI_API_KEY", "OPENAI_BASE_URL", path="/v1"),
        Program("gemini", "gemini-key", "@google/gemini-cli", "GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL"),
        Program("opencode", "opencode-key", "opencode-ai", "OPENAI_API_KEY", "OPENAI_BASE_URL", path="/v1"),
        Program(
            "gemini-acp",
            "acp",
            "@google/gemini-cli",
            "GEMINI_API_KEY",
            "GOOGLE_GEMINI_BASE_URL",
            command=("gemini", "--acp"),
        ),
        Program(
            "copilot",
            "acp",
            "@github/copilot",
            "COPILOT_PROVIDER_API_KEY",
            "COPILOT_PROVIDER_BASE_URL",
            path="/v1",
            command=("copilot", "--acp"),
            more=(("COPILOT_OFFLINE", "true"), ("COPILOT_MODEL", "stand-in")),
        ),
        Program(
            "qwen",
            "acp",
            "@qwen-code/qwen-code",
            "OPENAI_API_KEY",
            "OPENAI_BASE_URL",
            path="/v1",
            command=("qwen", "--acp"),
            more=(("OPENAI_MODEL", "stand-in"),),
        ),
        Program(
            "opencode-acp",
            "acp",
            "opencode-ai",
            "OPENAI_API_KEY",
            "OPENAI_BASE_URL",
            path="/v1",
            command=("opencode", "acp"),
            more=(("OPENCODE_DISABLE_MODELS_FETCH", "1"),),
        ),
        Program("aider", "aider", "aider-chat", "OPENAI_API_KEY", "OPENAI_API_BASE", path="/v1"),
    )
}
