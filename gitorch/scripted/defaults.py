"""The default turn, for prompts that no turn of the script takes: it brings any plan to its end."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from gitorch.scripted.documents import KINDS, document
from gitorch.scripted.reports import in_scope
from gitorch.scripted.step import Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.scripted.brief import Brief, Owed

SLUG_CHARACTERS_MAX = 40
BASE_CHARACTERS = 10
PROSE = frozenset({".md", ".txt", ".rst"})
WITH_SLASHES = frozenset(
    {
        ".c",
        ".cc",
        ".cpp",
        ".cs",
        ".go",
        ".h",
        ".hpp",
        ".java",
        ".js",
        ".jsx",
        ".kt",
        ".mjs",
        ".rs",
        ".swift",
        ".ts",
        ".tsx",
    }
)
"""Files whose comments begin with two slashes."""

GLOB = frozenset("*?[")
CLASS = r"\[([^\]/])[^\]/]*\]"


def default_steps(brief: Brief) -> tuple[Step, ...]:
    """The steps of a turn without a script: a reviewer accepts, every other agent works and reports DONE.

    The same brief always gives the same steps at the same places, so that a restarted agent recognises its commits.
    """
    steps = _build(brief)
    if brief.reviews:
        steps = _review(brief)

    placed = []
    for number, step in enumerate(steps, 1):
        placed.append(step._replace(place=f"default step {number}"))

    return tuple(placed)


def _review(brief: Brief) -> Iterator[Step]:
    """Read the changes, then accept them."""
    if brief.base:
        yield Step("run", f"git diff --stat {brief.base}..{brief.commit}")
    elif brief.commit:
        yield Step("run", f"git show --stat --format=%h {brief.commit}")

    summary = f"Read the changes of {brief.subject or 'the work'}; nothing stands in the way."
    yield Step("verdict", "accept", {"summary": summary})


def _build(brief: Brief) -> Iterator[Step]:
    """Do what the brief asks for, then report it.

    Findings come first; another attempt without findings still needs a new commit, so that its report is not refused.
    """
    if brief.findings:
        yield from _answer_findings(brief)
    elif brief.attempt > 1:
        yield from _change(brief, f"attempt-{brief.attempt}", f"Attempt {brief.attempt}: {brief.title}")
    else:
        yield from _first_attempt(brief)

    yield Step("handoff", "DONE", {"summary": f"{brief.title or brief.job}: everything in the brief is done"})


def _first_attempt(brief: Brief) -> Iterator[Step]:
    """One commit for each task, and one for the documents that the job must deliver."""
    tasks = brief.tasks or (brief.title or brief.job,)
    for number, task in enumerate(tasks, 1):
        yield from _change(brief, f"{number:02}-{slug(task)}", task)

    yield from _owed_documents(brief, tasks[0])


def _owed_documents(brief: Brief, first_task: str) -> Iterator[Step]:
    """One commit with every document that the job must leave; a path with a wildcard names no file to write."""
    path, _ = place(brief, f"01-{slug(first_task)}")
    line = _content(path, _dated(brief, first_task)).splitlines()[0]
    written = False

    for owed in brief.owed:
        if not GLOB & set(owed.path):
            written = True
            yield _written(brief, owed, (path, line))

    if written:
        yield Step("commit", f"Write what {brief.job} owes")


def _written(brief: Brief, owed: Owed, changed: tuple[str, str]) -> Step:
    """The step that writes an owed document. One without fields may be a file that others write to: it only grows."""
    text = document(brief, owed, changed)
    if owed.kind in KINDS:
        return Step("write", owed.path, {"text": text})

    return Step("append", owed.path, {"text": text})


def _answer_findings(brief: Brief) -> Iterator[Step]:
    """One commit for each finding, named by its number and the attempt."""
    for finding in brief.findings:
        name = f"finding-{finding.number}-round-{brief.attempt}"
        yield from _change(brief, name, f"Finding {finding.number} (attempt {brief.attempt}): {finding.title}")


def _change(brief: Brief, name: str, text: str) -> Iterator[Step]:
    """One small file of its own and its commit; one more line of an existing file if the scope allows nothing else.

    Jobs run side by side, so files of their own keep their branches from conflicting.
    """
    path, is_new = place(brief, name)
    act = "append"
    if is_new:
        act = "write"

    yield Step(act, path, {"text": _content(path, _dated(brief, text))})
    yield Step("commit", " ".join(text.split())[:72])


def _dated(brief: Brief, text: str) -> str:
    """The text with the commit that the work starts from, so that it differs from what an earlier run left in the file."""
    if not brief.base:
        return text

    head, *rest = text.split("\n")
    return "\n".join([f"{head} (on {brief.base[:BASE_CHARACTERS]})", *rest])


def place(brief: Brief, name: str) -> tuple[str, bool]:
    """A path for a file of this name within the job's scope, and whether it is a new file.

    Folders and globs are tried first, in their order; then plain paths, which name a file to add to. Without a fitting
    one the path is below a folder with the job's name, and gitorch refuses it if the scope does.
    """
    for glob in sorted(brief.allowed, key=_is_file):
        candidate = _below(glob, brief.job, name)
        if in_scope(candidate, brief.allowed, brief.forbidden):
            return candidate, not _is_file(glob)

    return f"{brief.job}/{name}.md", True


def slug(text: str) -> str:
    """A short file name made of a text's words: lower case letters, digits and hyphens, never empty."""
    words = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return words[:SLUG_CHARACTERS_MAX].rstrip("-") or "task"


def _is_file(glob: str) -> bool:
    """Whether the glob names one file: a path with a suffix and without a wildcard.

    A path without a suffix could be either; it is taken for a folder.
    """
    if GLOB & set(glob) or glob.endswith("/"):
        return False

    return PurePosixPath(glob).suffix != ""


def _below(glob: str, job: str, name: str) -> str:
    """A path that the glob covers: its own text, with the job's name in place of wildcards, and its suffix.

    Without a wildcard the glob is a folder. `**` may span a folder with the job's name; a single `*`
    may not, so there the job's name is a part of the file's.
    """
    if _is_file(glob):
        return glob

    folders, slash, last = glob.rstrip("/").rpartition("/")
    folder = _filled(folders, job) + slash
    if not GLOB & set(last) and not _is_file(glob[len(folders) :]):
        return f"{folder}{last}/{job}/{name}.md"

    own = f"{job}-{name}"
    if "**" in last:
        own = f"{job}/{name}"
    if "**" in folders:
        own = name

    if last.endswith("*"):
        own = f"{own}.md"

    return folder + _filled(last, own)


def _filled(part: str, star: str) -> str:
    """A part of a glob without wildcards: this text in place of stars, and one character in place of any other."""
    one_character = re.sub(CLASS, r"\1", part.replace("?", "x"))
    return one_character.replace("**", "*").replace("*", star)


def _content(path: str, text: str) -> str:
    """The text as prose, or as comments in a file that is code."""
    suffix = PurePosixPath(path).suffix
    if suffix in PROSE:
        return f"{text}\n"

    mark = "#"
    if suffix in WITH_SLASHES:
        mark = "//"

    return "".join(f"{mark} {line}\n" for line in text.splitlines())
