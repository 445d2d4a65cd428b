"""The delivery matrix: which texts are given to a program, in which ways and at which moments, and what was seen of it.

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
    """A text that is given, and what of it must arrive: byte for byte this, or nothing at all where it is refused."""

    name: str
    given: str
    arrives: str = ""


def plain(name: str, given: str) -> Text:
    """A text that arrives as it is."""
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
"""At which moments a text can be given in each way."""


NAMES = [text.name for text in TEXTS]


@dataclass
class Cell:
    """What became of one text: the receipt, and once the moment had passed the receipt of the same prompt."""

    receipt: str
    then: str = ""

    @property
    def sign(self) -> str:
        """What the page shows: what arrived did so byte for byte and once, or its test had failed."""
        return SIGNS[self.receipt.partition(":")[0]] + (SIGNS[self.then.partition(":")[0]] if self.then else "")


SIGNS = {"delivered": "●", "submitted": "◉", "refused": "○"}


@dataclass
class Matrix:
    """The cells of one program."""

    program: str
    version: str = ""
    cells: dict[str, dict[str, dict[str, Cell]]] = field(default_factory=dict)

    def note(self, way: str, moment: str, text: Text, receipt: str, then: str = "") -> None:
        """Write down what became of a text."""
        self.cells.setdefault(way, {}).setdefault(moment, {})[text.name] = Cell(receipt, then)

    def columns(self) -> Iterator[tuple[str, str]]:
        """The ways and moments that were seen, in the page's order."""
        for way, moments in WAYS.items():
            yield from ((way, moment) for moment in moments if moment in self.cells.get(way, {}))

    def save(self) -> None:
        """Add what was seen to what was seen before."""
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
    """One program in a terminal, as the matrix needs it. Times are bounded, and whatever does not come in time fails the test."""

    def fresh(self) -> None:
        """Start the program anew, up to its prompt."""

    def bring(self, way: str, moment: str) -> None:
        """Bring the moment about."""

    def unharmed(self, moment: str) -> None:
        """Assert that nothing was typed and nothing was answered: what stood there when the moment came still does."""

    def over(self, moment: str) -> None:
        """End the moment as a person would, up to the program's prompt."""

    def give(self, prompt: str, text: str) -> str:
        """Try once to deliver; the receipt."""

    def deliver(self, prompt: str, text: str) -> str:
        """Deliver as the loop does, again as long as the program is not ready; the receipt."""

    def turns(self, ended: int = 0) -> list[str]:
        """What its model was told so far; waits until `ended` more turns came to their end."""


SHUT = ("busy", "dialog open", "half-written line", "just exited")
"""Moments at which nothing may be typed."""


def fill(stage: Stage, matrix: Matrix, way: str, moment: str) -> list[str]:
    """Give every text to a program in one way at one moment, and write down what became of it; the texts that were given."""
    if moment in SHUT:
        _refused(stage, matrix, way, moment)
        return list(matrix.cells[way][moment])
    for number, text in enumerate(TEXTS):
        if text.arrives and way == "first paste":
            stage.fresh()
        if text.arrives:
            stage.bring(way, moment)
        matrix.note(way, moment, text, _given(stage, f"{way[0]}{moment[0]}{number}", text))
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
        then = _given(stage, prompt, text) if moment != "just exited" and text.arrives else ""
        matrix.note(way, moment, text, receipts[prompt], then)


def _given(stage: Stage, prompt: str, text: Text) -> str:
    before = stage.turns()
    receipt = stage.deliver(prompt, text.given)
    if not text.arrives:
        assert receipt.startswith("refused: the text "), (text.name, receipt)
        assert stage.turns() == before, text.name
        return receipt
    assert receipt in {"delivered", "submitted"}, (text.name, receipt)
    assert stage.turns(ended=len(before) + 1)[len(before) :] == [text.arrives], text.name
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
    """What was seen of a program so far."""
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
gave it every text below; a stand-in for its model kept what it received. `make agents AGENTS_ARGS="-k matrix --rewrite-transcripts"`
runs all of it again and rewrites this page.

| | |
|---|---|
| ● | arrived once, byte for byte; its receipt is `delivered`: a hook or the transcript of the program shows it |
| ◉ | arrived once, byte for byte; its receipt is `submitted`: the screen changed in a way that only a submission explains |
| ○ | refused with the reason below; gitorch typed nothing and answered nothing, and nothing arrived |
| ○● | refused at that moment; the same prompt arrived once, byte for byte, as soon as the moment had passed |

The text that arrives is the text that gitorch types: one line, with tabs and line ends as single spaces and without control
characters. gitorch always refuses a text that begins with a character that programs read as a command, and a text that is too long for
one line; such texts go into a file, and the line points to it. The open dialog of a first paste is one that the program shows at its
start (whether to trust a folder); that of a later paste is a permission request.
"""


def page() -> str:
    """The page as it should be now."""
    programs = [load(path.stem) for path in sorted(SEEN.glob("*.json"))]
    return "\n".join([HEAD, *map(_section, programs)])


def _section(one: Matrix) -> str:
    columns = list(one.columns())
    head = "".join(f" {way}: {moment} |" if way != "argument" else " argument |" for way, moment in columns)
    lines = [f"## {one.program} {one.version}".rstrip() + "\n", f"| |{head}", "|---|" + ":-:|" * len(columns)]
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
