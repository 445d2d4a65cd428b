"""Every suggested command works when pasted, in every state of a run, with three runs open that have the same jobs (F23)."""

from __future__ import annotations

import copy
import json
import re
import shlex

import click
import pytest
from cli_stage import HUMAN, RUN, TARGET, UNATTENDED, commit, workflow

from gitorch.app.executing.execute import execute
from gitorch.cli.group import gitorch as group
from gitorch.model import commands as c
from gitorch.model.ids import Digest, JobId, RunId
from gitorch.model.values import replace
from gitorch.rules.reconciling.failed_turns import _first_step
from gitorch.rules.views.naming_runs import NEED_RUN

BY_HAND = replace(UNATTENDED, manual=True)
OTHERS = (RunId("auth-5a1b"), RunId("auth-9c2d"))
WORKS = {0, 10}
"""The exit statuses of a command that did what it says; the second waits for a human."""


def beside_others(stage):
    """Two more runs of the same jobs, one of which asks something and one only how to clean up."""
    for run in OTHERS:
        flow = workflow({"api": (), "ui": ("api",)})
        prepare = c.PrepareRun(run, "Sign in", "plan.md", Digest(f"sha256:{run}"), "main", TARGET, flow)
        execute(stage.services, run, HUMAN, prepare)
        execute(stage.services, run, HUMAN, c.ConfirmRun(BY_HAND, "unattended"))
        execute(stage.services, run, stage.services.host, c.StartRun())
    escalation = c.Escalate("x:1", "It broke.", "Nothing.", "none", "Go on?", ("stop_run",))
    execute(stage.services, OTHERS[0], stage.services.host, escalation)


def asked(stage):
    stage.begin_run().launch("api").submit_handoff("api", "NEEDS_CONTEXT", questions=("Which name?",))


def escalated(stage):
    stage.begin_run().launch("api")
    stage.do(c.Escalate("x:1", "It broke.", "Nothing.", "none", "Go on?", ("stop_epic", "stop_run"), job="api"))


def failed(stage):
    """An agent whose turn failed by its service, and then because nobody is signed in."""
    stage.begin_run().launch("api")
    session = stage.run.jobs[JobId("api")].session
    for words in ("API Error: 500", "API Error: 401"):
        stage.do(c.RecordFailedTurn(session, words, words))
        text = _first_step(stage.run.sessions[session])
        options = ("cleared", "retry", "stop_epic")
        stage.do(c.Escalate(f"failed:{words}", "It failed.", "Nothing.", "none", text, options, "api", session))
        stage.do(c.RecordResumedTurn(session))


def paused(stage):
    stage.begin_run()
    assert stage.gitorch("pause", RUN).status == 0


def claimed(stage):
    stage.begin_run(settings=BY_HAND)
    assert stage.gitorch("claim", "api", "--run", RUN).status == 0
    branch = stage.run.branch_of(JobId("api"))
    stage.git.tips[branch] = commit("api-1")
    stage.git.follow(branch)


def merged(stage):
    stage.until_report()
    assert stage.gitorch("approve", RUN, "--yes").status == 0
    stage.gitorch("up", RUN, "--no-wait")
    assert stage.run.phase.is_over


STATES = {
    "prepared": lambda stage: stage.prepare({"api": ()}, UNATTENDED),
    "begun": lambda stage: stage.begin_run(),
    "begun by hand": lambda stage: stage.begin_run(settings=BY_HAND),
    "claimed by hand": claimed,
    "agent at work": lambda stage: stage.begin_run().launch("api"),
    "asked by an agent": asked,
    "escalated": escalated,
    "turn failed": failed,
    "paused": paused,
    "reported": lambda stage: stage.until_report(),
    "merged": merged,
}


def suggested(stage):
    """Everything that status and the inbox suggest for the run, each answer of every question included."""
    view = json.loads(stage.gitorch("status", RUN, "--json").out)["run"]
    found = list(view["next_commands"])
    for row in json.loads(stage.gitorch("inbox", RUN, "--json").out)["inbox"]:
        found.append(row["command"])
        others = row["options"][1:] if row["kind"] != "approval" else ()
        for option in others:
            found.append(row["command"].replace(f" {row['options'][0]}", f" {option}", 1))
        found += [other for other in row["others"] if other.startswith("gitorch ")]
        found += re.findall(r"\((gitorch [^()]+)\)", row["text"])
    return list(dict.fromkeys(found))


def suggested_by_up(stage):
    """What `up` prints as the command that goes on."""
    said = json.loads(stage.gitorch("up", RUN, "--no-wait", "--json").out)
    return [said["error"]["hint"]] if "error" in said else []


def paste(stage, command):
    """Type a suggested command, in a copy of the stage."""
    program, *words = shlex.split(command.replace("…", "as asked"))
    assert program == "gitorch"
    extra = {"approve": ["--yes"], "attach": ["--json"]}.get(words[0], [])
    answer = copy.deepcopy(stage).gitorch(*words, *extra)
    assert answer.status in WORKS, (command, answer)


@pytest.mark.parametrize("state", STATES)
def test_every_suggested_command_works_when_pasted_with_three_runs_open(stage, state):
    STATES[state](stage)
    beside_others(stage)
    for command in suggested(stage):
        paste(stage, command)
    for command in suggested_by_up(stage):
        paste(stage, command)
    for command in suggested(stage):
        paste(stage, command)


def test_a_hint_names_the_run_that_the_caller_named(stage):
    asked(stage)
    beside_others(stage)
    answer = stage.gitorch("answer", "q1", "--run", RUN)
    assert f"try: gitorch answer q1 TEXT --run {RUN}" in answer.err, answer
    answer = stage.gitorch("attach", "api", "--run", RUN)
    assert f"try: gitorch peek api --run {RUN}" in answer.err, answer
    assert "--run" not in stage.gitorch("log", "nobody").err


def test_each_verb_that_gets_a_run_takes_one():
    context = click.Context(group)
    for verb in NEED_RUN:
        options = {option for parameter in group.get_command(context, verb).params for option in parameter.opts}
        assert "--run" in options, verb
