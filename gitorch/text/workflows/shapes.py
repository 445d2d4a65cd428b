"""New workflow files (W9): the shapes that ship, and their lanes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from gitorch.errors import Usage
from gitorch.model.plans.workflow import Lane

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SHAPES = {
    "minimal": "one job, its result approved and merged",
    "review": "a draft, a fresh review, a summary of both",
    "code-change": "a change with bounded revision",
    "human-checkpoint": "your decision in the middle, with a path for continue and one for cancel",
    "evidence-backed": "claims with evidence that is audited",
    "multi-review": "reviews in several postures, a ledger of findings, a synthesis, a final review",
    "multi-phase": "phases that meet only in a synthesis",
    "plan": "epics, each behind its own gate",
    "custom": "your own line of blocks: --blocks 'draft, review:security+review, build, review*2, checkpoint, merge'",
}
LANE_SETS = {
    "local": "the scripted agent that comes with gitorch, for trying a workflow out",
    "single-agent": "one program, with another model for its reviews",
    "author-reviewer": "one program writes, another one reviews",
    "multi-review": "each reviewer is a program of its own",
    "custom": "the lanes that --lane defines, as NAME=RUNTIME or NAME=RUNTIME:MODEL",
}
PROGRAMS = {"author": "claude", "reviewer": "codex", "second-reviewer": "gemini", "third-reviewer": "opencode"}
AUTHOR_PROGRAMS = {"author": PROGRAMS["author"]}
"""The set `author-reviewer`: all other lanes have the reviewer's program."""
AUTHOR_MODELS = {"author": "opus"}
REVIEW_MODEL = "sonnet"
"""The set `single-agent`: all lanes but the author's have this model."""

_PLAIN_NAME = re.compile(r"[a-z][a-z0-9-]*")


def lane_set(name: str, lanes: Sequence[str], own: Mapping[str, Lane]) -> dict[str, Lane]:
    """A lane for each name that a shape uses, in the order of `lanes`: the user's own lane, else that of the named set.

    Raises Usage for own lanes that the shape does not use, and when the set `custom` leaves a lane undefined.
    """
    _check_used(lanes, own)

    if name == "custom":
        _check_defined(lanes, own)

    return {lane: own.get(lane) or standard_lane(name, lane) for lane in lanes}


def _check_used(lanes: Sequence[str], own: Mapping[str, Lane]) -> None:
    """Raises Usage for the first own lane that the shape does not use."""
    for lane in own:
        if lane not in lanes:
            message = f"this shape has no lane {lane}; it has {', '.join(lanes)}"
            raise Usage(message, f"gitorch workflow new SHAPE --lane {lanes[0]}=claude")


def _check_defined(lanes: Sequence[str], own: Mapping[str, Lane]) -> None:
    """Raises Usage, with all their names, when own lanes are missing."""
    missing = []
    for lane in lanes:
        if lane not in own:
            missing.append(lane)

    if missing:
        message = f"the lane set custom does not define {', '.join(missing)}"
        raise Usage(message, f"gitorch workflow new SHAPE --lane {missing[0]}=claude")


def standard_lane(lanes: str, lane: str) -> Lane:
    """A lane as one of the sets defines it.

    Sets without a rule of their own give each lane another program.
    """
    match lanes:
        case "local":
            return Lane(lane, "scripted")

        case "single-agent":
            return Lane(lane, "claude", model=AUTHOR_MODELS.get(lane, REVIEW_MODEL))

        case "author-reviewer":
            return Lane(lane, AUTHOR_PROGRAMS.get(lane, PROGRAMS["reviewer"]))

        case _:
            return Lane(lane, PROGRAMS.get(lane, "claude"))


def parse_lane(text: str) -> Lane:
    """`NAME=RUNTIME` or `NAME=RUNTIME:MODEL` as a lane.

    Raises Usage for any other text. Whether the runtime exists is not checked.
    """
    found = re.fullmatch(r"(?P<name>[a-z][a-z0-9-]*)=(?P<runtime>[a-z][a-z0-9_-]*)(?::(?P<model>\S+))?", text)
    if found is None:
        message = f"{text!r} is not a lane; write NAME=RUNTIME or NAME=RUNTIME:MODEL"
        raise Usage(message, "gitorch workflow new SHAPE --lane author=claude:opus")

    return Lane(found["name"], found["runtime"], model=found["model"] or "")


def with_lanes(text: str, lanes: Mapping[str, Lane], name: str = "") -> str:
    """The text of a workflow template (a shape) with its lanes replaced, and its name too unless `name` is empty.

    All other lines and comments stay as they are. The text must have a section `lanes`.
    """
    lines = text.splitlines()
    start, end = _lanes_section(lines)
    lines[start:end] = [*(lane_line(lane) for lane in lanes.values()), ""]
    if name:
        lines = [_name_line(name) if line.startswith("name: ") else line for line in lines]

    return "\n".join(lines) + "\n"


def _lanes_section(lines: Sequence[str]) -> tuple[int, int]:
    """The indexes of the first line below `lanes:` and of the next top-level key."""
    start = lines.index("lanes:") + 1
    end = start

    while not lines[end] or lines[end].startswith((" ", "#")):
        end += 1

    return start, end


def _name_line(name: str) -> str:
    """The line `name`; the name is quoted unless it is a plain word."""
    if _PLAIN_NAME.fullmatch(name):
        return f"name: {name}"
    return f"name: {json.dumps(name, ensure_ascii=False)}"


def lanes_of(text: str) -> tuple[str, ...]:
    """The names of the lanes in the text of a shape, in order."""
    lines = text.splitlines()
    start, end = _lanes_section(lines)
    names: list[str] = []

    for line in lines[start:end]:
        found = re.match(r"  ([a-z][a-z0-9-]*):", line)
        if found is not None:
            names.append(found[1])

    return tuple(names)


def lane_line(lane: Lane) -> str:
    """A lane as a line of a workflow file, below `lanes:`.

    Only its runtime and model are written.
    """
    model = ""
    if lane.model:
        model = f", model: {json.dumps(lane.model)}"

    return f"  {lane.name}: {{runtime: {lane.runtime}{model}}}"
