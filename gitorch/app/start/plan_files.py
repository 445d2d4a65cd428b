"""The files of a plan, and its epics in the issue tracker."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from gitorch.app.start.named_files import list_folder, read_bytes
from gitorch.errors import Problem, Unavailable
from gitorch.model.tracker import Backlog
from gitorch.model.values import Value, replace
from gitorch.text.plans.plan import named_prompt, parse_plan

if TYPE_CHECKING:
    from pathlib import Path

    from gitorch.app.services import Services
    from gitorch.model.plans.plan import Plan
    from gitorch.ports.tracker import Tracker

AUTO = "auto"


class PlanRead(Value):
    """A plan as it was read."""

    plan: Plan
    data: bytes
    """The bytes of its file."""
    tracker: str = ""
    """The kind of tracker that its epics live in; empty where they live in the plan."""
    close_template: str = ""
    """How a person closes issues in that tracker: a command line with `{issue}`; empty without a tracker."""


def read_plan(services: Services, path: Path, prompt: Path | None) -> PlanRead:
    """Read a plan with its prompt, and ask the tracker about its epics.

    `prompt` wins over the one that the plan names. Defects of any of them, a missing prompt among them, are problems of
    the plan and no errors.
    Raises NotFound where the plan itself cannot be read.
    """
    data = read_bytes(path)
    name, bytes_max = shown(services, path), services.config.plan_bytes_max
    prompt_path = prompt or _find_prompt(services, path, named_prompt(name, data, bytes_max))
    prompt_file = _prompt_file(services, prompt_path)

    lookup = _IssueLookup(services)
    plan = parse_plan(name, data, prompt_file, bytes_max, lookup.ask)
    if prompt is not None and prompt_file is None:
        plan = _with_missing_prompt(plan, prompt)

    if not any(epic.issue for epic in plan.epics):
        return PlanRead(plan, data)
    return PlanRead(plan, data, lookup.kind, lookup.close_template)


def _prompt_file(services: Services, path: Path | None) -> tuple[str, bytes] | None:
    """The prompt at this path, as messages show the path, and its bytes; None without one that can be read."""
    if path is None:
        return None
    data = _read_or_none(path)
    if data is None:
        return None
    return shown(services, path), data


def _read_or_none(path: Path) -> bytes | None:
    """The bytes of a file; None if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError:
        return None


def shown(services: Services, path: Path) -> str:
    """Return the path for use in messages: relative to the repository's root if it is inside, otherwise as typed.

    Symbolic links are not resolved: people know the name that they typed.
    """
    full = path.absolute()
    if full.is_relative_to(services.root):
        return str(full.relative_to(services.root))
    return str(path)


def digest_of(data: bytes) -> str:
    """`sha256:` and the digest of these bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _find_prompt(services: Services, path: Path, name: str) -> Path | None:
    """The prompt that a plan names, beside the plan or at the repository's root; None for an empty name or no such file."""
    if not name:
        return None
    for place in (path.parent / name, services.root / name):
        if place.is_file():
            return place
    return None


def _with_missing_prompt(plan: Plan, prompt: Path) -> Plan:
    """A plan whose only problem is that the prompt which the caller named cannot be read: its epics are in there."""
    problem = Problem(str(prompt), 1, 1, "The implementation prompt cannot be read.", list_folder(prompt))
    return replace(plan, epics=(), prompt=str(prompt), problems=(problem,))


class _IssueLookup:
    """Looks up a plan's epics in the configured tracker, and remembers the kind of the tracker that answered."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.kind = ""
        self.close_template = ""

    def ask(self, names: tuple[str, ...], bare: bool) -> Backlog | None:
        """The issues with these names; None where the plan needs no tracker. `bare`: some epic has no tasks.

        A tracker that does not answer, though the plan needs it, gives a backlog with that problem and without issues.
        """
        if not self._could_be_issues(names, bare=bare):
            return None
        tracker = self._tracker(bare=bare)
        if tracker is None:
            return None

        self.kind = tracker.kind
        is_needed = bare or self._services.config.tracker != AUTO
        backlog = self._read(tracker, names, is_needed=is_needed)

        if backlog is not None:
            self.close_template = backlog.commands.close_template
        return backlog

    def _could_be_issues(self, names: tuple[str, ...], *, bare: bool) -> bool:
        """Whether a tracker is worth asking.

        An issue's id is a prefix, `-` and more, so a plan whose epics have tasks and are plain words needs none.
        """
        if bare:
            return True
        for name in names:
            if "-" in name:
                return True
        return False

    def _read(self, tracker: Tracker, names: tuple[str, ...], *, is_needed: bool) -> Backlog | None:
        """The backlog of a tracker; None where the plan does not need one that does not know its epics, or does not answer."""
        try:
            backlog = tracker.read(names)
        except Unavailable as error:
            if is_needed or self._is_exported(names):
                return self._unavailable(tracker, error)
            return None

        if is_needed:
            return backlog
        if backlog.issues.keys().isdisjoint(names):
            return None
        return backlog

    def _tracker(self, *, bare: bool) -> Tracker | None:
        """The configured tracker; with `auto` and epics without tasks also the program `bd` without a repository of its own."""
        kind = self._services.config.tracker
        tracker = self._services.tracker(kind)
        if tracker is not None:
            return tracker
        if not bare or kind != AUTO:
            return None

        if self._services.programs.find("bd"):
            return self._services.tracker("bd")
        return None

    def _is_exported(self, names: tuple[str, ...]) -> bool:
        """Whether the exported file knows one of the names, so that the program that does not answer would be needed."""
        exported = self._services.tracker("file")
        if exported is None:
            return False
        try:
            issues = exported.read(names).issues
        except Unavailable:
            return False
        return not issues.keys().isdisjoint(names)

    def _unavailable(self, tracker: Tracker, error: Unavailable) -> Backlog:
        """A backlog without issues, with the problem that the tracker does not answer, at its place in the configuration."""
        config = self._services.config
        line, column = config.places.get("tracker", (1, 1))
        fix = "Mend it (bd doctor), or set `tracker: file` to read .beads/issues.jsonl, or `tracker: none`."
        message = f"The plan's epics cannot be looked up: {error.message}."
        problem = Problem(config.path or "gitorch.yaml", line, column, message, fix)
        return Backlog(tracker.kind, {}, (problem,))
