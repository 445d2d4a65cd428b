# ruff: noqa: ARG002 stand-ins take what their ports pass
"""What a tick observes, records and concludes, above all where something cannot be asked or was overtaken."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from desk import CALLER, RUN, Desk
from fakes.world import FakeChecks, FakeNotices, FakeOutboxes, FakeTerminals, altered

from gitorch.app.reconciler.observe import observe
from gitorch.app.reconciler.tick import tick
from gitorch.errors import NotFound, Refused, Unavailable
from gitorch.model import commands as c
from gitorch.model import events
from gitorch.model.ids import RunId
from gitorch.model.observed import AgentState, CheckPhase, Overlap
from gitorch.model.plans.workflow import ExpectedArtifact, JobKind, JobSpec, Lane, Workflow
from gitorch.model.submission import OutboxEntry, ReportText
from gitorch.model.work.review import ReportStatus
from gitorch.text import outbox_entry as entries

MAIN = "refs/heads/main"
MINUTE_MS = 60_000
"""After this the longest pause between two tries of a step that failed once is over."""
DONE = ReportText(ReportStatus.DONE, "api is done")


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path / "s")


def kinds(desk, after):
    """The types of the records that were written after these many."""
    return [type(one.record.event).__name__ for one in list(desk.ledger.records(RUN))[after:]]


# Observing


def test_an_observation_holds_what_every_part_of_the_world_answers(desk):
    desk.begin({"api": (), "ui": ()}, test_command="make check").tick(3)
    heads = {f"refs/heads/gitorch/{RUN}/{job}": desk.begun for job in ("api", "ui")} | {MAIN: desk.begun}
    seen = observe(desk.services, desk.run)
    assert seen.silent == ()
    assert (seen.observed.now, seen.observed.heads) == (desk.clock.now(), heads)
    assert {k: v.state for k, v in seen.observed.sessions.items()} == {
        desk.session(job).id: AgentState.IDLE for job in ("api", "ui")
    }
    assert (seen.observed.checks, seen.observed.sent, seen.observed.closed) == ({}, {}, None)
    assert (seen.observed.merges_found, seen.observed.overlaps, seen.observed.notified) == (False, (), None)
    desk.submit("api", {"a.txt": "a\n"})
    head = desk.run.jobs["api"].handoff.commit
    assert {k: v.phase for k, v in observe(desk.services, desk.run).observed.checks.items()} == {
        head: CheckPhase.ABSENT
    }


def test_a_receipt_of_a_prompt_that_is_not_recorded_is_observed(desk):
    desk.begin().tick(3)
    desk.do(c.SendMessage(("api",), "Mind the tests", "@principal"), CALLER.actor)
    session = desk.session("api")
    prompt = session.next_prompt.id
    assert observe(desk.services, desk.run).observed.sent == {(session.id, "p1"): "submitted"}
    desk.terminals.sessions[desk.key("api")].sent[prompt] = "delivered"
    assert observe(desk.services, desk.run).observed.sent[session.id, prompt] == "delivered"


class SilentNotices(FakeNotices):
    def failure(self):
        return "mail is down"

    def sent(self, run):
        return frozenset({"q1"})


def silenced(desk, part):
    """The repository with one part that does not answer; why."""
    if part == "git":
        desk.git.silent = True
        return desk.services, "git gave no answer"
    if part == "terminals":
        desk.terminals.silent = True
        return desk.services, "tmux gave no answer"
    if part == "checks":
        desk.checks.silent = True
        return desk.services, "the test run could not be asked"
    return altered(desk.services, notices=SilentNotices()), "mail is down"


@pytest.mark.parametrize("part", ["git", "terminals", "checks", "notices"])
def test_a_part_that_does_not_answer_leaves_the_others_as_they_are(desk, part):
    desk.begin(test_command="make check").tick(3)
    desk.submit("api", {"a.txt": "a\n"})
    services, reason = silenced(desk, part)
    seen = observe(services, desk.run)
    reasons = [error.message for error in seen.faults.values()]
    assert [*reasons, *seen.silent] == [reason]
    assert (seen.observed.heads is None) is (part == "git")
    assert (seen.observed.sessions is None) is (part == "terminals")
    phases = [check.phase for check in seen.observed.checks.values()]
    assert phases == [CheckPhase.UNKNOWN if part == "checks" else CheckPhase.ABSENT]
    assert seen.observed.notified == (frozenset({"q1"}) if part == "notices" else None)


@pytest.mark.parametrize("part", ["git", "terminals", "checks"])
def test_a_tick_says_what_it_could_not_ask_and_goes_on_once_it_answers(desk, part):
    desk.begin(test_command="make check").tick(3)
    desk.submit("api", {"a.txt": "a\n"})
    services, reason = silenced(desk, part)
    assert any(line.endswith(f" failed: {reason}") for line in tick(services, RUN).silent)
    desk.git.silent = desk.terminals.silent = desk.checks.silent = False
    desk.clock.moment += MINUTE_MS
    desk.tick(2)
    assert desk.run.jobs["api"].check.outcome == "passed"


def test_files_that_two_branches_change_are_an_overlap_until_there_is_a_report(desk):
    desk.begin({"api": (), "ui": ()}).tick(3)
    for job, text in (("api", "1\n"), ("ui", "2\n")):
        desk.git.commit_in(desk.worktree(job), {"z.txt": text, "a.txt": "same\n", f"{job}.txt": text})
    assert observe(desk.services, desk.run).observed.overlaps == (Overlap(("api", "ui"), ("a.txt", "z.txt"), True),)


def test_jobs_that_are_built_on_each_other_do_not_overlap(desk):
    needs = {"api": (), "ui": ("api",), "page": ("ui",)}
    desk.begin(needs).finish("api", "ui", files={"api": {"a.txt": "1\n"}, "ui": {"a.txt": "2\n"}})
    desk.tick(3)
    desk.git.commit_in(desk.worktree("page"), {"a.txt": "3\n"})
    assert observe(desk.services, desk.run).observed.overlaps == ()


def test_branches_that_change_different_files_do_not_overlap(desk):
    desk.begin({"api": (), "ui": ()}).tick(3)
    for job in ("api", "ui"):
        desk.git.commit_in(desk.worktree(job), {f"{job}.txt": "x\n"})
    assert observe(desk.services, desk.run).observed.overlaps == ()


def test_a_merge_that_was_made_and_not_recorded_is_found(desk):
    report = desk.reported("api").approve().run.report
    assert observe(desk.services, desk.run).observed.merges_found is False
    desk.git.tips["main"] = desk.git.write("theirs", {"x": "x\n"}, start=report.merged_commit)
    assert observe(desk.services, desk.run).observed.merges_found is True
    desk.tick()
    assert desk.run.merged.new == report.merged_commit
    assert observe(desk.services, desk.run).observed.merges_found is False


def test_a_run_that_is_over_asks_git_for_nothing(desk):
    desk.begin().tick()
    desk.do(c.CancelRun("enough"), CALLER.actor)
    desk.settle()
    desk.git.silent = True
    assert observe(desk.services, desk.run).observed.heads is None


# Ticking


def test_a_tick_of_a_run_that_the_ledger_lacks_is_not_found(desk):
    with pytest.raises(NotFound):
        tick(desk.services, RunId("other-1"))


def test_a_confirmed_run_is_started_by_its_first_tick(desk):
    before = len(list(desk.begin().ledger.records(RUN)))
    ticked = desk.tick()
    assert kinds(desk, before)[0] == "RunStarted"
    assert (ticked.acted, ticked.waiting, ticked.over) == (True, False, False)
    assert (ticked.run, ticked.silent) == (desk.run, ())


def test_a_tick_that_finds_nothing_to_do_writes_nothing_and_says_who_is_waited_for(desk):
    desk.reported("api")
    before = len(list(desk.ledger.records(RUN)))
    ticked = desk.tick()
    assert (ticked.acted, ticked.written, ticked.waiting, ticked.over) == (False, (), True, False)
    assert kinds(desk, before) == []
    desk.approve().settle()
    desk.answer("no").settle()
    assert (desk.ticked.over, desk.ticked.waiting) == (True, True)


def test_a_granted_lease_has_the_digest_of_its_sessions_token_and_a_fresh_nonce(desk):
    desk.begin().tick()
    (granted,) = desk.events(events.LeaseGranted)
    session = desk.session("api")
    assert session.token == sessions_token(desk)
    assert (granted.nonce, desk.services.secrets.nonces) == ("nonce-1", 1)


def sessions_token(desk):
    from gitorch.app.work.context import token_digest

    return token_digest(desk.services.secrets.token(desk.key("api")))


def test_a_delivered_prompt_is_attached_as_it_was_written(desk):
    desk.begin().tick(3)
    (one,) = [w.record for w in desk.ledger.records(RUN) if isinstance(w.record.event, events.PromptDelivered)]
    (ref,) = one.files
    assert ref.name == "p1.md"
    assert desk.ledger.file(RUN, ref.sha256) == desk.files.held[desk.worktree("api") / ".gitorch/brief.md"]


def test_a_prompt_whose_copy_was_removed_is_recorded_without_it(desk):
    desk.begin().tick()
    for path in [path for path in desk.files.held if path.is_relative_to(desk.services.home)]:
        desk.files.remove(path)
    desk.tick(2)
    (one,) = [w.record for w in desk.ledger.records(RUN) if isinstance(w.record.event, events.PromptDelivered)]
    assert one.files == ()


@pytest.mark.parametrize(
    ("output", "kept"),
    [("ok\n", b"ok\n"), ("AKIAABCDEFGHIJKLMNOP\n", None), ("", b"")],
    ids=["plain", "secret", "none"],
)
def test_the_log_of_a_test_run_is_attached_without_its_secrets(tmp_path, output, kept):
    checks = FakeChecks(lambda *_: ("passed", 0, output))
    desk = Desk(tmp_path / "t", checks=checks)
    desk.begin(test_command="make check").tick(3)
    desk.submit("api", {"a.txt": "a\n"})
    desk.tick(3)
    (one,) = [w.record for w in desk.ledger.records(RUN) if isinstance(w.record.event, events.CheckRecorded)]
    if kept == b"":
        assert (one.files, desk.run.jobs["api"].check.log) == ((), None)
        return
    (ref,) = one.files
    found = desk.ledger.file(RUN, ref.sha256)
    assert (ref.name, desk.run.jobs["api"].check.log) == ("tests.log", f"sha256:{ref.sha256}")
    assert found == kept if kept else b"AKIA" not in found


def test_a_report_is_attached_as_values(desk):
    desk.reported("api")
    (one,) = [w.record for w in desk.ledger.records(RUN) if isinstance(w.record.event, events.ReportIssued)]
    assert [ref.name for ref in one.files] == ["report.json"]


def test_what_was_overtaken_is_dropped_and_the_tick_goes_on(desk):
    desk.begin({"api": (), "ui": ()}).tick()
    real, refused = desk.ledger.append, []

    def append(run, actor, at, decide):
        def once(state):
            drafts = decide(state)
            if drafts and isinstance(drafts[0].event, events.SessionAlive) and not refused:
                refused.append(drafts[0].event.session)
                raise Refused("somebody was faster")
            return drafts

        return real(run, actor, at, once)

    desk.ledger.append = append
    desk.tick()
    assert len(refused) == 1
    alive = [event.session for event in desk.events(events.SessionAlive)]
    assert len(alive) == 1
    assert refused[0] not in alive
    desk.tick()
    assert len(desk.events(events.SessionAlive)) == 2


def test_a_terminal_that_fails_while_an_effect_is_performed_stops_no_other(desk):
    class Half(FakeTerminals):
        def start(self, launch):
            if launch.env["GITORCH_JOB"] == "api":
                raise Unavailable("tmux died")
            super().start(launch)

    desk.terminals = desk.services.terminals = Half(desk.clock)
    desk.begin({"api": (), "ui": ()})
    assert desk.tick().silent == ("starting session s1 of api failed: tmux died",)
    assert [key.session for key in desk.terminals.sessions] == [desk.session("ui").id]


def test_a_terminal_that_fails_while_a_session_is_ended_leaves_it_for_the_next_tick(desk):
    desk.begin().tick(3)
    key = desk.key("api")
    desk.terminals.exits(key)
    stop, desk.terminals.stop = desk.terminals.stop, lambda _: (_ for _ in ()).throw(Unavailable("tmux died"))
    assert desk.tick().silent == ("recording the end of session s1 of api failed: tmux died",)
    assert desk.run.sessions[key.session].ended == ""
    desk.terminals.stop = stop
    desk.clock.moment += MINUTE_MS
    desk.tick()
    assert desk.run.sessions[key.session].ended != ""


def post(desk, job="api"):
    entry = OutboxEntry(RUN, desk.credential(job).token, "1", DONE)
    desk.services.outboxes.post(desk.worktree(job), "report-1.json", entries.encode(entry))


def test_what_an_agent_left_before_it_ended_still_counts(desk):
    desk.begin().tick(3)
    desk.git.commit_in(desk.worktree("api"), {"a.txt": "a\n"})
    real = desk.services.outboxes

    class Late(FakeOutboxes):
        """An entry that comes between the collection and the observation."""

        looks = 0

        def waiting(self, worktree):
            self.looks += 1
            if self.looks == 2:
                entry = OutboxEntry(RUN, desk.credential("api").token, "1", DONE)
                self.post(worktree, "report-1.json", entries.encode(entry))
            return super().waiting(worktree)

    desk.services.outboxes = Late()
    desk.terminals.exits(desk.key("api"))
    desk.tick()
    assert [event.job for event in desk.events(events.HandoffSubmitted)] == ["api"]
    assert real.entries == {}


def test_an_entry_in_an_outbox_is_acted_upon_by_the_same_tick(desk):
    desk.begin().tick(3)
    desk.git.commit_in(desk.worktree("api"), {"a.txt": "a\n"})
    post(desk)
    ticked = desk.tick()
    assert ticked.acted
    assert desk.run.jobs["api"].handoff.summary == "api is done"


def test_an_outbox_that_cannot_be_read_is_named_and_asked_again(desk):
    desk.begin().tick(3)
    desk.services.outboxes.waiting = lambda _: (_ for _ in ()).throw(Unavailable("the folder does not answer"))
    ticked = desk.tick()
    assert (ticked.silent, ticked.acted, ticked.waiting) == (
        ("reading the outbox of session s1 of api failed: the folder does not answer",),
        True,
        False,
    )


# Files that agents leave

FLOW = Workflow(
    "flow",
    "1",
    "flow.yaml",
    {"a": Lane("a", "scripted")},
    {"draft": JobSpec("draft", "Draft", JobKind.DRAFT, "a", artifacts=(ExpectedArtifact("p", "prompt", "docs/p.md"),))},
)


def leave(desk, nonce):
    text = f"---\ntitle: x\njob: draft\nattempt: 1\nnonce: {nonce}\n---\n"
    desk.files.write(desk.worktree("draft") / "docs/p.md", text.encode())


def test_an_expected_file_is_published_by_the_tick_with_its_bytes(desk):
    desk.begin(flow=FLOW).tick(3)
    leave(desk, desk.run.jobs["draft"].lease.nonce)
    assert [type(w.record.event).__name__ for w in desk.tick().written] == ["ArtifactPublished"]
    (artifact,) = desk.run.artifacts
    assert (artifact.name, artifact.job) == ("p", "draft")
    assert desk.ledger.file(RUN, artifact.digest).startswith(b"---\ntitle: x")
    assert desk.tick().written == ()


def test_a_file_with_another_nonce_is_denied_and_the_tick_goes_on(desk):
    desk.begin(flow=FLOW).tick(3)
    leave(desk, "guessed")
    assert desk.tick().written == ()
    assert desk.run.artifacts == ()


def test_a_run_without_a_lease_looks_for_no_files(desk):
    desk.begin(flow=FLOW)
    desk.do(c.StartRun())
    desk.do(c.PauseRun("wait"), CALLER.actor)
    desk.files.inside = lambda *_: pytest.fail("nobody works yet")
    assert desk.tick().silent == ()
