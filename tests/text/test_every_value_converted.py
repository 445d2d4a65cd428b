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

OTHER = json.loads((Path(__file__).parent / "striatum.json").read_text(encoding="utf-8"))
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


def test_an_odd_version_of_the_format_is_malformed():
    for odd in ODD:
        with pytest.raises(Malformed, match=r"other\.json cannot be converted."):
            convert("other.json", json.dumps({**OTHER, "schema_version": odd}).encode())


def test_odd_values_that_json_can_hold_reach_no_accident_through_the_whole_conversion():
    for path in list(places(OTHER))[::9]:
        value = with_odd(path, [])
        if path not in {("schema_version",), ("jobs",)}:
            assert convert("other.json", json.dumps(value).encode()).text == _text(Conversion(value))
