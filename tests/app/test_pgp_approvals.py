"""Forges that sign their merges by OpenPGP: real gpg in a home of its own makes the keys and signatures."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from forge import make_key, signers_line

sys.path.insert(0, str(Path(__file__).parent))
from proposal_yard import another_clone, opened, waiting

from gitorch.app.people.signing import unsigned
from gitorch.app.query.recipe import recipe
from gitorch.model.work.proposal import APPROVALS
from gitorch.text.records.signed_commit import parse_signed
from gitorch.world.git.signatures import SshSignatures

if shutil.which("gpg") is None:
    pytest.skip("gpg is not installed", allow_module_level=True)

TEXT = "tree 1\n\nMerge\n"


class Gpg:
    """Keys of a forge and of others. The home is short, because the path of a socket may have 107 bytes."""

    def __init__(self, home):
        self.env = {**os.environ, "GNUPGHOME": home}

    def __call__(self, *words, given=""):
        argv = ("gpg", "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "", *words)
        done = subprocess.run(argv, env=self.env, input=given, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def key(self, name, expires="never", *options):
        """The fingerprint of a new key."""
        address = f"{name} <{name}@forge.example>"
        self(*options, "--quick-generate-key", address, "ed25519", "sign", expires)
        listed = self("--with-colons", "--list-keys", address)
        return next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:"))

    def public(self, fingerprint):
        return self("--armor", "--export", fingerprint)

    def sign(self, text, fingerprint, *options):
        return self(*options, "--armor", "--detach-sign", "--local-user", fingerprint, given=text)


@pytest.fixture(scope="module")
def gpg():
    home = tempfile.mkdtemp(prefix="gg-")
    made = Gpg(home)
    yield made
    subprocess.run(("gpgconf", "--kill", "all"), env=made.env, check=False)
    shutil.rmtree(home, ignore_errors=True)


def test_a_signature_counts_for_exactly_its_text_and_by_exactly_the_keys_that_are_named(gpg, tmp_path):
    forge, eve = gpg.key("web"), gpg.key("eve")
    keys, others = gpg.public(forge), gpg.public(eve)
    check = SshSignatures(os.environ).forge_signer
    signature = gpg.sign(TEXT, forge)
    beside = signers_line(make_key(tmp_path / "ssh", "other")) + others + keys
    assert [check(TEXT, signature, named) for named in (keys, beside)] == [forge, forge]
    for text, made, named in (
        (TEXT + ".", signature, keys),
        (TEXT, gpg.sign(TEXT, eve), keys),
        (TEXT, signature, others),
        (TEXT, signature, ""),
        (TEXT, "", keys),
        (TEXT, "-----BEGIN PGP SIGNATURE-----\n\nnone\n-----END PGP SIGNATURE-----\n", keys),
        (TEXT, signature, keys.replace("BLOCK-----\n\n", "BLOCK-----\n\nA")),
    ):
        assert check(text, made, named) == "", (text, named[:40])


def test_a_key_that_has_expired_signs_nothing(gpg):
    key = gpg.key("old", "20200102T000000", "--faked-system-time", "20200101T000000!")
    signature = gpg.sign(TEXT, key, "--faked-system-time", "20200101T000001!")
    assert SshSignatures(os.environ).forge_signer(TEXT, signature, gpg.public(key)) == ""


def merged_by(gpg, key, forge, number):
    """The forge merges a pull request with the signature of an OpenPGP key."""
    ours, theirs = forge.head(APPROVALS), forge.pull(number)["headRefOid"]
    tree = forge.git("merge-tree", "--write-tree", ours, theirs)
    env = {"GNUPGHOME": gpg.env["GNUPGHOME"]}
    for role in ("AUTHOR", "COMMITTER"):
        env |= {f"GIT_{role}_NAME": "web", f"GIT_{role}_EMAIL": "web@forge.example"}
    settings = ("-c", "gpg.format=openpgp", "-c", f"user.signingKey={key}")
    commit = forge.git(*settings, "commit-tree", "-S", tree, "-p", ours, "-p", theirs, "-m", "Merge", env=env)
    forge.force(APPROVALS, commit)
    return commit


@pytest.mark.slow
def test_a_merge_that_a_forge_signed_by_openpgp_approves_and_the_recipe_agrees(repo, forge, gpg, tmp_path):
    web, eve = gpg.key("forge"), gpg.key("mallory")
    yard = waiting(repo("some place").path, forge, forge_keys=gpg.public(web))
    number = opened(yard, forge)
    before = forge.head(APPROVALS)
    merged_by(gpg, eve, forge, number)
    yard.settle()
    (question,) = [q for q in yard.open() if q.trigger.startswith("proposal:")]
    assert "is signed by a key that run play-0001 did not begin with" in question.happened
    forge.force(APPROVALS, before)
    merge = merged_by(gpg, web, forge, number)
    yard.reopen()
    run = yard.settle()
    assert (str(run.phase), run.approval.proof) == ("completed", f"forge:{web}")
    assert parse_signed(yard.services.git.commit_body(merge)).signature.startswith("-----BEGIN PGP SIGNATURE-----")
    other = another_clone(forge, tmp_path / "other")
    assert list(unsigned(other.services, other.services.ledger.verified(run.id))) == []
    script = tmp_path / "recipe.sh"
    script.write_text(recipe(other.services, other.run))
    said = other.git("-c", f"alias.run=!sh {script}", "run")
    assert "ok: signature" in said
    assert "WRONG" not in said
