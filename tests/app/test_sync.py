"""Ledgers of several clones: brought together where one continues the other, refused where not, and checked as they come."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from merge_yard import CALLER, Yard
from play import HUMAN, RUN

from gitorch.app.executing.execute import execute
from gitorch.app.people import decisions
from gitorch.app.query.syncing import LEDGER_REF, choose_remote, compare, sync
from gitorch.errors import Corrupt, NotFound, Refused, Unavailable
from gitorch.model import commands
from gitorch.model.ids import Moment
from gitorch.ports.commits import LastContact

if TYPE_CHECKING:
    from collections.abc import Callable

    from repository import Repository

ONE = {"api": {"api.txt": "api\n"}}


@pytest.fixture
def mine(repo: Callable[[str], Repository], tmp_path: Path) -> Yard:
    """A clone with a ledger of a few records, and a remote that has none."""
    yard = Yard(repo("mine").path)
    yard.git("init", "-q", "--bare", str(tmp_path / "origin.git"))
    yard.git("remote", "add", "origin", str(tmp_path / "origin.git"))
    yard.git("push", "-q", "origin", "main")
    yard.begin(ONE)
    return yard


def clone(mine: Yard, tmp_path: Path) -> Yard:
    mine.git("clone", "-q", str(tmp_path / "origin.git"), str(tmp_path / "theirs"))
    return Yard(tmp_path / "theirs")


def write(yard: Yard, reason: str) -> None:
    """One record more."""
    execute(yard.services, RUN, HUMAN, commands.RecordRefusal("merge", "refused", reason))


@pytest.mark.parametrize(("contact", "asked"), [("", []), ("elsewhere", []), ("origin", ["origin"])])
def test_a_remote_that_hosts_share_is_asked_as_they_ask_it(mine, monkeypatch, contact, asked):
    """So that the commits which records name come along, and no verb says that it was asked long ago."""
    sync(mine.services, "origin")
    found = []

    def refresh():
        found.append("origin")
        write(mine, "from another host")

    monkeypatch.setattr(mine.services.ledger, "refresh", refresh)
    monkeypatch.setattr(
        mine.services.ledger, "last_contact", lambda: LastContact(contact, None, Moment(0)) if contact else None
    )
    done = sync(mine.services, "origin")
    assert found == asked
    assert done.did == ("sent" if asked else "nothing")


def test_a_ledger_is_synced_to_a_remote_to_a_clone_and_back(mine, tmp_path):
    assert compare(mine.services, "origin").stand == "only-here"
    assert sync(mine.services, "origin").did == "sent"
    assert sync(mine.services, "origin").did == "nothing"
    theirs = clone(mine, tmp_path)
    assert not theirs.services.ledger.exists()
    done = sync(theirs.services, choose_remote(theirs.services, ""))
    assert (done.did, done.records) == ("fetched", len(list(mine.services.ledger.records())))
    assert theirs.run == mine.run
    write(theirs, "one")
    write(theirs, "two")
    assert (compare(theirs.services, "origin").stand, sync(theirs.services, "origin").did) == ("ahead", "sent")
    assert compare(mine.services, "origin").stand == "behind"
    assert sync(mine.services, "origin").records == 2
    assert mine.services.ledger.tip() == theirs.services.ledger.tip()
    for yard in (mine, theirs):
        yard.reopen()
        assert yard.services.ledger.verify().faults == ()


def test_a_run_goes_on_where_another_clone_left_it(mine, tmp_path):
    mine.settle()
    sync(mine.services, "origin")
    mine.git("push", "-q", "origin", "refs/heads/gitorch/play-0001/*:refs/heads/gitorch/play-0001/*")
    theirs = clone(mine, tmp_path)
    sync(theirs.services, "origin")
    theirs.git("fetch", "-q", "origin", "refs/heads/gitorch/play-0001/*:refs/heads/gitorch/play-0001/*")
    decisions.approve(theirs.services, CALLER, theirs.run, theirs.run.report.digest, "typed")
    sync(theirs.services, "origin")
    sync(mine.services, "origin")
    assert str(mine.settle().phase) == "completed"
    assert mine.git("show", "main:api.txt") == "api"


def test_syncing_ledgers_that_diverged_is_refused_and_moves_nothing(mine, tmp_path):
    sync(mine.services, "origin")
    theirs = clone(mine, tmp_path)
    sync(theirs.services, "origin")
    write(mine, "here")
    write(theirs, "there")
    sync(theirs.services, "origin")
    before = mine.services.ledger.tip()
    with pytest.raises(Refused, match="went different ways, and are never merged") as no:
        sync(mine.services, "origin")
    assert mine.git(*no.value.hint.split()[1:]).count("refused: merge") == 2, "the hint shows what each side has"
    assert mine.services.ledger.tip() == before
    assert compare(mine.services, "origin").stand == "apart"


def test_records_that_do_not_continue_the_ledger_are_not_fetched(mine, tmp_path):
    sync(mine.services, "origin")
    before = mine.services.ledger.tip()
    tree = mine.git("rev-parse", f"{before}^{{tree}}")
    forged = mine.git("commit-tree", tree, "-p", before, "-m", "merge approved by ada")
    mine.git("push", "-q", "origin", f"{forged}:{LEDGER_REF}")
    with pytest.raises(Corrupt, match="does not continue the ledger"):
        sync(mine.services, "origin")
    mine.reopen()
    assert mine.services.ledger.tip() == before
    assert mine.services.ledger.verify().faults == ()


def test_a_remote_that_refuses_or_does_not_exist_is_an_error(mine, tmp_path):
    hook = tmp_path / "origin.git/hooks/update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no room for ledgers >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(Unavailable, match="origin did not take the ledger"):
        sync(mine.services, "origin")
    with pytest.raises(NotFound, match="there is no remote upstream, only origin"):
        choose_remote(mine.services, "upstream")
    mine.git("remote", "remove", "origin")
    with pytest.raises(NotFound, match="this repository has no remote") as none:
        choose_remote(mine.services, "")
    assert none.value.hint == "git remote add origin URL"
