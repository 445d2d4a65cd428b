"""The home of a user who has set up Claude Code and Codex: signed in, and with the answers that they gave once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from programs import PROGRAMS

if TYPE_CHECKING:
    from collections.abc import Iterable
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


def sign_in(user: Path, trusted: Iterable[Path], api: StandIn, codex: str) -> None:
    """Write what the two programs keep there, with the stand-in's key. `codex` is how Codex is called at the stand-in."""
    key = PROGRAMS["claude"].env("")["ANTHROPIC_API_KEY"]
    answers = {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}
    account = {
        "hasCompletedOnboarding": True,
        "theme": "dark",
        "customApiKeyResponses": {"approved": [key[-20:]], "rejected": []},
        "projects": {str(path): answers for path in trusted},
    }
    (user / ".claude").mkdir(parents=True)
    (user / ".claude.json").write_text(json.dumps(account))
    (user / ".codex").mkdir()
    (user / ".codex/config.toml").write_text(CODEX_CONFIG.format(url=api.url(codex)))
