"""The first page of a merge report: how much changes, what was tested, who reviewed, what to look at, a row per branch."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gitorch.model.counts import counted
from gitorch.model.work.report import HowChanged
from gitorch.model.work.review import ACCEPTING, Choice
from gitorch.rules.review.endings import ending
from gitorch.rules.views.change_remarks import check_of, remarks, some
from gitorch.rules.views.report_data import unlisted_findings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitorch.model.commands import MergeFacts
    from gitorch.model.work.job import JobState
    from gitorch.model.work.report import BranchFacts
    from gitorch.model.work.review import Check, Verdict
    from gitorch.model.work.run import Run
    from gitorch.rules.views.change_remarks import Remark

JOBS_NAMED = 12
"""How many branches a line of the summary names; the blocks below have the rest."""

SHORT = 12
"""Characters of a commit id in the text; `report.json` has it whole."""

Branches = tuple[tuple["JobState", "BranchFacts"], ...]


def branches_of(run: Run, facts: MergeFacts) -> Branches:
    """Each merged branch with its job, in the order of the merge."""
    measured = {branch.job: branch for branch in facts.branches}
    return tuple((job, measured[job.spec.id]) for job in run.merge_jobs if job.spec.id in measured)


def summary_part(run: Run, facts: MergeFacts) -> str:
    """The whole first page as Markdown, below its heading."""
    branches = branches_of(run, facts)
    lines = [
        f"- {_merged_line(run, branches)}",
        f"- files: {_files_line(branches)}",
        f"- tests: {combined_tests(facts.combined)}; {_tests_line(branches)}",
        f"- reviews: {_reviews_line(branches)}",
        f"- findings: {_findings_line(run, branches)}",
    ]
    look_at = ["### Look at", "\n".join(_look_at(run, facts, branches))]
    return "\n\n".join(("## Summary", "\n".join(lines), *look_at, "### Branches", table(run, branches)))


def _merged_line(run: Run, branches: Branches) -> str:
    """How many branches are merged, and which work is not."""
    line = f"merges {counted(len(branches), 'branch', 'branches')}"
    if run.unmerged_jobs:
        lost = tuple(f"{job.spec.id} ({job.phase})" for job in run.unmerged_jobs)
        line += f"; not in this merge: {some(lost, JOBS_NAMED)}"
    return line


def _files_line(branches: Branches) -> str:
    """How many files change, in which way, and by how many lines; a file counts once for each branch."""
    ways: Counter[HowChanged] = Counter()
    total = 0
    added = 0
    removed = 0
    for _, facts in branches:
        ways.update(change.how for change in facts.changes)
        total += facts.files
        added += facts.added
        removed += facts.removed

    kinds = ", ".join(f"{ways[how]} {how}" for how in HowChanged if ways[how])
    line = counted(total, "changed file")
    if kinds:
        line += f" ({kinds})"
    return f"{line}, +{added} −{removed} lines"


def combined_tests(combined: Check | None) -> str:
    """The result of the tests of all branches together."""
    if combined is None:
        return "the merged commit was not tested: no test command is configured"
    return f"the merged commit `{combined.commit[:SHORT]}` {combined.outcome} (`{combined.command}`)"


def _tests_line(branches: Branches) -> str:
    """How the tests of the branches ended on the commits that are merged."""
    outcomes = Counter(_outcome(job, facts) for job, facts in branches)
    line = "alone: " + (_ends_listed(outcomes) or "none")
    failed_before = sum(_failed_before(job, facts) for job, facts in branches)
    if failed_before:
        line += f", {failed_before} of them after a failed run"
    return line


def _failed_before(job: JobState, facts: BranchFacts) -> bool:
    """Whether the tests of a branch passed on its commit, and had not passed in an earlier run."""
    if _outcome(job, facts) != "passed":
        return False
    return any(check.outcome not in {"passed", "not-run"} for check in job.checks)


def _outcome(job: JobState, facts: BranchFacts) -> str:
    """How the tests of a branch ended on its commit."""
    check = check_of(job, facts)
    if check is None:
        return "not run"
    return check.outcome


def _reviews_line(branches: Branches) -> str:
    """How many verdicts accept the commits that are merged, by the runtime that gave them."""
    accepting: list[Verdict] = []
    rounds = 0
    for job, facts in branches:
        accepting += [verdict for verdict in job.verdicts if _accepts(verdict, facts)]
        rounds = max(rounds, job.attempt)

    runtimes = Counter(verdict.runtime for verdict in accepting)
    choices = Counter(verdict.choice for verdict in accepting)
    with_findings = choices[Choice.ACCEPT_WITH_FINDINGS]
    given = ", ".join(f"{count} by {runtime}" for runtime, count in sorted(runtimes.items()))
    line = f"{counted(len(accepting), 'verdict accepts', 'verdicts accept')} what is merged"
    if with_findings:
        line += f", {with_findings} of them with findings"
    return line + _after(given, rounds)


def _accepts(verdict: Verdict, facts: BranchFacts) -> bool:
    """Whether a verdict accepts the commit of a branch."""
    return verdict.commit == facts.commit and verdict.choice in ACCEPTING


def _after(given: str, rounds: int) -> str:
    """Who gave the verdicts, and the most rounds that a branch took."""
    if not given:
        return ""
    return f" ({given}); at most {counted(rounds, 'round')}"


def _findings_line(run: Run, branches: Branches) -> str:
    """How many findings there were in all rounds and how they ended; those on work that is not merged apart."""
    line = "none"
    ends = Counter(ending(run, job, listed).label for job, _ in branches for listed in job.findings)
    if ends:
        line = f"{ends.total()} in all rounds: {_ends_listed(ends)}"

    apart = sum(len(job.findings) + len(unlisted_findings(job)) for job in run.unmerged_jobs)
    if apart:
        line += f"; {apart} on what is not merged"
    return line


def _ends_listed(ends: Counter[str]) -> str:
    """How findings or tests ended, each word with its count."""
    return ", ".join(f"{count} {word}" for word, count in sorted(ends.items()))


def _look_at(run: Run, facts: MergeFacts, branches: Branches) -> Iterator[str]:
    """One line for each kind of remark, with the branches that it is about."""
    lines = [*_about_merge(facts), *_gathered(_all_remarks(run, branches))]
    if not lines:
        yield "- nothing stands out"
    yield from lines


def _all_remarks(run: Run, branches: Branches) -> Iterator[Remark]:
    """The remarks of all branches."""
    for job, facts in branches:
        yield from remarks(run, job, facts)


def _about_merge(facts: MergeFacts) -> Iterator[str]:
    """Remarks on the merge as a whole."""
    if facts.conflicts:
        yield f"- the branches do not merge: {some(facts.conflicts)}"
    if facts.combined is not None and facts.combined.outcome not in {"passed", "not-run"}:
        yield f"- the tests of the merged commit {facts.combined.outcome}"
    if facts.outside:
        yield f"- {counted(len(facts.outside), 'change')} outside the work branches"
    if facts.changed_settings:
        yield f"- git did not use what changed since the run began: {some(facts.changed_settings)}"


def _gathered(found: Iterable[Remark]) -> Iterator[str]:
    """One line for each kind of remark, the gravest kind first."""
    by_kind: dict[str, list[Remark]] = {}
    for remark in sorted(found, key=lambda remark: remark.gravity):
        by_kind.setdefault(remark.kind, []).append(remark)

    for kind, same in by_kind.items():
        yield f"- {kind}: {some(tuple(_mentioned(remark, len(same)) for remark in same), JOBS_NAMED)}"


def _mentioned(remark: Remark, others: int) -> str:
    """A branch in a line of the summary: with what it is about where few share the line."""
    if not remark.details:
        return str(remark.job)
    if others > 3:
        return f"{remark.job} ({len(remark.details)})"
    return f"{remark.job} ({some(remark.details, 3)})"


def table(run: Run, branches: Branches) -> str:
    """One row for each branch: its commit, the size of its changes, its tests, reviews and findings."""
    rows = [
        "| branch | commit | files | lines | tests | reviews | findings |",
        "|---|---|---|---|---|---|---|",
    ]
    for job, facts in branches:
        size = f"{facts.files} | +{facts.added} −{facts.removed}"
        judged = f"{_outcome(job, facts)} | {_verdicts(job, facts)} | {_findings(run, job)}"
        rows.append(f"| {job.spec.id} | `{facts.commit[:SHORT]}` | {size} | {judged} |")

    return "\n".join(rows)


def _verdicts(job: JobState, facts: BranchFacts) -> str:
    """How many verdicts accept the commit, and in which round."""
    accepted = sum(_accepts(verdict, facts) for verdict in job.verdicts)
    return f"{accepted} accept, round {job.attempt}"


def _findings(run: Run, job: JobState) -> str:
    """How the findings of a branch ended, in few words."""
    if not job.findings:
        return "none"
    return _ends_listed(Counter(ending(run, job, listed).label for listed in job.findings))
