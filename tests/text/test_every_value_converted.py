"""Every value of a workflow in the other format, replaced by each odd one: it is converted or reported, and never an accident."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from golden import assert_golden

from gitorch.errors import Malformed
from gitorch.text.workflows.conversion import Conversion
from gitorch.text.workflows.convert import _text, convert
from gitorch.text.workflows.convert_job import convert_job

OTHER = json.loads((Path(__file__).parent / "striatum.json").read_text(encoding="utf-8"))
WHOLE = json.loads((Path(__file__).parent / "striatum-whole.json").read_text(encoding="utf-8"))
ODD = ([], {}, 7, "odd words")


def places(value, path=()):
    """The path of every value below the top one."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in items:
        yield (*path, key)
        yield from places(below, (*path, key))


def with_odd(path, odd):
    """The workflow with the value at this path replaced."""
    changed = copy.deepcopy(OTHER)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = odd
    return changed


def converted(value) -> list[str]:
    """The lines of the new file, then what was dropped and changed."""
    work = Conversion(value)
    lines = _text(work).splitlines()
    dropped = [f"dropped {key}: {reason}" for key, reason in work.dropped.items()]
    return [*lines, *dropped, *(f"changed {sentence}" for sentence in work.changed)]


def test_every_odd_value_is_converted_or_reported(request):
    whole = converted(OTHER)
    blocks = {"\n".join(whole): ["> whole"]}
    for path in places(OTHER):
        for odd in ODD:
            lines = converted(with_odd(path, odd))
            differing = [f"- {line}" for line in whole if line not in lines] + [
                f"+ {line}" for line in lines if line not in whole
            ]
            name = ".".join(map(str, path))
            blocks.setdefault("\n".join(differing) or "the same", []).append(f"> {name} = {json.dumps(odd)}")
    told = "\n\n".join("\n".join([*asked, text]) for text, asked in blocks.items()) + "\n"
    assert_golden("other-workflow.txt", told, request)


def test_a_workflow_with_every_field_becomes_exactly_this_file_and_these_reports(request):
    assert_golden("other-workflow-whole.txt", "\n".join(converted(WHOLE)) + "\n", request)


EDGES = [{"from": "a", "to": "c"}, {"from": "b", "to": "c"}, {"from": "c", "to": "a"}, "odd"]


@pytest.mark.parametrize(
    ("edges", "own", "needs"),
    [
        ([], None, []),
        ([], "a", []),
        ([], ["b", "a"], ["b", "a"]),
        (EDGES, [], ["a", "b"]),
        (EDGES, ["d", "a", 7], ["a", "b", "d", "7"]),
        ("odd", ["d"], ["d"]),
    ],
)
def test_the_needs_of_a_job_are_those_of_edges_and_then_its_own_each_once(edges, own, needs):
    jobs = [{"id": "a", "needs": ["x"]}, {"id": "c", "needs": own}, {"id": "c", "needs": ["second"]}]
    work = Conversion({"edges": edges, "jobs": jobs})
    assert (work.needs("c"), work.needs("unknown")) == (needs, [])


@pytest.mark.parametrize(
    ("prompt", "line", "dropped"),
    [
        ("p.md", 'brief: "p.md"', {}),
        ({"path": "p.md"}, 'brief: "p.md"', {}),
        ({"path": "p.md", "tone": "x"}, 'brief: "p.md"', {"task_prompt.tone": "gitorch has no such field."}),
        ({"tone": "x"}, 'objective: "Title"', {"task_prompt.tone": "gitorch has no such field."}),
        (None, 'objective: "Title"', {}),
    ],
)
def test_the_brief_is_the_path_of_the_prompt_and_its_other_fields_are_named(prompt, line, dropped):
    work = Conversion({"jobs": []})
    lines = convert_job(work, 3, {"id": "j", "type": "build", "lane_id": "l", "title": "Title", "task_prompt": prompt})
    assert [one.strip() for one in lines if "brief" in one or "objective" in one] == [line]
    assert work.dropped == {f"jobs[3].{key}": reason for key, reason in dropped.items()}


def test_an_odd_version_of_the_format_is_malformed():
    for odd in ODD:
        with pytest.raises(Malformed, match=r"other\.json cannot be converted."):
            convert("other.json", json.dumps({**OTHER, "schema_version": odd}).encode())


def test_odd_values_that_json_can_hold_reach_no_accident_through_the_whole_conversion():
    for path in list(places(OTHER))[::9]:
        value = with_odd(path, [])
        if path not in {("schema_version",), ("jobs",)}:
            assert convert("other.json", json.dumps(value).encode()).text == _text(Conversion(value))
