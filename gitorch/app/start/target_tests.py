"""The tests of the target before any run begins: in a checkout that is set up, as a run would test it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Failed, Refused
from gitorch.model.observed import CheckPhase
from gitorch.model.plans.preparation import NOT_SET_UP

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.app.start.preflight import CheckResult
    from gitorch.model.ids import CommitId
    from gitorch.model.work.review import Check

LOOK_SECONDS = 0.1
"""The time between two looks at the tests."""

FOLDER = "target"
"""The folder of the checkout, beside those of runs."""


def run_target_tests(services: Services, checked: CheckResult) -> Check:
    """Run the test command once on the target's commit, and wait for it. The checkout is removed afterwards.

    Raises Refused without a test command.
    Raises Failed with the last lines of the log where the tests do not pass, or the checkout cannot be set up.
    """
    ready = checked.ready
    if ready is None or not ready.settings.test_command:
        raise Refused("there is no test command to run", "gitorch config set tests.command COMMAND")

    settings = ready.settings
    folder = services.paths.folder(settings.worktrees) / FOLDER
    worktree = folder / f"check-{ready.target_commit[:12]}"
    try:
        services.checks.start(
            ready.target_commit, settings.test_command, settings.test_wait_seconds, worktree, settings.preparation
        )
        check = _finished(services, ready.target_commit, settings.test_command)
    finally:
        services.checks.clear(folder)
        services.worktrees.tidy(folder)
    if not check.passed:
        raise _failure(check, ready.target, settings.preparation.command)
    return check


def _finished(
    services: Services,
    commit: CommitId,
    command: str,
) -> Check:
    """The result, once there is one. Raises Failed for a run that ended without one."""
    while True:
        seen = services.checks.observe(commit, command)
        if seen.check is not None:
            return seen.check
        if seen.phase is CheckPhase.ABSENT:
            raise Failed("the tests ended without a result", "gitorch check PLAN --run-tests")
        services.clock.sleep(LOOK_SECONDS)


def _failure(check: Check, target: str, set_up: str) -> Failed:
    """The error for a set-up or tests that fail, with the end of their log."""
    if check.outcome == NOT_SET_UP:
        message = f"the checkout of {target} for the tests could not be set up (status {check.exit_status}): {set_up}"
        message = message.removesuffix(": ")
        key = "worktrees.setup"
    else:
        message, key = f"the tests do not pass on {target} as it is: {check.summary}", "tests.command"
    return Failed(f"{message}\n{check.tail}".rstrip(), f"gitorch config get {key}")
