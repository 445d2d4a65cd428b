"""The vendors' programs in a cache folder of the project: where they are, and what is installed there by `make agents`."""

from __future__ import annotations

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

    @property
    def folder(self) -> Path:
        return CACHE / self.name

    @property
    def bin(self) -> Path:
        """The folder that goes on PATH."""
        return self.folder / ("bin" if self.name == "aider" else "node_modules/.bin")

    @property
    def installed(self) -> bool:
        return (self.bin / self.name).exists()

    def version(self) -> str:
        """What it says of its version."""
        with tempfile.TemporaryDirectory() as home:
            env = {**os.environ, "HOME": home, "CODEX_HOME": home}
            words = [str(self.bin / self.name), "--version"]
            done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=120, check=False)
        found = re.search(r"\d+\.\d+\.\d+\S*", done.stdout)
        return found[0] if found is not None else "an unknown version"

    def env(self, url: str) -> dict[str, str]:
        """What leads the program to the stand-in."""
        more = (
            {"AIDER_EDIT_FORMAT": "diff"} if self.name == "aider" else {}
        )  # as for every model that it knows to be good
        return {self.key: "sk-a-key-for-the-stand-in-000", self.base: url + self.path, **more}


PROGRAMS = {
    program.name: program
    for program in (
        Program("claude", "claude-key", "@anthropic-ai/claude-code", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"),
        Program("codex", "codex-key", "@openai/codex", "OPENAI_API_KEY", "OPENAI_BASE_URL", path="/v1"),
        Program("gemini", "gemini-key", "@google/gemini-cli", "GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL"),
        Program("opencode", "opencode-key", "opencode-ai", "OPENAI_API_KEY", "OPENAI_BASE_URL", path="/v1"),
        Program("aider", "aider", "aider-chat", "OPENAI_API_KEY", "OPENAI_API_BASE", path="/v1"),
    )
}
