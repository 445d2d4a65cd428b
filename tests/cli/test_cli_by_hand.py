"""What a person types by hand while the remote that hosts share is away, and what they read once it is back."""

from __future__ import annotations

import json

import cli_stage
import pytest
from cli_memory import START, MemoryLedger, MemorySecrets, commit
from cli_stage import UNATTENDED, Stage
from fakes.world import FakeOutboxes

from gitorch.app.executing.execute import Caller
from gitorch.cli.call import Streams
from gitorch.errors import Away
from gitorch.model.ids import JobId, Moment
from gitorch.model.record import Actor, ActorKind
from gitorch.model.values import replace
from gitorch.ports.commits import LastContact

WHY = (
    "Kept, since origin cannot be reached: no route. Once the remote answers, gitorch sync asks you about it; the answer "
    "will be in "
)
TERMINAL = Streams(asks=True, draws=True, columns=80, lines=24, controls=True)
OPERATOR = Actor(ActorKind.OPERATOR, "ci", "desk")


class RemoteLedger(MemoryLedger):
    """A ledger that hosts share, whose remote can be away."""

    is_shared = True
    is_away = False

    def last_contact(self):
        return LastContact("origin", self.tip(), Moment(START))

    def refresh(self):
        if self.is_away:
            raise Away("origin cannot be reached: no route", "git ls-remote origin")

    def append(self, run, actor, at, decide):
        if self.is_away:
            raise Away("origin cannot be reached: no route.\nmore", "git ls-remote origin")
        return super().append(run, actor, at, decide)


@pytest.fixture
def shared(tmp_path, monkeypatch):
    """A clone whose ledger hosts share, without a run."""
    held, secrets = FakeOutboxes(), MemorySecrets()
    monkeypatch.setattr("fakes.world.FakeOutboxes", lambda: held)  # a stage makes its services for each call
    monkeypatch.setattr(cli_stage, "MemorySecrets", lambda: secrets)
    return Stage(folder=tmp_path, ledger=RemoteLedger())


@pytest.fixture
def stage(shared):
    return shared.begin_run({"api": (), "ui": ()}, replace(UNATTENDED, test_command="", manual=True))


@pytest.mark.parametrize(
    ("words", "fetches"),
    [
        (("claim", "api"), 1),
        (("pause",), 1),
        (("reject", "--note", "no"), 1),
        (("status",), 0),
        (("why", "api"), 0),
        (("inbox",), 0),
    ],
)
def test_verbs_that_change_a_run_first_fetch_what_other_hosts_began(stage, monkeypatch, words, fetches):
    asked = []
    monkeypatch.setattr(RemoteLedger, "refresh", lambda _: asked.append("origin"))
    stage.gitorch(*words)
    assert asked[:1] == ["origin"] * fetches


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
    stage.streams = TERMINAL
    _, _, said = stage.gitorch("heartbeat", "--job", "api", typed="y\n").out.partition("[y/N]: ")
    told = [line.partition(", kept while the remote was away: ") for line in said.splitlines()[:5]]
    assert [what for what, _, _ in told] == ["claim ui", "heartbeat api", "handoff api", "release api", "claim ui"]
    assert stage.run.jobs["ui"].phase == "running"


def kept_claim(stage):
    """A claim of api is kept, and the remote answers again."""
    stage.ledger.is_away = True
    assert stage.gitorch("claim", "api").status == 0
    stage.ledger.is_away = False


def test_what_was_kept_is_shown_and_asked_about_before_it_counts(stage):
    kept_claim(stage)
    stage.streams = TERMINAL
    answer = stage.gitorch("claim", "api", typed="y\n")
    asked, _, said = answer.out.partition("Did you type all of this, and shall it be carried out now? [y/N]: ")
    assert asked == f"While the remote was away, 1 command waited for it:\n  claim api ({stage.run.id}, 1 s ago)\n"
    assert said.startswith("claim api, kept while the remote was away: api is yours in ")
    assert (answer.status, "api is running and cannot be claimed now" in answer.err) == (4, True)


@pytest.mark.parametrize("typed", ["n\n", "\n"])
def test_a_person_who_did_not_type_it_says_no_and_it_waits(stage, typed):
    kept_claim(stage)
    stage.streams = TERMINAL
    answer = stage.gitorch("claim", "ui", typed=typed)
    assert (answer.status, stage.run.jobs["api"].phase, stage.run.jobs["ui"].phase) == (0, "queued", "running")
    assert len(stage.services.outboxes.waiting(stage.services.home)) == 1
    assert (
        "gitorch: commands that were typed while the remote was away wait for you: gitorch sync in a terminal, or gitorch sync --yes"
        in answer.err
    )


@pytest.mark.parametrize("how", [(), ("--json",)])
def test_where_nobody_can_be_asked_nothing_that_was_kept_counts(stage, how):
    kept_claim(stage)
    answer = stage.gitorch("claim", "ui", *how)
    assert (answer.status, stage.run.jobs["api"].phase, stage.run.jobs["ui"].phase) == (4, "queued", "queued")
    assert "gitorch sync --yes" in answer.err + answer.out
    stage.gitorch("sync", *how)
    assert stage.run.jobs["api"].phase == "queued"


def test_a_person_can_agree_beforehand(stage):
    kept_claim(stage)
    assert stage.gitorch("sync", "--yes").out.startswith("claim api, kept while the remote was away: ")
    assert stage.run.jobs["api"].phase == "running"


def test_what_was_kept_goes_on_as_far_as_it_can_without_an_agent(shared):
    """The tests of a report begin after its verb, kept or not: nothing else would begin them in a run by hand."""
    stage = shared.begin_run({"api": ()}, replace(UNATTENDED, test_command="make test", manual=True))
    stage.gitorch("claim", "api")
    branch = stage.run.branch_of(JobId("api"))
    stage.git.tips[branch] = commit("api-1")
    stage.git.follow(branch)
    stage.ledger.is_away = True
    stage.gitorch("handoff", "DONE", "--summary", "x", "--job", "api")
    stage.ledger.is_away = False
    said = stage.gitorch("sync", "--yes").out
    told = "handoff api, kept while the remote was away: api is handed in at {0}.\n  check: api passed at {1} (attempt 1)\n"
    assert said.startswith(told.format(commit("api-1")[:12], commit("api-1")[:7]))
    assert stage.run.jobs["api"].check.outcome == "passed"


def test_an_operator_neither_keeps_nor_decides(stage, monkeypatch):
    """An operator is a program: it can try again, and what is kept could be its own forgery."""
    kept_claim(stage)
    monkeypatch.setattr(Stage, "who", lambda _: Caller(OPERATOR))
    stage.gitorch("sync", "--yes")
    assert stage.run.jobs["api"].phase == "queued"
    assert stage.gitorch("claim", "ui").status == 0
    stage.ledger.is_away = True
    assert stage.gitorch("release", "--job", "ui").status == 8
    assert len(stage.services.outboxes.waiting(stage.services.home)) == 1


def test_what_was_reported_is_shown_in_one_line_whatever_it_holds(stage):
    """A program that forges an entry must not draw further lines that look like commands of the person."""
    stage.gitorch("claim", "api")
    stage.ledger.is_away = True
    stage.gitorch("handoff", "DONE", "--summary", "all \x1b[2J done\n  claim ui (mine)", "--job", "api")
    stage.ledger.is_away = False
    stage.streams = TERMINAL
    out = stage.gitorch("sync", typed="n\n").out
    assert "  handoff api DONE: all " in out
    assert "\n  claim ui" not in out
    assert "\x1b" not in out


@pytest.mark.parametrize("verb", ["status", "inbox"])
def test_the_verbs_of_every_day_say_that_commands_wait(stage, verb):
    kept_claim(stage)
    assert "wait for you: gitorch sync" in stage.gitorch(verb).err


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
