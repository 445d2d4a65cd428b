"""What is legal in a workflow and still unwise: remarks, and the score that they leave."""

from __future__ import annotations

from gitorch.model.values import Value


class Remark(Value):
    """One thing to think about. `costs` is what it takes from the score; a strong one fails `lint --strict`.

    `place` is the key that it is about, such as `jobs.api`.
    """

    name: str
    place: str
    message: str
    fix: str
    costs: int
    strong: bool


class Lint(Value):
    """All remarks, strong ones first, what is left of 100, and in which postures each job of work is judged."""

    score: int
    remarks: tuple[Remark, ...]
    postures: dict[str, tuple[str, ...]]
