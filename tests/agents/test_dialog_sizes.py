"""A person attaches at any size while a program shows a dialog: the dialog is whole, and nothing dies when they leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from bench import bench
from programs import PROGRAMS
from waiting import until
from watching import SIZES, attached, is_whole, open_dialog

from gitorch.model.observed import AgentState

if TYPE_CHECKING:
    from pathlib import Path

    from stand_in import StandIn

pytestmark = [pytest.mark.tmux, pytest.mark.agents]

DRAWN_SECONDS = 60


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_dialog_is_whole_at_every_size_at_which_a_person_attaches(tmp_path: Path, api: StandIn, name: str) -> None:
    if not PROGRAMS[name].installed:
        pytest.skip(f"{name} is not installed: make agents")
    with bench(tmp_path, api, name) as one:
        open_dialog(one)
        before = one.until(lambda seen: seen.offered is not None, "choices that it offers")
        offered = before.offered
        assert offered is not None
        assert len(offered.choices) > 1
        for size in SIZES:
            with attached(one, size) as screen:
                until(lambda: is_whole(screen(), name, offered), DRAWN_SECONDS, 0.2, what=f"{offered} at {size}")
                assert len(screen().rstrip("\n").splitlines()) <= int(size.partition("x")[2])
        after = one.seen()
        assert (after.state, after.pid) == (AgentState.DIALOG, before.pid), "attaching and leaving changed nothing"
