"""Permission requests of Claude Code in a run: questions that are answered from anywhere, or settled by a human in the pane."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alone import alone
from house import house
from mind import Cue, Mind
from programs import PROGRAMS
from story import STORY
from waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from house import House
    from stand_in import StandIn

pytestmark = [
    pytest.mark.tmux,
    pytest.mark.agents,
    pytest.mark.skipif(not PROGRAMS["claude"].installed, reason="Claude Code is not installed: make agents"),
]

COMMAND = "python3 -c 'print(1)' &&\n  touch made"
RUN_SECONDS = 300


def asked(home: House) -> dict[str, object]:
    """The question about the request, once it is asked."""
    until(lambda: home.records("escalated", job="other"), RUN_SECONDS, 0.2, what="the question")
    return home.records("escalated", job="other")[0]


def test_a_request_is_answered_from_anywhere_or_in_the_pane_and_the_work_goes_on(tmp_path: Path, api: StandIn) -> None:
    asks = (Cue(r"# other: ", says="I try it.", runs=COMMAND), Cue(r"use make", says="I use make then.", seconds=600))
    api.mind = Mind(*asks, *STORY)
    with house(tmp_path, "repo") as home:
        alone(home, api, "claude")
        home.start("other")
        home.up_beside("--wait")
        question = asked(home)
        tree = home.worktrees / home.status()["id"] / "other"
        assert question["evidence"] == COMMAND
        assert f"asks whether it may run a command in {tree} (Bash): " in str(question["happened"])
        (row,) = home("inbox", "--json").json["inbox"]
        assert row["options"][:2] == ["allow", "reject"]

        home("answer", str(question["question"]), "reject", "use make")
        until(lambda: home.records("permission-answered"), RUN_SECONDS, 0.2, what="the answer")
        (answered,) = home.records("permission-answered")
        assert (answered["asked"], answered["option"]) == (COMMAND, "reject")
        assert answered["rule"] == question["question"]
        until(lambda: ("use make",) in [one.ask.results for one in api.heard()], RUN_SECONDS, 0.2, what="the reason")  # type: ignore[union-attr]  # turns have one
        assert not (tree / "made").exists()
