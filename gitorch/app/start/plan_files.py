"""The files of a plan, and what its tracker says of it: read once, with everything that keeps them from being read."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from gitorch.errors import NotFound, Problem, Unavailable
from gitorch.model.plan import Plan
from gitorch.model.tracker import Backlog
from gitorch.model.values import Value
from gitorch.text.plans.plan import named_prompt, parse_plan

if TYPE_CHECKING:
    from pathlib import Path

    from gitorch.app.services import Services
    from gitorch.ports.tracker import Tracker

AUTO = "auto"


class PlanRead(Value):
    """A plan, the bytes of its file, and the kind of tracker that its epics live in; empty where they live in the plan."""

    plan: Plan
    data: bytes
    tracker: str = ""


def read_plan(services: Services, path: Path, prompt: Path | None) -> PlanRead:
    """Read a plan with its prompt, and ask the tracker about it. Raises NotFound where the plan itself cannot be read."""
    data = read_bytes(path)
    name, limit = shown(services, path), services.config.plan_bytes_max
    chosen = prompt or _beside(services, path, named_prompt(name, data, limit))
    text = _maybe(chosen) if chosen is not None else None
    asking = _Asking(services)
    given = None if chosen is None or text is None else (shown(services, chosen), text)
    plan = parse_plan(name, data, given, limit, asking.ask)
    if prompt is not None and text is None:
        plan = _without_prompt(plan, prompt)
    return PlanRead(plan, data, asking.kind if any(epic.issue for epic in plan.epics) else "")


def read_bytes(path: Path) -> bytes:
    """The bytes of a file that somebody named. Raises NotFound with what is in the way."""
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"{path} cannot be read: {(error.strerror or 'no such file').lower()}"
        raise NotFound(message, f"ls {path.parent}") from error


def shown(services: Services, path: Path) -> str:
    """The path as people know it: from the repository's root where it lies inside, else from where they stand."""
    full = path.absolute()
    return str(full.relative_to(services.root)) if full.is_relative_to(services.root) else str(path)


def digest_of(data: bytes) -> str:
    """`sha256:` and the digest of these bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _beside(services: Services, path: Path, said: str) -> Path | None:
    """The prompt that a plan names: from the plan's own folder, or from the repository's root."""
    choices = [path.parent / said, services.root / said] if said else []
    return next((choice for choice in choices if choice.is_file()), None)


def _maybe(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _without_prompt(plan: Plan, prompt: Path) -> Plan:
    """A plan whose prompt was named by the caller and is not there: its sections are, so only that is wrong with it."""
    problem = Problem(str(prompt), 1, 1, "The implementation prompt cannot be read.", f"ls {prompt.parent}")
    return Plan(
        plan.path, plan.title, (), plan.digest, plan.design, str(prompt), plan.settings, (problem,), plan.places
    )


class _Asking:
    """Asks the configured tracker, where the plan has anything to do with it, and remembers which one answered."""

    def __init__(self, services: Services) -> None:
        self._tools = services
        self.kind = ""

    def ask(self, names: tuple[str, ...], bare: bool) -> Backlog | None:
        """What the tracker has of these names; None where the plan stands on its own. `bare`: some epic has no tasks.

        An issue's id is a prefix, `-` and more, so a plan whose epics have tasks and are plain words is none of the tracker's business.
        """
        if not (bare or any("-" in name for name in names)):
            return None
        wanted = self._tools.config.tracker
        tracker = self._tools.tracker(wanted)
        if tracker is None and bare and wanted == AUTO and self._tools.programs.find("bd"):
            tracker = self._tools.tracker("bd")
        if tracker is None:
            return None
        needed = bare or wanted != AUTO
        self.kind = tracker.kind
        try:
            backlog = tracker.read(names)
        except Unavailable as mute:
            return self._silent(tracker, mute) if needed or self._known_to_file(names) else None
        return backlog if needed or any(name in backlog.issues for name in names) else None

    def _known_to_file(self, names: tuple[str, ...]) -> bool:
        """Whether the exported file knows one of the names, so that the program that is silent would be needed."""
        exported = self._tools.tracker("file")
        try:
            return exported is not None and any(name in exported.read(names).issues for name in names)
        except Unavailable:
            return False

    def _silent(self, tracker: Tracker, mute: Unavailable) -> Backlog:
        config = self._tools.config
        line, column = config.places.get("tracker", (1, 1))
        fix = "Mend it (bd doctor), or set `tracker: file` to read .beads/issues.jsonl, or `tracker: none`."
        message = f"The plan's epics cannot be looked up: {mute.message}."
        problem = Problem(config.path or "gitorch.yaml", line, column, message, fix)
        return Backlog(tracker.kind, {}, (problem,))
