# ruff: noqa: ARG002 stand-ins take what their ports pass
"""How each effect is carried out, what is recorded of it, and what happens where the world fails half-way."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from desk import RUN, Desk
from fakes.tracker import FakeTracker
from fakes.world import FakeNotices, FakeTerminals, FakeWorktrees, altered
from play import workflow

from gitorch.app.reconciler.issues import closed_issues
from gitorch.app.reconciler.perform import perform
from gitorch.app.reconciler.sandboxes import launch_sandbox
from gitorch.app.sessions.teardown import take_commits
from gitorch.errors import Busy, Failed, NotFound
from gitorch.model import commands as c
from gitorch.model import effects
from gitorch.model.plans.runtime import Preset
from gitorch.model.plans.workflow import Sandbox
from gitorch.model.values import replace
from gitorch.model.work.session import SessionKey
from gitorch.ports.world import Launch, LaunchSandbox


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path / "s")


def with_lane(needs=None, lane="implementer", **fields):
    """The usual workflow with one of its lanes changed."""
    flow = workflow(needs or {"api": ()})
    return replace(flow, lanes={**flow.lanes, lane: replace(flow.lanes[lane], **fields)})


def start(desk, job="api", services=None):
    """Start a job's session, as the tick does."""
    return perform(services or desk.services, desk.run, effects.StartSession(desk.session(job).id, job))


def granted(desk, **begin):
    """A run whose first job has a session that was not started yet."""
    desk.begin(**begin)
    desk.do(c.StartRun())
    desk.do(c.GrantLease("api", "s1", True, "sha256:" + "0" * 64, "nonce-1"))
    return desk


# Starting a session


def test_an_agent_is_started_in_its_worktree_with_its_brief_and_its_environment(desk):
    desk.services.agent_env = {"PATH": "/bin", "GITORCH_MODEL": "none"}
    granted(desk, flow=with_lane(model="big", env={"PATH": "/opt/bin", "GITORCH_JOB": "forged"}))
    assert start(desk) == ()
    key, worktree = SessionKey(RUN, "s1"), desk.services.paths.job_worktree(desk.run, "api")
    assert desk.terminals.sessions[key].launch == Launch(
        key=key,
        preset=desk.services.presets["scripted"],
        cwd=worktree,
        env={
            "PATH": "/opt/bin",
            "GITORCH_NAME": "api",
            "GITORCH_PORT": "20000",
            "GITORCH_PORTS": "20000-20009",
            "GITORCH_MODEL": "big",
            "GITORCH_RUN": RUN,
            "GITORCH_SESSION": "s1",
            "GITORCH_JOB": "api",
            "GITORCH_TOKEN": desk.services.secrets.token(key),
            "GITORCH_WORKTREE": str(worktree),
        },
        first_line="Read .gitorch/brief.md and do what it says.",
        first_prompt="p1",
        model="big",
        allowed=(f"git switch -C gitorch/{RUN}/api",),
    )
    assert desk.git.checkouts[worktree].branch == f"gitorch/{RUN}/api"
    brief = desk.files.held[worktree / ".gitorch/brief.md"]
    assert b"api" in brief
    kept = [path for path in desk.files.held if path.is_relative_to(desk.services.home)]
    assert [desk.files.held[path] for path in kept] == [brief]
    assert worktree / ".gitorch/brief.json" in desk.files.held


def test_a_lane_without_a_model_names_none(desk):
    granted(desk)
    start(desk)
    launch = desk.terminals.sessions[SessionKey(RUN, "s1")].launch
    assert (launch.model, "GITORCH_MODEL" in launch.env, launch.sandbox, launch.resume) == ("", False, None, "")


def test_a_program_that_takes_no_prompt_as_it_starts_is_started_without_one(desk):
    desk.services.presets["scripted"] = Preset("scripted", ("scripted",), first_prompt="paste")
    granted(desk)
    start(desk)
    launch = desk.terminals.sessions[SessionKey(RUN, "s1")].launch
    assert (launch.first_line, launch.first_prompt) == ("", None)
    assert desk.worktree("api") / ".gitorch/brief.md" not in desk.files.held


def test_a_one_shot_program_gets_its_prompt_as_it_starts_whatever_its_preset_says(desk):
    desk.services.presets["scripted"] = Preset("scripted", ("scripted",), first_prompt="paste")
    granted(desk, flow=with_lane(one_shot=True))
    start(desk)
    launch = desk.terminals.sessions[SessionKey(RUN, "s1")].launch
    assert (launch.one_shot, launch.first_prompt) == (True, "p1")


def test_a_one_shot_program_without_a_prompt_is_not_started(desk):
    granted(desk, flow=with_lane(one_shot=True))
    desk.do(c.MarkAlive("s1", 7, "a sign"))
    desk.do(c.RecordDelivery("s1", "p1", "delivered"))
    assert start(desk) == ()
    assert desk.terminals.sessions == {}


def test_an_agent_that_waits_for_another_is_started_without_its_work(desk):
    granted(desk, needs={"api": (), "ui": ()})
    desk.do(c.GrantLease("ui", "s2", True, "sha256:" + "1" * 64, "nonce-2"))
    start(desk)
    launch = desk.terminals.sessions[SessionKey(RUN, "s1")].launch
    assert (launch.first_line, launch.first_prompt) == ("", None)


@pytest.mark.parametrize("place", ["worktree", "terminal"])
def test_an_agent_that_cannot_be_started_ends_with_the_reason(desk, place):
    class Full(FakeWorktrees):
        def ensure(self, *words, **more):
            raise Failed("no space is left")

    class Stuck(FakeTerminals):
        def start(self, launch):
            raise Failed("no space is left")

    granted(desk)
    parts = {"worktree": {"worktrees": Full(desk.git)}, "terminal": {"terminals": Stuck(desk.clock)}}[place]
    made = start(desk, services=altered(desk.services, **parts))
    assert made == (c.EndSession("s1", "not-started", None, "no space is left"),)


def test_a_runtime_that_nobody_defines_is_named(desk):
    granted(desk)
    desk.services.presets.clear()
    with pytest.raises(NotFound, match="there is no runtime scripted"):
        start(desk)


# Sandboxes


@pytest.mark.parametrize("made", [True, False])
def test_a_sandbox_leaves_the_branch_of_the_job_open_from_where_it_stands(desk, made):
    flow = with_lane(sandbox=Sandbox.BWRAP, network=False, writable=("~/.cache",))
    granted(desk, flow=flow)
    branch = f"gitorch/{RUN}/api"
    if made:
        desk.git.tips[branch] = desk.begun
    expected = LaunchSandbox(branch, desk.begun if made else None, False, ("~/.cache",))
    assert launch_sandbox(desk.services, desk.run, desk.session("api")) == expected


def test_a_reviewer_in_a_sandbox_has_no_branch_and_a_lane_without_one_no_sandbox(desk):
    desk.begin(flow=with_lane(lane="reviewer", sandbox=Sandbox.BWRAP, writable=("~/x",)))
    desk.tick(3)
    assert launch_sandbox(desk.services, desk.run, desk.session("api")) is None
    desk.submit("api", {"a": "a\n"})
    desk.tick(3)
    found = launch_sandbox(desk.services, desk.run, desk.session("api.spec"))
    assert found == LaunchSandbox("", None, True, ("~/x",))


class Taking(FakeWorktrees):
    """Worktrees that note whose commits are taken, or refuse to."""

    def __init__(self, git, error=None):
        super().__init__(git)
        self.error = error
        self.taken = []

    def take_commits(self, session, branch):
        self.taken.append((session, branch))
        if self.error is not None:
            raise self.error


def test_commits_are_taken_from_living_authors_in_sandboxes_only(desk):
    desk.begin(flow=with_lane({"api": (), "ui": ()}, sandbox=Sandbox.BWRAP)).tick(3)
    taking = desk.services.worktrees = Taking(desk.git)
    desk.tick()
    assert dict(taking.taken) == {desk.key(job): f"gitorch/{RUN}/{job}" for job in ("api", "ui")}
    ui = desk.session("ui").id
    desk.do(c.EndSession(ui, "stopped"))
    taking.taken.clear()
    take_commits(desk.services, desk.run, ui)
    take_commits(desk.services, desk.run, desk.session("api").id)
    assert taking.taken == [(desk.key("api"), f"gitorch/{RUN}/api")]


@pytest.mark.parametrize("error", [None, Failed("fsck found a bad tree")])
def test_what_an_agent_in_a_sandbox_committed_last_is_taken_once_it_has_ended(desk, error):
    desk.begin(flow=with_lane(sandbox=Sandbox.BWRAP)).tick(3)
    taking = desk.services.worktrees = Taking(desk.git, error)
    assert desk.services.terminals.observe([desk.key("api")])[desk.key("api")].present
    perform(desk.services, desk.run, effects.StopSession(desk.session("api").id))
    assert not desk.services.terminals.observe([desk.key("api")])[desk.key("api")].present
    assert taking.taken == [(desk.key("api"), f"gitorch/{RUN}/api")]


def test_without_sandboxes_no_commits_are_taken(desk):
    desk.begin().tick(3)
    taking = desk.services.worktrees = Taking(desk.git)
    desk.tick()
    assert taking.taken == []


@pytest.mark.parametrize("error", [Failed("fsck found a bad tree"), Busy("another git is at it")])
def test_commits_that_git_does_not_accept_are_told_by_the_tick_and_nothing_else_stops(desk, error):
    desk.begin(flow=with_lane(sandbox=Sandbox.BWRAP)).tick(3)
    desk.submit("api", {"a.txt": "a\n"})
    desk.services.worktrees = Taking(desk.git, error)
    (silent,) = desk.tick().silent
    assert silent.endswith(f" failed: {error.message}")
    assert desk.run.jobs["api.spec"].session is not None


# Prompts, permissions, checks, notices


def test_a_prompt_is_written_then_typed_and_its_receipt_recorded(desk):
    desk.begin().tick(3)
    desk.do(c.SendMessage(("api",), "Mind the tests", "@principal"), desk.services.who.actor)
    prompt = desk.session("api").next_prompt
    made = perform(desk.services, desk.run, effects.DeliverPrompt(desk.session("api").id, prompt.id))
    assert made == (c.RecordDelivery(desk.session("api").id, prompt.id, "delivered"),)
    path = f".gitorch/inbox/{prompt.id}-{prompt.kind}.md"
    assert b"Mind the tests" in desk.files.held[desk.worktree("api") / path]
    assert desk.worktree("api") / ".gitorch/brief.md" in desk.files.held
    assert desk.terminals.sessions[desk.key("api")].turns[-1].startswith("Message m1: read")


def test_a_prompt_that_the_terminal_refuses_is_not_recorded_and_tried_again(desk):
    desk.begin().tick(3)
    desk.do(c.SendMessage(("api",), "Mind the tests", "@principal"), desk.services.who.actor)
    desk.terminals.next_receipts = ["refused: a human types there"]
    session, prompt = desk.session("api").id, desk.session("api").next_prompt.id
    assert perform(desk.services, desk.run, effects.DeliverPrompt(session, prompt)) == ()
    assert perform(desk.services, desk.run, effects.DeliverPrompt(session, prompt)) == (
        c.RecordDelivery(session, prompt, "delivered"),
    )


def test_an_answer_is_pressed_and_nothing_recorded(desk):
    class Pressing(FakeTerminals):
        def answer(self, key, answer):
            pressed.append((key, answer))

    pressed = []
    desk.begin().tick(3)
    services = altered(desk.services, terminals=Pressing(desk.clock))
    effect = effects.AnswerPermission(desk.session("api").id, "yes")
    assert perform(services, desk.run, effect) == ()
    assert pressed == [(desk.key("api"), "yes")]


def test_a_stopped_session_loses_its_terminal_and_a_reviewer_its_checkout(desk):
    desk.begin().tick(3)
    author = desk.session("api")
    worktree = desk.worktree("api")
    assert perform(desk.services, desk.run, effects.StopSession(author.id)) == (c.EndSession(author.id, "stopped"),)
    assert not desk.terminals.sessions[desk.key("api")].present
    assert worktree in desk.git.checkouts


def test_a_reviewers_checkout_goes_with_its_session(desk):
    desk.begin().tick(3)
    desk.submit("api", {"a": "a\n"})
    desk.tick(3)
    checkout = desk.worktree("api.spec")
    desk.git.checkouts[checkout].files["scribble"] = "x"
    assert desk.git.checkouts[checkout].branch is None
    perform(desk.services, desk.run, effects.StopSession(desk.session("api.spec").id))
    assert checkout not in desk.git.checkouts


def test_a_check_runs_the_command_in_the_folder_of_its_commit(desk):
    desk.begin(test_command="make check", test_wait_seconds=5)
    assert perform(desk.services, desk.run, effects.StartCheck(desk.begun)) == ()
    assert desk.checks.running == {(desk.begun, "make check"): 5}
    place = desk.services.paths.base(desk.run) / f"check-{desk.begun[:12]}"
    assert desk.checks.places == {(desk.begun, "make check"): place}


def test_a_notice_is_sent_with_what_it_is_about(desk):
    class Noting(FakeNotices):
        def send(self, run, name, notice):
            sent.append((run, name, notice))

    sent = []
    desk.reported()
    (question,) = desk.run.open_questions()
    services = altered(desk.services, notices=Noting())
    assert perform(services, desk.run, effects.Notify(question.id)) == ()
    ((run, name, notice),) = sent
    assert (run, name, notice["run"], notice["notice"]) == (RUN, question.id, RUN, question.id)


# Closing issues


def tracked(desk, tracker, kind="bd"):
    desk.services.trackers["bd"] = tracker
    return desk.begin(flow=workflow({"api": ()}, tracked=True), tracker=kind).finish("api")


def issue(name, status="open", **more):
    return {"id": name, "title": name, "status": status, "issue_type": "task", **more}


def test_without_a_tracker_the_issues_are_left_to_people(desk):
    tracked(desk, FakeTracker(), "none")
    (made,) = perform(desk.services, desk.run, effects.CloseIssues("api"))
    assert made == c.RecordClosing("api", (), ("t-api.1", "t-api"), "there is no tracker to close them in")


def test_a_tracker_that_only_reads_leaves_what_is_open(desk):
    reading = FakeTracker(issue("t-api.1", "closed", close_reason="by ada"), issue("t-api"))
    reading.closes = False
    tracked(desk, reading)
    (made,) = perform(desk.services, desk.run, effects.CloseIssues("api"))
    assert made == c.RecordClosing("api", (), ("t-api",), "gitorch reads the file of issues and never writes it")


def test_closed_issues_are_asked_for_only_where_some_are_watched(desk):
    tracker = FakeTracker(issue("t-api.1", "closed", close_reason="by ada"), issue("t-api"))
    desk.services.trackers["bd"] = tracker
    desk.begin(flow=workflow({"api": ()}, tracked=True), tracker="bd").tick(3)
    assert closed_issues(desk.services, desk.run) == {}
    desk.services.trackers.clear()
    assert closed_issues(desk.services, desk.run) is None
    plain = replace(desk.run, jobs={k: replace(j, spec=replace(j.spec, issue="")) for k, j in desk.run.jobs.items()})
    desk.services.trackers["bd"] = tracker
    assert closed_issues(desk.services, plain) is None
