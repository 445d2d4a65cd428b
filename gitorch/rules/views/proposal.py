"""The pull request that proposes a merge report: its page, its commit message, and where its files lie."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from gitorch.model.ids import CommitId
from gitorch.model.work.proposal import APPROVALS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.events import ReportIssued
    from gitorch.model.ids import Digest
    from gitorch.model.work.report import Report
    from gitorch.model.work.run import Run

README = f"""\
# {APPROVALS}

Each pull request into this branch proposes the merge of one run of gitorch. It adds a report of what would be merged, and its merge
is the approval of exactly that. Protect this branch: nobody should push to it, and merging should need a review.

The branch holds no code and is never merged into one that does. `gitorch verify` checks the approvals; docs/pull-requests.md of
gitorch says how to check one with git alone.
"""
"""The page of the first commit of the branch."""

REPORT_BEGINS = "<!-- the report that merging approves -->"
"""The line of the page between its introduction and the report; it is not shown."""

PAGE, DATA = "report.md", "report.json"
"""The files of a proposal."""


def proposal_folder(run: str, history: CommitId) -> str:
    """Where the files of a proposal lie: a folder for each proposal, so that its pull request only adds files."""
    return f"reports/{run}/{history[:12]}"


def proposal_text(approved: str, history: CommitId) -> str:
    """What a merge of the proposal approves, one line each, and the commit of the ledger that the report stands on.

    `approved` are the lines that a signed approval has.
    """
    return f"{approved}history: {history}\n"


def history_of(message: str) -> CommitId:
    """The commit of the ledger that the message of a proposal names; empty for any other message."""
    _, found, rest = message.rpartition("\nhistory: ")
    if not found:
        return CommitId("")
    return CommitId(rest.strip())


def is_page_of(page: str, data: bytes, digest: Digest) -> bool:
    """Whether a page ends with the report of this digest, and that report names the digest of its data."""
    report = page.partition(f"\n{REPORT_BEGINS}\n\n")[2]
    if _sha256(report.encode()) != digest:
        return False

    return _sha256(data) in report


def _sha256(data: bytes) -> str:
    """The digest of a file in the form that the ledger uses."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def proposal_message(run: Run, text: str) -> str:
    """The message of the proposal's commit; `text` is what its merge approves."""
    return f"Approve the merge of {run.title} into {run.target}\n\nMerging this commit into {APPROVALS} approves:\n\n{text}"


def merge_branch(run: Run, report: Report | ReportIssued) -> str:
    """The branch under which the commit that would be merged is shown, beside the branches of the jobs."""
    job = run.merge_behind(report.checkpoint) or report.checkpoint
    return run.branch_of(job)


def proposal_title(run: Run) -> str:
    """The title of the pull request."""
    return f"Approve the merge of {run.title} into {run.target}"


def proposal_page(run: Run, report: Report, text: str, links: Mapping[str, str]) -> str:
    """The report as a reader of the pull request gets it: first what merging does, then the branches, then the report itself.

    `text` is the text of the report. `links` are the addresses of the changes by commit; one without an address is named.
    """
    approves = (
        f"- **Merging this pull request approves the merge of exactly the commits below into `{report.target}`**, as long as "
        f"`{report.target}` is still at `{report.target_commit[:12]}`. gitorch then carries that merge out; the pull request itself "
        "brings only this page and its data."
    )
    lines = [
        f"# {proposal_title(run)}",
        "",
        f"Coding agents worked on the run `{run.id}` of gitorch: some wrote the code, others reviewed it. The report below says what they did.",
        "",
        approves,
        "- Use a merge commit: a squash or a rebase does not count.",
        "- Closing it or requesting changes approves nothing: gitorch asks the person who started the run what to do.",
        "",
    ]
    lines += ["| branch | what it changes |", "|---|---|"]
    for branch in report.branches:
        lines.append(f"| `{branch.branch}` | {_link(branch.commit, links)}: +{branch.added} −{branch.removed} lines |")

    if report.merged_commit is not None:
        everything = _link(report.merged_commit, links)
        lines += [
            "",
            f"All of them together, as they would be merged: {everything}, on the branch `{merge_branch(run, report)}`.",
        ]

    lines += ["", REPORT_BEGINS, "", text]
    return "\n".join(lines)


def _link(commit: CommitId, links: Mapping[str, str]) -> str:
    """The beginning of a commit's id, linked where the page of its changes is known."""
    name = f"`{commit[:12]}`"
    address = links.get(commit, "")
    if not address:
        return name

    return f"[{name}]({address})"
