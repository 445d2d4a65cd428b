"""One whole specimen of every format, and what becomes of it after each small edit of each line: the problems, or what changes.

The answers are compared with `tests/text/texts`; `pytest --rewrite-transcripts` writes them anew.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from golden import assert_golden
from shown import changes, shown

from gitorch.errors import GitorchError, Malformed
from gitorch.model.work.artifact import ArtifactKind
from gitorch.text.artifact import parse_artifact
from gitorch.text.beads import parse_issues
from gitorch.text.config_file import parse_config
from gitorch.text.outbox_entry import decode
from gitorch.text.plans.plan import parse_plan
from gitorch.text.preset import parse_preset
from gitorch.text.workflows.file import parse_workflow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
KEY = re.compile(r"(?P<before>[ {,\[-]*)(?P<key>[\w.]+|\"\w+\")(?P<colon>:)(?P<value> .*)?")


def edits(lines: list[str], row: int) -> Iterator[tuple[str, list[str]]]:
    """Each way to edit one line, with a name."""
    line = lines[row]
    put = lambda *new: [*lines[:row], *new, *lines[row + 1 :]]  # noqa: E731 said often
    yield "without", put()
    found = KEY.match(line)
    if found is None:
        yield "twice", put(line, line)
        yield "cut", put(line[: len(line) // 2])
        return
    comma = "," if line.endswith(",") else ""
    head, key = line[: found.end("colon")], found["key"].strip('"')
    yield "misspelt", put(line.replace(key, f"{key}x", 1))
    if found["value"] is None:
        return
    for flag, other in ((" true", "false"), (" false", "true")):
        if found["value"].rstrip(",") == flag:
            yield "the other flag", put(f"{head} {other}{comma}")
    if row % 2:  # odd values take turns, since a reading of YAML takes 10 ms
        yield "empty", put(f"{head} []{comma}")
    elif re.search(r"\d|\btrue\b|\bfalse\b", found["value"]):
        yield "a number", put(f"{head} -7{comma}")
    else:
        yield "words", put(f'{head} "../odd words"{comma}')


def read_workflow(data: bytes):
    return parse_workflow("workflow.yaml", data, {"roles/judge.md": b"Judge.", "briefs/draft.md": b"Draft."}.get)


def read_handoff(data: bytes):
    return parse_artifact("docs/handoff.md", data, ArtifactKind.HANDOFF)


def read_ledger(data: bytes):
    return parse_artifact("docs/support.md", data, ArtifactKind.SUPPORT_LEDGER)


SPECIMENS: dict[str, Callable[[bytes], object]] = {
    "plan.md": lambda data: parse_plan("plan.md", data),
    "workflow.yaml": read_workflow,
    "gitorch.yaml": lambda data: parse_config("gitorch.yaml", data),
    "preset.yaml": lambda data: parse_preset("preset.yaml", data),
    "outbox.json": lambda data: decode("report.json", data),
    "issues.jsonl": lambda data: parse_issues("issues.jsonl", data),
    "handoff.md": read_handoff,
    "support.md": read_ledger,
}


def outcome(read: Callable[[bytes], object], data: bytes, whole: object) -> str:
    """What is read from an edited specimen: its problems with their fixes, or what differs from the whole one."""
    try:
        value = read(data)
    except Malformed as error:
        lines = [f"{problem.line}:{problem.column} {problem.message} → {problem.fix}" for problem in error.problems]
        return "\n".join([f"{error.message} $ {error.hint}", *lines])
    except GitorchError as error:
        return f"{error.code}: {error.message} $ {error.hint}"
    lines = []
    for line in changes(whole, value, "it"):
        if not re.match(r"it\.(places|path|digest|source)", line):
            lines.append(line)
    return "\n".join(lines) or "the same"


def outcomes(name: str, each: int) -> tuple[str, dict[str, list[str]]]:
    """The whole specimen as it is shown; and the edits of each so many-th line, by what becomes of them."""
    read, lines = SPECIMENS[name], (HERE / "specimens" / name).read_text(encoding="utf-8").splitlines()
    whole = read(("\n".join(lines) + "\n").encode())
    blocks: dict[str, list[str]] = {}
    for row in range(0, len(lines), each):
        for edit, edited in edits(lines, row):
            text = outcome(read, ("\n".join(edited) + "\n").encode(), whole)
            blocks.setdefault(text, []).append(f"> {edit}: {lines[row].strip()}")
    return shown(whole), blocks


def blocks_of(told: str) -> set[str]:
    """The blocks of a golden file: edits, each with `> ` before it, and what becomes of all of them."""
    return set(re.split(r"\n\n(?=> )", told.removesuffix("\n")))


LONG = ("workflow.yaml", "gitorch.yaml", "preset.yaml")
"""A reading of these takes 10 ms, so `make test` edits each fifth line."""


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] * (name in LONG)) for name in SPECIMENS])
def test_every_edit_of_a_line_has_its_outcome(name: str, request) -> None:
    whole, blocks = outcomes(name, 1)
    told = {"> whole\n" + whole: [], **blocks}
    assert_golden(f"{name}.txt", "\n\n".join("\n".join([*asked, text]) for text, asked in told.items()) + "\n", request)


@pytest.mark.parametrize("name", LONG)
def test_an_edit_of_each_fifth_line_has_its_outcome(name: str) -> None:
    whole, blocks = outcomes(name, 5)
    golden = blocks_of((HERE / "texts" / f"{name}.txt").read_text(encoding="utf-8"))
    assert "> whole\n" + whole in golden
    for text, asked in blocks.items():
        (block,) = [block for block in golden if block.endswith(f"\n{text}") and set(asked) <= set(block.split("\n"))]
        assert block
