"""Rules that hold between the jobs of a workflow file (W5, W6): names that lead somewhere, no circles but declared ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.ids import JobId
from gitorch.model.needs import find_cycles
from gitorch.model.values import Value, field
from gitorch.model.workflow import REVIEWING, UNCLAIMED, JobKind
from gitorch.text.fields import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from gitorch.model.workflow import Cycle, JobSpec
    from gitorch.text.fields import Form


class Graph(Value):
    """The jobs as read, with the forms that know their places."""

    jobs: Mapping[JobId, JobSpec]
    forms: Mapping[JobId, Form]
    _before: dict[str, set[str]] = field(default_factory=dict)

    def before(self, job: str) -> set[str]:
        """Everything that a job needs, directly or through others. Worked out once a job."""
        if job not in self._before:
            self._before[job] = self._found_before(job)
        return self._before[job]

    def apart(self, one: str, other: str) -> bool:
        """Whether neither of two jobs waits for the other, so that they may run at the same time."""
        return one not in self.before(other) and other not in self.before(one)

    def work(self) -> tuple[JobId, ...]:
        """The jobs that change files."""
        return producers(self.jobs, self.jobs)

    def _found_before(self, job: str) -> set[str]:
        found: set[str] = set()
        left = [job]
        while left:
            spec = self.jobs.get(JobId(left.pop()))
            for other in spec.needs if spec else ():
                if other not in found:
                    found.add(other)
                    left.append(other)
        return found


def producers(jobs: Mapping[JobId, JobSpec], needs: Collection[JobId]) -> tuple[JobId, ...]:
    """Those of the needs that hand in work: what a review may be of."""
    return tuple(job for job in needs if job in jobs and jobs[job].kind not in REVIEWING | UNCLAIMED)


def check_jobs(graph: Graph) -> None:
    """Complain, at the forms of the jobs, of everything that does not hold between them."""
    for job, spec in graph.jobs.items():
        form = graph.forms[job]
        for key in ("needs", "on_continue", "on_cancel"):
            _check_names(form, key, graph.jobs)
        if spec.kind is JobKind.REVIEW:
            _check_subject(graph, job, spec)
        if spec.kind is JobKind.CHECKPOINT:
            _check_ways(graph, job, spec)
        if spec.kind is JobKind.MERGE and not any(
            other in graph.jobs and graph.jobs[other].kind is JobKind.CHECKPOINT for other in spec.needs
        ):
            fix = "Add a job of kind checkpoint, and name it here: nothing merges without an approval."
            form.complain("needs", "of a merge must name a checkpoint.", fix)
    _check_merges(graph)
    for cycle in find_cycles({job: spec.needs for job, spec in graph.jobs.items()}):
        names = " → ".join(cycle)
        fix = "Remove one of these needs; a way back from a review is declared under `cycles`."
        graph.forms[JobId(cycle[0])].complain("needs", f"goes in a circle: {names}.", fix)


def check_cycle(graph: Graph, form: Form, cycle: Cycle) -> None:
    """A cycle leads from a review back to a job that feeds it."""
    for key, name in (("review", cycle.review), ("back_to", cycle.back_to)):
        if name and name not in graph.jobs:
            form.complain(key, f"names `{name}`, which is no job.{did_you_mean(name, graph.jobs)}", "Correct the name.")
    if cycle.review in graph.jobs and graph.jobs[cycle.review].kind not in REVIEWING:
        kind = graph.jobs[cycle.review].kind
        form.complain("review", f"names `{cycle.review}`, which is a {kind} job.", "Only reviews send work back.")
    elif cycle.review in graph.jobs and cycle.back_to in graph.jobs:
        fed = producers(graph.jobs, [JobId(name) for name in graph.before(cycle.review)])
        if cycle.back_to not in fed:
            message = f"names `{cycle.back_to}`, which does not feed `{cycle.review}`."
            form.complain("back_to", message, f"Name work that it needs: {', '.join(sorted(fed)) or 'there is none'}.")
        elif (phase := graph.jobs[cycle.review].phase) != graph.jobs[cycle.back_to].phase:
            message = f"names `{cycle.back_to}`, which is not in phase `{phase}`."
            form.complain("back_to", message, "Name work of the phase that this review closes or lies in.")


def _check_names(form: Form, key: str, jobs: Mapping[JobId, JobSpec]) -> None:
    for name, spot in form.placed_texts(key):
        if name not in jobs:
            message = f"`{form.at(key)}` names `{name}`, which is no job.{did_you_mean(name, jobs)}"
            form.complaints.add(spot, message, "Correct the name, or add the job.")


def _check_subject(graph: Graph, job: JobId, spec: JobSpec) -> None:
    form = graph.forms[job]
    fed = producers(graph.jobs, spec.needs)
    if form.has("subject"):
        if spec.subject not in fed:
            message = f"names `{spec.subject}`, which is no work that this review needs."
            form.complain("subject", message, f"Name one of its needs: {', '.join(fed) or 'none of them is work'}.")
    elif len(fed) != 1 and all(name in graph.jobs for name in spec.needs):
        what = "no work" if not fed else f"{len(fed)} jobs of work"
        fix = "Let it need the job that it reviews, and name that as `subject` where it needs several."
        form.complain("needs", f"gives this review {what}; a review is of exactly one job.", fix)


def _check_ways(graph: Graph, job: JobId, spec: JobSpec) -> None:
    form = graph.forms[job]
    for key, ways in (("on_continue", spec.on_continue), ("on_cancel", spec.on_cancel)):
        for name in ways:
            if name in graph.jobs and job not in graph.jobs[name].needs:
                form.complain(key, f"names `{name}`, which does not need `{job}`.", f"Add `{job}` to its needs.")


def _check_merges(graph: Graph) -> None:
    merges = [job for job, spec in graph.jobs.items() if spec.kind is JobKind.MERGE]
    for job in merges[1:]:
        form = graph.forms[job]
        form.complain("kind", f"makes a second merge beside `{merges[0]}`; one is carried out.", "Merge in one job.")
