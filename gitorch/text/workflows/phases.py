"""Where the jobs of a workflow file meet (W7, W8): groups that run side by side, phases with one way out, postures that are asked for."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from gitorch.model.globs import shared_globs
from gitorch.model.values import Value
from gitorch.model.workflow import REVIEWING, UNCLAIMED, JobKind
from gitorch.text.fields import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitorch.model.ids import JobId
    from gitorch.text.workflows.checks import Graph


class Demands(Value):
    """What a file asks of its jobs: phases in their order, postures by job and for every build, scopes that share nothing."""

    phases: tuple[str, ...]
    postures: Mapping[JobId, tuple[str, ...]]
    build_postures: tuple[str, ...]
    disjoint: bool


def check_meetings(graph: Graph, demands: Demands) -> None:
    """Complain, at the forms of the jobs, wherever jobs meet that must not, or do not where they must."""
    _check_groups(graph, demands.disjoint)
    _check_phases(graph, demands.phases)
    for job, spec in graph.jobs.items():
        if spec.kind in REVIEWING | UNCLAIMED:
            continue
        everywhere = demands.build_postures if spec.kind is JobKind.BUILD else ()
        _check_postures(graph, job, (*demands.postures.get(job, ()), *everywhere))


def _check_groups(graph: Graph, disjoint: bool) -> None:
    """Jobs of one group run side by side in scopes that share no path; `disjoint` asks it of all that can run side by side."""
    for one, other in combinations(graph.work(), 2):
        first, second = graph.jobs[one], graph.jobs[other]
        grouped = first.group != "" and first.group == second.group
        if grouped and not graph.apart(one, other):
            message = f"is `{second.group}` of `{one}` and `{other}`, but one of them waits for the other."
            graph.forms[other].complain("group", message, "Remove the need between them, or one of the two groups.")
        elif (grouped or (disjoint and graph.apart(one, other))) and (
            shared := shared_globs(first.scope, second.scope)
        ):
            form = graph.forms[other]
            place = form.form("scope") if form.has("scope") else form
            message = (
                f"`{place.key}` shares paths with `{one}`, which runs at the same time: {shared[1]} and {shared[0]}."
            )
            fix = "Give each its own `scope: {allowed: […]}`, or let one need the other."
            form.complaints.add(place.spot, message, fix)


def _check_phases(graph: Graph, phases: tuple[str, ...]) -> None:
    for job, spec in graph.jobs.items():
        form = graph.forms[job]
        if spec.phase and spec.phase not in phases:
            message = f"names `{spec.phase}`, which is no phase.{did_you_mean(spec.phase, phases)}"
            form.complain("phase", message, "Add it to the `phases` at the top, in its place.")
        elif not spec.phase and (spec.kind is JobKind.PHASE_SYNTHESIS or (phases and spec.kind not in UNCLAIMED)):
            form.missing("phase")
    for phase in phases:
        _check_synthesis(graph, phase)
    for job, need in _crossings(graph, phases):
        _check_crossing(graph, phases, job, need)


def _check_synthesis(graph: Graph, phase: str) -> None:
    """One synthesis a phase, which everything in the phase leads to."""
    inside = [job for job, spec in graph.jobs.items() if spec.phase == phase]
    closing = [job for job in inside if graph.jobs[job].kind is JobKind.PHASE_SYNTHESIS]
    if inside and not closing:
        message = f"is `{phase}`, a phase without a synthesis."
        fix = f"Add a job with `kind: phase_synthesis` and `phase: {phase}` that needs what the phase ends with."
        graph.forms[inside[0]].complain("phase", message, fix)
    for job in closing[1:]:
        message = f"makes a second synthesis of phase `{phase}` beside `{closing[0]}`."
        graph.forms[job].complain("kind", message, "Let one job close the phase.")
    for job in inside if closing else ():
        if job not in closing and job not in graph.before(closing[0]):
            message = f"is `{phase}`, but nothing leads from `{job}` to `{closing[0]}`, the synthesis of that phase."
            graph.forms[job].complain("phase", message, f"Add `{job}` to the needs of `{closing[0]}`.")


def _crossings(graph: Graph, phases: tuple[str, ...]) -> Iterator[tuple[JobId, JobId]]:
    """Needs of jobs in a phase that lead into another one, and needs of jobs in none that lead into one."""
    for job, spec in graph.jobs.items():
        for need in spec.needs:
            other = graph.jobs[need].phase if need in graph.jobs else ""
            if other in phases and other != spec.phase:
                yield job, need


def _check_crossing(graph: Graph, phases: tuple[str, ...], job: JobId, need: JobId) -> None:
    here, there = graph.jobs[job].phase, graph.jobs[need].phase
    closing = next((j for j, s in graph.jobs.items() if s.phase == there and s.kind is JobKind.PHASE_SYNTHESIS), None)
    form = graph.forms[job]
    if graph.jobs[need].kind is not JobKind.PHASE_SYNTHESIS:
        message = f"names `{need}`, which lies inside phase `{there}`; phases meet only in their synthesis."
        form.complain("needs", message, f"Name `{closing or 'its synthesis'}` instead.")
    elif here in phases and phases.index(there) > phases.index(here):
        message = f"names `{need}`, which closes `{there}`, a later phase than `{here}`."
        form.complain("needs", message, "Correct the need, or the order of `phases`.")


def _check_postures(graph: Graph, job: JobId, wanted: tuple[str, ...]) -> None:
    """Each posture that is asked for must be that of a review of this very job."""
    there = {spec.posture for spec in graph.jobs.values() if spec.kind is JobKind.REVIEW and spec.subject == job}
    for posture in dict.fromkeys(wanted):
        if posture not in there:
            form = graph.forms[job]
            spot = form.spot_of("required_postures")
            message = f"`{form.key}` must be reviewed with the posture {posture}, and no review of it has that."
            fix = f"Add a review with `needs: [{job}]` and `posture: {posture}`."
            form.complaints.add(spot, message, fix)
