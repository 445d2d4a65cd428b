"""The lives of the vendors' programs: killed and taken up again with their conversation, or run headless to their end."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING

import pytest
from bench import KEY, bench
from house import WAITING, house
from mind import Cue, Mind
from programs import PROGRAMS
from real_runs import RUN_SECONDS, configure, drive, reviewer_of
from story import STORY, WRITTEN
from waiting import until

from gitorch.model.ids import PromptId, RunId, SessionId
from gitorch.model.observed import READY, AgentState
from gitorch.model.work.session import SessionKey

if TYPE_CHECKING:
    from pathlib import Path

    from bench import Bench
    from stand_in import StandIn

pytestmark = [pytest.mark.tmux, pytest.mark.agents]

NAMES = ["claude", "codex", "gemini", "opencode"]
SECRET = "The word of the day is wombat."
ANSWER = "I will remember it."
HELD_SECONDS = 900
NEXT = SessionKey(RunId("r1"), SessionId("s2"))


@pytest.mark.parametrize("name", NAMES)
def test_a_killed_program_goes_on_with_its_conversation(tmp_path: Path, api: StandIn, name: str) -> None:
    needs(name)
    api.mind = Mind(Cue("", says=ANSWER))
    with bench(tmp_path, api, name) as one:
        one.start(SECRET)
        before = one.until(
            lambda seen: SECRET in api.told(name) and seen.state in READY and seen.conversation, "the end of its turn"
        )
        places = tmp_path / "home/places"
        until(lambda: any(ANSWER.encode() in kept(file) for file in places.rglob("*")), what="its memory on disk")
        os.kill(before.pid, signal.SIGKILL)
        one.until(lambda seen: seen.state is AgentState.EXITED, "its end")
        one.terminals.stop(KEY)
        one.start("Go on now.", resume=before.conversation, key=NEXT)
        if not one.preset.takes_prompt(resuming=True):
            one.until(lambda seen: seen.state in READY, "its prompt")
            until(
                lambda: not paste(one, "Go on now.").startswith("refused"),
                every_seconds=0.3,
                what="the text to be taken",
            )
        one.until(lambda seen: "Go on now." in api.told(name) and seen.state in READY, "the end of its next turn")
        assert SECRET.encode() in api.heard(name)[-1].body, "the model hears what was said before"


@pytest.mark.parametrize("name", NAMES)
def test_a_one_shot_program_does_its_turn_and_ends(tmp_path: Path, api: StandIn, name: str) -> None:
    needs(name)
    api.mind = Mind(Cue("", says="Done in one go."))
    with bench(tmp_path, api, name) as one:
        one.start("Begin now.", one_shot=True)
        seen = one.until(lambda seen: seen.state is AgentState.EXITED, "its end")
        assert seen.exit_status == 0
        assert api.told(name) == ["Begin now."]
        assert "Done in one go." in one.screen(history=400)
        assert seen.conversation, "by which it could be taken up again"


@pytest.mark.parametrize("name", NAMES)
def test_a_program_that_is_killed_in_the_middle_of_its_epic_goes_on_and_its_run_is_merged(
    tmp_path: Path, api: StandIn, name: str
) -> None:
    reviewer = reviewer_of(name)
    writer = f"{name}-writer"
    api.mind = Mind(Cue(WRITTEN.hears, by=writer, seconds=HELD_SECONDS, times=1), *STORY)
    with house(tmp_path, "repo") as home:
        configure(home, api, name, reviewer)
        run = home.start("web")
        beside = home.up_beside("--no-wait")
        until(lambda: any("web.txt" in one.ask.called for one in api.heard(writer)), 200, 0.1, what="the file")
        before = len(api.heard(writer))
        os.kill(home.records("session-alive", job="web")[0]["pid"], signal.SIGKILL)
        assert beside.wait(RUN_SECONDS) == WAITING
        again = api.heard(writer)[before]
        home("approve", run, "--yes")
        assert home.repo.git("show", "main:web.txt") == "One word."
        ended = home.records("session-ended", job="web")[0]
        assert (ended["how"], ended["exit_status"]) == ("exited", 128 + signal.SIGKILL)
        assert again.said.endswith("do what it says."), "the brief is given again"
        assert again.body.count(b"do what it says.") > 1, "below what was said before"
        assert b"One word." in again.body, "and below what was done before"
        home("cleanup", run, "--yes")


@pytest.mark.parametrize("name", NAMES)
def test_one_shot_programs_take_a_plan_from_start_to_merge(tmp_path: Path, api: StandIn, name: str) -> None:
    api.mind = Mind(*STORY)
    with house(tmp_path, "repo") as home:
        configure(home, api, name, reviewer_of(name), one_shot=True)
        run = home.start("api", "docs")
        drive(home)
        home("answer", home.question(kind="context"), "Ledgers")
        drive(home)
        home("approve", run, "--yes")
        assert home.repo.git("show", "main:api-2.txt") == "Two words."
        assert home.repo.git("show", "main:docs.txt") == "One word."
        ends = [end for job in ("api", "docs") for end in home.records("session-ended", job=job)]
        assert {(end["how"], end["exit_status"]) for end in ends} == {("exited", 0)}
        assert all(end["conversation"] for end in ends), "by which each could be taken up again"
        assert home("peek", "api").out.strip(), "what the last one put out is kept"
        home("cleanup", run, "--yes")


def paste(one: Bench, text: str) -> str:
    return one.terminals.deliver(NEXT, one.preset, PromptId("p1"), text)


def kept(file: Path) -> bytes:
    """What a file holds that a program at work may take away meanwhile."""
    with contextlib.suppress(OSError):
        return file.read_bytes() if file.is_file() else b""
    return b""


def needs(name: str) -> None:
    if not PROGRAMS[name].installed:
        pytest.skip(f"{name} is not installed: make agents")
