"""Permission prompts of agent programs: how one is known, and what may be answered without a human."""

from __future__ import annotations

from enum import StrEnum

from gitorch.model.values import dataclass


class Option(StrEnum):
    """The only two answers that a rule may choose. There is none for "always", on purpose."""

    ONCE = "once"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a lane's configuration says of a permission prompt: `pattern` must match the whole of what is asked for."""

    option: Option
    pattern: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """How a preset knows a permission prompt, in the lines that are not blank, and which keys choose an option in it.

    `pattern` has a group `asked`: what the program asks to do. It must match all of the prompt's structure, the options with the
    selected one included, so that the keys mean what they say.
    """

    pattern: str
    once: tuple[str, ...] = ()
    reject: tuple[str, ...] = ()

    def keys(self, option: Option) -> tuple[str, ...]:
        """What is pressed for this option; empty where the preset does not know."""
        return self.once if option is Option.ONCE else self.reject


@dataclass(frozen=True, slots=True)
class Answered:
    """One prompt that was answered: the text it asked, the option that was chosen, and the rule that said so."""

    asked: str
    option: Option
    rule: str
