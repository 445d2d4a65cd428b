"""A workflow file from a line of blocks: `draft, review:security+review, checkpoint, merge` (W9)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.errors import Usage
from gitorch.model.plans.workflow import JobKind
from gitorch.model.values import Value
from gitorch.text.slug import unused
from gitorch.text.workflows.shapes import lane_line, standard_lane

if TYPE_CHECKING:
    from collections.abc import Sequence

REVIEWERS = ("reviewer", "second-reviewer", "third-reviewer")
"""The lanes of reviews that stand side by side; a fourth review uses the first lane again."""

ROUNDS = 2
"""The rounds of a review without a number."""

BLOCK = re.compile(r"(?P<kind>[a-z_]+)(?::(?P<more>[a-z][a-z0-9_-]*(?::[a-z0-9_-]+)?))?(?:\*(?P<rounds>[1-9][0-9]?))?")
BLOCKS_FORM = "a comma follows each step, and + joins blocks that run side by side: draft, review:security+review, checkpoint, merge"
TITLES = {
    JobKind.DRAFT: "Write the text",
    JobKind.BUILD: "Make the change",
    JobKind.TEST: "Write the tests",
    JobKind.LEDGER: "Keep every finding",
    JobKind.SYNTHESIS: "Bring everything together",
    JobKind.REVIEW: "Review it",
    JobKind.CHECKPOINT: "Decide how to go on",
    JobKind.MERGE: "Merge what was approved",
    JobKind.GENERIC: "Do the work",
}
_KINDS = {str(kind): kind for kind in TITLES}


class Block(Value):
    """One block of a line."""

    kind: JobKind
    more: str = ""
    """The posture of a review, or the name of work."""
    rounds: int = 0
    """How often a review may send work back; 0 when the line does not say."""


class _Job(Value):
    """A job of the new workflow."""

    id: str
    block: Block
    needs: tuple[str, ...]
    lane: str = ""
    """Empty for jobs that nobody claims."""
    beside: bool = False
    """Whether other work runs at the same time."""
    subject: str = ""
    """The job that a review judges; empty for other jobs."""

    @property
    def rounds(self) -> int:
        """How often a review may send work back: as the line says, otherwise `ROUNDS`."""
        return self.block.rounds or ROUNDS

    @property
    def is_work(self) -> bool:
        """Whether the job changes files: somebody claims it, and it judges no other job."""
        return self.lane != "" and not self.subject


Steps = list[list[Block]]
"""The steps of a line, each with the blocks that run side by side."""


def from_blocks(line: str) -> str:
    """A workflow file with the jobs that a line of blocks names.

    Steps are separated by commas, and each waits for the one before; blocks within a step are joined by `+`.
    Raises Usage for an unknown block, for blocks that cannot stand where they are, and for a review without work before it.
    """
    steps = [_step(text) for text in line.split(",")]
    _check_steps(steps)
    jobs = _JobMaker().make(steps)
    lines = [_comment(line), "gitorch: workflow/1", "name: custom", "version: 1", "", "lanes:"]
    lines += _lane_lines(jobs)
    lines += ["", "jobs:"]

    for job in jobs:
        lines += [*_job_lines(job), ""]

    lines += _cycle_lines(jobs)
    lines += _policy_lines(steps)
    return "\n".join(lines).rstrip() + "\n"


def _policy_lines(steps: Steps) -> list[str]:
    """The section `policies`: reviews run at the same time when any blocks stand side by side."""
    if max(len(step) for step in steps) == 1:
        return []

    return ["", "policies:", "  review: {mode: parallel}"]


def _lane_lines(jobs: Sequence[_Job]) -> list[str]:
    """The lines of the section `lanes`: each lane that a job uses, once, in the order of the jobs."""
    lines: dict[str, str] = {}

    for job in jobs:
        if job.lane:
            lane = standard_lane("multi-review", job.lane)
            lines[job.lane] = lane_line(lane)

    return list(lines.values())


def _step(text: str) -> list[Block]:
    """The blocks of one step, in the order of the line."""
    return [_block(block) for block in text.split("+")]


def _block(text: str) -> Block:
    """One block: `kind`, `kind:name`, `review:posture`, each with an optional `*rounds`.

    Raises Usage for an unknown kind.
    """
    found = BLOCK.fullmatch("".join(text.split()))
    if found is None or found["kind"] not in _KINDS:
        kinds = ", ".join(_KINDS)
        if not text.strip():
            raise Usage(f"a step has no block; the kinds are {kinds}", BLOCKS_FORM)

        raise Usage(f"{text.strip()!r} is not a block; the kinds are {kinds}", BLOCKS_FORM)

    rounds = int(found["rounds"] or 0)
    return Block(_KINDS[found["kind"]], found["more"] or "", rounds)


def _check_steps(steps: Steps) -> None:
    """Check the order of the steps.

    Raises Usage for blocks that cannot stand side by side, and for a merge without a checkpoint right before it.
    """
    before: set[JobKind] = set()
    for step in steps:
        kinds = {block.kind for block in step}
        _check_side_by_side(step, kinds)
        if JobKind.MERGE in kinds and JobKind.CHECKPOINT not in before:
            raise Usage("a merge comes right after a checkpoint", BLOCKS_FORM)

        before = kinds


def _check_side_by_side(step: Sequence[Block], kinds: set[JobKind]) -> None:
    """Check the blocks of one step against each other.

    Raises Usage if a checkpoint, merge or review is combined with a block that it cannot be combined with.
    """
    if len(step) == 1:
        return
    if kinds & {JobKind.CHECKPOINT, JobKind.MERGE}:
        raise Usage("a checkpoint or merge cannot be combined with other blocks in one step", BLOCKS_FORM)
    if JobKind.REVIEW in kinds and kinds != {JobKind.REVIEW}:
        raise Usage("reviews stand only beside reviews", BLOCKS_FORM)


class _JobMaker:
    """Makes the jobs of a line step by step.

    It remembers the ends of the graph so far, since each step waits for them.
    """

    def __init__(self) -> None:
        """Begin without any job."""
        self.jobs: list[_Job] = []
        self.work: list[str] = []
        """The jobs of the latest step that was no review."""
        self.ends: tuple[str, ...] = ()
        """The jobs that the next step waits for."""

    def make(self, steps: Steps) -> list[_Job]:
        """The jobs of all steps, in the order of the line.

        Raises Usage for a review without work before it.
        """
        for step in steps:
            if step[0].kind is JobKind.REVIEW:
                self._add_reviews(step)
            else:
                self._add_work(step)

        return self.jobs

    def _add_work(self, step: Sequence[Block]) -> None:
        """Add a step of work, which waits for everything that is open.

        Checkpoints and merges count as work here, but have no lane.
        """
        first = len(self.jobs)
        for block in step:
            self._add_job(step, block)

        self.work = [job.id for job in self.jobs[first:]]
        self.ends = tuple(self.work)

    def _add_job(self, step: Sequence[Block], block: Block) -> None:
        """Add one job of a step of work."""
        name = self._unused(block.more or str(block.kind))
        lane = "author"
        if block.kind in {JobKind.CHECKPOINT, JobKind.MERGE}:
            lane = ""

        self.jobs.append(_Job(name, block, self.ends, lane, len(step) > 1))

    def _add_reviews(self, step: Sequence[Block]) -> None:
        """Add reviews of the work before them.

        Raises Usage when there is no work to judge.
        """
        if not self.work:
            raise Usage("a review needs work before it", BLOCKS_FORM)

        first = len(self.jobs)

        for number, block in enumerate(step):
            name = self._unused(str(block.kind))
            subject = self._subject(number, len(step))
            lane = REVIEWERS[number % len(REVIEWERS)]
            self.jobs.append(_Job(name, block, (subject,), lane, subject=subject))

        self.ends = self._ends_after(self.jobs[first:])

    def _subject(self, number: int, reviews: int) -> str:
        """The job that one of this number of reviews judges.

        The reviews are dealt out to the jobs of work in turn. With fewer reviews than jobs, all judge the first job.
        """
        if reviews < len(self.work):
            return self.work[0]

        return self.work[number % len(self.work)]

    def _ends_after(self, reviews: Sequence[_Job]) -> tuple[str, ...]:
        """The jobs that the step after these reviews waits for.

        Open jobs that no review judged come first, then the reviews.
        """
        judged = {review.subject for review in reviews}
        ends = self._unjudged_ends(judged)

        for review in reviews:
            ends.append(review.id)

        return tuple(ends)

    def _unjudged_ends(self, judged: set[str]) -> list[str]:
        """The open ends that these reviews do not judge."""
        ends: list[str] = []

        for name in self.ends:
            if name not in judged:
                ends.append(name)
        return ends

    def _unused(self, name: str) -> str:
        """The name with dashes, and with a number if another job has it."""
        return unused(name.replace("_", "-"), {job.id for job in self.jobs})


def _comment(line: str) -> str:
    """The line of blocks with uniform blanks, as the first line of the file."""
    steps = [" + ".join(step.split()) for step in line.split(",")]
    return f"# Built from blocks: {', '.join(steps)}"


def _cycle_lines(jobs: Sequence[_Job]) -> list[str]:
    """The section `cycles`: each review sends work back to its subject. Empty without reviews."""
    lines: list[str] = []
    for job in jobs:
        if job.subject:
            lines.append(f"  - {{review: {job.id}, back_to: {job.subject}, rounds: {job.rounds}}}")
    if not lines:
        return []

    return ["cycles:", *lines]


def _job_lines(job: _Job) -> list[str]:
    """The lines of one job: kind, title and lane, then what only some kinds have."""
    lines = [f"  {job.id}:", f"    kind: {job.block.kind}", f"    title: {_title(job.block)}"]
    if job.lane:
        lines.append(f"    lane: {job.lane}")
    if job.subject and job.block.more:
        lines.append(f"    posture: {job.block.more}")
    if job.needs:
        lines.append(f"    needs: [{', '.join(job.needs)}]")
    if job.is_work:
        lines += _work_lines(job)

    return lines


def _title(block: Block) -> str:
    """The standard title of a kind, with the posture or name behind it."""
    title = TITLES[block.kind]
    if not block.more:
        return title

    return f"{title} ({block.more})"


def _work_lines(job: _Job) -> list[str]:
    """The lines that only work has: its group, a placeholder for its objective, a scope."""
    lines = [
        "    objective: |",
        f"      Write here what {job.id} shall do, and how to see that it is done.",
        f"    scope: {{allowed: [{_scope(job)}]}}",
    ]
    if job.beside:
        return ["    group: beside", *lines]

    return lines


def _scope(job: _Job) -> str:
    """The globs of a job's scope.

    Jobs that run at the same time get folders of their own, so that they cannot conflict.
    """
    folder = "**"
    if job.beside:
        folder = f"{job.id}/**"
    if job.block.kind in {JobKind.BUILD, JobKind.GENERIC}:
        return f"src/{folder}, tests/{folder}"

    if job.block.kind is JobKind.TEST:
        return f"tests/{folder}"

    return f"docs/{job.id}.md"
