"""Workflow files: `gitorch: workflow/1`, read once at the door into a frozen workflow, or refused with every defect.

The first version carries out lanes, jobs, needs, reviews with their cycles, checkpoints and the merge. Keys of the format
that nothing carries out yet are refused, never ignored.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitorch.errors import Malformed, Problem
from gitorch.model.graph import find_cycles
from gitorch.model.ids import JobId
from gitorch.model.workflow import (
    REVIEWING,
    UNCLAIMED,
    Cycle,
    Expected,
    JobKind,
    JobSpec,
    Lane,
    ReviewMode,
    Scope,
    Settings,
    Workflow,
    WorktreeMode,
)
from gitorch.model.workflow_source import WorkflowSource
from gitorch.text.form import NOWHERE, Complaints, Form
from gitorch.text.globs import glob_fault
from gitorch.text.slug import id_fault
from gitorch.text.source import read_source
from gitorch.text.yaml_file import read_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

BYTES_MAX = 2_000_000
VERSION = "workflow/1"
LATER = "remove it; this version runs lanes, jobs, reviews, checkpoints and merges"


def parse_workflow(
    path: str, data: bytes, read: Callable[[str], bytes | None], defaults: Settings | None = None
) -> WorkflowSource:
    """The workflow of a file and the briefs of its jobs; `read` gives the bytes of a file that it names.

    Raises Malformed with every problem, each at its line and column, with the path of its key.
    """
    source = read_source(path, data, BYTES_MAX)
    if isinstance(source, Problem):
        raise Malformed(f"{path} cannot be read.", (source,))
    complaints = Complaints(path)
    value, problems = read_yaml(source)
    complaints.found += problems
    result = _Reading(complaints, read, defaults or Settings()).whole(Form(complaints, value or NOWHERE))
    if complaints.found:
        found = complaints.sorted()
        raise Malformed(f"{path} has {len(found)} problem{'s' if len(found) > 1 else ''}.", found)
    return result


class _Reading:
    """One reading of one file: what is found wrong goes to the complaints, and reading goes on."""

    def __init__(self, complaints: Complaints, read: Callable[[str], bytes | None], defaults: Settings) -> None:
        self._complaints = complaints
        self._read = read
        self._defaults = defaults
        self._briefs: dict[JobId, str] = {}

    def whole(self, top: Form) -> WorkflowSource:
        """Every part of the file, then what only shows between parts."""
        if top.text("gitorch", required=True) not in {"", VERSION}:
            top.complain("gitorch", f"must be `{VERSION}`.", f"Write `gitorch: {VERSION}`.")
        name, version = top.word("name", required=True), top.word("version", "1")
        lanes = {lane: self._lane(lane, form) for lane, form in top.forms("lanes").items()}
        roles = top.mapping("roles")
        context = top.texts("context")
        settings = self._policies(top.form("policies"))
        forms = top.forms("jobs")
        if not forms:
            top.complain("jobs", "names no job.", "Add at least one job below `jobs:`.")
        jobs = {JobId(job): self._job(job, form, lanes, roles, context) for job, form in forms.items()}
        cycles = tuple(self._cycle(form, jobs) for form in top.rows("cycles"))
        target = top.text("target")
        for key in ("phases", "parallel_groups", "branch"):
            top.unsupported(key, LATER)
        top.done()
        jobs = self._subjects(jobs, forms, cycles)
        self._between(jobs, forms, top)
        workflow = Workflow(name, version, "workflow", lanes, jobs, cycles)
        return WorkflowSource(workflow, self._briefs, settings, target, context)

    def _lane(self, name: str, form: Form) -> Lane:
        if id_fault(name):
            self._complaints.add(form.spot, f"`{form.key}` {id_fault(name)}.", "Use small letters, digits and hyphens.")
        lane = Lane(
            name=name,
            runtime=form.word("runtime", required=not form.has("command")),
            command=form.texts("command"),
            env=form.mapping("env"),
            worktree=form.choice("worktree", WorktreeMode.PER_JOB),
            capacity=form.number("capacity", 0),
        )
        if lane.worktree is WorktreeMode.SHARED:
            form.complain("worktree", "cannot be shared yet.", "Write `worktree: per_job`.")
        if form.has("commits") and form.text("commits") != "agent":
            form.complain("commits", "can only be `agent` yet.", "Remove it.")
        for key in ("model", "constraints", "timeouts"):
            form.unsupported(key, "give it to the program with `command` or `env`")
        form.done()
        return replace(lane, runtime=lane.runtime or "generic")

    def _policies(self, form: Form) -> Settings:
        review, revision, parallel = form.form("review"), form.form("revision"), form.form("parallelism")
        given = self._defaults
        settings = replace(
            given,
            review_mode=ReviewMode(review.choice("mode", given.review_mode)),
            reject_fails_run=review.flag("reject_fails_run", default=given.reject_fails_run),
            rounds_max=revision.number("rounds_max", given.rounds_max, minimum=1, maximum=100),
            max_agents=parallel.number("max_active_jobs", given.max_agents, minimum=1, maximum=1000),
        )
        form.unsupported("recovery", LATER)
        for part in (review, revision, parallel, form):
            part.done()
        return settings

    def _job(
        self, name: str, form: Form, lanes: Mapping[str, Lane], roles: Mapping[str, str], context: tuple[str, ...]
    ) -> JobSpec:
        for part in name.split("."):
            if id_fault(part):
                fix = "Use small letters, digits and hyphens."
                self._complaints.add(form.spot, f"`{form.key}` {id_fault(part)}.", fix)
        kind = form.choice("kind", JobKind.GENERIC)
        lane, role = form.word("lane", required=kind not in UNCLAIMED), form.word("role")
        if kind in UNCLAIMED and lane:
            form.complain("lane", f"has no place here: no agent works on a {kind}.", "Remove it.")
        elif lane and lane not in lanes:
            form.complain(
                "lane", f"`{lane}` is not declared.", f"Use one of: {', '.join(lanes) or 'none is declared'}."
            )
        if role and role not in roles and kind not in REVIEWING:
            form.complain("role", f"`{role}` is not declared.", "Describe it below `roles:`.")
        spec = JobSpec(
            id=JobId(name),
            title=form.text("title", name),
            kind=kind,
            lane=lane,
            needs=tuple(JobId(need) for need in form.texts("needs")),
            role=role,
            scope=self._scope(form.form("scope")),
            artifacts=tuple(self._expected(row) for row in form.rows("artifacts")),
            priority=form.number("priority", 0, minimum=-1000, maximum=1000),
            posture=form.word("posture", "neutral"),
            subject=JobId(form.word("subject")) if form.has("subject") else None,
            stage=form.number("stage", 0),
            on_continue=tuple(JobId(job) for job in form.texts("on_continue")),
            on_cancel=tuple(JobId(job) for job in form.texts("on_cancel")),
        )
        if kind not in UNCLAIMED:
            self._briefs[spec.id] = self._brief(spec, form, roles.get(role, ""), context)
        for key in ("attempts", "fresh", "phase"):
            form.unsupported(key, LATER)
        form.done()
        return spec

    def _brief(self, spec: JobSpec, form: Form, role: str, context: tuple[str, ...]) -> str:
        objective, named = form.text("objective"), form.text("brief")
        if objective and named:
            form.complain("brief", "and `objective` both say what to do.", "Keep one of them.")
        if named:
            data = self._read(named)
            if data is None:
                form.complain(
                    "brief", f"names `{named}`, which cannot be read.", "Write the file, or correct its path."
                )
            objective = (data or b"").decode("utf-8", "replace")
        if not objective.strip() and not named and spec.kind not in REVIEWING:
            form.missing("objective")
        parts = [role, objective, f"Posture: {spec.posture}." if spec.posture != "neutral" else ""]
        parts.append("Read first: " + ", ".join(f"`{path}`" for path in context) if context else "")
        return "\n\n".join(part.strip() for part in parts if part.strip())

    def _scope(self, form: Form) -> Scope:
        for key in ("allowed", "forbidden"):
            for glob, spot in form.placed_texts(key):
                if glob_fault(glob):
                    self._complaints.add(spot, f"`{glob}` {glob_fault(glob)}.", "Write a glob such as `src/**`.")
        scope = Scope(form.texts("allowed"), form.texts("forbidden"))
        form.done()
        return scope

    def _expected(self, form: Form) -> Expected:
        path = form.text("path", required=True)
        if path and glob_fault(path):
            form.complain("path", f"{glob_fault(path)}.", "Write a path from the repository's root.")
        expected = Expected(
            form.word("name", path), form.word("kind", "other"), path, form.flag("required", default=True)
        )
        form.done()
        return expected

    def _cycle(self, form: Form, jobs: Mapping[JobId, JobSpec]) -> Cycle:
        review, back_to = JobId(form.word("review", required=True)), JobId(form.word("back_to", required=True))
        cycle = Cycle(review, back_to, form.number("rounds", 3, minimum=1, maximum=100))
        if review in jobs and jobs[review].kind not in REVIEWING:
            form.complain("review", f"`{review}` is no review; only a review can send work back.", "Name a review.")
        for key, job in (("review", review), ("back_to", back_to)):
            if job and job not in jobs:
                form.complain(key, f"`{job}` is no job of this file.", f"Use one of: {', '.join(jobs)}.")
        form.done()
        return cycle

    def _subjects(
        self, jobs: Mapping[JobId, JobSpec], forms: Mapping[str, Form], cycles: tuple[Cycle, ...]
    ) -> dict[JobId, JobSpec]:
        """Every review with the job that it judges: named, sent back to, or the only work that it needs."""
        back = {cycle.review: cycle.back_to for cycle in cycles}
        done = dict(jobs)
        for job, spec in jobs.items():
            if spec.kind not in REVIEWING:
                continue
            makers = [n for n in spec.needs if n in jobs and jobs[n].kind not in REVIEWING | UNCLAIMED]
            subject = spec.subject or back.get(job) or (makers[0] if len(makers) == 1 else None)
            if subject is None:
                forms[job].complain("subject", "must name the job that this review judges.", "Add `subject: JOB`.")
            elif subject in jobs and subject not in spec.needs:
                forms[job].complain("needs", f"must name `{subject}`, which this review judges.", f"Add `{subject}`.")
            done[job] = replace(spec, subject=subject, stage=spec.stage or 1, role=spec.role or "review")
        return done

    def _between(self, jobs: Mapping[JobId, JobSpec], forms: Mapping[str, Form], top: Form) -> None:
        """What only shows between jobs: names that lead nowhere, cycles, merges that nobody approves."""
        for job, spec in jobs.items():
            form = forms[job]
            named = {"needs": spec.needs, "on_continue": spec.on_continue, "on_cancel": spec.on_cancel}
            named["subject"] = (spec.subject,) if spec.subject is not None else ()
            for key, others in named.items():
                for other in others:
                    if other not in jobs:
                        form.complain(key, f"names `{other}`, which is no job.", f"Use one of: {', '.join(jobs)}.")
            for key in ("on_continue", "on_cancel"):
                if named[key] and spec.kind is not JobKind.CHECKPOINT:
                    form.complain(key, "belongs to checkpoints.", "Remove it.")
            checkpoints = [n for n in spec.needs if n in jobs and jobs[n].kind is JobKind.CHECKPOINT]
            if spec.kind is JobKind.MERGE and not checkpoints:
                fix = "Add a job of kind checkpoint, and need it: nothing merges without approval."
                form.complain("needs", "must name a checkpoint, since a merge needs the principal's approval.", fix)
        for cycle in find_cycles({job: tuple(spec.needs) for job, spec in jobs.items()}):
            spot = forms[cycle[0]].spot_of("needs")
            message = f"`jobs.{cycle[0]}.needs` makes a circle: {' → '.join(cycle)}."
            self._complaints.add(spot, message, "Remove one of these needs; the way back from a review is a cycle.")
        del top
