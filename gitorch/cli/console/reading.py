"""What pages of the console show, read from the repository by threads that the screen does not wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.cli.console.commands import carry_out
from gitorch.cli.pages.records import plain_line
from gitorch.rules.guards.granting import base_of

if TYPE_CHECKING:
    from gitorch.cli.call import Call
    from gitorch.model.ids import CommitId, JobId, RunId
    from gitorch.model.view import EpicRow
    from gitorch.model.work.run import Run
    from gitorch.ports.git import DiffStat, Git

LOG_LINES = 500
HISTORY_LINES = 500


def change_of(call: Call, run: Run, job: JobId) -> DiffStat | None:
    """What the branch of an epic adds; None before it has a base, and if git does not answer."""
    git = call.open(call.folder, call.environ).git
    try:
        ends = _ends(git, run, job)
        if ends is None:
            return None

        return git.stat(*ends)
    except Exception:  # noqa: BLE001  a figure beside the row; the row itself does not depend on it
        return None


def patch_of(call: Call, run: Run, job: JobId) -> str:
    """The change of an epic's branch as a patch; a sentence where there is none."""
    git = call.open(call.folder, call.environ).git
    ends = _ends(git, run, job)
    if ends is None:
        return f"{job} has no branch yet."

    return git.patch(*ends) or f"The branch of {job} changes nothing yet."


def _ends(git: Git, run: Run, job: JobId) -> tuple[CommitId, CommitId] | None:
    """The commits between which an epic's change lies: its base, and what it handed in or the tip of its branch."""
    state = run.jobs[job]
    base = base_of(run, state)
    head = state.cleared or git.resolve(run.branch_of(job))
    if base is None or head is None:
        return None

    return base, head


def log_of(call: Call, run: RunId) -> str:
    """The newest records of a run, oldest first, one sentence each."""
    from gitorch.app.query import runs

    services = call.open(call.folder, call.environ)
    return "\n".join(plain_line(written) for written in runs.newest_records(services, run, LOG_LINES))


def report_words(row: EpicRow) -> list[str]:
    """The command that prints the report of a row."""
    if row.job is None:
        return ["report", row.run]

    return ["report", row.job, "--run", row.run]


def peek_words(row: EpicRow) -> list[str]:
    """The command that prints the screen of a row's session with the lines before it."""
    return ["peek", str(row.session), "--run", row.run, "--history", str(HISTORY_LINES)]


def answer_of(call: Call, words: list[str]) -> str:
    """What a command prints, or the sentence of its error."""
    return carry_out(call, words).text
