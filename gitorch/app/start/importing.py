"""Task lists of other tools: found in files, folders, forges and the tracker, and read as plans."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from gitorch.app.start.named_files import read_bytes
from gitorch.errors import Malformed, NotFound, Problem, Unavailable
from gitorch.model.counts import counted
from gitorch.model.tracker import Backlog
from gitorch.text.imports.beads_epics import beads_plan
from gitorch.text.imports.formats import finished, import_plan
from gitorch.text.imports.issues import FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gitorch.app.services import Services
    from gitorch.text.imports.formats import ImportResult

LISTS = (
    "tasks.md",
    "tasks.json",
    "tasks/tasks.json",
    ".taskmaster/tasks/tasks.json",
    "issues.jsonl",
    ".beads/issues.jsonl",
)
"""The task lists that a folder may hold, in the order in which they are looked for."""

ABOVE = ("specs", "changes", "openspec/changes", ".kiro/specs", ".")
"""The folders whose subfolders may hold a `tasks.md` each."""

SHOWN_MAX = 12
"""How many of several task lists a refusal names."""

WAIT_SECONDS = 60.0

_GITHUB = re.compile(r"https?://(?P<host>[^/]+)/(?P<repo>[^/]+/[^/]+)/issues(?:/(?P<number>\d+))?/?(?:[?#].*)?")
_GITLAB = re.compile(r"https?://(?P<host>[^/]+)/(?P<repo>.+?)/-/issues(?:/(?P<number>\d+))?/?(?:[?#].*)?")
_NUMBER = re.compile(r"#(?P<number>\d+)")


def import_file(path: Path, shown: str, root: Path | None, format_name: str = "") -> ImportResult:
    """Read a task list, or the only one in a folder, as a plan.

    Documents beside it are named from `root` where they lie below it. Raises NotFound, Malformed.
    """
    if path.is_dir():
        found = _in_folder(path, shown)
        shown = f"{shown.rstrip('/')}/{found.relative_to(path)}"
        path = found

    project = root.name if root is not None else ""
    return import_plan(_named(path, root, shown), read_bytes(path, shown), _beside(path, root), format_name, project)


def _in_folder(folder: Path, shown: str) -> Path:
    """The task list of a folder. Raises NotFound where there is none, or more than one."""
    for name in LISTS:
        if (folder / name).is_file():
            return folder / name

    below = _below(folder)
    if not below:
        message = f"{shown} holds no task list: none of {', '.join(LISTS)}"
        raise NotFound(message, f"ls {shlex.quote(shown)}")
    if len(below) > 1:
        first = shlex.quote(f"{shown.rstrip('/')}/{below[0]}")
        message = f"{shown} holds {counted(len(below), 'task list')}: {', '.join(below[:SHOWN_MAX])}"
        raise NotFound(message, f"gitorch plan import {first}")

    return folder / below[0] / "tasks.md"


def _below(folder: Path) -> list[str]:
    """The subfolders that hold a `tasks.md`, from the folder on."""
    below: list[str] = []
    for name in ABOVE:
        for found in sorted((folder / name).glob("*/tasks.md")):
            below.append(str(found.parent.relative_to(folder)))

    return below


def _named(path: Path, root: Path | None, shown: str) -> str:
    """The path of a file from the root of the repository where it lies below it, otherwise as typed."""
    full = path.absolute()
    if root is not None and full.is_relative_to(root):
        return str(full.relative_to(root))

    return shown


def _beside(path: Path, root: Path | None) -> dict[str, str]:
    """The documents in the folder of a task list, by name."""
    documents: dict[str, str] = {}
    for document in sorted(path.parent.glob("*.md")):
        documents[document.name] = _named(document, root, str(document))

    return documents


def is_issue(name: str) -> bool:
    """Whether a name is the number of an issue, or the address of an issue or a list of issues."""
    return any(pattern.fullmatch(name) for pattern in (_NUMBER, _GITLAB, _GITHUB))


def import_issue(services: Services, name: str) -> ImportResult:
    """Read an issue, or a list of open issues, as a plan by `gh` or `glab`.

    Raises Unavailable where the program is missing, or does not answer; Malformed for an answer that holds nothing to do.
    """
    program, command = _command(services, name)
    if not services.programs.find(program):
        message = f"{name} is read by the program {program}, which is not on PATH; a file of exported issues needs none"
        raise Unavailable(message, "gitorch plan import --help")

    status, output = services.programs.run_shell(command, services.root, WAIT_SECONDS)
    if status:
        last = output.strip().rpartition("\n")[2] or "no output"
        raise Unavailable(f"{program} cannot read {name}: {last}", f"{program} auth status")

    return import_plan(f"{name.rpartition('/')[2].strip('#') or 'issues'}.json", output.encode(), {}, "issues")


def _command(services: Services, name: str) -> tuple[str, str]:
    """The program that reads an issue or a list of issues, and its command line."""
    number = _NUMBER.fullmatch(name)
    if number is not None:
        if "gitlab" in services.git.setting("remote.origin.url"):
            return "glab", f"glab issue view {number['number']} --output json"
        return "gh", f"gh issue view {number['number']} --json {FIELDS}"

    gitlab = _GITLAB.fullmatch(name)
    if gitlab is not None:
        return "glab", _glab(gitlab)

    return "gh", _gh(name)


def _gh(name: str) -> str:
    """The command line of `gh` for an address."""
    found = _GITHUB.fullmatch(name)
    if found is None:
        return f"gh issue list --limit 200 --json {FIELDS}"

    repo = shlex.quote(f"{found['host']}/{found['repo']}")
    if found["number"]:
        return f"gh issue view {found['number']} --repo {repo} --json {FIELDS}"
    return f"gh issue list --repo {repo} --state open --limit 200 --json {FIELDS}"


def _glab(found: re.Match[str]) -> str:
    """The command line of `glab` for an address."""
    repo = shlex.quote(f"https://{found['host']}/{found['repo']}")
    if found["number"]:
        return f"glab issue view {found['number']} --repo {repo} --output json"
    return f"glab issue list --repo {repo} --per-page 100 --output json"


def import_epic(services: Services, name: str) -> ImportResult:
    """Read an epic of the tracker as a plan. Raises NotFound where no file and no epic has this name, Unavailable, Malformed."""
    backlog = _backlog(services, name)
    issue = backlog.issues.get(name)
    if backlog.problems:
        raise Malformed(f"{backlog.source} cannot be imported", backlog.problems)
    if issue is None:
        raise NotFound(f"there is no file, folder, issue or epic {name}", "gitorch plan import --help")
    if issue.kind != "epic" or not issue.is_open:
        raise Malformed(f"{name} cannot be imported", tuple(_not_open(backlog.source, name, issue.kind)))

    return finished(backlog.source, beads_plan(backlog.source, backlog.issues, name))


def _backlog(services: Services, name: str) -> Backlog:
    """What the tracker knows about an issue; nothing without a tracker. Raises Unavailable."""
    tracker = services.tracker(services.config.tracker)
    if tracker is None:
        return Backlog("the tracker", {})

    return tracker.read((name,))


def _not_open(source: str, name: str, kind: str) -> Iterator[Problem]:
    """Why an issue cannot be a plan."""
    message = f"`{name}` is of kind {kind}, and no epic."
    if kind == "epic":
        message = f"`{name}` is closed."
    yield Problem(source, 1, 1, message, "Name an open epic.")
