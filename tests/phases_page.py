"""`docs/phases.md`, generated from `gitorch/rules/evolving/phases.py`; `pytest --rewrite-transcripts` rewrites it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.rules.evolving.phases import JOB_MOVES, RUN_MOVES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.words import Words

JOB_WORDS = {
    "blocked": "a job that it needs is not done",
    "queued": "it can begin, and waits for a place, a session, or an answer",
    "claimed": "a session has its lease, and is starting or getting its prompt",
    "running": "its agent got its prompt and is at work",
    "submitted": "its work was handed in, and is at its gate",
    "waiting_human": "a person owes an answer, or a decision at a checkpoint",
    "stale": "its lease expired over unfinished work, which is kept for the principal",
    "completed": "its gate passed, its verdict was given, or its checkpoint or merge is done",
    "failed": "it ended without finished work",
    "canceled": "the run ended first",
    "skipped": "it cannot be done, or is no longer needed",
}
RUN_WORDS = {
    "prepared": "its plan and workflow are frozen; the question sheet is not answered",
    "ready": "the answers are recorded; nothing has begun",
    "running": "the loop may start jobs",
    "paused": "no new job starts; agents at work may still hand in",
    "completed": "everything that the workflow asks for is done",
    "failed": "it cannot reach its end",
    "canceled": "a person ended it; branches are kept",
}
UNMADE: dict[tuple[str, str], str] = {
    ("claimed", "stale"): "a job that is claimed manually is at work at once, and no other lease expires",
}
"""Legal moves that no event makes yet, and why; a test checks that the list is complete."""

HEAD = """# Phases

The phases of jobs and runs, and the moves between them. This page is generated from the two tables in `gitorch/rules/evolving/phases.py`;
`tests/rules/test_phases.py` compares it with them, makes every move, and tries every other one.
"""


def diagram(moves: Mapping[Words, frozenset[Words]]) -> str:
    """A Mermaid state diagram of a table of moves, in the order of its phases."""
    first = next(iter(moves))
    lines = ["stateDiagram-v2", f"    [*] --> {first}"]
    for phase, after in moves.items():
        lines += [f"    {phase} --> {other}" for other in moves if other in after]
        lines += [] if after else [f"    {phase} --> [*]"]
    return "```mermaid\n" + "\n".join(lines) + "\n```\n"


def table(moves: Mapping[Words, frozenset[Words]], words: Mapping[str, str]) -> str:
    """A table of the phases, their meanings and their possible successors."""
    rows = ["| phase | meaning | may become |", "|---|---|---|"]
    for phase, after in moves.items():
        following = ", ".join(f"`{other}`" for other in moves if other in after) or "nothing: it is the end"
        rows.append(f"| `{phase}` | {words[phase]} | {following} |")
    return "\n".join(rows) + "\n"


def page() -> str:
    """The whole page."""
    unmade = "\n".join(f"- `{before}` to `{after}`: {why}" for (before, after), why in UNMADE.items())
    return "\n".join(
        (
            HEAD,
            "## Jobs\n",
            table(JOB_MOVES, JOB_WORDS),
            diagram(JOB_MOVES),
            "Legal moves that no event makes yet:\n",
            unmade + "\n",
            "## Runs\n",
            table(RUN_MOVES, RUN_WORDS),
            diagram(RUN_MOVES).rstrip("\n"),
            "",
        )
    )
