"""What the agent does where the script has no turn: enough to bring any plan to its end."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from gitorch.scripted.reports import in_scope
from gitorch.scripted.step import Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.scripted.brief import Brief

SLUG_CHARACTERS_MAX = 40
PROSE = frozenset({".md", ".txt", ".rst"})


def default_steps(brief: Brief) -> tuple[Step, ...]:
    """The steps of a turn without a script: a reviewer accepts, everybody else works and reports DONE."""
    steps = tuple(_review(brief) if brief.reviews else _build(brief))
    return tuple(
        Step(step.name, step.value, step.options, f"default step {number}") for number, step in enumerate(steps, 1)
    )


def _review(brief: Brief) -> Iterator[Step]:
    span = f"{brief.base}..{brief.commit}" if brief.base else brief.commit
    if span:
        yield Step("run", f"git diff --stat {span}" if brief.base else f"git show --stat --format=%h {span}")
    yield Step(
        "verdict",
        "accept",
        {"summary": f"Read the changes of {brief.subject or 'the work'}; nothing stands in the way."},
    )


def _build(brief: Brief) -> Iterator[Step]:
    if brief.findings:
        yield from _answer_findings(brief)
    elif brief.attempt > 1:
        yield from _change(brief, f"attempt-{brief.attempt}", f"Attempt {brief.attempt}: {brief.title}")
    else:
        yield from _first_attempt(brief)
    yield Step("handoff", "DONE", {"summary": f"{brief.title or brief.job}: everything in the brief is done"})


def _first_attempt(brief: Brief) -> Iterator[Step]:
    for number, task in enumerate(brief.tasks or (brief.title or brief.job,), 1):
        yield from _change(brief, f"{number:02}-{slug(task)}", task)
    for path in brief.owed:
        yield Step("append", path, {"text": f"{brief.title or brief.job}\n"})
    if brief.owed:
        yield Step("commit", f"Write what {brief.job} owes")


def _answer_findings(brief: Brief) -> Iterator[Step]:
    for finding in brief.findings:
        name = f"finding-{finding.number}-round-{brief.attempt}"
        yield from _change(brief, name, f"Finding {finding.number} (attempt {brief.attempt}): {finding.title}")


def _change(brief: Brief, name: str, words: str) -> Iterator[Step]:
    """One small file of its own and its commit; one more line of an existing file where the scope allows no other."""
    path, own = place(brief, name)
    text = _worded(path, words)
    yield Step("write", path, {"text": text}) if own else Step("append", path, {"text": text})
    yield Step("commit", " ".join(words.split())[:72])


def place(brief: Brief, name: str) -> tuple[str, bool]:
    """Where a file of this name may stand under the job's scope, and whether it is a new one.

    Folders and globs are tried first, in their order; then plain paths, which name a file to add to.
    """
    for glob in sorted(brief.allowed, key=_is_file):
        candidate = _below(glob, brief.job, name)
        if in_scope(candidate, brief.allowed, brief.forbidden):
            return candidate, not _is_file(glob)
    return f"{brief.job}/{name}.md", True


def slug(text: str) -> str:
    """A short file name made of a text's words."""
    words = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return words[:SLUG_CHARACTERS_MAX].rstrip("-") or "task"


def _is_file(glob: str) -> bool:
    return "*" not in glob and bool(PurePosixPath(glob).suffix) and not glob.endswith("/")


def _below(glob: str, job: str, name: str) -> str:
    """A path that the glob covers: below its fixed folders, with its suffix."""
    if _is_file(glob):
        return glob
    if "*" not in glob:
        return f"{glob.rstrip('/')}/{job}/{name}.md"
    fixed = glob[: glob.index("*")]
    folder = fixed[: fixed.rfind("/") + 1]
    suffix = PurePosixPath(glob).suffix
    suffix = suffix if suffix and "*" not in suffix else ".md"
    return f"{folder}{job}/{name}{suffix}" if "**" in glob or "/" not in glob else f"{folder}{job}-{name}{suffix}"


def _worded(path: str, words: str) -> str:
    if PurePosixPath(path).suffix in PROSE:
        return f"{words}\n"
    return "".join(f"# {line}\n" for line in words.splitlines())
