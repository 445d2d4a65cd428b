"""Permission requests of agent programs: how they are recognised, and what may be answered without a human."""

from __future__ import annotations

from typing import assert_never

from gitorch.model.values import Value
from gitorch.model.words import Words


class Option(Words):
    """The answers that rules and lanes may give without a human, never "always"; and the choice of a human."""

    ONCE = "once"
    REJECT = "reject"
    TRUST = "trust"
    CHOSEN = "chosen"
    """A human picked one of the choices that the program showed."""


class Rule(Value):
    """A lane's answer to permission requests."""

    option: Option
    pattern: str
    """Must match the whole text of the request."""


class RequestPattern(Value):
    """How a preset recognises a permission request, and which keys choose an option in it.

    The pattern is searched in the last rows of a screen.
    """

    pattern: str
    """Matches the whole structure of the request, the options and the selected one included, so that the keys are safe; its group `asked` is what the program asks to do."""
    once: tuple[str, ...] = ()
    reject: tuple[str, ...] = ()
    trust: tuple[str, ...] = ()
    trust_choice: str = ""
    """Matches the whole text of the choice that trusts a folder, for a dialog that shows a list."""
    blank_rows: bool = False
    """Whether blank rows are kept; else single ones are dropped and longer gaps become one."""

    def keys(self, option: Option) -> tuple[str, ...]:
        """The keys that choose this option; empty when the preset does not know them."""
        match option:
            case Option.ONCE:
                return self.once
            case Option.REJECT:
                return self.reject
            case Option.TRUST:
                return self.trust
            case Option.CHOSEN:
                return ()

        assert_never(option)


class Dialog(Value):
    """How a preset recognises a dialog of a program's first run, in the rows that are not blank."""

    pattern: str
    """With `keys` or `choice`, it matches the dialog's whole structure, and its group `asked` names the folder."""
    keys: tuple[str, ...] = ()
    """For a trust dialog: the keys that trust the folder and do nothing else."""
    choice: str = ""
    """For a trust dialog that is a list: matches the whole text of the choice that trusts the folder and does nothing else. The pattern then holds whichever row is selected."""


class PermissionAnswer(Value):
    """A permission request that was answered."""

    asked: str
    """The text of the request."""
    option: Option
    rule: str
    """The pattern of the rule that chose the option; the id of the question at which a human did."""
    reason: str = ""
    """What a human said with it; a program that takes a reason is told."""
