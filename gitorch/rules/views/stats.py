"""Figures over many runs, from their records alone: how often work passes at once, what it takes, and what is found (C13)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gitorch.model.plans.prices import PriceList
from gitorch.model.plans.workflow import UNCLAIMED
from gitorch.model.values import asdict
from gitorch.model.view import StatsRow
from gitorch.model.work.job import JobPhase
from gitorch.model.work.question import QuestionKind
from gitorch.model.work.usage import ModelUsage
from gitorch.rules.usage.counting import epic_of
from gitorch.rules.usage.prices import estimated_micros, unpriced_tokens
from gitorch.rules.usage.shares import model_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitorch.model.work.job import JobState
    from gitorch.model.work.report import Redone
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session

GROUPINGS = ("agent", "model", "lane", "epic")
"""What figures can be grouped by; an agent is a runtime."""

NO_PRICES = PriceList()
ALL = "all"
UNKNOWN = "unknown"
JUDGED = frozenset({JobPhase.COMPLETED, JobPhase.FAILED})


Part = Mapping[str, "list[Any]"]
"""What one run adds to each group, as a cache can keep it in JSON."""


class _Figures:
    """The figures of one group as they are counted."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        """By the name of a field of `StatsRow`, and `worked_ms`."""
        self.findings: Counter[str] = Counter()
        self.spent: dict[str, ModelUsage] = {}
        """By model."""

    def add_work(self, job: JobState) -> None:
        """Count a piece of work whose gate has decided."""
        self.counts["epics"] += 1
        self.counts["rounds"] += job.attempt
        if job.phase is JobPhase.COMPLETED:
            self.counts["passed"] += 1
            if job.attempt == 1:
                self.counts["passed_at_once"] += 1

        for listed in job.findings:
            severity = str(listed.finding.severity)
            self.findings[severity] += 1

    def add_usage(self, usage: ModelUsage) -> None:
        """Count what one model served."""
        before = self.spent.get(usage.model, ModelUsage(usage.model))
        self.spent[usage.model] = before.plus(usage)

    def add(self, part: list[Any]) -> None:
        """Count the figures of another group."""
        counts, findings, spent = part
        self.counts.update(counts)
        self.findings.update(findings)
        for usage in spent:
            self.add_usage(ModelUsage(**usage))

    def plain(self) -> list[Any]:
        """The figures as `add` takes them."""
        return [dict(self.counts), dict(self.findings), [asdict(usage) for usage in self.spent.values()]]

    def row(self, name: str, prices: PriceList) -> StatsRow:
        """The figures as a row."""
        estimated, unpriced = 0, 0
        whole = ModelUsage()
        for usage in self.spent.values():
            whole = whole.plus(usage)
            estimated += estimated_micros(prices, usage)
            unpriced += unpriced_tokens(prices, usage)

        return StatsRow(
            name=name,
            epics=self.counts["epics"],
            passed=self.counts["passed"],
            passed_at_once=self.counts["passed_at_once"],
            rounds=self.counts["rounds"],
            findings=dict(sorted(self.findings.items())),
            escalations=self.counts["escalations"],
            minutes=self.counts["worked_ms"] // 60_000,
            tokens=whole.fresh,
            cached=whole.cached,
            cost_micros=whole.cost_micros,
            estimated_micros=estimated,
            unpriced=unpriced,
            redone=self.counts["redone"],
        )


def stats(runs: Iterable[Run], by: str = "", prices: PriceList = NO_PRICES) -> tuple[StatsRow, ...]:
    """The figures of these runs by agent, model, lane or epic, in the order of the names; in one row without a grouping."""
    return rows([part_of(run, by) for run in runs], prices)


def rows(parts: Iterable[Part], prices: PriceList = NO_PRICES) -> tuple[StatsRow, ...]:
    """The sums of what each run adds to the groups, in the order of the groups' names."""
    groups: dict[str, _Figures] = {}
    for part in parts:
        for name, figures in part.items():
            groups.setdefault(name, _Figures()).add(figures)

    return tuple(groups[name].row(name, prices) for name in sorted(groups))


def part_of(run: Run, by: str, redone: Iterable[Redone] = ()) -> Part:
    """What a run adds to the groups by agent, model, lane or epic; to one group without a grouping.

    Work counts once its gate has decided, in the group of its author, and so do the lines of earlier runs that this one has
    `redone`. Minutes and tokens count in the group of whoever used them.
    """
    groups: dict[str, _Figures] = {}
    for job in run.jobs.values():
        if job.spec.kind not in UNCLAIMED:
            _add_job(groups.setdefault(_name(run, job, by), _Figures()), job)

    for session, usage in _usages(run):
        groups.setdefault(_name_of_session(run, session, usage, by), _Figures()).add_usage(usage)

    for job in _escalated(run):
        groups.setdefault(_name(run, job, by), _Figures()).counts["escalations"] += 1

    for one in redone:
        groups.setdefault(_name_of_lines(one, by), _Figures()).counts["redone"] += one.lines

    return {name: figures.plain() for name, figures in groups.items()}


def _add_job(figures: _Figures, job: JobState) -> None:
    """Count a job: its work if it writes, and the time that somebody held it."""
    figures.counts["worked_ms"] += job.worked_ms
    if job.writes and job.phase in JUDGED:
        figures.add_work(job)


def _usages(run: Run) -> Iterator[tuple[Session, ModelUsage]]:
    """What each session used, by attempt and model."""
    for session in run.sessions.values():
        for spent in session.spent:
            yield session, spent.usage


def _escalated(run: Run) -> Iterator[JobState]:
    """The job of each escalation about one, once for each escalation that was not withdrawn."""
    for question in run.questions.values():
        if question.kind is not QuestionKind.ESCALATION or question.is_withdrawn:
            continue

        if question.job is not None and question.job in run.jobs:
            yield run.jobs[question.job]


def _name(run: Run, job: JobState, by: str) -> str:
    """The group of a job."""
    if by == "epic":
        return f"{run.id} {epic_of(run, job.spec.id)}"

    if by == "lane":
        return job.spec.lane or UNKNOWN

    if by == "model":
        return model_at(run, job) or UNKNOWN

    if by == "agent":
        return runtime_of(run, job)

    return ALL


def runtime_of(run: Run, job: JobState) -> str:
    """The runtime of a job's last session; that of its lane before the first. Approvals and merges have no lane."""
    if job.session is not None and job.session in run.sessions:
        return run.sessions[job.session].runtime

    lane = run.workflow.lanes.get(job.spec.lane)
    if lane is None:
        return UNKNOWN

    return lane.runtime or UNKNOWN


def _name_of_session(run: Run, session: Session, usage: ModelUsage, by: str) -> str:
    """The group of what a session used."""
    if by == "model":
        return usage.model or UNKNOWN

    if by == "agent":
        return session.runtime or UNKNOWN

    return _name(run, run.jobs[session.job], by)


def _name_of_lines(lines: Redone, by: str) -> str:
    """The group of lines that an earlier run wrote."""
    names = {
        "epic": f"{lines.run} {lines.job}",
        "lane": lines.lane,
        "model": lines.model,
        "agent": lines.runtime,
        "": ALL,
    }
    return names[by] or UNKNOWN
