"""Workflow files (`gitorch: workflow/1`): reads YAML or JSON into a workflow with its briefs, or reports every problem (W1 to W8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gitorch.model.ids import JobId
from gitorch.model.plans.workflow import Cycle, JobKind, JobSpec, Settings, Workflow, WorkflowSource
from gitorch.model.values import replace
from gitorch.text.fields import read_form
from gitorch.text.glob_syntax import glob_fault
from gitorch.text.run_settings import read_branch
from gitorch.text.workflows.checks import Graph, check_cycle, check_jobs, producers
from gitorch.text.workflows.job import BYTES_MAX, Surroundings, job_id_fault, read_brief, read_file, read_job
from gitorch.text.workflows.parts import read_lane, read_policies, read_postures
from gitorch.text.workflows.phases import Demands, check_meetings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitorch.text.fields import Form

    Read = Callable[[str], bytes | None]

FORMAT = "workflow/1"


def parse_workflow(path: str, data: bytes, read: Read, defaults: Settings | None = None) -> WorkflowSource:
    """Read a workflow file.

    `read` gives the bytes of a file that the workflow names, or None when it does not exist.
    The file's policies replace `defaults`. Raises Malformed with every problem found, in file order.
    """
    top = read_form(path, data, BYTES_MAX)
    source = _workflow(top, path, read, defaults or Settings())
    top.complaints.raise_if_any()
    return source


def _workflow(top: Form, path: str, read: Read, defaults: Settings) -> WorkflowSource:
    """The workflow, as far as the file defines it; `top` collects its problems."""
    _check_format(top)
    name, version = top.word("name", required=True), top.word("version", "1")
    target = _target(top)
    phases = tuple(dict.fromkeys(top.texts("phases")))
    policies = read_policies(top.form("policies"), defaults)
    lanes = {lane: read_lane(lane, form) for lane, form in top.forms("lanes").items()}
    around = Surroundings(lanes, _roles(top, read), _context(top), read)

    forms = _job_forms(top)
    jobs: dict[JobId, JobSpec] = {}
    briefs: dict[JobId, str] = {}
    postures: dict[JobId, tuple[str, ...]] = {}

    for job, form in forms.items():
        spec = jobs[job] = read_job(job, form, around)
        postures[job] = read_postures(form, "required_postures")
        brief = read_brief(form, spec, around)
        if brief is not None:
            briefs[job] = brief

    _name_subjects(jobs)

    graph = Graph(jobs, forms)
    check_jobs(graph)
    cycles = _cycles(top, graph, policies.settings.rounds_max)
    check_meetings(graph, Demands(phases, postures, policies.postures, policies.disjoint))

    for form in (*forms.values(), top):
        form.done()

    workflow = Workflow(name, version, path, lanes, jobs, cycles, phases)
    return WorkflowSource(workflow, briefs, policies.settings, target, around.context, _places(top))


def _check_format(top: Form) -> None:
    """The file begins with the format that this version reads."""
    found = top.text("gitorch", required=True)
    if found and found != FORMAT:
        top.complain("gitorch", f"is `{found}`, a format that this version cannot read.", f"Write `gitorch: {FORMAT}`.")


def _target(top: Form) -> str:
    """The branch to merge to; empty without any.

    It is written as `branch: main`, as `branch: {target: main}`, or in short as `target: main`.
    """
    branch, target = top.get("branch"), top.get("target")
    if branch is None and target is None:
        return ""

    if branch is None:
        return read_branch(top, "target", "main")

    if top.has("target"):
        top.complain("target", "and `branch` exclude each other.", "Keep one of the two.")
    if isinstance(branch.data, str):
        return read_branch(top, "branch", "main")

    return _target_of_branch(top)


def _target_of_branch(top: Form) -> str:
    """The target that the mapping `branch` names."""
    form = top.form("branch")
    name = read_branch(form, "target", "main")
    form.done()
    return name


def _roles(top: Form, read: Read) -> dict[str, str]:
    """The text of each role, by name."""
    roles = top.form("roles")
    return {role: _role_text(roles, role, read) for role in roles.names()}


def _role_text(roles: Form, role: str, read: Read) -> str:
    """The text of a role: the role is a text, or names a file with the text."""
    value = roles.get(role)
    if value is None or not isinstance(value.data, Mapping):
        return roles.word(role)

    form = roles.form(role)
    path = form.text("file", required=True)
    form.done()
    if not path:
        return ""

    return read_file(form, "file", path, read)


def _context(top: Form) -> tuple[str, ...]:
    """The paths that every agent reads first; a complaint for each that cannot be used."""
    for path, spot in top.placed_texts("context"):
        fault = glob_fault(path)
        if fault:
            fix = "Name files by their path from the repository's root."
            top.complaints.add(spot, f"The path `{path}` {fault}.", fix)

    return top.texts("context")


def _job_forms(top: Form) -> dict[JobId, Form]:
    """The mapping of each job, by id, in the order of the file; complains about invalid ids."""
    jobs = top.form("jobs")
    if not jobs.names():
        fix = "Add `jobs:` and below it `<id>: {kind: build, …}`."
        top.complain("jobs", "must name at least one job.", fix)

    forms: dict[JobId, Form] = {}

    for name in jobs.names():
        fault = job_id_fault(name)
        if fault:
            jobs.complaints.add(jobs.key_spot(name), f"The job id `{name}` {fault}.", "Write an id such as `api`.")
        forms[JobId(name)] = jobs.form(name)

    return forms


def _name_subjects(jobs: dict[JobId, JobSpec]) -> None:
    """A review that needs exactly one job of work is a review of that job, unless it names another.

    It changes `jobs` itself.
    """
    for job, spec in jobs.items():
        if spec.kind is not JobKind.REVIEW or spec.subject is not None:
            continue

        work = producers(jobs, spec.needs)
        if len(work) == 1:
            jobs[job] = replace(spec, subject=work[0])


def _cycles(top: Form, graph: Graph, rounds: int) -> tuple[Cycle, ...]:
    """The declared cycles, in the order of the file. `rounds` holds for a cycle that sets no number itself."""
    cycles: list[Cycle] = []

    for form in top.rows("cycles"):
        review = form.word("review", required=True)
        back_to = form.word("back_to", required=True)
        cycle = Cycle(JobId(review), JobId(back_to), form.number("rounds", rounds, minimum=1, maximum=100))
        check_cycle(graph, form, cycle)
        _check_first_cycle(form, review, cycles)
        form.done()
        cycles.append(cycle)

    return tuple(cycles)


def _check_first_cycle(form: Form, review: str, cycles: Sequence[Cycle]) -> None:
    """No cycle before this one has the same review. A missing name has a complaint already."""
    if not review:
        return

    if any(other.review == review for other in cycles):
        form.complain("review", f"names `{review}`, which already has a cycle.", "Keep one of the two cycles.")


def _places(top: Form) -> dict[str, tuple[int, int]]:
    """Line and column of each lane and job, by dotted path."""
    places: dict[str, tuple[int, int]] = {}
    for section in ("lanes", "jobs"):
        form = top.form(section)
        for name in form.names():
            spot = form.key_spot(name)
            places[form.at(name)] = (spot.line, spot.column)

    return places
