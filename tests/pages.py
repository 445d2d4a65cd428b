"""Reading and running documentation: consoles that are executed, links that must lead somewhere, tables of rules.

A fenced `console` block that follows `<!-- test: run -->` is executed, line by line as a reader would type it. Lines that
begin with `$ ` are commands, `> ` continues one; the lines below a command are what it must print, where `...` stands for
anything, and none means that its output does not matter. A command must exit with 0; `# exit 4` at its end says otherwise.
All blocks of one page share one scratch repository, in order.
"""

from __future__ import annotations

import itertools
import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from markdown_it.token import Token

RUN = "<!-- test: run -->"
WITH_AGENTS = "<!-- test: agents -->"
"""The mark of blocks that need the vendors' programs; tests/agents runs them."""

EXIT = re.compile(r"\s+# exit (\d+)$")
COMMAND_WAIT_SECONDS = 60


@dataclass(frozen=True)
class Step:
    """One command of a page: its line, its exit status and its expected output."""

    line: int
    command: str
    exit_status: int
    expected: str


def parse(text: str) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(text)


def steps(text: str, mark: str = RUN) -> Iterator[Step]:
    """The commands of all blocks of a page that have this mark."""
    tokens = parse(text)
    for before, token in itertools.pairwise(tokens):
        if before.type != "html_block" or before.content.strip() != mark:
            continue
        assert token.type == "fence", f"line {line_of(token)}: {mark} stands directly before a fenced block"
        assert token.info.strip() == "console", f"line {line_of(token)}: a block that runs is a `console` block"
        yield from steps_of_block(token.content.splitlines(), line_of(token) + 1)


def line_of(token: Token) -> int:
    return (token.map or [0])[0] + 1


def steps_of_block(lines: list[str], first: int) -> Iterator[Step]:
    starts = [index for index, line in enumerate(lines) if line.startswith("$ ")]
    assert starts[:1] == [0], f"line {first}: a block that runs begins with a command"
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        typed = [lines[start][2:]]
        rest = lines[start + 1 : end]
        while rest and rest[0].startswith("> "):
            typed.append(rest.pop(0)[2:])
        command = "\n".join(typed)
        found = EXIT.search(command)
        yield Step(first + start, EXIT.sub("", command), int(found[1]) if found else 0, "\n".join(rest).strip())


def assert_step(
    step: Step, folder: Path, environment: Mapping[str, str], wait_seconds: float = COMMAND_WAIT_SECONDS
) -> None:
    """Execute one command in `folder`; fails with its output if that differs from the page."""
    done = subprocess.run(
        ("bash", "-euo", "pipefail", "-c", step.command),
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=wait_seconds,
    )
    assert_shown(step, done.returncode, done.stdout)


def assert_shown(step: Step, status: int, output: str) -> None:
    """Fails with what a command printed if that, or its exit status, differs from the page."""
    said = f"line {step.line}: $ {step.command}\n{output}"
    assert status == step.exit_status, f"exit {status}, the page says {step.exit_status}: {said}"
    assert not step.expected or alike(step.expected, output.strip()), f"the page shows\n{step.expected}\nfor {said}"


def alike(expected: str, printed: str) -> bool:
    """Whether the text matches the expected one, in which `...` stands for anything. Spaces at line ends do not count."""
    pattern = r".*?".join(re.escape(part) for part in stripped(expected).split("..."))
    return re.fullmatch(pattern, stripped(printed), re.DOTALL) is not None


def stripped(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines())


def links(text: str) -> Iterator[str]:
    """Every link and picture of a page that leads to a file of this repository or to a heading."""
    for token in parse(text):
        for child in token.children or ():
            target = child.attrGet("href") or child.attrGet("src")
            if isinstance(target, str) and not re.match(r"[a-z][a-z0-9+.-]*:", target):
                yield target


def anchors(text: str) -> set[str]:
    """The names under which a page's headings can be linked, as the usual forges make them."""
    tokens = parse(text)
    headings = (token.content for before, token in itertools.pairwise(tokens) if before.type == "heading_open")
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path, top: Path) -> Iterator[str]:
    """The links of a page that lead to no file or heading inside the repository."""
    for link in links(page.read_text(encoding="utf-8")):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        there = target.exists() and target.is_relative_to(top)
        if not there or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            yield link


def rows(text: str) -> Iterator[list[str]]:
    """The cells of every table row of a page, without the header rows."""
    cells: list[str] = []
    in_body = in_cell = False
    for token in parse(text):
        if token.type in {"tbody_open", "tbody_close"}:
            in_body = token.type == "tbody_open"
        elif token.type == "tr_open":
            cells = []
        elif token.type == "tr_close" and in_body:
            yield cells
        elif token.type in {"td_open", "td_close"}:
            in_cell = token.type == "td_open"
        elif token.type == "inline" and in_cell:
            cells.append(token.content)
