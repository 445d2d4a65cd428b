"""Steps of gitorch's own that fail: noted, tried again at growing intervals, asked about, and forgotten when they succeed."""

from __future__ import annotations

import pytest
from play import HUMAN
from telling import Telling

from gitorch.errors import Denied
from gitorch.model import commands as c
from gitorch.model import effects
from gitorch.model.ids import JobId, Moment, SessionId
from gitorch.model.observed import CheckObservation, CheckPhase, Observed
from gitorch.model.record import Actor, ActorKind
from gitorch.model.values import replace
from gitorch.model.work.fault import Step
from gitorch.rules.outstanding import outstanding
from gitorch.rules.reconcile import reconcile
from gitorch.rules.reconciling.faults import AGAIN_MAX_MS, is_due, wait_ms
from gitorch.rules.reconciling.steps import STEPS, TERMINALS, learning_step
from gitorch.rules.views.inbox import inbox
from gitorch.rules.views.why import why
from gitorch.rules.waiting import only_people_left

API, S1 = JobId("api"), SessionId("s1")
BASE = Step("build-base:api", "merging the dependencies of api", API)
CLEANUP = Step("clean-up", "cleaning up")
REASON = "git merge-tree failed: fatal: unable to read tree\ntry: git fsck"


def played(script="plan api"):
    telling = Telling()
    for step in script.split("|"):
        telling.tell(step)
    return telling.play


def failed(play, step=BASE, times=1, reason=REASON, code="failed"):
    for _ in range(times):
        play.do(c.NoteFault(step, code, reason))
    return play


def asked(play):
    """The questions about faults that a tick raises now."""
    found = [one for one in reconcile(play.run, seen(play)) if isinstance(one, c.Escalate)]
    for one in found:
        play.do(one)
    return found


def seen(play, sessions=()):
    return Observed(Moment(play.at), dict(sessions), None)


def test_a_fault_is_kept_with_its_reason_and_counted():
    fault = failed(played(), times=2).run.faults[BASE.name]
    assert (fault.step, fault.times, fault.code, fault.reason) == (BASE, 2, "failed", REASON)
    assert fault.first_line == "git merge-tree failed: fatal: unable to read tree"


def test_only_gitorch_itself_notes_a_fault():
    with pytest.raises(Denied):
        played().do(c.NoteFault(BASE, "failed", REASON), Actor(ActorKind.AGENT, "api", "desk", S1))


@pytest.mark.parametrize(("times", "wait"), [(1, 2_000), (2, 4_000), (3, 8_000), (9, 512_000), (40, AGAIN_MAX_MS)])
def test_the_wait_before_the_next_try_doubles_up_to_a_quarter_of_an_hour(times, wait):
    play = failed(played(), times=times)
    at = play.run.faults[BASE.name].failed_at
    assert wait_ms(times) == wait
    assert not is_due(play.run, BASE, Moment(at + wait - 1), Moment(0))
    assert is_due(play.run, BASE, Moment(at + wait), Moment(0))


def test_a_loop_that_begins_after_the_failure_tries_at_once():
    play = failed(played(), times=5)
    at = play.run.faults[BASE.name].failed_at
    assert is_due(play.run, BASE, at, Moment(at + 1))
    assert not is_due(play.run, BASE, at, at)


def test_a_person_is_asked_after_three_failures_once_and_with_the_words_of_git():
    play = failed(played(), times=2)
    assert asked(play) == []
    (question,) = asked(failed(play))
    assert (
        question.happened == "Merging the dependencies of api failed: git merge-tree failed: fatal: unable to read tree"
    )
    assert question.evidence == REASON
    assert question.options == ("retry", "stop_epic", "stop_run")
    assert asked(failed(play)) == []


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("the set-up leaves x\ntry: echo /x >> exclude", "Remove the cause (try: echo /x >> exclude), then try again"),
        ("try: it", "Remove the cause (try: it), then try again"),
        ("no hint", "Remove the cause, then try again"),
        ("try: one\nand more words", "Remove the cause, then try again"),
    ],
)
def test_the_question_about_a_fault_names_the_command_that_may_help(reason, cause):
    play = failed(played(), times=3, reason=reason)
    asked(play)
    (row,) = inbox(play.run)
    assert cause in row.text


def test_the_views_of_a_fault_agree_before_and_after_the_question():
    play = failed(played(), times=2)
    job = play.run.jobs[API]
    assert why(play.run, job).startswith("merging the dependencies of api failed 2 times: git merge-tree failed")
    asked(failed(play))
    (row,) = inbox(play.run)
    assert why(play.run, job) == f"{row.id} waits for you: {row.text.partition('. ')[0].rstrip('.')}"


def test_a_fault_that_is_gone_takes_its_question_along():
    play = failed(played(), times=3)
    asked(play)
    play.do(c.ClearFault(BASE.name))
    assert (play.run.faults, play.run.open_questions()) == ({}, ())
    assert play.do(c.ClearFault(BASE.name)) == ()


def test_retry_begins_the_count_anew():
    play = failed(played(), times=3)
    asked(play)
    play.do(c.AnswerQuestion(play.run.open_questions()[0].id, "retry", ""), HUMAN)
    assert is_due(play.run, BASE, Moment(play.at), Moment(0))
    assert play.run.faults[BASE.name].times == 0
    assert asked(failed(play, times=2)) == []
    assert len(asked(failed(play))) == 1


def test_an_epic_that_is_stopped_at_a_fault_fails():
    play = failed(played(), times=3)
    asked(play)
    play.do(c.AnswerQuestion(play.run.open_questions()[0].id, "stop_epic", ""), HUMAN)
    assert play.run.jobs[API].phase == "failed"


def test_a_cleanup_that_fails_is_asked_about_and_may_be_left():
    play = played("plan api|grant api|dies s1 killed|cancel enough|answer q1 branches")
    assert outstanding(play.run, seen(play)) == (effects.CleanUp(branches=True),)
    (question,) = asked(failed(play, CLEANUP, times=3))
    assert question.options == ("retry", "leave")
    assert only_people_left(play.run, seen(play))
    assert not play.run.is_settled
    play.do(c.AnswerQuestion(play.run.open_questions()[0].id, "leave", ""), HUMAN)
    assert play.run.is_settled


def test_a_step_that_waits_for_another_is_not_counted_as_being_tried_again():
    play = failed(played("plan api|grant api"), Step("start-session:s1", "starting session s1 of api", API, S1))
    blind = replace(seen(play), sessions=None)
    asked(failed(play, TERMINALS, times=3))
    assert not only_people_left(play.run, blind)
    assert only_people_left(play.run, blind, {TERMINALS.name})


def test_every_effect_has_a_step_of_its_own():
    kinds = {kind for kind in vars(effects).values() if isinstance(kind, type) and kind.__module__ == effects.__name__}
    assert set(STEPS) == kinds


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("plan api|grant api|dies s1 missing-program status=127", "session s1 ended: missing-program"),
        ("plan api|launch api|dies s1 killed", "session s1 ended: killed"),
        ("plan api|launch api|dies s1 killed|grant api|alive s2", "session s2 is starting"),
        ("plan api|launch api|cancel not now", "canceled: not now"),
    ],
)
def test_why_tells_what_went_wrong_last(script, told):
    play = played(script)
    assert told in why(play.run, play.run.jobs[API])


def test_a_refused_handoff_is_told_until_one_is_accepted():
    play = played("plan api|launch api")
    agent = Actor(ActorKind.AGENT, "api", "desk", S1)
    play.do(c.RecordRefusal("handoff", "refused", "notes.txt is not committed\nand more", API), agent)
    assert why(play.run, play.run.jobs[API]).startswith("its handoff was refused: notes.txt is not committed; ")
    telling = Telling()
    telling.play = play
    telling.tell("handoff api")
    assert play.run.jobs[API].trouble == ""


def test_a_launch_that_failed_is_told_with_its_reason():
    play = played("plan api|grant api")
    play.do(c.EndSession(S1, "not-started", None, "no space is left in /srv"))
    assert why(play.run, play.run.jobs[API]).endswith("; session s1 did not start: no space is left in /srv")


def test_tests_that_cannot_be_asked_for_are_not_started_again():
    play = played("plan api|launch api|handoff api")
    commit = play.run.jobs[API].handoff.commit
    unknown = replace(seen(play), checks={commit: CheckObservation(CheckPhase.UNKNOWN)})
    assert effects.StartCheck(commit) in outstanding(play.run, seen(play))
    assert effects.StartCheck(commit) not in outstanding(play.run, unknown)


def test_a_job_whose_lease_cannot_be_granted_stays_in_the_queue_and_hopes_for_nothing():
    play = played()
    (grant,) = [one for one in reconcile(play.run, seen(play)) if isinstance(one, c.GrantLease)]
    step = learning_step(play.run, grant)
    assert not only_people_left(play.run, seen(play))
    asked(failed(play, step, times=3))
    assert [one for one in reconcile(play.run, seen(play)) if isinstance(one, c.GrantLease)] == [grant]
    assert only_people_left(play.run, seen(play))
