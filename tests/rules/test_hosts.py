"""Several hosts on one run: each acts on its own sessions alone, and clocks of two hosts are never compared."""

from __future__ import annotations

import pytest
from play import HOST, HUMAN, OPERATOR, PER_EPIC, SETTINGS, Play, finding

from gitorch.errors import Corrupt, Denied, NotFound, Refused
from gitorch.model import commands as c
from gitorch.model import effects
from gitorch.model import events as e
from gitorch.model.ids import NO_DIGEST, JobId, Moment, SessionId
from gitorch.model.observed import AgentState, Observed, SessionObservation
from gitorch.model.record import Actor, ActorKind, Record
from gitorch.model.values import replace
from gitorch.rules.evolve import evolve
from gitorch.rules.outstanding import outstanding
from gitorch.rules.reconcile import reconcile
from gitorch.rules.views.why import why

HOURS = 3_600_000
API, UI, S1 = JobId("api"), JobId("ui"), SessionId("s1")
ATTIC = Actor(ActorKind.HOST, "gitorch", "attic")
FREE = replace(SETTINGS, test_command="")
PRESENT = SessionObservation(True, True, AgentState.WORKING, was_ready=True)
ABSENT = SessionObservation(False, False, AgentState.UNKNOWN)


def at_work(settings=FREE) -> Play:
    """`api` is at work on host desk, `ui` is queued."""
    play = Play()
    play.begin({"api": (), "ui": ()}, settings)
    play.launch("api")
    return play


def seen_at(play: Play, host: str, observation: SessionObservation = ABSENT, later_ms: int = 0, **facts) -> Observed:
    here = {session.id: observation for session in play.run.living_sessions if session.host == host}
    return Observed(Moment(play.at + later_ms), here, {}, host=host, leads=host == "desk", **facts)


def kinds(found) -> set[type]:
    return {type(one) for one in found}


def test_a_session_lives_where_its_lease_was_granted() -> None:
    play = at_work()
    play.do(c.GrantLease(UI, SessionId("s2"), fresh=True, token=NO_DIGEST, nonce="n"), ATTIC)
    assert {session.id: session.host for session in play.run.sessions.values()} == {"s1": "desk", "s2": "attic"}
    assert play.run.host == "desk"


def test_a_host_neither_starts_nor_ends_nor_prompts_the_sessions_of_another() -> None:
    play = Play()
    play.begin({"api": ()}, FREE)
    play.grant("api")
    for later_ms in (0, 100 * HOURS):
        seen = seen_at(play, "attic", later_ms=later_ms)
        assert reconcile(play.run, seen) == ()
        assert outstanding(play.run, seen) == ()
    assert kinds(outstanding(play.run, seen_at(play, "desk"))) == {effects.StartSession}


def test_every_host_gives_itself_the_next_job_and_one_of_them_gets_it() -> None:
    play = at_work()
    both = [reconcile(play.run, seen_at(play, host, PRESENT)) for host in ("desk", "attic")]
    grants = [[one for one in learned if isinstance(one, c.GrantLease)] for learned in both]
    assert [[grant.job for grant in one] for one in grants] == [["ui"], ["ui"]]
    play.do(grants[0][0], ATTIC)
    with pytest.raises(Refused, match="ui is claimed and cannot be given"):
        play.do(grants[1][0])


@pytest.mark.parametrize(
    ("offer", "jobs"),
    [({}, ["ui"]), ({"lanes": frozenset()}, []), ({"lanes": frozenset({"implementer"})}, ["ui"]), ({"places": 0}, [])],
)
def test_a_host_takes_only_what_it_can_start(offer, jobs) -> None:
    play = at_work()
    learned = reconcile(play.run, seen_at(play, "attic", **offer))
    assert [one.job for one in learned if isinstance(one, c.GrantLease)] == jobs


@pytest.mark.parametrize(
    ("labels", "jobs"), [(None, ["ui"]), ({"gpu", "linux", "x"}, ["ui"]), ({"gpu"}, []), ({"linux"}, []), ((), [])]
)
def test_a_job_goes_to_a_host_that_has_its_labels_and_those_of_its_lane(labels, jobs) -> None:
    play = at_work()
    workflow = play.run.workflow
    lanes = {name: replace(lane, host_labels=("linux",)) for name, lane in workflow.lanes.items()}
    ui = replace(play.run.jobs[UI], spec=replace(play.run.jobs[UI].spec, host_labels=("gpu",)))
    run = replace(play.run, workflow=replace(workflow, lanes=lanes), jobs={**play.run.jobs, UI: ui})
    seen = seen_at(play, "attic", labels=labels if labels is None else frozenset(labels))
    assert [one.job for one in reconcile(run, seen) if isinstance(one, c.GrantLease)] == jobs
    assert why(run, ui) == "waits for a host with gpu, linux (gitorch host list)"


def test_a_host_tells_its_labels_once_and_no_agent_can() -> None:
    play = Play()
    assert kinds(play.do(c.LabelHost(("gpu",)), ATTIC)) == {e.HostLabeled}
    assert play.do(c.LabelHost(("gpu",)), ATTIC) == ()
    play.do(c.LabelHost(("fast",)))
    assert play.state.board.labels == {"attic": ("gpu",), HOST.host: ("fast",)}
    with pytest.raises(Denied):
        play.do(c.LabelHost(("x",)), replace(ATTIC, kind=ActorKind.AGENT, session=S1))


def test_new_work_for_a_session_that_lives_elsewhere_is_given_by_its_own_host() -> None:
    play = Play()
    play.begin({"api": ()}, FREE)
    play.launch("api")
    play.submit_handoff("api")
    play.launch("api.spec")
    play.judge("api.spec", "needs_revision", (finding(),))
    grants = {
        host: [one.job for one in reconcile(play.run, seen_at(play, host, PRESENT)) if isinstance(one, c.GrantLease)]
        for host in ("desk", "attic")
    }
    assert grants == {"desk": ["api"], "attic": []}


def test_a_lease_that_nobody_saw_renewed_is_taken_over_and_its_agent_ended_where_it_lives() -> None:
    play = at_work()
    unseen = seen_at(play, "attic", unseen=frozenset({API}))
    (end,) = [one for one in reconcile(play.run, unseen) if isinstance(one, c.EndSession)]
    assert (end.session, end.how) == (S1, "unseen")
    play.do(end, ATTIC)
    job = play.run.jobs[API]
    assert (job.phase, job.lease, job.deaths) == ("queued", None, 0)
    back = Observed(Moment(play.at), {S1: PRESENT}, {}, host="desk")
    assert effects.StopSession(S1) in outstanding(play.run, back)
    assert not any(isinstance(one, effects.StopSession) for one in outstanding(play.run, unseen))


@pytest.mark.parametrize(
    ("ends", "known", "how", "is_refused"),
    [
        (HOST, True, "stopped", False),
        (ATTIC, True, "unseen", False),
        (ATTIC, True, "stopped", True),
        (ATTIC, True, "exited", True),
        (ATTIC, False, "stopped", False),  # a clone alone, whose host got another name
    ],
)
def test_only_its_own_host_ends_a_session_that_may_live(ends: Actor, known: bool, how: str, is_refused: bool) -> None:
    play = Play()
    if known:
        play.do(c.AddHost("desk", "key"), HUMAN)
    play.begin({"api": (), "ui": ()}, FREE)
    play.launch("api")
    end = c.EndSession(S1, how, None, "")
    if is_refused:
        with pytest.raises(Refused, match="session s1 lives on host desk, which alone can end it"):
            play.do(end, ends)
        return

    assert kinds(play.do(end, ends)) >= {e.SessionEnded}


class Clamped(Play):
    """Every record has the time of the one before it, as on hosts whose clocks are behind."""

    @property
    def at(self):
        return 1_000_000

    @at.setter
    def at(self, _):
        """It stands still."""


def test_the_word_on_an_epic_counts_for_one_handoff_where_all_records_have_one_time() -> None:
    play = Clamped()
    play.begin({"api": ()}, replace(PER_EPIC, test_command=""))
    for number, (option, phase) in enumerate((("reject", "queued"), ("approve", "completed")), start=1):
        play.launch("api")
        replies = () if number == 1 else play.fixed("api")
        play.submit_handoff("api", replies=replies)
        play.review("api.spec")
        play.review("api.quality")
        (asked,) = play.run.open_questions(API)
        assert asked.kind == "checkpoint"
        play.answer(asked.id, option, "because")
        assert play.run.jobs[API].phase == phase
        assert list(play.run.open_questions(API)) == []


def test_each_host_takes_its_git_settings_once_and_no_agent_can() -> None:
    play = at_work()
    play.do(c.TakeSettings({"core.sshcommand": "sha256:1"}), ATTIC)
    assert play.do(c.TakeSettings({"core.sshcommand": "sha256:2"}), ATTIC) == ()
    assert play.run.settings_taken == {"attic": {"core.sshcommand": "sha256:1"}}
    again = Record(99, NO_DIGEST, Moment(play.at), play.run.id, ATTIC, e.SettingsTaken({}))
    with pytest.raises(Corrupt, match="host attic took its git settings twice"):
        evolve(play.state, again)
    with pytest.raises(Denied):
        play.do(c.TakeSettings({}), replace(ATTIC, kind=ActorKind.AGENT, session=S1))


@pytest.mark.parametrize("phase", ["leased", "submitted"])
def test_a_host_that_is_not_seen_loses_only_what_waits_for_it(phase: str) -> None:
    play = at_work()
    if phase == "submitted":
        play.submit_handoff("api")
    learned = reconcile(play.run, seen_at(play, "attic", unseen=frozenset({API})))
    assert any(isinstance(one, c.EndSession) for one in learned) is (phase == "leased")


def test_work_that_comes_after_a_take_over_is_kept() -> None:
    play = at_work()
    play.do(c.EndSession(S1, "unseen", None, ""), ATTIC)
    happened = play.submit_handoff("api", by=S1)
    assert kinds(happened) == {e.LateHandoffKept}


@pytest.mark.parametrize("hours", [-100, -5, 5, 100])
def test_a_manual_claim_runs_out_by_no_other_hosts_clock(hours: int) -> None:
    play = Play()
    play.begin({"api": ()}, replace(FREE, manual=True))
    play.claim("api")
    seen = seen_at(play, "attic", later_ms=hours * HOURS)
    assert not any(isinstance(one, c.ExpireLeases) for one in reconcile(play.run, seen))
    (expire,) = [
        one for one in reconcile(play.run, replace(seen, unseen=frozenset({API}))) if isinstance(one, c.ExpireLeases)
    ]
    assert expire.sessions == (S1,)
    assert kinds(play.do(expire, ATTIC)) == {e.LeaseEnded}
    assert play.run.jobs[API].phase == "stale"


def test_only_another_host_may_end_a_manual_claim_before_its_time() -> None:
    play = Play()
    play.begin({"api": ()}, replace(FREE, manual=True))
    play.claim("api")
    event = e.LeaseEnded(API, 1, "expired")
    record = Record(99, NO_DIGEST, Moment(play.at), play.run.id, HOST, event)
    with pytest.raises(Corrupt, match="before its time had passed"):
        evolve(play.state, record)
    assert evolve(play.state, replace(record, actor=ATTIC)).run is not None


@pytest.mark.parametrize("ahead_ms", [-5 * HOURS, 0, 5 * HOURS])
def test_a_lease_is_renewed_in_time_whatever_other_hosts_clocks_say(ahead_ms: int) -> None:
    """The record of its grant can carry the time of another host's record before it."""
    play = at_work()
    job = play.run.jobs[API]
    lease = replace(job.lease, granted_at=Moment(job.lease.granted_at + ahead_ms))
    play.state = replace(play.state, run=replace(play.run, jobs={**play.run.jobs, API: replace(job, lease=lease)}))
    soon, late = FREE.lease_seconds * 400, FREE.lease_seconds * 600
    for later_ms, due in ((soon, False), (late, True)):
        learned = reconcile(play.run, seen_at(play, "desk", PRESENT, later_ms))
        assert any(isinstance(one, c.RenewLease) for one in learned) is due


def test_one_host_makes_reports_and_merges_and_another_only_when_it_leads() -> None:
    play = Play()
    play.begin({"api": ()})
    play.finish("api")
    seen = seen_at(play, "attic")
    assert outstanding(play.run, seen) == ()
    assert kinds(outstanding(play.run, replace(seen, leads=True))) == {effects.MakeReport, effects.MakeEpicReport}


def test_an_agent_waits_for_no_launch_on_another_host() -> None:
    play = Play()
    play.begin({"api": (), "ui": ()}, FREE)
    play.grant("api")
    play.alive("api")
    play.do(c.GrantLease(UI, SessionId("s2"), fresh=True, token=NO_DIGEST, nonce="n"), ATTIC)
    waiting = replace(PRESENT, state=AgentState.WAITING)
    assert kinds(outstanding(play.run, seen_at(play, "desk", waiting))) == {effects.DeliverPrompt}
    play.do(c.CancelJob(UI, "enough"), HUMAN)
    assert play.run.jobs[UI].phase == "canceled"
    assert OPERATOR.host == HOST.host


def test_only_a_known_host_changes_which_hosts_are_known():
    play = Play()
    play.do(c.AddHost("desk", "key 1"), HUMAN)
    play.do(c.AddHost("attic", "key 2"), HUMAN)
    thief = replace(HUMAN, host="thief")
    for command in (c.AddHost("thief", "key 3"), c.AddHost("desk", "key 3"), c.RemoveHost("attic")):
        with pytest.raises(
            Refused,
            match="thief is unknown to this ledger, so the command must be typed on a host that it knows: attic, desk",
        ):
            play.do(command, thief)


@pytest.mark.parametrize(
    ("known", "event"),
    [
        ((), e.HostAdded("attic", "key")),
        (("attic", "cellar"), e.HostAdded("desk", "key")),
        (("attic", "cellar"), e.HostRemoved("cellar")),
    ],
)
def test_a_forged_record_by_which_an_unknown_host_changes_the_hosts_is_refused(known: tuple[str, ...], event) -> None:
    play = Play()
    for host in known:
        play.do(c.AddHost(host, "key"), replace(HUMAN, host="attic"))
    with pytest.raises(Corrupt, match=f"host desk is unknown, and changed what is known of host {event.host}"):
        evolve(play.state, Record(999, NO_DIGEST, Moment(1_800_000_000_000), None, HUMAN, event))


def test_the_principal_removes_a_host_from_another_one():
    play = Play()
    play.do(c.AddHost("desk", "key 1"), HUMAN)
    play.do(c.AddHost("attic", "key 2"), HUMAN)
    for host, error in (("desk", Refused), ("cellar", NotFound)):
        with pytest.raises(error):
            play.do(c.RemoveHost(host), HUMAN)
    with pytest.raises(Denied):
        play.do(c.RemoveHost("attic"), OPERATOR)
    play.do(c.RemoveHost("attic"), HUMAN)
    assert play.state.board.hosts == {"desk": "key 1"}
