"""The records of one run and the questions that can be asked of them, by the format and the rules as they are written down."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from records import Record

FINISHED = ("DONE", "DONE_WITH_CONCERNS")
ACCEPTING = ("accept", "accept_with_findings")
OVER = ("run-completed", "run-failed", "run-canceled")
DEFAULTS = {"max_agents": 4, "rounds_max": 3, "test_command": "", "restarts_max": 3, "autonomy": "end_only"}


@dataclass
class Story:
    """The records of one run, in order, with the questions that every law asks."""

    records: list[Record]

    @cached_property
    def by_type(self) -> dict[str, list[Record]]:
        found: dict[str, list[Record]] = {}
        for record in self.records:
            found.setdefault(record["type"], []).append(record)
        return found

    def of(self, *types: str, **fields: object) -> list[Record]:
        chosen = [r for kind in types for r in self.by_type.get(kind, ())]
        found = [r for r in chosen if all(r.get(name) == value for name, value in fields.items())]
        return found if len(types) == 1 else sorted(found, key=lambda r: r["seq"])

    def before(self, record: Record, *types: str, **fields: object) -> list[Record]:
        return [r for r in self.of(*types, **fields) if r["seq"] < record["seq"]]

    def last(self, record: Record, *types: str, **fields: object) -> Record | None:
        return next(iter(reversed(self.before(record, *types, **fields))), None)

    @cached_property
    def jobs(self) -> dict[str, Any]:
        return self.of("run-prepared")[0]["workflow"]["jobs"]

    @cached_property
    def settings(self) -> dict[str, Any]:
        confirmed = self.of("run-confirmed")
        return DEFAULTS | (confirmed[0]["settings"] if confirmed else {})

    @cached_property
    def builds(self) -> list[str]:
        return [name for name, job in self.jobs.items() if job["kind"] == "build"]

    @cached_property
    def reviews_by_subject(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, job in self.jobs.items():
            found.setdefault(job.get("subject", ""), []).append(name)
        return found

    def reviews(self, job: str) -> list[str]:
        return self.reviews_by_subject.get(job, [])

    def subject(self, job: str) -> str:
        return self.jobs[job].get("subject", job)


def handed_in(story: Story, job: str, at: Record) -> Record | None:
    finished = [r for r in story.before(at, "handoff-submitted", job=job) if r["status"] in FINISHED]
    return finished[-1] if finished else None


def sent_back(story: Story, job: str, handed: Record, at: Record) -> bool:
    return any(r["seq"] > handed["seq"] for r in story.before(at, "findings-listed", "job-failed", job=job))


def tested(story: Story, job: str, handed: Record, at: Record) -> bool:
    checks = [r["check"] for r in story.before(at, "check-recorded", job=job) if r["seq"] > handed["seq"]]
    return any(c["commit"] == handed["commit"] and c["outcome"] == "passed" for c in checks)


def accepted(story: Story, review: str, handed: Record, at: Record) -> bool:
    """The last word of a review on exactly this handoff."""
    given = [r for r in story.before(at, "verdict-given", job=review) if r["seq"] > handed["seq"]]
    fits = given and (given[-1]["commit"], given[-1]["round"]) == (handed["commit"], handed["attempt"])
    return bool(fits) and given[-1]["verdict"] in ACCEPTING


def cleared(story: Story, job: str, at: Record) -> Record | None:
    passed = story.last(at, "gate-passed", job=job)
    back = passed and story.last(at, "findings-listed", "job-failed", job=job)
    return None if passed is None or (back and back["seq"] > passed["seq"]) else passed


# What a run at rest waits for


def open_questions(story: Story, before: Record | None = None) -> dict[str, tuple[str, str | None]]:
    """What a human owes after these records, or before one of them: kind and job by question."""
    found: dict[str, tuple[str, str | None]] = {}
    for record in story.records:
        if before is not None and record["seq"] >= before["seq"]:
            break
        kind, job = record["type"], record.get("job")
        if kind in {"question-asked", "escalated"}:
            found[record["question"]] = (_kind_of(record), job)
        elif kind in {"question-answered", "question-withdrawn"}:
            found.pop(record["question"], None)
        else:
            gone = _not_asked_any_more(story, record)
            found = {q: about for q, about in found.items() if not gone(*about)}
    return found


def _kind_of(record: Record) -> str:
    if record["type"] == "question-asked":
        return str(record["kind"])
    if record["trigger"].startswith("fault:"):
        return str(record["trigger"])
    return "merge" if record["trigger"].startswith("merge:") else "escalation"


def _not_asked_any_more(story: Story, record: Record) -> Callable[[str, str | None], bool]:
    """Which questions a record takes back, because what they were about is over or has changed."""
    kind, job = record["type"], record.get("job")
    reviews = story.reviews(job) if job else []
    if kind in OVER:
        return lambda _kind, _job: True
    if kind == "fault-cleared":
        return lambda asked, _job: asked == f"fault:{record['step']}"
    if kind in {"report-voided", "merge-approved", "merge-rejected"}:
        return lambda asked, _job: asked in {"approval", "merge"}
    if kind == "findings-listed":
        return lambda asked, about: about in reviews or (about == job and asked == "checkpoint")
    if kind in {"gate-passed", "job-failed"}:
        return lambda _kind, about: about in reviews or (kind == "job-failed" and about == job)
    return lambda _kind, _job: False


def could_go_on(story: Story) -> list[str]:
    """The jobs of a run at rest that nobody has to be asked about: each is a decision that the run should not wait for."""
    if story.of(*OVER):
        return []
    asked = {about for _, about in open_questions(story).values()}
    end = {"seq": story.records[-1]["seq"] + 1}
    done = {job for job in story.builds if cleared(story, job, end)}
    lost = _lost(story, end)
    left = [job for job in story.builds if job not in done | lost]
    free = [job for job in left if not asked & {job, *story.reviews(job)}]
    free = [job for job in free if all(story.subject(n) in done for n in story.jobs[job].get("needs", ()))]
    return free if left or asked else ["the end"]


def _lost(story: Story, end: Record) -> set[str]:
    """Jobs that ended without their work, and those that cannot be done without them."""
    lost = {job for job in story.builds if _failed(story, job, end)}
    for job in story.builds * len(story.builds):
        if any(story.subject(need) in lost for need in story.jobs[job].get("needs", ())):
            lost.add(job)
    return lost


def _failed(story: Story, job: str, end: Record) -> bool:
    last = story.last(end, "job-failed", "findings-listed", "gate-passed", job=job)
    return last is not None and last["type"] == "job-failed"
