"""A notification command that fails is shown where people look."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))
from fakes.git import FakeGit
from fakes.ledger import FakeLedger
from fakes.world import FakeFiles, FakeRepository

from gitorch.app.query.notifying import notification_trouble
from gitorch.app.start.doctor import examine
from gitorch.model.plans.config import Config

SOUND = Config(implementer="claude", test_command="make test")


@pytest.mark.parametrize("name", ["failure", "failure.reported"])
def test_a_notification_command_that_failed_is_shown_until_it_works_again(tmp_path, name):
    repository = FakeRepository(tmp_path, config=SOUND, files=FakeFiles(), git=FakeGit(), ledger=FakeLedger())
    assert notification_trouble(repository) == ""
    repository.files.write(repository.home / "notices" / name, b"ntfy exited with 1: refused\n")
    assert notification_trouble(repository) == "ntfy exited with 1: refused"
    (found,) = [check for check in examine(repository) if check.name == "notifications"]
    assert (found.ok, found.text) == (False, "ntfy exited with 1: refused")
