"""Every `raise` in the app is reached by a row of the refusals in `tests/app`, which asserts its class, message and hint.

Rows are run under a trace of the lines of `gitorch/app` alone. A `raise` without a row fails here, by its place.
"""

from __future__ import annotations

import ast
import contextlib
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[1]
APP = TOP / "gitorch" / "app"
sys.path[:0] = [str(TOP / "tests" / "app"), str(TOP / "tests" / "cli")]

from cli_stage import Stage
from refusal_kit import SITUATIONS
from test_refusals import CASES

from gitorch.errors import GitorchError


@contextlib.contextmanager
def lines_run(folder):
    """The lines of the files below a folder that are run meanwhile, each as its file's name and number."""
    found = set()

    def line(frame, event, _):
        if event == "line":
            found.add((frame.f_code.co_filename, frame.f_lineno))
        return line

    def call(frame, _event, _):
        return line if frame.f_code.co_filename.startswith(folder) else None

    before = sys.gettrace()
    sys.settrace(call)
    try:
        yield found
    finally:
        sys.settrace(before)


def raises(path):
    """The numbers of the lines on which a file's `raise` statements begin, with what they raise."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.lineno: ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Raise)}


def not_reached(run):
    """Each `raise` of the app that these lines do not hold."""
    return [
        f"{path.relative_to(TOP)}:{number}: {text[:80]}"
        for path in sorted(APP.rglob("*.py"))
        for number, text in raises(path).items()
        if (str(path), number) not in run
    ]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The lines of the app that all rows run together."""
    with lines_run(str(APP)) as found:
        for situation, act, *_ in CASES:
            folder = tmp_path_factory.mktemp("case") / "s"
            folder.mkdir()
            stage = Stage(folder=folder)
            SITUATIONS[situation](stage)
            with contextlib.suppress(GitorchError):
                act(stage)
    return found


def test_every_raise_in_the_source_of_the_app_is_reached_by_a_row_of_its_refusals(run):
    assert not_reached(run) == [], "add a row to tests/app/refusals_of_*.py"


def test_a_raise_in_the_source_that_no_row_reaches_is_found():
    assert len(not_reached(set())) == sum(len(raises(path)) for path in APP.rglob("*.py")) > 0
