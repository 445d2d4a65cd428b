"""No question outlives its cause, and answering one that is settled says what settled it (F16): question × its cause goes away."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from play import HUMAN, TARGET, Play, commit
from question_scenes import API, QUESTIONS, played, seen

from gitorch.errors import Refused
from gitorch.model import commands as c
from gitorch.model.dialog import DialogChoice, ShownDialog
from gitorch.model.ids import JobId, Moment
from gitorch.model.observed import AgentState
from gitorch.model.values import replace
from gitorch.model.work.question import base_trigger
from gitorch.rules.reconcile import reconcile


def after(play: Play, seconds: int = 1, **shown: object):
    """What a later look sees of the session that is asked about."""
    play.at += seconds * 1000
    return seen(play, **shown)


GONE = {
    "a dialog": (lambda p: after(p, state=AgentState.WORKING), "session s1 shows no dialog any more"),
    "a silent agent": (lambda p: after(p, progress_at=Moment(p.at + 1000)), "the agent of api shows something new"),
    "a failed turn": (lambda p: after(p, state=AgentState.WORKING), "the agent of api works again"),
    "an agent over its memory": (lambda p: after(p, memory_mib=700), "the agent of api holds 700 MiB of memory by now"),
    "deaths": (lambda p: replace(after(p), programs_found=frozenset({API})), "the program of api was found"),
    "a target that is gone": (lambda p: replace(after(p), heads={"refs/heads/main": TARGET}), "main exists again"),
    "branches that conflict at work": (
        lambda p: replace(after(p), overlaps=()),
        "both branches merge as they are now",
    ),
}
"""By question: a look that shows its cause gone, and what settled it."""

STAYS = {
    "a dialog": [{"state": AgentState.DIALOG}, {"state": AgentState.UNKNOWN}],
    "a silent agent": [{}],
    "a failed turn": [
        {"state": AgentState.ERROR},
        {"state": AgentState.UNKNOWN},
        {"state": AgentState.IDLE, "changed_at": None},
    ],
    "an agent over its memory": [{"memory_mib": 0}, {"memory_mib": 990}],
    "deaths": [{}],
    "a target that is gone": [{}],
    "branches that conflict at work": [{}],
}
"""By question: looks that do not show its cause gone, such as those that could not see it."""

SESSIONS = ("a dialog", "a silent agent", "a failed turn", "an agent over its time", "an agent over its memory")


def withdrawn(play: Play, look) -> list[c.WithdrawQuestion]:
    return [one for one in reconcile(play.run, look) if isinstance(one, c.WithdrawQuestion)]


@pytest.mark.parametrize("name", GONE)
def test_a_question_is_withdrawn_when_its_cause_is_gone_and_says_so(name: str) -> None:
    make, _ = QUESTIONS[name]
    play = make()
    question = play.run.open_questions()[-1]
    look, reason = GONE[name]
    (command,) = withdrawn(play, look(play))
    assert command == c.WithdrawQuestion(question.id, reason)
    play.do(command)
    assert play.do(command) == ()
    assert question.id not in [one.id for one in play.run.open_questions()]
    with pytest.raises(Refused, match=f"{question.id} was withdrawn: {reason}"):
        play.answer(question.id, question.options[0])


@pytest.mark.parametrize(("name", "shown"), [(name, shown) for name, looks in STAYS.items() for shown in looks])
def test_a_question_stays_while_its_cause_may_be_there(name: str, shown: dict[str, object]) -> None:
    play = QUESTIONS[name][0]()
    assert withdrawn(play, seen(play, **shown)) == []
    assert withdrawn(play, replace(seen(play), sessions=None)) == []


@pytest.mark.parametrize("name", SESSIONS)
def test_a_question_about_an_agent_ends_with_its_session(name: str) -> None:
    play = QUESTIONS[name][0]()
    question = play.run.open_questions()[-1]
    play.do(c.EndSession(question.session, "exited", 0, "", ""))
    (command,) = withdrawn(play, seen(play))
    assert command == c.WithdrawQuestion(question.id, f"session {question.session} has ended")


@pytest.mark.parametrize("name", SESSIONS)
def test_a_question_about_an_agent_ends_with_its_report(name: str) -> None:
    play = QUESTIONS[name][0]()
    question = play.run.open_questions()[-1]
    play.submit_handoff("api")
    reason = f"session {question.session} has nothing left to do on api, which is submitted"
    assert withdrawn(play, seen(play)) == [c.WithdrawQuestion(question.id, reason)]


@pytest.mark.parametrize(
    "name", [name for name in QUESTIONS if name not in {"a cleanup", "a fault of the cleanup", "a push"}]
)
def test_every_question_ends_with_its_run(name: str) -> None:
    play = QUESTIONS[name][0]()
    question = play.run.open_questions()[-1]
    play.do(c.CancelRun("enough"), HUMAN)
    assert [one.kind for one in play.run.open_questions() if one.kind != "cleanup"] == []
    with pytest.raises(Refused, match=f"{question.id} was withdrawn: the run is canceled"):
        play.do(c.AnswerQuestion(question.id, (question.options or ("x",))[0], "x"), HUMAN)


def test_a_dialog_that_is_followed_by_another_is_settled_and_the_other_is_asked_about() -> None:
    first, second = (ShownDialog((DialogChoice("1", "Yes"), DialogChoice("2", "No")), mark) for mark in ("aa", "bb"))
    play = played("plan api ui|launch api")
    (asked,) = [
        one
        for one in reconcile(play.run, seen(play, state=AgentState.DIALOG, offered=first))
        if isinstance(one, c.Escalate)
    ]
    play.do(asked)
    assert asked.trigger == "dialog:s1:aa"
    assert withdrawn(play, seen(play, state=AgentState.DIALOG, offered=first)) == []
    look = seen(play, state=AgentState.DIALOG, offered=second)
    (command,) = withdrawn(play, look)
    assert command.reason == "session s1 shows another dialog"
    play.do(command)
    (other,) = [one for one in reconcile(play.run, look) if isinstance(one, c.Escalate)]
    assert other.trigger == "dialog:s1:bb"


def test_a_conflict_of_dependencies_is_settled_by_other_commits() -> None:
    play = played("plan api db 'ui after api,db'|finish api|finish db")
    ui = JobId("ui")
    parents = play.run.base_parents(ui)
    options = ("retry", "stop_epic", "stop_run")
    play.do(c.Escalate(base_trigger(ui, parents), "It broke.", "Nothing.", "a.py", "What now?", options, ui))
    assert withdrawn(play, seen(play)) == []
    play = played("plan api db 'ui after api,db'|finish api|finish db")
    play.do(c.Escalate(base_trigger(ui, (commit("x"),)), "It broke.", "Nothing.", "a.py", "What now?", options, ui))
    (command,) = withdrawn(play, seen(play))
    assert command.reason == "the branches that ui needs are at other commits by now"


def test_a_conflict_that_comes_back_is_asked_about_again_and_one_that_was_answered_is_not() -> None:
    play = QUESTIONS["branches that conflict at work"][0]()
    conflict = replace(seen(play), overlaps=None)
    play.do(*withdrawn(play, replace(conflict, overlaps=())))
    from gitorch.model.observed import Overlap

    again = replace(conflict, overlaps=(Overlap((API, JobId("ui")), ("a.py",), conflict=True),))
    (asked,) = [one for one in reconcile(play.run, again) if isinstance(one, c.Escalate)]
    play.do(asked)
    play.answer(play.run.open_questions()[-1].id, "leave")
    assert [one for one in reconcile(play.run, again) if isinstance(one, c.Escalate)] == []


def test_a_merge_settles_what_was_asked_about_the_work() -> None:
    play = QUESTIONS["branches that conflict at work"][0]()
    asked = play.run.open_questions()[-1]
    play.do(c.CancelRun("enough"), HUMAN)
    play = played("plan api push_remote=origin|finish api|report|approve")
    play.do(c.Escalate("overlap:api:ui", asked.happened, "Nothing.", "a.py", "What now?", ("leave", "stop_run")))
    play.merge()
    (command,) = withdrawn(play, seen(play))
    assert command.reason == f"the run was merged to main at {commit('merged')[:12]}"


@pytest.mark.parametrize("how", ["answer", "cancel"])
def test_a_merged_run_is_never_canceled(how: str) -> None:
    play = played("plan api push_remote=origin|finish api|report|approve")
    play.do(c.Escalate("overlap:api:ui", "It broke.", "Nothing.", "a.py", "What now?", ("leave", "stop_run")))
    question = play.run.open_questions()[-1].id
    play.merge()
    order = c.AnswerQuestion(question, "stop_run", "") if how == "answer" else c.CancelRun("enough")
    with pytest.raises(Refused, match=r"run play-0001 was merged to main at [0-9a-f]{12} and cannot be canceled"):
        play.do(order, HUMAN)
    assert not play.run.phase.is_over or play.run.phase == "completed"
