"""Every file of tests is in the share of one worker, and the shares take about the same time."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import shares


@pytest.mark.parametrize("workers", [1, 2, 4, 7])
def test_every_file_is_in_one_share(workers):
    divided = shares.share_out(shares.all_files(), workers)
    assert len(divided) == workers
    owned = sorted(file for share in divided for file in share if not shares.is_last(file))
    last = [file for file in shares.all_files() if shares.is_last(file)]
    assert sorted(owned + last) == shares.all_files()
    assert all([file for file in share if shares.is_last(file)] == last for share in divided)


def test_of_the_files_that_no_worker_owns_each_is_run_by_the_first_that_asks(tmp_path):
    one, other = shares.Turns(tmp_path), shares.Turns(tmp_path)
    assert (one.is_mine("app/a.py"), other.is_mine("app/a.py"), other.is_mine("app/b.py")) == (True, False, True)
    assert (one.is_mine("app/b.py"), one.is_mine("app/a.py")) == (False, True), (
        "it is asked before each test of the file"
    )


def test_no_share_takes_longer_than_another_by_more_than_the_usual_file():
    sums = [
        sum(shares.seconds_of(file) for file in share if not shares.is_last(file))
        for share in shares.share_out(shares.all_files(), 4)
    ]
    assert max(sums) - min(sums) <= shares.OTHER_SECONDS


def test_every_listed_file_is_there_and_takes_longer_than_the_usual_one():
    assert sorted(shares.SECONDS) == [file for file in shares.all_files() if file in shares.SECONDS]
    assert min(shares.SECONDS.values()) > shares.OTHER_SECONDS


def test_the_longest_come_first_and_one_that_waits_beside_one_that_computes():
    ordered = shares.in_order(shares.all_files())
    assert sorted(ordered) == shares.all_files()
    owned = [file for file in ordered if not shares.is_last(file)]
    assert ordered[: len(owned)] == owned
    computing = [file for file in owned if file.split("/")[0] not in shares.WAITING]
    assert computing == sorted(computing, key=shares.seconds_of, reverse=True)
    assert [file.split("/")[0] in shares.WAITING for file in ordered[:6]] == [True, False] * 3


class Case:
    """A case of a test, as far as it is asked for its marks."""

    def __init__(self, nodeid: str, each: int = 0) -> None:
        self.nodeid = nodeid
        self.marks = [pytest.mark.each(each).mark] if each else []

    def get_closest_marker(self, name: str) -> pytest.Mark | None:
        return next((mark for mark in self.marks if mark.name == name), None)

    def add_marker(self, added: pytest.MarkDecorator) -> None:
        self.marks.append(added.mark)


def test_of_the_cases_of_each_marked_test_the_first_and_every_so_many_th_are_quick():
    cases = [Case(f"a.py::test_a[{n}]", 3) for n in range(7)] + [Case("a.py::test_plain[0]"), Case("a.py::test_b", 2)]
    cases += [Case(f"b.py::test_a[{n}]", 2) for n in range(3)]
    shares.leave_most(cases)
    quick = [case.nodeid for case in cases if case.get_closest_marker("slow") is None]
    assert quick == [
        *("a.py::test_a[0]", "a.py::test_a[3]", "a.py::test_a[6]", "a.py::test_plain[0]", "a.py::test_b"),
        *("b.py::test_a[0]", "b.py::test_a[2]"),
    ]


@pytest.mark.slow
def test_each_test_runs_once_when_workers_share_the_files():
    """Two files that one worker owns each, and two that none does."""
    folder = shares.TESTS / "model"
    last = ("cli/test_cli_escapes.py", "rules/test_random_workflows.py")
    assert all(map(shares.is_last, last))
    words = (
        sys.executable,
        "-m",
        "pytest",
        "-n",
        "2",
        "--dist",
        "each",
        "--share",
        "-rA",
        "-k",
        "test_overlap or test_counts or every_verb_has_a_hostile_call or same_seed",
        folder,
        *(shares.TESTS / file for file in last),
    )
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(words, cwd=folder.parents[1], env=surroundings, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    passed = [line for line in done.stdout.splitlines() if line.startswith("PASSED ")]
    assert {line.split("::")[0] for line in passed} == {
        "PASSED tests/model/test_counts.py",
        "PASSED tests/model/test_overlap.py",
        *(f"PASSED tests/{file}" for file in last),
    }
    assert len(passed) == len(set(passed)) > 4
    assert "100%]" in done.stdout
