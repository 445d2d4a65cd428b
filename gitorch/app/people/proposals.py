"""Putting a merge report up for review as a pull request, whose merge approves it."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from gitorch.app.executing.execute import execute_verb, only_people
from gitorch.app.people.decisions import report_to_approve
from gitorch.app.people.forge_merges import merge_of
from gitorch.app.query.syncing import LEDGER_REF, Stand, choose_remote, compare
from gitorch.errors import Refused, Unavailable
from gitorch.model import commands
from gitorch.model.events import ReportIssued
from gitorch.model.path_text import shell_word
from gitorch.model.plans.forge import ForgeKind
from gitorch.model.values import Value
from gitorch.model.work.proposal import APPROVALS, APPROVALS_REF, Proposal, proposal_branch
from gitorch.ports.git import PushRef
from gitorch.rules.forges import (
    changes_address,
    kind_of_remote,
    looks_public,
    new_pull_request,
    project_of,
    web_address,
)
from gitorch.rules.guards.ensure import run_there
from gitorch.rules.views.approval import approval_text
from gitorch.rules.views.proposal import (
    DATA,
    PAGE,
    README,
    merge_branch,
    proposal_folder,
    proposal_message,
    proposal_page,
    proposal_text,
    proposal_title,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitorch.app.executing.execute import Caller
    from gitorch.app.services import Services
    from gitorch.model.ids import CommitId
    from gitorch.model.work.report import Report
    from gitorch.model.work.run import Run

FORGE_SECONDS = 60.0
"""How long a forge's program may take to open a pull request."""

BODY = "Opened by gitorch for a run of coding agents. Read the changed files: they say what merging this does."
"""The text of a pull request that a program opens."""

ADDRESS = re.compile(r"https?://\S+")
PROGRAMS = {ForgeKind.GITHUB: "gh", ForgeKind.GITEA: "tea"}
"""The programs that open pull requests; GitLab opens them by push options."""


class Place(Value):
    """A remote, as far as a proposal needs to know it."""

    remote: str
    kind: ForgeKind
    web: str
    """The page of the repository; empty where it has none."""
    project: str

    def push_options(self, title: str, base: str) -> tuple[str, ...]:
        """The options by which a push opens a pull request into `base`; none where the forge does not know any."""
        if self.kind is not ForgeKind.GITLAB:
            return ()

        return ("merge_request.create", f"merge_request.target={base}", f"merge_request.title={title}")


class Proposed(Value):
    """What a proposal did."""

    proposal: Proposal
    branch: str
    pushed: tuple[str, ...]
    """The branches that were pushed."""
    address: str
    """Of the pull request, or of the page on which a person opens it; empty where neither is known."""
    opened: str
    """What opened the pull request: a program, or `push options`; empty where a person has to."""
    note: str = ""
    """Why the program of the forge opened nothing."""


def propose(services: Services, caller: Caller, run: Run, remote: str, *, public: bool) -> Proposed:
    """Push the report of a run as a commit for a pull request into the branch of approvals, and open it where a program can.

    The same report is proposed by the same commit again, until that was merged in a way that does not count. Pushes the
    branches to merge and the ledger with it, all or nothing. `public` is the consent to a remote that everybody might read.

    Raises Denied for everybody but the principal, Refused without a report that can be approved, and for a remote that looks
    public without consent, Unavailable where the remote does not answer or takes no push.
    """
    only_people(services, caller, "propose")
    run = run_there(services.ledger.verified(run.id).state)
    report = report_to_approve(run)
    place = place_of(services, remote)
    _require_consent(services, run, place.remote, public=public)
    there = services.remotes.heads(place.remote, (APPROVALS_REF, LEDGER_REF, *_refs(run, report)))
    _require_ledger_there(services, place.remote)
    base = _base(services, place.remote, there)
    commit = _standing(services, run, place.remote, base) or _commit(services, run, report, place, base)

    made = Proposal(report.digest, place.remote, commit)
    state, _ = execute_verb(services, run.id, caller.actor, commands.ProposeMerge(made), "propose")
    return _published(services, state.run or run, report, made, (place, base, there))


def place_of(services: Services, remote: str) -> Place:
    """The remote of this name, or the usual one. Raises NotFound."""
    name = choose_remote(services, remote)
    address = services.remotes.address(name)
    kind = services.config.push_forge
    if kind is ForgeKind.AUTO:
        kind = kind_of_remote(address)
    return Place(name, kind, web_address(address), project_of(address))


def _require_consent(services: Services, run: Run, remote: str, *, public: bool) -> None:
    """Raises Refused for a remote that everybody might read, unless somebody said that the ledger may go there."""
    if public or (run.settings.push_ledger and run.settings.push_remote == remote):
        return

    address = services.remotes.address(remote)
    if looks_public(address):
        message = f"{remote} ({address}) may be public, and the report and the whole ledger would be pushed there"
        raise Refused(message, f"gitorch propose {run.id} --remote {shell_word(remote)} --public")


def _require_ledger_there(services: Services, remote: str) -> None:
    """Raises Refused where the remote's ledger has records that this one lacks, Corrupt where it was forced back."""
    found = compare(services, remote)
    if found.stand not in {Stand.APART, Stand.BEHIND}:
        return

    message = f"{remote} has a ledger at {str(found.there)[:12]} that this one does not continue"
    raise Refused(message, f"gitorch sync {shell_word(remote)}")


def _base(services: Services, remote: str, there: Mapping[str, CommitId]) -> CommitId:
    """The commit that the proposal is made on: the remote's branch of approvals, or its first commit."""
    tip = there.get(APPROVALS_REF)
    if tip is None:
        return services.git.commit_files(
            None, {"README.md": README.encode()}, f"Begin {APPROVALS}\n", services.clock.now()
        )

    if not services.git.has(tip):
        services.remotes.fetch(remote, APPROVALS_REF)
    return tip


def _standing(services: Services, run: Run, remote: str, tip: CommitId) -> CommitId | None:
    """The commit that proposes this report already; None without one, and where it was merged and does not count."""
    proposal = run.proposal
    if proposal is None or proposal.remote != remote or not services.git.has(proposal.commit):
        return None

    if merge_of(services, run, proposal, tip) is None:
        return proposal.commit
    return None


def _commit(services: Services, run: Run, report: Report, place: Place, base: CommitId) -> CommitId:
    """The commit that shows the report."""
    history = services.ledger.tip() or report.target_commit
    text, data = _report(services, run)
    links = _links(report, place)
    folder = proposal_folder(run.id, history)
    page = proposal_page(run, report, text, links)
    files = {f"{folder}/{PAGE}": page.encode(), f"{folder}/{DATA}": data}
    commits = tuple(branch.commit for branch in report.branches)
    ledger = services.ledger.state(None).board.ledger
    approved = approval_text(ledger, run.id, report.digest, report.target, report.target_commit, commits)
    message = proposal_message(run, proposal_text(approved, history))
    return services.git.commit_files(base, files, message, services.clock.now())


def _links(report: Report, place: Place) -> dict[str, str]:
    """The page of the changes of each commit that would be merged, and of the merge, by the commit; none where it is not known."""
    commits = [branch.commit for branch in report.branches]
    if report.merged_commit is not None:
        commits.append(report.merged_commit)

    links: dict[str, str] = {}
    for commit in commits:
        links[commit] = changes_address(place.kind, place.web, report.target_commit, commit)
    return links


def _report(services: Services, run: Run) -> tuple[str, bytes]:
    """The text of the report that stands, and its data."""
    for written in services.ledger.newest(run.id, (ReportIssued,)):
        event = written.record.event
        if not isinstance(event, ReportIssued):
            continue
        for ref in written.record.files:
            if ref.name == DATA:
                return event.text, services.ledger.file(run.id, ref.sha256)
        break
    return "", b""


def _wanted(services: Services, run: Run, report: Report, commit: CommitId, base: CommitId) -> dict[str, CommitId]:
    """Each branch that a proposal needs at the remote, by its full name, with its commit."""
    wanted: dict[str, CommitId] = {}
    for branch in report.branches:
        wanted[f"refs/heads/{branch.branch}"] = branch.commit
    if report.merged_commit is not None:
        wanted[f"refs/heads/{merge_branch(run, report)}"] = report.merged_commit
    wanted[f"refs/heads/{proposal_branch(run.id)}"] = commit
    wanted[APPROVALS_REF] = base
    tip = services.ledger.tip()
    if tip is not None:
        wanted[LEDGER_REF] = tip
    return wanted


def _refs(run: Run, report: Report) -> tuple[str, ...]:
    """The full names of the branches of one run that a proposal pushes."""
    names = [branch.branch for branch in report.branches]
    names += [merge_branch(run, report), proposal_branch(run.id)]
    return tuple(f"refs/heads/{name}" for name in names)


def _published(
    services: Services,
    run: Run,
    report: Report,
    proposal: Proposal,
    where: tuple[Place, CommitId, Mapping[str, CommitId]],
) -> Proposed:
    """Push what the remote lacks, all or nothing, and open the pull request. Raises Unavailable where the push is refused.

    `where` is the remote, the commit that the proposal is made on, and the branches that the remote had.
    """
    place, base, there = where
    updates: list[PushRef] = []
    for ref, commit in _wanted(services, run, report, proposal.commit, base).items():
        if there.get(ref) != commit:
            updates.append(PushRef(ref, commit, there.get(ref)))
    title, branch = proposal_title(run), proposal_branch(run.id)
    push_all(services, place, updates, place.push_options(title, APPROVALS))

    opened, address, note = open_pull_request(services, place, branch, APPROVALS, title)
    pushed = tuple(update.ref.removeprefix("refs/heads/") for update in updates)
    return Proposed(proposal, branch, pushed, address, opened, note)


def push_all(
    services: Services,
    place: Place,
    updates: Sequence[PushRef],
    options: Sequence[str],
) -> None:
    """Push these branches, all or nothing. Raises Unavailable, with what the remote said, where it refuses."""
    if not updates:
        return

    refusal = services.remotes.push(place.remote, updates, options)
    if refusal:
        message = f"{place.remote} did not take the branches of the pull request: {refusal.splitlines()[0]}"
        raise Unavailable(message, "git remote -v")


def open_pull_request(
    services: Services,
    place: Place,
    branch: str,
    base: str,
    title: str,
) -> tuple[str, str, str]:
    """What opened a pull request, its address, and why it could not be opened.

    The first two are empty where a person has to open it; the address is then that of the page for it, where it is known.
    """
    if place.push_options(title, base):
        return "push options", "", ""

    page = new_pull_request(place.kind, place.web, branch, base)
    program = PROGRAMS.get(place.kind, "")
    if not _is_forges_own(services, program):
        return "", page, ""

    command = shlex.join(_creation(place, branch, base, title))
    try:
        _, output = services.programs.run_shell(command, services.root, FORGE_SECONDS)
    except Unavailable as error:
        return "", page, error.message

    found = ADDRESS.findall(output)
    if found:  # also of one that is open already
        return program, found[-1], ""

    last = output.strip().rpartition("\n")[2]
    return "", page, f"{program} opened no pull request: {last}"


def _is_forges_own(services: Services, program: str) -> bool:
    """Whether the program is there. Debian has an editor named `tea`; the one of Gitea names the library it is built with."""
    if not program or not services.programs.find(program):
        return False

    return program != "tea" or "go-sdk" in services.programs.first_line(("tea", "--version"))


def _creation(place: Place, branch: str, base: str, title: str) -> list[str]:
    """The command that opens a pull request."""
    if place.kind is ForgeKind.GITHUB:
        words = ["gh", "pr", "create", "--repo", place.project, "--base", base, "--head", branch]
        return [*words, "--title", title, "--body", BODY]

    words = ["tea", "pulls", "create", "--repo", place.project, "--base", base, "--head", branch]
    return [*words, "--title", title, "--description", BODY]
