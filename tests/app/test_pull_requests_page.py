"""docs/pull-requests.md, followed word for word: its blocks are typed in a clone of the tests' forge, and a person merges."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from proposal_yard import BRANCH, ONE, RUN, Yard

from gitorch.app.people.keys import forge_keys
from gitorch.model import events
from gitorch.model.plans.approval import Grade
from gitorch.model.work.proposal import APPROVALS

PAGE = Path(__file__).parents[2] / "docs/pull-requests.md"
BLOCK = re.compile(r"<!-- follow: (\w+) -->\n```sh\n(.*?)```", re.DOTALL)
BIN = Path(sys.executable).parent


def typed(folder: Path, block: str) -> str:
    """What a block of the page prints, typed at a terminal of a person; each command has to succeed."""
    path = f"{BIN}:{os.environ['PATH']}"
    words = ("sh", "-e", "-c", block)
    done = subprocess.run(
        words, cwd=folder, env={**os.environ, "PATH": path}, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.slow
def test_the_page_is_followed_word_for_word_from_the_key_to_the_merge(repo, forge, tmp_path):
    blocks = dict(BLOCK.findall(PAGE.read_text(encoding="utf-8")))
    assert list(blocks) == ["keys", "settings", "propose", "merge"]
    yard = Yard(repo("some place").path)
    yard.git("remote", "add", "origin", forge.address)
    (yard.path / "gitorch.yaml").write_text("{}\n")
    yard.commit({"gitorch.yaml": "lanes: {implementer: {runtime: claude}}\n"})
    (yard.path / "forge-key.pub").write_text(forge.key.with_suffix(".pub").read_text())
    typed(yard.path, blocks["keys"])
    typed(yard.path, blocks["settings"])
    yard.reopen()
    config = yard.services.config
    assert (config.push_remote, config.push_ledger, config.approval_at_least) == ("origin", True, Grade.FORGE)
    yard.git("add", "-A")
    yard.git("commit", "-qm", "Configure gitorch")
    yard.git("push", "-q", "origin", "main")
    keys = forge_keys(yard.services)
    assert keys == forge.signers
    yard.begin(ONE, push_remote="origin", push_ledger=True, forge_keys=keys, approval_at_least=Grade.FORGE)
    yard.settle()

    assert f"{BRANCH} at origin, to be merged into {APPROVALS}" in typed(yard.path, blocks["propose"])
    forge.protect(f"refs/heads/{APPROVALS}")
    forge.merge(forge.open(BRANCH, APPROVALS, "Approve")["number"])

    subprocess.run(("git", "clone", "-q", forge.address, str(tmp_path / "other")), check=True, capture_output=True)
    said = typed(tmp_path / "other", blocks["merge"])
    assert "Approvals of merges by what proves them: 1 forge." in said
    other = Yard(tmp_path / "other")
    assert str(other.run.phase) == "completed"
    assert forge.git("show", "main:api.txt") == "api"
    assert len(other.events(events.MergeApprovedAtForge)) == 1
    assert RUN in typed(tmp_path / "other", f"gitorch verify --recipe {RUN}")
