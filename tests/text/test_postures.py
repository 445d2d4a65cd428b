"""Postures (W16): each adds its instruction to the brief, and those that are required must be there."""

from __future__ import annotations

import pytest

from gitorch.errors import Malformed
from gitorch.model.ids import JobId
from gitorch.text.workflows.brief import POSTURES
from gitorch.text.workflows.file import parse_workflow

KNOWN = (
    *("neutral", "devils_advocate", "security", "threat_model", "latency_performance", "ergonomics_dx"),
    *("accessibility", "compliance_license", "supply_chain"),
)
FLOW = """gitorch: workflow/1
name: x
lanes: {{a: {{runtime: claude}}, r: {{runtime: codex}}}}
jobs:
  one: {{kind: build, lane: a, objective: Do{wanted}}}
  judge: {{kind: review, lane: r, needs: [one], posture: "{posture}"}}
  other: {{kind: review, lane: r, needs: [one], posture: neutral, objective: Look.}}
{more}"""


def read(posture: str, wanted: str = "", more: str = ""):
    text = FLOW.format(posture=posture, wanted=wanted, more=more)
    return parse_workflow("w.yaml", text.encode(), lambda _: None)


def test_every_posture_is_known_and_has_its_own_instruction():
    assert tuple(POSTURES) == KNOWN
    assert len(set(POSTURES.values())) == len(KNOWN)


@pytest.mark.parametrize("posture", KNOWN[1:])
def test_a_posture_adds_its_instruction_only_to_the_brief_of_its_review(posture):
    source = read(posture)
    assert f"## Posture\n\n{POSTURES[posture]}" in source.briefs[JobId("judge")]
    assert source.workflow.jobs[JobId("judge")].posture == posture
    assert all("Posture" not in source.briefs[JobId(job)] for job in ("one", "other"))


def test_the_brief_of_a_custom_posture_contains_its_name():
    assert (
        "## Posture\n\nJudge the work with an eye to our style guide." in read("custom:our style guide").briefs["judge"]
    )


@pytest.mark.parametrize("posture", ["grim", "custom:", "custom: ", "Security", ""])
def test_an_unknown_posture_is_refused(posture):
    with pytest.raises(Malformed) as caught:
        read(posture)
    assert [problem.message.split(" must be one of")[0] for problem in caught.value.problems] == [
        "`jobs.judge.posture`"
    ]


@pytest.mark.parametrize(
    ("wanted", "more"),
    [(", required_postures: [security]", ""), ("", "policies: {review: {required_postures: [security]}}\n")],
)
def test_a_required_posture_needs_a_review_with_that_posture(wanted, more):
    assert read("security", wanted, more).workflow.jobs[JobId("judge")].posture == "security"
    with pytest.raises(Malformed) as caught:
        read("threat_model", wanted, more)
    assert [problem.message for problem in caught.value.problems] == [
        "`jobs.one` must be reviewed with the posture security, but no review of it has that posture."
    ]
