"""Claims by hand, and what recovery does with work that was left behind."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from desk import CALLER, RUN, Desk
from play import digest, workflow

from gitorch.app.executing.execute import Caller, execute
from gitorch.app.work import claims, recovery
from gitorch.app.work.claims import ManualClaim
from gitorch.app.work.context import token_digest
from gitorch.app.work.submissions import AgentCredential, Submission, submit
from gitorch.errors import Denied, Refused, Usage
from gitorch.model import commands as c
from gitorch.model import events
from gitorch.model.ids import RunId
from gitorch.model.plans.workflow import ExpectedArtifact
from gitorch.model.record import Actor, ActorKind
from gitorch.model.submission import ReportText, VerdictText
from gitorch.model.values import replace
from gitorch.model.work.artifact import Outcome
from gitorch.model.work.job import JobPhase
from gitorch.model.work.review import Choice, ReportStatus
from gitorch.model.work.session import SessionKey, SessionPhase

DONE = ReportText(ReportStatus.DONE, "api is done")
OPERATOR = Caller(Actor(ActorKind.OPERATOR, "bob", "desk"))
DAY_MS = 86_400_000


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path / "s").begin({"api": (), "ui": ()}, manual=True)


def claim(desk, job="api", caller=CALLER, **words):
    return claims.claim(desk.services, caller, job, None, **words)


def by(claimed, caller=CALLER, **words):
    return ManualClaim(caller, claimed.worktree, **words)


def late(desk, job="api"):
    """A report that came after its lease had run out."""
    claimed = claim(desk, job)
    desk.git.commit_in(claimed.worktree, {f"{job}.txt": "x\n"})
    desk.clock.moment += DAY_MS
    with pytest.raises(Refused, match="kept as h"):
        submit(desk.services, Submission(by(claimed), DONE))
    return claimed


# Claiming


def test_a_claim_starts_the_run_and_makes_the_worktree_and_the_brief(desk):
    claimed = claim(desk, runtime="vim")
    assert len(desk.events(events.RunStarted)) == 1
    session = desk.session("api")
    assert (claimed.run, claimed.session) == (desk.run, session)
    assert (session.holder, session.runtime) == ("principal/ada@desk", "vim")
    assert session.token == token_digest(desk.services.secrets.token(SessionKey(RUN, session.id)))
    assert claimed.worktree == desk.services.paths.job_worktree(desk.run, "api")
    assert desk.git.checkouts[claimed.worktree].branch == f"gitorch/{RUN}/api"
    assert desk.files.held[claimed.worktree / ".gitorch/brief.md"] == claimed.brief.encode()
    assert claimed.values["job"] == "api"
    assert desk.run.jobs["api"].lease.nonce == "nonce-1"


def test_a_second_claim_starts_nothing_again(desk):
    claim(desk)
    claim(desk, "ui")
    assert len(desk.events(events.RunStarted)) == 1


def test_a_claim_without_a_name_takes_the_first_of_the_queue(desk):
    assert claim(desk, None).session.job == "api"
    assert claim(desk, None).session.job == "ui"


def test_a_claim_ends_what_is_overdue_first(desk):
    claim(desk, "api", OPERATOR)
    desk.clock.moment += DAY_MS
    claimed = claim(desk, "ui")
    assert [session.ended for session in desk.run.sessions.values()] == ["expired", ""]
    assert claimed.session.job == "ui"


# Which lease a verb means


def test_the_folder_decides_then_the_only_open_lease_then_the_newest_ended_one(desk):
    api, ui = claim(desk), claim(desk, "ui")
    found = lambda folder, **words: claims.claimed_session(desk.services, ManualClaim(CALLER, folder, **words))  # noqa: E731 said once
    (ui.worktree / "deep").mkdir()
    assert found(api.worktree)[1].job == "api"
    assert found(ui.worktree / "deep")[1].job == "ui"
    root = desk.services.root
    with pytest.raises(Usage, match="several leases are yours: api, ui") as raised:
        found(root)
    assert raised.value.hint == "gitorch brief --job api"
    assert found(root, job="ui")[1].job == "ui"
    assert found(root, job="ui")[1].job == "ui"
    run, session, actor = found(api.worktree)
    assert (run, actor) == (desk.run, CALLER.actor)
    claims.release(desk.services, run, session, actor, 0)
    assert found(root)[1].job == "ui"
    run, session, actor = found(ui.worktree)
    claims.release(desk.services, run, session, actor, session.fence)
    assert found(root)[1].job == "ui"
    assert found(root, job="api")[1].phase is SessionPhase.ENDED


def test_a_named_run_is_the_only_one_that_is_searched(desk):
    claimed = claim(desk)
    other = RunId("other-0002")
    prepare = c.PrepareRun(other, "Other", "o.md", digest("other"), "main", desk.begun, workflow({"api": ()}))
    execute(desk.services, other, CALLER.actor, (prepare, c.ConfirmRun(desk.run.settings, "typed")))
    found = claims.claimed_session(desk.services, ManualClaim(CALLER, claimed.worktree, run=RUN))
    assert (found[0].id, found[1]) == (RUN, claimed.session)
    with pytest.raises(Denied):
        claims.claimed_session(desk.services, ManualClaim(CALLER, claimed.worktree, run=other))


def test_somebody_elses_lease_is_not_yours(desk):
    claim(desk, "api", OPERATOR)
    with pytest.raises(Denied, match=r"you hold no lease$") as raised:
        claims.claimed_session(desk.services, ManualClaim(CALLER, desk.services.root))
    assert raised.value.hint == "gitorch claim"


# Keeping and giving back


def test_a_lease_is_renewed_in_the_ledger_after_half_of_it(desk):
    claimed = claim(desk)
    renew = lambda: claims.heartbeat(desk.services, desk.run, desk.session("api"), CALLER.actor, 0)  # noqa: E731 said once
    run, recorded = renew()
    assert (run, recorded) == (desk.run, False)
    until = desk.run.jobs["api"].lease.until
    desk.clock.moment += 600_000
    run, recorded = renew()
    assert (recorded, run.jobs["api"].lease.until > until) == (True, True)
    with pytest.raises(Refused):
        claims.heartbeat(desk.services, desk.run, claimed.session, CALLER.actor, 99)
    desk.clock.moment += DAY_MS
    with pytest.raises(Refused):
        renew()


def test_a_job_that_is_given_back_keeps_its_worktree_and_can_be_claimed_again(desk):
    claimed = claim(desk)
    with pytest.raises(Refused):
        claims.release(desk.services, desk.run, claimed.session, CALLER.actor, 99)
    after = claims.release(desk.services, desk.run, claimed.session, CALLER.actor, claimed.session.fence)
    assert (after, after.jobs["api"].lease) == (desk.run, None)
    assert claimed.worktree in desk.git.checkouts
    assert claim(desk).worktree == claimed.worktree


def test_a_review_that_is_given_back_loses_its_checkout(desk):
    author = claim(desk)
    desk.git.commit_in(author.worktree, {"a.txt": "a\n"})
    submit(desk.services, Submission(by(author), DONE))
    review = claim(desk, "api.spec", OPERATOR)
    desk.git.checkouts[review.worktree].files["scribble"] = "x"
    claims.release(desk.services, desk.run, review.session, OPERATOR.actor, 0)
    assert review.worktree not in desk.git.checkouts


# Recovery


def test_recovery_proposes_the_late_report_and_changes_nothing(desk):
    late(desk)
    before = len(list(desk.ledger.records(RUN)))
    run, (result,) = recovery.propose(desk.services, None)
    assert (run, len(list(desk.ledger.records(RUN)))) == (desk.run, before)
    remedy = result.remedy
    assert (remedy.job, remedy.would, remedy.late_handoff, remedy.by_itself) == ("api", "adopt h1", "h1", True)
    assert (result.done, result.refused) == (False, "")


def test_recovery_adopts_the_late_report_with_the_facts_of_its_worktree_now(desk):
    claimed = late(desk)
    head = desk.git.checkouts[claimed.worktree].commit
    run, (result,) = recovery.apply(desk.services, CALLER, None, "")
    assert (run, result.done, result.refused) == (desk.run, True, "")
    assert desk.run.jobs["api"].handoff.commit == head
    (adopted,) = desk.events(events.LateHandoffAdopted)
    assert (adopted.late_handoff, adopted.reason) == ("h1", "recovered")


def test_a_late_report_is_judged_from_the_base_of_its_job_and_by_what_it_must_leave(tmp_path):
    flow = workflow({"api": (), "ui": ("api",)})
    must, may = ExpectedArtifact("plan", "other", "plan.md"), ExpectedArtifact("odd", "other", "odd.md", required=False)
    flow = replace(flow, jobs={**flow.jobs, "ui": replace(flow.jobs["ui"], artifacts=(must, may))})
    desk = Desk(tmp_path / "t").begin(flow=flow).finish("api")
    desk.tick(3)
    asked, facts = [], desk.git.facts
    desk.git.facts = lambda worktree, base, expected=(): (
        asked.append((worktree, base, tuple(expected))) or facts(worktree, base, expected)
    )
    worktree = desk.worktree("ui")
    desk.git.commit_in(worktree, {"ui.txt": "x\n"})
    desk.do(c.EndSession(desk.session("ui").id, "expired"))
    with pytest.raises(Refused, match="kept as h1"):
        submit(desk.services, Submission(AgentCredential(RUN, desk_token(desk, "ui")), DONE))
    asked.clear()
    with pytest.raises(Refused, match=r"plan\.md"):
        recovery.adopt(desk.services, CALLER, desk.run, "h1", "ok")
    assert asked == [(worktree, desk.run.jobs["api"].cleared, ("plan.md",))]


def desk_token(desk, job):
    """The token of the last session of a job."""
    session = next(one for one in reversed(desk.run.sessions.values()) if one.job == job)
    return desk.services.secrets.token(SessionKey(RUN, session.id))


def test_a_late_report_whose_worktree_changed_is_refused_and_the_others_are_adopted(desk):
    dirty = late(desk)
    late(desk, "ui")
    desk.git.checkouts[dirty.worktree].files["half.txt"] = "x"
    _, results = recovery.apply(desk.services, CALLER, RUN, "after lunch")
    assert [(one.remedy.job, one.done) for one in results] == [("api", False), ("ui", True)]
    assert "half.txt" in results[0].refused
    assert desk.run.jobs["api"].handoff is None
    assert desk.events(events.LateHandoffAdopted)[0].reason == "after lunch"


def test_a_job_whose_lease_ran_out_is_queued_again_by_recovery_or_by_name(desk):
    claim(desk)
    claim(desk, "ui")
    desk.clock.moment += DAY_MS
    _, results = recovery.apply(desk.services, CALLER, None, "")
    assert [(one.remedy.job, one.done) for one in results] == [("api", True), ("ui", True)]
    assert [desk.run.jobs[job].phase for job in ("api", "ui")] == [JobPhase.QUEUED, JobPhase.QUEUED]


def test_one_stale_job_is_queued_again_with_the_reason(desk):
    claim(desk)
    desk.clock.moment += DAY_MS
    after = recovery.requeue(desk.services, CALLER, desk.run, "api", "")
    assert after == desk.run
    (event,) = desk.events(events.JobRequeued)
    assert (event.job, event.reason) == ("api", "recovered")
    with pytest.raises(Refused):
        recovery.requeue(desk.services, CALLER, desk.run, "api", "again")


def test_a_late_handoff_is_adopted_by_name_once(desk):
    late(desk)
    after = recovery.adopt(desk.services, CALLER, desk.run, "h1", "ok")
    assert (after, after.jobs["api"].handoff.summary) == (desk.run, "api is done")
    with pytest.raises(Refused):
        recovery.adopt(desk.services, CALLER, desk.run, "h1", "ok")


def test_a_late_verdict_is_adopted_without_facts_of_a_worktree(desk):
    author = claim(desk)
    desk.git.commit_in(author.worktree, {"a.txt": "a\n"})
    submit(desk.services, Submission(by(author), DONE))
    review = claim(desk, "api.spec", OPERATOR)
    desk.clock.moment += DAY_MS
    verdict = VerdictText(Choice.ACCEPT, "", "", "fine")
    with pytest.raises(Refused, match="kept as h1"):
        submit(desk.services, Submission(by(review, OPERATOR), verdict))
    desk.git.facts = lambda *_: pytest.fail("a review changes no files")
    recovery.adopt(desk.services, CALLER, desk.run, "h1", "ok")
    (event,) = desk.events(events.LateHandoffAdopted)
    assert (event.late_handoff, event.reason) == ("h1", "ok")
    assert desk.run.jobs["api.spec"].lease is None


@pytest.mark.parametrize(("reason", "recorded"), [("", "given up by the principal"), ("no need", "no need")])
def test_a_job_is_canceled_with_what_needs_it(desk, reason, recorded):
    claim(desk)
    after = recovery.cancel_job(desk.services, CALLER, desk.run, "ui", reason)
    assert after == desk.run
    ended = desk.events(events.JobCanceled)
    assert (ended[0].job, ended[0].reason) == ("ui", recorded)


def test_a_decision_is_recorded_with_its_reason_and_follow_up(desk):
    claimed = claim(desk)
    desk.git.commit_in(claimed.worktree, {"a.txt": "a\n"})
    submit(desk.services, Submission(by(claimed), DONE))
    prepare = c.PrepareRun(RunId("z-1"), "Other", "o.md", digest("o"), "main", desk.begun, workflow({"api": ()}))
    execute(desk.services, RunId("z-1"), CALLER.actor, (prepare, c.ConfirmRun(desk.run.settings, "typed")))
    run, decision = recovery.decide(
        desk.services, CALLER, RUN, "api", (Outcome.ACCEPTED_WITH_FOLLOW_UP, "good", "watch it")
    )
    assert (run.decisions[-1], run) == (decision, desk.run)
    assert (decision.job, decision.outcome) == ("api", Outcome.ACCEPTED_WITH_FOLLOW_UP)
    assert "good" in repr(decision)
    assert "watch it" in repr(decision)
