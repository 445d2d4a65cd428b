"""Finding a question by its id, over all runs: an open one first, then one that was answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.query.lookup import asking_runs, find_run, load_runs, only_run, run_lines
from gitorch.errors import NotFound, Refused
from gitorch.model.ids import QuestionId
from gitorch.rules.guards.ensure import question_open

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.app.services import Services
    from gitorch.model.ids import RunId
    from gitorch.model.work.question import Question
    from gitorch.model.work.run import Run

RECENT = 10
"""How many of the newest runs are searched for a question that is not open; more would take longer than a second."""


def find_question(services: Services, name: str, run_name: str | None, word: str = "") -> tuple[Run, Question]:
    """A question by its id: an open one first, in the run that was named or in the only run where it is open.

    An answered one is found in the run that was named, or among the newest runs: in one that goes on before one that is over.
    Raises NotFound where none of them has it.
    Raises Usage where several runs have it open; the hint names one that takes the answer `word`, if there is one.
    """
    question_id = QuestionId(name)
    runs = _runs_asking(services, name, run_name)
    having = [run for run in runs if _has_open(run, question_id)]
    having.sort(key=lambda run: not _takes(run.questions[question_id], word))
    run = only_run(having, f"{name} is open in several runs", f"gitorch show {name} --run")
    if run is None:
        searched = runs if run_name is not None else load_runs(services, _newest_runs(services))
        run = _with_answered(searched, question_id)
    return run, run.questions[question_id]


def open_question(services: Services, name: str, run_name: str | None, word: str = "") -> tuple[Run, Question]:
    """A question that is open, found like `find_question`.

    Raises Refused for one that is settled; the message names its run, unless that was named or is the only one.
    """
    run, question = find_question(services, name, run_name, word)
    where = ""
    if run_name is None and len(run_lines(services)) > 1:
        where = f"in run {run.id}, "

    try:
        return run, question_open(run, question.id)
    except Refused as error:
        raise Refused(f"{where}{error.message}", error.hint) from error


def _with_answered(runs: Sequence[Run], question: QuestionId) -> Run:
    """The newest of these runs that has a question, which was answered; one that goes on comes before all that are over.

    Raises NotFound.
    """
    having = [run for run in reversed(runs) if question in run.questions]
    if not having:
        raise NotFound(f"no run has a question {question}", "gitorch inbox")

    for run in having:
        if not run.phase.is_over:
            return run

    return having[0]


def _runs_asking(services: Services, question: str, run_name: str | None) -> list[Run]:
    """The run that was named, otherwise those that may have this question open; no other is loaded."""
    if run_name is not None:
        return [find_run(services, run_name)]

    return load_runs(services, asking_runs(services, question))


def _has_open(run: Run, question: QuestionId) -> bool:
    """Whether a run has this question and it is not answered yet."""
    if question not in run.questions:
        return False

    return run.questions[question].answer is None


def _takes(question: Question, word: str) -> bool:
    """Whether an answer that begins with this word is one of the question's, or any text is."""
    if not question.options:
        return True

    lines = "\n".join(("", *question.options))
    return f"\n{word.replace('-', '_')}" in lines


def _newest_runs(services: Services) -> list[RunId]:
    """The ids of the newest runs, oldest first, as many as are searched for an answered question."""
    return [line.id for line in run_lines(services)][-RECENT:]
