"""Each host signs what it pushes: unknown hosts, stolen names and replayed pushes are refused by readers and by a hook."""

from pathlib import Path

import pytest
from host_kit import first_host, host, key_of, write
from ledger_kit import REF, git
from shared_kit import new_remote

from gitorch.errors import Corrupt, Refused, Unavailable

PAGE = (Path(__file__).parents[2] / "docs/hosts.md").read_text(encoding="utf-8")
HOOK = PAGE[PAGE.index("#!/bin/sh") :].partition("```")[0]


@pytest.fixture
def remote(tmp_path):
    return new_remote(tmp_path)


@pytest.fixture
def desk(remote):
    return first_host(remote)


def forged(remote, as_host, key, name="intruder"):
    """A record in the name of a host by somebody who can push, signed by a key or unsigned."""
    ledger = host(remote, name, key)
    ledger.refresh()
    ledger._signature = lambda _: ledger._keys.sign if key else None
    ledger._require_signed = lambda *_: None
    write(ledger, as_host, "forged")
    return ledger


def test_known_hosts_write_and_everybody_reads(remote, desk):
    attic = host(remote, "attic", "attic")
    attic.exists()
    write(attic, "attic", "release")
    desk.refresh()
    assert desk.tip() == attic.tip() == git(remote, "rev-parse", REF)
    for ledger in (desk, attic, host(remote, "reader")):
        ledger.exists()
        assert ledger.verify().faults == ()
    (remote.parent / "hosts").write_text("".join(f"{n} {k}\n" for n, k in desk.state(None).board.hosts.items()))
    signers = f"gpg.ssh.allowedSignersFile={remote.parent / 'hosts'}"
    git(remote, "-c", signers, "verify-commit", REF)


def test_a_host_without_a_key_or_without_a_place_in_the_ledger_writes_nothing(remote, desk):
    before = desk.tip()
    for name, key, said in (("cellar", "attic", "cellar is unknown"), ("attic", "", "this host has no key")):
        other = host(remote, f"{name}-clone", key)
        other.exists()
        with pytest.raises(Refused, match=said):
            write(other, name)
    assert git(remote, "rev-parse", REF) == before


FORGERIES = [
    ("unsigned", "desk", "", "record 4 says that host desk wrote it, but no host signed it."),
    ("unknown host", "cellar", "", "record 4 says that host cellar wrote it, but no host signed it."),
    ("unknown key", "desk", "thief", "record 4 says that host desk wrote it, but it was signed by a key of no host"),
    ("stolen name", "desk", "attic", "record 4 says that host desk wrote it, but host attic signed it."),
]


@pytest.mark.each(2)
@pytest.mark.parametrize(("name", "as_host", "key", "said"), FORGERIES, ids=[one[0] for one in FORGERIES])
def test_records_that_their_host_did_not_sign_are_refused_and_named(remote, desk, name, as_host, key, said):
    key_of(remote.parent, "thief")
    before = desk.tip()
    intruder = forged(remote, as_host, key)
    with pytest.raises(Corrupt, match=f"The ledger at origin is not used: {said}") as caught:
        write(desk, "desk")
    assert desk.tip() == before
    assert [fault.message for fault in intruder.verify().faults] == [
        caught.value.message.removeprefix("The ledger at origin is not used: ")
    ]
    fresh = host(remote, "fresh")
    with pytest.raises(Corrupt, match="is not used"):
        fresh.refresh()
    git(desk._common.parent, *caught.value.hint.removeprefix("git ").split())
    write(desk, "desk", "again")
    assert desk.state(None).board.targets[-1] == "again"


def test_a_replayed_push_is_refused(remote, desk):
    write(desk, "desk", "old")
    old = git(remote, "rev-parse", REF)
    write(desk, "desk", "new")
    git(remote, "update-ref", REF, old)
    with pytest.raises(Corrupt, match="was forced back"):
        write(desk, "desk")


@pytest.mark.parametrize(
    ("as_host", "key", "is_taken"), [("attic", "attic", True), ("desk", "", False), ("x", "thief", False)]
)
def test_the_hook_of_the_documentation_takes_what_known_hosts_signed(remote, desk, as_host, key, is_taken):
    key_of(remote.parent, "thief")
    (remote / "hosts").write_text("".join(f"{n} {k}\n" for n, k in desk.state(None).board.hosts.items()))
    hook = remote / "hooks" / "pre-receive"
    hook.write_text(HOOK)
    hook.chmod(0o755)
    before = git(remote, "rev-parse", REF)
    if is_taken:
        forged(remote, as_host, key)
    else:
        with pytest.raises(Unavailable, match="origin did not take the ledger: no known host signed"):
            forged(remote, as_host, key)
    assert (git(remote, "rev-parse", REF) != before) is is_taken


def test_the_hook_of_the_documentation_keeps_the_ledger_and_lets_other_refs_go(remote, desk):
    (remote / "hosts").write_text("".join(f"{n} {k}\n" for n, k in desk.state(None).board.hosts.items()))
    hook = remote / "hooks" / "pre-receive"
    hook.write_text(HOOK)
    hook.chmod(0o755)
    tip, work = git(remote, "rev-parse", REF), desk._common.parent
    git(work, "push", "-q", "origin", f"{tip}:refs/gitorch/commits/{tip}")
    git(work, "push", "-q", "origin", f":refs/gitorch/commits/{tip}")
    with pytest.raises(AssertionError, match="no known host signed 0000000"):
        git(work, "push", "-q", "origin", f":{REF}")
    assert git(remote, "for-each-ref", "--format=%(refname) %(objectname)", "refs/gitorch", REF) == f"{REF} {tip}"
