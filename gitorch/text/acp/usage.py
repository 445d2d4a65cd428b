"""The tokens of one turn, as the programs that speak the Agent Client Protocol tell them: the protocol leaves it to each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitorch.model.values import Value
from gitorch.text.acp.messages import number_of, object_of, objects_of, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

TOTALS = ("copilot",)
"""Programs that count all turns of a conversation together: the last count holds those before. Seen with Copilot CLI 1.0.102."""

LAST_ONLY = ("opencode",)
"""Programs that count only the last answer of the model in a turn, which is no usage of the turn. Seen with OpenCode 1.18.33."""


class TurnUsage(Value):
    """What one model answered in one turn."""

    model: str
    """As the program names it; empty where it does not."""
    input: int
    output: int
    cached: int = 0
    cache_write: int = 0
    reasoning: int = 0

    def less(self, before: TurnUsage) -> TurnUsage:
        """What was used since an earlier count."""
        return TurnUsage(
            self.model,
            max(self.input - before.input, 0),
            max(self.output - before.output, 0),
            max(self.cached - before.cached, 0),
            max(self.cache_write - before.cache_write, 0),
            max(self.reasoning - before.reasoning, 0),
        )


def turn_usages(program: str, turns: Sequence[dict[str, Any]]) -> list[list[TurnUsage]]:
    """What each turn used, from the counts that came with their ends; an empty list for a turn that was not counted.

    `program` is the name that the program gives itself.
    """
    name = program.lower()
    if name.startswith(LAST_ONLY):
        return [[] for _ in turns]

    counted = [_counted(turn) for turn in turns]
    if any(total in name for total in TOTALS):
        return _differences(counted)

    return counted


def _differences(counted: list[list[TurnUsage]]) -> list[list[TurnUsage]]:
    """The usage of each turn, from counts of all turns so far."""
    differences: list[list[TurnUsage]] = []
    before = TurnUsage("", 0, 0)
    for usages in counted:
        differences.append([usage.less(before) for usage in usages])
        if usages:
            before = usages[-1]

    return differences


def _counted(turn: dict[str, Any]) -> list[TurnUsage]:
    """The counts at the end of one turn: the field of the protocol's draft, else that of Gemini CLI."""
    usage = object_of(turn, "usage")
    if usage:
        return [_draft(usage)]

    counts = objects_of(object_of(object_of(turn, "_meta"), "quota"), "model_usage")
    return [_gemini(count) for count in counts]


def _draft(usage: dict[str, Any]) -> TurnUsage:
    cached, written = number_of(usage, "cachedReadTokens"), number_of(usage, "cachedWriteTokens")
    return TurnUsage(
        "",
        number_of(usage, "inputTokens"),
        number_of(usage, "outputTokens"),
        cached,
        written,
        number_of(usage, "thoughtTokens"),
    )


def _gemini(count: dict[str, Any]) -> TurnUsage:
    tokens = object_of(count, "token_count")
    return TurnUsage(text_of(count, "model"), number_of(tokens, "input_tokens"), number_of(tokens, "output_tokens"))
