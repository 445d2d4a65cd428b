"""The gate after a job's work: it passes, goes back with one list of findings, is put to the principal, or waits.

`settle` is called after every event that could matter and returns the events that follow, often none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.counts import counted
from gitorch.model.events import Escalated, GatePassed, QuestionAsked
from gitorch.model.ids import QuestionId
from gitorch.model.plans.workflow import Autonomy, JobKind, ReviewMode
from gitorch.model.work.job import JobPhase
from gitorch.model.work.question import QuestionKind, checkout_trigger
from gitorch.model.work.review import FAILING, Choice
from gitorch.rules.messages.tried import setup_hint
from gitorch.rules.review.findings import list_findings, list_raised, raised_by_reviews

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.events import Event, FindingsListed
    from gitorch.model.ids import JobId
    from gitorch.model.work.job import JobState
    from gitorch.model.work.question import Answer, Question
    from gitorch.model.work.review import Finding, Handoff
    from gitorch.model.work.run import Run

ONE_MORE_ROUND = "one_more_round"
DETAIL_LINES = 20
"""How many lines of each finding's detail stand in a question: for failed tests the end of their output."""
AFTER_LAST_ROUND = ("accept_with_exceptions", "stop_epic", "stop_run")
"""The principal's options when the rounds are used up; `one_more_round` comes first when the work can go back."""


def next_question(run: Run) -> QuestionId:
    """The id of the next question of this run: `q1` for the first one. Ids are never used twice."""
    return QuestionId(f"q{len(run.questions) + 1}")


GO_BACK = frozenset({(JobPhase.COMPLETED, False), (JobPhase.COMPLETED, True), (JobPhase.FAILED, False)})
"""The phase of a job, and whether it has trouble, with which a demand sends its work back.

A failed job has trouble until a person tries it again, so that one which was stopped after a demand stays stopped.
"""


def settle(run: Run, job: JobState) -> tuple[Event, ...]:
    """The events that follow for a job that was handed in, from everything known about it.

    Empty while something is missing: the work, its tests, a verdict, or a person's answer. The same run always gives the
    same events, so it may be called after every record.
    """
    # Demands against work that already passed send it back at once, and so does another try of failed work.
    if job.demands and (job.phase, bool(job.trouble)) in GO_BACK:
        return (list_findings(run, job),)

    return _settle_submitted(run, job)


def _settle_submitted(run: Run, job: JobState) -> tuple[Event, ...]:
    """The events for submitted work whose tests are settled; before that, only for work that the principal sent back."""
    # Nothing can be decided before the work is handed in.
    if job.phase is not JobPhase.SUBMITTED or job.handoff is None:
        return ()

    if run.check_is_settled(job):
        return _settle_tested(run, job, job.handoff)

    # Tests that cannot run are not waited for.
    if job.demands and run.is_escalated(checkout_trigger(job.spec.id, job.handoff.commit)):
        return (_list_for_author(run, job),)

    return ()


def _settle_tested(run: Run, job: JobState, handoff: Handoff) -> tuple[Event, ...]:
    """The events that follow for work that is handed in and tested."""
    # A failed round goes back as soon as its list is complete, whatever reviews of later stages would say.
    if _must_go_back(run, job):
        return _sent_back(run, job)

    # The gate opens once every review has let the work through and no question holds it.
    if not _all_judged(run, job):
        return ()

    if _is_held(run, job):
        return ()

    return (_passed(run, job, handoff),)


def _passed(run: Run, job: JobState, handoff: Handoff) -> Event:
    """The event for work that its reviews let through.

    With autonomy per epic, the principal decides about each epic before its gate opens.
    """
    asks_per_epic = run.settings.autonomy is Autonomy.PER_EPIC
    if asks_per_epic and not _is_approved(run, job, handoff):
        return _checkpoint(run, job, handoff)

    return GatePassed(job.spec.id, handoff.commit, job.attempt, waived=False)


def _is_held(run: Run, job: JobState) -> bool:
    """Whether an open question keeps the gate closed: a concern, a deferral, or the epic's checkpoint."""
    return any(question.is_gating for question in run.open_questions(job.spec.id))


def _checkpoint(run: Run, job: JobState, handoff: Handoff) -> QuestionAsked:
    """Asks the principal whether the run may continue from an epic that passed its reviews.

    The question names the commit, so that the answer is about exactly that one.
    """
    name = job.spec.id
    passed = f"{name} passed its reviews at {handoff.commit[:12]}"

    return QuestionAsked(
        question=next_question(run),
        kind=QuestionKind.CHECKPOINT,
        job=name,
        session=None,
        options=("approve", "reject"),
        number=0,
        text=f"{passed}. May the run continue from here? Read it: gitorch report {name}",
    )


def _must_go_back(run: Run, job: JobState) -> bool:
    """Whether this round has failed and its list is complete, so that no verdict of the round is still to come.

    The author gets one list a round. So a failed round waits for the other reviews that are under way:
    all of them when they run in parallel, and those up to the failed stage when the stages follow each
    other. Failed tests and the demands of the principal wait for no review.
    """
    if job.check_failed:
        return True

    if job.demands:
        return True

    return _stage_sends_back(run, job)


def _stage_sends_back(run: Run, job: JobState) -> bool:
    """Whether a review stage failed and no verdict of the round is still to come."""
    failed_stage = _failed_stage(run, job)
    if failed_stage is None:
        return False

    if run.settings.review_mode is ReviewMode.PARALLEL:
        return _all_judged(run, job)

    return _judged_up_to(run, job, failed_stage)


def _judged_up_to(run: Run, job: JobState, stage: int) -> bool:
    """Whether every review of this stage, and of those before it, has its verdict in this round."""
    due = {judge.spec.id for judge in run.judges_of(job) if judge.spec.stage <= stage}
    return due <= _judged(job)


def _failed_stage(run: Run, job: JobState) -> int | None:
    """The first stage with a verdict of this round that keeps the gate closed; None when there is none.

    Stages count from 1, and advisory reviews keep no gate closed.
    """
    stages = []
    for verdict in job.round_verdicts:
        if run.lets_through(verdict):
            continue

        stages.append(run.jobs[verdict.review].spec.stage)

    if not stages:
        return None

    return min(stages)


def _all_judged(run: Run, job: JobState) -> bool:
    """Whether every review of the job has its verdict in this round; true for a job without reviews."""
    return {judge.spec.id for judge in run.judges_of(job)} <= _judged(job)


def _judged(job: JobState) -> set[JobId]:
    """The reviews that have given their verdict in this round."""
    return {verdict.review for verdict in job.round_verdicts}


def _is_approved(run: Run, job: JobState, handoff: Handoff) -> bool:
    """Whether the principal approved exactly this handoff, or need not: only builds have an epic's checkpoint."""
    if job.spec.kind is not JobKind.BUILD:
        return True

    answer = _checkpoint_answer(run, job, handoff)
    if answer is None:
        return False

    return answer.option == "approve"


def _checkpoint_answer(run: Run, job: JobState, handoff: Handoff) -> Answer | None:
    """The principal's newest answer at this epic's checkpoint about this handoff; None before it is given."""
    found: Answer | None = None
    for question in _checkpoint_questions(run, job):
        # An answer about an earlier handoff does not count for this one. Times alone do not tell them apart: records of
        # hosts whose clocks are behind have the time of the record before them.
        if question.asked_at < handoff.at or handoff.commit[:12] not in question.text:
            continue

        if question.answer is not None:
            found = question.answer

    return found


def _checkpoint_questions(run: Run, job: JobState) -> Iterator[Question]:
    """The questions at this epic's checkpoint, oldest first."""
    for question in run.questions.values():
        if question.kind is QuestionKind.CHECKPOINT and question.job == job.spec.id:
            yield question


def _sent_back(run: Run, job: JobState) -> tuple[Event, ...]:
    """What follows when work must go back.

    The author gets the list while rounds are left. Then the principal is asked once: nothing follows
    while that escalation is open.
    """
    kinds_open = {question.kind for question in run.open_questions(job.spec.id)}
    if QuestionKind.ESCALATION in kinds_open:
        return ()

    if job.attempt < job.rounds_allowed:
        return (_list_for_author(run, job),)

    return (_rounds_used_up(run, job),)


def _list_for_author(run: Run, job: JobState) -> FindingsListed:
    """The list of a round for the job that goes back to work.

    That is the judged job itself. A synthesis judges the work of a whole phase, so its list goes to the
    job that its cycle leads back to.
    """
    back_to = _back_to(run, job)
    if job.spec.kind is not JobKind.PHASE_SYNTHESIS or back_to is None:
        return list_findings(run, job)

    return list_raised(run, run.jobs[back_to], raised_by_reviews(job))


def _back_to(run: Run, job: JobState) -> JobId | None:
    """The job to which the cycle of this review leads back; None for a review without a cycle."""
    for cycle in run.workflow.cycles:
        if cycle.review == job.spec.id:
            return cycle.back_to

    return None


def _rounds_used_up(run: Run, job: JobState) -> Escalated:
    """Asks the principal what to do with work that still has findings after its last round.

    The escalation carries everything that the decision needs: the rounds so far, and the findings that
    are still open.
    """
    name = job.spec.id
    commit = "nothing"
    if job.handoff is not None:
        commit = job.handoff.commit[:12]

    return Escalated(
        question=next_question(run),
        trigger=f"rounds:{name}:{job.attempt}",
        job=name,
        session=None,
        happened=f"{_last_failing(job)} round {job.attempt} of {job.rounds_allowed}, at {commit}.",
        tried=_history(job),
        options=_options(run, job),
        evidence=_open_list(run, job) or "no finding was written down",
        text=_decision_after_rounds(job),
    )


def _decision_after_rounds(job: JobState) -> str:
    """What a person can decide after the last round; the way on first where the tests lack something."""
    name = job.spec.id
    decision = f"Should {name} get one more round, be accepted with these findings, be stopped, or should the run stop?"
    hint = ""
    if job.check is not None and job.check_failed:
        hint = setup_hint(job.check.tail)

    return f"{hint} {decision}".strip()


def _last_failing(job: JobState) -> str:
    """What the last round failed on: its tests, which come first, or findings."""
    if job.check is not None and job.check_failed:
        return f"The tests of {job.spec.id} {job.check.ended} in"

    return f"{job.spec.id} still has findings after"


def _open_list(run: Run, job: JobState) -> str:
    """The findings of the last round as evidence for a person: number, severity, place and title, and the end of the detail below."""
    lines = []
    for listed in list_findings(run, job).findings:
        finding = listed.finding
        where = f"{finding.severity} {finding.place}".rstrip()
        lines.append(f"#{listed.number} {where}: {finding.title}")
        lines += [f"  {line}" for line in finding.detail.splitlines()[-DETAIL_LINES:]]

    return "\n".join(lines)


def _options(run: Run, job: JobState) -> tuple[str, ...]:
    """The answers that the principal can give after the last round.

    One more round is no option for a synthesis without a cycle, which has no job to go back to.
    """
    if job.spec.kind is JobKind.PHASE_SYNTHESIS and _back_to(run, job) is None:
        return AFTER_LAST_ROUND

    return (ONE_MORE_ROUND, *AFTER_LAST_ROUND)


def _history(job: JobState) -> str:
    """Every round in one line: how often the author worked, the tests, and each verdict with its commit."""
    parts = [f"{counted(job.attempt, 'round')} by {job.session}"]
    parts += [f"tests at {check.commit[:12]}: {check.outcome}" for check in job.checks]

    for verdict in job.verdicts:
        judged = f"round {verdict.round}, {verdict.review} at {verdict.commit[:12]}"
        parts.append(f"{judged}: {verdict.choice}")

    return "; ".join(parts)


def verdict_contradiction(verdict: Choice, findings: tuple[Finding, ...]) -> str:
    """Why a verdict and its findings contradict each other; empty when they agree.

    Withdrawn findings do not count. A rejection agrees with any findings, because its summary says why.
    """
    raised = [finding for finding in findings if not finding.withdrawn]
    if verdict is Choice.ACCEPT:
        return _fault_of_accepting(raised)

    if verdict is Choice.ACCEPT_WITH_FINDINGS:
        return _fault_of_accepting_with(raised)

    if verdict is Choice.NEEDS_REVISION:
        return _fault_of_sending_back(raised)

    return ""


def _fault_of_accepting(raised: list[Finding]) -> str:
    """Why work cannot be accepted without findings; empty when there are none."""
    if not raised:
        return ""

    return "accept carries no findings; use accept_with_findings, or needs_revision"


def _fault_of_sending_back(raised: list[Finding]) -> str:
    """Why work cannot go back for these findings; empty when there is one at least."""
    if raised:
        return ""

    return "needs_revision names no finding; say what must change"


def _fault_of_accepting_with(raised: list[Finding]) -> str:
    """Why work cannot be accepted with these findings; empty when it can."""
    if not raised:
        return "accept_with_findings names no finding; use accept"

    for finding in raised:
        if finding.severity in FAILING:
            return f"findings of severity {finding.severity} fail the gate; the verdict for them is needs_revision"

    return ""
