"""Every command of gitorch's own that a refusal offers is typed in the very state that led to the refusal."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))

from cli_stage import Stage
from refusal_kit import SITUATIONS, filled
from test_refusals import CASES

from gitorch.errors import GitorchError

OK, USAGE, UNAVAILABLE, WAITING = 0, 2, 8, 10
PLACEHOLDER = re.compile(r"\b[A-Z]{3,}(_[A-Z]+)*\b")
"""A word that a person replaces, such as PLAN or TEXT: such a command cannot be typed as it stands."""

OTHERWISE = {
    "gitorch doctor": (UNAVAILABLE, "it names what the refusal was about, beside the stand-ins that lack a program"),
    "gitorch approve auth-7f3a": (USAGE, "it asks at a terminal"),
    "gitorch cleanup auth-7f3a": (USAGE, "it asks at a terminal"),
    "gitorch keys add --new": (USAGE, "it asks for a passphrase at a terminal"),
    "gitorch up auth-7f3a --no-wait": (WAITING, "the report of the moved target waits for a person"),
}
"""Commands that work at a terminal or with real programs, with how they end here."""

ELSEWHERE = {
    "gitorch status --watch": "it stays until somebody ends it",
    "gitorch brief": "it is for the agent whose entry was refused",
    "gitorch sync origin": "the remote of the refusal has another history, which is what this command says next",
    "gitorch worktree remove auth-7f3a/api": "the stand-in of the refusal is not the one of the verb",
    "gitorch report api --run auth-7f3a": "api has no report yet, which is what this command says next",
    "gitorch check p.md": "the plan of the refusal was never written to a file",
}
"""Commands that these stand-ins cannot carry out, with the reason."""


def offered() -> list[tuple[object, ...]]:
    """The rows of refusals whose hint is a whole command of gitorch."""
    found = []
    for row in CASES:
        hint = row[-1]
        if hint.startswith("gitorch ") and not PLACEHOLDER.search(hint) and hint not in ELSEWHERE:
            found.append(row)
    return found


@pytest.mark.parametrize(("situation", "act", "error", "message", "hint"), offered())
def test_a_command_that_a_refusal_offers_works_in_that_state(tmp_path, situation, act, error, message, hint):
    folder = tmp_path / "s"
    folder.mkdir()
    stage = Stage(folder=folder)
    SITUATIONS[situation](stage)
    with pytest.raises(error, match=re.escape(filled(stage, message)[:20])):
        act(stage)
    answer = stage.gitorch(*shlex.split(filled(stage, hint))[1:])
    assert answer.status == OTHERWISE.get(hint, (OK, ""))[0], answer.err


def test_no_exception_is_kept_that_no_refusal_offers():
    assert {*ELSEWHERE, *OTHERWISE} <= {row[-1] for row in CASES}
    assert all(issubclass(row[2], GitorchError) for row in CASES)
