"""What is owed to agents that run one-shot: launched with their work, and answered when they ask."""

from __future__ import annotations

import sys
from pathlib import Path

from gitorch.model.values import replace

sys.path.append(str(Path(__file__).parent))

from test_reconcile import S1, look, played

from gitorch.model import effects
from gitorch.model.observed import AgentState, SessionObservation
from gitorch.model.plans.permission import Option, PermissionAnswer, Rule
from gitorch.rules.guards.beginning import may_begin
from gitorch.rules.outstanding import outstanding

ASKS = SessionObservation(True, True, AgentState.DIALOG, 7, evidence="prompt: asks", asked="make test")


def lanes_say(run, **said):
    flow = run.workflow
    return replace(
        run, workflow=replace(flow, lanes={name: replace(lane, **said) for name, lane in flow.lanes.items()})
    )


def test_work_waits_for_no_launch_that_comes_with_its_work() -> None:
    run = lanes_say(played("plan api db|grant api|grant db").run, one_shot=True)
    assert [may_begin(run, session) for session in run.sessions.values()] == [True, True]


def test_a_prompt_is_answered_by_a_rule_while_its_job_waits_for_an_answer() -> None:
    play = played("plan api|launch api|handoff api NEEDS_CONTEXT question=tabs?")
    run = lanes_say(play.run, permissions=(Rule(Option.ONCE, "make .*"),))
    wanted = effects.AnswerPermission(S1, PermissionAnswer("make test", Option.ONCE, "make .*"))
    assert wanted in outstanding(run, look(play, ASKS))
