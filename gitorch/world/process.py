"""One process, as every system shows it."""

from __future__ import annotations

from gitorch.model.values import Value


class Process(Value):
    """One line of the process table."""

    pid: int
    parent: int
    group: int
    started: str
    """Opaque: equal for the same process, different for every other one."""
    zombie: bool
    resident: int = 0
    """Resident memory in bytes."""
    asleep: bool = True
    """Whether it waits for something; true on systems that do not say so reliably."""
