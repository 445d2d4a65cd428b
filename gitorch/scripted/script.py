"""The script file: which turn an agent takes on which prompt, parsed and checked as a whole before anything is done."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from gitorch.scripted.step import COUNT, FLAG, REGEX, TEXT, TEXTS, Act, Shape, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gitorch.scripted.brief import Brief

Table = Mapping[str, object]

PROMPTS = ("brief", "findings", "answer", "nudge", "cleared", "message", "other")
"""Kinds of prompts; `other` is text that names no file of gitorch's."""

WORK_PROMPTS = PROMPTS[:4]
"""The prompts that ask for work. A turn that names no prompt takes these."""


SELECTORS: Mapping[str, Shape] = {
    "job": TEXT,
    "kind": TEXT,
    "subject": TEXT,
    "stage": COUNT,
    "attempt": COUNT,
    "prompt": TEXTS,
    "path": TEXT,
    "matches": REGEX,
}


class BadScript(Exception):
    """The script is wrong; the message has one line for each defect, with its place."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Steps for the prompts that it matches: by globs on job, kind and subject, by numbers, by a file's content."""

    steps: tuple[Step, ...]
    job: str = "*"
    kind: str = "*"
    subject: str = "*"
    stage: int | None = None
    attempt: int | None = None
    prompts: tuple[str, ...] = WORK_PROMPTS
    path: str = ""
    matches: str = ""

    def fits(self, brief: Brief, prompt: str, read: Callable[[str], str]) -> bool:
        """Whether this turn is meant for the prompt; `read` answers the text of a file that the turn asks about."""
        return (
            prompt in self.prompts
            and fnmatchcase(brief.job, self.job)
            and fnmatchcase(brief.kind, self.kind)
            and fnmatchcase(brief.subject, self.subject)
            and self.stage in {None, brief.stage}
            and self.attempt in {None, brief.attempt}
            and (not self.path or re.search(self.matches, read(self.path), re.MULTILINE) is not None)
        )


@dataclass(frozen=True, slots=True)
class Boot:
    """Steps before the first prompt, for sessions whose job matches."""

    steps: tuple[Step, ...]
    job: str = "*"


@dataclass(frozen=True, slots=True)
class Script:
    """A checked script. Without a file it is empty, and the agent does everything by default."""

    turns: tuple[Turn, ...] = ()
    boots: tuple[Boot, ...] = ()

    def choose(self, brief: Brief, prompt: str, read: Callable[[str], str]) -> Turn | None:
        """The first turn in the file's order that fits, or None: then the default is done."""
        return next((turn for turn in self.turns if turn.fits(brief, prompt, read)), None)

    def names(self, prompt: str) -> bool:
        """Whether any turn takes this prompt."""
        return any(prompt in turn.prompts for turn in self.turns)

    def boot(self, job: str) -> tuple[Step, ...]:
        """The steps before the first prompt of this job's session."""
        return next((boot.steps for boot in self.boots if fnmatchcase(job, boot.job)), ())


def parse(text: str, name: str, acts: Mapping[str, Act]) -> Script:
    """Read a script; raises BadScript with every defect found, each with the place where it stands."""
    try:
        data: Table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadScript(f"{name}: {error}") from error
    reader = _Reader(name, acts)
    script = reader.script(data)
    if reader.defects:
        raise BadScript("\n".join(reader.defects))
    return script


class _Reader:
    """Walks over the parsed file and collects defects instead of stopping at the first."""

    def __init__(self, name: str, acts: Mapping[str, Act]) -> None:
        self.defects: list[str] = []
        self._name = name
        self._acts = acts

    def script(self, data: Table) -> Script:
        self._known(data, {"turn", "boot"}, "top level")
        turns = tuple(self._turn(table, place) for table, place in self._tables(data.get("turn", []), "turn"))
        boots = tuple(self._boot(table, place) for table, place in self._tables(data.get("boot", []), "boot"))
        return Script(turns, boots)

    def _turn(self, table: Table, place: str) -> Turn:
        self._known(table, {*SELECTORS, "step"}, place)
        found = {key: table[key] for key, shape in SELECTORS.items() if self._holds(table, key, shape, place)}
        if ("path" in found) != ("matches" in found):
            self._defect(place, "'path' and 'matches' belong together")
        prompts = found.get("prompt", WORK_PROMPTS)
        prompts = (
            (prompts,) if isinstance(prompts, str) else tuple(prompts) if isinstance(prompts, (list, tuple)) else ()
        )
        for prompt in prompts:
            if prompt not in PROMPTS:
                self._defect(place, f"unknown prompt {prompt!r}; prompts are {', '.join(PROMPTS)}")
        stage, attempt = found.get("stage"), found.get("attempt")
        return Turn(
            steps=self._steps(table, place, boot=False),
            job=str(found.get("job", "*")),
            kind=str(found.get("kind", "*")),
            subject=str(found.get("subject", "*")),
            stage=stage if isinstance(stage, int) else None,
            attempt=attempt if isinstance(attempt, int) else None,
            prompts=prompts,
            path=str(found.get("path", "")),
            matches=str(found.get("matches", "")),
        )

    def _boot(self, table: Table, place: str) -> Boot:
        self._known(table, {"job", "step"}, place)
        job = table.get("job", "*") if self._holds(table, "job", TEXT, place) else "*"
        return Boot(self._steps(table, place, boot=True), str(job))

    def _steps(self, table: Table, place: str, *, boot: bool) -> tuple[Step, ...]:
        if "step" not in table:
            self._defect(place, "has no [[…step]]")
        steps = (
            self._step(step, where, boot=boot) for step, where in self._tables(table.get("step", []), f"{place}, step")
        )
        return tuple(step for step in steps if step is not None)

    def _step(self, table: Table, place: str, *, boot: bool) -> Step | None:
        name = next(iter(table), "")
        if name not in self._acts:
            self._defect(place, f"unknown step {name!r}{_instead(name, self._acts)}" if name else "is empty")
            return None
        act = self._acts[name]
        if boot and not act.boot:
            self._defect(place, f"'{name}' needs a turn: nothing is known of the job before its brief is read")
        shapes = {name: act.value, "once": FLAG, **act.options}
        self._known(table, set(shapes), f"{place} ({name})")
        for key, shape in shapes.items():
            self._holds(table, key, shape, f"{place} ({name})")
        for key in act.required:
            if key not in table:
                self._defect(f"{place} ({name})", f"'{key}' is missing")
        options = {key: value for key, value in table.items() if key != name}
        return Step(name, table[name], options, place)  # type: ignore[arg-type]  # shapes were checked just above

    def _tables(self, value: object, place: str) -> Iterator[tuple[Table, str]]:
        if not isinstance(value, list):
            self._defect(place, f"must be written as [[{place.rpartition(' ')[2]}]]")
            return
        for number, item in enumerate(value, 1):
            where = f"{place} {number}"
            if isinstance(item, dict):
                yield item, where
            else:
                self._defect(where, "must be a table")

    def _known(self, table: Table, known: Iterable[str], place: str) -> None:
        known = sorted(known)
        for key in table:
            if key not in known:
                self._defect(place, f"unknown key {key!r}{_instead(key, known)}")

    def _holds(self, table: Table, key: str, shape: Shape, place: str) -> bool:
        if key not in table:
            return False
        if not shape.holds(table[key]):
            self._defect(place, f"'{key}' must be {shape.words}, not {table[key]!r}")
            return False
        return True

    def _defect(self, place: str, message: str) -> None:
        self.defects.append(f"{self._name}: {place}: {message}")


def _instead(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), 1)
    return f"; did you mean {near[0]!r}?" if near else ""
