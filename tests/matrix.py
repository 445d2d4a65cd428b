"""The delivery matrix: the result of each text, way of delivery and moment, for each program.

`tests/agents/test_matrix.py` fills it with the vendors' programs and `tests/world/test_matrix.py` with a small program of our own.
With `--rewrite-transcripts` both write what they saw beside this file, and `docs/delivery.md` is drawn from that.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

SEEN = Path(__file__).with_name("deliveries")
PAGE = Path(__file__).parents[1] / "docs/delivery.md"
PLAIN = "Read .gitorch/brief.md and do what it says."


@dataclass(frozen=True)
class Text:
    """A text to deliver, and the bytes that must arrive; nothing arrives if it is refused."""

    name: str
    given: str
    arrives: str = ""


def plain(name: str, given: str) -> Text:
    """A text that arrives unchanged."""
    return Text(name, given, given)


TEXTS = (
    plain("one line", PLAIN),
    plain("500 bytes", "Write " + "x" * 489 + " now."),
    Text("40 lines", "\n".join(f"Line {n}" for n in range(40)), " ".join(f"Line {n}" for n in range(40))),
    plain("quotes", 'Say "a" and \'b\' and \\"c\\" and “d”;'),
    plain("backticks and more", "Say `id` and $(id) and ${HOME} and $HOME and a\\nb and 100% {f} #{g} ~ * ? | > &"),
    Text("tabs", "Read\tthe\t\tbrief\tnow.", "Read the brief now."),
    plain("Unicode", "Füge 図 hinzu — naïve café, emoji 🙂, ﬁnish, שלום."),
    Text("control characters", "Read\x1b[201~\rthe\x07\x00 \x9bbrief\x7f now.\x04", "Read[201~ the brief now."),
    *(Text(f"leading `{char}`", f"{char}rm is not for you") for char in "/!#@-"),
    Text("10 KB", "Read " + "x" * 10_240),
)

WAYS = {
    "argument": ("at its start",),
    "first paste": ("idle", "dialog open", "copy mode", "half-written line", "just exited"),
    "later paste": ("idle", "busy", "dialog open", "copy mode", "half-written line", "just exited"),
}
"""The moments at which each way can deliver a text."""


NAMES = [text.name for text in TEXTS]


@dataclass
class Cell:
    """The result of one text: its receipt, and the receipt of the same prompt after the moment had passed."""

    receipt: str
    then: str = ""

    @property
    def sign(self) -> str:
        """The sign on the page. A text that arrived did so once, byte for byte; otherwise its test had failed."""
        return SIGNS[self.receipt.partition(":")[0]] + (SIGNS[self.then.partition(":")[0]] if self.then else "")


ARRIVED = {"acknowledged", "delivered", "submitted"}
"""The receipts of a text that reached the program."""

SIGNS = {"acknowledged": "◆", "delivered": "●", "submitted": "◉", "refused": "○"}


@dataclass
class Matrix:
    """The cells of one program."""

    program: str
    version: str = ""
    cells: dict[str, dict[str, dict[str, Cell]]] = field(default_factory=dict)

    def note(self, way: str, moment: str, text: Text, receipt: str, then: str = "") -> None:
        """Record the result of one text."""
        self.cells.setdefault(way, {}).setdefault(moment, {})[text.name] = Cell(receipt, then)

    def columns(self) -> Iterator[tuple[str, str]]:
        """The recorded ways and moments, in the order of the page."""
        for way, moments in WAYS.items():
            yield from ((way, moment) for moment in moments if moment in self.cells.get(way, {}))

    def save(self) -> None:
        """Merge these cells into the recorded ones."""
        kept = load(self.program)
        for way, moments in self.cells.items():
            for moment, cells in moments.items():
                kept.cells.setdefault(way, {}).setdefault(moment, {}).update(cells)
        kept.version = self.version
        cells = {
            way: {
                moment: {text.name: _words(kept.cells[way][moment][text.name]) for text in TEXTS
                         if text.name in kept.cells[way][moment]}
                for moment in moments if moment in kept.cells[way]
            }
            for way, moments in WAYS.items() if way in kept.cells
        }  # fmt: skip
        SEEN.mkdir(exist_ok=True)
        told = {"version": self.version, "cells": cells}
        path = SEEN / f"{self.program}.json"
        path.write_text(_lines(told) + "\n", encoding="utf-8")
        PAGE.write_text(page(), encoding="utf-8")


class Stage(Protocol):
    """One program in a terminal, as the matrix needs it. Every wait has a limit, and fails the test when it is reached."""

    name: str
    """Under which its results are kept."""

    def fresh(self) -> None:
        """Start a new instance of the program, and wait for its prompt."""

    def bring(self, way: str, moment: str) -> None:
        """Create the situation of this moment."""

    def unharmed(self, moment: str) -> None:
        """Assert that nothing was typed or answered: the screen still shows the situation of this moment."""

    def over(self, moment: str) -> None:
        """End the situation as a person would, and wait for the program's prompt."""

    def give(self, prompt: str, text: str) -> str:
        """Try once to deliver a prompt; the receipt."""

    def deliver(self, prompt: str, text: str) -> str:
        """Deliver a prompt as the loop does, again while the program is not ready; the receipt."""

    def turns(self, ended: int = 0) -> list[str]:
        """The texts that its model got so far, after `ended` more turns have ended."""


SHUT = ("busy", "dialog open", "half-written line", "just exited")
"""Moments at which nothing may be typed."""

ACP = frozenset({"gemini-acp", "copilot", "qwen", "opencode-acp"})
"""The programs that are spoken to by the Agent Client Protocol."""

BY_CHANNEL = ACP | {"codex", "opencode"}
"""The programs to which a control channel delivers: every text as it is, also beside a human's half-written line."""

SHUT_BY_CHANNEL = ("busy", "dialog open", "just exited")


def arriving(program: str, way: str, text: Text) -> str:
    """The bytes that must arrive of a text; none if it is refused."""
    if program not in BY_CHANNEL or way == "argument":
        return text.arrives
    if program in ACP and text.given.startswith("/"):
        return ""  # OpenCode takes it for a command
    return text.given


def fill(stage: Stage, matrix: Matrix, way: str, moment: str) -> list[str]:
    """Deliver every text to a program in one way at one moment, and record the results; returns the texts."""
    if moment in (SHUT_BY_CHANNEL if stage.name in BY_CHANNEL else SHUT):
        _refused(stage, matrix, way, moment)
        return list(matrix.cells[way][moment])
    for number, text in enumerate(TEXTS):
        arrives = arriving(stage.name, way, text)
        if arrives and way == "first paste":
            stage.fresh()
        if arrives:
            stage.bring(way, moment)
        matrix.note(way, moment, text, _given(stage, f"{way[0]}{moment[0]}{number}", text, arrives))
        if moment == "half-written line":
            stage.unharmed(moment)
    if moment == "half-written line":
        stage.over(moment)
    return list(matrix.cells[way][moment])


def _refused(stage: Stage, matrix: Matrix, way: str, moment: str) -> None:
    if way == "first paste":
        stage.fresh()
    stage.bring(way, moment)
    before = stage.turns()
    prompts = {f"{way[0]}{moment[0]}{number}": text for number, text in enumerate(TEXTS)}
    receipts = {prompt: stage.give(prompt, text.given) for prompt, text in prompts.items()}
    assert all(receipt.startswith("refused: ") for receipt in receipts.values()), receipts
    stage.unharmed(moment)
    assert stage.turns() == before
    if moment != "just exited":
        stage.over(moment)
    for prompt, text in prompts.items():
        arrives = arriving(stage.name, way, text)
        then = _given(stage, prompt, text, arrives) if moment != "just exited" and arrives else ""
        matrix.note(way, moment, text, receipts[prompt], then)


def _given(stage: Stage, prompt: str, text: Text, arrives: str) -> str:
    before = stage.turns()
    receipt = stage.deliver(prompt, text.given)
    if not arrives:
        assert receipt.startswith("refused: the text "), (text.name, receipt)
        assert stage.turns() == before, text.name
        return receipt
    assert receipt in ({"acknowledged"} if stage.name in BY_CHANNEL else ARRIVED), (text.name, receipt)
    assert stage.turns(ended=len(before) + 1)[len(before) :] == [arrives], text.name
    return receipt


def _lines(told: object) -> str:
    """JSON with one cell a line."""
    return re.sub(
        r"\[\s+(.*?)\s+\]",
        lambda found: f"[{' '.join(found[1].split())}]",
        json.dumps(told, ensure_ascii=False, indent=1),
    )


def _words(cell: Cell) -> list[str]:
    return [cell.receipt, cell.then] if cell.then else [cell.receipt]


def load(program: str) -> Matrix:
    """The recorded results of a program."""
    path = SEEN / f"{program}.json"
    if not path.exists():
        return Matrix(program)
    told = json.loads(path.read_text(encoding="utf-8"))
    made = Matrix(program, told["version"])
    for way, moments in told["cells"].items():
        for moment, cells in moments.items():
            made.cells.setdefault(way, {})[moment] = {name: Cell(*words) for name, words in cells.items()}
    return made


HEAD = """\
# How prompts are delivered

This page shows which text reaches a program, for each way of delivery and each moment. gitorch started each program in a terminal and
gave it every text below; a fake model server recorded what it received. `make agents AGENTS_ARGS="-k matrix --rewrite-transcripts"`
runs all of it again and rewrites this page.

| | |
|---|---|
| ◆ | arrived once, byte for byte as it was sent; its receipt is `acknowledged`: the program's own protocol or prompt hook says that a turn began with it |
| ● | arrived once, byte for byte as it was sent; its receipt is `delivered`: a hook or the transcript of the program shows it |
| ◉ | arrived once, byte for byte as it was sent; its receipt is `submitted`: the screen changed in a way that only a submission explains |
| ○ | refused, for the reason below the table or for what the text begins with; gitorch typed nothing and answered nothing, and nothing arrived |
| ○● ○◆ | refused at first; delivered once, byte for byte, when the program was ready again |

Codex and OpenCode get their first prompt as they start, and every later one over their [control channel](agents.md#control-channels); the
programs that gitorch speaks to by the [Agent Client Protocol](acp.md) get all of them so. Such a program gets every text unchanged, and a
line that you have half written stays as it is. Only a text that begins with `/` is not sent by that protocol, because programs take it for
a command. Into the other programs gitorch types, and sends a text as one line, with tabs and line ends as single spaces and without control
characters. gitorch does not type a text that begins with a character that programs read as a command, nor one that is too long for one
line. It writes such a text to a file and types a line that points to it; the tables show the text itself, without that file. “Argument” is
a text in the command that starts the program, “copy mode” is tmux's, with nobody attached; while a person scrolls back there, a
text waits until they leave it. For a first paste, “dialog open” means a startup dialog (such as whether to trust a folder). For a later
paste, it means a permission request.

A reason names the agent's state and, in brackets, the evidence for it: a hook, the process, or the tail, which is the last lines of
the screen.
"""


def page() -> str:
    """The expected page."""
    programs = [load(path.stem) for path in sorted(SEEN.glob("*.json"))]
    return "\n".join([HEAD, *map(_section, programs)])


def _section(one: Matrix) -> str:
    columns = list(one.columns())
    head = "".join(f" {way}: {moment} |" if way != "argument" else " argument |" for way, moment in columns)
    channel = ", by the Agent Client Protocol" if one.program in ACP else ""
    title = f"{one.program.removesuffix('-acp')} {one.version}{channel}".rstrip()
    lines = [f"## {title}\n", f"| |{head}", "|---|" + ":-:|" * len(columns)]
    for text in TEXTS:
        signs = (one.cells[way][moment].get(text.name) for way, moment in columns)
        lines.append(f"| {text.name} |" + "".join(f" {cell.sign if cell else ''} |" for cell in signs))
    reasons = {
        moment: cell.receipt.removeprefix("refused: ")
        for way, moment in columns
        for cell in [one.cells[way][moment].get("one line")]
        if cell is not None and cell.receipt.startswith("refused")
    }
    told = (f"- {moment}: “{reason}”" for moment, reason in reasons.items())
    return "\n".join([*lines, "", "Refused:", "", *told, ""])
