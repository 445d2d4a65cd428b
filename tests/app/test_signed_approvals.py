"""Approvals that must be signed: by a key that the run began with, over exactly what is merged, checked again at the merge."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
from fakes.world import altered
from merge_yard import CALLER, Yard
from play import HUMAN, RUN
from security_key import SecurityKey

from gitorch.app.executing.execute import execute
from gitorch.app.people import decisions, keys, signing
from gitorch.app.query.recipe import recipe
from gitorch.app.reconciler.merging import merge_branches
from gitorch.app.reconciler.tick import tick
from gitorch.app.work import recovery
from gitorch.errors import Corrupt, Denied, Failed
from gitorch.model import commands, events
from gitorch.model.plans.approval import Grade
from gitorch.model.plans.config import Config
from gitorch.model.values import replace
from gitorch.rules.views.approval import NAMESPACE
from gitorch.world.git.signatures import SshSignatures

if TYPE_CHECKING:
    from collections.abc import Callable

    from repository import Repository

ONE = {"api": {"api.txt": "api\n"}}


def key(folder: Path, name: str) -> Path:
    """A key without a passphrase; its public half."""
    folder.mkdir(exist_ok=True)
    words = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(folder / name))
    subprocess.run(words, check=True, capture_output=True)
    return folder / f"{name}.pub"


def allowed(public: Path, name: str) -> str:
    return f"{name} {' '.join(public.read_text().split()[:2])}\n"


@pytest.fixture
def yard(repo: Callable[[str], Repository], tmp_path: Path) -> Yard:
    """A run that waits for an approval signed by ada."""
    made = Yard(repo("some place").path)
    ada = key(tmp_path / "my keys", "ada")
    made.git("config", "user.signingKey", str(ada))
    made.begin(ONE, approval_at_least=Grade.SIGNED, approval_signers=allowed(ada, "ada@example.invalid"))
    made.settle()
    return made


def test_a_key_without_a_passphrase_signs_nothing_that_nobody_was_asked_about(yard):
    with pytest.raises(Denied, match="takes no unattended approval"):
        decisions.approve(yard.services, CALLER, yard.run, yard.run.report.digest, "unattended")
    assert (yard.run.approval, yard.run.merged) == (None, None)


def test_a_signed_approval_merges_and_can_be_checked_with_ssh_alone(yard, tmp_path):
    assert str(yard.approve().phase) == "completed"
    record = next(
        w.record for w in yard.services.ledger.records(RUN) if isinstance(w.record.event, events.MergeApproved)
    )
    assert record.event.proof == "signed:ada@example.invalid"
    files = {ref.name: yard.services.ledger.file(RUN, ref.sha256) for ref in record.files}
    for line in (f"run: {RUN}", f"report: {record.event.digest}", f"target: main at {record.event.target_commit}"):
        assert line in files["approval.txt"].decode().splitlines()
    (tmp_path / "sig").write_bytes(files["approval.sig"])
    (tmp_path / "allowed").write_text(yard.run.settings.approval_signers)
    words = ("-n", NAMESPACE, "-I", "ada@example.invalid", "-f", str(tmp_path / "allowed"), "-s", str(tmp_path / "sig"))
    subprocess.run(("ssh-keygen", "-Y", "verify", *words), input=files["approval.txt"], check=True, capture_output=True)
    assert list(signing.unsigned(yard.services, yard.services.ledger.verified(RUN))) == []


def test_without_a_key_or_with_one_that_is_not_allowed_nothing_is_approved(yard, tmp_path):
    target = yard.head()
    yard.git("config", "user.signingKey", str(key(tmp_path / "other", "eve")))
    with pytest.raises(Denied, match=r"none of your keys .* is among those that this run began with"):
        yard.approve()
    yard.git("config", "--unset", "user.signingKey")
    with pytest.raises(Denied, match="none of your keys"):
        yard.approve()
    with pytest.raises(Denied, match="needs an approval of grade signed at least; this one is typed"):
        execute(yard.services, RUN, HUMAN, commands.ApproveMerge(yard.run.report.digest, "typed"))
    assert (yard.head(), yard.run.approval) == (target, None)


def test_a_key_that_cannot_sign_says_why(yard, tmp_path):
    yard.git("config", "user.signingKey", "no/such/key.pub")
    with pytest.raises(Denied, match="none of your keys"):
        yard.approve()
    ada = tmp_path / "my keys" / "ada"
    yard.git("config", "user.signingKey", str(ada))
    ada.write_text("no key\n")
    with pytest.raises(Failed, match="ada signed nothing: "):
        yard.approve()


@pytest.mark.each(3)
@pytest.mark.parametrize("forgery", ["nothing", "garbage", "another report's"])
def test_a_forged_approval_is_corrupt_at_the_merge_and_recover_withdraws_it(yard, forgery):
    report = yard.run.report
    files = {}
    if forgery == "garbage":
        files = {"approval.sig": b"-----BEGIN SSH SIGNATURE-----\nU1NI\n-----END SSH SIGNATURE-----\n"}
    if forgery == "another report's":
        files = dict(signing.sign(yard.services, yard.run, replace(report, digest="sha256:" + "0" * 64)).files)
    target = yard.head()
    forged = commands.ApproveMerge(report.digest, "typed", signer="ada@example.invalid")
    execute(yard.services, RUN, HUMAN, forged, {events.MergeApproved: files})
    with pytest.raises(Corrupt, match=r"The approval in record \d+ is not signed by a key that run") as caught:
        merge_branches(yard.services, yard.run, None)
    assert (caught.value.exit_status, caught.value.hint) == (7, f"gitorch recover {RUN}")
    assert isinstance(tick(yard.services, RUN).corrupt, Corrupt), "the loop ends with it"
    assert (yard.head(), yard.run.merged) == (target, None)
    assert [fault.message for fault in signing.unsigned(yard.services, yard.services.ledger.verified(RUN))]
    (found,) = recovery.propose(yard.services, RUN)[1]
    assert (found.remedy.found, found.remedy.command) == (caught.value.message, f"gitorch recover {RUN} --apply")
    assert recovery.apply(yard.services, CALLER, RUN, "")[1][0].done
    assert yard.settle().approval is None
    assert str(yard.approve().phase) == "completed", "a true one still counts"
    assert recovery.propose(yard.services, RUN)[1] == ()


class Hardware(SshSignatures):
    """A security key in software signs in the place of one that is plugged in."""

    plugged: SecurityKey

    def sign(self, text: str, key: str, namespace: str) -> str:
        assert key == f"key::{self.plugged.public}"
        return self.plugged.sign(text, namespace)


@pytest.fixture
def hardware_yard(repo: Callable[[str], Repository]) -> Yard:
    """A run that waits for an approval signed with ada's security key, which is touched."""
    made = Yard(repo("some place").path)
    key = SecurityKey(b"ada's", touched=True)
    made.git("config", "user.signingKey", f"key::{key.public}")
    made.begin(ONE, approval_at_least=Grade.SIGNED, approval_signers=f"ada {key.public}\n")
    made.settle()
    plug_in(made, touched=True)
    return made


def plug_in(yard: Yard, *, touched: bool) -> None:
    hardware = Hardware(dict(os.environ))
    hardware.plugged = SecurityKey(b"ada's", touched=touched)
    yard.services = altered(yard.services, signatures=hardware)


@pytest.mark.slow  # quick: tests/world/test_ssh_keys.py
def test_a_security_key_approves_with_a_touch_and_not_without_and_a_stranger_sees_which(hardware_yard, tmp_path):
    target = hardware_yard.head()
    plug_in(hardware_yard, touched=False)
    with pytest.raises(Denied, match="signs without a touch, so that any program of yours could have"):
        hardware_yard.approve()
    assert (hardware_yard.head(), hardware_yard.run.approval) == (target, None)
    plug_in(hardware_yard, touched=True)
    assert str(hardware_yard.approve().phase) == "completed"
    assert list(signing.unsigned(hardware_yard.services, hardware_yard.services.ledger.verified(RUN))) == []

    script = recipe(hardware_yard.services, hardware_yard.run)
    assert "ok: the security key was touched" in steps_of(script, hardware_yard.path)
    untouched = tmp_path / "untouched"
    untouched.write_text(SecurityKey(b"ada's", touched=False).sign("text", NAMESPACE))
    replaced = re.sub(r'attached \w+ > "\$folder/signature"', f'cat {untouched} > "$folder/signature"', script)
    assert "WRONG: the security key was touched: 0 is not 1" in steps_of(replaced, hardware_yard.path)


def steps_of(script: str, folder: Path) -> list[str]:
    done = subprocess.run(("sh",), input=script, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_an_approval_that_a_program_had_a_security_key_sign_untouched_merges_nothing(hardware_yard):
    report, target = hardware_yard.run.report, hardware_yard.head()
    text = signing.sign(hardware_yard.services, hardware_yard.run, report).files["approval.txt"].decode()
    signature = SecurityKey(b"ada's", touched=False).sign(text, NAMESPACE)
    files = {"approval.txt": text.encode(), "approval.sig": signature.encode()}
    forged = commands.ApproveMerge(report.digest, "typed", signer="ada")
    execute(hardware_yard.services, RUN, HUMAN, forged, {events.MergeApproved: files})
    with pytest.raises(Corrupt, match=r"The approval in record \d+ is not signed"):
        merge_branches(hardware_yard.services, hardware_yard.run, None)
    assert hardware_yard.head() == target


def test_later_changes_of_the_keys_do_not_affect_the_run(yard, tmp_path):
    yard.git("config", "user.signingKey", str(key(tmp_path / "other", "eve")))
    yard.git("config", "gpg.ssh.allowedSignersFile", str(tmp_path / "signers"))
    (tmp_path / "signers").write_text(allowed(tmp_path / "other/eve.pub", "ada@example.invalid"))
    with pytest.raises(Denied):
        yard.approve()


def test_the_keys_are_read_from_the_configured_file_or_from_gits(yard, tmp_path):
    assert keys.allowed_signers(yard.services) == ""
    (tmp_path / "signers").write_text("# people\n\nada@example.invalid ssh-ed25519 AAAA\n")
    yard.git("config", "gpg.ssh.allowedSignersFile", str(tmp_path / "signers"))
    assert keys.allowed_signers(yard.services) == "ada@example.invalid ssh-ed25519 AAAA\n"
    (yard.path / "gitorch-approvers").write_text("bob ssh-ed25519 CCCC\n")
    assert keys.allowed_signers(yard.services) == "bob ssh-ed25519 CCCC\n"
    own = altered(yard.services, config=Config(approval_signers="keys of ours"))
    assert keys.allowed_signers(own) == ""
    (yard.path / "keys of ours").write_text("eve ssh-ed25519 BBBB\n")
    assert keys.allowed_signers(own) == "eve ssh-ed25519 BBBB\n"


def test_a_signature_counts_for_its_text_its_purpose_and_its_key_only(tmp_path):
    ssh, mine, eve = SshSignatures(dict(os.environ)), key(tmp_path / "a", "ada"), key(tmp_path / "b", "eve")
    keys = allowed(mine, "ada")
    made = ssh.sign("yes\n", str(mine).removesuffix(".pub"), NAMESPACE)
    assert ssh.signer("yes\n", made, keys, NAMESPACE) == "ada"
    assert ssh.signer("yes.\n", made, keys, NAMESPACE) == ""
    assert ssh.signer("yes\n", ssh.sign("yes\n", str(mine), "git"), keys, NAMESPACE) == ""
    assert ssh.signer("yes\n", ssh.sign("yes\n", str(eve), NAMESPACE), keys, NAMESPACE) == ""
    assert ssh.signer("yes\n", made, allowed(eve, "ada"), NAMESPACE) == ""
    assert ssh.signer("yes\n", "", keys, NAMESPACE) == ""


def test_an_agent_is_refused_before_anything_is_signed(yard):
    agent = replace(CALLER, actor=replace(HUMAN, kind="agent", session="s1"))
    with pytest.raises(Denied):
        decisions.approve(yard.services, agent, yard.run, yard.run.report.digest, "typed")
    assert yard.run.approval is None
