"""Diagrams as text: for a terminal, as Mermaid, and as DOT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.plans.diagram import ArrowKind
from gitorch.text.diagrams.box_text import STATES, kind_text, signed_state_text, state_text, style_of, title_text
from gitorch.text.diagrams.layout import lay_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitorch.model.plans.diagram import Arrow, Box, Diagram

MERMAID_ARROWS = {
    ArrowKind.NEXT: "-->",
    ArrowKind.CONTINUE: "-->|continue|",
    ArrowKind.CANCEL: "-->|cancel|",
    ArrowKind.BACK: "-. at most {rounds} .->",
}
DOT_ARROWS = {
    ArrowKind.NEXT: "",
    ArrowKind.CONTINUE: ' [label="continue"]',
    ArrowKind.CANCEL: ' [label="cancel"]',
    ArrowKind.BACK: ' [label="at most {rounds}", style=dashed, constraint=false]',
}
MERMAID_PUNCTUATION = frozenset(" .,:-_/()?!+…✓✗▶◐○·◆–↷")
"""The characters other than letters and digits that Mermaid takes as they are."""


def plain(diagram: Diagram) -> str:
    """One line a job, by column.

    Its kind and lane, its state, the jobs that it waits for, the jobs that it sends back. No line feed at the end.
    """
    layout = lay_out(diagram)
    width = max((len(box.id) for box in diagram.boxes), default=0)
    lines = [diagram.title]

    for column in range(layout.columns):
        lines.append(f"\n{column + 1}.")
        for box in diagram.boxes:
            if layout.boxes[box.id][0] == column:
                lines.append(_line(diagram, box, width))

    return "\n".join(lines)


def _line(diagram: Diagram, box: Box, width: int) -> str:
    """The line of one job: the sign of its state, its id in a column of this width, its description."""
    sign = style_of(box).sign or "•"
    return f"  {sign} {box.id:<{width}}  {_description(diagram, box)}"


def _description(diagram: Diagram, box: Box) -> str:
    """What a job is and does, in half-sentences with semicolons between them."""
    parts = [_kind_and_lane(box)]

    state = state_text(box)
    if state:
        parts.append(state)

    starts = list(_starts(diagram, box))
    if starts:
        parts.append(f"after {', '.join(starts)}")

    parts += _ways_back(diagram, box)
    return "; ".join(parts)


def _kind_and_lane(box: Box) -> str:
    """`build by author`; only the kind for a job that nobody claims."""
    kind = kind_text(box)
    if not box.lane:
        return kind

    return f"{kind} by {box.lane}"


def _starts(diagram: Diagram, box: Box) -> Iterator[str]:
    """The jobs that a job waits for."""
    for arrow in diagram.arrows:
        if arrow.kind is not ArrowKind.BACK and arrow.end == box.id:
            yield _start_text(arrow)


def _ways_back(diagram: Diagram, box: Box) -> Iterator[str]:
    """The jobs that a review sends back, with the number of rounds."""
    for arrow in diagram.arrows:
        if arrow.kind is ArrowKind.BACK and arrow.start == box.id:
            yield f"back to {arrow.end} at most {arrow.rounds}×"


def _start_text(arrow: Arrow) -> str:
    """The start of an arrow, with the outcome of the checkpoint that takes it."""
    if arrow.kind in {ArrowKind.CONTINUE, ArrowKind.CANCEL}:
        return f"{arrow.start} ({arrow.kind})"
    return str(arrow.start)


def mermaid(diagram: Diagram) -> str:
    """A flowchart for Mermaid.

    Phases are its subgraphs, states its classes. Boxes are named `j0`, `j1` and so on, since ids may be words of Mermaid.
    """
    lines = ["flowchart LR", *_grouped(diagram, _mermaid_box, _mermaid_phase, "  end")]
    names, states = _mermaid_names(diagram)

    for arrow in diagram.arrows:
        sign = MERMAID_ARROWS[arrow.kind].format(rounds=arrow.rounds)
        lines.append(f"  {names[arrow.start]} {sign} {names[arrow.end]}")

    for state in states:
        if state:
            style = STATES[state]
            lines.append(f"  classDef {state} fill:{style.fill},stroke:{style.line},color:#1f2328")

    return "\n".join(lines) + "\n"


def _mermaid_names(diagram: Diagram) -> tuple[dict[str, str], dict[str, None]]:
    """The short name of each box, and the states of all boxes."""
    names: dict[str, str] = {}
    states: dict[str, None] = {}

    for number, box in enumerate(diagram.boxes):
        names[box.id] = f"j{number}"
        states[box.state] = None
    return names, states


def _grouped(
    diagram: Diagram, draw_box: Callable[[Box, int], str], open_phase: Callable[[str, int], str], close_phase: str
) -> Iterator[str]:
    """The boxes without a phase, then each phase around its own boxes."""
    for number, box in enumerate(diagram.boxes):
        if box.phase not in diagram.phases:
            yield f"  {draw_box(box, number)}"

    for phase_number, phase in enumerate(diagram.phases):
        yield open_phase(phase, phase_number)
        for number, box in enumerate(diagram.boxes):
            if box.phase == phase:
                yield f"    {draw_box(box, number)}"
        yield close_phase


def _mermaid_phase(phase: str, number: int) -> str:
    """The line that opens the subgraph of a phase."""
    return f'  subgraph phase{number}["{_mermaid_text(phase)}"]'


def _mermaid_box(box: Box, number: int) -> str:
    """A box with its id, its title, and its state or kind. Checkpoints have round ends."""
    lines = [_mermaid_text(box.id)]
    title = title_text(box)
    if title:
        lines.append(_mermaid_text(title))

    lines.append(_mermaid_text(signed_state_text(box) or kind_text(box)))
    return _mermaid_shape(box, number, lines)


def _mermaid_shape(box: Box, number: int, lines: list[str]) -> str:
    """A box around these lines."""
    text = "<br/>".join(lines)
    shape = f'["{text}"]'
    if box.kind == "checkpoint":
        shape = f'(["{text}"])'
    if box.state:
        shape = f"{shape}:::{box.state}"

    return f"j{number}{shape}"


def _mermaid_text(text: str) -> str:
    """A text for Mermaid, which writes entities by number, with # for &#."""
    characters: list[str] = []
    for character in " ".join(text.split()):
        is_safe = character.isalnum() or character in MERMAID_PUNCTUATION
        characters.append(character if is_safe else f"#{ord(character)};")

    return "".join(characters)


def dot(diagram: Diagram) -> str:
    """A directed graph for Graphviz and other programs that read DOT.

    Phases are clusters. Arrows back have no influence on the layout.
    """
    lines = [f"digraph {_dot_text(diagram.title)} {{", "  rankdir=LR;", '  node [shape=box, style="rounded,filled"];']
    lines += _grouped(diagram, _dot_box, _dot_phase, "  }")

    for arrow in diagram.arrows:
        attributes = DOT_ARROWS[arrow.kind].format(rounds=arrow.rounds)
        lines.append(f"  {_dot_text(arrow.start)} -> {_dot_text(arrow.end)}{attributes};")

    return "\n".join([*lines, "}"]) + "\n"


def _dot_phase(phase: str, number: int) -> str:
    """The lines that open the cluster of a phase."""
    return f"  subgraph cluster_{number} {{\n    label={_dot_text(phase)};"


def _dot_box(box: Box, _: int) -> str:
    """A box with its id, its title, and its state or kind, in the colours of the state."""
    style = style_of(box)
    label = _dot_text(box.id, title_text(box), signed_state_text(box) or kind_text(box))
    attributes = f'label={label}, fillcolor="{style.fill}", color="{style.line}"'
    if box.kind == "checkpoint":
        attributes = f"{attributes}, shape=ellipse"

    return f"{_dot_text(box.id)} [{attributes}];"


def _dot_text(*lines: str) -> str:
    """One quoted text; its lines are joined by the escape that Graphviz has for a new line."""
    escaped: list[str] = []
    for line in lines:
        if line:
            text = " ".join(line.split())
            escaped.append(text.replace("\\", "\\\\").replace('"', '\\"'))

    return '"' + "\\n".join(escaped) + '"'
