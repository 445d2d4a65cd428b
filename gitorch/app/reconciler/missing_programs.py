"""Programs that were missing when an agent should start: whether they are there by now."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.model.ids import JobId, SessionId
    from gitorch.model.work.question import Question
    from gitorch.model.work.run import Run

MISSING = "missing-program"
"""How a session ended whose program was not found."""


def programs_found(services: Services, run: Run) -> frozenset[JobId]:
    """The jobs about whose missing program a human is asked, and whose program can be found now; no other is looked for."""
    found: set[JobId] = set()
    for question in run.open_questions():
        if (
            question.job is not None
            and question.session is not None
            and _is_about_missing_program(run, question)
            and _is_there(services, run, question.session)
        ):
            found.add(question.job)

    return frozenset(found)


def _is_about_missing_program(run: Run, question: Question) -> bool:
    """Whether a human is asked because the session's program was not found."""
    if not question.trigger.startswith("launch:") or question.session is None:
        return False

    return run.sessions[question.session].ended == MISSING


def _is_there(services: Services, run: Run, session: SessionId) -> bool:
    """Whether the program of a session's lane can be found on PATH."""
    lane = run.workflow.lanes[run.sessions[session].lane]
    argv = services.preset(lane).argv
    return bool(argv) and bool(services.programs.find(argv[0]))
