"""What is read of runs, questions, sessions and reports, value by value."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from desk import CALLER, RUN, Desk
from play import TARGET, digest, workflow

from gitorch.app.executing.execute import execute
from gitorch.app.people import decisions, messages
from gitorch.app.people.messages import Party
from gitorch.app.query import cleaning, lookup, questions, runs
from gitorch.app.query.settings import trusted_settings
from gitorch.app.sessions import sessions
from gitorch.errors import NotFound, Refused, Usage
from gitorch.model import commands as c
from gitorch.model import events
from gitorch.model.ids import RunId
from gitorch.model.plans.workflow import Autonomy, Settings
from gitorch.model.values import replace
from gitorch.model.work.review import ReportStatus

ADA = Party(CALLER.actor, "@principal")
OTHER = RunId("other-0002")


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path / "s")


def other_run(desk, run=OTHER, needs=("api",), start=True):
    flow = workflow(dict.fromkeys(needs, ()))
    prepare = c.PrepareRun(run, "Other", "other.md", digest(str(run)), "main", TARGET, flow)
    execute(desk.services, run, CALLER.actor, (prepare, c.ConfirmRun(desk.run.settings, "typed")))
    if start:
        execute(desk.services, run, desk.services.host, c.StartRun())


# Status


def test_a_run_is_shown_with_the_states_of_its_agents_only_where_they_are_asked_for(desk):
    desk.begin().tick(3)
    plain, live = runs.status(desk.services, None), runs.status(desk.services, RUN, live=True)
    assert (plain.id, live.id) == (RUN, RUN)
    assert runs.agent_states(desk.services, desk.run) == {desk.session("api").id: "idle"}
    assert plain != live
    assert runs.view_of(desk.services, desk.run) == plain
    desk.terminals.silent = True
    assert runs.status(desk.services, None, live=True) is not None
    assert runs.observe_sessions(desk.services, desk.run) is None


def test_terminals_are_asked_only_where_a_session_lives(desk):
    desk.begin()
    desk.terminals.silent = True
    assert runs.observe_sessions(desk.services, desk.run) == {}


def test_commands_name_the_run_where_several_are_open(desk):
    desk.begin().tick(3)
    desk.submit("api", status=ReportStatus.NEEDS_CONTEXT, questions=("Which name?",))
    alone, view = runs.next_command(desk.services, desk.run), runs.status(desk.services, RUN)
    assert alone.startswith("gitorch answer q1")
    other_run(desk)
    named, view_named = runs.next_command(desk.services, desk.run), runs.status(desk.services, RUN)
    assert named == f"{alone} --run {RUN}"
    assert named in view_named.next_commands
    assert alone in view.next_commands


# Why


def test_why_says_where_each_part_of_a_run_stands(desk):
    desk.begin({"api": (), "ui": ("api",)}).tick(3)
    session = desk.session("api").id
    desk.submit("api", status=ReportStatus.NEEDS_CONTEXT, questions=("Which name?",))
    desk.clock.moment += 1000
    messages.send(desk.services, ADA, ("api",), "hi", desk.services.root)
    why = lambda name: runs.why_of(desk.services, name, None)  # noqa: E731 said once
    assert why("ui").startswith("ui is ")
    assert why("ui") == runs.why_of(desk.services, "ui", RUN)
    (question,) = desk.run.open_questions()
    assert why(question.id) == f"{question.id} ({question.kind} about api) waits for you: Which name?"
    assert why(session) == f"{session} works on api (scripted) and is {desk.session('api').phase}"
    assert why("m1") == "m1 from @principal is not read yet by api"
    view = runs.status(desk.services, RUN)
    assert why(RUN) == why("play-") == f"{RUN}: {view.summary}. Next: {view.next_commands[0]}"
    desk.answer("Call it x")
    assert why(question.id) == f"{question.id} was answered by {desk.run.questions[question.id].answer.by}: Call it x"
    messages.mark_read(desk.services, replace(ADA, name="api"), [desk_message(desk)])
    with pytest.raises(NotFound) as raised:
        why("nobody")
    assert raised.value.message.startswith("run play-0001 has no job, question or session nobody; it has api, ")


def desk_message(desk):
    from gitorch.app.people.mailbox import find_message

    return find_message(desk.services, RUN, "m1")


def test_why_of_a_job_takes_a_unique_prefix(desk):
    desk.begin({"api": ()})
    assert runs.why_of(desk.services, "api.q", None).startswith("api.quality is ")


def test_a_prefix_of_a_job_is_taken_before_that_of_a_run(desk):
    desk.begin({"play": ()})
    with pytest.raises(Usage, match=r"pla could be any of play, play\.spec"):
        runs.why_of(desk.services, "pla", None)
    assert runs.why_of(desk.services, "play-", None).startswith(f"{RUN}: ")
    assert lookup.run_called(desk.services, "ghost") is None


def test_why_of_a_message_between_people_names_who_has_not_read_it(desk):
    desk.services.config = replace(desk.services.config, coordinator="bob")
    messages.send(desk.services, ADA, ("@bob",), "hi", desk.services.root)
    assert runs.why_of(desk.services, "m1", None) == "m1 from @principal is not read yet by @bob"


# The inbox


def test_the_inbox_holds_the_questions_of_all_runs_and_names_runs_only_where_needed(desk):
    desk.begin().tick(3)
    desk.submit("api", status=ReportStatus.NEEDS_CONTEXT, questions=("Which name?",))
    (row,) = runs.all_inbox(desk.services)
    assert (row.run, runs.all_inbox(desk.services, RUN)) == (RUN, (row,))
    other_run(desk)
    (named,) = runs.all_inbox(desk.services)
    assert named == replace(row, command=f"{row.command} --run {RUN}")
    execute(
        desk.services,
        OTHER,
        desk.services.host,
        c.Escalate("x:1", "It broke.", "Nothing.", "none", "Go on?", ("stop",)),
    )
    assert [one.run for one in runs.all_inbox(desk.services)] == [RUN, OTHER]
    assert [one.run for one in runs.all_inbox(desk.services, OTHER)] == [OTHER]


def test_an_empty_inbox_is_empty(desk):
    assert runs.all_inbox(desk.services) == ()
    desk.begin()
    assert runs.all_inbox(desk.services) == ()
    assert runs.all_inbox(desk.services, RUN) == ()


def test_a_run_that_only_asks_how_to_clean_up_is_answered_without_loading_it(desk):
    desk.reported("api").approve().settle()
    loaded = []
    state = desk.ledger.state
    desk.ledger.state = lambda run: loaded.append(run) or state(run)
    (row,) = runs.all_inbox(desk.services)
    assert (row.run, row.kind) == (RUN, "cleanup")
    assert set(loaded) == {None}


# Records and reports


def test_the_log_is_that_of_all_or_of_one_run_after_a_number(desk):
    desk.begin()
    other_run(desk)
    whole = [one.record.seq for one in runs.log(desk.services)]
    assert whole == list(range(len(whole)))
    assert [one.record.seq for one in runs.log(desk.services, after=3)] == whole[4:]
    assert {one.record.run for one in runs.log(desk.services, "other")} == {OTHER}
    assert next(one.record.seq for one in runs.log(desk.services, RUN, 1)) == 2


def test_a_report_is_read_as_it_was_issued_also_once_it_is_void(desk):
    desk.reported("api")
    text = runs.report(desk.services, None)
    issued = desk.events(events.ReportIssued)
    assert text == issued[-1].text
    data = runs.report_data(desk.services, desk.run)
    assert data == json.loads(json.dumps(data))
    assert data["run"] == RUN
    desk.git.write("main", {"new.txt": "x\n"})
    desk.settle()
    again = desk.events(events.ReportIssued)
    assert len(again) == 2
    assert runs.report(desk.services, None) == again[-1].text != text
    assert runs.report_data(desk.services, desk.run) != data


def test_a_run_without_a_report_has_no_data_of_one(desk):
    desk.begin()
    assert runs.report_data(desk.services, desk.run) is None
    assert runs.epic_report(desk.services, desk.run, "api") == ""


def test_an_epics_report_is_its_newest(desk):
    desk.begin({"api": (), "ui": ()}, autonomy=Autonomy.PER_EPIC).finish("api")
    (only,) = desk.events(events.EpicReported)
    assert (only.job, runs.epic_report(desk.services, desk.run, "api")) == ("api", only.text)
    assert runs.epic_report(desk.services, desk.run, "ui") == ""


# Finding


def test_a_question_is_found_open_first_then_answered(desk):
    desk.begin().tick(3)
    desk.submit("api", status=ReportStatus.NEEDS_CONTEXT, questions=("Which name?",))
    find = lambda run=None: questions.find_question(desk.services, "q1", run)  # noqa: E731 said once
    assert (find()[0].id, find()[1].answer) == (RUN, None)
    desk.answer("x")
    assert find()[1].answer.text == "x"
    assert find(RUN)[1].answer.text == "x"
    other_run(desk)
    with pytest.raises(NotFound, match="no run has a question q1"):
        find(OTHER)
    escalation = c.Escalate("x:1", "It broke.", "Nothing.", "none", "Go on?", ("stop",))
    execute(desk.services, OTHER, desk.services.host, escalation)
    assert find()[0].id == OTHER, "the open one wins"


def test_an_answered_question_is_that_of_a_run_that_goes_on_and_the_refusal_names_it(desk):
    desk.begin().tick(3)
    other_run(desk)
    escalation = c.Escalate("x:1", "It broke.", "Nothing.", "none", "Go on?", ("retry", "stop"))
    for run in (RUN, OTHER):
        execute(desk.services, run, desk.services.host, escalation)
        decisions.answer(desk.services, CALLER, "q1", ["retry"], run)
    for over, goes_on in ((RUN, OTHER), (OTHER, OTHER)):
        execute(desk.services, over, CALLER.actor, c.CancelRun("enough"))
        with pytest.raises(Refused, match=f"in run {goes_on}, q1 was already answered by"):
            decisions.answer(desk.services, CALLER, "q1", ["retry"], None)
    with pytest.raises(Refused, match=r"^q1 was already answered by"):
        decisions.answer(desk.services, CALLER, "q1", ["retry"], RUN)


def test_a_name_that_one_open_run_has_finds_it_and_any_other_the_default_run(desk):
    desk.begin({"api": (), "ui": ()}).tick(3)
    other_run(desk, needs=("api", "db"))
    find = lambda name: lookup.find_run_with(desk.services, name).id  # noqa: E731 said once
    assert (find("ui"), find("db"), find(desk.session("ui").id)) == (RUN, OTHER, RUN)
    for name in ("api", "nobody"):
        with pytest.raises(Usage, match=f"several runs are open: {RUN}, {OTHER}"):
            find(name)
    execute(desk.services, OTHER, CALLER.actor, c.CancelRun("enough"))
    assert (find("nobody"), find("ui")) == (RUN, RUN)


def test_a_session_is_found_by_its_id_or_as_the_newest_of_its_job(desk):
    desk.begin({"api": ()}).tick(3)
    first = desk.session("api").id
    sessions.restart(desk.services, CALLER, "api", None)
    desk.tick(3)
    second = desk.session("api").id
    find = lambda name, run=None: lookup.find_session(desk.services, name, run)[1]  # noqa: E731 said once
    assert (find(first), find(second), find("api"), find("api", RUN)) == (first, second, second, second)


def test_what_is_cleaned_up_without_a_name_is_the_only_run_that_is_over(desk):
    desk.begin().tick(3)
    other_run(desk)
    assert cleaning.find_run_to_clean(desk.services, OTHER).id == OTHER
    execute(desk.services, RUN, CALLER.actor, c.CancelRun("enough"))
    desk.settle()
    assert cleaning.find_run_to_clean(desk.services, None).id == RUN
    assert cleaning.find_run_to_clean(desk.services, OTHER).id == OTHER


def test_a_checkpoint_is_found_by_its_job_and_the_exact_id_of_a_run_wins(desk):
    desk.begin({"api": (), "ui": ()}, autonomy=Autonomy.PER_EPIC).finish("api")
    find = lambda name, run=None: lookup.find_run_or_checkpoint(desk.services, name, run)  # noqa: E731 said once
    (question,) = desk.run.open_questions("api")
    assert find("api") == find("api", RUN) == (desk.run, question)
    assert find(RUN) == find("play") == find(None) == (desk.run, None)
    with pytest.raises(Refused, match="ui has no checkpoint that waits"):
        find("ui")
    epic = lambda name, run=None: lookup.find_run_or_epic(desk.services, name, run)  # noqa: E731 said once
    assert epic("api") == epic("api", RUN) == (desk.run, "api")
    assert epic(RUN) == epic("play") == epic(None) == (desk.run, "")
    desk.do(c.CancelRun("enough"), CALLER.actor)
    for row in desk.run.open_questions():
        desk.do(c.AnswerQuestion(row.id, "no", ""), CALLER.actor)
    desk.tick(3)
    assert lookup.unsettled_runs(desk.services) == ()
    assert epic("api") == (desk.run, "api"), "the newest run counts where none is open"


def test_settings_are_trusted_where_every_open_run_began_with_them(desk):
    def begun(run, settings):
        flow = workflow({"api": ()})
        prepare = c.PrepareRun(run, "Other", "o.md", digest(run), "main", TARGET, flow)
        confirm = c.ConfirmRun(Settings(), "typed", git_settings=settings)
        execute(desk.services, run, CALLER.actor, (prepare, confirm))

    assert trusted_settings(desk.services) is None
    begun(RunId("a-1"), {"core.editor": "sha256:1", "core.pager": "sha256:2"})
    assert trusted_settings(desk.services) == {"core.editor": "sha256:1", "core.pager": "sha256:2"}
    begun(RunId("b-2"), {"core.editor": "sha256:1", "core.pager": "sha256:3", "x.y": "sha256:4"})
    assert trusted_settings(desk.services) == {"core.editor": "sha256:1"}
    begun(RunId("c-3"), None)
    assert trusted_settings(desk.services) == {"core.editor": "sha256:1"}


# Sessions


def test_agents_are_listed_of_all_runs_or_of_one(desk):
    desk.begin({"api": (), "ui": ()}).tick(3)
    rows = sessions.list_agents(desk.services, None)
    assert [(row.run, row.job, row.presence, row.agent) for row in rows] == [
        (RUN, "api", "alive", "idle"),
        (RUN, "ui", "alive", "idle"),
    ]
    assert sessions.list_agents(desk.services, RUN) == rows
    other_run(desk)
    assert sessions.list_agents(desk.services, OTHER) == ()
    assert sessions.find_agent(desk.services, "ui", None)[0].id == RUN
    assert sessions.find_agent(desk.services, str(desk.session("ui").id), RUN)[1] == "ui"
    with pytest.raises(NotFound):
        sessions.find_agent(desk.services, "ui", OTHER)


def test_a_stopped_agent_ends_at_once_and_its_worktree_stays(desk):
    desk.begin().tick(3)
    key, worktree = desk.key("api"), desk.worktree("api")
    run, job = sessions.stop(desk.services, CALLER, "api", None)
    assert (run, job) == (desk.run, "api")
    assert desk.run.sessions[key.session].ended == "stopped"
    assert not desk.terminals.sessions[key].present
    assert worktree in desk.git.checkouts
    assert len(desk.run.open_questions("api")) == 1


def test_beside_a_running_loop_the_agent_is_left_to_it(desk):
    desk.begin().tick(3)
    key = desk.key("api")
    with desk.ledger.hold("up"):
        run, _ = sessions.stop(desk.services, CALLER, "api", None)
    assert run == desk.run
    assert desk.run.sessions[key.session].ended == ""
    assert desk.terminals.sessions[key].present
    desk.tick()
    assert desk.run.sessions[key.session].ended == "stopped"


def test_a_restarted_agent_is_followed_by_another_in_the_same_worktree(desk):
    desk.begin().tick(3)
    first, worktree = desk.session("api").id, desk.worktree("api")
    run, job = sessions.restart(desk.services, CALLER, "api", None)
    assert (run, job) == (desk.run, "api")
    assert desk.run.sessions[first].ended == "stopped"
    desk.tick(3)
    assert desk.session("api").id != first
    assert desk.worktree("api") == worktree


def test_a_retried_job_gets_the_text_and_a_new_agent(desk):
    desk.begin().tick(3)
    sessions.stop(desk.services, CALLER, "api", None)
    run, job = sessions.retry(desk.services, CALLER, "api", None, "Mind the tests.")
    assert (run, job) == (desk.run, "api")
    desk.tick(3)
    assert b"Mind the tests." in desk.files.held[desk.worktree("api") / ".gitorch/brief.md"]
