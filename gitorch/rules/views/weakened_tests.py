"""Tests that a change removes, skips or weakens, and files that the test command runs: read from the patch, in any language.

What stands here is a hint for reviewers and the principal, not a judgement: lines are compared by their form alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.model.counts import counted
from gitorch.model.path_text import quoted
from gitorch.model.work.report import HowChanged
from gitorch.rules.views.path_areas import Area, areas_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gitorch.model.work.report import FileChange

TEST = r"^\s*(async\s+)?def\s+test|^\s*func\s+(Test|Benchmark|Fuzz)\w*\(|^\s*(it|test|specify)\s*\(|#\[(\w+::)?test\]|@(Test|ParameterizedTest)\b"
"""The line that begins a test in Python, Go, JavaScript, Ruby, Rust, Java."""

SKIP = (
    r"\bskip(If|Unless|Test)?\b|\bskipif\b|\bxfail\b|\b(it|test|describe|context)\.(skip|todo|only|failing)\b"
    r"|\bx(it|test|describe)\s*\(|\bf(it|describe)\s*\(|\.Skip(f|Now)?\(|#\[ignore|@(Disabled|Ignore)\b|\bexpectedFailure\b|\bpending\b"
)
"""A mark by which a test is not run, not alone, or may fail."""

ASSERTION = r"\bassert\w*|\bexpect\w*\s*\(|\.should\b|\bt\.(Error|Fatal|Fail)\w*\(|\bpytest\.raises\b|\brequire\.\w+\("

NEW = "+++ b/"
NOTHING = "/dev/null"


def weakened_tests(patch: str) -> tuple[str, ...]:
    """A clause for each file of tests that a patch weakens: `test_a.py: 2 tests fewer, 1 more skipped`.

    A file that is deleted is named by the report anyway, so that it is not among them.
    """
    found: list[str] = []
    for path, lines in _changed_lines(patch).items():
        if Area.TESTS not in areas_of(path):
            continue

        clauses = list(_clauses(lines))
        if clauses:
            found.append(f"{quoted(path)}: {', '.join(clauses)}")
    return tuple(found)


def _clauses(lines: Iterable[str]) -> Iterator[str]:
    """What the changed lines of one file take away from its tests."""
    changed = list(lines)
    tests, skips, assertions = (_growth(changed, kind) for kind in (TEST, SKIP, ASSERTION))
    if tests < 0:
        yield f"{counted(-tests, 'test')} fewer"

    if skips > 0:
        yield f"{skips} more skipped or marked"

    if assertions < 0:
        yield f"{counted(-assertions, 'assertion')} fewer"


def _growth(lines: Iterable[str], kind: str) -> int:
    """How many more lines of a kind there are after the change than before."""
    growth = 0
    for line in lines:
        if re.search(kind, line[1:]) is None:
            continue

        growth += 1 if line.startswith("+") else -1
    return growth


def _changed_lines(patch: str) -> Mapping[str, list[str]]:
    """The added and removed lines of a patch by the file that has them afterwards; none of deleted files."""
    found: dict[str, list[str]] = {}
    path, in_head = "", True
    for line in patch.splitlines():
        if line.startswith("diff --git "):
            path, in_head = "", True
        elif line.startswith("@@"):
            in_head = False
        elif in_head and line.startswith(NEW):
            path = line.removeprefix(NEW).rstrip("\t")
        elif not in_head and path and line[:1] in {"+", "-"}:
            found.setdefault(path, []).append(line)
    return found


def run_by_command(paths: Iterable[str], *commands: str) -> tuple[str, ...]:
    """The changed files that a command names: `scripts/test.sh` in `sh ./scripts/test.sh --fast`."""
    words: set[str] = set()
    for command in commands:
        for word in re.split(r"[\s;&|()<>'\"=]+", command):
            words.add(word.removeprefix("./"))

    return tuple(path for path in paths if path in words)


def changed_test_files(
    changes: Iterable[FileChange],
    command: str,
) -> Iterator[str]:
    """A clause for each file of tests that is deleted, and for each changed file that may decide what the test command runs."""
    for change in changes:
        areas = areas_of(change.path)
        if Area.TESTS in areas and change.how is HowChanged.DELETED:
            yield f"{quoted(change.path)}: deleted"

        if Area.BUILD in areas or run_by_command([change.path], command):
            yield f"{quoted(change.path)}: changed, and it may decide what the test command runs"
