"""What a host is and offers lies in its clone: a name that is free, a key, labels and a number of agents (H7, H13)."""

import pytest
from ledger_kit import ENV, git
from shared_kit import clone, new_remote

from gitorch.app.hosts.listing import hosts
from gitorch.app.hosts.offer import Offer, announce_labels, own_offer, save_offer
from gitorch.errors import Refused
from gitorch.ledger.location import common_dir
from gitorch.model.events import HostAdded
from gitorch.model.ids import Moment
from gitorch.model.record import Actor, ActorKind
from gitorch.ports.commits import Draft
from gitorch.wiring.joining import join
from gitorch.wiring.repository import Repository, socket_name


def member(remote, name, joins=""):
    """A clone that shares the ledger, and has joined it under a name."""
    folder = clone(remote, name)
    (common_dir(folder) / "gitorch").mkdir()
    (common_dir(folder) / "gitorch/gitorch.yaml").write_text("ledger: {remote: origin}\n")
    found = Repository(folder, ENV)
    return found, join(found, joins or name)


def add(repository, name, key):
    principal = Actor(ActorKind.PRINCIPAL, "ann", repository.host.host)
    repository.ledger.append(None, principal, Moment(1), lambda _: [Draft(HostAdded(name, key), {})])


@pytest.fixture
def desk(tmp_path):
    found, (_, key) = member(new_remote(tmp_path), "desk")
    found.ledger.create(found.host, Moment(1), "L-1")
    add(found, "desk", key)
    return found


def test_a_second_clone_cannot_take_the_name_of_a_known_host(tmp_path, desk):
    with pytest.raises(
        Refused, match=r"another clone is the host desk of this ledger; .*gitorch host remove desk"
    ) as caught:
        member(tmp_path / "remote.git", "copy", joins="desk")
    assert caught.value.hint == "gitorch host join --name desk-2"
    assert join(desk, "desk")[1] == desk.ledger.state(None).board.hosts["desk"]


def test_hosts_tell_each_other_their_labels(tmp_path, desk):
    attic, (_, key) = member(tmp_path / "remote.git", "attic")
    add(desk, "attic", key)
    save_offer(attic, Offer(("fast", "gpu"), 2))
    assert Repository(attic.root, ENV).host.host == "attic"
    for _ in range(2):
        announce_labels(attic)
    desk.ledger.refresh()
    assert [(host.name, host.labels) for host in hosts(desk)] == [("attic", ("fast", "gpu")), ("desk", ())]
    assert git(desk.root, "rev-list", "--count", "gitorch/ledger") == "4"


def test_one_user_serves_two_repositories_by_two_clones_that_share_nothing(tmp_path, desk):
    other, (_, key) = member(new_remote(tmp_path / "other"), "desk")
    other.ledger.create(other.host, Moment(1), "L-2")
    add(other, "desk", key)
    save_offer(other, Offer(("gpu",), 1))
    announce_labels(other)
    assert desk.ledger.state(None).board.hosts["desk"] != key
    assert (own_offer(desk), desk.ledger.state(None).board.labels) == (Offer(), {})
    assert len({socket_name(common_dir(one.root)) for one in (desk, other)}) == 2
    assert desk.ledger.verify().faults == other.ledger.verify().faults == ()
