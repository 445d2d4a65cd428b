"""Who may judge whose work, by the policy `review.independence` of a run (W16)."""

from __future__ import annotations

import pytest
from play import OPERATOR, SETTINGS, Play

from gitorch.errors import Refused
from gitorch.model.ids import JobId
from gitorch.model.plans.workflow import Independence
from gitorch.model.record import Actor, ActorKind
from gitorch.model.values import replace
from gitorch.text.workflows.file import parse_workflow

JUDGED = "gitorch: workflow/1\nname: x\nlanes: {a: {runtime: claude}, r: {runtime: codex}}\njobs:\n  one: {kind: draft, lane: a, objective: Do}\n  r: {kind: review, lane: r, needs: [one]}\n"
OTTO = Actor(ActorKind.OPERATOR, "otto", "desk")


@pytest.mark.parametrize(
    ("independence", "judge", "runtime", "refusal"),
    [
        ("session", OPERATOR, "claude", ""),
        ("runtime", OTTO, "claude", "one was written with claude, and this run wants another runtime to judge it"),
        ("runtime", OTTO, "codex", ""),
        ("runtime", OPERATOR, "codex", "operator/olga@desk wrote one and cannot judge it in this run"),
        ("holder", OPERATOR, "codex", "operator/olga@desk wrote one and cannot judge it in this run"),
        ("holder", OTTO, "claude", ""),
    ],
)
def test_the_policy_of_independence_decides_who_can_claim_a_review(independence, judge, runtime, refusal):
    flow = parse_workflow("w.yaml", JUDGED.encode(), lambda _: None).workflow
    play = Play()
    play.begin({}, replace(SETTINGS, test_command="", manual=True, independence=Independence(independence)), flow)
    play.claim("one", OPERATOR, "claude")
    play.submit_handoff("one")

    if refusal:
        with pytest.raises(Refused, match=refusal):
            play.claim("r", judge, runtime)
    else:
        play.claim("r", judge, runtime)
        assert play.run.jobs[JobId("r")].lease is not None
