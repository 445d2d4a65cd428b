"""The pictures of the console in the documentation are of a real run; `--rewrite-transcripts` takes them anew."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from console_house import Screen, furnish
from console_picture import picture, words
from house import house
from waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).resolve().parents[2] / "docs" / "pictures"

BUSY_REVIEWER = """
[[turn]]
job = "limits.spec"
[[turn.step]]
say = "Read the plan, then the change."
[[turn.step]]
sleep = 600
"""

SIZES = ((80, 24), (120, 40), (200, 50))

pytestmark = [pytest.mark.tmux, pytest.mark.slow]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path has always the same length, because the console cuts the agents' screens, which show it."""
    with TemporaryDirectory(prefix="g", dir="/tmp") as made:
        yield Path(made)


def test_the_pictures_in_the_documentation_are_what_a_run_of_six_agents_shows(folder, request):
    with house(folder, "notes") as home:
        furnish(home, BUSY_REVIEWER)
        with Screen(folder, home) as screen:
            screen.up()
            screen.sees("4 waiting for you", "1 reviewing", "1 done", "q leave", seconds=120)
            screen.select("cookies")
            taken = {f"console-{columns}x{lines}": _taken(screen, columns, lines) for columns, lines in SIZES}
            screen.resize(80, 24)
            screen.select("audit")
            screen.press("a")
            screen.sees("its terminal showed nothing", "Enter goes on")
            screen.settled()
            taken["console-answer"] = _picture(screen, 80)
    if request.config.getoption("--rewrite-transcripts"):
        for name, drawn in taken.items():
            (DOCS / f"{name}.svg").write_text(drawn, encoding="utf-8")
    for name, drawn in taken.items():
        assert words((DOCS / f"{name}.svg").read_text(encoding="utf-8")) == words(drawn), name


def _taken(screen: Screen, columns: int, lines: int) -> str:
    """The console at this size, drawn down to its last line."""
    screen.resize(columns, lines)
    until(lambda: "".join(screen.text.splitlines()[lines - 1 :]), what=f"the console at {columns}x{lines}")
    seen = ["", ""]

    def same() -> bool:
        seen[:] = [seen[1], _picture(screen, columns)]
        return words(seen[0]) == words(seen[1])

    until(same, every_seconds=0.3, what="a quiet screen")
    return seen[1]


def _picture(screen: Screen, columns: int) -> str:
    """The console as a picture, in which the folder of the test is a person's own."""
    return picture(screen.colours.replace(str(screen.folder), "~"), columns, "gitorch up")
