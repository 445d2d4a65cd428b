"""Rules between the jobs of a workflow file (W5, W6): every name is that of a job, and the only cycles are declared ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.counts import counted
from gitorch.model.ids import JobId
from gitorch.model.plans.needs import find_cycles
from gitorch.model.plans.workflow import REVIEWING, UNCLAIMED, JobKind
from gitorch.model.values import Value, field
from gitorch.text.complaints import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from gitorch.model.plans.workflow import Cycle, JobSpec
    from gitorch.text.fields import Form

_WITHOUT_WORK = REVIEWING | UNCLAIMED
"""The kinds of jobs that submit no work."""


class Graph(Value):
    """The jobs of a file, with the forms that know their places."""

    jobs: Mapping[JobId, JobSpec]
    forms: Mapping[JobId, Form]
    _before: dict[str, set[str]] = field(default_factory=dict)
    """The answers of `before`, since it is asked for every pair of jobs."""

    def before(self, job: str) -> set[str]:
        """Everything that a job needs, directly or through others.

        Empty for a name that is not a job. In a cycle, a job is before itself. The caller must not change the set.
        """
        if job not in self._before:
            self._before[job] = self._find_before(job)

        return self._before[job]

    def _find_before(self, job: str) -> set[str]:
        """Follow the needs from one job to the next, each job once.

        Unknown names are part of the answer, but lead nowhere.
        """
        found: set[str] = set()
        waiting = [JobId(job)]

        while waiting:
            spec = self.jobs.get(waiting.pop())
            if spec is None:
                continue
            for need in spec.needs:
                if need not in found:
                    found.add(need)
                    waiting.append(need)

        return found

    def apart(self, one: str, other: str) -> bool:
        """Whether neither job waits for the other, so that they may run at the same time."""
        if one in self.before(other):
            return False
        return other not in self.before(one)

    def work(self) -> tuple[JobId, ...]:
        """The jobs that change files, in the order of the file."""
        return producers(self.jobs, self.jobs)

    def phase(self, phase: str) -> tuple[list[JobId], list[JobId]]:
        """The syntheses of a phase, and its other jobs, each in the order of the file.

        A valid phase has exactly one synthesis; `check_meetings` complains about others.
        """
        syntheses: list[JobId] = []
        others: list[JobId] = []

        for job, spec in self.jobs.items():
            if spec.phase != phase:
                continue
            if spec.kind is JobKind.PHASE_SYNTHESIS:
                syntheses.append(job)
            else:
                others.append(job)

        return syntheses, others

    def is_kind(self, job: JobId, kind: JobKind) -> bool:
        """Whether a job exists and is of this kind."""
        if job not in self.jobs:
            return False
        return self.jobs[job].kind is kind


def producers(jobs: Mapping[JobId, JobSpec], needs: Collection[JobId]) -> tuple[JobId, ...]:
    """Those of the needs that submit work, which a review can judge, in their order.

    Unknown names, reviews, and jobs that nobody claims are left out.
    """
    found: list[JobId] = []

    for job in needs:
        if job not in jobs:
            continue

        if jobs[job].kind not in _WITHOUT_WORK:
            found.append(job)

    return tuple(found)


def check_jobs(graph: Graph) -> None:
    """Complain about every rule between jobs that the file breaks.

    Complaints are at the job whose lines must change, in the order of the file within each rule.
    """
    for job, spec in graph.jobs.items():
        for key in ("needs", "on_continue", "on_cancel"):
            _check_names(graph.forms[job], key, graph.jobs)

        check = _CHECKS.get(spec.kind)
        if check is not None:
            check(graph, job, spec)

    _check_only_one_merge(graph)
    _check_no_cycles(graph)


def _check_names(form: Form, key: str, jobs: Mapping[JobId, JobSpec]) -> None:
    """Every name in this list of a job is that of a job."""
    for name, spot in form.placed_texts(key):
        if name not in jobs:
            message = f"`{form.at(key)}` names `{name}`, which is not a job.{did_you_mean(name, jobs)}"
            form.complaints.add(spot, message, "Correct the name, or add the job.")


def _check_subject(graph: Graph, job: JobId, spec: JobSpec) -> None:
    """A review judges exactly one job of work, which it needs."""
    work = producers(graph.jobs, spec.needs)

    if graph.forms[job].has("subject"):
        _check_named_subject(graph.forms[job], spec, work)
    elif len(work) != 1:
        _check_only_subject(graph, job, spec, work)


def _check_named_subject(form: Form, spec: JobSpec, work: Sequence[JobId]) -> None:
    """The subject is one of the jobs of work that the review needs."""
    if spec.subject in work:
        return

    message = f"names `{spec.subject}`, which is not work that this review needs."
    fix = "None of its needs is work: add the job that it judges to `needs`."
    if work:
        fix = f"Name one of its needs: {', '.join(work)}."
    form.complain("subject", message, fix)


def _check_only_subject(graph: Graph, job: JobId, spec: JobSpec, work: Sequence[JobId]) -> None:
    """A review without a subject needs one job of work; it does not when this is called.

    An unknown need has a complaint already, and may be the subject.
    """
    for name in spec.needs:
        if name not in graph.jobs:
            return

    count = "no work"
    if work:
        count = counted(len(work), "job of work", "jobs of work")
    message = f"gives this review {count}; a review judges exactly one job."
    fix = "Let it need the job that it reviews, and name that as `subject` if it needs several."
    graph.forms[job].complain("needs", message, fix)


def _check_paths(graph: Graph, job: JobId, spec: JobSpec) -> None:
    """The jobs that a checkpoint starts wait for it: otherwise they would run before anyone has decided.

    A checkpoint before a merge is an approval, which nobody cancels.
    """
    _check_path(graph, job, "on_continue", spec.on_continue)
    _check_path(graph, job, "on_cancel", spec.on_cancel)

    for name, other in graph.jobs.items():
        if spec.on_cancel and other.kind is JobKind.MERGE and job in other.needs:
            message = f"has no effect: `{job}` is the approval that the merge `{name}` needs, and nobody cancels it."
            graph.forms[job].complain("on_cancel", message, f"Let a checkpoint that `{job}` needs lead to these jobs.")


def _check_path(graph: Graph, job: JobId, key: str, names: Sequence[JobId]) -> None:
    """Each of these jobs needs the checkpoint. Unknown names have a complaint already."""
    for name in names:
        if name in graph.jobs and job not in graph.jobs[name].needs:
            message = f"names `{name}`, which does not need `{job}`."
            graph.forms[job].complain(key, message, f"Add `{job}` to its needs.")


def _check_merge(graph: Graph, job: JobId, spec: JobSpec) -> None:
    """A merge needs a checkpoint, where a person approves it."""
    for need in spec.needs:
        if graph.is_kind(need, JobKind.CHECKPOINT):
            return

    fix = "Add a job of kind checkpoint, and name it here: nothing merges without an approval."
    graph.forms[job].complain("needs", "of a merge must name a checkpoint.", fix)


_CHECKS = {
    JobKind.REVIEW: _check_subject,
    JobKind.CHECKPOINT: _check_paths,
    JobKind.MERGE: _check_merge,
}
"""The rule that only jobs of one kind have."""


def _check_only_one_merge(graph: Graph) -> None:
    """A workflow has one merge. Each further one has a complaint that names the first."""
    merges = [job for job, spec in graph.jobs.items() if spec.kind is JobKind.MERGE]
    for job in merges[1:]:
        message = f"makes a second merge beside `{merges[0]}`; a workflow has one."
        graph.forms[job].complain("kind", message, "Merge in one job.")


def _check_no_cycles(graph: Graph) -> None:
    """The needs form no cycle: its jobs would wait for each other forever.

    Each cycle has one complaint, at its first job.
    """
    for cycle in find_cycles({job: spec.needs for job, spec in graph.jobs.items()}):
        message = f"form a cycle: {' → '.join(cycle)}."
        fix = "Remove one of these needs; `cycles` declares which review sends work back."
        graph.forms[JobId(cycle[0])].complain("needs", message, fix)


def check_cycle(graph: Graph, form: Form, cycle: Cycle) -> None:
    """A declared cycle leads from a review back to work that the review needs, within one phase.

    Complaints are at the keys of `form`, the cycle's own mapping. An unknown name hides the rules that follow from it.
    """
    _check_cycle_name(graph, form, "review", cycle.review)
    _check_cycle_name(graph, form, "back_to", cycle.back_to)

    if cycle.review not in graph.jobs:
        return

    review = graph.jobs[cycle.review]
    if review.kind not in REVIEWING:
        message = f"names `{cycle.review}`, which is a {review.kind} job."
        form.complain("review", message, "Only reviews send work back.")
    elif cycle.back_to in graph.jobs:
        _check_back_to(graph, form, cycle)


def _check_cycle_name(graph: Graph, form: Form, key: str, name: str) -> None:
    """A name in a cycle is that of a job. A missing name has a complaint already."""
    if not name or name in graph.jobs:
        return

    message = f"names `{name}`, which is not a job.{did_you_mean(name, graph.jobs)}"
    form.complain(key, message, "Correct the name.")


def _check_back_to(graph: Graph, form: Form, cycle: Cycle) -> None:
    """Check a cycle between two existing jobs.

    The review needs the work, directly or not, and both are in one phase.
    """
    work = producers(graph.jobs, [JobId(name) for name in graph.before(cycle.review)])
    phase = graph.jobs[cycle.review].phase
    if cycle.back_to not in work:
        message = f"names `{cycle.back_to}`, which `{cycle.review}` does not need."
        form.complain("back_to", message, f"Name work that it needs: {', '.join(sorted(work)) or 'there is none'}.")
    elif phase != graph.jobs[cycle.back_to].phase:
        message = f"names `{cycle.back_to}`, which is not in phase `{phase}`."
        form.complain("back_to", message, "Name work in the phase of this review.")
