"""Each answer word has one effect, whatever question offers it, and no question offers a word that is not explained."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from play import HUMAN, Play
from question_scenes import API, QUESTIONS, TEXT, seen

import gitorch
from gitorch.errors import Refused
from gitorch.model import commands as c
from gitorch.model import effects, events
from gitorch.model.ids import JobId, Moment, QuestionId
from gitorch.model.values import replace
from gitorch.model.work.job import JobPhase
from gitorch.model.work.question import Question, QuestionKind
from gitorch.rules.messages.answer_words import ANSWER_WORDS, PERMISSION_WORDS, AnswerWord, meaning, needs_text
from gitorch.rules.outstanding import outstanding
from gitorch.rules.reconcile import reconcile
from gitorch.rules.reconciling import budgets
from gitorch.rules.review.proposals import waits_for_pulls
from gitorch.rules.views.inbox import inbox

CASES = [(name, word) for name, (_, words) in QUESTIONS.items() for word in words]
"""Every question with every answer that it offers."""


class Answered:
    """A question that was answered with a word: the run before and after, and what happened."""

    def __init__(self, play: Play, word: str) -> None:
        self.play = play
        self.before = play.run
        self.question = play.run.open_questions()[-1]
        text = TEXT if needs_text(self.question, word) else ""
        self.happened = play.do(c.AnswerQuestion(self.question.id, word, text), HUMAN)
        self.after = play.run

    @property
    def was(self):
        return self.before.jobs[self.question.job]

    @property
    def job(self):
        return self.after.jobs[self.question.job]

    @property
    def epic(self):
        return self.after.producer(self.question.job)

    def newly_owed(self) -> set[object]:
        return set(outstanding(self.after, seen(self.play))) - set(outstanding(self.before, seen(self.play)))

    def asked_again(self) -> list[object]:
        return [one for one in reconcile(self.after, seen(self.play)) if isinstance(one, c.Escalate)]


def retry(answered: Answered) -> None:
    if answered.question.is_fault:
        assert [(fault.times, fault.failed_at) for fault in answered.after.faults.values()] == [(0, None)]
    elif answered.question.session:
        answered.play.grant(answered.question.job)
        assert answered.play.session(answered.question.job) != answered.question.session, "a new agent"
    else:
        assert answered.newly_owed(), "the step that failed is due"


def cleared(answered: Answered) -> None:
    assert answered.job.lease.session == answered.question.session, "the same agent"
    assert answered.job.phase.is_active


def go_on(answered: Answered) -> None:
    assert {job.spec.id: job.lease for job in answered.after.jobs.values() if job.lease}.keys() == {API}
    assert budgets.times_granted(answered.after, answered.question.trigger) == 1
    assert answered.asked_again() == []


def begins(answered: Answered) -> None:
    assert not answered.before.is_target_ready
    assert answered.after.is_target_ready
    assert answered.asked_again() == []


def leave(answered: Answered) -> None:
    assert {type(effect) for effect in answered.newly_owed()} <= {effects.Notify, effects.StopSession}
    assert answered.asked_again() == []


def waits(answered: Answered) -> None:
    leave(answered)
    assert waits_for_pulls(answered.after)


def requeue(answered: Answered) -> None:
    assert (answered.was.phase, answered.job.phase) == (JobPhase.STALE, JobPhase.QUEUED)


def one_more_round(answered: Answered) -> None:
    assert answered.job.phase is not JobPhase.FAILED
    assert answered.job.attempt > answered.was.attempt or answered.job.rounds_allowed > answered.was.rounds_allowed


def passes(answered: Answered) -> None:
    assert answered.job.phase is JobPhase.COMPLETED


def demands(answered: Answered) -> None:
    assert len(answered.job.demands) == len(answered.was.demands) + 1 or answered.job.attempt > answered.was.attempt
    assert answered.job.rounds_allowed >= answered.job.attempt


def demands_nothing(answered: Answered) -> None:
    assert (answered.job.demands, answered.job.attempt) == (answered.was.demands, answered.was.attempt)
    assert not any(question.is_gating for question in answered.after.open_questions(API))


def stop_epic(answered: Answered) -> None:
    assert answered.epic.phase is JobPhase.FAILED
    assert answered.after.phase is not answered.after.phase.CANCELED


def stop_run(answered: Answered) -> None:
    assert answered.after.phase is answered.after.phase.CANCELED


def manual(answered: Answered) -> None:
    assert [type(event) for event in answered.happened] == [events.QuestionAnswered]
    assert answered.asked_again() == []


def leave_failed(answered: Answered) -> None:
    assert answered.job.phase is JobPhase.FAILED
    assert not answered.after.phase.is_over


def passes_text_on(answered: Answered) -> None:
    assert answered.after.questions["q1"].answer.text == TEXT


def path_taken(answered: Answered) -> None:
    assert answered.job.phase is JobPhase.COMPLETED
    assert answered.after.jobs["two"].phase is JobPhase.QUEUED


EFFECTS = {
    "retry": retry,
    "cleared": cleared,
    "go_on": go_on,
    "start_anyway": begins,
    "leave": leave,
    "wait": waits,
    "requeue": requeue,
    "one_more_round": one_more_round,
    "accept_with_exceptions": passes,
    "approve": passes,
    "reject": demands,
    "push_back": demands,
    "fix": demands,
    "accept": demands_nothing,
    "follow_up": demands_nothing,
    "defer": demands_nothing,
    "waive": demands_nothing,
    "stop_epic": stop_epic,
    "stop_run": stop_run,
    "cancel": stop_run,
    "continue": path_taken,
    "manual": manual,
    "leave_failed": leave_failed,
    "answer": passes_text_on,
    "take_back": lambda answered: demanded(answered, effects.TakeBack(JobId("merge"))),
    "worktrees": lambda answered: cleanup_is(answered, "worktrees"),
    "branches": lambda answered: cleanup_is(answered, "branches"),
    "no": lambda answered: cleanup_is(answered, "no"),
}
"""What each word must lead to, at every question that offers it."""


def demanded(answered: Answered, effect: object) -> None:
    assert effect in outstanding(answered.after, seen(answered.play))


def cleanup_is(answered: Answered, word: str) -> None:
    assert answered.after.cleanup == word


@pytest.mark.parametrize(("name", "word"), CASES)
def test_a_word_has_the_same_effect_at_every_question(name: str, word: str) -> None:
    answered = Answered(QUESTIONS[name][0](), word)
    EFFECTS[word](answered)
    assert answered.after.questions[answered.question.id].answer.option == word


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_offers_its_words_and_says_which_need_a_text(name: str) -> None:
    make, words = QUESTIONS[name]
    play = make()
    question = play.run.open_questions()[-1]
    assert question.options == words

    row = inbox(play.run)[-1]
    typed = [row.command.removeprefix(f"gitorch answer {question.id} "), *row.others]
    assert typed == [f'{word} "…"' if needs_text(question, word) else word for word in words]
    assert all(meaning(question, word) for word in words)

    for word in (word for word in words if needs_text(question, word)):
        with pytest.raises(Refused, match="needs a text"):
            play.do(c.AnswerQuestion(question.id, word, " "), HUMAN)


def test_every_answer_is_tried_by_these_questions() -> None:
    assert {word for _, word in CASES} == set(ANSWER_WORDS) == set(EFFECTS)


def offered(tree: ast.AST) -> set[str]:
    """The words of every tuple that is given as `options`, or that is named as options."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "options":
            found |= words_of(node.value)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name.endswith("OPTIONS") or name.startswith("AFTER_"):
                found |= words_of(node.value)
    return found


def words_of(value: ast.AST) -> set[str]:
    if not isinstance(value, ast.Tuple):
        return set()

    return {one.value for one in value.elts if isinstance(one, ast.Constant) and isinstance(one.value, str)}


def test_no_question_offers_a_word_that_is_not_explained() -> None:
    home = Path(gitorch.__file__).parent
    found: set[str] = set()
    for folder in ("rules", "app", "model"):
        for file in sorted((home / folder).rglob("*.py")):
            found |= offered(ast.parse(file.read_text(encoding="utf-8")))

    assert found <= set(ANSWER_WORDS)
    assert {"retry", "cleared", "stop_run"} <= found


def test_the_page_of_verbs_explains_every_answer_in_the_same_words() -> None:
    page = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
    table = page.partition("| answer | what it means |\n|---|---|\n")[2].partition("\n\n")[0]
    assert table.splitlines() == [f"| `{word}` | {in_words(means)} |" for word, means in ANSWER_WORDS.items()]
    table = page.partition("| answer | at a permission request |\n|---|---|\n")[2].partition("\n\n")[0]
    assert table.splitlines() == [f"| `{word}` | {in_words(means)} |" for word, means in PERMISSION_WORDS.items()]


def in_words(word: AnswerWord) -> str:
    return f"{word.means} (needs a text)" if word.needs_text else word.means


def test_a_permission_request_is_rejected_without_a_text() -> None:
    question = Question(QuestionId("q1"), QuestionKind.ESCALATION, Moment(0), "?", options=("allow", "reject"))
    at_dialog = replace(question, trigger="dialog:s1:0123456789ab")
    assert (needs_text(question, "reject"), needs_text(at_dialog, "reject")) == (True, False)
    assert meaning(at_dialog, "allow") == PERMISSION_WORDS["allow"].means
    assert meaning(question, "allow") == ""
