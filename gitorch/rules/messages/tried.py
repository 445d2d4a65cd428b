"""What was tried before a human is asked, from the ledger alone, and the way on for the very cause (F17)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitorch.model.work.job import JobState
    from gitorch.model.work.run import Run

MISSING = (
    r"ModuleNotFoundError: .*",
    r"ImportError: .*",
    r".*Cannot find module .*",
    r".*[Cc]ommand not found.*",
    r".*: not found$",
    r".*No module named .*",
    r".*cannot find package .*",
    r".*unresolved import .*",
)
"""Lines of a log that name a dependency which is not there, as Python, Node, a shell, Go and Rust print them."""

WAYS: Mapping[str, str] = {
    "dialog: trust": "Run {runtime} once in the repository and trust its folder, or set trust: true for the runtime.",
    "dialog: login": "Sign in: run {runtime} once in the repository.",
    "dialog": "Run {runtime} once in the repository and answer what it asks.",
    "missing-program": "Install the program of {runtime}: gitorch doctor names the command.",
    "not-ready": "Look at what it showed; a slow program needs a larger waits.start_seconds.",
    "not-started": "Remove what the last screen names.",
    "memory": "Give its lane more memory (memory_mib), or its job less to do at once.",
}
"""By how a session ended: what a person can do about it before the next try. The longest name that fits counts."""


def tried_at(run: Run, job: JobState, ending: str = "") -> str:
    """What the ledger holds of the tries of a job: its rounds and sessions with their ends, its tests, and earlier answers.

    `ending` is how its living session ends now, in the word of the record that is being made.
    """
    return "; ".join(_tries(run, job, ending))


def _tries(run: Run, job: JobState, ending: str) -> Iterator[str]:
    """One clause for each thing that was tried."""
    yield f"round {job.attempt} of {run.rounds_of(job)}"
    for session in run.sessions.values():
        if session.job != job.spec.id:
            continue

        how = session.ended or ending
        if how:
            yield f"session {session.id} ended: {how}"
        else:
            yield f"session {session.id} is at it"

    for check in job.checks:
        yield f"tests at {check.commit[:12]}: {check.outcome}"

    for question in run.questions.values():
        if question.job == job.spec.id and question.answer is not None:
            yield f"{question.id} ended: {question.answer.summary}"


def way_on(how: str, runtime: str) -> str:
    """What a person can do about a session that ended like this; empty for an end that says nothing about its cause."""
    best = ""
    for name in WAYS:
        if how.startswith(name) and len(name) > len(best):
            best = name

    if not best:
        return ""

    return WAYS[best].format(runtime=runtime)


def missing_in(log: str) -> str:
    """The last line of a log that names a missing dependency; empty without one."""
    for line in reversed(log.splitlines()):
        for pattern in MISSING:
            if re.fullmatch(pattern, line.strip()):
                return line.strip()

    return ""


def setup_hint(log: str) -> str:
    """What to do where a test log names a missing dependency, with its line; empty where it names none."""
    line = missing_in(log)
    if not line:
        return ""

    return f"The log says: {line.rstrip('.')}. A fresh worktree lacks what the tests need: set worktrees.setup, or let tests.command install it."
