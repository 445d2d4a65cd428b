"""One job of a workflow file (W2 to W4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Problem
from gitorch.model.ids import JobId
from gitorch.model.plans.workflow import REVIEWING, UNCLAIMED, JobKind, JobSpec
from gitorch.model.values import Value
from gitorch.text.complaints import did_you_mean
from gitorch.text.glob_syntax import glob_fault
from gitorch.text.host_labels import read_host_labels
from gitorch.text.slug import id_fault
from gitorch.text.source import read_source
from gitorch.text.workflows.brief import brief_text, posture_fault
from gitorch.text.workflows.parts import read_artifact, read_names, read_scope

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from gitorch.model.plans.workflow import Lane
    from gitorch.text.fields import Form

BYTES_MAX = 500_000
"""The largest workflow file or brief."""

_WORK_KEYS = ("scope", "artifacts", "tasks", "attempts", "group", "required_postures")
_REVIEW_KEYS = ("subject", "stage", "advisory")
_JUDGE_KEYS = ("posture",)
_CHECKPOINT_KEYS = ("on_continue", "on_cancel")
_CLAIMED_KEYS = ("lane", "role", "objective", "brief", "priority", "fresh", "hosts", *_JUDGE_KEYS)
_WITHOUT_EFFECT = {
    JobKind.CHECKPOINT: (*_CLAIMED_KEYS, *_WORK_KEYS, *_REVIEW_KEYS),
    JobKind.MERGE: (*_CLAIMED_KEYS, *_WORK_KEYS, *_REVIEW_KEYS, *_CHECKPOINT_KEYS),
    JobKind.PHASE_SYNTHESIS: (*_WORK_KEYS, *_REVIEW_KEYS, *_CHECKPOINT_KEYS),
    JobKind.REVIEW: (*_WORK_KEYS, *_CHECKPOINT_KEYS),
}
"""The keys without effect by kind; the other kinds are work, and have one list for all."""


class Surroundings(Value):
    """The parts of a workflow file that its jobs refer to."""

    lanes: Mapping[str, Lane]
    roles: Mapping[str, str]
    """The text of each role."""
    context: tuple[str, ...]
    """Paths that every agent reads first."""
    read: Callable[[str], bytes | None]
    """Reads a file that the workflow names; None when it does not exist."""


def job_id_fault(name: str) -> str:
    """Why a name is not the id of a job, or an empty string when it is.

    A job's id is an id, or two of them with a dot between. `x.lock` is refused, since git refuses such a branch.
    """
    head, dot, tail = name.partition(".")
    if dot and (id_fault(tail) or tail == "lock"):
        return "may have one part after a dot, such as `api.spec`"

    return id_fault(head)


def read_job(job: JobId, form: Form, around: Surroundings) -> JobSpec:
    """A job without its brief.

    A key that has no effect on a job of this kind is a complaint. Names of other jobs are not checked here.
    """
    kind = form.choice("kind", JobKind.GENERIC)
    scope = read_scope(form.form("scope"))
    spec = JobSpec(
        job,
        form.word("title", job),
        kind,
        _lane(form, kind, around),
        needs=read_names(form, "needs"),
        role=_role(form, around),
        scope=scope,
        artifacts=tuple(read_artifact(row, scope) for row in form.rows("artifacts")),
        tasks=form.texts("tasks"),
        attempts_max=form.number("attempts", 0, minimum=1, maximum=100),
        priority=form.number("priority", 0),
        posture=_posture(form),
        subject=_subject(form),
        stage=_stage(form, kind),
        on_continue=read_names(form, "on_continue"),
        on_cancel=read_names(form, "on_cancel"),
        phase=form.word("phase"),
        group=form.word("group"),
        fresh=_fresh(form, kind),
        advisory=form.flag("advisory", default=False),
        host_labels=read_host_labels(form),
    )

    _check_effects(form, kind)
    return spec


def _check_effects(form: Form, kind: JobKind) -> None:
    """Every key of the job has an effect on a job of this kind."""
    for key in _keys_without_effect(kind):
        if form.has(key):
            form.complain(key, f"has no effect on a {kind} job.", "Remove it.")


def _lane(form: Form, kind: JobKind, around: Surroundings) -> str:
    """The lane of a job, which every job needs that somebody claims. An unknown lane is a complaint."""
    lane = form.word("lane", required=kind not in UNCLAIMED)
    if lane and lane not in around.lanes:
        message = f"names `{lane}`, which is not a lane.{did_you_mean(lane, around.lanes)}"
        form.complain("lane", message, "Add it to `lanes`.")

    return lane


def _role(form: Form, around: Surroundings) -> str:
    """The role of a job; empty without any. An unknown role is a complaint."""
    role = form.word("role")
    if role and role not in around.roles:
        message = f"names `{role}`, which is not a role.{did_you_mean(role, around.roles)}"
        form.complain("role", message, "Add it to `roles`.")

    return role


def _posture(form: Form) -> str:
    """The posture of a review; `neutral` unless the file names another."""
    posture = form.text("posture", "neutral")
    fault = posture_fault(posture)
    if fault:
        form.complain("posture", f"{fault}.", "Write `posture: security`, for example.")

    return posture


def _subject(form: Form) -> JobId | None:
    """The job that a review names as its subject; None when the file leaves it open."""
    subject = form.text("subject")
    if form.get("subject") is None:
        return None

    return JobId(subject)


def _stage(form: Form, kind: JobKind) -> int:
    """The review's stage, counted from 1; 0 for jobs that are not reviews."""
    if kind in REVIEWING:
        return form.number("stage", 1, minimum=1)
    return form.number("stage", 0)


def _fresh(form: Form, kind: JobKind) -> bool:
    """Whether each attempt gets a session of its own.

    Reviews always do, so the field is False for them, and writing `fresh: false` is a complaint.
    """
    fresh = form.flag("fresh", default=kind in REVIEWING)
    if kind not in REVIEWING:
        return fresh

    if not fresh:
        form.complain("fresh", f"cannot be false: a {kind} always runs in a fresh session.", "Remove it.")

    return False


def _keys_without_effect(kind: JobKind) -> Collection[str]:
    """The keys that a job of this kind has no use for."""
    return _WITHOUT_EFFECT.get(kind, (*_REVIEW_KEYS, *_JUDGE_KEYS, *_CHECKPOINT_KEYS))


def read_brief(form: Form, spec: JobSpec, around: Surroundings) -> str | None:
    """The brief of a job as Markdown; None for a job that nobody claims.

    Work has an objective or a brief file, and exactly one of them. A review can do without.
    """
    objective, path = form.text("objective"), form.text("brief")
    if spec.kind in UNCLAIMED:
        return None

    objective = _objective_of(form, spec, around, objective, path)

    return brief_text(spec.title, around.roles.get(spec.role, ""), objective, around.context, spec.posture)


def _objective_of(form: Form, spec: JobSpec, around: Surroundings, objective: str, path: str) -> str:
    """The text of the brief from its file or its field. Anything else is a complaint."""
    if objective and path:
        form.complain("brief", "and `objective` exclude each other.", "Keep one of the two.")
    elif path:
        objective = read_file(form, "brief", path, around.read)
    elif not objective and spec.kind not in REVIEWING:
        form.missing("objective")
    return objective


def read_file(form: Form, key: str, path: str, read: Callable[[str], bytes | None]) -> str:
    """The text of a file that a key names.

    Empty, with a complaint, when the path is unusable, when the file does not exist, and when it is not text.
    """
    fault = glob_fault(path)
    if fault:
        form.complain(key, f"is the path `{path}`, which {fault}.", "Name a file beside the workflow file.")
        return ""

    data = read(path)
    if data is None:
        form.complain(key, f"names `{path}`, which does not exist.", "Write the file, or correct its path.")
        return ""

    source = read_source(path, data, BYTES_MAX)
    if isinstance(source, Problem):
        form.complaints.found.append(source)
        return ""

    return source.text
