"""What was seen of the vendors' programs in one run of the tests: told at its end, and kept in docs/agents.md when asked to.

A plugin of pytest, given to it by `run.py`. It leaves out the tests of programs that nobody named, and forgets nothing that was left out.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from programs import PROGRAMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pytest

PAGE = Path(__file__).parents[2] / "docs/agents.md"
BEGIN = "<!-- seen: `make agents AGENTS_ARGS=--rewrite-transcripts` writes this table -->\n"
END = "<!-- seen: end -->\n"
KINDS = {
    "test_whole_runs": "whole runs",
    "test_runs_by_channel": "whole runs",
    "test_sandboxed_runs": "whole runs",
    "test_lives": "killed, resumed, one-shot",
    "test_matrix": "texts",
    "test_hundred_texts": "texts",
    "test_permissions": "permission requests",
    "test_human_at_the_pane": "permission requests",
    "test_agent_faults": "faults",
    "test_run_faults": "faults",
}
"""What each module of tests is called in the table."""

COLUMNS = tuple(dict.fromkeys(KINDS.values()))

NOTHING = "not run"


class Seen:
    """Which programs are tested, why others are not installed, and what came of each test."""

    def __init__(self, named: Iterable[str], missing: Mapping[str, str]) -> None:
        self.named = tuple(named)
        self.missing = dict(missing)
        self.versions = {name: PROGRAMS[name].version() for name in self.named if name not in missing}
        self.counts: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self.left_out: list[str] = []
        self._whose: dict[str, tuple[str, str]] = {}

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Keep the tests of the programs that were named; one that belongs to no program is kept, too."""
        dropped = [item for item in items if _program(item) not in {"", *self.named}]
        items[:] = [item for item in items if item not in dropped]
        config.hook.pytest_deselected(items=dropped)
        for item in items:
            self._whose[item.nodeid] = (_program(item), KINDS.get(item.path.stem, item.path.stem))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count each test once: by its call, or by what kept it from being called."""
        if report.when != "call" and report.passed:
            return
        self.counts[self._whose[report.nodeid]][report.outcome] += 1
        if report.skipped and isinstance(report.longrepr, tuple):
            self.left_out.append(f"{report.nodeid.split('::')[-1]}: {report.longrepr[2].removeprefix('Skipped: ')}")

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write what was seen into the page, where that was asked for."""
        if session.config.getoption("--rewrite-transcripts"):
            PAGE.write_text(self.page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

    def lines(self) -> list[str]:
        """One line for each program: its version and what came of its tests, or why it is not there; then what was left out."""
        lines = []
        for name in self.named:
            if name in self.missing:
                lines.append(f"{name} is not installed: {self.missing[name]}")
                continue
            told = "; ".join(f"{kind}: {cell}" for kind, cell in self.row(name).items() if cell != NOTHING)
            lines.append(f"{name} {self.versions[name]}: {told or 'nothing was run'}")
        return [*lines, *(f"left out: {line}" for line in self.left_out)]

    def row(self, name: str) -> dict[str, str]:
        """What came of each kind of tests with one program."""
        return {kind: _cell(self.counts[name, kind]) for kind in COLUMNS}

    def page(self, text: str) -> str:
        """The page with this run's rows; what was not run again keeps its cell as long as the version is the same."""
        before, rest = text.split(BEGIN)
        table, after = rest.split(END)
        kept = {cells[0]: cells for cells in map(_cells, table.splitlines()[2:])}
        head = ["program", "version", *COLUMNS]
        rows = [head, ["---"] * len(head)]
        for name in PROGRAMS:
            old = kept.get(name, [name, "", *[NOTHING] * len(COLUMNS)])
            version = self.versions.get(name, old[1])
            was = dict(zip(COLUMNS, old[2:], strict=True)) if version == old[1] else {}
            now = {kind: cell for kind, cell in self.row(name).items() if cell != NOTHING}
            if version:
                rows.append([name, version, *(dict.fromkeys(COLUMNS, NOTHING) | was | now).values()])
        return before + BEGIN + "".join(f"| {' | '.join(row)} |\n" for row in rows) + END + after


def _program(item: pytest.Item) -> str:
    """The program that a test is about; empty where it is about none."""
    chosen = item.callspec.params if hasattr(item, "callspec") else {}
    return next((value for value in chosen.values() if isinstance(value, str) and value in PROGRAMS), "")


def _cell(counts: Counter[str]) -> str:
    """How many passed, failed and were left out."""
    told = [f"{counts[outcome]} {outcome}" for outcome in ("failed", "passed") if counts[outcome]]
    told += [f"{counts['skipped']} left out"] if counts["skipped"] else []
    return ", ".join(told) or NOTHING


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
