"""Single things of a run: a verdict, a question, a report, an artifact, a session with its screen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.app.executing.redaction import redact_text
from gitorch.app.query import runs
from gitorch.app.query.lookup import find_job, find_run
from gitorch.app.query.questions import find_question
from gitorch.errors import NotFound, Unavailable
from gitorch.model import events
from gitorch.model.ids import SessionId
from gitorch.model.work.artifact import ArtifactKind
from gitorch.model.work.session import SessionKey
from gitorch.rules.messages.report_commands import approving_command, takes_only_pull_requests
from gitorch.rules.views.inbox import inbox
from gitorch.web.pages.job import records_of
from gitorch.web.render import Page

if TYPE_CHECKING:
    from gitorch.model.view import InboxRow
    from gitorch.model.work.artifact import Artifact
    from gitorch.model.work.run import Run
    from gitorch.web.answers import Question
    from gitorch.wiring.repository import Repository

DIGEST = re.compile(r"(sha256:)?[0-9a-f]{64}")
SHOWN_BYTES_MAX = 400_000
"""A longer artifact is offered as a file."""


def verdict(services: Repository, question: Question) -> Page:
    """What a reviewer said in one round."""
    run = find_run(services, question["run"])
    review = run.jobs[find_job(run, question["review"])]
    number = question["round"]
    for written in reversed(records_of(services, run, review, events.VerdictGiven)):
        event = written.record.event
        if isinstance(event, events.VerdictGiven) and str(event.round) == number:
            return Page("verdict.html", {"run": run, "review": review, "written": written, "event": event})
    raise NotFound(f"{review.spec.id} gave no verdict in round {number}", f"gitorch why {review.spec.id}")


def asked(services: Repository, question: Question) -> Page:
    """A question to the principal, open or answered."""
    run, found = find_question(services, question["question"], question["run"])
    rows: list[InboxRow] = []
    for row in inbox(run):
        if row.id == found.id:
            rows.append(row)
    return Page("question.html", {"run": run, "question": found, "rows": rows})


def report(services: Repository, question: Question) -> Page:
    """The newest merge report of a run, as it was issued."""
    run = find_run(services, question["run"])
    text = runs.report(services, run.id)
    values = {"run": run, "job": None, "text": text, "current": None if run.phase.is_over else run.report}
    decision = {"approving": approving_command(run), "only_pull_requests": takes_only_pull_requests(run)}
    return Page("report.html", {**values, **decision})


def epic_report(services: Repository, question: Question) -> Page:
    """The newest report of one epic."""
    run = find_run(services, question["run"])
    job = find_job(run, question["job"])
    text = runs.epic_report(services, run, job)
    if not text:
        raise NotFound(f"{job} has no report before it passes its reviews", f"gitorch why {job}")
    return Page("report.html", {"run": run, "job": job, "text": text, "current": None})


def artifact(services: Repository, question: Question) -> Page:
    """A document that a job published, every version of it by its digest."""
    run = find_run(services, question["run"])
    found = artifact_of(run, question["digest"])
    data = b""
    if found.size <= SHOWN_BYTES_MAX:
        data = services.ledger.file(run.id, found.digest)

    versions: list[Artifact] = []
    for one in run.artifacts:
        if one.name == found.name:
            versions.append(one)

    values = {
        "run": run,
        "artifact": found,
        "text": data.decode(errors="replace"),
        "is_markdown": found.kind is not ArtifactKind.OTHER or found.path.endswith(".md"),
        "versions": versions,
    }
    return Page("artifact.html", values)


def artifact_of(run: Run, digest: str) -> Artifact:
    """The artifact with this digest. Raises NotFound."""
    for found in run.artifacts:
        if found.digest == digest:
            return found
    raise NotFound(f"run {run.id} has no artifact with the digest {digest}", "gitorch list artifacts")


def file(services: Repository, question: Question) -> bytes:
    """The bytes of a file that is attached to a record of a run, by its digest."""
    run = find_run(services, question["run"])
    digest = question["digest"]
    if DIGEST.fullmatch(digest) is None:
        raise NotFound(f"{digest[:80]} is not the digest of a file", f"gitorch log {run.id}")
    return services.ledger.file(run.id, digest)


def session(services: Repository, question: Question) -> Page:
    """A session: what its terminal shows now, and the prompts that it got."""
    run = find_run(services, question["run"])
    found = run.sessions.get(SessionId(question["session"]))
    if found is None:
        raise NotFound(f"run {run.id} has no session {question['session']}", "gitorch session list")

    screen, missing = "", ""
    try:
        screen = redact_text(services.terminals.screen(SessionKey(run.id, found.id), question.number("history", 0)))
    except (NotFound, Unavailable) as error:
        missing = error.message
    values = {"run": run, "session": found, "screen": screen.rstrip(), "missing": missing}
    return Page("session.html", values, live=True)
