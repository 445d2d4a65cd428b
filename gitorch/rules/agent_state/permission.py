"""Dialogs: which one a screen shows, what it asks for, and who may answer it without a human, if anybody (T7, T21, T22)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.model.permission import Option, PermissionAnswer, RequestPattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.model.observed import SessionObservation
    from gitorch.model.permission import Rule
    from gitorch.model.runtime import Preset
    from gitorch.model.workflow import Lane

PROMPT_LINES = 40
"""How many rows a prompt may take up."""

PERMISSION = "permission"
TRUST = "trust"
TRUSTED_BY = "trust: true"
"""What stands in the ledger as the rule that trusted a folder."""


def rows(screen: str, *, blank: bool = False) -> str:
    """The last rows of a screen, without a blank one that stands alone; of more than one together an empty row stays, and all if `blank`.

    Programs set the parts of a prompt apart by one blank row. Where there are two, a part is blank itself, and the row above it may be
    something else than it looks: Claude Code shows a command of two lines with a blank description like one of one line with its own.
    """
    text = "\n".join(line.rstrip() for line in screen.split("\n")).strip("\n")
    kept = text if blank else re.sub(r"\n{2,}", lambda gap: "\n" if len(gap[0]) == 2 else "\n\n", text)
    return "\n".join(kept.split("\n")[-PROMPT_LINES:])


def dialog_on(screen: str, preset: Preset) -> str:
    """The name of the dialog on this screen, which is known to show one: `permission`, one of the preset's; empty where unknown."""
    text = rows(screen)
    named = (name for name, dialog in preset.dialogs.items() if re.search(dialog.pattern, text, re.MULTILINE))
    known = next(named, "")
    return known or (PERMISSION if asked_on(screen, preset) is not None else "")


def asked_on(screen: str, preset: Preset) -> tuple[str, RequestPattern] | None:
    """What the prompt on this screen asks to do, and how it is answered; None where the structure is not known whole."""
    for prompt in (*preset.permission_requests, *_trusting(preset)):
        found = re.search(prompt.pattern, rows(screen, blank=prompt.blank_rows), re.MULTILINE)
        if found is not None and found["asked"].strip():
            return found["asked"].strip(), prompt
    return None


def _trusting(preset: Preset) -> tuple[RequestPattern, ...]:
    dialog = preset.dialogs.get(TRUST)
    return (RequestPattern(dialog.pattern, trust=dialog.keys),) if dialog is not None and dialog.keys else ()


def answering(rules: Sequence[Rule], asked: str) -> Rule | None:
    """The first rule whose pattern matches the whole of what is asked; None leaves it to a human.

    What the program asks is its own text and may say anything, so part of it is never enough: `git status` does not allow
    `git status; rm -r .`, unless the pattern itself says so.
    """
    if not asked:
        return None
    return next((rule for rule in rules if re.fullmatch(rule.pattern, asked)), None)


def answer_to(lane: Lane, observation: SessionObservation) -> PermissionAnswer | None:
    """What this lane answers to the dialog that is seen; None leaves it to a human, as every lane does that says nothing.

    Rules are about what an agent may do, never about whom it trusts: a dialog of trust is answered where the lane says `trust: true`.
    """
    if observation.dialog == TRUST:
        return (
            PermissionAnswer(observation.asked, Option.TRUST, TRUSTED_BY) if lane.trust and observation.asked else None
        )
    rule = answering(lane.permissions, observation.asked)
    return PermissionAnswer(observation.asked, rule.option, rule.pattern) if rule is not None else None
