"""In a Python process that a test starts: write down the functions that it reaches, for `mutant_judge`."""

from __future__ import annotations

import os

import mutmut.mutation.trampoline as trampolines

reached: set[str] = set()


def record(name: str, caller: str | None = None) -> None:
    """Stand in for mutmut's own function, which needs a configuration; one line for each function that was not met before."""
    if name in reached:
        return
    reached.add(name)
    with open(os.environ["MUTANTS_HITS"], "a", encoding="utf-8") as hits:  # noqa: PTH123  `pathlib` would be one import more
        hits.write(f"{name}\n")


trampolines.record_trampoline_hit = record
