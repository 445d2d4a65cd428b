"""How much a run, an epic or a lane may use before a human is asked."""

from __future__ import annotations

from gitorch.model.values import Value


class Allowance(Value):
    """Budgets of one scope; 0 is no limit."""

    tokens: int = 0
    """Tokens that no cache held, read and written."""
    cents: int = 0
    """Hundredths of a dollar, of the programs' own figures."""
    minutes: int = 0
    """Minutes at which agents held its jobs, all together."""
    turns: int = 0
    """Prompts that were delivered to its agents."""
