"""New workflow files (W9): a shape that ships with the lanes that somebody has, or one built from a line of blocks."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from gitorch.errors import Usage
from gitorch.model.values import Value
from gitorch.model.workflow import JobKind, Lane

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SHAPES = {
    "minimal": "one job, its result approved and merged",
    "review": "a draft, a fresh review, a summary of both",
    "code-change": "a change with bounded revision",
    "human-checkpoint": "your decision in the middle, with a path for continue and one for cancel",
    "evidence-backed": "claims with evidence that is audited",
    "multi-review": "reviews in several postures, a ledger of findings, a synthesis, a final review",
    "multi-phase": "phases that meet only in a synthesis",
    "plan": "epics, each behind its own gate",
    "custom": "your own line of blocks: --blocks 'draft, review:security+review, build, review*2, checkpoint, merge'",
}
LANE_SETS = {
    "local": "the scripted agent that comes with gitorch, for trying a workflow out",
    "single-agent": "one program, with another model for its reviews",
    "author-reviewer": "one program writes, another one reviews",
    "multi-review": "each reviewer is a program of its own",
    "custom": "what --lane says, as NAME=RUNTIME or NAME=RUNTIME:MODEL",
}
JUDGES = ("reviewer", "second-reviewer", "third-reviewer")
PROGRAMS = {"author": "claude", "reviewer": "codex", "second-reviewer": "gemini", "third-reviewer": "opencode"}

BLOCK = re.compile(r"(?P<kind>[a-z_]+)(?::(?P<more>[a-z][a-z0-9_-]*(?::[a-z0-9_-]+)?))?(?:\*(?P<rounds>[1-9][0-9]?))?")
BLOCKS_FORM = (
    "blocks are joined by commas, those that run side by side by +: draft, review:security+review, checkpoint, merge"
)
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


def lane_set(name: str, lanes: Sequence[str], said: Mapping[str, Lane]) -> dict[str, Lane]:
    """A lane for each name that a shape uses. Raises Usage for lanes that the shape has not, and for custom ones left out."""
    strange = [lane for lane in said if lane not in lanes]
    if strange:
        raise Usage(
            f"this shape has no lane {strange[0]}; it has {', '.join(lanes)}",
            f"gitorch workflow new SHAPE --lane {lanes[0]}=claude",
        )
    missing = [lane for lane in lanes if lane not in said]
    if name == "custom" and missing:
        raise Usage(
            f"the lane set custom leaves {', '.join(missing)} open",
            f"gitorch workflow new SHAPE --lane {missing[0]}=claude",
        )
    return {lane: said.get(lane) or _lane(name, lane) for lane in lanes}


def _lane(name: str, lane: str) -> Lane:
    match name:
        case "local":
            return Lane(lane, "scripted")
        case "single-agent":
            return Lane(lane, "claude", model="opus" if lane == "author" else "sonnet")
        case "author-reviewer":
            return Lane(lane, PROGRAMS["author" if lane == "author" else "reviewer"])
        case _:
            return Lane(lane, PROGRAMS.get(lane, "claude"))


def lane_said(word: str) -> Lane:
    """`NAME=RUNTIME[:MODEL]` as a lane. Raises Usage."""
    found = re.fullmatch(r"(?P<name>[a-z][a-z0-9-]*)=(?P<runtime>[a-z][a-z0-9_-]*)(?::(?P<model>\S+))?", word)
    if found is None:
        raise Usage(
            f"{word!r} is no lane; it is written NAME=RUNTIME or NAME=RUNTIME:MODEL",
            "gitorch workflow new SHAPE --lane author=claude:opus",
        )
    return Lane(found["name"], found["runtime"], model=found["model"] or "")


def with_lanes(text: str, lanes: Mapping[str, Lane], name: str = "") -> str:
    """The text of a workflow file with these lanes in the place of its own, and another name where one is given."""
    lines = text.splitlines()
    start = lines.index("lanes:")
    end = next(n for n in range(start + 1, len(lines)) if lines[n] and not lines[n].startswith((" ", "#")))
    lines[start + 1 : end] = [*(_lane_line(lane) for lane in lanes.values()), ""]
    if name:
        plain = name if re.fullmatch(r"[a-z][a-z0-9-]*", name) else json.dumps(name, ensure_ascii=False)
        lines = [f"name: {plain}" if line.startswith("name: ") else line for line in lines]
    return "\n".join(lines) + "\n"


def lanes_of(text: str) -> tuple[str, ...]:
    """The names of the lanes that the text of a shape has, in their order."""
    lines = text.splitlines()
    below = lines[lines.index("lanes:") + 1 :]
    named = (re.match(r"  ([a-z][a-z0-9-]*):", line) for line in below[: below.index("")])
    return tuple(found[1] for found in named if found)


def _lane_line(lane: Lane) -> str:
    model = f", model: {json.dumps(lane.model)}" if lane.model else ""
    return f"  {lane.name}: {{runtime: {lane.runtime}{model}}}"


class Block(Value):
    """One block of a line: its kind, the posture of a review or the name of work, the rounds of a way back."""

    kind: JobKind
    more: str = ""
    rounds: int = 0


class _Job(Value):
    id: str
    block: Block
    needs: tuple[str, ...]
    lane: str = ""
    beside: bool = False
    subject: str = ""


def from_blocks(line: str) -> str:
    """A workflow file of the jobs that a line of blocks names, each after the ones before it. Raises Usage."""
    steps = [[_block(word) for word in step.split("+")] for step in line.split(",")]
    jobs = list(_jobs(steps))
    used = dict.fromkeys(job.lane for job in jobs if job.lane)
    head = ["# Built from blocks: " + ", ".join(" + ".join(w.split()) for w in line.split(",")), "gitorch: workflow/1"]
    head += ["name: custom", "version: 1", "", "lanes:"]
    head += [_lane_line(_lane("multi-review", lane)) for lane in used]
    ways = [f"  - {{review: {j.id}, back_to: {j.subject}, rounds: {j.block.rounds or 2}}}" for j in jobs if j.subject]
    tail = ["cycles:", *ways] if ways else []
    parallel = ["", "policies:", "  review: {mode: parallel}"] if any(len(step) > 1 for step in steps) else []
    body = [text for job in jobs for text in (*_job_lines(job), "")]
    return "\n".join([*head, "", "jobs:", *body, *tail, *parallel]).rstrip() + "\n"


def _block(word: str) -> Block:
    found = BLOCK.fullmatch("".join(word.split()))
    kinds = [str(kind) for kind in TITLES]
    if found is None or found["kind"] not in kinds:
        raise Usage(f"{word.strip() or 'nothing'!r} is no block; kinds are {', '.join(kinds)}", BLOCKS_FORM)
    return Block(JobKind(found["kind"]), found["more"] or "", int(found["rounds"] or 0))


def _jobs(steps: Sequence[Sequence[Block]]) -> Iterator[_Job]:
    """Each step needs what the steps before left open; a review is of the work before it, and work needs its reviews."""
    names: set[str] = set()
    work: list[str] = []
    ends: tuple[str, ...] = ()
    for number, step in enumerate(steps):
        made = []
        judged = 0
        for block in step:
            job = _free(block.more if block.kind is not JobKind.REVIEW and block.more else str(block.kind), names)
            names.add(job)
            if block.kind is JobKind.REVIEW:
                if not work:
                    raise Usage("a review needs work before it", BLOCKS_FORM)
                subject = work[judged % len(work)] if len(step) >= len(work) else work[0]
                made.append(_Job(job, block, (subject,), JUDGES[judged % len(JUDGES)], subject=subject))
                judged += 1
            else:
                claimed = "" if block.kind in {JobKind.CHECKPOINT, JobKind.MERGE} else "author"
                made.append(_Job(job, block, ends, claimed, len(step) > 1))
        _fits(step, number, steps)
        yield from made
        done = tuple(job.id for job in made)
        if any(job.subject for job in made):
            ends = (*(end for end in ends if end not in {job.subject for job in made}), *done)
        else:
            work, ends = list(done), done


def _fits(step: Sequence[Block], number: int, steps: Sequence[Sequence[Block]]) -> None:
    kinds = {block.kind for block in step}
    if len(step) > 1 and kinds & {JobKind.CHECKPOINT, JobKind.MERGE}:
        raise Usage("a checkpoint or a merge stands alone in its step", BLOCKS_FORM)
    if len(kinds) > 1 and JobKind.REVIEW in kinds:
        raise Usage("reviews stand beside reviews only", BLOCKS_FORM)
    if JobKind.MERGE in kinds and (number == 0 or steps[number - 1][0].kind is not JobKind.CHECKPOINT):
        raise Usage("a merge comes right after a checkpoint", BLOCKS_FORM)


def _free(name: str, taken: set[str]) -> str:
    plain = name.replace("_", "-")
    return plain if plain not in taken else next(f"{plain}-{n}" for n in range(2, 1000) if f"{plain}-{n}" not in taken)


def _job_lines(job: _Job) -> Iterator[str]:
    yield f"  {job.id}:"
    yield f"    kind: {job.block.kind}"
    yield f"    title: {TITLES[job.block.kind]}{f' ({job.block.more})' if job.block.more else ''}"
    if job.lane:
        yield f"    lane: {job.lane}"
    if job.block.kind is JobKind.REVIEW and job.block.more:
        yield f"    posture: {job.block.more}"
    if job.needs:
        yield f"    needs: [{', '.join(job.needs)}]"
    if job.lane and not job.subject:
        if job.beside:
            yield "    group: beside"
        yield "    objective: |"
        yield f"      Say here what {job.id} is to do, and how one can tell that it is done."
        yield f"    scope: {{allowed: [{_scope(job)}]}}"


def _scope(job: _Job) -> str:
    if job.block.kind in {JobKind.BUILD, JobKind.GENERIC}:
        return f"src/{job.id}/**, tests/{job.id}/**" if job.beside else "src/**, tests/**"
    if job.block.kind is JobKind.TEST:
        return f"tests/{job.id}/**" if job.beside else "tests/**"
    return f"docs/{job.id}.md"
