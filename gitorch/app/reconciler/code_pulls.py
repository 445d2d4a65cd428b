"""Putting the branches of an approved report up as pull requests of their own, and finding out that they were merged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.people.code_merges import find_merges
from gitorch.app.people.proposals import open_pull_request, place_of, push_all
from gitorch.app.people.signing import require_signature
from gitorch.ports.git import PushRef
from gitorch.rules.guards.ensure import run_there
from gitorch.rules.review.proposals import pulls_question

if TYPE_CHECKING:
    from gitorch.app.people.proposals import Place
    from gitorch.app.services import Services
    from gitorch.model import effects
    from gitorch.model.commands import Command
    from gitorch.model.work.code_merge import CodeMerges
    from gitorch.model.work.report import Report
    from gitorch.model.work.run import Run


def open_pulls(services: Services, run: Run, effect: effects.OpenPulls) -> tuple[Command, ...]:
    """Push each branch of the approved report, open its pull request, and ask the principal to have them merged.

    Report and approval are those of git's objects. Raises Corrupt where they do not hold, Unavailable where the remote does
    not answer or takes no push.
    """
    verified = services.ledger.verified(run.id)
    require_signature(services, verified)
    run = run_there(verified.state)
    report = run.report
    if report is None or run.approval is None:
        return ()

    place = place_of(services, run.settings.push_remote)
    pulls = _pushed(services, place, report)
    question = pulls_question(run, report, effect.job, place.remote, pulls)
    return (question,)


def _pushed(services: Services, place: Place, report: Report) -> list[str]:
    """Push each branch with its approved commit, and open its pull request; gives a line for each."""
    lines: list[str] = []
    for branch in report.branches:
        title = f"{branch.job}: {branch.branch}"
        options = place.push_options(title, report.target)
        ref = f"refs/heads/{branch.branch}"
        there = services.remotes.heads(place.remote, (ref,)).get(ref)
        if there != branch.commit:
            push_all(services, place, (PushRef(ref, branch.commit, there),), options)

        opened, address, note = open_pull_request(services, place, branch.branch, report.target, title)
        lines.append(
            f"{branch.branch} at {branch.commit[:12]}: {address or opened or note or 'no pull request is open yet'}"
        )

    return lines


def merged_code(services: Services, run: Run) -> CodeMerges | None:
    """Where the branches of the approved report were merged at the remote; None while one of them was not.

    Raises Unavailable where the remote does not answer.
    """
    report = run.report
    if report is None or run.approval is None:
        return None

    remote = place_of(services, run.settings.push_remote).remote
    ref = f"refs/heads/{report.target}"
    tip = services.remotes.recent_heads(remote, (ref,)).get(ref)
    if tip is None or tip == report.target_commit:
        return None

    if not services.git.has(tip):
        services.remotes.fetch(remote, ref)

    branches = [(branch.job, branch.commit) for branch in report.branches]
    return find_merges(services, run, branches, report.target_commit, tip)
