"""The ids that a person may mean, for completion in a shell: of what is open, with a word about each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.query.lookup import active_runs, load_runs, run_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gitorch.app.services import Services
    from gitorch.model.work.run import Run


def names(services: Services, kind: str) -> Mapping[str, str]:
    """The ids of one kind, each with what it is; `id` is every kind. Empty without a ledger."""
    found: dict[str, str] = {}
    for line in reversed(run_lines(services)):
        found[line.id] = line.title

    if kind == "run":
        return found

    if kind != "id":
        found.clear()

    for run in load_runs(services, active_runs(services)):
        for one, listed in NAMES.items():
            if kind in {one, "id"}:
                found.update(listed(run))

    return found


def _jobs(run: Run) -> Iterator[tuple[str, str]]:
    """The jobs of a run, with their titles."""
    for job, state in run.jobs.items():
        yield job, state.spec.title


def _sessions(run: Run) -> Iterator[tuple[str, str]]:
    """The sessions of a run, with their jobs."""
    for session in run.sessions.values():
        yield session.id, f"the agent of {session.job}"


def _questions(run: Run) -> Iterator[tuple[str, str]]:
    """The open questions of a run, with their texts."""
    for question in run.open_questions():
        yield question.id, question.text


def _messages(run: Run) -> Iterator[tuple[str, str]]:
    """The messages in a run."""
    for message in run.messages:
        yield message, "a message"


NAMES: Mapping[str, Callable[[Run], Iterator[tuple[str, str]]]] = {
    "job": _jobs,
    "session": _sessions,
    "question": _questions,
    "message": _messages,
}
"""The ids in a run, by kind."""
