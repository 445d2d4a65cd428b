"""Workflows in the format `striatum.workflow.v1` (and v1.1) as workflow files of gitorch: every field carried over, or named.

What can be said in gitorch is said. What cannot is left out by name with the reason, so that nobody finds out in a run.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from gitorch.errors import Malformed, Problem
from gitorch.model.values import Value
from gitorch.text.source import read_source
from gitorch.text.workflows.convert_job import Conversion, convert_job
from gitorch.text.workflows.convert_terms import NOT_CARRIED, TOP
from gitorch.text.yaml_file import read_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitorch.text.yaml_file import YamlValue

BYTES_MAX = 2_000_000
PRESETS = ("claude", "codex", "gemini", "opencode", "aider")
FORMATS = ("striatum.workflow.v1", "striatum.workflow.v1.1")


class ConversionResult(Value):
    """The new file, every field that was not carried over with its place and the reason, and what was changed on the way."""

    text: str
    left: tuple[Problem, ...]
    changed: tuple[str, ...]
    fields: int


def convert(path: str, data: bytes) -> ConversionResult:
    """Raises Malformed for a file that is no such workflow."""
    source = read_source(path, data, BYTES_MAX)
    if isinstance(source, Problem):
        raise Malformed(f"{path} cannot be read.", (source,))
    value, problems = read_yaml(source)
    if problems or value is None:
        raise Malformed(f"{path} cannot be read.", problems)
    plain = _plain(value)
    if (
        not isinstance(plain, dict)
        or plain.get("schema_version") not in FORMATS
        or not isinstance(plain.get("jobs"), list)
    ):
        message = (
            f"This is no workflow to convert: `schema_version` is none of {', '.join(FORMATS)}, or `jobs` is no list."
        )
        problem = Problem(
            path, 1, 1, message, "A workflow of gitorch itself is checked with: gitorch workflow check FILE"
        )
        raise Malformed(f"{path} cannot be converted.", (problem,))
    spots = dict(_spots(value, ""))
    work = Conversion(plain)
    text = _text(work)
    left = tuple(
        Problem(path, *spots.get(key, (1, 1)), f"`{key}` is not carried over: {why}", "")
        for key, why in work.left.items()
    )
    return ConversionResult(
        text, tuple(sorted(left, key=lambda p: (p.line, p.column))), tuple(work.changed), len(spots)
    )


def _plain(value: YamlValue) -> Any:
    data = value.data
    if isinstance(data, tuple):
        return [_plain(item) for item in data]
    if data is None or isinstance(data, (str, int, float)):
        return data
    return {name: _plain(entry.value) for name, entry in data.items()}


def _spots(value: YamlValue, path: str) -> list[tuple[str, tuple[int, int]]]:
    """The place of every field, by its path."""
    data = value.data
    if isinstance(data, tuple):
        return [found for n, item in enumerate(data) for found in _spots(item, f"{path}[{n}]")]
    if data is None or isinstance(data, (str, int, float)):
        return []
    found: list[tuple[str, tuple[int, int]]] = []
    for name, entry in data.items():
        key = f"{path}.{name}" if path else name
        found += [(key, (entry.key.line, entry.key.column)), *_spots(entry.value, key)]
    return found


def _text(work: Conversion) -> str:
    top = work.top
    work.leave(top, "", TOP)
    head = [
        "# Converted from a workflow of striatum.",
        "gitorch: workflow/1",
        f"name: {_word(top.get('name') or 'converted')}",
    ]
    head += [f"version: {_word(top.get('workflow_version') or '1')}"]
    if top.get("workflow_id"):
        head.insert(1, f"# workflow_id: {' '.join(str(top['workflow_id']).split())}")
    parts = [head, _phases(work), _listed("context", work.texts(top.get("context_docs"), "context_docs")), _lanes(work)]
    parts += [_roles(work), _jobs(work), _cycles(work), _policies(work)]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _word(value: object) -> str:
    said = str(value)
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_ .-]*[A-Za-z0-9]", said) and said.lower() not in {"null", "true", "false"}
    return said if plain else json.dumps(said, ensure_ascii=False)


def _listed(key: str, items: Sequence[str]) -> list[str]:
    return [f"{key}: {json.dumps(list(items), ensure_ascii=False)}"] if items else []


def _phases(work: Conversion) -> list[str]:
    rows = work.rows("phases", NOT_CARRIED["phase"])
    return _listed("phases", [str(row.get("id", "")) for _, row in rows])


def _lanes(work: Conversion) -> list[str]:
    lines = ["lanes:"]
    for name, lane in work.named("lanes"):
        key = f"lanes.{name}"
        work.leave(lane, key, NOT_CARRIED["lane"])
        command = work.texts(lane.get("command"), f"{key}.command")
        lines.append(f"  {_word(name)}:")
        program = command[0].rpartition("/")[2] if command else ""
        lines.append(f"    runtime: {program if program in PRESETS else 'generic'}")
        if command:
            lines.append(f"    command: {json.dumps(command, ensure_ascii=False)}")
        if lane.get("display_model") not in {None, "unknown-model"}:
            lines.append(f"    model: {_word(lane['display_model'])}")
        if isinstance(lane.get("env"), dict) and lane["env"]:
            lines.append(f"    env: {json.dumps({k: str(v) for k, v in lane['env'].items()}, ensure_ascii=False)}")
        lines += _limits(work, key, lane)
    return lines


def _limits(work: Conversion, key: str, lane: Mapping[str, Any]) -> list[str]:
    """What a lane may do, as sentences of its briefs, and how long."""
    lines = []
    if isinstance(lane.get("constraints"), dict) and lane["constraints"]:
        said = [f"{name.replace('_', ' ').capitalize()}: {value}." for name, value in lane["constraints"].items()]
        lines.append(f"    constraints: {json.dumps(said, ensure_ascii=False)}")
        work.changed.append(
            f"{key}.constraints became sentences of every brief of the lane; nothing else enforces them."
        )
    if isinstance(lane.get("adapter_timeout_seconds"), int):
        lines.append(f"    timeouts: {{work_seconds: {lane['adapter_timeout_seconds']}}}")
    return lines


def _roles(work: Conversion) -> list[str]:
    lines = []
    for name, role in work.named("roles"):
        work.leave(role, f"roles.{name}", {}, known={"definition_path"})
        path = role.get("definition_path")
        lines.append(f"  {_word(name)}: {{file: {json.dumps(path)}}}" if path else f'  {_word(name)}: ""')
    return ["roles:", *lines] if lines else []


def _jobs(work: Conversion) -> list[str]:
    lines = ["jobs:"]
    for number, job in enumerate(work.jobs):
        lines += convert_job(work, number, job)
    for number, edge in work.rows("edges", NOT_CARRIED["edge"]):
        if edge.get("on", "completed") != "completed":
            work.left[f"edges[{number}].on"] = f"needs are met by completion, not by `{edge['on']}`."
    return lines


def _cycles(work: Conversion) -> list[str]:
    lines = []
    for number, cycle in work.rows("cycles", NOT_CARRIED["cycle"]):
        start, end = work.renamed(cycle.get("from")), work.renamed(cycle.get("to"))
        rounds = cycle.get("max_iterations") or 1
        if start in work.drafts:
            work.left[f"cycles[{number}]"] = f"`{start}` became a draft, which sends nothing back."
            continue
        lines.append(f"  - {{review: {start}, back_to: {end}, rounds: {rounds}}}")
    return ["cycles:", *lines] if lines else []


def _policies(work: Conversion) -> list[str]:
    said = work.top.get("parallelism")
    parallelism = said if isinstance(said, dict) else {}
    work.leave(parallelism, "parallelism", NOT_CARRIED["parallelism"])
    inner = []
    if isinstance(parallelism.get("max_active_jobs"), int):
        inner.append(f"max_active_jobs: {parallelism['max_active_jobs']}")
    if parallelism.get("require_disjoint_write_scopes") is True:
        inner.append("require_disjoint_scopes: true")
    lines = [f"  parallelism: {{{', '.join(inner)}}}"] if inner else []
    if work.side_by_side:
        lines.append("  review: {mode: parallel}")
    return ["policies:", *lines] if lines else []
