# ruff: noqa: ARG002 stand-ins take what their ports pass
"""What an agent in a sandbox is answered when its entry is refused, and what is tried again later."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))

from cli_stage import RUN, Stage
from fakes.world import FakeClock, FakeOutboxes, FakeRepository, FakeSignatures, altered

from gitorch.app.people import keys
from gitorch.app.start.workflows import write_new
from gitorch.app.work import outbox
from gitorch.app.work.outbox import Sandbox
from gitorch.errors import Busy, NotFound, Refused
from gitorch.model.events import ActionRefused
from gitorch.model.plans.approval import Guard, SigningKey
from gitorch.model.submission import OutboxEntry, ReportText
from gitorch.model.work.review import ReportStatus
from gitorch.text import outbox_entry as entries

REPORT = ReportText(ReportStatus.DONE, "api is done")
WHY = "the folder is read-only"


@pytest.fixture
def stage(tmp_path):
    return Stage(folder=tmp_path).begin_run().launch("api")


def left(stage, token):
    """The repository with an entry in the outbox of the agent's worktree."""
    repository = altered(stage.services, outboxes=FakeOutboxes())
    worktree = repository.paths.worktree(stage.run, stage.run.jobs["api"].session)
    repository.outboxes.post(worktree, "report-1.json", entries.encode(OutboxEntry(RUN, token, "1", REPORT)))
    return repository, worktree


def test_an_entry_with_another_sessions_token_is_denied_and_recorded(stage):
    repository, worktree = left(stage, "token of somebody")
    assert outbox.collect(repository, stage.run)
    answer = entries.read_answer(repository.outboxes.answered(worktree, "report-1.json"))
    assert "carries another token" in answer.message
    event = stage.ledger.written[-1].record.event
    assert (type(event), event.verb) == (ActionRefused, "outbox")


def test_a_denied_verb_that_an_agent_in_a_sandbox_leaves_is_recorded_as_its_own(stage):
    repository, worktree = left(stage, "token of somebody")
    repository.outboxes.entries.clear()
    token = f"token of {stage.run.jobs['api'].session}"
    sandbox = Sandbox(repository.outboxes, FakeClock(), worktree, WHY)
    outbox.leave_denial(sandbox, OutboxEntry(RUN, token, "7", denied="approve"))
    assert outbox.collect(repository, stage.run)
    record = stage.ledger.written[-1].record
    assert (record.event.verb, record.event.code, record.event.job) == ("approve", "denied", "api")
    assert (record.actor.kind, record.actor.session) == ("agent", stage.run.jobs["api"].session)
    answer = entries.read_answer(repository.outboxes.answered(worktree, "denied-7.json"))
    assert "was denied this in its sandbox" in answer.message


def test_an_entry_that_the_ledger_is_too_busy_for_stays(stage):
    repository, worktree = left(stage, f"token of {stage.run.jobs['api'].session}")

    class Crowded(type(stage.ledger)):
        def append(self, *words):
            raise Busy("eight others write")

    crowded = Crowded()
    crowded.__dict__.update(stage.ledger.__dict__)
    with pytest.raises(Busy):
        outbox.collect(altered(repository, ledger=crowded), stage.run)
    assert [entry.name for entry in repository.outboxes.waiting(worktree)] == ["report-1.json"]


def test_the_agents_side_raises_the_error_of_the_answer(tmp_path):
    outboxes = FakeOutboxes()
    outboxes.answers[tmp_path] = {"report-1.json": entries.refused(Refused("the lease has run out", "gitorch brief"))}
    with pytest.raises(Refused, match="the lease has run out"):
        outbox.leave(Sandbox(outboxes, FakeClock(), tmp_path, WHY), OutboxEntry(RUN, "t", "1", REPORT))


def test_an_entry_that_nobody_answers_stays_and_the_sentence_names_its_answer(tmp_path):
    outboxes = FakeOutboxes()
    sentence, recorded = outbox.leave(Sandbox(outboxes, FakeClock(), tmp_path, WHY), OutboxEntry(RUN, "t", "1", REPORT))
    assert (WHY in sentence, ".gitorch/outbox/report-1.answer" in sentence, recorded) == (True, True, ())
    assert len(outboxes.waiting(tmp_path)) == 1


def test_without_a_written_brief_the_reason_is_given(tmp_path):
    with pytest.raises(NotFound, match=rf"there is no brief in .* yet, and {WHY}"):
        outbox.written_brief(Sandbox(FakeOutboxes(), FakeClock(), tmp_path, WHY))


def test_a_file_name_that_the_system_refuses_is_named(tmp_path):
    with pytest.raises(Refused, match=r"x\.yaml cannot be written: file name too long"):
        write_new(tmp_path / ("x" * 300), "x.yaml", "", "gitorch plan new")


def test_a_key_without_a_public_part_is_not_added(tmp_path):
    class Private(FakeSignatures):
        def read_key(self, named):
            return SigningKey("key", "", Guard.NONE)

    with pytest.raises(NotFound, match="key names no public SSH key"):
        keys.add(FakeRepository(tmp_path, signatures=Private()), "key", "ada")
