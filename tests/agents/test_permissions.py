"""Permission prompts of the vendors' programs, answered by gitorch: exactly the prompt that was read, once, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alone import alone
from bench import KEY, bench
from house import house
from mind import Cue, Mind
from programs import PROGRAMS
from real_runs import OWN
from stage import COMMAND, ESCALATED
from story import STORY
from waiting import until

from gitorch.model.observed import AgentState
from gitorch.model.plans.permission import Option, PermissionAnswer

if TYPE_CHECKING:
    from pathlib import Path

    from stand_in import StandIn

pytestmark = [pytest.mark.tmux, pytest.mark.agents]

MEANT = "python3 -c 'print(1)'"
OTHER = "python3 -c 'print(1)' && rm -r ."
RULE = r"python3 -c 'print\(1\)'"
ASKS = (
    Cue(r"# meant: ", says="I try it.", runs=MEANT, arguments=ESCALATED),
    Cue(r"\nafter .*print\(1\)", writes=("meant.txt", "One word.\n")),
    Cue(r"# other: ", says="I try it.", runs=OTHER, arguments=ESCALATED),
)
RUN_SECONDS = 400
NAMES = ["claude", "codex", "gemini", "opencode", "gemini-acp", "copilot", "qwen", "opencode-acp"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("option", [Option.ONCE, Option.REJECT])
def test_the_prompt_that_was_read_gets_the_option_that_the_rule_means(
    tmp_path: Path, api: StandIn, name: str, option: Option
) -> None:
    if not PROGRAMS[name].installed:
        pytest.skip(f"{name} is not installed: make agents")
    api.mind = Mind(Cue(r"\ABegin", says="I make a folder.", runs=COMMAND, arguments=ESCALATED, times=1))
    with bench(tmp_path, api, name) as one:
        one.begin("Begin now.")
        seen = one.until(lambda seen: seen.asked, "a permission prompt")
        assert (seen.state, seen.asked) == (AgentState.DIALOG, COMMAND)

        other = one.terminals.answer(KEY, PermissionAnswer("rm -r .", option, "rm .*"))
        assert other.startswith("refused"), "another prompt than this one"
        assert one.terminals.deliver(KEY, one.preset, "p9", "Go on with your work.").startswith("refused")
        assert one.seen().answered == ()
        assert not (one.cwd / "made-by-the-agent").exists()

        answer = PermissionAnswer(COMMAND, option, "python3 .*")
        assert one.terminals.answer(KEY, answer) == "answered"
        one.until(lambda seen: seen.state is not AgentState.DIALOG, "the end of the prompt")
        assert one.seen().answered == (answer,)
        if option is Option.ONCE:
            until((one.cwd / "made-by-the-agent").exists, what="what was allowed")
        else:
            assert not (one.cwd / "made-by-the-agent").exists()


@pytest.mark.parametrize("name", NAMES)
def test_in_a_run_only_what_a_rule_means_is_answered_and_the_ledger_tells_what(
    tmp_path: Path, api: StandIn, name: str
) -> None:
    if not PROGRAMS[name].installed:
        pytest.skip(f"{name} is not installed: make agents")
    api.mind = Mind(*ASKS, *STORY)
    with house(tmp_path, "repo") as home:
        own = OWN.get(name, {}).get("permissions", [])
        alone(home, api, name, permissions=[{"allow": RULE}, *own])
        home.start("meant", "other")
        home.up_beside("--wait")
        until(lambda: home.phase("meant") == "completed", RUN_SECONDS, 0.2, what="the epic whose prompt a rule means")
        until(lambda: home.records("escalated", job="other"), RUN_SECONDS, 0.2, what="the question about the other")

        given = home.records("permission-answered")
        assert {one["job"] for one in given} == {"meant"}
        (answered,) = (one for one in given if one["rule"] == RULE)
        assert (answered["asked"], answered["option"]) == (MEANT, "once")
        (asked,) = home.records("escalated", job="other")
        assert asked["trigger"].startswith(f"dialog:{asked['session']}")
        assert "rm -r ." in asked["evidence"], "a person sees what it asks"
        assert (home.worktrees / home.status()["id"] / "other").exists(), "and nobody answered it"
