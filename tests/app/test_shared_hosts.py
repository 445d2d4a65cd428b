"""Several hosts with one ledger, in memory: what each sees of the others, offers, takes, and leaves alone."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "cli")]

import two_hosts
from cli_memory import START, TARGET
from cli_stage import RUN, Stage
from two_hosts import ATTIC

from gitorch.app.executing.execute import Caller, execute
from gitorch.app.hosts import here, listing, offer, others, sharing, sightings, watch
from gitorch.app.query import host_settings as settings
from gitorch.app.query import target
from gitorch.app.query.settings import trusted_settings
from gitorch.app.reconciler.announcing import announce
from gitorch.app.reconciler.observe import observe
from gitorch.app.sessions import sessions
from gitorch.errors import Unavailable
from gitorch.model import commands as c
from gitorch.model.effects import StopSession
from gitorch.model.ids import JobId, Moment, SessionId
from gitorch.model.plans.workflow import Settings
from gitorch.model.values import replace
from gitorch.ports.commits import LastContact
from gitorch.rules.outstanding import outstanding

stage, desk, attic = two_hosts.stage, two_hosts.desk, two_hosts.attic

LEASE_MS = 1_000 * Settings().lease_seconds


def lease_to(services, stage, job: str) -> SessionId:
    session = SessionId(f"s{len(stage.run.sessions) + 1}")
    execute(services, RUN, services.host, c.GrantLease(JobId(job), session, True, "sha256:t", "nonce"))
    return session


def test_hosts_are_listed_by_name_with_what_they_do_and_when_they_were_seen(stage, desk, attic):
    attic.clock.moment = START + 500
    lease_to(attic, stage, "ui")
    execute(attic, None, ATTIC, c.LabelHost(("gpu", "large")))
    rows = listing.hosts(attic)
    assert rows == (
        listing.HostRow("attic", True, False, Moment(START + 500), (JobId("ui"),), ("gpu", "large")),
        listing.HostRow("desk", False, False, Moment(START + 500), (JobId("api"),)),
    )
    assert [(row.name, row.is_here) for row in listing.hosts(desk)] == [("attic", False), ("desk", True)]


def test_a_host_with_a_key_that_wrote_nothing_is_not_seen_yet(stage, desk):
    for name in ("desk", "shed"):
        execute(desk, None, stage.who().actor, c.AddHost(name, f"ssh-ed25519 {name}"))
    found = {row.name: row for row in listing.hosts(desk)}
    assert found["desk"].has_key
    assert found["shed"] == listing.HostRow("shed", False, True, None, ())


def test_a_host_was_seen_when_its_newest_record_came(stage, desk, attic):
    assert sightings.sightings(attic, Moment(START)) == {"desk": START}
    attic.clock.moment = START + 9_000
    assert sightings.sightings(attic, Moment(START + 9_000)) == {"desk": START}, "nothing new came"
    assert sightings.unseen_for(attic, "desk", Moment(START + 9_000)) == 9_000
    stage.do(c.PauseRun("wait"), stage.who().actor)
    assert sightings.unseen_for(attic, "desk", Moment(START + 10_000)) == 0
    assert sightings.unseen_for(attic, "desk", Moment(START)) == 0, "a clock that went back"
    assert sightings.unseen_for(attic, "shed", Moment(START + 20_000)) == 0
    assert sightings.unseen_for(attic, "shed", Moment(START + 25_000)) == 5_000, "it is watched since it was asked for"


def test_records_before_the_last_thousand_are_not_read_by_a_host_that_begins(stage, attic, monkeypatch):
    monkeypatch.setattr(sightings, "LOOKED_AT_FIRST_MAX", 2)
    for _ in range(3):
        execute(attic, None, ATTIC, c.LabelHost((f"l{len(stage.ledger.written)}",)))
    asked, records = [], stage.ledger.records
    monkeypatch.setattr(stage.ledger, "records", lambda after: asked.append(after) or records(after=after))
    newest = stage.ledger.written[-1].record.seq
    assert sightings.sightings(attic, Moment(START)) == {"attic": START}
    assert sightings.sightings(attic, Moment(START)) == {"attic": START}
    stage.do(c.PauseRun("wait"), stage.who().actor)
    assert sightings.sightings(attic, Moment(START + 1)) == {"attic": START, "desk": START + 1}
    assert asked == [newest - 2, newest], "and nothing is read where nothing came"


@pytest.mark.parametrize("kept", [b"[]", b"{", b"5", b"\xff"])
def test_a_file_that_cannot_be_read_begins_the_watch_anew(stage, attic, kept):
    attic.files.held[attic.home / "seen" / "hosts.json"] = kept
    attic.files.held[attic.home / "seen" / f"{RUN}.json"] = kept
    assert sightings.sightings(attic, Moment(START)) == {"desk": START}
    assert watch.unchanged_ms(attic, RUN, {JobId("api"): "x"}, Moment(START)) == {"api": 0}


def test_a_state_is_as_old_as_this_host_has_seen_it(attic):
    ages = lambda now, **states: watch.unchanged_ms(attic, RUN, states, Moment(now))  # noqa: E731 said once
    assert ages(1_000, api="a", ui="a") == {"api": 0, "ui": 0}
    assert ages(3_000, api="a", ui="b") == {"api": 2_000, "ui": 0}
    assert ages(4_000, api="a") == {"api": 3_000}
    assert ages(5_000, api="a", ui="b") == {"api": 4_000, "ui": 0}, "what was not asked for is forgotten"
    assert ages(900, api="a") == {"api": 0}, "a clock that went back"
    path = attic.home / "seen" / f"{RUN}.json"
    assert json.loads(attic.files.read(path)) == {"api": ["a", 900]}


def test_an_offer_is_kept_with_the_name_of_the_host(attic):
    path = attic.home / "host"
    assert offer.own_offer(attic) == offer.Offer()
    offer.save_offer(attic, offer.Offer(("gpu", "large"), 3))
    assert attic.files.read(path) == b"attic\ngpu large\n3\n"
    assert offer.own_offer(attic) == offer.Offer(("gpu", "large"), 3)
    for text, found in (
        (b"attic", offer.Offer()),
        (b"attic\ngpu", offer.Offer(("gpu",))),
        (b"attic\n\nmany", offer.Offer()),
        (b"attic\ng\xff\n2", offer.Offer(("g\ufffd",), 2)),
    ):
        attic.files.held[path] = text
        assert offer.own_offer(attic) == found


def test_labels_are_recorded_where_the_ledger_has_others(stage, attic):
    offer.announce_labels(attic)
    assert stage.ledger.state(None).board.labels == {}
    offer.save_offer(attic, offer.Offer(("gpu",)))
    before = len(stage.ledger.written)
    announce(attic)
    offer.announce_labels(attic)
    assert stage.ledger.state(None).board.labels == {"attic": ("gpu",)}
    assert len(stage.ledger.written) == before + 1
    assert stage.ledger.written[-1].record.actor == ATTIC


def test_the_places_left_are_those_that_no_agent_at_work_on_this_host_has(stage, desk, attic):
    lease_to(attic, stage, "ui")
    assert offer.places_left(desk, 0) is None
    assert [offer.places_left(desk, agents) for agents in (1, 2, 3)] == [0, 1, 2]
    execute(attic, RUN, ATTIC, c.EndSession(SessionId("s2"), "stopped"))
    assert (offer.places_left(attic, 1), offer.places_left(desk, 1)) == (1, 0)


def test_a_host_leads_a_run_that_it_prepared_or_whose_host_has_been_silent_for_a_lease(stage, desk, attic):
    stage.presets["scripted"] = replace(stage.presets["scripted"], argv=("there",))
    stage.programs.printed["there"] = "1.0"
    found = others.hosts_of(desk, stage.run)
    assert (found.host, found.leads, found.unseen, found.labels, found.places) == (
        "desk",
        True,
        frozenset(),
        frozenset(),
        None,
    )
    assert found.lanes == {"implementer"}
    offer.save_offer(attic, offer.Offer(("gpu",), 2))
    away = others.hosts_of(attic, stage.run)
    assert (away.host, away.leads, away.labels, away.places) == ("attic", False, {"gpu"}, 2)
    attic.clock.moment = START + LEASE_MS
    assert not others.hosts_of(attic, stage.run).leads
    attic.clock.moment += 1
    assert others.hosts_of(attic, stage.run).leads
    stage.ledger.is_shared = False
    assert others.hosts_of(attic, stage.run) == here.ALONE


def test_a_lane_whose_program_is_not_here_gets_no_session(stage, desk):
    assert others.hosts_of(desk, stage.run).lanes == frozenset()


def test_jobs_of_other_hosts_are_over_once_nothing_changed_for_a_lease(stage, desk, attic):
    def unseen(services, after_ms):
        services.clock.moment = START + after_ms
        return sharing.shared_hosts(services, stage.run).unseen

    assert unseen(attic, 0) == frozenset()
    assert unseen(attic, LEASE_MS) == frozenset()
    assert unseen(attic, LEASE_MS + 1) == {"api"}
    assert (unseen(desk, 0), unseen(desk, LEASE_MS + 1)) == (frozenset(), frozenset()), "its own are seen in tmux"
    stage.do(c.RenewLease(JobId("api"), 1)) if hasattr(c, "RenewLease") else None


def test_what_changes_for_a_job_of_another_host_begins_its_time_anew(stage, desk, attic):
    sharing.shared_hosts(attic, stage.run)
    attic.clock.moment = START + LEASE_MS + 1
    execute(desk, RUN, desk.host, c.RenewLease(JobId("api"), stage.run.jobs[JobId("api")].fence))
    assert sharing.shared_hosts(attic, stage.run).unseen == frozenset()
    attic.clock.moment += LEASE_MS + 1
    assert sharing.shared_hosts(attic, stage.run).unseen == {"api"}


def test_a_handoff_that_its_host_does_not_test_is_left_too(stage, desk, attic):
    stage.submit_handoff("api")
    stage.do(c.EndSession(SessionId("s1"), "stopped"))
    for services, left in ((attic, {"api"}), (desk, set())):
        sharing.shared_hosts(services, stage.run)
        services.clock.moment = START + LEASE_MS + 1
        assert sharing.shared_hosts(services, stage.run).unseen == left


def test_a_session_that_is_stopped_from_another_host_is_ended_by_its_own(stage, desk, attic):
    session = lease_to(attic, stage, "ui")
    stopped, job = sessions.stop(desk, Caller(stage.who().actor), "ui", None)
    assert (job, stopped.jobs["ui"].phase, stopped.sessions[session].ended) == ("ui", "queued", "")
    [effect] = [
        one for one in outstanding(stage.run, observe(attic, stage.run).observed) if isinstance(one, StopSession)
    ]
    assert effect.session == session


def test_a_host_that_did_not_prepare_the_run_takes_its_settings_once(stage, desk, attic):
    stage.git.planted = {"core.hooksPath": "sha256:h", "core.pager": "sha256:p"}
    assert settings.settings_to_take(desk, stage.run) == ()
    [taken] = settings.settings_to_take(attic, stage.run)
    assert taken == c.TakeSettings(stage.git.planted)
    assert trusted_settings(attic) is None
    execute(attic, RUN, ATTIC, taken)
    assert settings.settings_to_take(attic, stage.run) == ()
    assert trusted_settings(attic) == stage.git.planted


REF = "refs/heads/main"


def test_the_target_of_a_shared_ledger_is_the_remote_s(stage, desk):
    stage.git.write("main", {"b.py": "b\n"})
    assert target.target_head(desk, "main") == TARGET
    elsewhere = stage.git.write("main", {"c.py": "c\n"})
    stage.remotes.away[elsewhere] = stage.git.commits.pop(elsewhere)
    stage.git.tips["main"] = TARGET
    stage.remotes.held["origin"][REF] = elsewhere
    assert target.target_head(desk, "main") == elsewhere
    assert stage.git.has(elsewhere), "it was fetched"
    assert target.target_head(desk, "gone") is None
    stage.remotes.silent.add("origin")
    with pytest.raises(Unavailable, match="origin"):
        target.target_head(desk, "main")
    stage.ledger.last_contact = lambda: None
    assert (target.shared_remote(desk), target.target_head(desk, "main")) == ("", TARGET)


@pytest.fixture
def reported(stage):
    """A run that is over but for its merge, with the services of its host."""
    stage.do(c.CancelRun("another"), stage.who().actor)
    made = Stage(folder=stage.folder).until_report()
    made.ledger.is_shared = True
    made.ledger.last_contact = lambda: LastContact("origin", None, Moment(START))
    made.remotes.held["origin"] = {REF: TARGET}
    return made, made.services


def test_nobody_asks_for_the_target_before_there_is_a_report(stage, desk, reported):
    stage.remotes.silent.add("origin")
    assert sharing.with_target(desk, stage.run, {"refs/heads/x": TARGET}) == {"refs/heads/x": TARGET, REF: TARGET}
    done, services = reported
    newer = done.git.write("main", {"c.py": "c\n"})
    done.remotes.held["origin"][REF] = newer
    assert sharing.with_target(services, done.run, {}) == {REF: newer}
    del done.remotes.held["origin"][REF]
    assert sharing.with_target(services, done.run, {"refs/heads/x": TARGET}) == {"refs/heads/x": TARGET}


def test_a_merge_is_pushed_and_this_clone_follows_where_it_can(reported):
    done, services = reported
    report = done.run.report
    merged = report.merged_commit
    answer = target.merge_at_remote(services, "origin", report, merged)
    assert answer == c.RecordMerge(TARGET, merged, report.merged_tree)
    assert (done.remotes.held["origin"][REF], done.git.tips["main"]) == (merged, merged)
    ahead = done.git.write("main", {"own.py": "own\n"})
    assert target.merge_at_remote(services, "origin", report, merged) == answer, "it is there already"
    assert done.git.tips["main"] == ahead


def test_a_merge_that_the_remote_does_not_take_is_void_or_a_question(reported):
    done, services = reported
    report = done.run.report
    done.remotes.hooks["origin"] = "the branch is protected\nask ops"
    assert target.merge_at_remote(services, "origin", report, report.merged_commit) == c.Escalate(
        trigger="move:main",
        happened="origin did not take the merge into main: the branch is protected",
        tried=f"git push --force-with-lease from {TARGET[:12]}; nothing was changed.",
        evidence="the branch is protected\nask ops",
        decision="Clear what refuses it and retry with the same approval, or stop the run?",
        options=("retry", "stop_run"),
    )
    moved = done.git.write("main", {"c.py": "c\n"})
    done.remotes.held["origin"][REF] = moved
    void = target.merge_at_remote(services, "origin", report, report.merged_commit)
    assert void == c.VoidReport(f"main at origin moved to {moved[:12]}")
    del done.remotes.held["origin"][REF]
    void = target.merge_at_remote(services, "origin", report, report.merged_commit)
    assert void == c.VoidReport("origin has no main any more")
