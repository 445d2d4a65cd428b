"""Lint (W10): workflows that pass every check and are still unwise, each remark with what it costs and what helps."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from gitorch.model.globs import shared_globs
from gitorch.model.workflow import REVIEWING, JobKind, Lint, Remark, WorktreeMode
from gitorch.rules.workflows.graph import ancestors, makes_work, needs_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.ids import JobId
    from gitorch.model.workflow import JobSpec, Lane, Workflow

SCRIPTED = "scripted"
"""A runtime that has no model: two of its sessions share no opinion."""


EVERYTHING = frozenset({"", "*", "**", "**/*", "/", "./**"})


def lint(workflow: Workflow) -> Lint:
    """Everything there is to say about a workflow that passed its checks."""
    found = [
        *_same_minds(workflow),
        *_without_way_back(workflow),
        *_unreviewed(workflow),
        *_broad_scopes(workflow),
        *_shared_worktrees(workflow),
        *_side_by_side(workflow),
        *_postures(workflow),
        *_idle(workflow),
    ]
    remarks = tuple(sorted(found, key=lambda remark: (not remark.strong, -remark.costs)))
    return Lint(max(0, 100 - sum(r.costs for r in remarks)), remarks, _coverage(workflow))


def _reviews(workflow: Workflow, job: JobId) -> list[JobSpec]:
    return [spec for spec in workflow.jobs.values() if spec.kind is JobKind.REVIEW and spec.subject == job]


def _work(workflow: Workflow) -> list[JobSpec]:
    return [spec for job, spec in workflow.jobs.items() if makes_work(workflow, job)]


def _mind(lane: Lane) -> str:
    """Whose opinion a lane gives: a runtime's, or that of a program of one's own."""
    return lane.runtime or " ".join(lane.command[:1])


def _same_minds(workflow: Workflow) -> Iterator[Remark]:
    """A model judges its own kind of mistake as it made it. Said once for each pair of lanes."""
    pairs: dict[tuple[str, str], list[str]] = {}
    for job in _work(workflow):
        for review in _reviews(workflow, job.id):
            pairs.setdefault((job.lane, review.lane), []).append(str(review.id))
    for (writes, judges), reviews in pairs.items():
        author, judge = workflow.lanes[writes], workflow.lanes[judges]
        if _mind(judge) != _mind(author) or _mind(author) == SCRIPTED:
            continue
        place, fix = f"lanes.{judges}", "Give the reviews a lane with another runtime, or at least another `model`."
        who = f"{', '.join(reviews)}: judged by the runtime that wrote, {_mind(author)}"
        if judge.model == author.model:
            yield Remark("same-model", place, f"{who}, with the same model.", fix, 15, strong=True)
        else:
            yield Remark("same-runtime", place, f"{who}; only the model differs.", fix, 4, strong=False)


def _without_way_back(workflow: Workflow) -> Iterator[Remark]:
    """Without a cycle every `needs_revision` lands on a person's desk."""
    ways = {cycle.review for cycle in workflow.cycles}
    for job, spec in workflow.jobs.items():
        if spec.kind in REVIEWING and job not in ways and not spec.advisory:
            back = spec.subject or "WORK"
            yield Remark(
                "no-way-back",
                f"jobs.{job}",
                f"`{job}` has no way back: each time it asks for a revision, a human must decide.",
                f"Add to `cycles`: {{review: {job}, back_to: {back}, rounds: 2}}",
                6,
                strong=False,
            )


def _unreviewed(workflow: Workflow) -> Iterator[Remark]:
    """Code that is merged on its author's word alone."""
    merged = {job for job, spec in workflow.jobs.items() if spec.kind is JobKind.MERGE}
    reached = {job for merge in merged for job in ancestors(needs_of(workflow), merge)}
    judged = {spec.phase for spec in workflow.jobs.values() if spec.kind is JobKind.PHASE_SYNTHESIS}
    for job in _work(workflow):
        strict = [review for review in _reviews(workflow, job.id) if not review.advisory]
        if job.kind is JobKind.BUILD and job.id in reached and not strict and job.phase not in (judged - {""}):
            yield Remark(
                "unreviewed",
                f"jobs.{job.id}",
                f"`{job.id}` is merged and no review can stop it but yours.",
                f"Add a job of kind review with `needs: [{job.id}]`.",
                20,
                strong=True,
            )


def _broad_scopes(workflow: Workflow) -> Iterator[Remark]:
    for job in _work(workflow):
        if not job.scope.allowed or EVERYTHING & set(job.scope.allowed):
            kept = f" but {', '.join(job.scope.forbidden)}" if job.scope.forbidden else ""
            strong = not job.scope.forbidden
            yield Remark(
                "broad-scope",
                f"jobs.{job.id}",
                f"`{job.id}` may change every file{kept}.",
                "Name in `scope.allowed` what it is about, such as src/** and tests/**.",
                8 if strong else 3,
                strong=strong,
            )


def _shared_worktrees(workflow: Workflow) -> Iterator[Remark]:
    for lane in workflow.lanes.values():
        writing = [job.id for job in _work(workflow) if job.lane == lane.name]
        if lane.worktree is WorktreeMode.SHARED and len(writing) > 1:
            yield Remark(
                "shared-worktree",
                f"lanes.{lane.name}",
                f"{', '.join(writing)} write in one worktree: one at a time, among what the others left there that git ignores.",
                "Remove `worktree: shared`, so that each job has a worktree and a branch of its own.",
                10,
                strong=True,
            )


def _side_by_side(workflow: Workflow) -> Iterator[Remark]:
    """Work that may run at once in scopes that are named and meet anyway: a conflict at the merge is likely."""
    needs = needs_of(workflow)
    before = {job.id: ancestors(needs, job.id) for job in _work(workflow)}
    for one, other in combinations(_work(workflow), 2):
        apart = one.id not in before[other.id] and other.id not in before[one.id]
        if not apart or not one.scope.allowed or not other.scope.allowed or _either_way(workflow, one, other):
            continue
        if shared := shared_globs(one.scope, other.scope):
            yield Remark(
                "shared-paths",
                f"jobs.{other.id}",
                f"`{one.id}` and `{other.id}` may run at once and both change {shared[0]} and {shared[1]}.",
                "Part their scopes, or let one need the other.",
                4,
                strong=False,
            )


def _either_way(workflow: Workflow, one: JobSpec, other: JobSpec) -> bool:
    """Whether a checkpoint leads to one of two jobs or to the other, never to both."""
    for checkpoint in workflow.jobs.values():
        cancel = set(checkpoint.on_cancel)
        if cancel and {one.id, other.id} & cancel and checkpoint.id in {*one.needs} & {*other.needs}:
            return True
    return False


def _postures(workflow: Workflow) -> Iterator[Remark]:
    """Reviews of one job that all look for the same."""
    for job in _work(workflow):
        seen: dict[tuple[str, str, str], JobSpec] = {}
        for review in _reviews(workflow, job.id):
            kind = (review.posture, review.role, review.title)
            if kind in seen:
                first = seen[kind].id
                yield Remark(
                    "same-posture",
                    f"jobs.{review.id}",
                    f"`{first}` and `{review.id}` judge `{job.id}` in the same posture, {review.posture}.",
                    "Give one of them another `posture`, such as security or devils_advocate.",
                    5,
                    strong=False,
                )
            seen.setdefault(kind, review)


def _idle(workflow: Workflow) -> Iterator[Remark]:
    """What the file names and nothing uses, or cannot use to the end."""
    used = {spec.lane for spec in workflow.jobs.values()}
    for lane in workflow.lanes:
        if lane not in used:
            yield Remark(
                "unused-lane", f"lanes.{lane}", f"No job is done by lane `{lane}`.", "Remove it.", 1, strong=False
            )
    for cycle in workflow.cycles:
        most = workflow.jobs[cycle.back_to].attempts_max
        if most and most <= cycle.rounds:
            yield Remark(
                "attempts-end-first",
                f"jobs.{cycle.back_to}",
                f"`{cycle.back_to}` has {most} attempts, so the {cycle.rounds} rounds of `{cycle.review}` are never used up.",
                f"Set `attempts: {cycle.rounds + 1}`, or lower the rounds.",
                2,
                strong=False,
            )


def _coverage(workflow: Workflow) -> dict[str, tuple[str, ...]]:
    return {job.id: tuple(dict.fromkeys(r.posture for r in _reviews(workflow, job.id))) for job in _work(workflow)}
