"""The commands that a project lets its agents run: from the section of `AGENTS.md` or `CLAUDE.md` about them, and from Claude's settings.

Each command is exact, or ends with `:*` and may be followed by arguments.
"""

from __future__ import annotations

import json
import re
from itertools import filterfalse
from typing import TYPE_CHECKING

from gitorch.text.markdown import Heading, read_markdown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.text.markdown import Document

AGENTS_FILES = ("AGENTS.md", "CLAUDE.md")
SETTINGS_FILE = ".claude/settings.json"

SECTION = re.compile(r"(?:allowed|permitted) commands|commands (?:that )?(?:agents|you) may run", re.IGNORECASE)
ITEM = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+(?P<text>.+)$")
NO_COMMAND = re.compile(r"```|~~~|#|$")
"""What a line of a code block begins with that is no command: a fence, a remark or nothing."""
CODE = re.compile(r"`([^`]+)`")
SHELL = re.compile(r"Bash\((?P<command>[^()\n]+)\)")
ANY_ARGUMENTS = ":*"
SEVERAL = re.compile(r"[;&|`\n]|[$<>]\(")


def commands_in_agents_file(text: str) -> tuple[str, ...]:
    """The commands of every section about allowed commands: those of its list, and the lines of its code blocks."""
    document = read_markdown(text)
    lines = text.splitlines()
    found: list[str] = []
    for first, end in _sections(document, len(lines)):
        for number in range(first, end):
            found += _commands_of(document, number, lines[number - 1])

    return _single(found)


def _sections(document: Document, count: int) -> Iterator[tuple[int, int]]:
    """The first line of each section about allowed commands, and the line after its last."""
    headings = [block for block in document.blocks if isinstance(block, Heading)]
    for place, heading in enumerate(headings):
        if not SECTION.search(heading.text):
            continue

        ends = [other.line for other in headings[place + 1 :] if other.level <= heading.level]
        yield heading.end + 1, min(ends, default=count + 1)


def _commands_of(document: Document, number: int, line: str) -> list[str]:
    """The commands on one line of such a section: a line of code, or the code in an item."""
    text = line.strip()
    if document.is_code(number, line):
        return [] if NO_COMMAND.match(text) else [_with_arguments(text)]

    item = ITEM.match(line)
    if item is None:
        return []

    return [_with_arguments(code) for code in CODE.findall(item["text"])]


def _with_arguments(command: str) -> str:
    """A command in the form of this module: ` *` at its end means any arguments."""
    command = command.strip().removeprefix("$ ")
    return re.sub(r" \*$", ANY_ARGUMENTS, command)


def commands_in_claude_settings(text: str) -> tuple[str, ...]:
    """The shell commands that a project's settings of Claude Code allow; none for a file that is not JSON."""
    try:
        settings = json.loads(text)
    except (ValueError, RecursionError):
        return ()

    found = []
    for rule in _allowed(settings):
        shell = SHELL.fullmatch(str(rule))
        if shell is not None:
            found.append(shell["command"].strip())

    return _single(found)


def _single(commands: list[str]) -> tuple[str, ...]:
    """Each command once, without those that a shell would take for more than one, or for a command within it."""
    return tuple(dict.fromkeys(filterfalse(SEVERAL.search, commands)))


def _allowed(settings: object) -> list[object]:
    """The list below `permissions.allow`; an empty one for settings of any other form."""
    for key in ("permissions", "allow"):
        if not isinstance(settings, dict):
            return []

        settings = settings.get(key)

    return settings if isinstance(settings, list) else []
