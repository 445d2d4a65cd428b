"""Who may approve: the file of allowed signers, read, added to and taken from."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from fakes.world import FakeRepository, FakeSignatures
from merge_yard import Yard
from test_signed_approvals import key

from gitorch.app.people import keys
from gitorch.errors import Denied, Malformed, NotFound, Refused, Usage
from gitorch.model.plans.approval import Guard, SigningKey


@pytest.fixture
def services(repo):
    return Yard(repo("some place").path).services


@pytest.fixture
def ada(services, tmp_path) -> Path:
    return key(tmp_path / "keys", "ada")


def test_an_added_key_may_sign_approvals_and_nothing_else(services, ada):
    added = keys.add(services, str(ada), "ada")
    public = " ".join(ada.read_text().split()[:2])
    assert (services.root / keys.APPROVERS).read_text() == f'ada namespaces="gitorch-approval" {public}\n'
    assert (added.name, added.public, added.own.guard) == ("ada", public, Guard.NONE)
    assert keys.allowed_signers(services) == f'ada namespaces="gitorch-approval" {public}\n'
    with pytest.raises(Refused, match="may approve already"):
        keys.add(services, str(ada), "ada")


def test_a_guarded_key_that_the_person_has_is_offered_before_a_new_one(tmp_path):
    repository = FakeRepository(tmp_path)
    offered = []
    for guards in ([], [Guard.NONE, Guard.AGENT], [Guard.NONE, Guard.PASSPHRASE], [Guard.TOUCH]):
        own = [SigningKey(f"/home/ada/my keys/{guard}", f"ssh-ed25519 {guard}", guard) for guard in guards]
        repository.signatures = FakeSignatures(*own)
        offered.append(keys.adding_command(repository))

    new = "gitorch keys add --new"
    assert offered == [
        new,
        new,
        f"gitorch keys add '/home/ada/my keys/{Guard.PASSPHRASE}'",
        f"gitorch keys add '/home/ada/my keys/{Guard.TOUCH}'",
    ]


@pytest.mark.parametrize("name", ["", "ada lovelace", "a,b", 'a"b', "#a"])
def test_an_approver_name_with_blanks_commas_or_quotes_is_refused(services, ada, name):
    with pytest.raises(Usage, match="cannot name an approver"):
        keys.add(services, str(ada), name)


def test_removing_an_approver_removes_all_of_their_keys_and_no_other(services, ada, tmp_path):
    bob = key(tmp_path / "keys", "bob")
    (services.root / keys.APPROVERS).write_text("# who may approve\n")
    keys.add(services, str(ada), "ada")
    keys.add(services, str(bob), "bob")
    assert [one.name for one in keys.remove(services, "ada")] == ["ada"]
    lines = (services.root / keys.APPROVERS).read_text().splitlines()
    assert (lines[0], [line.split()[0] for line in lines[1:]]) == ("# who may approve", ["bob"])
    with pytest.raises(NotFound, match="ada is not an approver here; there is bob"):
        keys.remove(services, "ada")


def test_a_line_without_a_key_is_malformed(services):
    (services.root / keys.APPROVERS).write_text("ada\n")
    with pytest.raises(Malformed, match="a line without a key"):
        keys.approvers(services)


def test_the_key_to_sign_with_is_one_that_the_run_began_with(services, ada, tmp_path):
    with pytest.raises(Denied, match="none of your keys"):
        keys.key_to_sign_with(services, f"ada {ada.read_text()}")
