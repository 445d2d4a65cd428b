"""Before work begins: the tests pass on the target, worktrees are set up, and what fails there costs no agent a round."""

from __future__ import annotations

import pytest
from play import HOST, HUMAN, SETTINGS, Play, commit
from question_scenes import no_checkout, red_target

from gitorch.errors import Denied, Refused
from gitorch.model import commands as c
from gitorch.model import effects
from gitorch.model.ids import JobId, Moment
from gitorch.model.observed import CheckObservation, CheckPhase, Observed, SetupObservation, SetupPhase
from gitorch.model.plans.preparation import NOT_SET_UP, Preparation
from gitorch.model.values import replace
from gitorch.model.work.review import Check
from gitorch.rules.outstanding import outstanding
from gitorch.rules.reconcile import reconcile
from gitorch.rules.views.why import why
from gitorch.rules.waiting import only_people_left

API = JobId("api")
TESTED_FIRST = replace(SETTINGS, test_target=True)
NPM = Preparation("npm ci")


def begun(settings=TESTED_FIRST) -> Play:
    play = Play()
    play.begin({"api": (), "ui": ()}, settings)
    return play


def seen(play, sessions=(), **parts) -> Observed:
    return Observed(Moment(play.at), dict(sessions), None, **parts)


def ended(play, outcome="failed", command=SETTINGS.test_command, status=1, tail="no such module") -> Check:
    return Check(play.run.target_commit, command, outcome, status, 0.1, tail=tail)


def finished(check) -> dict:
    return {check.commit: CheckObservation(CheckPhase.FINISHED, check)}


def asked(play, observed) -> list:
    return [one for one in reconcile(play.run, observed) if isinstance(one, c.Escalate)]


def test_the_target_is_tested_before_a_job_is_given_out():
    play = begun()
    assert outstanding(play.run, seen(play)) == (effects.StartCheck(play.run.target_commit),)
    assert [one for one in reconcile(play.run, seen(play)) if isinstance(one, c.GrantLease)] == []
    assert why(play.run, play.run.jobs[API]) == "waits for the tests of main as it is"

    (record,) = reconcile(play.run, seen(play, checks=finished(ended(play, "passed", status=0))))
    play.do(record)
    granted = [one.job for one in reconcile(play.run, seen(play)) if isinstance(one, c.GrantLease)]
    assert granted == ["api", "ui"]
    assert play.run.target_check.passed


@pytest.mark.parametrize("changes", [{"test_target": False}, {"test_command": ""}, {"manual": True}])
def test_nobody_waits_for_tests_that_are_not_asked_for(changes):
    play = begun(replace(TESTED_FIRST, **changes))
    assert play.run.is_target_ready
    assert not any(isinstance(one, effects.StartCheck) for one in outstanding(play.run, seen(play)))


def test_a_red_target_is_one_question_with_the_end_of_the_log():
    play = begun()
    play.do(c.RecordTargetCheck(ended(play)))
    (question,) = asked(play, seen(play))
    assert question.happened.startswith("The tests do not pass on main as it is: failed with status 1")
    assert (question.evidence, question.options) == ("no such module", ("retry", "start_anyway", "stop_run"))
    assert "gitorch config set tests.command COMMAND --run play-0001" in question.decision
    play.do(question)
    assert asked(play, seen(play)) == []
    assert outstanding(play.run, seen(play)) == ()
    assert only_people_left(play.run, seen(play))


def test_a_red_target_whose_log_names_a_missing_dependency_is_about_the_set_up():
    play = begun()
    play.do(c.RecordTargetCheck(ended(play, tail="> tape test/*.js\nsh: 1: tape: not found")))
    (question,) = asked(play, seen(play))
    assert question.decision.startswith("The log says: sh: 1: tape: not found")
    assert "gitorch config set worktrees.setup COMMAND --run play-0001" in question.decision


def test_a_target_that_cannot_be_set_up_is_a_question_about_the_set_up():
    play = begun(replace(TESTED_FIRST, preparation=NPM))
    play.do(c.RecordTargetCheck(ended(play, NOT_SET_UP, status=7, tail="")))
    (question,) = asked(play, seen(play))
    assert question.happened == "The checkout of main for the tests could not be set up (status 7)."
    assert question.evidence == "It printed nothing."
    assert "gitorch config set worktrees.setup COMMAND" in question.decision


def test_another_try_tests_the_target_again():
    play = red_target()
    play.answer("q1", "retry")
    assert outstanding(play.run, seen(play)) == (effects.StartCheck(play.run.target_commit),)
    play.do(c.RecordTargetCheck(ended(play)))
    assert len(asked(play, seen(play))) == 1, "a second failure is asked about again"


def test_a_result_of_another_command_or_a_second_one_is_not_recorded():
    play = begun()
    assert play.do(c.RecordTargetCheck(ended(play, command="make other"))) == ()
    play.do(c.RecordTargetCheck(ended(play)))
    assert play.do(c.RecordTargetCheck(ended(play, "passed"))) == ()
    assert play.run.target_check.outcome == "failed"


def test_a_corrected_command_withdraws_the_question_and_is_tried():
    play = red_target()
    new = replace(play.run.settings, test_command="make unit")
    play.do(c.ChangeSettings(("tests.command",), new), HUMAN)
    assert play.run.open_questions() == ()
    assert play.run.settings.test_command == "make unit"
    assert outstanding(play.run, seen(play)) == (effects.StartCheck(play.run.target_commit),)


def test_only_the_principal_corrects_the_settings_of_an_open_run():
    play = begun()
    new = replace(play.run.settings, test_command="true")
    with pytest.raises(Denied):
        play.do(c.ChangeSettings(("tests.command",), new), HOST)
    assert play.do(c.ChangeSettings(("tests.command",), play.run.settings), HUMAN) == ()
    play.do(c.CancelRun("wrong"), HUMAN)
    with pytest.raises(Refused):
        play.do(c.ChangeSettings(("tests.command",), new), HUMAN)


def test_a_worktree_is_set_up_before_its_agent_starts():
    play = begun(replace(SETTINGS, preparation=NPM))
    play.grant("api")
    session = play.session("api")
    expected = {
        SetupPhase.ABSENT: effects.SetUpWorktree(session, API),
        SetupPhase.RUNNING: None,
        SetupPhase.DONE: effects.StartSession(session, API),
        SetupPhase.FAILED: None,
    }
    for phase, effect in expected.items():
        owed = outstanding(play.run, seen(play, setups={session: SetupObservation(phase)}))
        assert owed == (() if effect is None else (effect,)), phase
    assert outstanding(play.run, seen(play)) == (), "nothing is concluded while it cannot be asked"


def test_an_agent_starts_at_once_where_nothing_is_set_up():
    play = begun(SETTINGS)
    play.grant("api")
    assert outstanding(play.run, seen(play)) == (effects.StartSession(play.session("api"), API),)


def test_a_worktree_that_cannot_be_set_up_is_said_once_and_costs_the_agent_nothing():
    play = begun(replace(SETTINGS, preparation=NPM))
    play.grant("api")
    session = play.session("api")
    failed = seen(play, setups={session: SetupObservation(SetupPhase.FAILED, 1, "no such module")})
    (question,) = asked(play, failed)
    assert question.happened == "The worktree of api could not be set up (status 1)."
    assert question.evidence == "no such module"
    play.do(question)
    assert asked(play, failed) == []
    absent = seen(play, setups={session: SetupObservation(SetupPhase.ABSENT)})
    assert outstanding(play.run, absent) == (), "not again before the answer"
    play.answer("q1", "retry")
    assert outstanding(play.run, absent) == (effects.SetUpWorktree(session, API),)
    job = play.run.jobs[API]
    assert (job.launch_failures, job.deaths, job.attempt, job.session) == (0, 0, 1, session)


def test_a_checkout_that_cannot_be_set_up_counts_no_round():
    play = no_checkout()
    (question,) = play.run.open_questions()
    assert question.happened == "The checkout for the tests of api could not be set up (status 1)."
    job = play.run.jobs[API]
    assert (job.check, job.attempt) == (None, 1)
    assert not any(isinstance(one, effects.StartCheck) for one in outstanding(play.run, seen(play)))
    play.answer("q1", "retry")
    assert effects.StartCheck(job.handoff.commit) in outstanding(play.run, seen(play))


def test_work_whose_checkout_cannot_be_set_up_can_be_sent_back_to_its_author():
    play = no_checkout()
    job = play.run.jobs[API]
    play.do(c.SendBack(API, job.handoff.commit, (), "Remove it"), HUMAN)
    job = play.run.jobs[API]
    assert (job.phase, job.attempt) == ("queued", 2)
    (withdrawn,) = [one for one in reconcile(play.run, seen(play)) if isinstance(one, c.WithdrawQuestion)]
    assert (withdrawn.question, withdrawn.reason) == ("q1", "api is queued by now")
    play.do(withdrawn)
    play.launch("api")
    play.submit_handoff("api", replies=play.fixed("api"))
    assert play.run.open_questions() == ()
    assert effects.StartCheck(play.run.jobs[API].handoff.commit) in outstanding(play.run, seen(play))


def test_work_that_is_stopped_after_it_was_sent_back_stays_stopped():
    play = Play()
    play.begin({"api": (), "ui": ()}, replace(SETTINGS, test_command="make test"))
    play.launch("api")
    play.submit_handoff("api")
    play.do(c.SendBack(API, play.run.jobs[API].handoff.commit, (), "Not so"), HUMAN)
    play.do(c.Escalate("fault:api", "h", "t", "e", "d", ("retry", "stop_epic"), API, None))
    play.answer("q1", "stop_epic")
    job = play.run.jobs[API]
    assert (job.phase, job.trouble) == ("failed", "the principal stopped it at q1")
    assert job.demands
    play.do(c.RetryJob(API, "Again"), HUMAN)
    assert play.run.jobs[API].phase == "queued"


def test_the_target_s_result_is_of_the_target():
    play = begun()
    check = replace(ended(play), commit=commit("another"))
    with pytest.raises(Refused):
        play.do(c.RecordTargetCheck(check))
