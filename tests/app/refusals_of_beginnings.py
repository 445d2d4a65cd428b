"""Refusals before work begins: of the configuration, of the target's tests, of checkouts that cannot be set up."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from fakes.checks import FakeChecks
from fakes.world import altered
from refusal_kit import CALLER, CHECKED, RUN, TARGET, run_of, started

from gitorch.app.reconciler import merging
from gitorch.app.reconciler.preparing import require_clean_set_up
from gitorch.app.start import configuring, target_tests
from gitorch.app.start.sheet import Ready
from gitorch.errors import Failed, Malformed, NotFound, Refused, Usage
from gitorch.model.commands import WorkFacts
from gitorch.model.ids import Digest, JobId, Moment, SessionId
from gitorch.model.plans.preparation import Preparation
from gitorch.model.plans.workflow import Settings, Workflow
from gitorch.model.values import replace
from gitorch.model.work.session import Session, SessionPhase

TEMPLATE = (Path(__file__).parents[2] / "templates/gitorch.yaml").read_text()


def ready(command: str):
    flow = Workflow("w", "1", "p.md", {}, {})
    run = Ready(RUN, "P", flow, Settings(test_command=command), "main", TARGET, "sha256:x", {})
    return replace(CHECKED, ready=run)


def set_in_odd_file(stage, key: str, value: str):
    stage.services.files.write(configuring.config_file(stage.services), b"approval: {at_least: most}\n")
    return configuring.set_value(stage.services, CALLER, TEMPLATE, key, value, None)


def ending(outcome: str) -> FakeChecks:
    return FakeChecks(lambda *_: (outcome, 1, "no such module\n"))


def tested(stage, outcome: str):
    return target_tests.run_target_tests(altered(stage.services, checks=ending(outcome)), ready("make test"))


class LostChecks(FakeChecks):
    def start(self, *_):
        return None


def lost(stage):
    return target_tests.run_target_tests(altered(stage.services, checks=LostChecks()), ready("make test"))


def merge_without_checkout(stage):
    checks, run = ending("not-set-up"), run_of(stage)
    checks.start(TARGET, run.settings.test_command, 60, stage.folder / "check")
    return merging._combined_check(altered(stage.services, checks=checks), run, TARGET)


def left_unignored(stage):
    run = started(stage)
    run = replace(run, settings=replace(run.settings, preparation=Preparation("npm ci")))
    session = Session(
        SessionId("s9"), JobId("api"), "implementer", "scripted", Digest("sha256:t"), SessionPhase.STARTING, Moment(1)
    )
    run = replace(run, sessions={session.id: session})
    git = SimpleNamespace(facts=lambda *_: WorkFacts(None, ("node modules/a", "b"), 0, ()))
    require_clean_set_up(altered(stage.services, git=git), run, session, stage.folder)


RED = f"the tests do not pass on main as it is: failed with status 1 after 0.1 s on a clean checkout of {TARGET[:12]}"

BEGINNINGS = [
    (
        "empty",
        lambda s: configuring.get_value(s.services, TEMPLATE, "tests.comand"),
        NotFound,
        "the configuration has no key 'tests.comand'",
        "gitorch config get tests.command",
    ),
    (
        "empty",
        lambda s: configuring.get_value(s.services, TEMPLATE, "review.runtimes.quality"),
        NotFound,
        "review.runtimes.quality is part of review.runtimes: change it in the file, or set all of review.runtimes, a mapping in braces",
        "gitorch config get review.runtimes",
    ),
    (
        "one",
        lambda s: configuring.set_value(s.services, CALLER, TEMPLATE, "push.remote", "origin", RUN),
        Refused,
        f"a run keeps the push.remote that it was started with; it can follow {', '.join(configuring.FOLLOWED)}",
        "gitorch config set push.remote VALUE",
    ),
    (
        "empty",
        lambda s: configuring.set_value(s.services, CALLER, TEMPLATE, "prices.per_million", "{gpt: {input: 1}}", None),
        Usage,
        "prices.per_million cannot become '{gpt: {input: 1}}': `prices.dated` is empty",
        "gitorch config set prices.dated DATE",
    ),
    (
        "empty",
        lambda s: set_in_odd_file(s, "tests.wait_seconds", "0"),
        Malformed,
        "gitorch.yaml has 2 problems.",
        "",
    ),
    (
        "empty",
        lambda s: target_tests.run_target_tests(s.services, ready("")),
        Refused,
        "there is no test command to run",
        "gitorch config set tests.command COMMAND",
    ),
    (
        "empty",
        lambda s: tested(s, "failed"),
        Failed,
        f"{RED}\nno such module",
        "gitorch config get tests.command",
    ),
    (
        "empty",
        lambda s: tested(s, "not-set-up"),
        Failed,
        "the checkout of main for the tests could not be set up (status 1)\nno such module",
        "gitorch config get worktrees.setup",
    ),
    (
        "nothing",
        left_unignored,
        Refused,
        "the set-up of worktrees left files, now or before, that git does not ignore and the agent would commit: node modules/a, b",
        "echo '/node modules' >> {above}/s/.git/info/exclude",
    ),
    ("empty", lost, Failed, "the tests ended without a result", "gitorch check PLAN --run-tests"),
    (
        "one",
        merge_without_checkout,
        Failed,
        "the checkout for the tests of the merge could not be set up\nno such module",
        "gitorch config get worktrees.setup",
    ),
]
