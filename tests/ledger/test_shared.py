"""Hosts that share one ledger over a remote: one order everywhere, nothing lost, nothing here before it is there."""

from threading import Thread

import pytest
from ledger_kit import AGENT, AT, ENV, HOST, REF, RUN, fill, git, new_repo, open_ledger, renewed
from shared_kit import clone, new_remote, open_shared

from gitorch.errors import Corrupt, Refused, Unavailable
from gitorch.ledger import last_contact
from gitorch.model.events import TargetConfirmed
from gitorch.model.ids import RunId
from gitorch.ports.commits import Draft
from gitorch.world.clock import SystemClock
from gitorch.world.git.remotes import GitRemotes
from gitorch.world.git.upstream import GitUpstream


@pytest.fixture
def remote(tmp_path):
    return new_remote(tmp_path)


@pytest.fixture
def hosts(remote):
    """Two clones that share a ledger."""
    folders = clone(remote, "a"), clone(remote, "b")
    ledgers = [open_shared(folder) for folder in folders]
    for ledger in ledgers:
        ledger.create(HOST, AT, "L-1")
    return ledgers


def tips(remote, *hosts):
    return [git(remote, "rev-parse", REF), *(host.tip() for host in hosts)]


def test_the_second_host_takes_over_the_ledger_of_the_first(remote, hosts):
    assert len(set(tips(remote, *hosts))) == 1
    assert [host.verify().records for host in hosts] == [1, 1]


def test_an_append_decides_on_what_another_host_wrote(remote, hosts):
    one, other = hosts
    fill(one, 2)
    seen = []

    def decide(state):
        seen.append(state.run.records if state.run else 0)
        return [renewed(seen[-1] + 1)]

    other.append(RUN, AGENT, AT, decide)
    assert seen == [0, 2]  # at first on what the remote had a moment ago
    assert git(remote, "rev-parse", REF) == other.tip()
    assert one.tip() != other.tip()
    one.refresh()
    assert len(set(tips(remote, *hosts))) == 1


def test_a_lost_race_is_decided_again_on_the_new_tip(remote, hosts):
    one, other = hosts
    seen = []

    def decide(state):
        records = state.run.records if state.run else 0
        seen.append(records)
        if len(seen) == 1:
            fill(other, 1)  # between the decision and the push
        return [renewed(records + 1)]

    one.append(RUN, AGENT, AT, decide)
    assert seen == [0, 1]
    assert [written.record.seq for written in one.records()] == [0, 1, 2]
    assert git(remote, "rev-parse", REF) == one.tip()


def test_a_decision_that_another_host_overtook_is_refused_and_writes_nothing(remote, hosts):
    one, other = hosts
    fill(one, 1)

    def claim(state):
        if state.run.records > 1:
            raise Refused("taken")
        other.refresh()  # else its record would be equal to the first one here
        fill(other, 1)
        return [renewed(9)]

    with pytest.raises(Refused, match="taken"):
        one.append(RUN, AGENT, AT, claim)
    assert git(remote, "rev-list", "--count", REF) == "3"
    assert len(set(tips(remote, *hosts))) == 1


@pytest.mark.parametrize("decision", ["refused", "nothing"])
def test_a_decision_without_a_push_is_made_again_on_what_the_remote_has_now(remote, hosts, decision):
    one, other = hosts
    fill(other, 1)

    def decide(state):
        if state.run is not None:
            return [renewed(2)]
        if decision == "refused":
            raise Refused("there is no run")
        return []

    assert one.append(RUN, AGENT, AT, decide)[0].run.records == 2
    assert git(remote, "rev-parse", REF) == one.tip()


def test_an_append_soon_after_another_contacts_the_remote_once_and_a_lost_race_three_times(remote, hosts, monkeypatch):
    one, other = hosts
    fill(one, 1)
    calls = []
    monkeypatch.setattr(GitRemotes, "heads", lambda *_: calls.append("ask"))
    for name in ("fetch", "push"):
        inner = getattr(GitRemotes, name)
        monkeypatch.setattr(GitRemotes, name, lambda *a, _n=name, _i=inner, **k: calls.append(_n) or _i(*a, **k))
    fill(one, 1)
    assert calls == ["push"]
    calls.clear()
    other.append(RUN, AGENT, AT, lambda _: [renewed(9)])  # it does not know yet what the first wrote
    assert calls == ["push", "fetch", "push"]


def test_while_the_remote_is_away_reading_works_and_appending_changes_nothing(remote, hosts):
    one, other = hosts
    fill(one, 2)
    before = one.tip(), last_contact.load(one._common)
    remote.rename(remote.with_name("away"))
    with pytest.raises(Unavailable, match="origin cannot be reached"):
        fill(one, 1)
    assert one.state(RUN).run.records == 2
    assert (one.tip(), one.last_contact()) == before
    remote.with_name("away").rename(remote)
    fill(one, 1)
    other.refresh()
    assert other.state(RUN).run.records == 3


def test_a_push_that_arrived_without_an_answer_is_followed(remote, hosts):
    one, _ = hosts
    fill(one, 1)
    git(one._common, "fetch", "-q", "origin")
    arrived = open_shared(clone(remote, "c"))
    fill(arrived, 1)  # stands for our own push, whose answer was lost: the remote is one record ahead
    one.refresh()
    assert one.state(RUN).run.records == 2


def test_commits_that_a_record_names_are_pushed_with_it_and_fetched_with_it(remote, hosts):
    one, other = hosts
    work = one._common.parent
    git(work, "checkout", "-q", "-b", "gitorch/auth-7f3a/api")
    git(work, "commit", "-q", "--allow-empty", "-m", "work")
    commit = git(work, "rev-parse", "HEAD")
    one.append(None, HOST, AT, lambda _: [Draft(TargetConfirmed(commit), {})])
    other.refresh()
    assert git(other._common, "cat-file", "-t", commit) == "commit"
    assert git(remote, "for-each-ref", "--format=%(refname)", "refs/gitorch") == f"refs/gitorch/commits/{commit}"
    assert "gitorch/auth-7f3a/api" not in git(remote, "for-each-ref")


def test_records_from_before_the_ledger_was_shared_come_along(remote):
    folder = clone(remote, "a")
    alone = open_ledger(folder)
    alone.create(HOST, AT, "L-1")
    fill(alone, 2)
    shared = open_shared(folder)
    shared.refresh()
    fill(shared, 1)
    other = open_shared(clone(remote, "b"))
    assert other.exists()
    assert other.state(RUN).run.records == 3


@pytest.mark.parametrize("how", ["back", "replaced", "removed"])
def test_a_ledger_that_was_forced_on_the_remote_is_refused_and_named(remote, hosts, tmp_path, how):
    one, other = hosts
    fill(one, 3)
    other.refresh()
    before = one.tip()
    if how == "back":
        git(remote, "update-ref", REF, f"{REF}~2")
    if how == "removed":
        git(remote, "update-ref", "-d", REF)
    if how == "replaced":
        stranger = open_ledger(new_repo(tmp_path / "stranger"))
        stranger.create(HOST, AT, "L-2")
        fill(stranger, 5)
        git(stranger._common, "push", "-q", "-f", str(remote), REF)
    reason = {"back": "was forced back to", "removed": "has no ledger any more", "replaced": "was replaced by"}[how]
    for host in hosts:
        with pytest.raises(Corrupt, match=f"The ledger at origin {reason}") as caught:
            fill(host, 1)
        assert host.tip() == before
    git(one._common.parent, *caught.value.hint.removeprefix("git ").split())
    fill(one, 1)
    assert one.state(RUN).run.records == 4


def test_a_remote_that_refuses_is_named_with_its_reason(remote, hosts):
    hook = remote / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho not today >&2\nexit 1\n")
    hook.chmod(0o755)
    before = hosts[0].tip()
    with pytest.raises(Unavailable, match="origin did not take the ledger: not today"):
        fill(hosts[0], 1)
    assert tips(remote, *hosts) == [before] * 3


def test_four_hosts_at_once_lose_nothing_and_agree_on_one_order(remote):
    ledgers = [open_shared(clone(remote, f"h{number}")) for number in range(4)]
    for ledger in ledgers:
        ledger.create(HOST, AT, "L-1")

    def work(ledger, run):
        for _ in range(3):
            ledger.append(run, AGENT, AT, lambda _: [renewed(1), renewed(2)])

    threads = [Thread(target=work, args=(ledger, RunId(f"r-{n}"))) for n, ledger in enumerate(ledgers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    for ledger in ledgers:
        ledger.refresh()
    assert len(set(tips(remote, *ledgers))) == 1
    assert ledgers[0].verify().records == 25
    assert [ledgers[0].state(f"r-{number}").run.records for number in range(4)] == [6] * 4


@pytest.mark.parametrize("may_be_public", [False, True])
def test_a_ledger_begins_on_a_remote_that_looks_public_only_with_consent(remote, may_be_public):
    folder = clone(remote, "a")
    git(folder, "remote", "set-url", "--push", "origin", "https://github.com/ann/project.git")
    upstream = GitUpstream("origin", folder, ENV, SystemClock(), lambda: None, lambda: may_be_public)
    upstream._remotes.push = lambda *_, **__: ""  # nothing goes to the network
    ledger = open_shared(folder, upstream=upstream)
    if may_be_public:
        ledger.create(HOST, AT, "L-1")
        return
    with pytest.raises(Refused, match="may be public, and the whole ledger would be pushed there"):
        ledger.create(HOST, AT, "L-1")
    assert ledger.tip() is None
