"""The diff of a job, line by line, with the findings at their lines, against its base or what was handed in before."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gitorch.app.query.lookup import find_job, find_run
from gitorch.errors import NotFound
from gitorch.model import events
from gitorch.model.values import Value, replace
from gitorch.text.patch import read_patch
from gitorch.web.pages.job import records_of
from gitorch.web.render import Page

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from gitorch.model.ids import CommitId
    from gitorch.model.work.job import JobState
    from gitorch.model.work.patch import FilePatch
    from gitorch.model.work.review import ListedFinding
    from gitorch.model.work.run import Run
    from gitorch.web.answers import Question
    from gitorch.wiring.repository import Repository

LINES_MAX = 20_000
"""A longer diff is cut after a whole file: a browser could not show it."""


class HandedIn(Value):
    """What was handed in, in one round."""

    round: int
    commit: CommitId
    name: str = ""
    """The round, and the beginning of the commit where the round had several."""


def diff(services: Repository, question: Question) -> Page:
    """The change from one commit of a job to another: by default from its base to what was handed in last."""
    run = find_run(services, question["run"])
    job = run.jobs[find_job(run, question["job"])]
    handed_in = handed_in_by(services, run, job)
    if not handed_in or job.base is None:
        raise NotFound(f"{job.spec.id} has handed in nothing yet", f"gitorch why {job.spec.id}")

    head = chosen(handed_in, question.query.get("to", "")) or handed_in[-1]
    since = chosen(handed_in, question.query.get("since", ""))
    base = job.base
    if since is not None:
        base = since.commit

    files = read_patch(services.git.patch(base, head.commit))
    shown = cut(files)
    values = {
        "run": run,
        "job": job,
        "handed_in": handed_in,
        "head": head,
        "since": since,
        "files": shown,
        "hidden": len(files) - len(shown),
        "at": findings_by_place(job),
        "newest": head.commit == handed_in[-1].commit,
    }
    return Page("diff.html", values)


def handed_in_by(services: Repository, run: Run, job: JobState) -> list[HandedIn]:
    """Each commit that was handed in, once, the oldest first."""
    found: dict[CommitId, HandedIn] = {}
    for written in records_of(services, run, job, events.HandoffSubmitted):
        event = written.record.event
        if isinstance(event, events.HandoffSubmitted):
            found[event.commit] = HandedIn(event.attempt, event.commit)
    return with_names(found.values())


def with_names(handed_in: Collection[HandedIn]) -> list[HandedIn]:
    """The same, each with a name that no other has."""
    counts = Counter(one.round for one in handed_in)
    named: list[HandedIn] = []
    for one in handed_in:
        name = f"round {one.round}"
        if counts[one.round] > 1:
            name = f"round {one.round} at {one.commit[:12]}"
        named.append(replace(one, name=name))

    return named


def chosen(handed_in: Sequence[HandedIn], name: str) -> HandedIn | None:
    """The one with this commit; None for a commit that the job never handed in, so that nothing else can be read here."""
    for one in handed_in:
        if one.commit == name:
            return one
    return None


def cut(files: Sequence[FilePatch]) -> list[FilePatch]:
    """As many whole files as a page can show."""
    shown: list[FilePatch] = []
    lines = 0
    for file in files:
        lines += sum(len(hunk.lines) for hunk in file.hunks)
        if lines > LINES_MAX and shown:
            break
        shown.append(file)
    return shown


def findings_by_place(job: JobState) -> dict[tuple[str, int], list[ListedFinding]]:
    """The findings that cite a place, by path and line; 0 stands for the whole file."""
    found: dict[tuple[str, int], list[ListedFinding]] = {}
    for listed in job.findings:
        finding = listed.finding
        if finding.path:
            found.setdefault((finding.path, finding.line), []).append(listed)
    return found
