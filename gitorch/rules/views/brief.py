"""What an agent is told: its brief, the findings of a round, answers, its clearance. Pure text from a run's state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.question import QuestionKind
from gitorch.model.session import PromptKind
from gitorch.model.workflow import REVIEWING, JobKind
from gitorch.rules.review import ledgers
from gitorch.rules.review.endings import ending
from gitorch.rules.review.replies import pushed_back
from gitorch.rules.views.mail import message_text, unread, unread_line

if TYPE_CHECKING:
    from gitorch.model.job import JobState
    from gitorch.model.question import Question
    from gitorch.model.review import ListedFinding
    from gitorch.model.run import Run
    from gitorch.model.session import Prompt, Session

BRIEF_PATH = ".gitorch/brief.md"
"""Where a session's brief lies in its worktree."""

BRIEF_VALUES_PATH = ".gitorch/brief.json"
"""The same as values, for an agent that cannot read the ledger."""

STAGES = {
    "spec": "Spec compliance: does the work cover every task and requirement of the brief, no less and no more?",
    "quality": "Code quality: is it right, safe, well tested and readable; are errors handled; is nothing dead?",
}
REPORTING = """## How to report

Commit your work, then report once, in this worktree:

    gitorch handoff DONE --summary "what you did" --tests "what you ran and what it said"

Other reports: `DONE_WITH_CONCERNS --concern TEXT` (each concern is answered by a human), `NEEDS_CONTEXT --question TEXT`,
`BLOCKED --blocker TEXT --clears TEXT`. Then stop and wait: findings or your clearance come to this terminal.
Do not push, do not touch other branches, and do not go on after your report."""
MAIL = (
    "`gitorch send NAME TEXT` tells another agent or `@principal` something, `gitorch inbox` shows what you were told."
)
REPORTING_TO_HOST = """## How to report

Do not commit: gitorch commits everything that stands in this worktree when you report. Report once, in this worktree:

    gitorch handoff DONE --summary "what you did" --tests "what you ran and what it said"

The summary becomes the commit's message. Other reports: `DONE_WITH_CONCERNS --concern TEXT` (each concern is answered by a
human), `NEEDS_CONTEXT --question TEXT`, `BLOCKED --blocker TEXT --clears TEXT`. Then stop and wait: findings or your clearance
come to this terminal. Remove what must not be committed, do not touch other branches, and do not go on after your report."""
JUDGING = """## How to judge

    gitorch verdict accept --commit {commit} --nonce {nonce} --summary "why"

Verdicts: `accept`, `accept_with_findings`, `needs_revision`, `reject`. Give findings with `--findings-file FILE`, a JSON list
of {{"severity", "title", "path", "line", "quote", "detail", "number"}}; severities are blocking, important, minor, note. Cite
lines as they are at the commit above; what you cite or quote is looked up. Restate an earlier finding by its number: where
its author answered with evidence, with new evidence in "detail", or take it back: `--withdraw N=REASON`.
Change nothing in this worktree."""


SYNTHESIS = """You close the phase `{phase}`: judge as one whole what its jobs came to, before the next phase builds on it.

Judge exactly commit `{commit}`: this worktree holds it, detached. Its changes: `git diff {target}..{commit}`

Your summary is the synthesis: what stands, what is decided, what the next phase must know. Name what must change as findings.

## What the phase came to"""
REPORTING_BY_HAND = """## How to report

Commit your work in this worktree, then hand it in from here:

    gitorch handoff DONE --job {job} --summary "what you did" --tests "what you ran and what it said"

Other reports: `DONE_WITH_CONCERNS --concern TEXT` (each concern is answered by a human), `NEEDS_CONTEXT --question TEXT`,
`BLOCKED --blocker TEXT --clears TEXT`. `gitorch heartbeat` keeps your lease, `gitorch release` gives the job back."""
JUDGING_BY_HAND = """## How to judge

    gitorch verdict accept --job {job} --summary "why"

Verdicts: `accept`, `accept_with_findings`, `needs_revision`, `reject`. Give each finding with
`--finding 'SEVERITY|PATH:LINE|TITLE|DETAIL'`; severities are blocking, important, minor, note. Cite lines as they are at the
commit above. Change nothing in this worktree."""


def prompt_path(prompt: Prompt) -> str:
    """Where a text lies in the worktree of its session."""
    return BRIEF_PATH if prompt.kind is PromptKind.BRIEF else f".gitorch/inbox/{prompt.id}-{prompt.kind}.md"


def pointer(run: Run, session: Session, prompt: Prompt) -> str:
    """The one line that is typed: a file to read, or a clearance that is short enough to be said."""
    job = run.jobs[session.job]
    if prompt.kind is PromptKind.CLEARED and job.cleared is not None:
        return f"APPROVED {session.job} at {job.cleared}. Nothing more is needed. ({prompt.id})"
    if prompt.kind is PromptKind.MESSAGE:
        return f"Message {prompt.about} for you: read {prompt_path(prompt)} or type gitorch inbox."
    return f"Read {prompt_path(prompt)} and do what it says."


def prompt_text(run: Run, session: Session, prompt: Prompt, section: str, done: tuple[str, ...] = ()) -> str:
    """The text itself. `section` is the job's own brief, `done` the commits that are on its branch already."""
    job = run.jobs[session.job]
    if prompt.kind is PromptKind.BRIEF:
        return brief_text(run, session, section, done)
    if prompt.kind is PromptKind.FINDINGS:
        return _findings_text(run, job)
    if prompt.kind is PromptKind.ANSWER:
        return _answers_text(run, job)
    if prompt.kind is PromptKind.MESSAGE:
        return message_text(run, prompt)
    if prompt.kind is PromptKind.CLEARED:
        return f"# APPROVED {session.job} at {job.cleared}\n\nNothing more is needed from you. Stop here.\n"
    return (
        f"# Are you still at work on {session.job}?\n\n"
        f"Nothing new was seen from you for a while. Go on with what `{BRIEF_PATH}` asks for,\n"
        "or report: `gitorch handoff`, `gitorch ask`, `gitorch block`.\n"
    )


def brief_text(run: Run, session: Session, section: str, done: tuple[str, ...]) -> str:
    """A session's whole brief, also after a restart: what to do, what is done already, how to report."""
    job = run.jobs[session.job]
    parts = [f"# {job.spec.id}: {job.spec.title}", *_kind_parts(run, job, done)]
    if limits := run.workflow.lanes[job.spec.lane].constraints:
        parts += ["## Limits of your lane", "\n".join(f"- {limit}" for limit in limits)]
    if section.strip():
        parts += ["## The brief", section.strip()]
    answers = _answered(run, job)
    if answers:
        parts += ["## Answers you were given", "\n".join(_said(q) for q in answers)]
    told = unread(run.messages, job.spec.id)
    if told:
        parts += ["## Messages for you", "\n".join(unread_line(message) for message in told)]
    parts += [_how_to_report(run, session, job), MAIL]
    return "\n\n".join(parts) + "\n"


def _kind_parts(run: Run, job: JobState, done: tuple[str, ...]) -> list[str]:
    if job.spec.kind is JobKind.PHASE_SYNTHESIS:
        return _synthesis_parts(run, job)
    return _review_parts(run, job) if job.spec.kind in REVIEWING else _work_parts(run, job, done)


def _synthesis_parts(run: Run, job: JobState) -> list[str]:
    """What a phase came to, job by job, with the findings that its gates let through."""
    parts = [SYNTHESIS.format(phase=job.spec.phase, commit=job.base, target=run.target_commit)]
    for state in run.jobs.values():
        if state.spec.phase == job.spec.phase and state.handoff is not None and state.spec.id != job.spec.id:
            said = state.handoff.summary.strip() or "(nothing)"
            parts.append(f"### {state.spec.id} at `{state.handoff.commit}`\n\n{said}")
            if state.findings:
                parts.append("\n".join(_listed_line(x) for x in state.findings if x.open) or "No finding is open.")
    return parts


def _how_to_report(run: Run, session: Session, job: JobState) -> str:
    if job.spec.kind in REVIEWING:
        return JUDGING_BY_HAND.format(job=job.spec.id) if session.holder else _judging(run, job)
    own = REPORTING_TO_HOST if run.is_committed_by_host(job) else REPORTING
    return REPORTING_BY_HAND.format(job=job.spec.id) if session.holder else own


def _work_parts(run: Run, job: JobState, done: tuple[str, ...]) -> list[str]:
    spec = job.spec
    parts = [f"You implement this on branch `{run.branch_of(spec.id)}`, in this worktree and nowhere else."]
    if spec.scope.allowed:
        parts.append(f"You may change only: {', '.join(spec.scope.allowed)}.")
    if spec.scope.forbidden:
        parts.append(f"You must not change: {', '.join(spec.scope.forbidden)}.")
    if run.settings.test_command:
        parts.append(f"The project's tests are run on your commit with: `{run.settings.test_command}`")
    if done:
        parts += ["## Already on your branch", "\n".join(f"- {line}" for line in done)]
    if job.handoff is not None:
        said = f"{job.handoff.status} at `{job.handoff.commit}`: {job.handoff.summary.strip() or '(nothing)'}"
        parts += [f"## What you reported in round {job.handoff.attempt}", said]
    if job.attempt > 1:
        parts.append(f"#{_findings_text(run, job).strip()}")
    return [*parts, *ledgers.brief_parts(run, job)]


def _review_parts(run: Run, job: JobState) -> list[str]:
    subject = run.jobs[job.spec.subject] if job.spec.subject is not None else job
    handoff = subject.handoff
    if handoff is None:
        return ["There is nothing to review yet."]
    stage = STAGES.get(job.spec.role, job.spec.role)
    diff = f"git diff {job_base(run, job)}..{handoff.commit}"
    parts = [
        f"You review `{subject.spec.id}` (round {subject.attempt}), which another agent wrote.",
        stage,
        f"Judge exactly commit `{handoff.commit}`: this worktree holds it, detached. Its changes: `{diff}`",
        f"## What its author says\n\n{handoff.status}: {handoff.summary.strip() or '(nothing)'}",
    ]
    if handoff.tests_claimed:
        parts.append(f"Tests as the author reports them: {handoff.tests_claimed}")
    if subject.check is not None:
        parts.append(
            f"Tests as run by gitorch on a clean checkout: {subject.check.outcome} (`{subject.check.command}`)"
        )
    if subject.attempt > 1:
        parts.append(_history_text(run, subject))
    return parts


def job_base(run: Run, job: JobState) -> str:
    """The commit that a job's changes, or those of the job it reviews, are measured from."""
    subject = run.jobs[job.spec.subject] if job.spec.subject is not None else job
    return subject.base or run.target_commit


def _judging(run: Run, job: JobState) -> str:
    commit = run.judged_commit(job) or ""
    nonce = job.lease.nonce if job.lease is not None else ""
    return JUDGING.format(commit=commit, nonce=nonce)


def _findings_text(run: Run, job: JobState) -> str:
    listed = [x for x in job.findings if x.open and x.round == job.attempt - 1]
    lines = "\n".join(_listed_line(x) for x in listed)
    fix = "HOW" if run.is_committed_by_host(job) else "COMMIT"
    replies = " ".join(f"--reply {x.number}=fixed:{fix}" for x in listed)
    return (
        f"# Findings on {job.spec.id} after round {job.attempt - 1}\n\nThis is the whole list. Answer every number: "
        f"`fixed:{fix}`, `false_positive:EVIDENCE` or `deferred:REASON` (a human decides on deferrals).\n\n"
        f'{lines}\n\n    gitorch handoff DONE --summary "…" {replies}\n'
    )


def _listed_line(listed: ListedFinding) -> str:
    finding = listed.finding
    place = f" {finding.path}:{finding.line}" if finding.line else f" {finding.path}" if finding.path else ""
    doubt = (
        f" (doubtful: {finding.doubt or 'the cited place does not exist at that commit'})" if finding.doubtful else ""
    )
    by = ", ".join((listed.review, *listed.also))
    before = listed.reply
    again = f"You answered {before.disposition}: {before.evidence}" if before is not None else ""
    more = [f"It reads: {finding.quote}" if finding.quote else "", again, finding.detail]
    said = "".join(f"\n   {line}" for text in more for line in text.splitlines())
    return f"{listed.number}. {finding.severity.upper()}{place}{doubt}: {finding.title} [{by}]{said}"


def _history_text(run: Run, subject: JobState) -> str:
    """What was found before and what became of it, so that a fresh reviewer asks nothing again without knowing."""
    lines = []
    for listed in sorted(subject.findings, key=lambda x: x.number):
        reply = f"{listed.reply.disposition}: {listed.reply.evidence}" if listed.reply is not None else "no answer"
        state = ending(run, subject, listed).word
        disputed = "; restate it only with new evidence" if pushed_back(subject, listed) else ""
        lines.append(f"- #{listed.number} ({state}) {listed.finding.title}; the author says {reply}{disputed}")
    return "## Findings of earlier rounds and their answers\n\n" + "\n".join(lines)


def _answered(run: Run, job: JobState) -> tuple[Question, ...]:
    kinds = {QuestionKind.CONTEXT, QuestionKind.ESCALATION}
    return tuple(q for q in run.questions.values() if q.job == job.spec.id and q.answer is not None and q.kind in kinds)


def _said(question: Question) -> str:
    if question.answer is None:
        return ""
    words = " ".join(part for part in (question.answer.option, question.answer.text) if part)
    return f"- {question.happened or question.text}\n  → {words}"


def _answers_text(run: Run, job: JobState) -> str:
    answers = "\n".join(_said(q) for q in _answered(run, job))
    return f"# Answers for {job.spec.id}\n\n{answers}\n\nGo on with your work, then report as your brief says.\n"


def brief_data(run: Run, session: Session, section: str, done: tuple[str, ...] = ()) -> dict[str, object]:
    """The same as values, for programs: `gitorch brief --json`."""
    job = run.jobs[session.job]
    subject = run.jobs[job.spec.subject] if job.spec.subject is not None else job
    reviewing = job.spec.kind in REVIEWING
    commit = (run.judged_commit(job) or "") if reviewing else ""
    listed = [x for x in job.findings if x.open and x.round == job.attempt - 1]
    return {
        "run": run.id,
        "session": session.id,
        "job": job.spec.id,
        "kind": str(job.spec.kind),
        "title": job.spec.title,
        "role": job.spec.role,
        "attempt": subject.attempt,
        "subject": job.spec.subject or "",
        "stage": job.spec.role,
        "commit": commit,
        "base": job_base(run, job),
        "nonce": job.lease.nonce if job.lease is not None else "",
        "branch": "" if reviewing else run.branch_of(job.spec.id),
        "tasks": list(job.spec.tasks),
        "scope": {"allowed": list(job.spec.scope.allowed), "forbidden": list(job.spec.scope.forbidden)},
        "findings": [_finding_data(x) for x in listed],
        "answers": [_answer_data(q) for q in _answered(run, job)],
        "reviews": [r.spec.id for r in run.reviews_of(job.spec.id)],
        "done": list(done),
        "text": brief_text(run, session, section, done),
    }


def _finding_data(listed: ListedFinding) -> dict[str, object]:
    finding = listed.finding
    return {
        "number": listed.number,
        "severity": str(finding.severity),
        "title": finding.title,
        "path": finding.path,
        "line": finding.line,
        "detail": finding.detail,
        "quote": finding.quote,
        "doubt": finding.doubt,
        "review": listed.review,
        "also": list(listed.also),
    }


def _answer_data(question: Question) -> dict[str, object]:
    answer = question.answer
    said = " ".join(part for part in (answer.option, answer.text) if part) if answer is not None else ""
    return {"id": question.id, "question": question.text, "answer": said}
