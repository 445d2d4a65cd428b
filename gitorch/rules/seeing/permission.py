"""Permission prompts: what a screen asks for, and which rule of the lane answers it, if any (T21, T22)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.rules.seeing.screen import tail

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.model.permission import Prompt, Rule
    from gitorch.model.runtime import Preset

PROMPT_LINES = 40
"""How many lines that are not blank a prompt may take up."""


def asked_on(screen: str, preset: Preset) -> tuple[str, Prompt] | None:
    """What the prompt on this screen asks to do, and how it is answered; None where the structure is not known whole."""
    text = tail(screen, PROMPT_LINES)
    for prompt in preset.prompts:
        found = re.search(prompt.pattern, text, re.MULTILINE)
        if found is not None and found["asked"].strip():
            return found["asked"].strip(), prompt
    return None


def answering(rules: Sequence[Rule], asked: str) -> Rule | None:
    """The first rule whose pattern matches the whole of what is asked; None leaves it to a human.

    What the program asks is its own text and may say anything, so part of it is never enough: `git status` does not allow
    `git status; rm -r .`, unless the pattern itself says so.
    """
    if not asked:
        return None
    return next((rule for rule in rules if re.fullmatch(rule.pattern, asked)), None)
