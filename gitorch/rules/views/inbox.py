"""What waits for a human: open questions and unread messages, each with the commands that answer it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import replace
from gitorch.model.view import InboxRow, MessageRow
from gitorch.model.work.question import CLEANUP_OPTIONS, CLEANUP_TEXT, MERGED_PROPOSAL, PROPOSAL, Question, QuestionKind
from gitorch.rules.messages import escalations
from gitorch.rules.messages.answer_words import first_answer, with_its_text
from gitorch.rules.messages.report_commands import (
    approving_command,
    declining_command,
    proposed_line,
    sending_back_command,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitorch.model.ids import RunId
    from gitorch.model.work.board import RunLine
    from gitorch.model.work.message import Message
    from gitorch.model.work.run import Run


def inbox(run: Run) -> tuple[InboxRow, ...]:
    """The open questions of this run, oldest first."""
    rows: list[InboxRow] = []
    for question in run.open_questions():
        row = _inbox_row(run.id, question)
        if question.kind is QuestionKind.APPROVAL:
            row = _about_report(run, row)
        elif question.trigger.startswith(PROPOSAL):
            row = _about_proposal(run, row, question.trigger)
        rows.append(row)

    return tuple(rows)


def _about_report(run: Run, row: InboxRow) -> InboxRow:
    """The question about a report with the commands that fit the run; of a rejection the one that keeps the run going."""
    return replace(
        row,
        text=f"{proposed_line(run)} {row.text}".lstrip(),
        command=approving_command(run),
        others=(sending_back_command(run),),
    )


def _about_proposal(run: Run, row: InboxRow, trigger: str) -> InboxRow:
    """The question about a pull request that approves nothing, with the command that goes on before the answers that do not.

    What was merged without counting is proposed again; what reviewers declined goes back with their words.
    """
    command = declining_command(run)
    if trigger.startswith(MERGED_PROPOSAL):
        command = f"gitorch propose {run.id}"

    return replace(row, command=command, others=(row.command, *row.others))


def cleanup_row(line: RunLine) -> InboxRow | None:
    """The open question about cleaning up a finished run; None when none is open.

    It comes from the run's line of the board alone, so that no finished run is replayed for it.
    """
    if line.cleanup is None or line.cleanup_asked_at is None:
        return None

    question = Question(
        id=line.cleanup,
        kind=QuestionKind.CLEANUP,
        asked_at=line.cleanup_asked_at,
        text=CLEANUP_TEXT,
        options=CLEANUP_OPTIONS,
    )
    return _inbox_row(line.id, question)


def _inbox_row(run: RunId, question: Question) -> InboxRow:
    """A question with the command that answers it."""
    return InboxRow(
        id=question.id,
        run=run,
        kind=str(question.kind),
        job=question.job,
        text=_question_text(question),
        options=question.options,
        asked_at=question.asked_at,
        command=first_answer(question),
        escalation=escalations.kind_of(question),
        severity=escalations.severity_of(question),
        others=tuple(with_its_text(question, option) for option in question.options[1:]),
    )


def _question_text(question: Question) -> str:
    """The question, after a sentence that says what happened.

    Of an approval or a checkpoint only the first paragraph: what it goes through with follows it, for `gitorch show`.
    """
    if question.kind in {QuestionKind.APPROVAL, QuestionKind.CHECKPOINT}:
        return question.text.partition("\n\n")[0]

    if not question.happened:
        return question.text

    return f"{question.happened.rstrip('.')}. {question.text}"


def message_rows(messages: Iterable[Message], run: RunId | None) -> tuple[MessageRow, ...]:
    """Messages with the commands that their reader may type, in the given order.

    `run` is None for messages outside a run.
    """
    return tuple(_message_row(message, run) for message in messages)


def _message_row(message: Message, run: RunId | None) -> MessageRow:
    """A message with the commands for its reader."""
    plan = ""
    if message.announces_plan:
        plan = message.plan

    return MessageRow(
        id=message.id,
        run=run,
        sender=message.sender,
        to=message.to,
        at=message.at,
        text=message.text,
        answers=message.answers,
        plan=plan,
        commands=_message_commands(message),
        operator=message.operator,
    )


def _message_commands(message: Message) -> tuple[str, str]:
    """Check and start a plan that is ready; read and answer any other message."""
    if not message.announces_plan:
        return f"gitorch show {message.id}", f"gitorch reply {message.id} TEXT"

    from shlex import quote  # noqa: PLC0415  # saves `status` a millisecond

    plan = quote(message.plan)
    return f"gitorch check {plan}", f"gitorch start {plan}"
