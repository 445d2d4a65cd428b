"""Permission prompts of agent programs: how one is known, and what may be answered without a human."""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never

from gitorch.model.values import Value


class Option(StrEnum):
    """The answers that may be given without a human: a rule chooses one of the first two, never "always"; a lane trusts its folder."""

    ONCE = "once"
    REJECT = "reject"
    TRUST = "trust"


class Rule(Value):
    """What a lane's configuration says of a permission prompt: `pattern` must match the whole of what is asked for."""

    option: Option
    pattern: str


class RequestPattern(Value):
    """How a preset knows a permission prompt, and which keys choose an option in it.

    It is looked for in the last rows of a screen: a single blank one is left out, and of more together one stays; with `blank_rows`
    all of them do.

    `pattern` has a group `asked`: what the program asks to do. It must match all of the prompt's structure, the options with the
    selected one included, so that the keys mean what they say.
    """

    pattern: str
    once: tuple[str, ...] = ()
    reject: tuple[str, ...] = ()
    trust: tuple[str, ...] = ()
    blank_rows: bool = False

    def keys(self, option: Option) -> tuple[str, ...]:
        """What is pressed for this option; empty where the preset does not know."""
        match option:
            case Option.ONCE:
                return self.once
            case Option.REJECT:
                return self.reject
            case Option.TRUST:
                return self.trust
        assert_never(option)


class Dialog(Value):
    """How a preset knows what a program asks before it begins to work, in the lines that are not blank.

    A dialog of trust may have `keys`, which trust the folder and nothing else; then its `pattern` matches all of its structure, with
    the selected option, and its group `asked` names the folder.
    """

    pattern: str
    keys: tuple[str, ...] = ()


class PermissionAnswer(Value):
    """One prompt that was answered: the text it asked, the option that was chosen, and the rule that said so."""

    asked: str
    option: Option
    rule: str
