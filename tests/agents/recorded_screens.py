"""Recorded screens of the vendors' programs: one file each, with the state that it shows and the pane's title above it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).with_name("recordings")


@dataclass(frozen=True)
class Screen:
    """One recorded screen."""

    program: str
    name: str
    size: str
    state: str
    title: str
    text: str

    @property
    def id(self) -> str:
        return f"{self.program}/{self.name}.{self.size}"

    def write(self) -> Path:
        path = FOLDER / self.program / f"{self.name}.{self.size}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = "\n".join(line.rstrip() for line in self.text.rstrip("\n").split("\n"))
        path.write_text(f"state: {self.state}\ntitle: {self.title}\n\n{lines}\n", encoding="utf-8")
        return path


def recorded() -> Iterator[Screen]:
    """All screens that are recorded."""
    for path in sorted(FOLDER.glob("*/*.txt")):
        head, _, text = path.read_text(encoding="utf-8").partition("\n\n")
        state, title = (line.partition(":")[2].strip() for line in head.split("\n"))
        name, size, _ = path.name.rsplit(".", 2)
        yield Screen(path.parent.name, name, size, state, title, text)
