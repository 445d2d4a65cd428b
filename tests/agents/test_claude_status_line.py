"""Claude Code's status line with the program itself: gitorch is told the cost, and the user's own line is shown as ever."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from bench import bench
from mind import Cue, Mind
from programs import PROGRAMS
from waiting import until

from gitorch.model.observed import READY
from gitorch.model.values import replace
from gitorch.model.work.usage import total

if TYPE_CHECKING:
    from pathlib import Path

    from bench import Bench
    from stand_in import StandIn

pytestmark = [
    pytest.mark.tmux,
    pytest.mark.agents,
    pytest.mark.skipif(not PROGRAMS["claude"].installed, reason="Claude Code is not installed: make agents"),
]

OWN = """python3 -c 'import json, sys; print("my own line of", json.load(sys.stdin)["model"]["id"])'"""
SHOWN = "my own line of stand-in"
BROKEN = {
    "hangs": "sleep 600",
    "fails": "echo no >&2; exit 3",
    "is not there": "/nowhere/line.sh",
    "prints lines": "printf 'one\\ntwo\\nthree\\n'",
    "kills its parent": "kill -9 $$",
    "none": "",
}


def settle(one: Bench, file: str, command: str) -> None:
    """Have a status line of one's own in one of the program's files of settings."""
    settings = json.dumps({"statusLine": {"type": "command", "command": command, "padding": 3}})
    if file.startswith("{place}"):
        one.preset = replace(one.preset, files={**one.preset.files, file: settings})
        return
    (one.cwd / file).parent.mkdir(exist_ok=True)
    (one.cwd / file).write_text(settings)


def cost_is_told(one: Bench) -> bool:
    """Whether gitorch knows what the session has cost."""
    return total(one.terminals.usage(one.key).models).cost_micros > 0


@pytest.mark.parametrize(
    "file", ["{place}/claude/settings.json", ".claude/settings.json", ".claude/settings.local.json"]
)
def test_the_user_s_own_status_line_is_shown_and_the_cost_is_told(tmp_path: Path, api: StandIn, file: str) -> None:
    api.mind = Mind(Cue("", says="Done."))
    with bench(tmp_path, api, "claude") as one:
        settle(one, file, OWN)
        one.start("Say a word.")
        one.until(lambda seen: seen.state in READY and api.told("claude"), "the end of its turn")
        until(lambda: SHOWN in one.screen(), what=f"the line of {file}: {one.screen()}")
        until(lambda: cost_is_told(one), every_seconds=0.3, what="the cost")


@pytest.mark.parametrize("command", BROKEN.values(), ids=BROKEN)
def test_whatever_the_user_s_own_status_line_does_the_program_takes_prompts_and_the_cost_is_told(
    tmp_path: Path, api: StandIn, command: str
) -> None:
    api.mind = Mind(Cue("", says="Done."))
    with bench(tmp_path, api, "claude") as one:
        settle(one, "{place}/claude/settings.json", command)
        one.start("Say a word.")
        one.until(lambda seen: seen.state in READY and api.told("claude"), "the end of its turn")
        assert one.deliver("p1", "Say another.") == "acknowledged"
        one.until(lambda seen: seen.state in READY and len(api.told("claude")) == 2, "the end of its next turn")
        until(lambda: cost_is_told(one), every_seconds=0.3, what="the cost")
