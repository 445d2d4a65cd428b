"""A picture as text, for a terminal and for the two languages in which graphs are passed on: Mermaid and DOT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.diagram import ArrowKind
from gitorch.text.diagrams.layout import lay_out
from gitorch.text.diagrams.svg import STATES, fitted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitorch.model.diagram import Arrow, Box, Diagram

TITLE_UNITS = 40
MERMAID_ARROWS = {
    ArrowKind.NEXT: "-->",
    ArrowKind.CONTINUE: "-->|continue|",
    ArrowKind.CANCEL: "-->|cancel|",
    ArrowKind.BACK: "-. at most {rounds} .->",
}


def plain(diagram: Diagram) -> str:
    """One line a job, by column: what it is, what it comes after, where it leads back to, where it stands."""
    layout = lay_out(diagram)
    width = max((len(box.id) for box in diagram.boxes), default=0)
    lines = [diagram.title]
    for column in range(layout.columns):
        lines.append(f"\n{column + 1}.")
        here = (box for box in diagram.boxes if layout.boxes[box.id][0] == column)
        lines += [f"  {STATES[box.state][2] or '•'} {box.id:<{width}}  {_words(diagram, box)}" for box in here]
    return "\n".join(lines)


def _words(diagram: Diagram, box: Box) -> str:
    state = STATES[box.state][3]
    after = [_after(a) for a in diagram.arrows if a.end == box.id and a.kind is not ArrowKind.BACK]
    back = [
        f"back to {a.end} at most {a.rounds}×" for a in diagram.arrows if a.start == box.id and a.kind is ArrowKind.BACK
    ]
    what = f"{box.kind.replace('_', ' ')}{f' by {box.lane}' if box.lane else ''}"
    said = [what, f"{state}{f', {box.note}' if box.note else ''}", f"after {', '.join(after)}" if after else "", *back]
    return "; ".join(part for part in said if part)


def _after(arrow: Arrow) -> str:
    said = arrow.kind in {ArrowKind.CONTINUE, ArrowKind.CANCEL}
    return f"{arrow.start} ({arrow.kind})" if said else str(arrow.start)


def mermaid(diagram: Diagram) -> str:
    """A flowchart; phases are its subgraphs, states its classes."""
    lines = ["flowchart LR"]
    lines += _grouped(diagram, _mermaid_box, lambda phase, n: f'  subgraph phase{n}["{_mermaid_text(phase)}"]', "  end")
    number = {box.id: f"j{n}" for n, box in enumerate(diagram.boxes)}
    for arrow in diagram.arrows:
        sign = MERMAID_ARROWS[arrow.kind].format(rounds=arrow.rounds)
        lines.append(f"  {number[arrow.start]} {sign} {number[arrow.end]}")
    for state in dict.fromkeys(box.state for box in diagram.boxes if box.state):
        fill, line, _, _ = STATES[state]
        lines.append(f"  classDef {state} fill:{fill},stroke:{line},color:#1f2328")
    return "\n".join(lines) + "\n"


def _grouped(
    diagram: Diagram, draw: Callable[[Box, int], str], opened: Callable[[str, int], str], closed: str
) -> Iterator[str]:
    """The boxes of no phase, then each phase around its own."""
    for number, box in enumerate(diagram.boxes):
        if box.phase not in diagram.phases:
            yield f"  {draw(box, number)}"
    for at, phase in enumerate(diagram.phases):
        yield opened(phase, at)
        yield from (f"    {draw(box, n)}" for n, box in enumerate(diagram.boxes) if box.phase == phase)
        yield closed


def _mermaid_box(box: Box, number: int) -> str:
    sign = STATES[box.state][2]
    said = (
        f"{sign} {STATES[box.state][3]}{f', {box.note}' if box.note else ''}"
        if sign
        else f"{box.kind.replace('_', ' ')}"
    )
    text = "<br/>".join(_mermaid_text(part) for part in (f"{box.id}", _title(box), said) if part)
    left, right = ("([", "])") if box.kind == "checkpoint" else ("[", "]")
    return f'j{number}{left}"{text}"{right}{f":::{box.state}" if box.state else ""}'


def _title(box: Box) -> str:
    """What a box says beside its id, short enough that it does not push the others apart."""
    return "" if box.title == box.id else fitted(box.title, TITLE_UNITS)


def _mermaid_text(text: str) -> str:
    """Mermaid takes entities by number, written with # for &#."""
    shown = " ".join(text.split())
    return "".join(char if char.isalnum() or char in " .,:-_/()?!+…✓✗▶◐○·◆–↷" else f"#{ord(char)};" for char in shown)


def dot(diagram: Diagram) -> str:
    """A directed graph for Graphviz and whatever else reads DOT; phases are clusters."""
    lines = [f"digraph {_dot_text(diagram.title)} {{", "  rankdir=LR;", '  node [shape=box, style="rounded,filled"];']
    lines += _grouped(
        diagram, _dot_box, lambda phase, n: f"  subgraph cluster_{n} {{\n    label={_dot_text(phase)};", "  }"
    )
    for arrow in diagram.arrows:
        words = {
            ArrowKind.NEXT: "",
            ArrowKind.CONTINUE: ' [label="continue"]',
            ArrowKind.CANCEL: ' [label="cancel"]',
            ArrowKind.BACK: f' [label="at most {arrow.rounds}", style=dashed, constraint=false]',
        }
        lines.append(f"  {_dot_text(arrow.start)} -> {_dot_text(arrow.end)}{words[arrow.kind]};")
    return "\n".join([*lines, "}"]) + "\n"


def _dot_box(box: Box, _: int) -> str:
    fill, line, sign, word = STATES[box.state]
    said = f"{sign} {word}{f', {box.note}' if box.note else ''}" if sign else box.kind.replace("_", " ")
    label = _dot_text(box.id, _title(box), said)
    shape = ", shape=ellipse" if box.kind == "checkpoint" else ""
    return f'{_dot_text(box.id)} [label={label}, fillcolor="{fill}", color="{line}"{shape}];'


def _dot_text(*lines: str) -> str:
    """One quoted text; several lines are joined by Graphviz's own sign for a new one."""
    shown = (" ".join(line.split()).replace("\\", "\\\\").replace('"', '\\"') for line in lines if line)
    return '"' + "\\n".join(shown) + '"'
