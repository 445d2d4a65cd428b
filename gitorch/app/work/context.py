"""The context of a session's work: its worktree, its brief, and the digest of its token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value
from gitorch.text.records.digests import digest

if TYPE_CHECKING:
    from pathlib import Path

    from gitorch.app.services import Services
    from gitorch.model.ids import CommitId, Digest
    from gitorch.model.work.job import JobState
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session


TESTS_CHANGED = "## Look at the tests\n\nThis commit changes what its own tests show. Judge whether the work that was asked for needs that."


class Brief(Value):
    """The brief of a session as it stands now."""

    section: str
    """The text that the job was given when the run was prepared."""
    done: tuple[str, ...]
    """The subjects of the commits that the job's branch holds already."""
    text: str
    """The whole brief for reading."""
    values: dict[str, object]
    """The same for programs."""


def brief_of(services: Services, run: Run, session: Session) -> Brief:
    """The brief of a session, from its run and its branch as they are now.

    Nothing is written: see `write_prompt` for the files in the worktree.
    """
    from gitorch.rules.views.brief import brief_text  # noqa: PLC0415  8 modules that a handoff does not pay
    from gitorch.rules.views.brief_values import brief_data  # noqa: PLC0415  the same

    section, done = section_of(services, run, session), done_so_far(services, run, session)
    return Brief(section, done, brief_text(run, session, section, done), brief_data(run, session, section, done))


def section_of(services: Services, run: Run, session: Session) -> str:
    """The text that a job was given when the run was prepared; a review without one gets that of its subject.

    Empty where neither was given one. Raises NotFound where the ledger lacks the file.
    """
    spec = run.jobs[session.job].spec
    if spec.brief is None and spec.subject is not None:
        spec = run.jobs[spec.subject].spec
    text = ""
    if spec.brief is not None:
        text = services.ledger.file(run.id, spec.brief).decode()

    return text + _changed_tests(services, run, session)


def _changed_tests(services: Services, run: Run, session: Session) -> str:
    """What a reviewer should know of the tests of the commit: which are gone or weakened, and what changed that runs them."""
    job = run.jobs[session.job]
    commit = run.judged_commit(job)
    if job.spec.subject is None or commit is None:
        return ""

    from gitorch.rules.views.weakened_tests import changed_test_files, weakened_tests  # noqa: PLC0415  the same

    base = run.jobs[job.spec.subject].base or run.target_commit
    lines = [
        *weakened_tests(services.git.patch(base, commit)),
        *changed_test_files(services.git.file_changes(base, commit), run.settings.test_command),
    ]
    if not lines:
        return ""

    return f"\n\n{TESTS_CHANGED}\n\n- " + "\n- ".join(lines)


def done_so_far(services: Services, run: Run, session: Session) -> tuple[str, ...]:
    """The subjects of the commits that a job's branch holds already, for an agent that continues another's work.

    None for a job that changes no files, and before the first commit.
    """
    job = run.jobs[session.job]
    if not job.writes:
        return ()

    base = job.base or run.target_commit
    head = services.git.resolve(run.branch_of(job.spec.id))
    if head is None or head == base:
        return ()

    return services.git.subjects(base, head)


def ensure_worktree(
    services: Services,
    run: Run,
    session: Session,
    path: Path,
) -> None:
    """Make the worktree of a session where it is missing: a job's on its branch, a reviewer's at the commit under review.

    One that exists is left as it is, whatever it holds. Nothing is made for a review without a commit yet.
    Raises Failed where git cannot make it, Unavailable where git does not answer.
    """
    job = run.jobs[session.job]
    if job.writes:
        start = take_over(services, run, job)
        services.worktrees.ensure(path, start, run.branch_of(job.spec.id), shared=run.shares_worktree(job))
        return

    commit = run.judged_commit(job)
    if commit is not None:
        services.worktrees.ensure(path, commit, None)


def take_over(services: Services, run: Run, job: JobState) -> CommitId:
    """The commit that a job goes on from. A branch here that lacks what another host handed in is moved there first."""
    if job.handoff is None:
        return job.base or run.target_commit

    branch, handed_in = run.branch_of(job.spec.id), job.handoff.commit
    head = services.git.resolve(branch)
    if services.ledger.is_shared and head is not None and not services.git.contains(handed_in, head):
        services.git.move(branch, handed_in, head, "go on from another host's work")
    return handed_in


def token_digest(token: str) -> Digest:
    """The digest of a session's token; the ledger never holds the token itself."""
    return digest(token.encode())
