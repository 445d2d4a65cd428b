"""A merge that must be signed and is pushed, typed as a user types it: what is refused, what arrives, what others can check."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from at_terminal import AtTerminal
from house import GITORCH, House, house

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.tmux, pytest.mark.slow]  # quick: tests/app/test_signed_approvals.py, tests/app/test_pushes.py

SHARED = """
push: {remote: origin, ledger: true}
approval: {at_least: signed, allowed_signers: .signers}
"""


def key(folder: Path, name: str) -> Path:
    made = folder / name
    words = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(made))
    subprocess.run(words, check=True, capture_output=True)
    return made.with_suffix(".pub")


def approve(home: House, status: int) -> str:
    """What `gitorch approve` says at a terminal to somebody who types the beginning of the digest."""
    digest = home("report", "--json").json["report"]["digest"].removeprefix("sha256:")
    with AtTerminal((str(GITORCH), "approve"), home.path) as program:
        program.types("Type these 6 characters", digest[:6])
        assert program.status() == status, program.said
    return " ".join(program.said.split())


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A run that waits for a signed approval, in a clone of `origin`."""
    folder = tmp_path_factory.mktemp("shared")
    with house(folder) as home:
        home.repo.git("init", "-q", "--bare", str(folder / "origin.git"))
        home.repo.git("remote", "add", "origin", str(folder / "origin.git"))
        home.repo.git("push", "-q", "origin", "main")
        home.configure()
        path = home.path / "gitorch.yaml"
        path.write_text(path.read_text().replace("approval: {unattended: true}\n", "") + SHARED)
        yield home


def test_it_is_signed_pushed_and_checked_by_others(shared: House, tmp_path: Path) -> None:
    home = shared
    plan = home.plan("api")
    assert "there is no key that may sign them" in home("start", plan, "--yes", status=6).err
    ada = key(tmp_path, "ada")
    home.repo.write({".signers": f"ada@example.invalid {ada.read_text()}"})
    assert "signed with one of 1 SSH key" in home("check", plan).out
    home("start", plan, "--yes")
    home.up()
    target = home.target()

    assert "takes no unattended approval" in home("approve", "--yes", status=5).err
    assert "none of your keys" in approve(home, status=5)
    home.repo.git("config", "user.signingKey", str(key(tmp_path, "eve")))
    assert "none of your keys" in approve(home, status=5)
    assert home.target() == target
    home.repo.git("config", "user.signingKey", str(ada))
    hook = home.path.parent / "origin.git/hooks/update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho ask the release manager >&2\nexit 1\n")
    hook.chmod(0o755)
    said = approve(home, status=0)
    assert f"Merged locally: main is now {home.target()[:12]}, but the push to origin failed." in said
    assert "ask the release manager" in home("inbox").out
    hook.unlink()
    home("answer", home.question(kind="escalation"), "retry")
    home.up(status=0)
    assert home.repo.git("ls-remote", "origin", "refs/heads/main").split()[0] == home.target() != target
    assert "pushed to origin" in home("status").out

    assert "does not have the newest records yet: gitorch sync origin" in home("verify", "--remote", "origin").out
    assert "origin now has this clone's ledger" in home("sync").out
    assert "warning" not in home("verify", "--remote", "origin").out
    assert home.repo.git("ls-remote", "origin", "refs/heads/gitorch/ledger").split()[0] == home.tip()
    assert home("sync").out.startswith("origin and this clone have the same ledger")
    assert home("sync", "nowhere", status=3).err.startswith("gitorch: there is no remote nowhere, only origin")

    forged = home.repo.git("commit-tree", f"{home.tip()}^{{tree}}", "-m", "another history")
    home.repo.git("push", "-q", "--force", "origin", f"{forged}:refs/heads/gitorch/ledger")
    assert "The ledger at origin was forced back" in home("verify", "--remote", "origin", status=7).err
    assert "The ledger at origin was forced back" in home("sync", status=7).err

    another = home.repo.git("commit-tree", f"{home.tip()}^{{tree}}", "-p", home.tip(), "-m", "another history")
    home.repo.git("push", "-q", "--force", "origin", f"{another}:refs/heads/gitorch/ledger")
    home("cleanup", "--yes")
    assert "holds another history" in home("verify", "--remote", "origin", status=7).err
    assert "never merged" in home("sync", status=4).err
