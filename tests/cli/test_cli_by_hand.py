"""What a person types by hand while the remote that hosts share is away, and what they read once it is back."""

from __future__ import annotations

import json

import cli_stage
import pytest
from cli_memory import START, MemoryLedger, MemorySecrets
from cli_stage import UNATTENDED, Stage
from fakes.world import FakeOutboxes

from gitorch.errors import Away
from gitorch.model.ids import Moment
from gitorch.model.values import replace
from gitorch.ports.commits import LastContact

WHY = "Kept, since origin cannot be reached: no route. It is decided once the remote answers, with the answer in "


class RemoteLedger(MemoryLedger):
    """A ledger that hosts share, whose remote can be away."""

    is_shared = True
    is_away = False

    def last_contact(self):
        return LastContact("origin", self.tip(), Moment(START))

    def append(self, run, actor, at, decide):
        if self.is_away:
            raise Away("origin cannot be reached: no route.\nmore", "git ls-remote origin")
        return super().append(run, actor, at, decide)


@pytest.fixture
def stage(tmp_path, monkeypatch):
    held, secrets = FakeOutboxes(), MemorySecrets()
    monkeypatch.setattr("fakes.world.FakeOutboxes", lambda: held)  # a stage makes its services for each call
    monkeypatch.setattr(cli_stage, "MemorySecrets", lambda: secrets)
    made = Stage(folder=tmp_path, ledger=RemoteLedger())
    return made.begin_run({"api": (), "ui": ()}, replace(UNATTENDED, test_command="", manual=True))


def test_each_verb_of_manual_work_is_kept_and_told_of_by_the_next_one_that_reaches_the_remote(stage):
    assert stage.gitorch("claim", "api").status == 0
    stage.ledger.is_away = True
    typed = (
        ("claim", "ui"),
        ("heartbeat", "--job", "api"),
        ("handoff", "DONE", "--summary", "x", "--job", "api"),
        ("release", "--job", "api"),
    )
    for words in typed:
        answer = stage.gitorch(*words)
        assert (answer.status, answer.out[: len(WHY)]) == (0, WHY), words
    kept = json.loads(stage.gitorch("claim", "ui", "--json").out)["kept"]
    assert kept.startswith(f"{stage.services.home}/.gitorch/outbox/claim-")
    assert stage.run.jobs["ui"].phase == "queued"
    stage.ledger.is_away = False
    lines = stage.gitorch("heartbeat", "--job", "api").out.splitlines()
    told = [line.partition(", kept while the remote was away: ") for line in lines[:5]]
    assert [what for what, _, _ in told] == ["claim ui", "heartbeat api", "handoff api", "release api", "claim ui"]
    assert stage.run.jobs["ui"].phase == "running"


def test_what_is_claimed_later_is_said_before_the_verb_that_was_typed(stage):
    stage.ledger.is_away = True
    assert stage.gitorch("claim", "api").status == 0
    stage.ledger.is_away = False
    answer = stage.gitorch("claim", "api")
    assert answer.out.startswith("claim api, kept while the remote was away: api is yours in ")
    assert (answer.status, "api is running and cannot be claimed now" in answer.err) == (4, True)


def test_a_ledger_of_one_clone_keeps_nothing(stage):
    stage.ledger.is_shared = False
    stage.ledger.is_away = True
    answer = stage.gitorch("claim", "api")
    assert (answer.status, answer.out) == (8, "")
    assert stage.services.outboxes.waiting(stage.services.home) == ()


def test_an_error_of_another_kind_is_no_reason_to_keep_a_verb(stage):
    answer = stage.gitorch("claim", "nothing")
    assert answer.status == 3
    assert stage.services.outboxes.waiting(stage.services.home) == ()
