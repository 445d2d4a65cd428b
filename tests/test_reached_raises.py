"""Every `raise` in the app is reached by a row of the refusals in `tests/app`, which asserts its class, message and hint.

Rows are run under a trace of the lines of `gitorch/app` alone. A `raise` without a row fails here, by its place. In the world a
row for each would be a second suite: there every `raise` is reached by some quick test, and `make slow` looks.
"""

from __future__ import annotations

import ast
import contextlib
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

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


def not_reached(run, folder=APP):
    """Each `raise` of a folder that these lines do not hold. A method that has no body raises NotImplementedError."""
    return [
        f"{path.relative_to(TOP)}:{number}: {text[:80]}"
        for path in sorted(folder.rglob("*.py"))
        for number, text in raises(path).items()
        if (str(path), number) not in run and "NotImplementedError" not in text
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


@pytest.mark.slow
def test_every_raise_in_the_source_of_the_app_is_reached_by_a_row_of_its_refusals(run):
    assert not_reached(run) == [], "add a row to tests/app/refusals_of_*.py"


def test_a_raise_in_the_source_that_no_row_reaches_is_found():
    assert len(not_reached(set())) == sum(len(raises(path)) for path in APP.rglob("*.py")) > 0


@pytest.mark.slow
def test_every_raise_in_the_source_of_the_world_is_reached_by_a_quick_test():
    world = TOP / "gitorch" / "world"
    with TemporaryDirectory(prefix="w-") as folder:  # short, since sockets lie below it
        reached = Path(folder) / "reached"
        names = {"RAISES_UNDER": str(world), "RAISES_REACHED": str(reached), "PYTHONPATH": str(TOP / "tests")}
        words = ("tests/world", "tests/contract", "-q", "-p", "raise_witness", "-p", "no:cacheprovider")
        command = (sys.executable, "-m", "pytest", *words, f"--basetemp={folder}/t")
        done = subprocess.run(
            command, cwd=TOP, env={**os.environ, **names}, capture_output=True, text=True, check=False
        )
        assert reached.exists(), done.stdout[-2000:]
        lines = reached.read_text().splitlines()
    run = {(path, int(number)) for path, _, number in map(partitioned, lines)}
    missing = "\n".join(not_reached(run, world))
    assert missing == "", f"write a test that reaches it in tests/world\n{missing}"


def partitioned(line):
    """A line of the witness at its tab."""
    return line.partition("\t")
