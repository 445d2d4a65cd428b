"""The home of a user who has set up their programs: signed in, and with the answers that they gave once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from programs import PROGRAMS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from stand_in import StandIn

CODEX_CONFIG = """\
model = "stand-in"
model_provider = "key"
[model_providers.key]
name = "OpenAI"
base_url = "{url}/v1"
env_key = "OPENAI_API_KEY"
wire_api = "responses"
[features]
daemon_auto_start = false
[analytics]
enabled = false
"""

GEMINI_SETTINGS = {
    "security": {"auth": {"selectedType": "gemini-api-key"}},
    "privacy": {"usageStatisticsEnabled": False},
    "ide": {"hasSeenNudge": True},
    "general": {"enableAutoUpdate": False, "enableAutoUpdateNotification": False},
}


def sign_in(user: Path, trusted: Iterable[Path], api: StandIn, agents: Mapping[str, str]) -> None:
    """Write what each program keeps there, with the stand-in's key. `agents` says how each program is called at the stand-in."""
    for name, called in agents.items():
        HOMES[name](user, trusted, api.url(called))


def _claude(user: Path, trusted: Iterable[Path], _url: str) -> None:
    key = PROGRAMS["claude"].env("")["ANTHROPIC_API_KEY"]
    answers = {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}
    account = {
        "hasCompletedOnboarding": True,
        "theme": "dark",
        "customApiKeyResponses": {"approved": [key[-20:]], "rejected": []},
        "projects": {str(path): answers for path in trusted},
    }
    _write(user / ".claude.json", json.dumps(account))
    (user / ".claude").mkdir()


def _codex(user: Path, _trusted: Iterable[Path], url: str) -> None:
    _write(user / ".codex/config.toml", CODEX_CONFIG.format(url=url))


def _gemini(user: Path, _trusted: Iterable[Path], _url: str) -> None:
    _write(user / ".gemini/settings.json", json.dumps(GEMINI_SETTINGS))


def _opencode(user: Path, _trusted: Iterable[Path], url: str) -> None:
    """With a provider of their own, and the package for plugins that the program fetches at its first start."""
    config = user / ".config/opencode"
    models = {"stand-in": {"name": "stand-in", "limit": {"context": 128000, "output": 8000}}}
    options = {"baseURL": f"{url}/v1", "apiKey": "{env:OPENAI_API_KEY}"}
    provider = {"npm": "@ai-sdk/openai-compatible", "name": "Key", "options": options, "models": models}
    settings = {"model": "key/stand-in", "small_model": "key/stand-in", "provider": {"key": provider}}
    _write(config / "opencode.json", json.dumps(settings))
    _write(config / "package-lock.json", json.dumps({"packages": {"": {"dependencies": {"@opencode-ai/plugin": "*"}}}}))
    (config / "node_modules").mkdir()


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


HOMES: Mapping[str, Callable[[Path, Iterable[Path], str], None]] = {
    "claude": _claude,
    "codex": _codex,
    "gemini": _gemini,
    "opencode": _opencode,
}
"""What writes the home of each program's user."""
