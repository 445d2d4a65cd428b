"""A lane whose program has reached its usage limit hands its work to another runtime, where it names one."""

from __future__ import annotations

import pytest
from play import SETTINGS, Play, workflow

from gitorch.errors import Malformed
from gitorch.model import commands as c
from gitorch.model import effects
from gitorch.model.ids import JobId, Moment
from gitorch.model.observed import AgentState, Observed, SessionObservation
from gitorch.model.plans.workflow import Independence, Lane, WorkflowSource
from gitorch.model.values import replace
from gitorch.rules.outstanding import outstanding
from gitorch.rules.reconcile import reconcile
from gitorch.rules.usage.limits import SETTLE_MS
from gitorch.rules.views.notices import notice
from gitorch.rules.workflows.compile import compile_workflow
from gitorch.text.config_file import parse_config

API = JobId("api")
HOUR_MS = 3_600_000
LANES = {
    "implementer": Lane("implementer", "claude", takeover="implementer-codex"),
    "implementer-codex": Lane("implementer-codex", "codex"),
    "reviewer": Lane("reviewer", "claude"),
}


def limited(settings=SETTINGS, wait_ms=HOUR_MS, job="api", lanes=LANES) -> Play:
    """An agent that has just reached a limit."""
    play = Play()
    flow = replace(workflow({"api": (), "ui": ()}), lanes=lanes)
    play.begin({}, settings, flow)
    play.launch(job)
    play.do(c.RecordLimit(play.session(job), Moment(play.at + wait_ms), named=True, evidence="hook: rate_limit"))
    return play


def look(play, state=AgentState.LIMITED, later_ms=0):
    now = Moment(play.at + later_ms)
    sessions = {
        one.id: SessionObservation(True, True, state, was_ready=True, evidence="x", changed_at=now)
        for one in play.run.living_sessions
    }
    return Observed(now=now, sessions=sessions, heads={}, checks={}, sent={})


def learned(play, kind, **seen):
    return [one for one in reconcile(play.run, look(play, **seen)) if isinstance(one, kind)]


def test_the_lease_goes_to_the_other_runtime_which_begins_with_the_brief_and_the_first_session_is_stopped():
    play = limited()
    first = play.session("api")
    assert learned(play, c.TakeOver) == [c.TakeOver(first)]
    play.do(c.TakeOver(first))
    assert play.run.jobs[API].phase == "queued"
    stops = [one for one in outstanding(play.run, look(play)) if isinstance(one, effects.StopSession)]
    assert [one.session for one in stops] == [first]
    play.grant("api")
    session = play.run.sessions[play.session("api")]
    assert (session.lane, session.runtime, session.prompts[-1].kind) == ("implementer-codex", "codex", "brief")
    assert play.do(c.TakeOver(first)) == (), "once"


@pytest.mark.parametrize("takes_over", [True, False])
def test_the_notice_of_a_limit_says_who_goes_on(takes_over):
    lanes = LANES if takes_over else {**LANES, "implementer": Lane("implementer", "claude")}
    run = limited(lanes=lanes).run
    text = notice(run, "limit-s1-1")["text"]

    assert text.startswith("The agent of api (s1) has reached the usage limit of claude")
    assert ("an agent of codex takes over in the same worktree" in text) is takes_over
    assert ("goes on at" in text and text.endswith("Its conversation is kept.")) is not takes_over


def test_new_work_of_the_lane_goes_to_the_other_runtime_until_the_limit_is_over():
    play = limited()
    play.grant("ui")
    assert play.run.sessions[play.session("ui")].runtime == "codex"
    later = limited()
    later.at += HOUR_MS
    later.grant("ui")
    assert later.run.sessions[later.session("ui")].runtime == "claude"


def test_a_runtime_that_took_over_waits_for_its_own_limit():
    play = limited()
    play.do(c.TakeOver(play.session("api")))
    play.launch("api")
    play.do(c.RecordLimit(play.session("api"), Moment(play.at + HOUR_MS), named=True, evidence="x"))
    assert learned(play, c.TakeOver) == []


@pytest.mark.parametrize(
    "play",
    [
        lambda: limited(wait_ms=SETTLE_MS),
        lambda: limited(lanes={**LANES, "implementer": Lane("implementer", "claude")}),
    ],
    ids=["soon over", "no other runtime"],
)
def test_an_agent_waits_itself(play):
    play = play()
    assert learned(play, c.TakeOver) == []
    assert play.do(c.TakeOver(play.session("api"))) == ()


def test_a_reviewer_is_not_replaced_by_a_runtime_that_may_not_judge():
    lanes = {
        "implementer": Lane("implementer", "codex"),
        "reviewer": Lane("reviewer", "claude", takeover="implementer"),
    }
    play = Play()
    settings = replace(SETTINGS, independence=Independence.RUNTIME)
    play.begin({}, settings, replace(workflow({"api": ()}), lanes=lanes))
    play.launch("api")
    play.submit_handoff("api")
    play.check("api")
    play.launch("api.spec")
    play.do(c.RecordLimit(play.session("api.spec"), Moment(play.at + HOUR_MS), named=True, evidence="x"))
    assert learned(play, c.TakeOver) == []


CONFIG = "runtimes:\n  claude: {takeover: codex}\n  codex: {model: gpt-5}\nlanes: {implementer: {runtime: claude}}\n"


def test_a_configured_takeover_is_a_lane_of_every_workflow():
    config = parse_config("gitorch.yaml", CONFIG.encode())
    source = WorkflowSource(
        replace(workflow({"api": ()}), lanes={"implementer": Lane("implementer", "claude")}), {}, SETTINGS
    )
    lanes = compile_workflow(source, config, {}).lanes
    assert lanes["implementer"].takeover == "implementer-codex"
    assert (lanes["implementer-codex"].runtime, lanes["implementer-codex"].model) == ("codex", "gpt-5")
    with pytest.raises(Malformed, match="1 "):
        parse_config("gitorch.yaml", CONFIG.replace("takeover: codex", "takeover: [codex]").encode())
