"""What is left of a run: cleaning up, outboxes, worktrees by their names, and the loop that gives up on what cannot go on."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from desk import CALLER, RUN, Desk
from fakes.world import FakeClock, FakeOutboxes
from play import workflow

from gitorch.app.executing.execute import execute
from gitorch.app.reconciler import loop as looping
from gitorch.app.start.workflows import briefs_in
from gitorch.app.work import outbox
from gitorch.app.work.outbox import Sandbox
from gitorch.app.worktree_paths import WorktreePaths, shared_name
from gitorch.errors import Busy, Corrupt, NotFound, Refused, Unavailable
from gitorch.model import commands as c
from gitorch.model import events
from gitorch.model.ids import RunId
from gitorch.model.plans.workflow import WorktreeMode
from gitorch.model.submission import OutboxEntry, ReportText, VerdictText
from gitorch.model.values import replace
from gitorch.model.work.review import Choice, ReportStatus
from gitorch.rules.reconciling.faults import TRIES_MAX
from gitorch.text import outbox_entry as entries

DONE = ReportText(ReportStatus.DONE, "api is done")
WHY = "the folder is read-only"
BRANCH = f"gitorch/{RUN}"


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path / "s")


# Cleaning up


def merged(desk, *jobs):
    desk.reported(*jobs or ("api",)).approve().settle()
    return desk


def cleaned(desk, answer):
    """What is recorded of a cleanup: what was removed, and what was kept."""
    desk.answer(answer).settle()
    (done,) = desk.events(events.CleanupDone)
    return set(done.removed), set(done.kept)


@pytest.mark.parametrize(
    ("answer", "removed", "kept"),
    [
        ("branches", {"worktree api", f"branch {BRANCH}/api"}, set()),
        ("worktrees", {"worktree api"}, {f"branch {BRANCH}/api"}),
        ("no", set(), {"everything"}),
    ],
)
def test_merged_work_is_removed_as_far_as_it_was_answered(desk, answer, removed, kept):
    merged(desk)
    worktree = desk.services.paths.job_worktree(desk.run, "api")
    assert cleaned(desk, answer) == (removed, kept)
    assert (worktree in desk.git.checkouts) is (answer == "no")
    assert (f"{BRANCH}/api" in desk.git.tips) is (answer != "branches")
    assert not any(session.present for session in desk.terminals.sessions.values())


def test_a_worktree_with_changes_stays_with_its_branch_and_the_reason(desk):
    merged(desk, "api", "ui")
    worktree = desk.services.paths.job_worktree(desk.run, "ui")
    desk.git.checkouts[worktree].files["notes.txt"] = "x"
    removed, kept = cleaned(desk, "branches")
    assert removed == {"worktree api", f"branch {BRANCH}/api"}
    assert f"worktree ui: {worktree} holds uncommitted work: notes.txt" in kept
    assert f"{BRANCH}/ui" in desk.git.tips


def test_a_branch_that_somebody_has_checked_out_stays_with_the_reason(desk, tmp_path):
    merged(desk)
    commit = desk.git.tips[f"{BRANCH}/api"]
    desk.services.worktrees._check_out(tmp_path / "mine", commit, f"{BRANCH}/api")
    _, kept = cleaned(desk, "branches")
    assert kept == {f"branch {BRANCH}/api: git cannot delete branch {BRANCH}/api"}


def test_what_gitorch_did_not_make_is_named(desk):
    merged(desk)
    base = desk.services.paths.base(desk.run)
    (base / "mine").mkdir()
    (base / "mine" / "x").write_text("x")
    desk.git.tips[f"{BRANCH}/spike"] = desk.begun
    _, kept = cleaned(desk, "branches")
    assert kept == {f"{base / 'mine'}: gitorch did not make it", f"branch {BRANCH}/spike"}


def test_work_that_was_not_merged_keeps_its_worktree(desk):
    desk.begin({"api": (), "ui": ()}).finish("api")
    desk.tick(3)
    desk.git.commit_in(desk.worktree("ui"), {"ui.txt": "half\n"})
    stuck = c.Escalate("stuck:ui:1", "silent", "nudged", "nothing", "What now?", ("retry", "stop_epic"), "ui")
    desk.do(stuck)
    desk.answer("stop_epic").settle()
    desk.approve().settle()
    removed, kept = cleaned(desk, "branches")
    assert removed == {"worktree api", f"branch {BRANCH}/api"}
    assert "worktree ui: 1 commit is not in main" in kept
    assert desk.services.paths.job_worktree(desk.run, "ui") in desk.git.checkouts


def test_a_canceled_run_loses_the_worktrees_and_branches_without_work(desk):
    desk.begin({"api": (), "ui": ()}).tick(3)
    desk.git.commit_in(desk.worktree("ui"), {"ui.txt": "half\n"})
    desk.do(c.CancelRun("enough"), CALLER.actor)
    desk.settle()
    said = "1 commit is not in main"
    kept = {f"worktree ui: {said}", f"branch {BRANCH}/ui: {said}"}
    assert cleaned(desk, "branches") == ({"worktree api", f"branch {BRANCH}/api"}, kept)


def test_a_worktree_that_a_lane_shares_is_named_once(desk):
    flow = workflow({"api": (), "ui": ("api",)})
    lane = replace(flow.lanes["implementer"], worktree=WorktreeMode.SHARED)
    desk.begin(flow=replace(flow, lanes={**flow.lanes, "implementer": lane})).finish("api", "ui")
    desk.settle()
    desk.approve().settle()
    desk.answer("branches").settle()
    (done,) = desk.events(events.CleanupDone)
    assert sorted(done.removed) == [f"branch {BRANCH}/api", f"branch {BRANCH}/ui", "worktree lane+implementer"]


def test_the_copies_of_prompts_are_removed_with_their_run(desk):
    merged(desk)
    held = lambda: [path for path in desk.files.held if path.is_relative_to(desk.services.home)]  # noqa: E731 said once
    assert held()
    cleaned(desk, "worktrees")
    assert held() == []


# Paths


def test_worktrees_lie_below_the_configured_folder(tmp_path):
    paths = WorktreePaths(tmp_path / "r", tmp_path / "r.trees")
    assert paths.folder("") == tmp_path / "r.trees"
    assert paths.folder("../x") == tmp_path / "r" / "../x"
    assert paths.folder("~/x") == Path("~/x").expanduser()
    assert paths.folder("/abs") == Path("/abs")


def test_each_job_has_a_worktree_and_each_reviewer_another(desk):
    desk.begin().tick(3)
    desk.submit("api", {"a": "a\n"})
    desk.tick(3)
    base, run = desk.services.paths.base(desk.run), desk.run
    assert base == desk.services.paths.default_base / RUN
    assert desk.worktree("api") == desk.services.paths.job_worktree(run, "api") == base / "api"
    review = desk.session("api.spec").id
    assert desk.worktree("api.spec") == base / f"api.spec-{review}"
    assert desk.services.paths.check_worktree(run, "0123456789abcdef") == base / "check-0123456789ab"


@pytest.mark.parametrize(
    ("lane", "name"),
    [
        ("writers", "lane+writers"),
        ("Ab", "lane++41b"),
        ("a b/c", "lane+a+20b+2fc"),
        ("é", "lane++e9"),
        ("a+b", "lane+a+2bb"),
    ],
)
def test_a_lanes_folder_means_the_same_in_every_file_system(lane, name):
    assert shared_name(lane) == name


def test_a_brief_is_read_from_the_first_folder_that_has_it(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "both.md").write_text(name)
    (tmp_path / "two" / "second.md").write_text("two")
    (tmp_path / "one" / "second.md").mkdir()
    read = briefs_in(tmp_path / "one", tmp_path / "two")
    assert (read("both.md"), read("second.md"), read("none.md")) == (b"one", b"two", None)


# Outboxes


def sandbox(desk, job="api"):
    return Sandbox(desk.services.outboxes, desk.clock, desk.worktree(job), WHY)


def leave(desk, entry, job="api"):
    """Leave an entry while a loop reads every outbox at the first pause."""
    sleep = []

    def tick(seconds):
        sleep.append(seconds)
        desk.tick()

    desk.clock.sleep = tick
    answer = outbox.leave(sandbox(desk, job), entry)
    assert set(sleep) == {outbox.LOOK_SECONDS}
    return answer


def test_a_report_that_is_left_is_answered_like_a_call(desk):
    desk.begin().tick(3)
    head = desk.git.commit_in(desk.worktree("api"), {"a.txt": "a\n"})
    sentence, kinds = leave(desk, OutboxEntry(RUN, desk.credential("api").token, "1", DONE))
    assert sentence.startswith(f"api is handed in at {head[:12]}.")
    assert kinds[0] == "handoff-submitted"
    assert desk.services.outboxes.entries[desk.worktree("api")] == {}
    assert "report-1.json" in desk.services.outboxes.answers[desk.worktree("api")]


def test_a_verdict_that_is_left_has_a_file_of_its_own_name(desk):
    desk.begin().tick(3)
    desk.submit("api", {"a.txt": "a\n"})
    desk.tick(3)
    lease = desk.run.jobs["api.spec"].lease
    verdict = VerdictText(Choice.ACCEPT, desk.run.jobs["api"].handoff.commit, lease.nonce, "fine")
    entry = OutboxEntry(RUN, desk.credential("api.spec").token, "2", None, verdict)
    worktree = desk.worktree("api.spec")
    sentence, _ = leave(desk, entry, "api.spec")
    assert sentence == "Your verdict on api is recorded: accept. You are done."
    assert "verdict-2.json" in desk.services.outboxes.answers[worktree]


def test_a_report_that_is_refused_is_answered_with_the_refusal(desk):
    desk.begin().tick(3)
    with pytest.raises(Refused, match="there are no commits since the job's base"):
        leave(desk, OutboxEntry(RUN, desk.credential("api").token, "1", DONE))


def test_an_entry_that_is_found_again_counts_once(desk):
    desk.begin().tick(3)
    desk.git.commit_in(desk.worktree("api"), {"a.txt": "a\n"})
    worktree, entry = desk.worktree("api"), OutboxEntry(RUN, desk.credential("api").token, "1", DONE)
    desk.services.outboxes.post(worktree, "report-1.json", entries.encode(entry))
    answer = desk.services.outboxes.answer
    desk.services.outboxes.answer = lambda *_: (_ for _ in ()).throw(Unavailable("killed"))
    with pytest.raises(Unavailable):
        outbox.collect(desk.services, desk.run)
    desk.services.outboxes.answer = answer
    assert outbox.collect(desk.services, desk.run)
    assert len(desk.events(events.HandoffSubmitted)) == 1
    sentence, kinds = entries.read_answer(desk.services.outboxes.answered(worktree, "report-1.json"))
    assert sentence.startswith("This was recorded before: api ")
    assert kinds == ()


def test_only_the_outboxes_of_living_sessions_or_of_one_are_read(desk):
    desk.begin({"api": (), "ui": ()}).tick(3)
    for job in ("api", "ui"):
        desk.git.commit_in(desk.worktree(job), {f"{job}.txt": "x\n"})
        entry = OutboxEntry(RUN, desk.credential(job).token, "1", ReportText(ReportStatus.DONE, "done"))
        desk.services.outboxes.post(desk.worktree(job), "report-1.json", entries.encode(entry))
    assert outbox.collect(desk.services, desk.run, desk.session("ui").id)
    assert [event.job for event in desk.events(events.HandoffSubmitted)] == ["ui"]
    desk.do(c.EndSession(desk.session("api").id, "stopped"))
    assert not outbox.collect(desk.services, desk.run)


def test_nobody_waits_longer_than_a_while_for_an_answer(desk):
    desk.begin().tick(3)
    slept, place = [], ".gitorch/outbox/report-1.json"
    desk.clock.sleep = slept.append
    sentence, kinds = outbox.leave(sandbox(desk), OutboxEntry(RUN, "t", "1", DONE))
    assert (sentence, kinds) == (
        f"Left in {place}, since {WHY}. gitorch reads it with its next tick and answers in {place[:-5]}.answer.",
        (),
    )
    assert sum(slept) == pytest.approx(outbox.ANSWER_SECONDS, abs=2 * outbox.LOOK_SECONDS)


@pytest.mark.parametrize("values", ["{", None, '{"job": "api"}'])
def test_a_written_brief_is_read_whole_or_not_at_all(tmp_path, values):
    folder = tmp_path / ".gitorch"
    folder.mkdir()
    (folder / "brief.md").write_text("# Brief ✓\n", encoding="utf-8")
    if values is not None:
        (folder / "brief.json").write_text(values)
    box = Sandbox(FakeOutboxes(), FakeClock(), tmp_path, WHY)
    if values == '{"job": "api"}':
        assert outbox.written_brief(box) == ("# Brief ✓\n", json.loads(values))
    else:
        with pytest.raises(NotFound):
            outbox.written_brief(box)


# The loop


def run_loop(desk, only=None, **words):
    words.setdefault("stay", False)
    return looping.loop(desk.services, only, **words)


def test_the_loop_ends_where_only_people_can_go_on_and_once_all_is_settled(desk):
    desk.clock.sleep = lambda seconds: setattr(desk.clock, "moment", desk.clock.moment + int(seconds * 1000))
    desk.reported("api")
    shown = []
    result = run_loop(desk, show=shown.append)
    assert (result.why, list(result.last), {one.run.id for one in shown}) == ("waiting", [RUN], {RUN})
    assert result.errors == ()
    assert run_loop(desk, RUN, once=True).why == "once"
    stops = iter((False, False, True))
    assert run_loop(desk, stay=True, stopping=lambda: next(stops, True)).why == "stopped"
    desk.approve()
    assert looping.settle(desk.services, RUN) is True
    assert desk.run.merged is not None
    assert run_loop(desk).why == "settled"


def test_a_loop_that_is_stopped_says_so_first(desk):
    desk.begin()
    desk.clock.sleep = lambda _: None
    assert run_loop(desk, stopping=lambda: True).why == "stopped"


def test_two_loops_never_run_beside_each_other(desk):
    with desk.ledger.hold("up"), pytest.raises(Busy):
        run_loop(desk)
    with desk.ledger.hold("up"), desk.ledger.hold("driver"):
        assert looping.settle(desk.services, RUN) is False


def test_a_run_whose_records_do_not_hold_is_given_up_and_the_others_go_on(desk):
    desk.begin()
    other = RunId("other-0002")
    flow = workflow({"api": ()})
    prepare = c.PrepareRun(other, "Other", "o.md", "sha256:" + "1" * 64, "main", desk.begun, flow)
    execute(desk.services, other, CALLER.actor, (prepare, c.ConfirmRun(desk.run.settings, "typed")))
    real = desk.ledger.state

    def state(run):
        if run == RUN:
            raise Corrupt("record 2 is not what it should be", "gitorch verify")
        return real(run)

    desk.ledger.state = state
    result = run_loop(desk, once=True)
    assert [error.message for error in result.errors] == ["record 2 is not what it should be"]
    assert list(result.last) == [other]
    assert real(other).run.jobs["api"].lease is not None
    assert run_loop(desk, RUN).why == "broken"


def test_a_run_that_cannot_be_read_is_tried_a_few_times(desk):
    desk.begin()
    desk.clock.sleep = lambda seconds: setattr(desk.clock, "moment", desk.clock.moment + int(seconds * 1000) + 1)
    real, tries = desk.ledger.state, []

    def state(run):
        if run == RUN:
            tries.append(run)
            raise Unavailable("the disk does not answer")
        return real(run)

    desk.ledger.state = state
    result = run_loop(desk, RUN)
    assert (result.why, [error.message for error in result.errors]) == ("broken", ["the disk does not answer"])
    assert len(tries) == TRIES_MAX
