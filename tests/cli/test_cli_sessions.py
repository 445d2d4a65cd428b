"""Single agents by the names that `session list` shows."""


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
