"""The answers that questions offer: each word means the same at every question, and some need a text beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.work.question import Question


class AnswerWord(Value):
    """What an answer means, in a clause for people, and whether a text must say why or what."""

    means: str
    needs_text: bool = False


RETRY = "retry"
CLEARED = "cleared"
LEAVE = "leave"
GO_ON = "go_on"
START_ANYWAY = "start_anyway"
ONE_MORE_ROUND = "one_more_round"
STOP_EPIC = "stop_epic"
STOP_RUN = "stop_run"

ANSWER_WORDS: Mapping[str, AnswerWord] = {
    "accept": AnswerWord("the concern is accepted; nothing has to change"),
    "follow_up": AnswerWord("the concern is accepted now and left to later work; the report shows this answer"),
    "push_back": AnswerWord("the author has to deal with the concern, in one more round", needs_text=True),
    "defer": AnswerWord("the finding may stay unfixed in this run; the report names it as deferred"),
    "waive": AnswerWord("the finding may stay unfixed; the report names it as accepted"),
    "fix": AnswerWord("the author has to fix the finding, in one more round"),
    "approve": AnswerWord("the work is approved"),
    "reject": AnswerWord("the work goes back to its author, with your text as a finding", needs_text=True),
    "continue": AnswerWord("the workflow goes on along its path for continue"),
    "cancel": AnswerWord("the workflow takes its path for cancel; without one the run ends"),
    "answer": AnswerWord("your text answers the question that waits", needs_text=True),
    CLEARED: AnswerWord("what was in the way is gone; the same agent goes on"),
    RETRY: AnswerWord("what failed is done again from its beginning; the work of an agent by a new agent"),
    "requeue": AnswerWord("the job is queued again, with its branch as it is; a new agent gets it"),
    START_ANYWAY: AnswerWord("the agents start although the tests do not pass on the target"),
    ONE_MORE_ROUND: AnswerWord("the author gets one more round"),
    "accept_with_exceptions": AnswerWord(
        "the work passes with its open findings; the report names them", needs_text=True
    ),
    "leave_failed": AnswerWord("the job stays failed; the others go on"),
    "manual": AnswerWord("somebody claims the job by hand"),
    GO_ON: AnswerWord("the work goes on, and as much of the budget is granted again"),
    LEAVE: AnswerWord("everything stays as it is; gitorch does not try it again"),
    "wait": AnswerWord("the run goes on by itself once what it waits for has happened"),
    "take_back": AnswerWord("the merge is taken back, and a new report is made"),
    "worktrees": AnswerWord("the run's clean, merged worktrees are removed, its branches are kept"),
    "branches": AnswerWord("the run's clean, merged worktrees and their branches are removed"),
    "no": AnswerWord("nothing is removed"),
    STOP_EPIC: AnswerWord("the epic fails and its dependents are skipped; the others go on"),
    STOP_RUN: AnswerWord("the run ends without a merge; its branches are kept"),
}
"""Every answer that a question of gitorch offers."""


PERMISSION_WORDS: Mapping[str, AnswerWord] = {
    "allow": AnswerWord("the agent may do this once"),
    "reject": AnswerWord(
        "the agent may not do this; a text with it is passed on to the agent where its program takes one"
    ),
}
"""The answers to a permission request of an agent program, where they mean something of their own."""

OTHER_WORD = AnswerWord("")
"""What stands for a word that no table has: the choice of a dialog, or a word of a ledger of another version."""


def _word(question: Question, option: str) -> AnswerWord:
    """What an answer means at this question."""
    if question.is_dialog and option in PERMISSION_WORDS:
        return PERMISSION_WORDS[option]

    return ANSWER_WORDS.get(option, OTHER_WORD)


def needs_text(question: Question, option: str) -> bool:
    """Whether an answer is refused without a text beside it. Only words of these tables need one."""
    return _word(question, option).needs_text


def meaning(question: Question, option: str) -> str:
    """What an answer means; empty for a word that no table has."""
    word = _word(question, option)
    if word.needs_text:
        return f"{word.means} (needs a text)"

    return word.means


def with_its_text(question: Question, option: str) -> str:
    """An answer as it is typed: its word, with a place for its text where it needs one."""
    if needs_text(question, option):
        return f'{option} "…"'

    return option


def first_answer(question: Question) -> str:
    """A command that answers a question, as an example: its first option, or a text where it offers none."""
    if not question.options:
        return f'gitorch answer {question.id} "…"'

    return f"gitorch answer {question.id} {with_its_text(question, question.options[0])}"
