"""Whether the globs of a plan's scopes can match anything: files of the target, or files that the plan announces (F3)."""

from __future__ import annotations

import re
from bisect import bisect_left
from difflib import get_close_matches
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from gitorch.errors import Problem
from gitorch.model.path_text import characters_of
from gitorch.model.plans.globs import may_overlap
from gitorch.model.plans.plan import Pattern
from gitorch.model.values import Value
from gitorch.rules.scope.matching import matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gitorch.model.plans.workflow import WorkflowSource

WILDCARDS = frozenset("*?[")
PATH_SIGNS = WILDCARDS | frozenset("/.")
"""The characters of which a path or glob has at least one, and a word of running text none."""

NAMES_COMPARED_MAX = 2000
"""How many folders and files a misspelt glob is compared with: difflib takes some microseconds a pair."""


class PatternFindings(Value):
    """What is wrong with the globs of a plan."""

    problems: tuple[Problem, ...] = ()
    remarks: tuple[Problem, ...] = ()


def check_patterns(
    path: str,
    patterns: Sequence[Pattern],
    files: Sequence[str],
    announced: Sequence[str],
    target: str,
    noun: str = "epic",
) -> PatternFindings:
    """The globs that match none of the target's files and no path that the plan announces, each line once.

    `noun` is what owns a scope here, an epic or a job. Words, and globs that differ from an existing path in a few letters, are problems. Any other glob is a remark: the epic may create its files.
    """
    tree = _Tree(files)
    names = sorted((characters_of(file), file) for file in files)
    expected, written = _Globs(announced), _Globs(_written(patterns))
    problems: dict[tuple[int, str, bool], list[Pattern]] = {}
    remarks: dict[tuple[int, str, bool], list[Pattern]] = {}

    for pattern in patterns:
        if _has_match(names, pattern.glob) or _meets(pattern, expected, written):
            continue
        lines = remarks
        if _is_word(pattern.glob) or tree.similar(pattern.glob):
            lines = problems
        lines.setdefault((pattern.line, pattern.epic, pattern.forbids), []).append(pattern)

    return PatternFindings(
        tuple(_problem(path, line, tree, f"{noun} `{line[0].epic}`", target) for line in problems.values()),
        tuple(_remark(path, line, tree, f"{noun} `{line[0].epic}`", target) for line in remarks.values()),
    )


def scope_patterns(source: WorkflowSource) -> tuple[Pattern, ...]:
    """The globs of a workflow file's scopes, each at the place of its job.

    All of them may match files to come: in a workflow file none is a problem.
    """
    patterns: list[Pattern] = []
    for job, spec in source.workflow.jobs.items():
        line, column = source.places.get(f"jobs.{job}", (1, 1))
        for glob in spec.scope.allowed:
            patterns.append(Pattern(job, glob, line, column))
        for glob in spec.scope.forbidden:
            patterns.append(Pattern(job, glob, line, column, forbids=True))

    return tuple(patterns)


def artifact_paths(source: WorkflowSource) -> tuple[str, ...]:
    """The files that the jobs of a workflow are to produce."""
    paths: list[str] = []
    for spec in source.workflow.jobs.values():
        for artifact in spec.artifacts:
            paths.append(artifact.path)

    return tuple(paths)


def _literal_prefix(glob: str) -> str:
    """What every path begins with that a glob matches: the characters before its first wildcard."""
    return re.split("[*?[]", characters_of(glob), maxsplit=1)[0]


def _has_match(names: Sequence[tuple[str, str]], glob: str) -> bool:
    """Whether a glob matches a file, compared exactly. `names` are sorted, so that only those with its prefix are compared."""
    prefix = _literal_prefix(glob)
    for name, file in islice(names, bisect_left(names, (prefix, "")), None):
        if not name.startswith(prefix):
            return False
        if matches(file, glob):
            return True

    return False


def _meets(pattern: Pattern, expected: _Globs, written: _Globs) -> bool:
    """Whether a glob meets an announced path, or forbids what some epic may write.

    A wider glob in the text announces nothing of this one: `src/**` does not tell whether `src/indx/**` is misspelt.
    """
    if expected.meet(pattern.glob, _literal_prefix(pattern.glob).rstrip("/")):
        return True

    return pattern.forbids and written.meet(pattern.glob)


class _Globs:
    """Globs by what the paths that they match begin with, so that a glob is compared with few of thousands."""

    def __init__(self, globs: Iterable[str]) -> None:
        self._of: dict[str, list[str]] = {}
        for glob in globs:
            self._of.setdefault(_literal_prefix(glob), []).append(glob)
        self._prefixes = sorted(self._of)

    def meet(self, glob: str, beginning: str = "") -> bool:
        """Whether some path may match both this glob and one of these, which may be globs, folders or files.

        Only those with this beginning count.
        """
        for prefix in self._related(_literal_prefix(glob)):
            if not prefix.startswith(beginning):
                continue
            for other in self._of[prefix]:
                if may_overlap(glob, other):
                    return True

        return False

    def _related(self, prefix: str) -> Iterator[str]:
        """The prefixes with which this one begins, and those that begin with it."""
        for length in range(len(prefix)):
            if prefix[:length] in self._of:
                yield prefix[:length]
        for other in islice(self._prefixes, bisect_left(self._prefixes, prefix), None):
            if not other.startswith(prefix):
                return
            yield other


def _written(patterns: Sequence[Pattern]) -> Iterator[str]:
    """The globs of what epics may write, without words.

    A forbidden glob may protect files that another epic is yet to write.
    """
    for pattern in patterns:
        if pattern.forbids or _is_word(pattern.glob):
            continue
        yield pattern.glob


def _is_word(glob: str) -> bool:
    """Whether a glob looks like a word of running text rather than a path."""
    return PATH_SIGNS.isdisjoint(glob)


def _problem(path: str, line: Sequence[Pattern], tree: _Tree, owner: str, target: str) -> Problem:
    """The problem of the globs on one line."""
    first = line[0]
    message = f"`{' '.join(pattern.glob for pattern in line)}` of {owner} matches no file of {target}."
    near = tree.nearest(line)
    fix = "Correct it, or announce it: name a file that the epic creates there, in backticks, in the epic's text."
    if near:
        message += f" Did you mean `{near}`?"
    else:
        fix = "Write globs such as `src/**`, and move words that explain them to a line of their own."

    return Problem(path, first.line, first.column, message, fix)


def _remark(path: str, line: Sequence[Pattern], tree: _Tree, owner: str, target: str) -> Problem:
    """The remark on the globs of one line that may match files to come."""
    first = line[0]
    globs = ", ".join(f"`{pattern.glob}`" for pattern in line)
    verb = "matches"
    if len(line) > 1:
        verb = "match"
    message = f"{globs} of {owner} {verb} no file of {target} yet."
    near = tree.nearest(line)
    if near:
        message += f" Did you mean `{near}`?"

    return Problem(path, first.line, first.column, message, "Leave it if these files are to be created.")


class _Tree:
    """The folders and files of the target, to find what a glob was probably meant to name."""

    def __init__(self, files: Iterable[str]) -> None:
        """Of names that differ in case alone, the last one is suggested."""
        self._children: dict[str, dict[str, str]] = {}
        self._last: dict[str, str] = {}
        self._similar: dict[str, str] = {}
        for file in files:
            self._add(file)

    def _add(self, file: str) -> None:
        """Add a file with the folders above it."""
        folder = ""
        parts = file.split("/")
        for number, part in enumerate(parts, 1):
            path = "/".join(parts[:number])
            glob = path
            if number < len(parts):
                glob = f"{path}/**"
            self._children.setdefault(folder.casefold(), {})[part.casefold()] = glob
            self._last.setdefault(part.casefold(), glob)
            folder = path

    def nearest(self, patterns: Iterable[Pattern]) -> str:
        """The glob that the first of these globs with a similar path was meant to be; empty without any.

        Similar names in the same folder come before equal names elsewhere.
        """
        for pattern in patterns:
            found = self.similar(pattern.glob) or self._elsewhere(pattern.glob)
            if found:
                return found

        return ""

    def similar(self, glob: str) -> str:
        """The glob of the existing path that differs from this one in case or in a few letters; empty without any."""
        if glob not in self._similar:
            self._similar[glob] = self._compared(glob)
        return self._similar[glob]

    def _compared(self, glob: str) -> str:
        """What `similar` gives, by comparing the names of one folder."""
        folder = ""
        for part in _literal_parts(glob):
            children = self._children.get(folder.casefold(), {})
            exact = children.get(part.casefold())
            if exact is None:
                return _nearest(part.casefold(), children)
            if exact.removesuffix("/**").rpartition("/")[2] != part:
                return exact
            folder = exact.removesuffix("/**")

        return ""

    def _elsewhere(self, glob: str) -> str:
        """The glob of a folder or file of the same name in another place; empty without any."""
        parts = _literal_parts(glob)
        if not parts:
            return ""

        found = self._last.get(parts[-1].casefold(), "")
        if found.removesuffix("/**") == "/".join(parts):
            return ""

        return found


def _nearest(part: str, children: Mapping[str, str]) -> str:
    """The child whose name has the same letters in another order, or nearly the same ones; empty without any."""
    compared = list(islice(children, NAMES_COMPARED_MAX))
    for name in compared:
        if sorted(name) == sorted(part):
            return children[name]

    for name in get_close_matches(part, compared, n=1, cutoff=0.8):
        return children[name]

    return ""


def _literal_parts(glob: str) -> list[str]:
    """The parts of a glob before the first one with a wildcard."""
    return list(takewhile(lambda part: not WILDCARDS.intersection(part), glob.strip("/").split("/")))
