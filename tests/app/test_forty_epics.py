"""Forty epics in eight waves: their report, status and history answer what an approver asks, on few lines.

`FORTY_PAGES=DIR` keeps the pages in that folder, for a reader.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from forty_epics import TESTS, Fleet, names, needs

from gitorch.app.query import runs
from gitorch.model.plans.workflow import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from repository import Repository

pytestmark = pytest.mark.slow
GITORCH = Path(sys.executable).parent / "gitorch"
ENDS = {"accepted": 1, "deferred": 1, "fixed": 3, "refuted": 1}


def said(fleet: Fleet, *words: str) -> str:
    done = subprocess.run((str(GITORCH), *words), cwd=fleet.path, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def keep(name: str, text: str) -> None:
    folder = os.environ.get("FORTY_PAGES")
    if folder:
        (Path(folder) / name).write_text(text, encoding="utf-8")


def test_a_reader_of_forty_epics_finds_what_changed_what_is_risky_what_was_tested_and_who_reviewed(
    repo: Callable[[str], Repository],
) -> None:
    fleet = Fleet(repo("shop").path)
    fleet.launch(Settings(test_command=TESTS, max_agents=8))
    for _ in range(40):
        fleet.tick()
    under_way = said(fleet, "status")
    fleet.finish()

    report = runs.report(fleet.services, fleet.run.id)
    data = runs.report_data(fleet.services, fleet.run)
    waiting = said(fleet, "status")
    whys = "".join(
        f"{name}: {said(fleet, 'why', name)}" for name in ("admin-8", "web-7", "admin-3", "billing-4", "approval")
    )
    fleet.approve()
    log = fleet.git("log", "--first-parent", "--format=%h %s", "main") + "\n"
    merged = said(fleet, "status")
    one = fleet.git("log", "--first-parent", "-1", "--format=%B", "main")
    keep("report.md", report)
    keep("report.json", json.dumps(data, indent=1, ensure_ascii=False))
    keep("status.txt", f"# under way\n{under_way}\n# waiting for the approval\n{waiting}\n# merged\n{merged}")
    keep("why.txt", whys)
    keep("log.txt", f"{log}\n# the newest of them in full\n{one}\n")

    _ensure_report_reads(report, data)
    for status in (under_way, waiting, merged):
        assert status.count("\n") < 75, status
    assert "5 done: auth-1, billing-1, search-1, web-1, admin-1 (10 reviews)" in waiting
    assert "admin-8: admin-8 failed: admin-8.spec rejected it: It describes another product." in whys

    subjects = [line.partition(" ")[2] for line in log.splitlines()]
    order = re.findall(r"Merge ([\w-]+): ", "\n".join(reversed(subjects)))
    assert sorted(order) == sorted(set(names()) - {"admin-8"}), "one commit for each epic"
    assert all(order.index(need) < order.index(name) for name in order for need in needs()[name])
    assert re.search(r"^Gitorch-Author: s\d+ \(claude\)$", one, re.MULTILINE)
    assert re.search(r"^Gitorch-Review: web-8.spec by s\d+ \(codex\): accept$", one, re.MULTILINE)
    assert "findings: 1 deferred, 1 fixed" in " ".join(whys.split())
    assert said(fleet, "report").rstrip().splitlines()[-1].startswith("This report is approved by ada (")
    assert re.search('…(?!")', f"{under_way}{waiting}{merged}") is None, "nothing is cut"
    assert len(subjects) == len(order) + 2, "besides them only the target's own commits"


def _ensure_report_reads(report: str, data: object) -> None:
    """The first page is one page; each epic has one part; whole ids are only in the data."""
    assert isinstance(data, dict)
    summary, _, rest = report.partition("\n## auth-1: ")
    assert summary.count("\n") < 75
    assert re.search(r"\b[0-9a-f]{40}\b", report) is None
    assert rest.count("\n## ") == 38 + 3, "every other epic, what is not merged, all together, and the words"
    assert all(len(branch["commit"]) == 40 for branch in data["branches"])

    ends = [finding["end"] for branch in data["branches"] for finding in branch["findings"]]
    assert {end: ends.count(end) for end in set(ends)} == ENDS
    assert re.search(r"^The author, s\d+ \(claude\), reports DONE in round 1: ", rest, re.MULTILINE)
    assert rest.count(", against what it builds on: ") == 34, "every wave but the first builds on an earlier one"
    for line in (
        "- merges 39 branches; not in this merge: admin-8 (failed)",
        "- changes no file: admin-7",
        "- changes to CI: billing-1 (.github/workflows/ci.yml)",
        "- changes to tests: auth-2 (tests/test_legacy.py (deleted))",
        "- changes to lock files: billing-2 (uv.lock)",
        "- changes to instructions for agents: web-5 (AGENTS.md)",
        "- deletes: auth-2 (src/auth/legacy.py, tests/test_legacy.py)",
        "- renames: web-2 (src/web/views.py to src/web/pages.py)",
        "- changes the mode of: admin-1 (bin/serve (100644 → 100755))",
        "- binary: web-1 (src/web/logo.png (5 kB))",
        "- large: search-3 (src/search/words.txt (2.5 MB))",
        "- findings: 6 in all rounds: 1 deferred, 3 fixed, 1 left as it is, 1 refuted; 1 on what is not merged",
    ):
        assert line in summary.splitlines()
