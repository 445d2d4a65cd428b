"""Workflows in the format `striatum.workflow.v1` (and v1.1) as workflow files of gitorch: every field is carried over, or named.

A field without a counterpart is reported with the reason, so that nobody discovers its absence in a run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gitorch.errors import Malformed, Problem
from gitorch.model.values import Value
from gitorch.text.source import read_source
from gitorch.text.workflows.conversion import Conversion, json_of, mapping_of
from gitorch.text.workflows.convert_job import convert_job
from gitorch.text.workflows.convert_terms import NOT_CARRIED, TOP
from gitorch.text.yaml_file import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitorch.text.yaml_file import Entry, YamlValue

BYTES_MAX = 2_000_000
PRESETS = ("claude", "codex", "gemini", "opencode", "aider")
FORMATS = ("striatum.workflow.v1", "striatum.workflow.v1.1")

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_ .-]*[A-Za-z0-9]")
_NOT_WORDS = frozenset({"null", "true", "false"})

MERGES_NOTHING = (
    "Nothing is merged: the results stay on the branches gitorch/<run>/<job>. To merge them, add a job of kind "
    "checkpoint, and one of kind merge that needs it."
)


class ConversionResult(Value):
    """A converted workflow."""

    text: str
    """The new file."""
    dropped: tuple[Problem, ...]
    """Every field that was not carried over, with its place and the reason, in file order."""
    changed: tuple[str, ...]
    """A sentence for each change of meaning or name."""
    fields: int
    """How many fields the old file has."""


def convert(path: str, data: bytes) -> ConversionResult:
    """Convert a workflow of the other format into a workflow file.

    The new file is not checked: `gitorch workflow check` may still find problems in it. Equal files give equal results.
    Raises Malformed for a file that is not text, not YAML or JSON, or not a workflow of that format.
    """
    source = read_source(path, data, BYTES_MAX)
    if isinstance(source, Problem):
        raise Malformed(f"{path} cannot be read.", (source,))

    value, problems = read_yaml(source)
    if problems or value is None:
        raise Malformed(f"{path} cannot be read.", problems)

    work = Conversion(_workflow(path, value))
    text = _text(work)
    if not any(job.get("type") == "merge" for job in work.jobs):
        work.changed.append(MERGES_NOTHING)
    spots = dict(_spots(value, ""))
    dropped = _dropped(path, work, spots)
    return ConversionResult(text, tuple(dropped), tuple(work.changed), len(spots))


def _dropped(path: str, work: Conversion, spots: dict[str, tuple[int, int]]) -> list[Problem]:
    """A problem for each field that is not carried over, in the order of the file."""
    dropped: list[Problem] = []

    for key, reason in work.dropped.items():
        line, column = spots.get(key, (1, 1))
        dropped.append(Problem(path, line, column, f"`{key}` is not carried over: {reason}", ""))

    dropped.sort(key=lambda problem: (problem.line, problem.column))
    return dropped


def _workflow(path: str, value: YamlValue) -> dict[str, Any]:
    """The workflow as plain values.

    Raises Malformed for a file with another `schema_version`, or without a list of jobs.
    """
    workflow = mapping_of(_plain(value))
    if workflow.get("schema_version") in FORMATS and isinstance(workflow.get("jobs"), list):
        return workflow

    message = (
        f"This is not a workflow to convert: it needs `schema_version` ({' or '.join(FORMATS)}) and a list `jobs`."
    )
    fix = "To check a workflow file of gitorch itself: gitorch workflow check FILE"
    raise Malformed(f"{path} cannot be converted.", (Problem(path, 1, 1, message, fix),))


def _plain(value: YamlValue) -> Any:
    """The value without places, as a JSON parser would give it."""
    data = value.data

    if isinstance(data, tuple):
        return [_plain(item) for item in data]

    if isinstance(data, Mapping):
        return {name: _plain(entry.value) for name, entry in data.items()}

    return data


def _spots(value: YamlValue, path: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Line and column of every field, by its path: `jobs[0].title`.

    Items of a list have no place of their own, only the fields inside them.
    """
    data = value.data

    if isinstance(data, tuple):
        for number, item in enumerate(data):
            yield from _spots(item, f"{path}[{number}]")

    yield from _spots_of_fields(path, data)


def _spots_of_fields(
    path: str, data: str | float | tuple[YamlValue, ...] | Mapping[str, Entry] | None
) -> Iterator[tuple[str, tuple[int, int]]]:
    """Line and column of every field of a mapping and below it."""
    if isinstance(data, Mapping):
        for name, entry in data.items():
            key = name
            if path:
                key = f"{path}.{name}"
            yield key, (entry.key.line, entry.key.column)
            yield from _spots(entry.value, key)


def _text(work: Conversion) -> str:
    """The new file: its parts with blank lines between them.

    A part without anything in it is left out.
    """
    work.drop(work.top, "", TOP)
    context = work.texts(work.top.get("context_docs"), "context_docs")
    parts = [
        _head(work.top),
        _phases(work),
        _listed("context", context),
        _lanes(work),
        _roles(work),
        _jobs(work),
        _cycles(work),
        _policies(work),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _head(top: Mapping[str, Any]) -> list[str]:
    """The first lines: where the file comes from, its format, name and version."""
    lines = ["# Converted from a workflow of striatum."]
    if top.get("workflow_id"):
        lines.append(f"# workflow_id: {' '.join(str(top['workflow_id']).split())}")

    lines.append("gitorch: workflow/1")
    lines.append(f"name: {_word(top.get('name') or 'converted')}")
    lines.append(f"version: {_word(top.get('workflow_version') or '1')}")
    return lines


def _word(value: object) -> str:
    """A value as a YAML word.

    It is quoted unless it can mean nothing else than this text.
    """
    text = str(value)
    if _WORD.fullmatch(text) and text.lower() not in _NOT_WORDS:
        return text

    return json_of(text)


def _listed(key: str, items: Sequence[str]) -> list[str]:
    """A list on one line; no line for an empty list."""
    if not items:
        return []
    return [f"{key}: {json_of(list(items))}"]


def _phases(work: Conversion) -> list[str]:
    """The line `phases`, with the ids of the phases in their order."""
    rows = work.rows("phases", NOT_CARRIED["phase"])
    return _listed("phases", [str(row.get("id", "")) for _, row in rows])


def _lanes(work: Conversion) -> list[str]:
    """The section `lanes`. It is always there, since every job of work needs a lane."""
    lines = ["lanes:"]
    for name, lane in work.named("lanes"):
        work.drop(lane, f"lanes.{name}", NOT_CARRIED["lane"])
        lines.append(f"  {_word(name)}:")
        lines += _lane(work, f"lanes.{name}", lane)

    return lines


def _lane(work: Conversion, path: str, lane: Mapping[str, Any]) -> list[str]:
    """The lines of one lane.

    Constraints become sentences of every brief of the lane, which the result reports as a change of meaning.
    """
    command = work.texts(lane.get("command"), f"{path}.command")
    lines = [f"    runtime: {_runtime(command)}"]
    if command:
        lines.append(f"    command: {json_of(command)}")
    model = lane.get("display_model")
    if model is not None and model != "unknown-model":
        lines.append(f"    model: {_word(model)}")

    env = mapping_of(lane.get("env"))
    if env:
        lines.append(f"    env: {json_of({name: str(value) for name, value in env.items()})}")

    lines += _constraints(work, path, lane)
    if isinstance(lane.get("adapter_timeout_seconds"), int):
        lines.append(f"    timeouts: {{work_seconds: {lane['adapter_timeout_seconds']}}}")

    return lines


def _constraints(work: Conversion, path: str, lane: Mapping[str, Any]) -> list[str]:
    """The line `constraints` of a lane; no line if it has none."""
    constraints = mapping_of(lane.get("constraints"))
    if not constraints:
        return []

    message = f"{path}.constraints became sentences of every brief of the lane; nothing else enforces them."
    work.changed.append(message)
    return [f"    constraints: {json_of(_sentences(constraints))}"]


def _runtime(command: Sequence[str]) -> str:
    """The preset of the command's program, whatever folder it lies in.

    `generic` for other programs, and for a lane without a command.
    """
    if not command:
        return "generic"

    program = command[0].rpartition("/")[2]
    if program in PRESETS:
        return program

    return "generic"


def _sentences(constraints: Mapping[str, Any]) -> list[str]:
    """Constraints as sentences: `max_cost: 3` becomes the text `Max cost: 3` with a full stop."""
    return [f"{name.replace('_', ' ').capitalize()}: {value}." for name, value in constraints.items()]


def _roles(work: Conversion) -> list[str]:
    """The lines of the section `roles`. Each role has the file that defines it as its value, or an empty text if no file does."""
    lines: list[str] = []
    for name, role in work.named("roles"):
        work.drop(role, f"roles.{name}", {}, frozenset({"definition_path"}))
        path = role.get("definition_path")
        text = '""'
        if path:
            text = f"{{file: {json_of(path)}}}"
        lines.append(f"  {_word(name)}: {text}")

    return _section("roles", lines)


def _jobs(work: Conversion) -> list[str]:
    """The section `jobs`. Conditions of edges are reported, since a need has none."""
    lines = ["jobs:"]
    for number, job in enumerate(work.jobs):
        lines += convert_job(work, number, job)

    for number, edge in work.rows("edges", NOT_CARRIED["edge"]):
        if edge.get("on", "completed") != "completed":
            work.dropped[f"edges[{number}].on"] = f"a need is met when the job is completed, not when `{edge['on']}`."

    return lines


def _cycles(work: Conversion) -> list[str]:
    """The section `cycles`, without those of reviews that became drafts."""
    lines: list[str] = []
    for number, cycle in work.rows("cycles", NOT_CARRIED["cycle"]):
        review, back_to = work.renamed(cycle.get("from")), work.renamed(cycle.get("to"))
        if review in work.drafts:
            work.dropped[f"cycles[{number}]"] = f"`{review}` became a draft, which sends no work back."
            continue

        rounds = cycle.get("max_iterations") or 1
        lines.append(f"  - {{review: {review}, back_to: {back_to}, rounds: {rounds}}}")

    return _section("cycles", lines)


def _policies(work: Conversion) -> list[str]:
    """The section `policies`; empty when the file sets none that exists here."""
    lines: list[str] = []

    settings = _parallelism(work)
    if settings:
        lines.append(f"  parallelism: {{{', '.join(settings)}}}")

    if work.parallel_reviews:
        lines.append("  review: {mode: parallel}")

    return _section("policies", lines)


def _parallelism(work: Conversion) -> list[str]:
    """The settings of `parallelism` that exist here, each as `key: value`."""
    parallelism = mapping_of(work.top.get("parallelism"))
    work.drop(parallelism, "parallelism", NOT_CARRIED["parallelism"])
    settings: list[str] = []

    if isinstance(parallelism.get("max_active_jobs"), int):
        settings.append(f"max_active_jobs: {parallelism['max_active_jobs']}")
    if parallelism.get("require_disjoint_write_scopes") is True:
        settings.append("require_disjoint_scopes: true")

    return settings


def _section(key: str, lines: list[str]) -> list[str]:
    """A section with its heading; empty for a section without lines."""
    if not lines:
        return []
    return [f"{key}:", *lines]
