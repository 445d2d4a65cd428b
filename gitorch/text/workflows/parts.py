"""The parts of a workflow file that stand alone: lanes, policies, expected artifacts, scopes (W2 to W4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.ids import JobId
from gitorch.model.plans.globs import shared_globs
from gitorch.model.plans.workflow import (
    Commits,
    ExpectedArtifact,
    Lane,
    Sandbox,
    Scope,
    Settings,
    Timeouts,
    WorktreeMode,
)
from gitorch.model.values import Value, replace
from gitorch.model.work.artifact import ArtifactKind
from gitorch.text.glob_syntax import glob_fault
from gitorch.text.host_labels import read_host_labels
from gitorch.text.run_settings import read_allowance
from gitorch.text.workflows.brief import posture_fault

if TYPE_CHECKING:
    from gitorch.text.fields import Form

OWN_FOLDER = ".gitorch/"
"""Files below it can be published whatever the scope is, since they are never merged."""

WAIT_MAX = 10_000_000
MEMORY_MAX = 10_000_000


class Policies(Value):
    """The policies of a workflow file."""

    settings: Settings
    postures: tuple[str, ...] = ()
    """Every build needs a review in each of these postures."""
    disjoint: bool = False
    """Whether jobs that may run at the same time must have scopes without a common path."""


def read_lane(name: str, form: Form) -> Lane:
    """A lane: who does a kind of work, and with which program.

    A lane names a runtime, a command, or both; without either, the runtime is missing.
    """
    lane = Lane(
        name,
        form.word("runtime"),
        form.texts("command"),
        model=form.word("model"),
        env=form.mapping("env"),
        worktree=form.choice("worktree", WorktreeMode.PER_JOB),
        commits=form.choice("commits", Commits.AGENT),
        capacity=form.number("capacity", 0, minimum=1, maximum=1000),
        one_shot=form.flag("one_shot", default=False),
        sandbox=form.choice("sandbox", Sandbox.NONE),
        memory_mib=form.number("memory_mib", 0, minimum=1, maximum=MEMORY_MAX),
        budget=read_allowance(form.form("budget")),
        constraints=form.texts("constraints"),
        timeouts=_timeouts(form.form("timeouts")),
        host_labels=read_host_labels(form),
    )
    if not lane.runtime and not lane.command:
        form.missing("runtime")

    form.done()
    return lane


def _timeouts(form: Form) -> Timeouts:
    """The lane's own timeouts, in seconds; each replaces a policy of the file."""
    timeouts = Timeouts(
        _seconds(form, "start_seconds"),
        _seconds(form, "silence_seconds"),
        _seconds(form, "lease_seconds"),
        _seconds(form, "work_seconds"),
    )
    form.done()
    return timeouts


def _seconds(form: Form, key: str) -> int:
    """A number of seconds from 1; 0 when the file sets none."""
    return form.number(key, 0, minimum=1, maximum=WAIT_MAX)


def read_policies(policies: Form, default: Settings) -> Policies:
    """The default settings with the file's own in their place.

    A wrong value is a complaint, and the default stays.
    """
    review, revision = policies.form("review"), policies.form("revision")
    recovery, parallelism = policies.form("recovery"), policies.form("parallelism")
    settings = replace(
        default,
        review_mode=review.choice("mode", default.review_mode),
        reject_fails_run=review.flag("reject_fails_run", default=default.reject_fails_run),
        rounds_max=revision.number("rounds", default.rounds_max, minimum=1, maximum=100),
        restarts_max=recovery.number("restarts_max", default.restarts_max, maximum=100),
        start_wait_seconds=recovery.number("start_seconds", default.start_wait_seconds, minimum=1),
        silence_seconds=recovery.number("silence_seconds", default.silence_seconds, minimum=1),
        lease_seconds=recovery.number("lease_seconds", default.lease_seconds, minimum=1),
        recovery=recovery.choice("stale", default.recovery),
        requeues_max=recovery.number("requeues_max", default.requeues_max, maximum=100),
        independence=review.choice("independence", default.independence),
        max_agents=parallelism.number("max_active_jobs", default.max_agents, minimum=1, maximum=1000),
    )
    required_postures = read_postures(review, "required_postures")
    disjoint = parallelism.flag("require_disjoint_scopes", default=False)

    for form in (policies, review, revision, recovery, parallelism):
        form.done()

    return Policies(settings, required_postures, disjoint)


def read_postures(form: Form, key: str) -> tuple[str, ...]:
    """A list of postures, each a known one or a custom one with its name.

    Unknown words are complaints and are left out.
    """
    postures: list[str] = []
    for posture, spot in form.placed_texts(key):
        fault = posture_fault(posture)
        if fault:
            form.complaints.add(spot, f"`{form.at(key)}` {fault}.", f"Write `{key}: [security]`, for example.")
        else:
            postures.append(posture)

    return tuple(postures)


def read_artifact(row: Form, scope: Scope) -> ExpectedArtifact:
    """A file that a job with this write scope must submit.

    Its path is a glob from the repository's root, and its kind one of the kinds of artifacts.
    """
    expected = ExpectedArtifact(
        row.word("name", required=True),
        row.word("kind", "other"),
        row.text("path", required=True),
        row.flag("required", default=True),
    )
    if expected.path:
        _check_artifact_path(row, expected.path, scope)
    _check_artifact_kind(row, expected.kind)
    row.done()
    return expected


def _check_artifact_path(row: Form, path: str, scope: Scope) -> None:
    """The job can commit or publish a file of this path: it is usable, and may lie in the write scope."""
    fault = glob_fault(path)
    if fault:
        row.complain("path", f"is `{path}`, which {fault}.", "Write its path from the repository's root.")
        return

    if path.startswith(OWN_FOLDER) or shared_globs(Scope((path,)), scope) is not None:
        return

    message = f"is `{path}`, which is outside the scope of the job, so it can never be handed in."
    row.complain("path", message, "Let the job's `scope` cover the path, or write one inside it.")


def _check_artifact_kind(row: Form, kind: str) -> None:
    """The kind is one of the kinds of artifacts; `other` accepts every file."""
    if kind in set(ArtifactKind):
        return

    known = ", ".join(ArtifactKind)
    row.complain("kind", f"must be one of {known}, not `{kind}`.", "Write `kind: other`.")


def read_scope(form: Form) -> Scope:
    """A write scope: the globs of the paths that a job may change, and of those that it must not."""
    scope = Scope(_globs(form, "allowed"), _globs(form, "forbidden"))
    form.done()
    return scope


def _globs(form: Form, key: str) -> tuple[str, ...]:
    """The globs of a key; a complaint for each that cannot be used."""
    for glob, spot in form.placed_texts(key):
        fault = glob_fault(glob)
        if fault:
            form.complaints.add(spot, f"The glob `{glob}` {fault}.", "Write globs from the repository's root: src/**")

    return form.texts(key)


def read_names(form: Form, key: str) -> tuple[JobId, ...]:
    """Names of jobs, each once, in the order of the file. `checks` tests whether such jobs exist."""
    return tuple(dict.fromkeys(JobId(name) for name in form.texts(key)))
