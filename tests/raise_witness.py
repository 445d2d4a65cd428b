"""A pytest plugin that writes down which `raise` statements of a folder the tests reach; loaded with `-p raise_witness`.

`RAISES_UNDER` is the folder, `RAISES_REACHED` the file, in which each line holds the path of a module, a tab, and a line number.
"""

from __future__ import annotations

import ast
import os
import sys
import threading
from pathlib import Path

UNDER = Path(os.environ["RAISES_UNDER"])


def raises(path: Path) -> dict[int, str]:
    """The numbers of the lines on which a file's `raise` statements begin, with what they raise."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.lineno: ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Raise)}


LINES = {str(path): set(raises(path)) for path in UNDER.rglob("*.py")}
reached: set[tuple[str, int]] = set()
traced: dict[object, bool] = {}
"""Whether a code object has a `raise`: all others run without a trace of their lines."""


def line(frame, event, _):
    """Keep a line with a `raise`."""
    place = (frame.f_code.co_filename, frame.f_lineno)
    if event == "line" and place[1] in LINES[place[0]]:
        reached.add(place)
    return line


def call(frame, _event, _):
    """Trace the lines of a function that has a `raise`."""
    code = frame.f_code
    if code not in traced:
        wanted = LINES.get(code.co_filename, ())
        traced[code] = any(number in wanted for _, _, number in code.co_lines())
    return line if traced[code] else None


def pytest_configure():
    threading.settrace(call)


def pytest_runtest_setup():
    sys.settrace(call)  # anew before each test, since some take the trace away


def pytest_sessionfinish():
    sys.settrace(None)
    text = "".join(f"{path}\t{number}\n" for path, number in sorted(reached))
    Path(os.environ["RAISES_REACHED"]).write_text(text, encoding="utf-8")
