"""A person attaches at any size while a program shows a dialog: the dialog is whole, and nothing dies when they leave.

`--rewrite-transcripts` takes the pictures of `docs/dialogs.md`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from bench import bench
from console_picture import picture, text_of
from programs import PROGRAMS
from waiting import until
from watching import SIZES, attached, is_whole, open_dialog

from gitorch.model.observed import AgentState

if TYPE_CHECKING:
    from collections.abc import Callable

    from stand_in import StandIn

pytestmark = [pytest.mark.tmux, pytest.mark.agents]

DRAWN_SECONDS = 60
PICTURES = Path(__file__).parents[2] / "docs/pictures/dialogs"
DRAWN = {
    "claude": SIZES,
    "codex": SIZES,
    "gemini": SIZES,
    "opencode": SIZES,
    "aider": ("80x24",),
    "gemini-acp": ("80x24",),
}
"""The pictures of the documentation. aider writes lines, which look the same at every size, and so does the host of a protocol."""


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_dialog_is_whole_at_every_size_at_which_a_person_attaches(
    tmp_path: Path, api: StandIn, name: str, request: pytest.FixtureRequest
) -> None:
    if not PROGRAMS[name].installed:
        pytest.skip(f"{name} is not installed: make agents")
    folder = tmp_path / "desk"  # a dialog may name it, and so do the pictures
    folder.mkdir()
    with bench(folder, api, name) as one:
        open_dialog(one)
        before = one.until(lambda seen: seen.offered is not None, "choices that it offers")
        offered = before.offered
        assert offered is not None
        assert len(offered.choices) > 1
        for size in SIZES:
            with attached(one, size) as screen:
                until(lambda: is_whole(screen(), name, offered), DRAWN_SECONDS, 0.2, what=f"{offered} at {size}")
                assert len(screen().rstrip("\n").splitlines()) <= int(size.partition("x")[2])
                if size in DRAWN.get(name, ()) and request.config.getoption("--rewrite-transcripts"):
                    _draw(_settled(screen).replace(str(tmp_path), "~"), name, size)
        after = one.seen()
        assert (after.state, after.pid) == (AgentState.DIALOG, before.pid), "attaching and leaving changed nothing"
        for size in DRAWN.get(name, ()):
            assert is_whole(text_of(_file(name, size).read_text(encoding="utf-8")), name, offered)


def _file(name: str, size: str) -> Path:
    """The picture of a program's dialog in a terminal of this size."""
    return PICTURES / f"{name}-{size}.svg"


def _settled(screen: Callable[..., str]) -> str:
    """A screen in its colours that showed the same a second before."""
    shown = ["", ""]

    def same() -> bool:
        shown[:] = [shown[1], screen("-e")]
        return shown[0] == shown[1]

    until(same, DRAWN_SECONDS, 1.0, what="a quiet screen")
    return shown[1]


def _draw(screen: str, name: str, size: str) -> None:
    """Write the picture of a screen."""
    PICTURES.mkdir(exist_ok=True)
    columns = int(size.partition("x")[0])
    _file(name, size).write_text(picture(screen, columns, f"gitorch attach: {name}, {size}"), encoding="utf-8")
