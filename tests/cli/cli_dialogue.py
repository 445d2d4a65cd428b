"""Dialogues with the command line, told as text: calls, and below each everything that it printed and its exit status.

A line that begins with `$ ` is a call on the stage, split as a shell would. A line that begins with `% ` prepares the stage
with one of the words in `WORDS`; `< ` above a call is a line that is typed at it. Everything else is written anew:
`! ` marks a line on standard error, `[4]` the exit status, and an object of JSON has one key a line. Comments begin with `#`.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from cli_memory import TARGET
from cli_stage import RUN, UNATTENDED, Stage, commit

from gitorch.app.executing.execute import execute
from gitorch.cli.call import Streams
from gitorch.errors import Corrupt
from gitorch.model.commands import LabelHost
from gitorch.model.plans.approval import Grade
from gitorch.model.plans.config import Config
from gitorch.model.plans.runtime import Preset
from gitorch.model.plans.workflow import Autonomy
from gitorch.model.record import Actor, ActorKind
from gitorch.model.values import replace
from gitorch.model.work.session import SessionKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DIGEST = re.compile(r"(?<![-\w])(?=[0-9]*[a-f])[0-9a-f]{7,64}\b")
"""A digest or a commit, whole or cut. Only its length is told, since every change of a record changes them all."""

SIGNS = frozenset("#%<$")
"""How a line of input begins."""

TOGETHER = {("#", "#"), ("%", "%"), ("<", "<"), ("<", "$")}
"""Signs of lines between which no blank line stands."""

TERMINAL = Streams(asks=True, draws=True, columns=80, lines=24, controls=True)


class Dialogue:
    """A stage, and the lines that it is moved by."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stage = Stage(folder=folder)
        self.typed: list[str] = []

    def told(self, text: str) -> Iterator[str]:
        """The dialogue with everything that gitorch prints as it prints it today."""
        before = ""
        for line in text.splitlines():
            sign = line[:1]
            if sign not in SIGNS:
                continue
            if (before, sign) not in TOGETHER:
                yield ""
            before = sign
            yield line.rstrip()
            if sign == "<":
                self.typed.append(line[2:])
            elif sign == "%":
                self.prepare(line[2:])
            elif sign == "$":
                yield from self.called(line)

    def prepare(self, line: str) -> None:
        """Move the stage by one of the words."""
        word, *rest = shlex.split(line)
        WORDS[word](self, *rest)

    def called(self, line: str) -> Iterator[str]:
        """One call, with what it printed."""
        program, *words = shlex.split(line[2:])
        assert program == "gitorch", line
        typed, self.typed = "".join(f"{one}\n" for one in self.typed), []
        answer = self.stage.gitorch(*words, typed=typed, colours=self.stage.streams.colours)
        yield from self.shown(answer.out)
        yield from (f"! {one}".rstrip() for one in self.shown(answer.err))
        if answer.status:
            yield f"[{answer.status}]"

    def shown(self, text: str) -> Iterator[str]:
        """The lines of an output, without the place of the stage and the digits of its commits."""
        text = text.replace(f"{self.folder.parent}", "").replace("\x1b", "^[")
        text = DIGEST.sub(lambda found: "x" * len(found[0]), text)
        for line in text.splitlines():
            if line.startswith('{"ok":'):
                yield from _one_key_a_line(line)
            else:
                yield f"| {line}".rstrip()


def _one_key_a_line(line: str) -> Iterator[str]:
    for key, value in json.loads(line).items():
        yield f"| {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}"


def _pairs(words: tuple[str, ...]) -> dict[str, str]:
    return dict(word.split("=", 1) for word in words)


def _begin(dialogue: Dialogue, *words: str) -> None:
    """A run of jobs: `api ui<api`; `autonomy=per_epic`, `manual=yes` and other settings may follow."""
    needs: dict[str, tuple[str, ...]] = {}
    settings = UNATTENDED
    for word in words:
        if "=" in word:
            name, _, value = word.partition("=")
            settings = replace(settings, **{name: SETTINGS[name](value)})
        else:
            job, _, before = word.partition("<")
            needs[job] = tuple(before.split(",")) if before else ()
    dialogue.stage.begin_run(needs, settings)


SETTINGS: dict[str, Callable[[str], object]] = {
    "autonomy": Autonomy,
    "manual": lambda word: word == "yes",
    "test_command": str,
    "max_agents": int,
    "push_remote": str,
}


def _submit(dialogue: Dialogue, job: str, status: str, *words: str) -> None:
    named: dict[str, object] = dict(_pairs(words))
    for name in ("questions", "concerns"):
        if name in named:
            named[name] = (named[name],)
    dialogue.stage.submit_handoff(job, status, **named)


def _write(dialogue: Dialogue, name: str, *lines: str) -> None:
    path = dialogue.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _plan(dialogue: Dialogue, name: str, *epics: str) -> None:
    """A sound plan: `api ui<api`."""
    lines = ["# Sign in", ""]
    for epic in epics:
        job, _, before = epic.partition("<")
        lines += [f"## Epic: {job} — The {job}", "", f"Depends on: {before or 'none'}", f"Scope: {job}.py", ""]
        lines += [f"- [ ] Write `{job}.py`", "", f"## Review Gate: {job}", ""]
        lines += ["1. Report with `gitorch handoff` and stop until the work is cleared.", ""]
    _write(dialogue, name, *lines)


def _copy(dialogue: Dialogue, source: str, name: str) -> None:
    (dialogue.folder / name).write_bytes((Path(__file__).parents[1] / source).read_bytes())


def _program(dialogue: Dialogue, name: str, version: str) -> None:
    dialogue.stage.programs.printed[name] = version
    dialogue.stage.presets.setdefault(name, Preset(name, (name,)))


def _missing(dialogue: Dialogue, name: str) -> None:
    dialogue.stage.programs.printed[name] = ""


def _config(dialogue: Dialogue, *words: str) -> None:
    """The configuration, anew: texts as they stand, and numbers, truths and grades by `CONFIG`."""
    values = {name: CONFIG.get(name, str)(value) for name, value in _pairs(words).items()}
    dialogue.stage.config = Config(**values)


CONFIG: dict[str, Callable[[str], object]] = {
    "approval_at_least": Grade,
    "approval_unattended": lambda word: word == "yes",
    "test_command_absent": lambda word: word == "yes",
    "max_agents": int,
}


def _terminal(dialogue: Dialogue, *words: str) -> None:
    """Standard input and output are a terminal; `colours`, `uncontrolled`."""
    streams = replace(TERMINAL, colours="colours" in words, controls="uncontrolled" not in words)
    dialogue.stage.streams = streams


def _pipe(dialogue: Dialogue) -> None:
    dialogue.stage.streams = Streams()


def _empty(dialogue: Dialogue, *words: str) -> None:
    """Nothing is there any more, and nothing has happened."""
    del words
    shutil.rmtree(dialogue.stage.services.paths.folder(""), ignore_errors=True)
    dialogue.stage = Stage(folder=dialogue.folder)


def _wait(dialogue: Dialogue, seconds: str) -> None:
    dialogue.stage.clock.moment += int(seconds) * 1000


def _fault(dialogue: Dialogue, message: str, hint: str = "", where: str = "") -> None:
    dialogue.stage.ledger.faults = (*dialogue.stage.ledger.faults, Corrupt(message, hint, where))


def _up_is_running(dialogue: Dialogue) -> None:
    dialogue.stage.ledger.held.update(("up", "driver"))


def _up_has_ended(dialogue: Dialogue) -> None:
    dialogue.stage.ledger.held.difference_update(("up", "driver"))


def _environ(dialogue: Dialogue, *words: str) -> None:
    dialogue.stage.environ = _pairs(words)


def _commit(dialogue: Dialogue, name: str, branch: str) -> None:
    """Somebody commits on this branch."""
    dialogue.stage.git.tips[branch] = commit(name)
    dialogue.stage.git.follow(branch)


def _left(dialogue: Dialogue) -> None:
    dialogue.stage.git.left = True


def _held(dialogue: Dialogue, name: str, text: str) -> None:
    dialogue.stage.files.held[dialogue.folder / name] = text.encode()


def _shared(dialogue: Dialogue) -> None:
    """The ledger is shared over a remote, whose main is ours."""
    dialogue.stage.ledger.is_shared = True
    dialogue.stage.remotes.held["origin"] = {"refs/heads/main": TARGET}


def _away(dialogue: Dialogue, host: str, *labels: str) -> None:
    """Another host writes down its labels."""
    execute(dialogue.stage.services, None, Actor(ActorKind.HOST, "gitorch", host), LabelHost(labels))


WORDS: dict[str, Callable[..., object]] = {
    "shared": _shared,
    "away": _away,
    "empty": _empty,
    "begin": _begin,
    "launch": lambda dialogue, job: dialogue.stage.launch(job),
    "finish": lambda dialogue, job: dialogue.stage.finish(job),
    "submit": _submit,
    "commit": _commit,
    "review": lambda dialogue, job: dialogue.stage.review(job),
    "agent": lambda dialogue, job: dialogue.stage.as_agent(job),
    "human": lambda dialogue: dialogue.stage.as_human(),
    "environ": _environ,
    "write": _write,
    "plan": _plan,
    "copy": _copy,
    "held": _held,
    "program": _program,
    "missing": _missing,
    "config": _config,
    "terminal": _terminal,
    "pipe": _pipe,
    "fault": _fault,
    "up-is-running": _up_is_running,
    "up-has-ended": _up_has_ended,
    "checkout-is-left": _left,
    "wait": _wait,
    "stopped": lambda dialogue, session: dialogue.stage.terminals.stop(SessionKey(RUN, session)),
}
"""What prepares the stage."""


def written_anew(path: Path, folder: Path) -> str:
    """The dialogue in a file as it would be written today."""
    return "\n".join(Dialogue(folder).told(path.read_text(encoding="utf-8"))).strip() + "\n"
