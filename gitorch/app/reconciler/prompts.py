"""Prompts as files: written where their pointer says, with a copy that is attached to the record of their delivery."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gitorch.app.work.context import brief_of
from gitorch.rules.views.brief import BRIEF_PATH, BRIEF_VALUES_PATH
from gitorch.rules.views.prompts import prompt_path, prompt_text

if TYPE_CHECKING:
    from pathlib import Path

    from gitorch.app.services import Services
    from gitorch.model.ids import PromptId, SessionId
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Prompt, Session


def write_prompt(
    services: Services,
    run: Run,
    session: Session,
    prompt: Prompt,
    worktree: Path,
) -> None:
    """Write a prompt and the brief into a worktree, and keep a copy of the prompt that no agent can change."""
    brief = brief_of(services, run, session)
    text = prompt_text(run, session, prompt, brief.section, brief.done).encode()
    values = json.dumps(brief.values, ensure_ascii=False).encode("utf-8", "backslashreplace")
    services.files.write(worktree / BRIEF_VALUES_PATH, values)
    services.files.write(kept_prompt(services, run, session.id, prompt.id), text)
    services.files.write(worktree / prompt_path(prompt), text)
    if prompt_path(prompt) != BRIEF_PATH:
        services.files.write(worktree / BRIEF_PATH, brief.text.encode())


def kept_prompt(
    services: Services,
    run: Run,
    session: SessionId,
    prompt: PromptId,
) -> Path:
    """Where the copy of a prompt lies until its delivery is recorded."""
    return services.home / "prompts" / run.id / f"{session}-{prompt}.md"
