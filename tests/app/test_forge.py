"""The tests' own forge does over HTTP what forges do: protected branches, pull requests by push, merges that it signs."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from typing import TYPE_CHECKING

import pytest
from forge import EMAIL, make_key, signers_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from forge import Forge
    from repository import Repository


@pytest.fixture
def clone(repo: Callable[[str], Repository], forge: Forge) -> Repository:
    """A repository with a branch `work`, whose `main` the forge has."""
    made = repo("clone")
    made.git("remote", "add", "origin", forge.address)
    made.git("push", "-q", "origin", "main")
    made.git("checkout", "-q", "-b", "work")
    made.commit({"work.txt": "work\n"})
    return made


def pushed(clone: Repository, *words: str) -> str:
    """What a push printed, with its exit status at the end."""
    done = subprocess.run(("git", "push", *words), cwd=clone.path, text=True, capture_output=True, check=False)
    return f"{done.stderr}{done.returncode}"


def test_a_protected_branch_moves_by_a_pull_request_only(forge, clone):
    forge.protect("refs/heads/main")
    assert "refs/heads/main is protected: open a pull request" in pushed(clone, "origin", "work:main")
    assert forge.head("main") == clone.git("rev-parse", "main")
    assert pushed(clone, "-q", "origin", "work") == "0"
    pull = forge.open("work", "main", "Work")
    assert forge.head("refs/pull/1/head") == clone.git("rev-parse", "work")
    merged = forge.merge(pull["number"])
    clone.git("fetch", "-q", "origin")
    assert clone.git("rev-parse", "origin/main^2") == clone.git("rev-parse", "work")
    assert (forge.head("main"), forge.pull(1)["state"]) == (merged, "MERGED")


def test_a_kept_branch_is_neither_moved_back_nor_deleted(forge, clone):
    pushed(clone, "-q", "origin", "work:gitorch/ledger")
    assert "never moved back" in pushed(clone, "-f", "origin", "main:gitorch/ledger")
    assert "never deleted" in pushed(clone, "origin", ":gitorch/ledger")
    assert forge.head("gitorch/ledger") == clone.git("rev-parse", "work")


def test_push_options_of_gitlab_and_refs_of_gitea_open_a_pull_request(forge, clone):
    options = ("-o", "merge_request.create", "-o", "merge_request.target=main")
    assert f"{forge.address.removesuffix('.git')}/pulls/1" in pushed(clone, *options, "origin", "work")
    assert "/pulls/2" in pushed(clone, "-o", "topic=work", "-o", "title=Work", "origin", "work:refs/for/main")
    first, second = forge.pulls()
    assert (first["head"], first["base"]) == ("work", "main")
    assert (second["topic"], second["title"], second["base"]) == ("work", "Work", "main")
    assert forge.head("refs/pull/2/head") == clone.git("rev-parse", "work")


def test_merges_and_squashes_are_signed_and_rebases_are_not(forge, clone, tmp_path):
    main = forge.head("main") or clone.git("rev-parse", "main")
    pushed(clone, "-q", "origin", "work")
    (tmp_path / "signers").write_text(forge.signers)
    (tmp_path / "others").write_text(signers_line(make_key(tmp_path / "other", "eve")))
    for how, signer in (("merge", EMAIL), ("squash", EMAIL), ("rebase", "")):
        forge.force("main", main)
        commit = forge.merge(forge.open("work", "main", "Work")["number"], how)
        clone.git("fetch", "-q", "origin")
        assert clone.git("show", f"{commit}:work.txt") == "work"
        assert _signer(clone, commit, tmp_path / "signers") == signer
        assert _signer(clone, commit, tmp_path / "others") == ""


def _signer(clone: Repository, commit: str, signers: Path) -> str:
    words = ("git", "-c", f"gpg.ssh.allowedSignersFile={signers}", "verify-commit", commit)
    done = subprocess.run(words, cwd=clone.path, text=True, capture_output=True, check=False)
    return EMAIL if done.returncode == 0 and f"for {EMAIL}" in done.stderr else ""


def test_the_api_opens_and_merges_and_an_absent_forge_refuses_everything(forge, clone):
    pushed(clone, "-q", "origin", "work")
    root = forge.address.removesuffix("/ann/project.git")
    body = json.dumps({"title": "Work", "head": "work", "base": "main"}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{root}/api/pulls", body)) as found:
        assert json.load(found)["number"] == 1
    merge = urllib.request.Request(f"{root}/api/pulls/1/merge", b"{}", method="PUT")
    with urllib.request.urlopen(merge) as found:
        assert json.load(found)["sha"] == forge.head("main")
    forge.is_away = True
    assert "503" in pushed(clone, "origin", "work")
