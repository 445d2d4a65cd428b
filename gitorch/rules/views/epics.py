"""The board: one row for each epic, with its reviews inline, and one for the run itself, in six plain states.

The state of a row is derived here and nowhere else, so that no door can show it beside its contradiction.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.model.plans.workflow import JobKind
from gitorch.model.view import EpicRow, PlainState, ReviewMark
from gitorch.model.work.job import JobPhase
from gitorch.model.work.review import ACCEPTING
from gitorch.model.work.run import RunPhase
from gitorch.rules.usage.counting import model_of
from gitorch.rules.usage.shares import usage_of_epic, usage_words
from gitorch.rules.views.inbox import inbox
from gitorch.rules.views.run import batches_of, run_summary
from gitorch.rules.views.why import failure_of, state_of, why

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitorch.model.ids import JobId, Moment, SessionId
    from gitorch.model.view import InboxRow
    from gitorch.model.work.job import JobState
    from gitorch.model.work.review import Verdict
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session

URGENCY = {
    PlainState.WAITING: 0,
    PlainState.FAILED: 1,
    PlainState.WORKING: 2,
    PlainState.REVIEWING: 3,
    PlainState.QUEUED: 4,
    PlainState.DONE: 5,
}
"""The order of rows: what waits for a person first, then what went wrong, then what moves, then what is over."""

OVER = 6
"""The urgency of what failed in a run that is over: nobody can do anything about it."""

DIALOG = "dialog"
"""The word for an agent that shows a permission request; see `rules.views.presence`."""

AGENT_SENTENCES = {
    "starting": "its agent is starting",
    "idle": "its agent is idle",
    "waiting": "its agent waits for input",
    "limited": "its program has reached a usage limit",
    "error": "its program shows an error",
    "exited": "its program has ended",
    "unknown": "its terminal cannot be read",
}
"""What is said of an epic at work whose agent does something else than work, by the word for the agent."""

BUSY = frozenset({PlainState.WAITING, PlainState.WORKING, PlainState.REVIEWING})
"""States beside which the word for an agent is shown; beside any other it would contradict the state."""

INTRODUCTION = re.compile(r"^The agent of \S+ \([^)]*\) ")
"""The words that name an agent in a question: its row says whose agent it is, and has room for what happened instead."""

MOVING = frozenset({PlainState.WORKING, PlainState.REVIEWING})
"""States of epics that keep their run at work."""

RUN_STATES = {
    RunPhase.PREPARED: PlainState.QUEUED,
    RunPhase.READY: PlainState.QUEUED,
    RunPhase.PAUSED: PlainState.WAITING,
    RunPhase.COMPLETED: PlainState.DONE,
    RunPhase.FAILED: PlainState.FAILED,
    RunPhase.CANCELED: PlainState.FAILED,
}
"""The state of a run without questions, by its phase; that of a run under way depends on its jobs."""

PHASE_WORDS = {
    JobPhase.CLAIMED: "at work",
    JobPhase.RUNNING: "at work",
    JobPhase.FAILED: "failed",
    JobPhase.CANCELED: "failed",
}
"""The word for a review without a verdict on the work under way; it is still to come in every other phase."""


def board(runs: Iterable[tuple[Run, Mapping[SessionId, str]]]) -> tuple[EpicRow, ...]:
    """The rows of all these runs, the most urgent first; rows of one urgency in the order of runs and batches.

    Each run comes with the words for its living sessions, as `agent_words` gives them; empty when nobody looked.
    """
    rows: list[tuple[int, EpicRow]] = []
    for run, agents in runs:
        over = run.phase.is_over
        for row in epic_rows(run, agents):
            rows.append((urgency(row, over=over), row))

    rows.sort(key=_first)
    return tuple(row for _, row in rows)


def _first(pair: tuple[int, EpicRow]) -> int:
    """The urgency of a row, to sort by."""
    return pair[0]


def urgency(row: EpicRow, *, over: bool) -> int:
    """The place of a row among others, from 0 for the most urgent. `over` is whether its run is over."""
    if over and row.state is PlainState.FAILED:
        return OVER

    return URGENCY[row.state]


def epic_rows(run: Run, agents: Mapping[SessionId, str] | None = None) -> tuple[EpicRow, ...]:
    """The row of the run, then one for each epic in the order of batches. No question is in two rows, and none is left out."""
    words = agents or {}
    epics = _epics(run)
    shares = _questions_by_epic(run, epics)
    about_run = shares.pop(None, ())
    rows = []
    for job in epics.values():
        rows.append(_epic_row(run, job, shares.get(job.spec.id, ()), words))

    return (_run_row(run, about_run, rows), *rows)


def _epics(run: Run) -> dict[JobId, JobState]:
    """The jobs that have a row of their own: no reviews, no merge, and no checkpoint before it."""
    batches = batches_of(run)
    epics: dict[JobId, JobState] = {}
    for job in sorted(run.jobs.values(), key=lambda one: batches[one.spec.id]):
        if _has_row(run, job):
            epics[job.spec.id] = job

    return epics


def _has_row(run: Run, job: JobState) -> bool:
    """Whether a job has a row of its own."""
    if job.spec.subject is not None or job.spec.kind is JobKind.MERGE:
        return False

    if job.spec.kind is not JobKind.CHECKPOINT:
        return True

    return run.merge_behind(job.spec.id) is None


def _questions_by_epic(run: Run, epics: Mapping[JobId, JobState]) -> dict[JobId | None, tuple[InboxRow, ...]]:
    """The open questions of each epic and of its reviews; those about no epic belong to the run, under None."""
    shares: dict[JobId | None, tuple[InboxRow, ...]] = {}
    for row in inbox(run):
        epic = _epic_of(run, row, epics)
        shares[epic] = (*shares.get(epic, ()), row)

    return shares


def _epic_of(run: Run, row: InboxRow, epics: Mapping[JobId, JobState]) -> JobId | None:
    """The epic that a question is about; None for one about the run."""
    if row.job is None or row.job not in run.jobs:
        return None

    epic = run.producer(row.job).spec.id
    if epic in epics:
        return epic

    return None


def _run_row(run: Run, questions: tuple[InboxRow, ...], epics: Sequence[EpicRow]) -> EpicRow:
    """The row of the run, beside those of its epics."""
    return EpicRow(
        run=run.id,
        id=run.id,
        title=run.title,
        state=_run_state(run, questions, epics),
        reason=_run_reason(run, questions),
        since=_asked_since(questions) or run.started_at or run.prepared_at,
        questions=questions,
    )


def _run_state(run: Run, questions: tuple[InboxRow, ...], epics: Sequence[EpicRow]) -> PlainState:
    """The state of a run: its questions come first, because only a person can move it then."""
    if questions:
        return PlainState.WAITING

    if run.phase is not RunPhase.RUNNING:
        return RUN_STATES[run.phase]

    if _is_merging(run) or any(row.state in MOVING for row in epics):
        return PlainState.WORKING

    return PlainState.QUEUED


def _is_merging(run: Run) -> bool:
    """Whether gitorch itself is at work: it prepares the report, or merges what was approved."""
    if run.approval is not None:
        return True

    return any(run.waiting_checkpoints()) and not run.open_questions()


def _run_reason(run: Run, questions: tuple[InboxRow, ...]) -> str:
    """The oldest question, the reason for a pause, or how far the run is."""
    if questions:
        return _asked_line(questions)

    if run.phase is RunPhase.PAUSED:
        return f"paused: {run.reason or 'nothing new starts until it is resumed'}"

    return run_summary(run)


def _asked_since(questions: tuple[InboxRow, ...]) -> Moment | None:
    """When the oldest question was asked; None without one."""
    if not questions:
        return None

    return questions[0].asked_at


def _asked_line(questions: tuple[InboxRow, ...]) -> str:
    """The oldest question in one line, and how many more there are."""
    first = questions[0]
    text = " ".join(first.text.split())
    line = f"{first.id}: {INTRODUCTION.sub('its agent ', text)}"
    more = len(questions) - 1
    if more:
        line = f"{line} (and {more} more)"

    return line


def _epic_row(run: Run, job: JobState, questions: tuple[InboxRow, ...], agents: Mapping[SessionId, str]) -> EpicRow:
    """The row of one epic."""
    session = _session_to_see(run, job)
    agent = ""
    if session is not None and session.id in agents:
        agent = agents[session.id]

    state = _epic_state(run, job, questions, agent)
    if state not in BUSY:
        agent = ""

    return EpicRow(
        run=run.id,
        id=job.spec.id,
        title=job.spec.title,
        state=state,
        reason=_epic_reason(run, job, questions, state, agent),
        since=_asked_since(questions) or _phase_since(job),
        job=job.spec.id,
        session=None if session is None else session.id,
        agent=agent,
        runtime="" if session is None else session.runtime,
        model="" if session is None else model_of(run, session),
        used=usage_words(usage_of_epic(run, job.spec.id)),
        attempt=job.attempt,
        rounds_allowed=run.rounds_of(job),
        reviews=tuple(_mark(run, job, review) for review in run.reviews_of(job.spec.id)),
        questions=questions,
    )


def _epic_state(run: Run, job: JobState, questions: tuple[InboxRow, ...], agent: str) -> PlainState:
    """The state of an epic. A question comes first: what is asked about is neither done nor at work for a person."""
    if questions or agent == DIALOG:
        return PlainState.WAITING

    if job.phase is JobPhase.COMPLETED or run.is_on_other_path(job):
        return PlainState.DONE

    if job.phase.is_over:
        return PlainState.FAILED

    if job.phase is JobPhase.SUBMITTED:
        return PlainState.REVIEWING

    if job.phase.is_active:
        return PlainState.WORKING

    return PlainState.QUEUED


def _epic_reason(run: Run, job: JobState, questions: tuple[InboxRow, ...], state: PlainState, agent: str) -> str:
    """Why an epic is in its state, in one line."""
    if questions:
        return _asked_line(questions)

    if state is PlainState.WAITING:
        return "its agent shows a permission request"

    if job.phase.is_over:
        return state_of(run, job)

    if state is PlainState.WORKING and agent in AGENT_SENTENCES and not failure_of(run, job):
        return AGENT_SENTENCES[agent]

    return why(run, job)


def _phase_since(job: JobState) -> Moment | None:
    """When the phase of a job began, as far as its records say."""
    if job.lease is not None:
        return job.lease.granted_at

    if job.handoff_that_counts is not None:
        return job.handoff_that_counts.at

    return job.ready_at


def _session_to_see(run: Run, job: JobState) -> Session | None:
    """The living session of a review at work, else that of the epic, else the epic's last one; None before the first."""
    for review in run.reviews_of(job.spec.id):
        if review.phase.is_active:
            living = run.living_session(review)
            if living is not None:
                return living

    if job.session is None:
        return None

    return run.sessions.get(job.session)


def _mark(run: Run, job: JobState, review: JobState) -> ReviewMark:
    """One review of an epic, in the round under way."""
    name = review.spec.role or str(review.spec.id)
    return ReviewMark(review.spec.id, name, _mark_word(run, job, review))


def _mark_word(run: Run, job: JobState, review: JobState) -> str:
    """What a review says of the work under way, or what it is doing."""
    if run.open_questions(review.spec.id):
        return "waits for you"

    if review.phase in PHASE_WORDS:
        return PHASE_WORDS[review.phase]

    for verdict in reversed(job.verdicts):
        if verdict.review == review.spec.id and verdict.round == job.attempt:
            return _verdict_word(verdict)

    return "to come"


def _verdict_word(verdict: Verdict) -> str:
    """A verdict as people read it."""
    if verdict.choice in ACCEPTING:
        return "accepted"

    return "wants changes"
