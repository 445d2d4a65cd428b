"""In a run by hand each caller, on each host, is shown only commands that this caller can type there."""

from __future__ import annotations

import copy
import json
import re
import shlex
from dataclasses import dataclass

import pytest
from cli_stage import RUN, UNATTENDED, commit
from host_stages import two_hosts

from gitorch.model.ids import JobId
from gitorch.model.plans.workflow import Independence
from gitorch.model.values import replace

WORKS = {0, 10}


@dataclass
class Callers:
    """The person at desk, the same person at attic, and an operator's program at desk."""

    desk: object
    attic: object
    bot: object


@pytest.fixture(params=[Independence.SESSION, Independence.RUNTIME, Independence.HOLDER], ids=str)
def callers(tmp_path, request):
    desk, attic = two_hosts(tmp_path)
    desk.begin_run({"api": (), "ui": ("api",)}, replace(UNATTENDED, manual=True, independence=request.param))
    bot = copy.copy(desk)
    bot.operator = "bot"
    return Callers(desk, attic, bot)


def claim(stage, job):
    assert stage.gitorch("claim", job, "--runtime", stage.operator or stage.name).status == 0
    branch = stage.run.branch_of(JobId(job))
    stage.git.tips[branch] = commit(f"{job}-1")
    stage.git.follow(branch)


def hand_in(stage, job):
    answer = stage.gitorch("handoff", "DONE", "--job", job, "--summary", "as asked")
    assert answer.status == 0, answer


def nothing(_):
    """Begun, and nobody has claimed anything."""


def claimed_at(name):
    return lambda callers: claim(getattr(callers, name), "api")


def handed_in_at(name):
    def act(callers):
        claim(getattr(callers, name), "api")
        hand_in(getattr(callers, name), "api")

    return act


def reviewed_at(author, reviewer):
    def act(callers):
        handed_in_at(author)(callers)
        assert getattr(callers, reviewer).gitorch("claim", "api.spec", "--runtime", "other").status == 0

    return act


NAMES = ("desk", "attic", "bot")
STATES = {
    "begun": nothing,
    **{f"claimed at {name}": claimed_at(name) for name in NAMES},
    **{f"handed in at {name}": handed_in_at(name) for name in NAMES},
    **{f"{one} reviewed at {other}": reviewed_at(one, other) for one in NAMES for other in NAMES if one != other},
}


def suggested(stage):
    """What every verb that names next commands names for this caller, by verb."""
    found = {"status": json.loads(stage.gitorch("status", RUN, "--json").out)["run"]["next_commands"]}
    found["show"] = json.loads(stage.gitorch("show", RUN, "--json").out)["run"]["next_commands"]
    (run,) = json.loads(stage.gitorch("dashboard", "--json").out)["runs"]
    found["dashboard"] = run["next_commands"]
    found["why"] = re.findall(r"Next: (.*)", stage.gitorch("why", RUN).out)
    said = json.loads(stage.gitorch("up", RUN, "--no-wait", "--json").out)
    assert "error" in said, "a run by hand waits for people"
    found["up"] = [said["error"]["hint"]]
    return found


@pytest.mark.parametrize("state", STATES)
def test_each_caller_is_shown_only_what_works_for_them_where_they_are(callers, state):
    STATES[state](callers)
    for name in NAMES:
        stage = getattr(callers, name)
        found = suggested(stage)
        assert found["status"] == found["show"] == found["dashboard"]
        assert found["status"][:1] == found["why"] == found["up"]
        for command in found["status"]:
            program, *words = shlex.split(command.replace("…", "as asked"))
            assert program == "gitorch"
            if words[0] == "claim":
                words += ["--runtime", "another"]
            answer = copy.deepcopy(stage).gitorch(*words)
            assert answer.status in WORKS, (name, command, answer)


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        ("begun", ["gitorch claim api"] * 3),
        ("claimed at desk", ["gitorch handoff", "gitorch why api", "gitorch why api"]),
        ("claimed at attic", ["gitorch why api", "gitorch handoff", "gitorch why api"]),
        ("claimed at bot", ["gitorch why api", "gitorch why api", "gitorch handoff"]),
        ("desk reviewed at attic", ["gitorch why api.spec", "gitorch verdict", "gitorch why api.spec"]),
    ],
)
def test_whoever_holds_the_job_is_told_to_report_and_the_others_who_has_it(callers, state, shown):
    STATES[state](callers)
    for name, command in zip(NAMES, shown, strict=True):
        (first, *_) = suggested(getattr(callers, name))["status"]
        assert first.startswith(command), name


@pytest.mark.parametrize("words", [("handoff", "DONE", "--summary", "x"), ("heartbeat",), ("release",), ("brief",)])
def test_a_verb_on_the_job_of_another_names_who_has_it(callers, words):
    claim(callers.desk, "api")
    answer = callers.attic.gitorch(*words, "--job", "api")
    assert answer.status == 5
    assert "principal/ada@desk has the lease of api" in answer.err
    assert "try: gitorch why api" in answer.err
    assert "principal/ada@desk is at work" in callers.attic.gitorch("why", "api").out
    answer = callers.attic.gitorch("claim", "api")
    assert (answer.status, "principal/ada@desk has its lease" in answer.err) == (4, True)


def test_whoever_wrote_the_work_is_not_offered_its_review_where_the_run_forbids_it(callers):
    handed_in_at("desk")(callers)
    first = suggested(callers.desk)["status"]
    forbids = callers.desk.run.settings.independence is not Independence.SESSION
    assert first == (["gitorch why api.spec"] if forbids else ["gitorch claim api.spec"])
    assert suggested(callers.attic)["status"] == ["gitorch claim api.spec"]


def test_where_all_is_done_by_hand_only_the_host_that_leads_is_told_to_run_up(callers):
    for job in ("api", "ui"):
        claim(callers.desk, job)
        hand_in(callers.desk, job)
        assert callers.attic.gitorch("claim", f"{job}.spec", "--runtime", "other").status == 0
        verdict = callers.attic.gitorch("verdict", "accept", "--job", f"{job}.spec", "--summary", "good")
        assert verdict.status == 0, verdict

    found = suggested(callers.attic)
    assert found["status"] == found["show"] == found["dashboard"] == found["up"] == [f"gitorch why {RUN}"]
    there = f"desk leads it and goes on. Unless it runs already, type there: gitorch up {RUN}"
    assert callers.attic.gitorch("why", RUN).out.strip().endswith(there)
    assert callers.desk.gitorch("why", RUN).out.strip().endswith(f"Next: gitorch up {RUN}")
    callers.desk.gitorch("up", RUN, "--no-wait")
    assert suggested(callers.attic)["status"] == [f"gitorch approve {RUN}"]
