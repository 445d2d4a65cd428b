"""Which lines of a plan are accounted for: carried to an agent, used by gitorch, or named by a defect or remark."""

from __future__ import annotations

import re
from itertools import takewhile

from markdown_it import MarkdownIt

from gitorch.text.plans.front_matter import KEYS
from gitorch.text.plans.gates import GATE_STEPS
from gitorch.text.plans.plan import parse_plan
from gitorch.text.source import source_of

NAMED = re.compile(r"Lines? (?P<ranges>\d+(?:-\d+)?(?:, \d+(?:-\d+)?)*):")


def forgotten(text: str) -> list[tuple[int, str]]:
    """The lines of a plan that are neither carried, used nor named, with their numbers."""
    plan = parse_plan("plan.md", text.encode())
    named = {problem.line for problem in (*plan.problems, *plan.remarks)}
    for remark in plan.remarks:
        named |= _ranges(remark.message)

    lines = text.split("\n")
    carried = {line for epic in plan.epics for line in epic.section.split("\n")}
    used = front_matter(text, named) | {plan.places.get("design", (0, 0))[0]}
    used |= own_steps(lines)
    left: list[tuple[int, str]] = []
    heading = 0

    for number, line in enumerate(lines, 1):
        if number in {epic.line for epic in plan.epics}:
            heading = number
        is_used = number == heading or number in used or "Review Gate:" in line or line.strip("# ") == plan.title
        if not line.strip() or line in carried or is_used or number in named or heading in named:
            continue
        left.append((number, line))

    return left


def own_steps(lines: list[str]) -> set[int]:
    """The lines right below the heading of a gate that gitorch itself writes there, blank lines between them included."""
    gates = [
        token.map[1] for token in MarkdownIt().parse("\n".join(lines)) if token.type == "heading_open" and token.map
    ]
    steps: set[int] = set()
    for gate in gates:
        if "Review Gate:" in lines[gate - 1]:
            below = takewhile(lambda at: lines[at].strip() in {"", *GATE_STEPS.split("\n")}, range(gate, len(lines)))
            steps.update(at + 1 for at in below)

    return steps


def front_matter(text: str, named: set[int]) -> set[int]:
    """The lines of front matter that gitorch understands; all of them where one has a problem."""
    source = source_of("plan.md", text)
    lines = range(1, source.front_matter_lines + 1)
    if named.intersection(lines):
        return set(lines)

    return {number for number in lines if source.line(number).startswith(("---", "...", " ", *KEYS))}


def _ranges(message: str) -> set[int]:
    """The lines that a remark names."""
    found = NAMED.match(message)
    if found is None:
        return set()

    lines: set[int] = set()
    for part in found["ranges"].split(", "):
        first, _, last = part.partition("-")
        lines.update(range(int(first), int(last or first) + 1))

    return lines
