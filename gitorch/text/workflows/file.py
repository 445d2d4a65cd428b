"""Workflow files (`gitorch: workflow/1`): YAML or JSON in, a workflow with its briefs out, or every problem at once (W1 to W8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gitorch.errors import Malformed, Problem
from gitorch.model.ids import JobId
from gitorch.model.values import replace
from gitorch.model.workflow import (
    REVIEWING,
    UNCLAIMED,
    Cycle,
    JobKind,
    JobSpec,
    Lane,
    Scope,
    Settings,
    Workflow,
    WorkflowSource,
)
from gitorch.text.fields import EMPTY, Complaints, Form, did_you_mean
from gitorch.text.glob_syntax import glob_fault
from gitorch.text.run_settings import read_branch
from gitorch.text.slug import id_fault
from gitorch.text.source import read_source
from gitorch.text.workflows.brief import brief_text, posture_fault
from gitorch.text.workflows.checks import Graph, check_cycle, check_jobs, producers
from gitorch.text.workflows.parts import postures, read_artifact, read_globs, read_lane, read_names, read_policies
from gitorch.text.workflows.phases import Demands, check_meetings
from gitorch.text.yaml_file import read_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

BYTES_MAX = 500_000
FORMAT = "workflow/1"

_ONLY_WORK = ("scope", "artifacts", "tasks", "attempts", "group", "required_postures")
_ONLY_REVIEW = ("subject", "stage", "advisory")
_ONLY_JUDGES = ("posture",)
_ONLY_CHECKPOINT = ("on_continue", "on_cancel")
_NOT_UNCLAIMED = ("lane", "role", "objective", "brief", "priority", "fresh", *_ONLY_JUDGES)


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
    found = _Reading(Form(complaints, value or EMPTY), read).workflow(path, defaults or Settings())
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
        self.postures: dict[JobId, tuple[str, ...]] = {}
        self.briefs: dict[JobId, str] = {}

    def workflow(self, path: str, defaults: Settings) -> WorkflowSource:
        top = self.top
        if (said := top.text("gitorch", required=True)) and said != FORMAT:
            top.complain("gitorch", f"says `{said}`, which is not read here.", f"Write `gitorch: {FORMAT}` first.")
        name, version = top.word("name", required=True), top.word("version", "1")
        target = self._target()
        self.roles = {role: self._role_text(form, role) for form in (top.form("roles"),) for role in form.names()}
        self.context = self._paths("context")
        policies = read_policies(top.form("policies"), defaults)
        phases = tuple(dict.fromkeys(top.texts("phases")))
        self.lanes = {lane: read_lane(lane, form) for lane, form in top.forms("lanes").items()}
        jobs = self._jobs()
        graph = Graph(jobs, self.forms)
        cycles = self._cycles(graph, policies.settings.rounds_max)
        check_meetings(graph, Demands(phases, {**self.postures}, policies.postures, policies.disjoint))
        for form in (*self.forms.values(), top):
            form.done()
        flow = Workflow(name, version, path, self.lanes, jobs, cycles, phases)
        return WorkflowSource(flow, self.briefs, policies.settings, target, self.context, self._places())

    def _places(self) -> dict[str, tuple[int, int]]:
        """Where each lane and job is named."""
        sections = {section: self.top.form(section) for section in ("lanes", "jobs")}
        spots = {form.at(name): form.key_spot(name) for form in sections.values() for name in form.names()}
        return {key: (spot.line, spot.column) for key, spot in spots.items()}

    def _target(self) -> str:
        """The branch to merge to: `branch: main`, `branch: {target: main}`, or in short `target: main`."""
        top = self.top
        said, short = top.get("branch"), top.get("target")
        if said is None:
            return read_branch(top, "target", "main") if short else ""
        if top.has("target"):
            top.complain("target", "and `branch` are both here.", "Keep one of the two.")
        if isinstance(said.data, str):
            return read_branch(top, "branch", "main")
        branch = top.form("branch")
        target = read_branch(branch, "target", "main")
        branch.done()
        return target

    def _role_text(self, roles: Form, role: str) -> str:
        """What a role tells its agents: the text itself, or that of a file beside the workflow."""
        value = roles.get(role)
        if value is None or not isinstance(value.data, Mapping):
            return roles.word(role)
        form = roles.form(role)
        path = form.text("file", required=True)
        form.done()
        return self._file(form, "file", path) if path else ""

    def _paths(self, key: str) -> tuple[str, ...]:
        for path, spot in self.top.placed_texts(key):
            if fault := glob_fault(path):
                fix = "Name files by their path from the repository's root."
                self.top.complaints.add(spot, f"The path `{path}` {fault}.", fix)
        return self.top.texts(key)

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
            if spec.kind is JobKind.REVIEW and spec.subject is None and len(producers(jobs, spec.needs)) == 1:
                jobs[job] = replace(spec, subject=producers(jobs, spec.needs)[0])
        check_jobs(Graph(jobs, self.forms))
        return jobs

    def _job(self, job: JobId, form: Form) -> JobSpec:
        kind = form.choice("kind", JobKind.GENERIC)
        title = form.word("title", job)
        scope = form.form("scope")
        spec = JobSpec(
            job,
            title,
            kind,
            self._lane_name(form, kind),
            needs=read_names(form, "needs"),
            role=self._role(form),
            scope=Scope(read_globs(scope, "allowed"), read_globs(scope, "forbidden")),
            artifacts=tuple(read_artifact(row) for row in form.rows("artifacts")),
            tasks=form.texts("tasks"),
            attempts_max=form.number("attempts", 0, minimum=1, maximum=100),
            priority=form.number("priority", 0),
            posture=form.text("posture", "neutral"),
            subject=JobId(form.text("subject")) if form.get("subject") else None,
            stage=form.number("stage", 1, minimum=1) if kind in REVIEWING else form.number("stage", 0),
            on_continue=read_names(form, "on_continue"),
            on_cancel=read_names(form, "on_cancel"),
            phase=form.word("phase"),
            group=form.word("group"),
            fresh=self._fresh(form, kind),
            advisory=form.flag("advisory", default=False),
        )
        scope.done()
        self.postures[job] = postures(form, "required_postures")
        if fault := posture_fault(spec.posture):
            form.complain("posture", f"{fault}.", "Write `posture: security`, for example.")
        self._brief(form, spec)
        for key in _without_effect(kind):
            if form.has(key):
                form.complain(key, f"has no effect on a {kind} job.", "Remove it.")
        return spec

    @staticmethod
    def _fresh(form: Form, kind: JobKind) -> bool:
        """Whether each attempt gets a session of its own. Reviews always do, so only work can choose."""
        said = form.flag("fresh", default=kind in REVIEWING)
        if kind in REVIEWING and not said:
            form.complain("fresh", f"cannot be false: a {kind} always runs in a fresh session.", "Remove it.")
        return said and kind not in REVIEWING

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
            objective = self._file(form, "brief", path)
        elif not objective and spec.kind not in REVIEWING:
            form.missing("objective")
        role = self.roles.get(spec.role, "")
        self.briefs[spec.id] = brief_text(spec.title, role, objective, self.context, spec.posture)

    def _file(self, form: Form, key: str, path: str) -> str:
        if fault := glob_fault(path):
            form.complain(key, f"is the path `{path}`, which {fault}.", "Name a file beside the workflow file.")
            return ""
        data = self.read(path)
        if data is None:
            form.complain(key, f"names `{path}`, which does not exist.", "Write the file, or correct its path.")
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


def _without_effect(kind: JobKind) -> Collection[str]:
    if kind is JobKind.CHECKPOINT:
        return (*_NOT_UNCLAIMED, *_ONLY_WORK, *_ONLY_REVIEW)
    if kind is JobKind.MERGE:
        return (*_NOT_UNCLAIMED, *_ONLY_WORK, *_ONLY_REVIEW, *_ONLY_CHECKPOINT)
    if kind is JobKind.PHASE_SYNTHESIS:
        return (*_ONLY_WORK, *_ONLY_REVIEW, *_ONLY_CHECKPOINT)
    if kind in REVIEWING:
        return (*_ONLY_WORK, *_ONLY_CHECKPOINT)
    return (*_ONLY_REVIEW, *_ONLY_JUDGES, *_ONLY_CHECKPOINT)


def _job_fault(name: str) -> str:
    head, dot, tail = name.partition(".")
    if dot and (id_fault(tail) or tail == "lock"):
        return "may have one part after a dot, such as `api.spec`"
    return id_fault(head)
