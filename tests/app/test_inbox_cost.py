"""What waits for people is found without a look into runs that ask for nothing (P41)."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))
from cli_memory import MemoryLedger
from cli_stage import HUMAN, RUN, Stage

from gitorch.app.query.runs import all_inbox
from gitorch.model import commands as c
from gitorch.rules.views.inbox import inbox


class Counting(MemoryLedger):
    """Says which runs were looked into."""

    def __init__(self) -> None:
        super().__init__()
        self.looked: list[str] = []

    def state(self, run):
        if run is not None:
            self.looked.append(run)
        return super().state(run)


def staged() -> tuple[Stage, Counting]:
    ledger = Counting()
    return Stage(ledger=ledger).begin_run({"api": (), "ui": ()}).launch("api"), ledger


def test_a_run_without_questions_is_not_loaded() -> None:
    stage, ledger = staged()
    ledger.looked.clear()
    assert all_inbox(stage.services) == ()
    assert ledger.looked == []


def test_a_run_with_a_question_is_loaded() -> None:
    stage, ledger = staged()
    stage.submit_handoff("api", "NEEDS_CONTEXT", questions=("Which name?",))
    ledger.looked.clear()
    assert [row.text for row in all_inbox(stage.services)] == ["Which name?"]
    assert ledger.looked == [RUN]


def test_the_cleanup_question_reads_the_same_without_loading_the_run() -> None:
    stage, ledger = staged()
    stage.do(c.CancelRun("enough"), HUMAN)
    ledger.looked.clear()
    rows = all_inbox(stage.services)
    assert ledger.looked == []
    assert rows == inbox(stage.run)
    assert [row.kind for row in rows] == ["cleanup"]


def test_a_run_that_only_waits_for_cleanup_is_settled_once_its_agents_ended() -> None:
    stage, _ = staged()
    stage.do(c.CancelRun("enough"), HUMAN)
    assert stage.ledger.state(None).board.runs[RUN].settled is False
    stage.do(c.EndSession(next(iter(stage.run.sessions)), "stopped"))
    assert stage.ledger.state(None).board.runs[RUN].settled is True
