"""Suggested commands that mean their run, whatever else is open (W28)."""

from __future__ import annotations

import pytest

from gitorch.model.ids import RunId
from gitorch.rules.views.naming_runs import with_run

RUN = RunId("auth-7f3a")


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("gitorch claim api", "gitorch claim api --run auth-7f3a"),
        ("gitorch recover", "gitorch recover --run auth-7f3a"),
        (
            'gitorch handoff DONE --job api --summary "…"',
            'gitorch handoff DONE --job api --summary "…" --run auth-7f3a',
        ),
        ("gitorch answer q1 continue", "gitorch answer q1 continue --run auth-7f3a"),
        ("gitorch approve auth-7f3a", "gitorch approve auth-7f3a"),
        ("gitorch resume auth-7f3a", "gitorch resume auth-7f3a"),
        ("gitorch up", "gitorch up"),
        ("bd close t-1 t-2", "bd close t-1 t-2"),
    ],
)
def test_a_command_names_its_run_where_it_does_not_yet(command, named):
    assert with_run(command, RUN) == named
