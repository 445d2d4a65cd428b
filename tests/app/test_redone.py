"""Lines of earlier runs that a later one takes away or replaces: in its report, and in `stats` for whoever wrote them (C13)."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from merge_yard import Yard

from gitorch.app.query import runs
from gitorch.app.query.stats import stats_of
from gitorch.app.reconciler import redone as looked_at
from gitorch.model.ids import RunId

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from repository import Repository

FIRST, SECOND, THIRD = RunId("first-0001"), RunId("second-0002"), RunId("third-0003")


@pytest.fixture
def yard(repo: Callable[[str], Repository]) -> Yard:
    """Before any run, a person wrote `api.txt`; the first run adds five lines to it, and two other files."""
    made = Yard(repo("some place").path)
    made.commit({"api.txt": "by hand 1\nby hand 2\n"})
    lines = "".join(f"api {n}\n" for n in range(5))
    merge(
        made,
        FIRST,
        {"api": {"api.txt": f"by hand 1\n{lines}by hand 2\n"}, "ui": {"ui.txt": "u\nv\nw\nx\n", "ü v.txt": "a\nb\n"}},
    )
    return made


def merge(
    yard: Yard,
    run: RunId,
    work: Mapping[str, Mapping[str, str | None]],
    needs: Mapping[str, tuple[str, ...]] | None = None,
):
    yard.run_id = run
    yard.begin(work, needs)
    yard.settle()
    found = runs.report_data(yard.services, yard.run)
    yard.approve()
    assert yard.run.merged is not None
    return found["redone"]


def redone(yard: Yard, by: str = "") -> dict[str, int]:
    return {row.name: row.redone for row in stats_of(yard.services, by) if row.redone}


@pytest.mark.slow
def test_lines_of_an_earlier_run_count_for_the_epics_that_wrote_them(yard):
    assert redone(yard) == {}
    change = {"api.txt": "by hand 1\napi 0\nAPI 1\nAPI 2\napi 3\nnew\n", "ü v.txt": "a\n"}
    found = merge(yard, SECOND, {"more": change})
    who = {"run": FIRST, "lane": "implementer", "runtime": found[0]["runtime"], "model": ""}
    assert found == [{**who, "job": "api", "lines": 3}, {**who, "job": "ui", "lines": 1}], "`by hand 2` is of no run"
    told = runs.report(yard.services, SECOND)
    assert f"- takes away or replaces 3 lines of {FIRST} api\n- takes away or replaces 1 line of {FIRST} ui\n" in told
    assert redone(yard) == {"all": 4}
    assert redone(yard, "epic") == {f"{FIRST} api": 3, f"{FIRST} ui": 1}
    assert redone(yard, "lane") == {"implementer": 4}
    assert redone(yard, "model") == {"unknown": 4}
    assert redone(yard, "agent") == {who["runtime"]: 4}


@pytest.mark.slow
def test_a_deleted_file_a_renamed_one_and_lines_of_two_runs(yard):
    (moved,) = merge(yard, SECOND, {"more": {"ui.txt": None, "moved.txt": "u\nV\nw\nx\n"}})
    assert (moved["job"], moved["lines"]) == ("ui", 1), "a rename takes nothing away"
    found = merge(yard, THIRD, {"last": {"moved.txt": "U\nV V\nw\nx\n", "api.txt": None}})
    assert [(one["run"], one["job"], one["lines"]) for one in found] == [
        (FIRST, "api", 5),
        (FIRST, "ui", 1),
        (SECOND, "more", 1),
    ]
    assert redone(yard, "epic") == {f"{FIRST} api": 5, f"{FIRST} ui": 2, f"{SECOND} more": 1}


def test_a_line_that_two_epics_share_counts_once_for_the_one_that_wrote_it(yard):
    work = {"base": {"b.txt": "one\ntwo\n"}, "top": {"b.txt": "one\ntwo\nthree\n"}}
    assert merge(yard, SECOND, work, {"top": ("base",)}) == []
    found = merge(yard, THIRD, {"last": {"b.txt": "1\n2\n3\n"}})
    assert [(one["job"], one["lines"]) for one in found] == [("base", 2), ("top", 1)]


@pytest.mark.slow
def test_a_run_that_is_not_merged_redoes_nothing(yard):
    yard.run_id = SECOND
    yard.begin({"more": {"api.txt": ""}})
    yard.settle()
    assert runs.report_data(yard.services, yard.run)["redone"]
    assert redone(yard) == {}


@pytest.mark.slow
def test_only_so_many_files_are_looked_at(yard, monkeypatch):
    monkeypatch.setattr(looked_at, "FILES_MAX", 1)
    assert [one["job"] for one in merge(yard, SECOND, {"more": {"api.txt": "", "ui.txt": ""}})] == ["api"]


@pytest.mark.slow
def test_a_report_of_an_older_gitorch_has_no_such_lines(yard, monkeypatch):
    data = runs.report_data(yard.services, yard.run)
    del data["redone"]
    monkeypatch.setattr("gitorch.app.query.stats.report_data", lambda *_: json.loads(json.dumps(data)))
    assert redone(yard) == {}
