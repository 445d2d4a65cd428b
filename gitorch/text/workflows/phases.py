"""Rules for groups, phases and required postures of a workflow file (W7, W8)."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from gitorch.model.plans.globs import shared_globs
from gitorch.model.plans.workflow import REVIEWING, UNCLAIMED, JobKind
from gitorch.model.values import Value
from gitorch.text.complaints import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitorch.model.ids import JobId
    from gitorch.text.workflows.checks import Graph

CORRECT_ORDER = "Correct the need, or the order of `phases`."
"""The fix where a job needs something of a later phase."""


class Demands(Value):
    """The rules that a file sets for its own jobs."""

    phases: tuple[str, ...]
    """In their order."""
    postures: Mapping[JobId, tuple[str, ...]]
    """The postures in which each job must be reviewed."""
    build_postures: tuple[str, ...]
    """The postures in which every build must be reviewed, too."""
    disjoint: bool
    """Whether jobs that may run at the same time must have scopes without a common path."""


def check_meetings(graph: Graph, demands: Demands) -> None:
    """Complain about jobs that run side by side and must not, about phases, and about missing postures.

    Call it after `check_jobs`: names of unknown jobs are skipped here.
    """
    _check_scopes(graph, disjoint=demands.disjoint)
    _check_phases(graph, demands.phases)

    for job, spec in graph.jobs.items():
        if spec.kind in REVIEWING | UNCLAIMED:
            continue

        required = demands.postures.get(job, ())
        if spec.kind is JobKind.BUILD:
            required = (*required, *demands.build_postures)

        _check_postures(graph, job, required)


def _check_scopes(graph: Graph, *, disjoint: bool) -> None:
    """Jobs of one group run side by side in scopes without a common path.

    `disjoint` demands this of all jobs that may run at the same time.
    """
    for one, other in combinations(graph.work(), 2):
        if _share_group(graph, one, other):
            _check_group(graph, one, other)
        elif disjoint and graph.apart(one, other):
            _check_disjoint(graph, one, other)


def _share_group(graph: Graph, one: JobId, other: JobId) -> bool:
    """Whether both jobs name the same group."""
    group = graph.jobs[one].group
    return group != "" and group == graph.jobs[other].group


def _check_group(graph: Graph, one: JobId, other: JobId) -> None:
    """Two jobs of a group do not wait for each other, and have scopes without a common path."""
    if graph.apart(one, other):
        _check_disjoint(graph, one, other)
        return

    group = graph.jobs[one].group
    message = f"is `{group}` of `{one}` and `{other}`, but one of them waits for the other."
    fix = "Remove the need between them, or one of the two groups."
    graph.forms[other].complain("group", message, fix)


def _check_disjoint(graph: Graph, one: JobId, other: JobId) -> None:
    """Two jobs that run at the same time have scopes without a common path.

    The complaint shows one glob of each that match the same path.
    """
    shared = shared_globs(graph.jobs[one].scope, graph.jobs[other].scope)
    if not shared:
        return

    place = graph.forms[other]
    if place.has("scope"):
        place = place.form("scope")

    message = f"`{place.key}` shares paths with `{one}`, which runs at the same time: {shared[1]} and {shared[0]}."
    fix = "Give each its own `scope: {allowed: […]}`, or let one need the other."
    place.complaints.add(place.spot, message, fix)


def _check_phases(graph: Graph, phases: tuple[str, ...]) -> None:
    """Every job is in a known phase, every phase ends with its synthesis, and phases meet only there."""
    for job in graph.jobs:
        _check_phase(graph, job, phases)

    for phase in phases:
        _check_synthesis(graph, phase)

    for job, need in _crossings(graph, phases):
        _check_crossing(graph, phases, job, need)


def _check_phase(graph: Graph, job: JobId, phases: tuple[str, ...]) -> None:
    """A job names a known phase, or none where it may."""
    spec = graph.jobs[job]

    if not spec.phase:
        _check_without_phase(graph, job, phases)
    elif spec.phase not in phases:
        message = f"names `{spec.phase}`, which is not a phase.{did_you_mean(spec.phase, phases)}"
        graph.forms[job].complain("phase", message, "Add it to the `phases` at the top, in its place.")


def _check_without_phase(graph: Graph, job: JobId, phases: tuple[str, ...]) -> None:
    """If there are phases, only jobs that nobody claims may name none. A synthesis always names one."""
    kind = graph.jobs[job].kind
    needs_phase = bool(phases) and kind not in UNCLAIMED

    if needs_phase or kind is JobKind.PHASE_SYNTHESIS:
        graph.forms[job].missing("phase")


def _check_synthesis(graph: Graph, phase: str) -> None:
    """A phase has one synthesis, which waits for every other job of the phase.

    A phase without any job needs none.
    """
    syntheses, others = graph.phase(phase)
    if not syntheses:
        if others:
            message = f"is `{phase}`, a phase without a synthesis."
            fix = f"Add a job with `kind: phase_synthesis` and `phase: {phase}` that needs the last jobs of the phase."
            graph.forms[others[0]].complain("phase", message, fix)
        return

    synthesis = syntheses[0]

    for job in syntheses[1:]:
        message = f"makes a second synthesis of phase `{phase}` beside `{synthesis}`."
        graph.forms[job].complain("kind", message, "Let one job close the phase.")

    _check_leads_to(graph, others, synthesis)


def _check_leads_to(graph: Graph, jobs: Sequence[JobId], synthesis: JobId) -> None:
    """Every other job of a phase is before its synthesis."""
    phase = graph.jobs[synthesis].phase
    for job in jobs:
        if job not in graph.before(synthesis):
            message = f"is `{phase}`, but `{synthesis}`, the synthesis of that phase, does not wait for `{job}`."
            graph.forms[job].complain("phase", message, f"Add `{job}` to the needs of `{synthesis}`.")


def _crossings(graph: Graph, phases: tuple[str, ...]) -> Iterator[tuple[JobId, JobId]]:
    """Each job with each of its needs that lies in another phase.

    Unknown needs are skipped, and so are needs without a phase or with an unknown one.
    """
    for job, spec in graph.jobs.items():
        for need in spec.needs:
            if need not in graph.jobs:
                continue

            other = graph.jobs[need].phase
            if other == spec.phase:
                continue

            if other in phases:
                yield job, need


def _check_crossing(graph: Graph, phases: tuple[str, ...], job: JobId, need: JobId) -> None:
    """A job may need another phase's synthesis, and only that of an earlier phase."""
    here, there = graph.jobs[job].phase, graph.jobs[need].phase
    form = graph.forms[job]
    if not graph.is_kind(need, JobKind.PHASE_SYNTHESIS):
        message = f"names `{need}`, which lies inside phase `{there}`; phases meet only in their synthesis."
        form.complain("needs", message, _fix_of_crossing(graph, phases, job, need))
    elif _comes_before(phases, here, there):
        message = f"names `{need}`, which closes `{there}`, a later phase than `{here}`."
        form.complain("needs", message, CORRECT_ORDER)


def _fix_of_crossing(graph: Graph, phases: tuple[str, ...], job: JobId, need: JobId) -> str:
    """How a job that needs another job inside another phase comes to keep the rule."""
    here, there = graph.jobs[job].phase, graph.jobs[need].phase
    if _comes_before(phases, here, there):
        return CORRECT_ORDER

    syntheses, _ = graph.phase(there)
    if not syntheses:
        return f"Add a job with `kind: phase_synthesis` and `phase: {there}`, and name that instead."

    synthesis = syntheses[0]
    if synthesis in graph.jobs[job].needs:
        return f"Remove `{need}`; `{synthesis}`, which this job needs too, waits for it."

    if job in graph.before(synthesis):
        return f"Write `phase: {there}`, since `{synthesis}` waits for this job."

    return f"Name `{synthesis}` instead."


def _comes_before(phases: tuple[str, ...], one: str, other: str) -> bool:
    """Whether one phase comes before another; false unless both are in the list."""
    if one not in phases or other not in phases:
        return False

    return phases.index(one) < phases.index(other)


def _check_postures(graph: Graph, job: JobId, required: tuple[str, ...]) -> None:
    """Each required posture is that of a review of this job.

    Each missing posture has one complaint, at the job that demands it.
    """
    present = _postures_of_reviews(graph, job)
    form = graph.forms[job]

    for posture in dict.fromkeys(required):
        if posture not in present:
            message = f"`{form.key}` must be reviewed with the posture {posture}, but no review of it has that posture."
            fix = f"Add a review with `needs: [{job}]` and `posture: {posture}`."
            form.complaints.add(form.spot_of("required_postures"), message, fix)


def _postures_of_reviews(graph: Graph, job: JobId) -> set[str]:
    """The postures in which a job is reviewed."""
    postures: set[str] = set()
    for spec in graph.jobs.values():
        if spec.kind is JobKind.REVIEW and spec.subject == job:
            postures.add(spec.posture)

    return postures
