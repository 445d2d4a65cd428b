"""Workflow files (`gitorch: workflow/1`): YAML or JSON in, a workflow with its briefs out, or every problem at once (W1 to W6).

A key that this version does not carry out is refused by name, never ignored: `_LATER` holds those keys with what to do instead.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitorch.errors import Malformed, Problem
from gitorch.model.ids import JobId
from gitorch.model.workflow import (
    REVIEWING,
    UNCLAIMED,
    Cycle,
    Expected,
    JobKind,
    JobSpec,
    Lane,
    Scope,
    Settings,
    Workflow,
)
from gitorch.model.workflow_source import WorkflowSource
from gitorch.text.form import NOWHERE, Complaints, Form, did_you_mean
from gitorch.text.front_matter import read_branch
from gitorch.text.globs import glob_fault
from gitorch.text.slug import id_fault
from gitorch.text.source import read_source
from gitorch.text.workflow_brief import brief_text, posture_fault
from gitorch.text.workflow_checks import Graph, check_cycle, check_jobs, producers
from gitorch.text.yaml_file import read_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

BYTES_MAX = 500_000
FORMAT = "workflow/1"
KINDS_LATER = frozenset({JobKind.PHASE_SYNTHESIS})

_LATER = {
    "": {
        "phases": "Order the jobs by `needs`.",
        "groups": "Jobs run side by side when neither needs the other.",
        "branch": "Name the branch to merge to as `target`.",
    },
    "lane": {
        "model": "Put the model into `command`.",
        "worktree": "Remove it: every job has a worktree of its own.",
        "capacity": "Set `policies.parallelism.max_active_jobs`.",
        "constraints": "Say it in the objective.",
        "timeouts": "Set them under `policies.recovery`.",
        "commits": "Remove it: agents commit their own work.",
    },
    "job": {
        "phase": "Order the jobs by `needs`.",
        "group": "Jobs run side by side when neither needs the other.",
        "attempts": "Set `rounds` of the cycle, and `policies.recovery.restarts_max`.",
        "fresh": "Remove it: reviews always run in fresh sessions.",
    },
    "review": {
        "required_postures": "Give each review its `posture`.",
        "independence": "Choose lanes with different runtimes.",
    },
}
_ONLY_WORK = ("scope", "artifacts", "tasks")
_ONLY_REVIEW = ("subject", "stage", "posture")
_ONLY_CHECKPOINT = ("on_continue", "on_cancel")
_NOT_UNCLAIMED = ("lane", "role", "objective", "brief", "priority")


def parse_workflow(
    path: str, data: bytes, read: Callable[[str], bytes | None], defaults: Settings | None = None
) -> WorkflowSource:
    """Read a workflow file. `read` gives the bytes of a brief that the file names, or None where there is no such file.

    `defaults` are the settings that the file's policies may replace. Raises Malformed with every problem found.
    """
    source = read_source(path, data, BYTES_MAX)
    if isinstance(source, Problem):
        raise Malformed(f"{path} cannot be read.", (source,))
    complaints = Complaints(path)
    value, problems = read_yaml(source)
    complaints.found += problems
    found = _Reading(Form(complaints, value or NOWHERE), read).workflow(path, defaults or Settings())
    if complaints.found:
        count = len(complaints.sorted())
        raise Malformed(f"{path} has {count} problem{'s' if count > 1 else ''}.", complaints.sorted())
    return found


class _Reading:
    """One workflow file on its way into values; everything wrong lands in the form's complaints."""

    def __init__(self, top: Form, read: Callable[[str], bytes | None]) -> None:
        self.top = top
        self.read = read
        self.lanes: dict[str, Lane] = {}
        self.roles: dict[str, str] = {}
        self.context: tuple[str, ...] = ()
        self.forms: dict[JobId, Form] = {}
        self.briefs: dict[JobId, str] = {}

    def workflow(self, path: str, defaults: Settings) -> WorkflowSource:
        top = self.top
        if (said := top.text("gitorch", required=True)) and said != FORMAT:
            top.complain("gitorch", f"says `{said}`, which is not read here.", f"Write `gitorch: {FORMAT}` first.")
        name, version = top.word("name", required=True), top.word("version", "1")
        target = read_branch(top, "target", "main") if top.has("target") else top.text("target")
        self.roles = top.mapping("roles")
        self.context = self._paths("context")
        settings, rounds = self._policies(defaults)
        self.lanes = {lane: _lane(lane, form) for lane, form in top.forms("lanes").items()}
        jobs = self._jobs()
        cycles = self._cycles(Graph(jobs, self.forms), rounds)
        _later(top, "")
        top.done()
        return WorkflowSource(
            Workflow(name, version, path, self.lanes, jobs, cycles), self.briefs, settings, target, self.context
        )

    def _paths(self, key: str) -> tuple[str, ...]:
        for path, spot in self.top.placed_texts(key):
            if fault := glob_fault(path):
                fix = "Name files by their path from the repository's root."
                self.top.complaints.add(spot, f"The path `{path}` {fault}.", fix)
        return self.top.texts(key)

    def _policies(self, old: Settings) -> tuple[Settings, int]:
        """The settings, and the rounds of a cycle that does not say its own."""
        policies = self.top.form("policies")
        review, revision = policies.form("review"), policies.form("revision")
        recovery, parallelism = policies.form("recovery"), policies.form("parallelism")
        settings = replace(
            old,
            review_mode=review.choice("mode", old.review_mode),
            reject_fails_run=review.flag("reject_fails_run", default=old.reject_fails_run),
            rounds_max=revision.number("rounds", old.rounds_max, minimum=1, maximum=100),
            restarts_max=recovery.number("restarts_max", old.restarts_max, maximum=100),
            start_wait_seconds=recovery.number("start_seconds", old.start_wait_seconds, minimum=1),
            silence_seconds=recovery.number("silence_seconds", old.silence_seconds, minimum=1),
            lease_seconds=recovery.number("lease_seconds", old.lease_seconds, minimum=1),
            max_agents=parallelism.number("max_active_jobs", old.max_agents, minimum=1, maximum=1000),
        )
        _later(review, "review")
        for form in (policies, review, revision, recovery, parallelism):
            form.done()
        return settings, settings.rounds_max

    def _jobs(self) -> dict[JobId, JobSpec]:
        forms = self.top.forms("jobs")
        if not forms:
            self.top.complain(
                "jobs", "must name at least one job.", "Add `jobs:` and below it `<id>: {kind: build, …}`."
            )
        names = self.top.form("jobs")
        jobs: dict[JobId, JobSpec] = {}
        for name, form in forms.items():
            if fault := _job_fault(name):
                names.complaints.add(
                    names.key_spot(name), f"The job id `{name}` {fault}.", "Write an id such as `api`."
                )
            self.forms[JobId(name)] = form
            jobs[JobId(name)] = self._job(JobId(name), form)
        for job, spec in jobs.items():
            if spec.kind in REVIEWING and spec.subject is None and len(producers(jobs, spec.needs)) == 1:
                jobs[job] = replace(spec, subject=producers(jobs, spec.needs)[0])
        check_jobs(Graph(jobs, self.forms))
        for form in self.forms.values():
            form.done()
        return jobs

    def _job(self, job: JobId, form: Form) -> JobSpec:
        kind = form.choice("kind", JobKind.GENERIC)
        if kind in KINDS_LATER:
            form.complain("kind", f"cannot be {kind} yet.", "Use synthesis, and a review of it.")
        title = form.word("title", job)
        scope = form.form("scope")
        spec = JobSpec(
            job,
            title,
            kind,
            self._lane_name(form, kind),
            needs=_names(form, "needs"),
            role=self._role(form),
            scope=Scope(_globs(scope, "allowed"), _globs(scope, "forbidden")),
            artifacts=tuple(_artifact(row) for row in form.rows("artifacts")),
            tasks=form.texts("tasks"),
            priority=form.number("priority", 0),
            posture=form.text("posture", "neutral"),
            subject=JobId(form.text("subject")) if form.get("subject") else None,
            stage=form.number("stage", 1, minimum=1) if kind in REVIEWING else form.number("stage", 0),
            on_continue=_names(form, "on_continue"),
            on_cancel=_names(form, "on_cancel"),
        )
        scope.done()
        if fault := posture_fault(spec.posture):
            form.complain("posture", f"{fault}.", "Write `posture: security`, for example.")
        self._brief(form, spec)
        _later(form, "job")
        for key in _without_effect(kind):
            if form.has(key):
                form.complain(key, f"has no effect on a {kind} job.", "Remove it.")
        return spec

    def _lane_name(self, form: Form, kind: JobKind) -> str:
        lane = form.word("lane", required=kind not in UNCLAIMED)
        if lane and lane not in self.lanes:
            form.complain(
                "lane", f"names `{lane}`, which is no lane.{did_you_mean(lane, self.lanes)}", "Add it to `lanes`."
            )
        return lane

    def _role(self, form: Form) -> str:
        role = form.word("role")
        if role and role not in self.roles:
            form.complain(
                "role", f"names `{role}`, which is no role.{did_you_mean(role, self.roles)}", "Add it to `roles`."
            )
        return role

    def _brief(self, form: Form, spec: JobSpec) -> None:
        """Objective or brief file, exactly one of them for work; a review can do without."""
        objective, path = form.text("objective"), form.text("brief")
        if spec.kind in UNCLAIMED:
            return
        if objective and path:
            form.complain("brief", "and `objective` are both here.", "Keep one of the two.")
        elif path:
            objective = self._brief_file(form, path)
        elif not objective and spec.kind not in REVIEWING:
            form.missing("objective")
        role = self.roles.get(spec.role, "")
        self.briefs[spec.id] = brief_text(spec.title, role, objective, self.context, spec.posture)

    def _brief_file(self, form: Form, path: str) -> str:
        if fault := glob_fault(path):
            form.complain("brief", f"is the path `{path}`, which {fault}.", "Name a file beside the workflow file.")
            return ""
        data = self.read(path)
        if data is None:
            form.complain("brief", f"names `{path}`, which does not exist.", "Write the file, or correct its path.")
            return ""
        text = read_source(path, data, BYTES_MAX)
        if isinstance(text, Problem):
            self.top.complaints.found.append(text)
            return ""
        return text.text

    def _cycles(self, graph: Graph, rounds: int) -> tuple[Cycle, ...]:
        cycles: list[Cycle] = []
        for form in self.top.rows("cycles"):
            review, back_to = form.word("review", required=True), form.word("back_to", required=True)
            cycle = Cycle(JobId(review), JobId(back_to), form.number("rounds", rounds, minimum=1, maximum=100))
            check_cycle(graph, form, cycle)
            if review and any(other.review == review for other in cycles):
                form.complain(
                    "review", f"names `{review}`, which has a way back already.", "Keep one of the two cycles."
                )
            form.done()
            cycles.append(cycle)
        return tuple(cycles)


def _later(form: Form, place: str) -> None:
    for key, instead in _LATER[place].items():
        form.unsupported(key, instead)


def _without_effect(kind: JobKind) -> Collection[str]:
    if kind is JobKind.CHECKPOINT:
        return (*_NOT_UNCLAIMED, *_ONLY_WORK, *_ONLY_REVIEW)
    if kind is JobKind.MERGE:
        return (*_NOT_UNCLAIMED, *_ONLY_WORK, *_ONLY_REVIEW, *_ONLY_CHECKPOINT)
    if kind in REVIEWING:
        return (*_ONLY_WORK, *_ONLY_CHECKPOINT)
    return (*_ONLY_REVIEW, *_ONLY_CHECKPOINT)


def _job_fault(name: str) -> str:
    head, dot, tail = name.partition(".")
    if dot and (id_fault(tail) or tail == "lock"):
        return "may have one part after a dot, such as `api.spec`"
    return id_fault(head)


def _names(form: Form, key: str) -> tuple[JobId, ...]:
    return tuple(dict.fromkeys(JobId(name) for name in form.texts(key)))


def _globs(form: Form, key: str) -> tuple[str, ...]:
    for glob, spot in form.placed_texts(key):
        if fault := glob_fault(glob):
            form.complaints.add(spot, f"The glob `{glob}` {fault}.", "Write globs from the repository's root: src/**")
    return form.texts(key)


def _artifact(row: Form) -> Expected:
    expected = Expected(
        row.word("name", required=True),
        row.word("kind", "other"),
        row.text("path", required=True),
        row.flag("required", default=True),
    )
    if expected.path and (fault := glob_fault(expected.path)):
        row.complain("path", f"is `{expected.path}`, which {fault}.", "Write its path from the repository's root.")
    row.done()
    return expected


def _lane(name: str, form: Form) -> Lane:
    command = form.texts("command")
    lane = Lane(name, form.word("runtime"), command, env=form.mapping("env"))
    if not lane.runtime and not command:
        form.missing("runtime")
    _later(form, "lane")
    form.done()
    return lane
