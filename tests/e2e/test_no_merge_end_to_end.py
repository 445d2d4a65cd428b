"""Nothing merges without the principal's recorded approval: every verb that could be thought to do it is tried."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from house import House

pytestmark = pytest.mark.tmux

LEDGER = "gitorch/ledger"
OTHER = "sha256:" + "0" * 64
ALONE = (
    ("up --no-wait", 10),
    ("up --once", 0),
    ("approve", 2),
    (f"approve --report {OTHER} --yes", 4),
    ("approve --report 1234 --yes", 2),
    ("approve only --yes", 4),
    ("approve nobody --yes", 3),
    ("answer q1 approve", 4),
    ("answer q1 yes", 4),
    ("answer q1 retry", 4),
    ("answer q1 accept_with_exceptions", 4),
    ("answer q9 approve", 3),
    ("resume", 4),
    ("cleanup --yes", 4),
    ("cleanup --branches --yes", 4),
    ("reject", 2),
    ("reject --note why --rework nobody", 4),
    ("start plan.md --yes --autonomy full_auto", 2),
    ("retry only", 4),
    ("merge", 2),
    ("handoff DONE --summary approved", 5),
    ("verdict accept --commit HEAD --nonce x", 5),
    ("ask approve", 5),
    ("block --by a --clears b", 5),
    ("init", 0),
    ("verify", 0),
)
AS_AGENT = (
    ("approve --yes", 5),
    ("answer q1 approve", 5),
    ("reject --note why", 5),
    ("resume", 5),
    ("cancel", 5),
    ("cleanup --yes", 5),
    ("up --once", 5),
    ("init", 5),
    ("handoff DONE --summary approved", 4),
    ("verdict accept --commit main --nonce x", 5),
)


@pytest.fixture(scope="module")
def waiting(home_of_runs: House) -> House:
    """A run whose merge report waits for the principal."""
    house = home_of_runs
    house.configure(command="[]")
    house.start("only")
    house.up()
    assert house.question(kind="approval") == "q1"
    return house


def session_of(house: House, job: str) -> dict[str, str]:
    """The environment that the job's agent had."""
    (run,) = (house.path / ".git/gitorch/sessions").iterdir()
    (lease,) = house.records("lease-granted", job=job)
    script = (run / lease["session"] / "run.sh").read_text(encoding="utf-8")
    found = dict(re.findall(r"export (GITORCH_(?:RUN|SESSION|JOB|TOKEN|SESSION_KEY))='?([^'\n]*)'?", script))
    assert len(found) == 5
    return found


def approved(house: House) -> str:
    return house.repo.git("log", "--format=%h", "--extended-regexp", "--grep", "Type: (merge-approved|merged)$", LEDGER)


@pytest.mark.parametrize(("words", "status"), ALONE)
def test_no_other_verb_moves_the_target(waiting: House, words: str, status: int) -> None:
    before = waiting.target()
    waiting(*words.split(), status=status)
    assert waiting.target() == before
    assert approved(waiting) == ""


@pytest.mark.parametrize(("words", "status"), AS_AGENT)
def test_no_verb_of_an_agents_session_moves_the_target(waiting: House, words: str, status: int) -> None:
    before, refused = waiting.target(), len(waiting.records("action-refused"))
    waiting(*words.split(), status=status, env=session_of(waiting, "only"))
    assert waiting.target() == before
    assert approved(waiting) == ""
    kept = waiting.records("action-refused")
    assert len(kept) == refused + 1
    assert kept[-1]["_actor"]["kind"] == "agent"


@pytest.mark.parametrize("known", ["GITORCH_TOKEN", "GITORCH_SESSION_KEY"])
def test_either_trace_of_a_session_is_enough_to_be_denied(waiting: House, known: str) -> None:
    before = waiting.target()
    said = waiting("approve", "--yes", status=5, env={known: session_of(waiting, "only")[known]})
    assert "only the principal" in said.err
    assert waiting.target() == before


def test_pausing_and_resuming_moves_nothing(waiting: House) -> None:
    before = waiting.target()
    waiting("pause")
    waiting.up()
    waiting("resume")
    waiting.up()
    assert waiting.target() == before


def test_an_end_without_approval_leaves_the_target_for_good(waiting: House) -> None:
    before = waiting.target()
    digest = waiting.records("report-issued")[-1]["digest"]
    waiting("cancel")
    waiting("approve", "--yes", status=4)
    waiting("approve", "--report", digest, "--yes", status=4)
    waiting("up", "--once")
    waiting("cleanup", "--branches", "--yes")
    assert waiting.target() == before
    assert not waiting.records("merge-approved")
    assert not waiting.records("merged")
