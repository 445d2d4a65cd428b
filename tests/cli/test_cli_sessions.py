"""Single agents by the names that `session list` shows."""

import json

import pytest
from cli_stage import RUN

from gitorch.model.observed import AgentState
from gitorch.model.work.session import SessionKey


def test_an_agent_whose_work_is_over_is_listed_with_the_command_that_ends_it(stage):
    stage.begin_run({"api": ()}).finish("api")
    for job in ("api", "api.spec"):
        line = f"The work of {job} is over. gitorch up ends it, and so does: gitorch session stop {job}"
        assert line in stage.gitorch("session", "list").out.splitlines()
        assert stage.gitorch("session", "stop", job).out.startswith(f"{job} is stopped. ")
        assert line not in stage.gitorch("session", "list").out.splitlines()
    assert not stage.run.open_questions(), "their work is done, so nobody has to decide about it"
    assert [session.ended for session in stage.run.sessions.values()] == ["stopped", "stopped"]


def test_an_agent_at_work_is_listed_without_it(stage):
    stage.begin_run({"api": ()}).launch("api")
    assert len(stage.gitorch("session", "list").out.splitlines()) == 1


def test_a_person_ends_the_turn_of_an_agent_which_keeps_its_job(stage):
    stage.begin_run({"api": ()}).launch("api")
    key = SessionKey(stage.run.id, stage.run.jobs["api"].session)
    stage.terminals.become(key, AgentState.WORKING)
    said = stage.gitorch("session", "interrupt", "api")
    assert said.out == "The turn of api is over. Say what to do instead: gitorch send api TEXT\n"
    assert stage.terminals.sessions[key].state is AgentState.WAITING
    assert stage.run.living_session(stage.run.jobs["api"]).id == key.session

    again = stage.gitorch("session", "interrupt", "api", "--json")
    error = json.loads(again.out)["error"]
    assert (again.status, error["code"]) == (4, "refused")
    assert error["message"] == "api was not interrupted: no turn is under way"
    assert error["hint"] == "gitorch peek api"


def asked(stage):
    """A run whose only agent waits for an answer of the principal."""
    return stage.begin_run({"api": ()}).launch("api").submit_handoff("api", "NEEDS_CONTEXT", questions=("Which name?",))


@pytest.mark.parametrize(
    ("words", "change", "answers"),
    [
        (("retry",), "is retried", {"q1": "ada"}),
        (("session", "restart"), "restarts", {"q1": "ada"}),
        (("session", "stop"), "is stopped", {"q1": "ada", "q2": "retry"}),
    ],
)
def test_an_agent_that_waits_for_an_answer_is_replaced_after_each_answer_that_the_verb_names(
    stage, words, change, answers
):
    answer = asked(stage).gitorch(*words, "api")
    line = (
        f"api {change}. Another agent starts after your answer to {', '.join(answers)}: gitorch show q1 --run {RUN}\n"
    )
    assert (answer.status, answer.out) == (0, line)
    for question, word in answers.items():
        stage.gitorch("up", "--once")
        assert stage.run.jobs["api"].session is None
        assert stage.gitorch("answer", question, word).status == 0
    stage.gitorch("up", "--once")
    assert stage.run.jobs["api"].session == "s2"


def test_an_agent_that_works_is_replaced_without_a_question(stage):
    stage.begin_run({"api": ()})
    for words, change in ((("session", "restart"), "restarts"), (("retry",), "is retried")):
        stage.gitorch("up", "--once")
        assert stage.gitorch(*words, "api").out == f"api {change}. gitorch up continues it.\n"


def test_a_launch_that_starts_nobody_names_the_question_and_is_no_success(stage):
    asked(stage).gitorch("retry", "api")
    answer = stage.gitorch("session", "launch", "api")
    assert (answer.status, answer.out) == (10, "")
    assert answer.err.splitlines() == [
        "gitorch: api did not start: q1 waits for you",
        f"  try: gitorch show q1 --run {RUN}",
    ]
    error = json.loads(stage.gitorch("session", "launch", "api", "--json").out)["error"]
    assert (error["code"], error["alive"], error["run"], error["job"]) == ("waiting", False, RUN, "api")
    assert [row["id"] for row in error["waiting"]] == ["q1"]


def test_a_launch_in_a_paused_run_is_refused(stage):
    stage.begin_run({"api": ()}).gitorch("pause")
    answer = stage.gitorch("session", "launch", "api")
    assert (answer.status, answer.err.splitlines()[0]) == (4, f"gitorch: api did not start: run {RUN} is paused")


def test_a_job_without_an_agent_has_no_turn_to_end(stage):
    stage.begin_run({"api": ()})
    answer = stage.gitorch("session", "interrupt", "api")
    assert (answer.status, answer.err.splitlines()[0]) == (3, "gitorch: no agent has worked on api yet")
