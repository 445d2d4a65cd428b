"""Single agents by the names that `session list` shows."""

import json

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


def test_a_job_without_an_agent_has_no_turn_to_end(stage):
    stage.begin_run({"api": ()})
    answer = stage.gitorch("session", "interrupt", "api")
    assert (answer.status, answer.err.splitlines()[0]) == (3, "gitorch: no agent has worked on api yet")
