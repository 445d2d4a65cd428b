"""Plans whose epics live in beads: a `bd` program on PATH, or only its file; closed after the gate, with every way in which it can fail."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from house import House, house

sys.path.insert(0, str(Path(__file__).parent.parent))
from fakes.bd import install, issue, lines

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.tmux, pytest.mark.slow]  # quick: tests/app/test_tracking.py, tests/contract/test_tracker.py

RECORDS = (
    issue("shop-a1", "The shop", kind="epic"),
    issue("shop-a1.1", "A counter", parent="shop-a1"),
    issue("shop-a1.2", "A till", parent="shop-a1"),
    issue("shop-b2", "The stock", kind="epic"),
    issue("shop-b2.1", "Shelves", parent="shop-b2", blockers=("shop-a1.1",)),
)
PLAN = (
    "# Open a shop\n\n## Epic: shop-a1\n\nBuild it.\n\n## Review Gate: shop-a1\n\n## Epic: shop-b2\n\nFill it.\n\n"
    "## Review Gate: shop-b2\n"
)
CLOSES_EARLY = """
[[turn]]
job = "shop-a1"
prompt = "brief"
[[turn.step]]
run = "bd close shop-a1.1 shop-a1.2 && bd close shop-a1 --reason finished"
exit = 0
[[turn.step]]
write = "counter.md"
text = "A counter."
[[turn.step]]
commit = "Build a counter"
[[turn.step]]
handoff = "DONE"
"""


class Shop:
    """A house with beads in it. `store` is the database behind its `bd`."""

    def __init__(self, home: House) -> None:
        self.home = home
        self.store = home.path.parent / "store"
        self.store.mkdir()
        (self.store / "issues.jsonl").write_bytes(lines(*RECORDS))
        (home.path / ".beads").mkdir()

    def fault(self, **faults: object) -> None:
        (self.store / "faults.json").write_text(json.dumps(faults))

    def calls(self, verb: str) -> list[str]:
        log = self.store / "calls.log"
        return [line for line in log.read_text().splitlines() if line.startswith(f"{verb} ")] if log.exists() else []

    def statuses(self) -> dict[str, str]:
        rows = [json.loads(line) for line in (self.store / "issues.jsonl").read_text().splitlines()]
        return {row["id"]: row["status"] for row in rows}

    def start(self) -> str:
        self.home.repo.write({"plan.md": PLAN})
        return str(self.home("start", "plan.md", "--yes", "--json").json["run"]["id"])

    def line_of_report(self, issue_id: str) -> str:
        said = self.home("report").out
        return next(line for line in said.splitlines() if line.startswith("- tracker: ") and issue_id in line)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with house(tmp_path) as home:
        made = Shop(home)
        program = install(tmp_path / "bin", made.store)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
        home.configure()
        yield made


def order(home: House, *kinds: str) -> list[tuple[str, str]]:
    return [(r["_type"], r["job"]) for r in home.records() if r["_type"] in kinds]


def test_tasks_and_epics_are_closed_after_their_gates_and_before_the_next_batch(shop: Shop) -> None:
    run = shop.start()
    assert [row["id"] for row in shop.home.status()["jobs"] if row["batch"] == 2][:1] == ["shop-b2"]
    shop.home.up(run)
    assert order(shop.home, "gate-passed", "issues-closed") == [
        ("gate-passed", "shop-a1"),
        ("issues-closed", "shop-a1"),
        ("gate-passed", "shop-b2"),
        ("issues-closed", "shop-b2"),
    ]
    why = f"--reason gitorch {run}: shop-a1 passed its gate at"
    assert [call.split(" at ")[0] + " at" for call in shop.calls("close")[:2]] == [
        f"close shop-a1.1 shop-a1.2 {why}",
        f"close shop-a1 {why}",
    ]
    assert len(shop.calls("close")) == 4
    assert set(shop.statuses().values()) == {"closed"}
    assert shop.line_of_report("shop-a1") == "- tracker: closed after the gate: shop-a1.1, shop-a1.2, shop-a1"
    assert "#### shop-a1.1: A counter" in shop.home.repo.git("grep", "-h", "####", "gitorch/ledger")
    shop.home("approve", "--yes")
    shop.home.up(run, 0)
    assert len(shop.calls("close")) == 4


@pytest.mark.slow
def test_an_epic_that_its_agent_closed_early_is_noted_and_releases_nothing(shop: Shop) -> None:
    shop.home.configure(CLOSES_EARLY)
    run = shop.start()
    shop.home.up(run)
    seqs = {(r["_type"], r["job"]): r["_seq"] for r in reversed(shop.home.records()) if "job" in r}
    assert [r["issue"] for r in shop.home.records("closed-early")] == ["shop-a1"]
    assert seqs["lease-granted", "shop-b2"] > seqs["gate-passed", "shop-a1"]
    (settled,) = shop.home.records("issues-closed", job="shop-a1")
    assert settled["closed"] == []
    assert shop.line_of_report("shop-a1") == "- tracker: shop-a1 was closed before its gate, by somebody else"
    assert not any("shop-a1" in call and "gitorch" in call for call in shop.calls("close"))


@pytest.mark.slow  # quick: the three tries of the next test, and tests/rules/test_closings.py
def test_a_bd_that_fails_once_is_tried_again(shop: Shop) -> None:
    run = shop.start()
    shop.fault(close={"fail": 2})
    shop.home.up(run)
    (failed,) = shop.home.records("closing-failed")
    assert (failed["job"], failed["times"]) == ("shop-a1", 1)
    assert "database is locked" in failed["reason"]
    assert set(shop.statuses().values()) == {"closed"}
    assert shop.home.status()["inbox"][0]["kind"] == "approval"


def test_a_bd_that_never_closes_is_escalated_once_and_the_run_goes_on_to_its_report(shop: Shop) -> None:
    run = shop.start()
    shop.fault(close={"fail": -1})
    reason = "bd left shop-a1.1, shop-a1.2, shop-a1 open: Error: database is locked"
    shop.home.up(run)
    assert [r["times"] for r in shop.home.records("closing-failed", job="shop-a1")] == [1, 2, 3]
    assert {r["reason"] for r in shop.home.records("closing-failed", job="shop-a1")} == {reason}
    asked = [row for row in shop.home.status()["inbox"] if row["kind"] == "escalation"]
    assert len(asked) == 1
    assert "bd close shop-a1.1 shop-a1.2 shop-a1" in json.dumps(asked)
    assert shop.line_of_report("shop-a1") == f"- tracker: shop-a1 is not closed yet ({reason})"
    assert shop.line_of_report("shop-b2") == "- tracker: shop-b2 is not closed yet"
    shop.fault()
    shop.home("answer", asked[0]["id"], "retry")
    shop.home.up(run)
    assert set(shop.statuses().values()) == {"closed"}


def test_without_bd_the_file_is_read_and_what_is_to_be_closed_is_owed_by_people(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        home.repo.commit({".beads/issues.jsonl": lines(*RECORDS).decode()}, "Plan the shop")
        home.configure()
        home.repo.write({"plan.md": PLAN})
        home("start", "plan.md", "--yes")
        home.up()
        owed = home.records("issues-closed", job="shop-a1")[0]
        assert (owed["closed"], owed["owed"]) == ([], ["shop-a1.1", "shop-a1.2", "shop-a1"])
        assert "owed by you: bd close shop-a1.1 shop-a1.2 shop-a1" in home("report").out
        assert home.repo.git("status", "--porcelain", "--", ".beads") == ""
        home("approve", "--yes")
        home.up(status=0)
        assert (home.path / ".beads/issues.jsonl").read_bytes() == lines(*RECORDS)


@pytest.mark.slow
def test_a_bd_that_hangs_costs_a_plan_one_wait_and_is_said(shop: Shop) -> None:
    shop.fault(show={"hang": 60})
    shop.home.repo.write({"plan.md": PLAN, "own.md": PLAN.replace("shop-", "own").replace("it.", "it.\n\n- [ ] Work")})
    said = shop.home("check", "plan.md", status=6)
    assert "The plan's epics cannot be looked up: bd gave no answer within 10 seconds." in said.text
    assert "set `tracker: file`" in said.text
    shop.home("check", "own.md")
