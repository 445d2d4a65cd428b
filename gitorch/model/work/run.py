"""The state of one run, as its records in the ledger leave it. It is replayed, never edited.

`model.work.run_facts` holds its fields. Here stands what follows from several of them: gates, bases, reports and the merge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.path_text import shell_word
from gitorch.model.plans.needs import dependency_order
from gitorch.model.plans.workflow import UNCLAIMED, JobKind
from gitorch.model.work.job import JobPhase
from gitorch.model.work.question import QuestionKind
from gitorch.model.work.review import ACCEPTING
from gitorch.model.work.run_facts import OVER, RunFacts, RunPhase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.ids import CommitId, JobId
    from gitorch.model.work.job import JobState
    from gitorch.model.work.question import Question
    from gitorch.model.work.report import Report
    from gitorch.model.work.review import Verdict
    from gitorch.model.work.session import Session

__all__ = ["OVER", "RESUMABLE_ENDS", "Run", "RunPhase"]

RESUMABLE_ENDS = frozenset({"exited", "killed", "server-gone"})
"""How a session may have ended for the next one to take up its conversation: unasked, and at work."""


class Run(RunFacts):
    """One run, with the answers that follow from its facts."""

    def reviews_of(self, subject: JobId) -> tuple[JobState, ...]:
        """The reviews that judge a job, ordered by stage and then by id.

        Empty for a job that no review judges.
        """
        reviews: list[JobState] = []
        for job in self.jobs.values():
            if job.spec.subject == subject and not job.writes:
                reviews.append(job)

        reviews.sort(key=lambda review: (review.spec.stage, review.spec.id))
        return tuple(reviews)

    def rounds_of(self, job: JobState) -> int:
        """The last round of a job before a human is asked, counted from 1.

        A review has no rounds of its own: it has those of the job that it judges.
        """
        if job.spec.subject is None:
            return job.rounds_allowed

        return self.jobs[job.spec.subject].rounds_allowed

    def lets_through(self, verdict: Verdict) -> bool:
        """Whether the gate may open in spite of this verdict: it accepts, or its review is advisory.

        Raises KeyError if the run does not have the review.
        """
        if verdict.choice in ACCEPTING:
            return True

        return self.jobs[verdict.review].spec.advisory

    def reviews_let_through(self, job: JobState) -> frozenset[JobId]:
        """The reviews whose verdict lets the commit that was handed in pass, in the round under way."""
        reviews: set[JobId] = set()
        for verdict in job.round_verdicts:
            if self.lets_through(verdict):
                reviews.add(verdict.review)

        return frozenset(reviews)

    def judges_of(self, job: JobState) -> tuple[JobState, ...]:
        """The jobs whose verdicts open the gate of a job: its reviews, by stage.

        The synthesis of a phase judges itself.
        """
        if job.spec.kind is JobKind.PHASE_SYNTHESIS:
            return (job,)

        return self.reviews_of(job.spec.id)

    def judged_commit(self, review: JobState) -> CommitId | None:
        """The commit that a review is about: the one that its subject handed in.

        The synthesis of a phase judges its own base. None before there is such a commit.
        """
        if review.spec.kind is JobKind.PHASE_SYNTHESIS:
            return review.base

        subject = self.producer(review.spec.id)
        if subject.handoff is None:
            return None

        return subject.handoff.commit

    def is_reviewable(self, job: JobState) -> bool:
        """Whether reviewers may look at this job now.

        It was handed in, and its test passed if it needs one.
        """
        if job.phase is not JobPhase.SUBMITTED:
            return False

        return self.check_is_settled(job) and not job.check_failed

    def producer(self, job: JobId) -> JobState:
        """The job whose work a need stands for: a review stands for its subject.

        Raises KeyError if the job is unknown.
        """
        subject = self.jobs[job].spec.subject
        if subject is None:
            return self.jobs[job]

        return self.jobs[subject]

    def need_is_done(self, need: JobId) -> bool:
        """Whether the work behind a need is completed.

        A need for a review is met when the subject of that review passed its gate.
        """
        return self.producer(need).phase is JobPhase.COMPLETED

    def merge_behind(self, checkpoint: JobId) -> JobId | None:
        """The merge that waits for this checkpoint; None when no merge does.

        A checkpoint with a merge behind it asks for an approval, any other one whether to continue.
        """
        for job in self.jobs.values():
            if job.spec.kind is JobKind.MERGE and checkpoint in job.spec.needs:
                return job.spec.id

        return None

    def waiting_checkpoints(self) -> Iterator[JobState]:
        """The checkpoints whose needs are over, so that it is the principal's turn; in the order of the workflow."""
        for job in self.jobs_in(JobPhase.WAITING_HUMAN):
            if job.spec.kind is JobKind.CHECKPOINT:
                yield job

    def base_parents(self, job: JobId) -> tuple[CommitId, ...]:
        """The commits that a job's work stands on, each once, in the order of its needs.

        They are the cleared commits of the work that it needs, or the target's commit when it needs none.
        """
        parents = self._cleared_before(job)
        if not parents:
            return (self.target_commit,)

        return tuple(dict.fromkeys(parents))

    def _cleared_before(self, job: JobId) -> list[CommitId]:
        """The cleared commits of a job's needs; a checkpoint stands for its own needs."""
        cleared: list[CommitId] = []
        for need in self.jobs[job].spec.needs:
            producer = self.producer(need)
            if producer.spec.kind is JobKind.CHECKPOINT:
                cleared += self._cleared_before(need)
            elif producer.cleared is not None:
                cleared.append(producer.cleared)

        return cleared

    def missing_reviews(self, job: JobState) -> tuple[JobId, ...]:
        """Reviews that never judged this job in any round, by stage."""
        judged = {verdict.review for verdict in job.verdicts}
        missing: list[JobId] = []
        for review in self.reviews_of(job.spec.id):
            if review.spec.id not in judged:
                missing.append(review.spec.id)

        return tuple(missing)

    @property
    def unmerged_jobs(self) -> tuple[JobState, ...]:
        """Failed and skipped work, which the run ends without, in the order of the workflow; no reviews."""
        lost: list[JobState] = []
        for job in self.jobs.values():
            if job.phase in {JobPhase.FAILED, JobPhase.SKIPPED} and not job.spec.subject:
                lost.append(job)

        return tuple(lost)

    def is_on_other_path(self, job: JobState) -> bool:
        """Whether a skipped job lies on a path that a checkpoint did not take, so that nothing went wrong with it.

        Another skipped job depends on work that failed or was canceled, directly or through other skipped jobs.
        """
        if job.phase is not JobPhase.SKIPPED:
            return False

        reached = [job.spec.id]
        for name in reached:
            for need in self.jobs[name].spec.needs:
                phase = self.jobs[need].phase
                if phase in {JobPhase.FAILED, JobPhase.CANCELED}:
                    return False
                if phase is JobPhase.SKIPPED and need not in reached:
                    reached.append(need)

        return True

    def reportable_commit(self, job: JobState) -> CommitId | None:
        """The commit that an epic's report is about: one that passed its gate, or waits for the principal alone.

        None for a job of another kind, before the handoff, and while the work must be revised.
        """
        handoff = job.handoff_that_counts
        if handoff is None or job.spec.kind is not JobKind.BUILD:
            return None

        if job.phase is JobPhase.COMPLETED:
            return job.cleared

        if self.open_checkpoint(job.spec.id) is not None:
            return handoff.commit

        return None

    def conversation_to_resume(self, session: Session) -> str:
        """The conversation that a new session of a job takes up: that of the session before it, if that ended unasked.

        Empty after a failed launch, which the conversation may have caused. Reviewers always begin anew. So do one-shot
        agents: their brief is complete, and few programs resume a conversation without a terminal.
        """
        job = self.jobs[session.job]
        if not job.writes or job.launch_failures:
            return ""

        if self.workflow.lanes[session.lane].one_shot:
            return ""

        return self._conversation_before(session)

    def _conversation_before(self, session: Session) -> str:
        """The conversation of the job's session before this one, if that ended unasked in the same program."""
        last = self._session_before(session)
        if last is None or last.runtime != session.runtime:
            return ""

        if last.ended not in RESUMABLE_ENDS:
            return ""

        return last.conversation

    def _session_before(self, session: Session) -> Session | None:
        """The newest other session of the same job; None when the job had no other."""
        last: Session | None = None
        for other in self.sessions.values():
            if other.job == session.job and other.id != session.id:
                last = other

        return last

    def commands_allowed(self, session: Session) -> tuple[str, ...]:
        """The commands that an agent may run without a question.

        They are those of the run, and for an author the one that brings its work to its own branch: gitorch itself asks for it.
        """
        if not self.jobs[session.job].writes:
            return self.settings.allowed_commands

        return (*self.settings.allowed_commands, f"git switch -C {shell_word(self.branch_of(session.job))}")

    @property
    def destination(self) -> str:
        """Where the work of the run goes, as it follows a title: `→ main`, or that nothing is merged."""
        return self.workflow.destination(self.target)

    @property
    def result_branches(self) -> tuple[str, ...]:
        """The branches on which completed work lies, in the order of the workflow."""
        branches: list[str] = []
        for job, state in self.jobs.items():
            if state.writes and state.phase is JobPhase.COMPLETED and state.spec.kind not in UNCLAIMED:
                branches.append(self.branch_of(job))

        return tuple(branches)

    @property
    def merge_jobs(self) -> tuple[JobState, ...]:
        """The jobs whose cleared work goes into the merge: dependencies first, else in the order of the workflow.

        A need for a review counts as a need for the work that it judges.
        """
        needs = self._needs_in_merge()

        return tuple(self.jobs[job] for job in dependency_order(needs))

    def _needs_in_merge(self) -> dict[JobId, list[JobId]]:
        """The work that each job of the merge needs."""
        needs: dict[JobId, list[JobId]] = {}
        for job, state in self.jobs.items():
            if state.cleared is not None and state.writes:
                needs[job] = self._producers(state)
        return needs

    def open_checkpoint(self, job: JobId) -> Question | None:
        """The question of the checkpoint of a job that is not answered yet; None without one."""
        for question in self.open_questions(job):
            if question.kind is QuestionKind.CHECKPOINT:
                return question

        return None

    @property
    def approved_report(self) -> Report | None:
        """The report whose approval stands in a run that is not over; None where there is none."""
        if self.phase.is_over or self.approval is None:
            return None

        return self.report

    def _producers(self, job: JobState) -> list[JobId]:
        """The jobs whose work a job needs, in the order of its needs."""
        producers: list[JobId] = []
        for need in job.spec.needs:
            producers.append(self.producer(need).spec.id)

        return producers
