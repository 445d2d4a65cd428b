"""Manual work while the remote that hosts share is away: it is kept, and decided anew in the order in which it was typed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from desk import CALLER, RUN, Desk
from fakes.ledger import FakeLedger

from gitorch.app.executing.execute import Caller
from gitorch.app.reconciler.announcing import announce
from gitorch.app.work import by_hand, claims
from gitorch.errors import Away, Refused
from gitorch.model import commands as c
from gitorch.model import events as e
from gitorch.model.ids import Moment
from gitorch.model.plans.workflow import Settings
from gitorch.model.record import Actor, ActorKind
from gitorch.model.submission import KeptVerb, ReportText, VerdictText
from gitorch.model.work.review import Choice, ReportStatus
from gitorch.ports.commits import LastContact
from gitorch.text import outbox_entry

BEN = Actor(ActorKind.PRINCIPAL, "ben", CALLER.actor.host)
DONE = ReportText(ReportStatus.DONE, "api rotates")
LEASE_MS = 1_000 * Settings().lease_seconds


class RemoteLedger(FakeLedger):
    """A shared ledger whose remote can be away."""

    is_shared = True
    is_away = False

    def last_contact(self):
        return LastContact("origin", self.tip(), Moment(0))

    def append(self, run, actor, at, decide):
        if self.is_away:
            raise Away("origin cannot be reached: it is away")
        return super().append(run, actor, at, decide)


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path / "s", ledger=RemoteLedger())
    made.remotes.held["origin"] = {"refs/heads/main": made.begun}
    made.begin({"api": (), "ui": ()}, manual=True).do(c.StartRun())
    made.ledger.is_away = True
    return made


def typed(desk, verb, actor=CALLER.actor, **how):
    folder = how.pop("folder", str(desk.services.root))
    return by_hand.keep(desk.services, KeptVerb(verb, actor, desk.clock.now(), folder, **how))


def decided(desk, who=CALLER):
    desk.ledger.is_away = False
    return by_hand.decide_kept(desk.services, who, by_hand.waiting(desk.services))


def answers(desk):
    held = desk.services.outboxes.answers.get(desk.services.home, {})
    return [outbox_entry.read_answer(data) for data in held.values()]


def test_a_claim_is_kept_as_one_of_the_job_that_was_next_and_counts_once(desk):
    place = typed(desk, "claim")
    assert place.startswith(f"{desk.services.home}/.gitorch/outbox/claim-")
    assert place.endswith(".answer")
    with pytest.raises(Away):
        by_hand.decide_kept(desk.services, CALLER, by_hand.waiting(desk.services))
    (pending,) = desk.services.outboxes.waiting(desk.services.home)
    (outcome,) = decided(desk)
    session = desk.session("api")
    assert (outcome.typed, outcome.error) == ("claim api", None)
    assert outcome.sentence == f"api is yours in {desk.services.paths.worktree(desk.run, session.id)}."
    assert session.holder == CALLER.actor.holder
    desk.services.outboxes.post(desk.services.home, pending.name, pending.data)  # killed before it was answered
    assert [one.sentence for one in decided(desk)] == [outcome.sentence]
    assert len(desk.run.sessions) == 1


def test_a_claim_that_another_was_faster_with_is_refused_and_recorded(desk):
    typed(desk, "claim", job="api", run=RUN)
    desk.ledger.is_away = False
    desk.do(c.ClaimJob("api", lambda _: "sha256:t", "n"), BEN)
    (outcome,) = decided(desk)
    assert isinstance(outcome.error, Refused)
    (refusal,) = desk.events(e.ActionRefused)
    assert (refusal.verb, refusal.reason) == ("claim", outcome.error.message)
    (answer,) = answers(desk)
    assert answer.message == outcome.error.message


def test_nothing_is_kept_where_nothing_can_be_claimed_as_far_as_is_known(desk):
    desk.ledger.is_away = False
    for job in ("api", "ui"):
        desk.do(c.ClaimJob(job, lambda _: "sha256:t", "n"), BEN)
    desk.ledger.is_away = True
    with pytest.raises(Refused, match=r"nothing in run .* can be claimed by you now"):
        typed(desk, "claim")
    assert desk.services.outboxes.waiting(desk.services.home) == ()


def claimed(desk, job="api"):
    """The job is claimed, and its worktree has work."""
    desk.ledger.is_away = False
    claims.claim(desk.services, CALLER, job, RUN)
    desk.git.commit_in(desk.worktree(job), {f"{job}.txt": "x\n"}, f"Write {job}")
    desk.ledger.is_away = True
    return str(desk.worktree(job))


def test_what_was_typed_is_decided_in_its_order(desk):
    folder = claimed(desk)
    desk.clock.moment += LEASE_MS * 6 // 10
    typed(desk, "heartbeat", folder=folder)
    typed(desk, "handoff", folder=folder, report=DONE)
    typed(desk, "claim", job="ui", run=RUN)
    typed(desk, "release", job="ui")
    before = len(list(desk.ledger.records(RUN)))
    outcomes = decided(desk)
    assert [one.error for one in outcomes] == [None] * 4
    assert [type(one.record.event) for one in list(desk.ledger.records(RUN))[before:]][:3] == [
        e.LeaseRenewed,
        e.HandoffSubmitted,
        e.OutboxEntryAccepted,
    ]
    handoff = desk.run.jobs["api"].handoff
    assert (handoff.summary, handoff.commit) == ("api rotates", desk.git.resolve(f"gitorch/{RUN}/api"))
    assert desk.run.jobs["ui"].phase == "queued"


def test_a_report_that_is_found_again_after_a_kill_counts_once(desk):
    folder = claimed(desk)
    typed(desk, "handoff", folder=folder, report=DONE)
    (pending,) = desk.services.outboxes.waiting(desk.services.home)
    at = desk.services.outboxes.posted
    decided(desk)
    desk.services.outboxes.entries[desk.services.home] = {pending.name: (at, pending.data)}
    (outcome,) = decided(desk)
    assert (outcome.error, outcome.sentence) == (None, "The handoff of api was recorded before.")
    assert len(desk.events(e.HandoffSubmitted)) == 1


def test_a_report_that_comes_too_late_is_kept_as_late_work(desk):
    folder = claimed(desk)
    typed(desk, "handoff", folder=folder, report=DONE)
    desk.clock.moment += 2 * LEASE_MS
    desk.ledger.is_away = False
    desk.do(c.ExpireLeases())
    (outcome,) = decided(desk)
    assert "it is kept as h1, and the principal can adopt it" in outcome.sentence
    assert len(desk.events(e.LateHandoffKept)) == 1


def test_a_verdict_is_kept_too(desk):
    folder = claimed(desk)
    desk.ledger.is_away = False
    typed(desk, "handoff", folder=folder, report=DONE)
    decided(desk)
    desk.do(c.ClaimJob("api.spec", lambda _: "sha256:r", "n2"), BEN)
    desk.ledger.is_away = True
    typed(desk, "verdict", BEN, job="api.spec", run=RUN, verdict=VerdictText(Choice.ACCEPT, "", "", "fine"))
    (outcome,) = decided(desk, Caller(BEN))
    assert (outcome.error, outcome.sentence) == (None, "Your verdict on api is recorded: accept. You are done.")
    assert [event.verdict for event in desk.events(e.VerdictGiven)] == ["accept"]


def test_a_file_that_is_none_of_ours_is_answered_and_keeps_no_other_waiting(desk):
    unknown = b'{"gitorch": "kept/1", "verb": "approve"}'
    for name, data in (("a.json", b"{}"), ("b.json", b"\xff"), ("c.json", b"[" * 9000), ("d.json", unknown)):
        desk.services.outboxes.post(desk.services.home, name, data)
    typed(desk, "claim", job="ui", run=RUN)
    outcomes = decided(desk)
    assert [one.typed for one in outcomes] == ["a.json", "b.json", "c.json", "d.json", "claim ui"]
    assert all(one.sentence.startswith(f"{one.typed} is not a kept verb: ") for one in outcomes[:4])
    assert desk.session("ui").holder == CALLER.actor.holder


def test_an_entry_that_names_another_person_is_nobodys_word(desk):
    """A program wrote it, or another person typed it: it counts as what the one who is shown it does."""
    typed(desk, "claim", BEN, job="ui", run=RUN)
    decided(desk)
    assert desk.session("ui").holder == CALLER.actor.holder


def test_an_entry_that_is_written_after_a_person_was_shown_the_others_is_not_executed(desk):
    typed(desk, "claim", job="ui", run=RUN)
    shown = by_hand.waiting(desk.services)
    typed(desk, "claim", job="api", run=RUN)
    desk.ledger.is_away = False
    assert [one.typed for one in by_hand.decide_kept(desk.services, CALLER, shown)] == ["claim ui"]
    assert desk.run.jobs["api"].phase == "queued"


def test_no_loop_executes_what_was_kept(desk):
    typed(desk, "claim", job="ui", run=RUN)
    desk.ledger.is_away = False
    announce(desk.services)
    assert desk.run.jobs["ui"].phase == "queued"
    assert len(by_hand.waiting(desk.services)) == 1
