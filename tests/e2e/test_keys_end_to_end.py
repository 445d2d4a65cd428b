"""A person at a terminal makes a key with `init`, and signs an approval with it; whoever lacks the passphrase cannot (K3, K4)."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from at_terminal import AtTerminal
from house import GITORCH, House, house

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.tmux, pytest.mark.slow]  # quick: tests/app/test_keys.py, tests/world/test_ssh_keys.py

PASSPHRASE = "open sesame"


@dataclass
class Told:
    """What each step said."""

    house: House
    run: str
    init: str
    configuration: str
    refused: tuple[int, str, bool]
    """Exit status and words of an approval with a wrong passphrase, and whether it moved the target."""
    approved: tuple[int, str, bool]


def init(home: House) -> str:
    """Accept the offer of a new key, with a passphrase."""
    with AtTerminal((str(GITORCH), "init"), home.path) as made:
        made.types("Create an SSH key with a passphrase that signs approvals?", "y")
        made.types("passphrase", PASSPHRASE)
        made.types("passphrase", PASSPHRASE)
        assert made.status() == 0, made.said
    return made.said


def start(home: House) -> str:
    """Start a run of one epic that takes only signed approvals, and bring it to its merge report."""
    home.configure()
    path = home.path / "gitorch.yaml"
    path.write_text(path.read_text().replace("unattended: true", "at_least: signed"))
    with AtTerminal((str(GITORCH), "start", home.plan("api"), "--autonomy", "end_only"), home.path) as started:
        started.types("Start this run", "y")
        assert started.status() == 0, started.said
    home.up()
    return str(home.status()["id"])


def sign(home: House, run: str, passphrase: str) -> tuple[int, str, bool]:
    """Approve at a terminal: type the beginning of the digest, then the passphrase."""
    before = home.target()
    digest = home("report", run, "--json").json["report"]["digest"].removeprefix("sha256:")
    with AtTerminal((str(GITORCH), "approve", run), home.path) as approve:
        approve.types("Type these 6 characters", digest[:6])
        approve.types("passphrase", passphrase)
        return approve.status(), approve.said, home.target() != before


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    with pytest.MonkeyPatch.context() as patch, house(tmp_path_factory.mktemp("keys")) as home:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("settings")))  # the key is this person's alone
        said = init(home)
        configuration = (home.path / "gitorch.yaml").read_text(encoding="utf-8")
        run = start(home)
        yield Told(home, run, said, configuration, sign(home, run, "guess"), sign(home, run, PASSPHRASE))


def test_the_key_that_init_made_opens_with_its_passphrase_alone(told: Told) -> None:
    (approver,) = told.house("keys", "list", "--json").json["approvers"]
    assert approver["own"]["guard"] == "passphrase"
    path = Path(approver["own"]["path"])
    opens = {}
    for passphrase in ("", PASSPHRASE):
        words = ("ssh-keygen", "-y", "-P", passphrase, "-f", str(path))
        opens[passphrase] = subprocess.run(words, check=False, capture_output=True).returncode == 0
    assert opens == {"": False, PASSPHRASE: True}
    assert path.stat().st_mode & 0o077 == 0


def test_a_configuration_made_with_a_key_takes_only_signed_approvals(told: Told) -> None:
    assert "A program running under your account could imitate a typed approval." in told.init
    assert "  at_least: signed " in told.configuration


def test_a_wrong_passphrase_approves_nothing(told: Told) -> None:
    status, said, moved = told.refused
    assert (status, moved) == (1, False)
    assert "signed nothing" in said
    assert "incorrect passphrase" in said


def test_the_passphrase_signs_the_approval_and_the_merge_follows(told: Told) -> None:
    status, said, moved = told.approved
    assert (status, moved) == (0, True), said
    (approval,) = told.house.records("merge-approved")
    assert approval["proof"].startswith("signed:")
    assert "Approvals of merges by what proves them: 1 signed." in told.house("verify").out
    assert f"approved by {approval['_actor']['name']} (signed by " in said
