"""One job of the other format as a job of a workflow file."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gitorch.model.workflow import JobKind
from gitorch.text.workflows.convert_terms import NOT_CARRIED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

KINDS = {"human_checkpoint": "checkpoint", "handoff": "generic"}
JUDGES = frozenset({"review", "phase_synthesis"})
MEANINGLESS = "it has no effect on a job of this kind."


@dataclass(slots=True)
class Conversion:
    """A workflow on its way. `left` names what is not carried over, by its path; `drafts` are reviews of no job."""

    top: dict[str, Any]
    left: dict[str, str] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    drafts: set[str] = field(default_factory=set)
    side_by_side: bool = False

    def __post_init__(self) -> None:
        for job in self.jobs:
            self.names[str(job.get("id", ""))] = self._free(str(job.get("id", "")))

    @property
    def jobs(self) -> list[dict[str, Any]]:
        """The jobs that are mappings."""
        return [job for job in self.top["jobs"] if isinstance(job, dict)]

    def _free(self, name: str) -> str:
        plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "job"
        taken = set(self.names.values())
        free = (
            plain if plain not in taken else next(f"{plain}-{n}" for n in range(2, 9999) if f"{plain}-{n}" not in taken)
        )
        if free != name:
            self.changed.append(f"The job `{name}` is called `{free}`: ids have small letters, digits and -.")
        return free

    def renamed(self, name: object) -> str:
        """The new id of a job."""
        return self.names.get(str(name), str(name))

    def leave(
        self, value: Mapping[str, Any], path: str, reasons: Mapping[str, str], known: set[str] | None = None
    ) -> None:
        """Name every field that is not carried over, with the reason, and those that nobody knows."""
        for key in value:
            at = f"{path}.{key}" if path else key
            if key in (known or ()):
                continue
            why = reasons.get(key, "gitorch knows no such field.")
            if why:
                self.left[at] = why

    def rows(self, key: str, reasons: Mapping[str, str]) -> Iterator[tuple[int, dict[str, Any]]]:
        """The rows of a list of mappings, each with its number."""
        value = self.top.get(key)
        for number, row in enumerate(value if isinstance(value, list) else []):
            if isinstance(row, dict):
                self.leave(row, f"{key}[{number}]", reasons)
                yield number, row

    def named(self, key: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The parts of a mapping of mappings."""
        value = self.top.get(key)
        for name, part in (value if isinstance(value, dict) else {}).items():
            if isinstance(part, dict):
                yield name, part

    def texts(self, value: object, path: str) -> list[str]:
        """The texts of a list; what is no text is named. A mapping with a path stands for its path."""
        found = []
        for number, item in enumerate(value if isinstance(value, list) else []):
            if isinstance(item, str):
                found.append(item)
            elif isinstance(item, dict) and isinstance(item.get("path"), str):
                found.append(item["path"])
                self.leave(item, f"{path}[{number}]", {}, known={"path"})
            else:
                self.left[f"{path}[{number}]"] = "it is no text."
        return found

    def before(self, name: str) -> list[str]:
        """The jobs that one needs, by their old ids: from edges, and from its own list."""
        rows = self.top.get("edges")
        edges = [e for e in (rows if isinstance(rows, list) else []) if isinstance(e, dict) and e.get("to") == name]
        own = next((job.get("needs") for job in self.jobs if job.get("id") == name), None)
        return list(
            dict.fromkeys([*(str(e.get("from")) for e in edges), *map(str, own if isinstance(own, list) else [])])
        )

    def subject(self, name: str) -> str:
        """The work that a review is of: what its cycle leads back to, else the nearest work before it; empty without any."""
        cycles = self.top.get("cycles")
        for cycle in cycles if isinstance(cycles, list) else []:
            if isinstance(cycle, dict) and cycle.get("from") == name:
                return str(cycle.get("to"))
        kinds = {str(job.get("id")): KINDS.get(str(job.get("type")), str(job.get("type"))) for job in self.jobs}
        left, seen = self.before(name), set[str]()
        while left:
            job = left.pop(0)
            if job not in seen and kinds.get(job) not in {*JUDGES, "checkpoint"}:
                return job
            if job not in seen:
                seen.add(job)
                left += self.before(job)
        return ""


def convert_job(work: Conversion, number: int, job: Mapping[str, Any]) -> list[str]:
    """The lines of one job."""
    path, name = f"jobs[{number}]", str(job.get("id", ""))
    work.leave(job, path, NOT_CARRIED["job"])
    kind = _kind(work, path, job)
    needs = work.before(name)
    lines = [f"  {work.renamed(name)}:", f"    kind: {kind}"]
    if job.get("title"):
        lines.append(f"    title: {_line(job['title'])}")
    if kind == "checkpoint":
        _leave_all(
            work, path, job, ("role_id", "lane_id", "objective", "task_prompt", "write_scope", "expected_artifacts")
        )
        _leave_all(work, path, job, ("fresh_session_required", "max_attempts", "parallel_group"))
    else:
        lines += _who(work, path, job)
        lines += _brief(work, path, job)
        lines += _judged(work, path, job, needs) if kind in JUDGES else _work(work, path, job)
    if phase := job.get("phase") or job.get("phase_id"):
        lines.append(f"    phase: {_line(phase)}")
    if needs:
        lines.append(f"    needs: [{', '.join(work.renamed(need) for need in needs)}]")
    return lines


def _kind(work: Conversion, path: str, job: Mapping[str, Any]) -> str:
    said = str(job.get("type", "generic"))
    kind = KINDS.get(said, said)
    if kind not in [str(known) for known in JobKind]:
        work.changed.append(f"`{path}.type` is `{said}`, which is generic work here.")
        return "generic"
    if kind == "review" and not work.subject(str(job.get("id", ""))):
        work.drafts.add(work.renamed(job.get("id")))
        work.changed.append(
            f"`{path}` is a review of no job of this workflow; it became a draft, which writes what it found."
        )
        return "draft"
    if kind != said:
        work.changed.append(f"`{path}.type` is called {kind} here.")
    return kind


def _leave_all(work: Conversion, path: str, job: Mapping[str, Any], keys: tuple[str, ...]) -> None:
    work.left |= {f"{path}.{key}": MEANINGLESS for key in keys if key in job}


def _line(value: object) -> str:
    return json.dumps(" ".join(str(value).split()), ensure_ascii=False)


def _who(work: Conversion, path: str, job: Mapping[str, Any]) -> list[str]:
    lines = []
    lane = job.get("lane_id")
    if lane is None:
        lane = next((name for name, _ in work.named("lanes")), "author")
        work.changed.append(f"`{path}` names no lane; it is done by `{lane}`.")
    lines.append(f"    lane: {_line(lane)}")
    if job.get("role_id"):
        lines.append(f"    role: {_line(job['role_id'])}")
    return lines


def _brief(work: Conversion, path: str, job: Mapping[str, Any]) -> list[str]:
    """The file that the agent works from, else the objective; work without either gets its title."""
    prompt = job.get("task_prompt")
    file = prompt.get("path") if isinstance(prompt, dict) else prompt
    if isinstance(prompt, dict):
        work.leave(prompt, f"{path}.task_prompt", {}, known={"path"})
    if file:
        if job.get("objective"):
            work.left[f"{path}.objective"] = "the brief is the file of `task_prompt`; add it there."
        return [f"    brief: {_line(file)}"]
    said = str(job.get("objective") or job.get("title") or job.get("id"))
    if "\n" not in said.strip():
        return [f"    objective: {_line(said)}"]
    return ["    objective: |-", *(f"      {line.rstrip()}".rstrip() for line in said.strip().splitlines())]


def _judged(work: Conversion, path: str, job: Mapping[str, Any], needs: list[str]) -> list[str]:
    """What only reviews have. They read everything and write nothing, always in a fresh session."""
    _leave_all(work, path, job, ("write_scope", "max_attempts"))
    if job.get("expected_artifacts"):
        work.left[f"{path}.expected_artifacts"] = "findings are handed in with the verdict, and kept in the ledger."
    if job.get("reviewer_context_policy") not in {None, "fresh"}:
        work.left[f"{path}.reviewer_context_policy"] = "every review runs in a fresh session."
    if job.get("parallel_group"):
        work.side_by_side = True
    lines = [f"    posture: {_line(job['review_posture'])}"] if job.get("review_posture") else []
    subject = work.subject(str(job.get("id", "")))
    if str(job.get("type")) == "review":
        if subject not in needs:
            needs.append(subject)
            work.changed.append(f"`{path}` needs `{work.renamed(subject)}`, which it is a review of.")
        lines.append(f"    subject: {work.renamed(subject)}")
    return lines


def _work(work: Conversion, path: str, job: Mapping[str, Any]) -> list[str]:
    lines = []
    scope = job.get("write_scope")
    if isinstance(scope, dict):
        work.leave(scope, f"{path}.write_scope", NOT_CARRIED["scope"])
        halves = [
            f"{key}: {json.dumps(globs, ensure_ascii=False)}"
            for key in ("allowed", "forbidden")
            if (globs := work.texts(scope.get(f"{key}_paths"), f"{path}.write_scope.{key}_paths"))
        ]
        lines += [f"    scope: {{{', '.join(halves)}}}"] if halves else []
    rows = job.get("expected_artifacts")
    for number, row in enumerate(rows if isinstance(rows, list) else []):
        if isinstance(row, dict):
            work.leave(row, f"{path}.expected_artifacts[{number}]", {}, {"logical_name", "kind", "path", "required"})
            lines += ["    artifacts:"] if number == 0 else []
            values = {"name": row.get("logical_name"), "kind": row.get("kind"), "path": row.get("path")}
            values |= {"required": False} if row.get("required") is False else {}
            lines.append(
                f"      - {json.dumps({k: v for k, v in values.items() if v is not None}, ensure_ascii=False)}"
            )
    if job.get("parallel_group"):
        lines.append(f"    group: {_line(job['parallel_group'])}")
    if job.get("fresh_session_required") is True:
        lines.append("    fresh: true")
    if isinstance(job.get("max_attempts"), int) and job["max_attempts"] > 1:
        lines.append(f"    attempts: {job['max_attempts']}")
    elif "max_attempts" in job:
        work.left[f"{path}.max_attempts"] = (
            "one attempt would forbid the rounds of a cycle; set `attempts` where that is meant."
        )
    if wanted := work.texts(job.get("required_review_postures"), f"{path}.required_review_postures"):
        lines.append(f"    required_postures: {json.dumps(wanted)}")
    _leave_all(work, path, job, ("review_posture", "reviewer_context_policy"))
    return lines
