"""What a model served to an agent program, in tokens and in the program's own money."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Iterable


class ModelUsage(Value):
    """What one model served. Every token is counted once: `input`, `cached` and `cache_write` share none."""

    model: str = ""
    """The model as the program named it; empty where it named none."""
    input: int = 0
    """Tokens that the model read and that no cache held."""
    cached: int = 0
    """Tokens that the model read from its cache."""
    cache_write: int = 0
    """Tokens that the model read and put into its cache."""
    output: int = 0
    """Tokens that the model wrote, its reasoning among them."""
    reasoning: int = 0
    """Those of `output` that were reasoning."""
    requests: int = 0
    """How many answers the model gave."""
    cost_micros: int = 0
    """The program's own figure in millionths of a dollar; 0 where it has none."""

    @property
    def fresh(self) -> int:
        """The tokens that count against a budget: all but those that came from a cache."""
        return self.input + self.cache_write + self.output

    @property
    def tokens(self) -> int:
        """All tokens, read and written."""
        return self.fresh + self.cached

    def plus(self, other: ModelUsage) -> ModelUsage:
        """The sum of both, under this one's model."""
        return ModelUsage(
            model=self.model,
            input=self.input + other.input,
            cached=self.cached + other.cached,
            cache_write=self.cache_write + other.cache_write,
            output=self.output + other.output,
            reasoning=self.reasoning + other.reasoning,
            requests=self.requests + other.requests,
            cost_micros=self.cost_micros + other.cost_micros,
        )

    def larger(self, other: ModelUsage) -> ModelUsage:
        """The larger of each two counts. The same two usages give the same one in either order."""
        return ModelUsage(
            model=max(self.model, other.model),
            input=max(self.input, other.input),
            cached=max(self.cached, other.cached),
            cache_write=max(self.cache_write, other.cache_write),
            output=max(self.output, other.output),
            reasoning=max(self.reasoning, other.reasoning),
            requests=max(self.requests, other.requests),
            cost_micros=max(self.cost_micros, other.cost_micros),
        )

    def beyond(self, other: ModelUsage) -> ModelUsage:
        """By how much each count exceeds the other's; 0 where it does not."""
        return ModelUsage(
            model=self.model,
            input=max(0, self.input - other.input),
            cached=max(0, self.cached - other.cached),
            cache_write=max(0, self.cache_write - other.cache_write),
            output=max(0, self.output - other.output),
            reasoning=max(0, self.reasoning - other.reasoning),
            requests=max(0, self.requests - other.requests),
            cost_micros=max(0, self.cost_micros - other.cost_micros),
        )

    @property
    def is_nothing(self) -> bool:
        """Whether nothing was counted."""
        return self == ModelUsage(self.model)


class Spent(Value):
    """What one model served to a session in one attempt of its job."""

    attempt: int
    usage: ModelUsage


class UsageReading(Value):
    """What a session has used so far, as one source shows it."""

    source: str
    """Where it was read: `claude`, `codex`, `gemini`, `opencode` or `aider` for the program's own files, else the channel."""
    models: tuple[ModelUsage, ...] = ()
    """The totals since the session began, one for each model, sorted by its name."""


NOTHING_READ = UsageReading("")


def by_model(usages: Iterable[ModelUsage]) -> tuple[ModelUsage, ...]:
    """The sums for each model, sorted by its name."""
    sums: dict[str, ModelUsage] = {}
    for usage in usages:
        before = sums.get(usage.model, ModelUsage(usage.model))
        sums[usage.model] = before.plus(usage)

    return tuple(sums[model] for model in sorted(sums))


def total(usages: Iterable[ModelUsage]) -> ModelUsage:
    """The sum over all models, under no model's name."""
    together = ModelUsage()
    for usage in usages:
        together = together.plus(usage)

    return together
