"""The script file: the turns of an agent by prompt, parsed and checked as a whole before the agent starts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from gitorch.scripted.step import FLAG, PLACE, REGEX, TEXT, TEXTS, Act, Shape, Step

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
    "stage": PLACE,
    "attempt": PLACE,
    "prompt": TEXTS,
    "path": TEXT,
    "matches": REGEX,
}


class BadScript(Exception):
    """The script is wrong; the message has one line for each defect, with its place."""


class Turn(NamedTuple):
    """Steps for the prompts that it matches."""

    steps: tuple[Step, ...]
    job: str = "*"
    kind: str = "*"
    subject: str = "*"
    stage: int | None = None
    attempt: int | None = None
    prompts: tuple[str, ...] = WORK_PROMPTS
    path: str = ""
    """The file in which a line must match `matches`; empty for none."""

    matches: str = ""

    def fits(self, brief: Brief, prompt: str, read: Callable[[str], str]) -> bool:
        """Whether this turn matches the prompt.

        Every selector of the turn must match: prompt, job, stage, attempt, and a line of a file. `read` gives the text of a
        file of the worktree, and is called only for a turn that names one.
        """
        if prompt not in self.prompts or not self._fits_job(brief):
            return False

        if self.stage not in {None, brief.stage} or self.attempt not in {None, brief.attempt}:
            return False

        if not self.path:
            return True

        return re.search(self.matches, read(self.path), re.MULTILINE) is not None

    def _fits_job(self, brief: Brief) -> bool:
        """Whether the job, its kind and its subject match the turn's globs."""
        globs = ((brief.job, self.job), (brief.kind, self.kind), (brief.subject, self.subject))
        return all(fnmatchcase(name, glob) for name, glob in globs)


class Boot(NamedTuple):
    """Steps before the first prompt, for sessions whose job matches."""

    steps: tuple[Step, ...]
    job: str = "*"


class Script(NamedTuple):
    """A checked script. Without a file it is empty, and the agent does everything by default."""

    turns: tuple[Turn, ...] = ()
    boots: tuple[Boot, ...] = ()

    def choose(self, brief: Brief, prompt: str, read: Callable[[str], str]) -> Turn | None:
        """The first turn of the file that fits this prompt; None if the agent does the default."""
        for turn in self.turns:
            if turn.fits(brief, prompt, read):
                return turn

        return None

    def names(self, prompt: str) -> bool:
        """Whether a turn takes this kind of prompt."""
        return any(prompt in turn.prompts for turn in self.turns)

    def boot(self, job: str) -> tuple[Step, ...]:
        """The steps before the first prompt of this job's session, from the first boot that matches; empty without one."""
        for boot in self.boots:
            if fnmatchcase(job, boot.job):
                return boot.steps

        return ()


def parse(text: str, name: str, acts: Mapping[str, Act]) -> Script:
    """Read a script and check it as a whole; `name` stands in messages, `acts` are the steps that it may use.

    Raises BadScript with every defect found, each with its place. TOML that cannot be read is one defect.
    """
    import tomllib  # noqa: PLC0415 - an agent without a script starts sooner

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
        """The script, as far as it can be read; it counts only when there are no defects."""
        self._known(data, {"turn", "boot"}, "top level")
        turns = tuple(self._turn(table, place) for table, place in self._tables(data.get("turn", []), "turn"))
        boots = tuple(self._boot(table, place) for table, place in self._tables(data.get("boot", []), "boot"))

        return Script(turns, boots)

    def _turn(self, table: Table, place: str) -> Turn:
        """The turn of a table. A selector of the wrong shape is noted and matches everything."""
        self._known(table, {*SELECTORS, "step"}, place)
        found = {key: table[key] for key, shape in SELECTORS.items() if self._holds(table, key, shape, place)}
        if ("path" in found) != ("matches" in found):
            self._defect(place, "'path' and 'matches' belong together")

        return Turn(
            steps=self._steps(table, place, boot=False),
            job=str(found.get("job", "*")),
            kind=str(found.get("kind", "*")),
            subject=str(found.get("subject", "*")),
            stage=_number(found, "stage"),
            attempt=_number(found, "attempt"),
            prompts=self._prompts(found, place),
            path=str(found.get("path", "")),
            matches=str(found.get("matches", "")),
        )

    def _prompts(self, found: Table, place: str) -> tuple[str, ...]:
        """The kinds of prompts that a turn names; without a name, those that ask for work.

        One name may stand without a list around it. An unknown name is noted.
        """
        named = found.get("prompt", list(WORK_PROMPTS))
        if isinstance(named, str):
            named = [named]

        if not isinstance(named, list):
            return ()

        for prompt in named:
            if prompt not in PROMPTS:
                self._defect(place, f"unknown prompt {prompt!r}; prompts are {', '.join(PROMPTS)}")

        return tuple(named)

    def _boot(self, table: Table, place: str) -> Boot:
        """The boot of a table. A job of the wrong shape is noted and matches everything."""
        self._known(table, {"job", "step"}, place)
        job = "*"
        if self._holds(table, "job", TEXT, place):
            job = str(table["job"])

        return Boot(self._steps(table, place, boot=True), job)

    def _steps(self, table: Table, place: str, *, boot: bool) -> tuple[Step, ...]:
        """The steps below a turn or a boot, in their order; wrong ones are noted and left out."""
        if "step" not in table:
            self._defect(place, "has no [[…step]]")

        steps: list[Step] = []
        for item, where in self._tables(table.get("step", []), f"{place}, step"):
            step = self._step(item, where, boot=boot)
            if step is not None:
                steps.append(step)

        return tuple(steps)

    def _step(self, table: Table, place: str, *, boot: bool) -> Step | None:
        """The step of a table, whose first key is its name; None for an unknown name.

        An option that is wrong is noted, and the step is kept, so that the defects behind it are found,
        too.
        """
        if not table:
            self._defect(place, "is empty")
            return None

        name = next(iter(table))
        if name not in self._acts:
            self._defect(place, f"unknown step {name!r}{_instead(name, self._acts)}")
            return None

        act = self._acts[name]
        if boot and not act.boot:
            self._defect(place, f"'{name}' needs a turn: nothing is known of the job before its brief is read")

        self._check_options(table, name, act, f"{place} ({name})")
        options = {key: value for key, value in table.items() if key != name}
        return Step(name, table[name], options, place)  # type: ignore[arg-type]  # shapes were checked just above

    def _check_options(self, table: Table, name: str, act: Act, place: str) -> None:
        """Note every option of a step that is unknown, missing, or of another shape than its act takes."""
        shapes = {name: act.value, "once": FLAG, **act.options}
        self._known(table, set(shapes), place)
        for key, shape in shapes.items():
            self._holds(table, key, shape, place)

        for key in act.required:
            if key not in table:
                self._defect(place, f"'{key}' is missing")

    def _tables(self, value: object, place: str) -> Iterator[tuple[Table, str]]:
        """The tables of a list, each with its place."""
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
        """Note every key of a table that is not known."""
        known = sorted(known)
        for key in table:
            if key not in known:
                self._defect(place, f"unknown key {key!r}{_instead(key, known)}")

    def _holds(self, table: Table, key: str, shape: Shape, place: str) -> bool:
        """Whether the key is there and has its shape; notes a value of another shape."""
        if key not in table:
            return False

        if shape.holds(table[key]):
            return True

        self._defect(place, f"'{key}' must be {shape.description}, not {table[key]!r}")
        return False

    def _defect(self, place: str, message: str) -> None:
        """Note a defect, with the name of the script and its place in it."""
        self.defects.append(f"{self._name}: {place}: {message}")


def _number(table: Table, key: str) -> int | None:
    """The whole number under a key; None when the key is missing."""
    value = table.get(key)
    return value if isinstance(value, int) else None


def _instead(word: str, known: Iterable[str]) -> str:
    """A suggestion for an unknown word; empty if no known one is similar."""
    import difflib  # noqa: PLC0415 - only a defect needs it

    near = difflib.get_close_matches(word, list(known), 1)
    if not near:
        return ""

    return f"; did you mean {near[0]!r}?"
