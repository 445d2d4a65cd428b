"""Drawings of workflows and runs: boxes never overlap, no character is cut, every state is in words, too."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import combinations, pairwise

import pytest
from golden import assert_golden
from hypothesis import given, settings
from hypothesis import strategies as st

from gitorch.model.ids import JobId
from gitorch.model.plans.diagram import Arrow, ArrowKind, Box, Diagram
from gitorch.model.work.job import JobPhase
from gitorch.text.diagrams.box_text import STATES, fitted
from gitorch.text.diagrams.graph_text import dot, mermaid, plain
from gitorch.text.diagrams.layout import lay_out
from gitorch.text.diagrams.svg import linked_svg, svg

TITLES = (
    "Short",
    "A title that is much too long to fit into any box of a drawing",
    "図表の作成と検証を行う作業",
    "e\u0301" * 30,
    "<b>&\"'\x07",
    "",
)


@st.composite
def diagrams(draw, boxes_max=40):
    count = draw(st.integers(1, boxes_max))
    states = st.sampled_from(["", *map(str, JobPhase)])
    kinds = st.sampled_from(["build", "review", "checkpoint", "phase_synthesis"])
    names = [JobId(f"job-{n}") for n in range(count)]
    boxes = tuple(Box(name, draw(st.sampled_from(TITLES)), draw(kinds), "lane", "", draw(states)) for name in names)
    ends = draw(
        st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=2 * count, unique=True)
    )
    forward = [Arrow(names[min(e)], names[max(e)]) for e in ends if e[0] < e[1]]
    back = [Arrow(names[max(e)], names[min(e)], ArrowKind.BACK, 2) for e in ends if e[0] > e[1]]
    return Diagram("A picture", boxes, (*forward, *back))


def test_a_long_title_is_cut_in_mermaid_and_dot():
    diagram = Diagram("A picture", (Box(JobId("a"), TITLES[1], "build", "lane", "", ""),), ())

    assert "A title that is much too long to fit into any" not in mermaid(diagram) + dot(diagram)
    assert "A title that is much too long to fit in…" in dot(diagram)


@given(diagrams())
@settings(max_examples=60)
def test_every_place_holds_one_box_and_arrows_lead_to_later_columns(diagram):
    layout = lay_out(diagram)

    passed = [place for way in layout.ways.values() for place in way[1:-1]]
    places = [*layout.boxes.values(), *passed]
    assert len(set(places)) == len(places)
    assert all(0 <= column < layout.columns and 0 <= row < layout.rows for column, row in places)
    for arrow in diagram.arrows:
        if arrow.kind is not ArrowKind.BACK:
            way = layout.ways[arrow.start, arrow.end]
            assert (way[0], way[-1]) == (layout.boxes[arrow.start], layout.boxes[arrow.end])
            assert all(other[0] == one[0] + 1 for one, other in pairwise(way))
    assert lay_out(diagram) == layout


@given(diagrams(12))
@settings(max_examples=30)
def test_an_svg_is_well_formed_and_its_boxes_lie_apart_within_it(diagram):
    root = ET.fromstring(svg(diagram))

    width, height = float(root.get("width")), float(root.get("height"))
    areas = [
        tuple(float(box.get(key)) for key in ("x", "y", "width", "height"))
        for box in root.iter("{http://www.w3.org/2000/svg}rect")
        if box.get("x")
    ]
    assert len(areas) == len(diagram.boxes)
    assert all(x >= 0 and x + w <= width and y >= 0 and y + h <= height for x, y, w, h in areas)
    for (x, y, w, h), (u, v, _, _) in combinations(areas, 2):
        assert x + w < u or u + w < x or y + h < v or v + h < y


@given(diagrams(12))
@settings(max_examples=30)
def test_every_form_names_every_job_and_survives_any_title(diagram):
    for drawn in (plain(diagram), mermaid(diagram), dot(diagram)):
        assert all(box.id in drawn for box in diagram.boxes)
        assert "<b>" not in mermaid(diagram)


def test_a_long_text_is_cut_by_its_width_and_never_inside_a_character():
    assert fitted("abcdef", 6) == "abcdef"
    assert fitted("abcdefg", 6) == "abcde…"
    assert fitted("図表の作成", 6) == "図表…"
    assert fitted("e\u0301" * 4, 3) == "e\u0301e\u0301…"


def test_every_state_has_a_sign_and_a_word_of_its_own():
    shown = [(STATES[str(phase)].sign, STATES[str(phase)].word) for phase in JobPhase]

    assert all(sign and word for sign, word in shown)
    assert len(set(shown)) == len(shown)


def test_a_cycle_of_arrows_is_refused():
    boxes = (Box(JobId("a"), "", "build"), Box(JobId("b"), "", "build"))
    with pytest.raises(ValueError, match="cycle"):
        lay_out(Diagram("x", boxes, (Arrow(JobId("a"), JobId("b")), Arrow(JobId("b"), JobId("a")))))


def test_a_workflow_as_text():
    boxes = (
        Box(JobId("make"), "Make it", "build", "author", "", "completed", "round 2 of 3"),
        Box(JobId("judge"), "Judge it", "review", "reviewer", "", "running"),
    )
    arrows = (Arrow(JobId("make"), JobId("judge")), Arrow(JobId("judge"), JobId("make"), ArrowKind.BACK, 2))

    assert re.sub(r" +", " ", plain(Diagram("Work", boxes, arrows))).splitlines() == [
        *("Work", "", "1.", " ✓ make build by author; done, round 2 of 3"),
        *("", "2.", " ▶ judge review by reviewer; running; after make; back to make at most 2×"),
    ]


def drawn_example() -> Diagram:
    """Every kind of box and arrow, boxes with and without a phase and a state, and titles that need care."""
    start, make, judge, ask, end, stop = map(JobId, ("start", "make", "judge", "ask", "end", "stop"))
    boxes = (
        Box(start, "Begin", "draft", "author", "", "completed", "round 2 of 3"),
        Box(make, 'A "great" <b> \\ #1', "build", "author", "one", "running"),
        Box(judge, "", "review", "reviewer", "one"),
        Box(ask, "Go on?", "checkpoint", "", "two"),
        Box(end, "End", "merge", "", "two", "queued"),
        Box(stop, "Stop", "build", "author", "gone", "queued"),
    )
    arrows = (
        *(Arrow(start, make), Arrow(make, judge), Arrow(judge, make, ArrowKind.BACK, 2), Arrow(judge, ask)),
        *(Arrow(ask, end, ArrowKind.CONTINUE), Arrow(ask, stop, ArrowKind.CANCEL)),
    )
    return Diagram('Work "x"', boxes, arrows, ("one", "two"))


@pytest.mark.parametrize("draw", [plain, mermaid, dot, svg], ids=lambda draw: draw.__name__)
def test_a_run_with_every_kind_of_box_and_arrow_is_drawn_exactly_so(draw, request):
    assert_golden(f"drawn-{draw.__name__}.txt", draw(drawn_example()).rstrip("\n") + "\n", request)


def test_a_diagram_without_boxes_is_still_one():
    nothing = Diagram("Nothing", (), ())
    head = '  rankdir=LR;\n  node [shape=box, style="rounded,filled"];\n'
    assert plain(nothing) == "Nothing"
    assert mermaid(nothing) == "flowchart LR\n"
    assert dot(nothing) == f'digraph "Nothing" {{\n{head}}}\n'


def test_the_text_forms_end_as_they_say():
    assert not plain(drawn_example()).endswith("\n")
    assert mermaid(drawn_example())[-8:] == "#1f2328\n"
    assert dot(drawn_example())[-3:] == "\n}\n"


def test_a_drawing_in_a_page_links_each_box_and_names_its_state():
    boxes = (Box(JobId("a"), "One", "build", "lane", "", "running"), Box(JobId("b&"), "Two", "build", "lane", "", ""))
    drawn = linked_svg(Diagram("A picture", boxes, (Arrow(JobId("a"), JobId("b&")),)), lambda job: f"#{job}")
    links = re.findall(r"<a [^>]*>", drawn)
    assert links == ['<a href="#a" class="box running">', '<a href="#b&amp;" class="box ">']
    assert drawn.count("</g></a>") == 2
