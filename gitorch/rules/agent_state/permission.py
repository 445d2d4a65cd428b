"""Recognise the dialog on a screen and what it asks for, and decide which lane rule may answer it (T7, T21, T22)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.model.observed import AgentState
from gitorch.model.plans.permission import Option, PermissionAnswer, RequestPattern, Rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.model.observed import SessionObservation
    from gitorch.model.plans.runtime import Preset
    from gitorch.model.plans.workflow import Lane

DIALOG_LINES = 40
"""The most rows that a dialog takes up."""

ANY_ARGUMENTS = ":*"
ARGUMENTS = r"(?: [^;&|<>`$()\\\n]*)?"
"""What may follow an allowed command: words that no shell takes for a second command, a redirection or an expansion."""

PERMISSION = "permission"
TRUST = "trust"
LIMIT = "limit"
"""The dialog of a program that has reached its usage limit; answered `once`, the program tries again."""

AT_END_OF_LIMIT = "the limit is over"
"""The rule that the ledger names when gitorch let a program try again at the end of its limit."""

TRUSTED_BY = "trust: true"
"""The rule that the ledger names when a lane's `trust: true` answered a trust dialog."""


def last_rows(screen: str, *, blank: bool = False) -> str:
    """The last rows of a screen. A single blank row is left out, several in a row become one; `blank` keeps them all.

    Programs separate the parts of a dialog by one blank row. Two blank rows mean that a part is itself blank, and then the
    row above may have another meaning: Claude Code shows a two-line command with a blank description exactly like a
    one-line command with its description.
    """
    text = "\n".join(line.rstrip() for line in screen.split("\n")).strip("\n")
    if not blank:
        text = re.sub(r"\n{2,}", _shorter_gap, text)

    return "\n".join(text.split("\n")[-DIALOG_LINES:])


def _shorter_gap(gap: re.Match[str]) -> str:
    """No blank row in place of a single one, and one in place of several."""
    if len(gap[0]) == 2:
        return "\n"

    return "\n\n"


def dialog_on(screen: str, preset: Preset) -> str:
    """The name of the dialog on a screen that shows one.

    It is a name from the preset, in the preset's order, or `permission` for a permission request; empty
    when unknown.
    """
    text = last_rows(screen)
    for name, dialog in preset.dialogs.items():
        if re.search(dialog.pattern, text, re.MULTILINE):
            return name

    if permission_request_on(screen, preset) is not None:
        return PERMISSION

    return ""


def permission_request_on(screen: str, preset: Preset) -> tuple[str, RequestPattern] | None:
    """What the dialog on this screen asks to do, and the pattern that says how to answer it.

    None unless the whole structure of the dialog is known, and for a dialog that asks for nothing.
    """
    for pattern in (*preset.permission_requests, *_trust_patterns(preset)):
        found = re.search(pattern.pattern, last_rows(screen, blank=pattern.blank_rows), re.MULTILINE)
        if found is None:
            continue

        asked = found["asked"].strip()
        if asked:
            return asked, pattern

    return None


def _trust_patterns(preset: Preset) -> tuple[RequestPattern, ...]:
    """The preset's trust dialog as a request pattern.

    Empty unless the preset has such a dialog and says which keys or which choice answer it.
    """
    dialog = preset.dialogs.get(TRUST)
    if dialog is None:
        return ()

    if not dialog.keys and not dialog.choice:
        return ()

    return (RequestPattern(dialog.pattern, trust=dialog.keys, trust_choice=dialog.choice),)


def state_after_limit(dialog: str) -> tuple[AgentState, str]:
    """The state, and its evidence, of a program whose limit is over: at rest, unless the dialog of its limit is open."""
    if dialog == LIMIT:
        return AgentState.DIALOG, "limit: over, and its dialog is open"

    return AgentState.WAITING, "limit: over"


def matching_rule(rules: Sequence[Rule], asked: str) -> Rule | None:
    """The first rule whose pattern matches the whole of what is asked; None leaves the answer to a human.

    The program chooses the text, so matching a part of it is never enough: a rule for `git status` does not allow
    `git status; rm -r .`.
    """
    if not asked:
        return None

    for rule in rules:
        if re.fullmatch(rule.pattern, asked):
            return rule

    return None


def allowing(command: str) -> Rule:
    """The rule that allows a command once: exactly it, or with any arguments that are no further command."""
    exact = command.removesuffix(ANY_ARGUMENTS)
    arguments = ""
    if exact != command:
        arguments = ARGUMENTS

    return Rule(Option.ONCE, re.escape(exact) + arguments)


def answer_to(lane: Lane, observation: SessionObservation, allowed: tuple[str, ...] = ()) -> PermissionAnswer | None:
    """The answer to the dialog that was observed: by a rule of the lane, else by the commands that the run allows.

    None leaves it to a human, which is the default. Permission rules say what an agent may do, not which folders it
    trusts, so only `trust: true` answers a trust dialog.
    """
    if observation.dialog == TRUST:
        if lane.trust and observation.asked:
            return PermissionAnswer(observation.asked, Option.TRUST, TRUSTED_BY)

        return None

    # It shows as a dialog only once the limit is over; before that the agent is `limited`.
    if observation.dialog == LIMIT and observation.asked:
        return PermissionAnswer(observation.asked, Option.ONCE, AT_END_OF_LIMIT)

    rule = matching_rule((*lane.permissions, *map(allowing, allowed)), observation.asked)
    if rule is None:
        return None

    return PermissionAnswer(observation.asked, rule.option, rule.pattern)
