"""Lint (W10): weaknesses of workflows that pass every check, each with what it costs and how to fix it."""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING

from gitorch.model.counts import counted
from gitorch.model.plans.globs import shared_globs
from gitorch.model.plans.workflow import REVIEWING, JobKind, Lint, Remark, WorktreeMode
from gitorch.rules.workflows.graph import ancestors, makes_work, needs_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitorch.model.ids import JobId
    from gitorch.model.plans.workflow import JobSpec, Lane, Workflow

SCRIPTED = "scripted"
"""A runtime without a model: two of its sessions do not share a model's opinion."""

EVERYTHING = frozenset({"", "*", "**", "**/*", "/", "./**"})
"""Globs that cover the whole repository."""

POINTS = 100
"""The score of a workflow without remarks."""


PLACEHOLDER = r"\b(?:Say|Write) here (?:what|which)\b"
"""How the sentences begin that gitorch leaves in a new workflow for a person to replace."""


def lint(workflow: Workflow, briefs: Mapping[JobId, str] | None = None) -> Lint:
    """All remarks about a workflow that passed its checks, and its score from 0 to 100; `briefs` are the texts of its jobs.

    Strong remarks come first, then expensive ones; each takes its costs off the score.
    """
    found = [
        *_same_minds(workflow),
        *_without_way_back(workflow),
        *_unreviewed(workflow),
        *_broad_scopes(workflow),
        *_shared_worktrees(workflow),
        *_shared_paths(workflow),
        *_same_postures(workflow),
        *_unused_lanes(workflow),
        *_unreachable_rounds(workflow),
        *_without_merge(workflow),
        *_after_merge(workflow),
        *_unwritten(briefs or {}),
    ]
    remarks = tuple(sorted(found, key=lambda remark: (not remark.strong, -remark.costs)))
    costs = sum(remark.costs for remark in remarks)

    return Lint(max(0, POINTS - costs), remarks, _postures(workflow))


def _unwritten(briefs: Mapping[JobId, str]) -> Iterator[Remark]:
    """Jobs whose objective is still the sentence that a new workflow has."""
    for job, text in briefs.items():
        if re.search(PLACEHOLDER, text):
            yield Remark(
                "unwritten-objective",
                f"jobs.{job}",
                f"The objective of `{job}` still says what should be written there.",
                "Write what is to be done, and how one can tell that it is done.",
                20,
                strong=True,
            )


def _reviews(workflow: Workflow, job: JobId) -> list[JobSpec]:
    """The reviews of a job, in declared order."""
    reviews = []
    for spec in workflow.jobs.values():
        if spec.kind is not JobKind.REVIEW:
            continue

        if spec.subject == job:
            reviews.append(spec)

    return reviews


def _work(workflow: Workflow) -> list[JobSpec]:
    """The jobs that agents work on, in declared order."""
    work = []
    for job, spec in workflow.jobs.items():
        if not makes_work(workflow, job):
            continue

        work.append(spec)

    return work


def _mind(lane: Lane) -> str:
    """Whose opinion a lane gives: that of its runtime, or of its own program."""
    return lane.runtime or " ".join(lane.command[:1])


def _same_minds(workflow: Workflow) -> Iterator[Remark]:
    """Reviews by the author's own runtime, once for each pair of lanes.

    A model overlooks its own kind of mistake.
    """
    for (writes, judges), reviews in _reviews_by_lanes(workflow).items():
        author, judge = workflow.lanes[writes], workflow.lanes[judges]
        if _mind(judge) != _mind(author) or _mind(author) == SCRIPTED:
            continue

        yield _same_mind(author, judge, reviews)


def _reviews_by_lanes(workflow: Workflow) -> dict[tuple[str, str], list[str]]:
    """The reviews of work, by the lane that writes and the lane that judges."""
    pairs: dict[tuple[str, str], list[str]] = {}
    for job in _work(workflow):
        for review in _reviews(workflow, job.id):
            pairs.setdefault((job.lane, review.lane), []).append(str(review.id))

    return pairs


def _same_mind(author: Lane, judge: Lane, reviews: list[str]) -> Remark:
    """The remark about reviews by the same runtime: strong when the model is the same, too."""
    place = f"lanes.{judge.name}"
    fix = "Give the reviews a lane with another runtime, or at least another `model`."
    message = f"{', '.join(reviews)}: judged by the runtime that wrote, {_mind(author)}"
    if judge.model == author.model:
        return Remark("same-model", place, f"{message}, with the same model.", fix, 15, strong=True)

    return Remark("same-runtime", place, f"{message}; only the model differs.", fix, 4, strong=False)


def _without_way_back(workflow: Workflow) -> Iterator[Remark]:
    """Reviews without a cycle, each of whose `needs_revision` a person must decide."""
    with_cycle = {cycle.review for cycle in workflow.cycles}
    for job, spec in workflow.jobs.items():
        # Advice sends nothing back, so it needs no way.
        if spec.kind not in REVIEWING or spec.advisory:
            continue

        if job not in with_cycle:
            yield _no_way_back(spec)


def _no_way_back(review: JobSpec) -> Remark:
    """The remark about a review without a cycle, with the cycle to add."""
    cycle = f"{{review: {review.id}, back_to: {review.subject or 'WORK'}, rounds: 2}}"
    return Remark(
        "no-way-back",
        f"jobs.{review.id}",
        f"`{review.id}` has no way back: each time it asks for a revision, a human must decide.",
        f"Add to `cycles`: {cycle}",
        6,
        strong=False,
    )


def _unreviewed(workflow: Workflow) -> Iterator[Remark]:
    """Code that is merged although no review can stop it. Advice stops nothing."""
    merged = _merged_jobs(workflow)
    for job in _work(workflow):
        if job.kind is not JobKind.BUILD or job.id not in merged:
            continue

        if _can_be_stopped(workflow, job):
            continue

        yield Remark(
            "unreviewed",
            f"jobs.{job.id}",
            f"`{job.id}` is merged and no review can stop it but yours.",
            f"Add a job of kind review with `needs: [{job.id}]`.",
            20,
            strong=True,
        )


def _can_be_stopped(workflow: Workflow, job: JobSpec) -> bool:
    """Whether a review of the job, or the synthesis of its phase, can send it back.

    Advisory reviews cannot.
    """
    if any(not review.advisory for review in _reviews(workflow, job.id)):
        return True

    if not job.phase:
        return False

    return job.phase in _judged_phases(workflow)


def _judged_phases(workflow: Workflow) -> set[str]:
    """The phases that a synthesis judges as a whole."""
    phases = set()
    for spec in workflow.jobs.values():
        if spec.kind is JobKind.PHASE_SYNTHESIS:
            phases.add(spec.phase)

    return phases


def _merged_jobs(workflow: Workflow) -> set[JobId]:
    """All jobs on whose results some merge depends, directly or through others."""
    merged: set[JobId] = set()
    for job, spec in workflow.jobs.items():
        if spec.kind is JobKind.MERGE:
            merged |= ancestors(needs_of(workflow), job)

    return merged


def _broad_scopes(workflow: Workflow) -> Iterator[Remark]:
    """Work that may change every file, or every file but a few; a scope without names allows everything."""
    for job in _work(workflow):
        if not job.scope.allowed or EVERYTHING.intersection(job.scope.allowed):
            yield _broad_scope(job)


def _broad_scope(job: JobSpec) -> Remark:
    """The remark about a broad scope; it is weak when the scope forbids something."""
    files, costs = "every file", 8
    if job.scope.forbidden:
        files, costs = f"every file but {', '.join(job.scope.forbidden)}", 3

    return Remark(
        "broad-scope",
        f"jobs.{job.id}",
        f"`{job.id}` may change {files}.",
        "Name in `scope.allowed` the files that it is about, such as src/** and tests/**.",
        costs,
        strong=not job.scope.forbidden,
    )


def _shared_worktrees(workflow: Workflow) -> Iterator[Remark]:
    """Lanes of which several jobs write in one worktree."""
    for lane in workflow.lanes.values():
        writing = []
        for job in _work(workflow):
            if job.lane == lane.name:
                writing.append(job.id)

        if lane.worktree is not WorktreeMode.SHARED or len(writing) < 2:
            continue

        yield Remark(
            "shared-worktree",
            f"lanes.{lane.name}",
            f"{', '.join(writing)} share one worktree: they run one at a time and see each other's ignored files.",
            "Remove `worktree: shared`, so that each job has a worktree of its own.",
            10,
            strong=True,
        )


def _shared_paths(workflow: Workflow) -> Iterator[Remark]:
    """Jobs that may run at once and whose named scopes overlap, so that their branches are likely to conflict."""
    needs = needs_of(workflow)
    before = {job.id: ancestors(needs, job.id) for job in _work(workflow)}

    for one, other in combinations(_work(workflow), 2):
        # One waits for the other, so they never run at once.
        if other.id in before[one.id] or one.id in before[other.id]:
            continue

        if _are_alternatives(workflow, one, other):
            continue

        yield from _overlap(one, other)


def _overlap(one: JobSpec, other: JobSpec) -> Iterator[Remark]:
    """The remark about two jobs whose scopes overlap; none when one of them names no files.

    Such a job may change everything, which is a remark of its own.
    """
    if not one.scope.allowed or not other.scope.allowed:
        return

    shared = shared_globs(one.scope, other.scope)
    if not shared:
        return

    yield Remark(
        "shared-paths",
        f"jobs.{other.id}",
        f"`{one.id}` and `{other.id}` may run at once and both change {shared[0]} and {shared[1]}.",
        "Separate their scopes, or let one need the other.",
        4,
        strong=False,
    )


def _are_alternatives(workflow: Workflow, one: JobSpec, other: JobSpec) -> bool:
    """Whether some checkpoint leads to one of two jobs or to the other, never to both.

    Such jobs never run at once, so what they share cannot conflict.
    """
    for name in set(one.needs).intersection(other.needs):
        checkpoint = workflow.jobs.get(name)
        if checkpoint is not None and {one.id, other.id}.intersection(checkpoint.on_cancel):
            return True

    return False


def _same_postures(workflow: Workflow) -> Iterator[Remark]:
    """Reviews of one job that look for the same things: the same posture, role and title."""
    for job in _work(workflow):
        first: dict[tuple[str, str, str], JobId] = {}
        for review in _reviews(workflow, job.id):
            earlier = first.setdefault((review.posture, review.role, review.title), review.id)
            if earlier != review.id:
                yield _same_posture(job, review, earlier)


def _same_posture(job: JobSpec, review: JobSpec, earlier: JobId) -> Remark:
    """The remark about a review that repeats an earlier one."""
    return Remark(
        "same-posture",
        f"jobs.{review.id}",
        f"`{earlier}` and `{review.id}` judge `{job.id}` in the same posture, {review.posture}.",
        "Give one of them another `posture`, such as security or devils_advocate.",
        5,
        strong=False,
    )


def _unused_lanes(workflow: Workflow) -> Iterator[Remark]:
    """Lanes that the file declares and no job uses."""
    used = {spec.lane for spec in workflow.jobs.values()}
    for lane in workflow.lanes:
        if lane not in used:
            yield Remark("unused-lane", f"lanes.{lane}", f"No job uses lane `{lane}`.", "Remove it.", 1, strong=False)


def _unreachable_rounds(workflow: Workflow) -> Iterator[Remark]:
    """Cycles whose rounds outnumber the attempts of the job they lead back to."""
    for cycle in workflow.cycles:
        attempts = workflow.jobs[cycle.back_to].attempts_max
        if not attempts or attempts > cycle.rounds:
            continue

        yield Remark(
            "attempts-end-first",
            f"jobs.{cycle.back_to}",
            f"`{cycle.back_to}` has {counted(attempts, 'attempt')}; `{cycle.review}` needs {cycle.rounds + 1}"
            f" for its {counted(cycle.rounds, 'round')}.",
            f"Set `attempts: {cycle.rounds + 1}`, or lower the rounds.",
            2,
            strong=False,
        )


def _without_merge(workflow: Workflow) -> Iterator[Remark]:
    """A workflow that merges nothing. It costs nothing, since its results may be meant to stay on their branches."""
    if workflow.merges:
        return

    fix = "To merge them, add a job of kind checkpoint, and one of kind merge that needs it."
    message = "Nothing is merged: the results stay on the branches gitorch/RUN/JOB."
    yield Remark("merges-nothing", "jobs", message, fix, 0, strong=False)


def _after_merge(workflow: Workflow) -> Iterator[Remark]:
    """Work that begins once the merge is done: a workflow has only one, so this work never gets to the target."""
    needs = needs_of(workflow)
    for job in _work(workflow):
        for name in ancestors(needs, job.id):
            if workflow.jobs[name].kind is JobKind.MERGE:
                yield _never_merged(job, name)


def _never_merged(job: JobSpec, merge: JobId) -> Remark:
    """The remark about work that needs a merge, directly or through others."""
    return Remark(
        "never-merged",
        f"jobs.{job.id}",
        f"`{job.id}` needs the merge `{merge}`, so its own work is never merged: it stays on its branch.",
        f"Let the checkpoint of `{merge}` need it, or write a workflow of its own for it.",
        20,
        strong=True,
    )


def _postures(workflow: Workflow) -> dict[str, tuple[str, ...]]:
    """The postures in which each job of work is judged."""
    postures = {}
    for job in _work(workflow):
        reviews = _reviews(workflow, job.id)
        postures[str(job.id)] = tuple(dict.fromkeys(review.posture for review in reviews))

    return postures
