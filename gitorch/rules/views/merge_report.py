"""The merge report as Markdown: the measured facts that an approval binds to."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from gitorch.model.counts import counted
from gitorch.model.path_text import quoted
from gitorch.model.work.question import QuestionKind
from gitorch.model.work.review import Choice
from gitorch.rules.review.endings import ending
from gitorch.rules.review.outside import outside_lines
from gitorch.rules.usage.shares import usage_of_epic, usage_words
from gitorch.rules.views.change_remarks import GRAVITY, Concern, listed_change, remarks, some
from gitorch.rules.views.finding_lines import place_of, place_text
from gitorch.rules.views.report_data import (
    answered,
    answered_entries,
    author_of,
    findings_of,
    report_json,
    reviewer_of,
    unlisted_findings,
)
from gitorch.rules.views.report_summary import SHORT, branches_of, combined_tests, summary_part, table
from gitorch.rules.views.why import ENDED_WITHOUT_WORK, state_of
from gitorch.rules.workflows.tracked import closing_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.commands import MergeFacts
    from gitorch.model.work.artifact import Entry
    from gitorch.model.work.job import JobState
    from gitorch.model.work.question import Question
    from gitorch.model.work.report import BranchFacts, Trial
    from gitorch.model.work.review import Check, Finding, Handoff, ListedFinding
    from gitorch.model.work.run import Run

SAID_BY_REMARKS = frozenset(
    {Concern.UNREVIEWED, Concern.UNTESTED, Concern.EMPTY, Concern.SAME_MODEL, Concern.SAME_PROGRAM}
)
"""Remarks that stand in the part of a branch because none of its other lines says the same."""

WHOLE_ID = re.compile(rf"\b([0-9a-f]{{{SHORT}}})(?:[0-9a-f]{{28}}|[0-9a-f]{{52}})\b")

WORDS = """\
## Words in this report

A spec review asks whether the work is what was asked for, a quality review whether it is well made; `api.spec` is the spec review of `api`.
A round is one report of the author with the tests and reviews that follow; needs_revision begins the next one.
`s12` is the session of one agent, `q4` a question to you: `gitorch show ID` tells more of each."""
"""What a reader who does not know gitorch must know, in three lines."""

PATHS_SHOWN = 20
"""How many changed files a branch lists."""


def report_text(run: Run, facts: MergeFacts) -> str:
    """The report as Markdown, which is what an approval binds to: a page of summary, then one part for each branch.

    Commits are short where `report.json` has them whole. The same facts always give the same text, so that its digest, and that of its JSON, stand for them.
    """
    parts = [
        f"# Merge report: {run.title}",
        f"Run `{run.id}`, plan `{quoted(run.plan)}` ({run.plan_digest[:19]}). {_target(run, facts)}",
        summary_part(run, facts),
    ]
    parts += _branch_parts(run, facts)
    if run.unmerged_jobs:
        parts.append("## Not in this merge")
        parts += [unmerged_part(run, job) for job in run.unmerged_jobs]

    parts.append("## All branches together\n\n" + _together(facts))
    if facts.outside:
        parts.append("## Outside the work branches\n\n" + _outside(facts))

    parts.append(WORDS)
    parts.append(f"The same facts as JSON: `report.json`, {sha256(report_json(run, facts))}.")
    return "\n\n".join(parts) + "\n"


def _target(run: Run, facts: MergeFacts) -> str:
    """Where the target is, and where the merge would take it."""
    merged = (facts.merged_commit or "nothing")[:SHORT]
    return f"Target `{run.target}` at `{facts.target_commit[:SHORT]}`; after the merge: `{merged}`."


def _branch_parts(run: Run, facts: MergeFacts) -> Iterator[str]:
    """The part of each branch, in the order of the merge."""
    for job, measured in branches_of(run, facts):
        yield branch_part(run, job, measured)


def epic_report_text(run: Run, job: JobState, facts: BranchFacts) -> str:
    """The report of one epic whose reviews are over."""
    parts = [
        f"# Epic report: {job.spec.title}",
        f"Run `{run.id}`, branch `{facts.branch}` at `{facts.commit}`.",
        table(run, ((job, facts),)),
        branch_part(run, job, facts),
    ]
    return "\n\n".join(parts) + "\n"


def sha256(text: str) -> str:
    """The digest of a text in the form that the ledger uses."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def branch_part(run: Run, job: JobState, facts: BranchFacts) -> str:
    """One branch as Markdown: its report, tests, verdicts, findings and answers, and what git shows about it.

    Findings come in the order of their numbers, everything else in the order in which it happened.
    """
    lines = [f"## {job.spec.id}: {job.spec.title}", "", _size(facts), *_used_line(run, job), ""]
    if job.handoff is not None:
        lines += _handoff_lines(run, job, job.handoff)

    lines += _judgement_lines(run, job)
    lines += _remark_lines(run, job, facts)
    lines += _git_lines(run, job, facts)
    return "\n".join(lines)


def unmerged_part(run: Run, job: JobState) -> str:
    """One job whose work is not merged: why not, then what its author, the tests and the reviews said about it."""
    lines = [f"### {job.spec.id}: {job.spec.title}", "", f"Not merged. {_unmerged_reason(run, job)}", ""]
    if job.handoff is not None:
        lines += [f"`{run.branch_of(job.spec.id)}` at `{job.handoff.commit[:SHORT]}`.", ""]
        lines += _handoff_lines(run, job, job.handoff)

    lines += _judgement_lines(run, job)
    for verdict, finding in unlisted_findings(job):
        lines.append(f"- finding {_raised(finding, (verdict.review,))} — open")

    if job.handoff is not None:
        lines.append(f"- to see its changes: `{_diff_command(run, job, job.handoff.commit)}`")

    return "\n".join(lines).rstrip()


def _unmerged_reason(run: Run, job: JobState) -> str:
    """How the job ended, with the round and the words of whoever rejected it."""
    for verdict in reversed(job.round_verdicts):
        opening = f"{verdict.review} rejected it: "
        if verdict.choice is Choice.REJECT and job.trouble.startswith(opening):
            words = job.trouble.removeprefix(opening)
            return f"{reviewer_of(verdict)} rejected it in round {verdict.round}: “{words}”"

    state = state_of(run, job).removeprefix(str(job.phase)).rstrip(".")
    return f"{job.spec.id} {ENDED_WITHOUT_WORK[job.phase]}{state}."


def _used_line(run: Run, job: JobState) -> Iterator[str]:
    """What the work used with its reviews; nothing where no program said so."""
    used = usage_words(usage_of_epic(run, job.spec.id))
    if used:
        yield f"Used with its reviews: {used}."


def _size(facts: BranchFacts) -> str:
    """Where a branch stands, and how much it changes."""
    commits = counted(facts.commits, "commit")
    files = counted(facts.files, "file")
    return f"`{facts.branch}` at `{facts.commit[:SHORT]}`: {commits}, {files}, +{facts.added} −{facts.removed} lines."


def _remark_lines(run: Run, job: JobState, facts: BranchFacts) -> Iterator[str]:
    """What the other lines of the part do not say by themselves: missing reviews, kinds of changed files."""
    for remark in remarks(run, job, facts):
        if remark.gravity >= GRAVITY[Concern.WEAKENED] or remark.concern in SAID_BY_REMARKS:
            yield f"- {remark.line}"


def _handoff_lines(run: Run, job: JobState, handoff: Handoff) -> list[str]:
    """What the author reported, with the session and the runtime that wrote it."""
    who = author_of(run, handoff)
    author = "The author"
    if who:
        author = f"The author, {who},"

    reported = f"{author} reports {handoff.status} in round {job.attempt}"
    return [
        f"{reported}: {_quoted_words(_first_line(handoff.summary))}",
        "",
        *_earlier_claims(job),
        f"- tests as reported by the author: {_quoted_words(handoff.tests_claimed) or 'none reported'}",
    ]


def _earlier_claims(job: JobState) -> Iterator[str]:
    """What the author said about the tests in rounds before the last."""
    for claim in job.claims:
        if claim.round < job.attempt:
            yield f"- tests as reported by the author in round {claim.round}: {_quoted_words(claim.tests)}"


def _judgement_lines(run: Run, job: JobState) -> Iterator[str]:
    """Test runs, verdicts, missing reviews, findings, and people's answers."""
    for check in job.checks:
        yield f"- tests as run by gitorch: {check.summary} (`{check.command}`){_log(check)}"

    for verdict in job.verdicts:
        yield f"- round {verdict.round}, {reviewer_of(verdict)} at `{verdict.commit[:12]}`: {verdict.choice}"

    for listed in findings_of(job):
        yield _finding_line(run, job, listed)

    for question in answered(run, job):
        yield _answer_line(question)

    for entry in answered_entries(run, job):
        yield _entry_line(entry)


def _git_lines(run: Run, job: JobState, facts: BranchFacts) -> Iterator[str]:
    """Needs that moved on, conflicts with the target, issues in the tracker, and changed files."""
    for need in facts.outdated:
        yield f"- built on an earlier commit of {need}: not written or reviewed against the one that is merged now"

    for path in facts.against_target:
        yield f"- conflicts with the target on its own in {quoted(path)}"

    tracker = closing_line(run.settings, job)
    if tracker:
        yield f"- tracker: {tracker}"

    yield f"- files: {some(_files(facts), PATHS_SHOWN) or 'none'}"
    yield f"- to see them: `{_diff_command(run, job, facts.commit)}`{_diff_base(run, job)}"


def _diff_command(run: Run, job: JobState, commit: str) -> str:
    """The command that shows what the work of a job changes."""
    base = job.base or run.target_commit
    return f"git diff {base[:SHORT]}...{commit[:SHORT]}"


def _diff_base(run: Run, job: JobState) -> str:
    """What a branch is compared with, where that is not the target: the work that it builds on."""
    if job.base is None or job.base == run.target_commit:
        return ""

    needs = [need for need in job.spec.needs if run.jobs[need].writes]
    return f", against what it builds on: {', '.join(needs)}"


def _files(facts: BranchFacts) -> tuple[str, ...]:
    """The changed files with how each changed; their paths alone where that was not measured."""
    if facts.changes:
        return tuple(listed_change(change) for change in facts.changes)

    return tuple(map(quoted, facts.paths))


def _log(check: Check) -> str:
    """The beginning of the digest of a test log; empty when no log was kept."""
    if check.log is None:
        return ""

    return f", log {check.log[:19]}"


def _first_line(text: str) -> str:
    """The first line of an author's text."""
    lines = text.strip().splitlines()
    if not lines:
        return ""

    return lines[0]


def _quoted_words(text: str) -> str:
    """Words that are not gitorch's, in quotation marks; empty where there are none."""
    if not text:
        return ""

    return f"“{text}”"


def _finding_line(run: Run, job: JobState, listed: ListedFinding) -> str:
    """A finding and how it ended."""
    raised = _raised(listed.finding, (listed.review, *listed.also))
    end = ending(run, job, listed)
    answer = ""
    if listed.reply is not None and end.word == "open":
        answer = f"; {job.spec.id} says {listed.reply.disposition}: {_quoted_words(listed.reply.evidence)}"
    return f"- finding #{listed.number} {raised} — {short_ids(end.sentence + answer)}"


def _raised(finding: Finding, reviews: tuple[str, ...]) -> str:
    """A finding with its severity, its place, and the reviews that raised it; the tests raise one without a name."""
    line = str(finding.severity)
    if finding.place:
        line += f" {place_text(finding)}"

    reviewers = ", ".join(filter(None, reviews))
    if reviewers:
        line += f", raised by {reviewers}"

    return f"{line}: “{finding.title}”"


def short_ids(text: str) -> str:
    """The text with whole commit ids cut; `report.json` has them whole."""
    return WHOLE_ID.sub(r"\1", text)


def _answer_line(question: Question) -> str:
    """A question and a person's answer to it."""
    asked = _first_line(question.happened or question.text)
    if question.kind is QuestionKind.CONCERN:
        asked = _quoted_words(asked)

    line = f"- {question.kind} {question.id}: {asked}"
    if question.answer is None:
        return line

    answer = " ".join(filter(None, (question.answer.option, _quoted_words(question.answer.text))))
    return f"{line} — {question.answer.by}: {answer}"


def _entry_line(entry: Entry) -> str:
    """A finding of a review that a synthesis answers, with the answer."""
    place = f" {place_of(entry.path, entry.line)}" if entry.path else ""
    line = f"- answers #{entry.number} {entry.severity}{place}: {entry.title} ({entry.source})"
    return f"{line} — {_first_line(entry.answer)}"


def _together(facts: MergeFacts) -> str:
    """How the branches merge with each other, and the tests of the result, one line each."""
    lines = _conflict_lines(facts)

    lines += [_trial_line(trial) for trial in facts.trials]
    lines += _untried_paths(facts)
    lines += [f"- takes away or replaces {counted(one.lines, 'line')} of {one.run} {one.job}" for one in facts.redone]
    lines.append(f"- tests: {combined_tests(facts.combined)}")
    lines += [
        f"- {name} of this repository changed since the run began, and git did not use it"
        for name in facts.changed_settings
    ]

    return "\n".join(lines)


def _conflict_lines(facts: MergeFacts) -> list[str]:
    """One line for each conflict, or the line that there is none."""
    lines = [f"- conflict: {conflict}" for conflict in facts.conflicts]
    if not lines:
        lines.append("- all branches merge without conflicts")
    return lines


def _outside(facts: MergeFacts) -> str:
    """What changed in the repository besides the branches of this report."""
    introduction = "These changed since the run began. gitorch did not change them: an agent did, or you."
    return "\n".join((introduction, "", *outside_lines(facts.outside)))


def _untried_paths(facts: MergeFacts) -> Iterator[str]:
    """Files that several branches change and no trial merge of two branches covers."""
    tried: set[str] = set()
    for trial in facts.trials:
        tried.update(trial.paths)

    for path in facts.shared_paths:
        if path not in tried:
            yield f"- changed by more than one branch: {quoted(path)}"


def _trial_line(trial: Trial) -> str:
    """Two branches that change the same files, and whether they merge with each other."""
    first, second = trial.jobs
    line = f"- {first} and {second} both change {_listed(trial.paths)}"
    if trial.conflicts:
        return f"{line}: they conflict in {_listed(trial.conflicts)}"

    return f"{line}: they merge without conflicts"


def _listed(paths: tuple[str, ...]) -> str:
    """Paths in a line."""
    return ", ".join(map(quoted, paths))
