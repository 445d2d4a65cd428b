"""Whole runs over each control channel: a permission request, a usage limit, a question and a round of findings, up to the merge."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from alone import alone
from house import WAITING, house
from matrix import ACP
from mind import Cue, Mind
from programs import PROGRAMS
from real_runs import RUN_SECONDS, drive
from stage import ESCALATED
from story import STORY
from waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from stand_in import StandIn

pytestmark = [pytest.mark.tmux, pytest.mark.agents]

TELLING = {"claude", "codex", "gemini", "opencode", "opencode-acp", "qwen"}
"""The programs that tell a usage limit of some seconds, two of them in their logs. The others say nothing while they try again."""

OBJECTS_ONCE = """\
[[turn]]
job = "api.spec"
attempt = 1
[[turn.step]]
verdict = "needs_revision"
findings = [{severity = "important", title = "One word is not enough", path = "api.txt", line = 1}]
"""
LIMIT_SECONDS = {"gemini": 330}
"""How long the limit lasts, else 20 s. In its terminal Gemini CLI tells one of more than five minutes, and tries again silently before."""

PERMITTED = "python3 -c 'print(1)'"
ASKED_FIRST = Cue(r"# docs: ", says="I try it.", runs=PERMITTED, arguments=ESCALATED, times=1)
TRIED = Cue(r"\nafter .*print\(1\)", runs="cat .gitorch/brief.md")
NUDGED = Cue(r"# Are you still working on", says="I go on.", runs="cat .gitorch/brief.md")


@pytest.mark.parametrize("name", ["claude", "codex", "gemini", "opencode", *sorted(ACP)])
def test_a_run_with_a_request_a_limit_a_question_and_a_round_is_merged(tmp_path: Path, api: StandIn, name: str) -> None:
    if not PROGRAMS[name].installed:
        pytest.skip(f"{name} is not installed: make agents")
    used_up = Cue(r"# api: ", resets_seconds=LIMIT_SECONDS.get(name, 20))
    api.mind = Mind(NUDGED, used_up, ASKED_FIRST, TRIED, *STORY)
    with house(tmp_path, "repo") as home:
        alone(home, api, name)
        home.script.write_text(OBJECTS_ONCE)
        run = home.start("api", "docs")
        beside = home.up_beside("--no-wait")
        until(lambda: home.records("escalated", job="docs"), RUN_SECONDS, 0.2, what="the permission request")
        question = home.question(job="docs")
        beside.send_signal(signal.SIGKILL)
        beside.wait()
        beside = home.up_beside("--no-wait")
        home("answer", question, "allow")
        until(lambda: beside.poll() is not None, RUN_SECONDS, 0.2, what="what only people can do")
        assert beside.returncode == WAITING
        home("answer", home.question(kind="context"), "Ledgers")
        drive(home)
        home("approve", run, "--yes")
        assert home.status(run)["phase"] == "completed"
        assert home.repo.git("show", "main:api-2.txt") == "Two words."
        assert home.repo.git("show", "main:docs.txt") == "One word."
        assert [verdict["verdict"] for verdict in home.records("verdict-given", subject="api")] == [
            "needs_revision",
            "accept",
        ]
        limits = home.records("limit-reached")
        assert [one["job"] for one in limits] == ["api"] * (name in TELLING)
        assert all(one["named"] for one in limits)
        delivered = [one["receipt"] for one in home.records("prompt-delivered") if one["kind"] != "brief"]
        assert set(delivered) == {"delivered" if name == "gemini" else "acknowledged"}, home.records("prompt-delivered")
        home("cleanup", run, "--yes")
