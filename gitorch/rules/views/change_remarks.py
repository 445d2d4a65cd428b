"""What an approver should look at before a merge, by kind, from what git, the tests and the reviews show of each branch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.counts import counted
from gitorch.model.path_text import quoted
from gitorch.model.values import Value
from gitorch.model.words import Words
from gitorch.model.work.question import QuestionKind
from gitorch.model.work.report import HowChanged
from gitorch.rules.review.endings import ending
from gitorch.rules.usage.shares import reviews_by_author, reviews_by_program
from gitorch.rules.views.path_areas import areas_of
from gitorch.rules.views.weakened_tests import run_by_command

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitorch.model.ids import JobId
    from gitorch.model.work.job import JobState
    from gitorch.model.work.question import Answer
    from gitorch.model.work.report import BranchFacts, FileChange
    from gitorch.model.work.review import Check
    from gitorch.model.work.run import Run

LARGE_BYTES = 1_000_000
"""The size from which a file counts as large."""

FILES_MAX = 20
"""How many details the part of a branch lists."""

NAMED_MAX = 5
"""How many files or findings a remark names before it counts the rest."""


class Concern(Words):
    """Kinds of remarks, the gravest first. Each is the beginning of a line in the report."""

    CONFLICT = "conflicts with the target"
    UNTESTED = "not tested"
    FAILED = "tests failed"
    UNREVIEWED = "review missing"
    UNSETTLED = "findings not fixed"
    OUTDATED = "built on an earlier commit"
    EMPTY = "changes no file"
    CONCERNS = "concerns of the author"
    SAME_MODEL = "judged by the model that wrote it"
    SAME_PROGRAM = "judged by the program that wrote it"
    WEAKENED = "weakens tests"
    RUN = "changes what the test command runs"
    AREA = "changes to"
    DELETED = "deletes"
    RENAMED = "renames"
    MODE = "changes the mode of"
    BINARY = "binary"
    LARGE = "large"


GRAVITY = {concern: place for place, concern in enumerate(Concern)}


class Remark(Value):
    """One thing to look at in one branch."""

    concern: Concern
    job: JobId
    kind: str
    """The words of the line that gathers it: the concern, with the area for `AREA`."""
    details: tuple[str, ...] = ()

    @property
    def gravity(self) -> int:
        """The place of its concern among all: 0 for the gravest."""
        return GRAVITY[self.concern]

    @property
    def line(self) -> str:
        """The remark in the part of its own branch."""
        if not self.details:
            return self.kind
        return f"{self.kind}: {some(self.details, FILES_MAX)}"


def remarks(run: Run, job: JobState, facts: BranchFacts) -> tuple[Remark, ...]:
    """Everything to look at in one branch, the gravest first."""
    found = [*_about_work(run, job, facts), *_about_areas(job, facts), *_about_files(job, facts)]
    return tuple(sorted(found, key=lambda remark: remark.gravity))


def _remark(job: JobState, concern: Concern, details: Iterable[str] = (), kind: str = "") -> Remark:
    return Remark(concern, job.spec.id, kind or str(concern), tuple(details))


def _about_work(run: Run, job: JobState, facts: BranchFacts) -> Iterator[Remark]:
    """Conflicts, tests, reviews, findings, concerns."""
    if facts.against_target:
        yield _remark(job, Concern.CONFLICT, map(quoted, facts.against_target))
    if facts.outdated:
        yield _remark(job, Concern.OUTDATED, (f"of {need}" for need in facts.outdated))
    if not facts.files:
        yield _remark(job, Concern.EMPTY)

    yield from _about_tests(run, job, facts)
    yield from _about_weaker_tests(run, job, facts)
    missing = _without_review(run, job, facts)
    if missing:
        yield _remark(job, Concern.UNREVIEWED, missing)

    unsettled = _unsettled(run, job)
    if unsettled:
        yield _remark(job, Concern.UNSETTLED, unsettled)
    if job.handoff is not None and job.handoff.concerns:
        yield _remark(job, Concern.CONCERNS, _concerns(run, job, job.handoff.concerns))

    yield from _about_judges(run, job)


def _about_judges(run: Run, job: JobState) -> Iterator[Remark]:
    """Reviews by the model that wrote the work, or by the same program where its model is not known."""
    same_model = tuple(dict.fromkeys(reviews_by_author(run, job)))
    if same_model:
        yield _remark(job, Concern.SAME_MODEL, same_model)

    same_program = tuple(dict.fromkeys(reviews_by_program(run, job)))
    if same_program:
        yield _remark(job, Concern.SAME_PROGRAM, same_program)


def _about_weaker_tests(run: Run, job: JobState, facts: BranchFacts) -> Iterator[Remark]:
    """Tests that show less than before, and changes to what runs them."""
    if facts.weakened:
        yield _remark(job, Concern.WEAKENED, facts.weakened)

    run_by_tests = run_by_command(facts.paths, run.settings.test_command, run.settings.preparation.command)
    if run_by_tests:
        yield _remark(job, Concern.RUN, map(quoted, run_by_tests))


def _about_tests(run: Run, job: JobState, facts: BranchFacts) -> Iterator[Remark]:
    """A test command that did not pass on the commit that would be merged."""
    check = check_of(job, facts)
    if check is None or check.outcome == "not-run":
        yield _remark(job, Concern.UNTESTED, () if run.settings.test_command else ("no test command is configured",))
    elif check.outcome != "passed":
        yield _remark(job, Concern.FAILED, (f"{check.outcome}: {check.command}",))


def check_of(job: JobState, facts: BranchFacts) -> Check | None:
    """The newest run of the tests on the commit of a branch; None where they never ran on it."""
    for check in reversed(job.checks):
        if check.commit == facts.commit:
            return check
    return None


def _without_review(run: Run, job: JobState, facts: BranchFacts) -> list[str]:
    """The reviews that gave no verdict on the commit of a branch."""
    judged = {verdict.review for verdict in job.verdicts}
    here = {verdict.review for verdict in job.verdicts if verdict.commit == facts.commit}
    missing = []
    for review in run.reviews_of(job.spec.id):
        name = review.spec.id
        if name in here:
            continue
        missing.append(f"{name} judged an earlier commit" if name in judged else str(name))

    return missing


def _unsettled(run: Run, job: JobState) -> list[str]:
    """The findings that were not fixed, each with how it ended; a refuted one too, since that is its author's judgement."""
    lines = []
    for listed in sorted(job.findings, key=lambda listed: listed.number):
        end = ending(run, job, listed)
        if end.word != "fixed":
            lines.append(f"#{listed.number} {listed.finding.severity}, {end.label}: “{listed.finding.title}”")

    return lines


def _concerns(run: Run, job: JobState, concerns: tuple[str, ...]) -> Iterator[str]:
    """The author's concerns, each with who answered it, and how."""
    for number, concern in enumerate(concerns, 1):
        answer = _answer_to(run, job, number)
        if answer is None:
            yield f"“{concern}”"
        else:
            yield f"“{concern}”, {answer.by}: {answer.option}"


def _answer_to(run: Run, job: JobState, number: int) -> Answer | None:
    """The newest answer to the concern with this number; None before one."""
    for question in reversed(tuple(run.questions.values())):
        if question.kind is not QuestionKind.CONCERN or question.job != job.spec.id:
            continue
        if question.number == number:
            return question.answer
    return None


def _about_areas(job: JobState, facts: BranchFacts) -> Iterator[Remark]:
    """Changes to files that decide about more than their own content, one remark for each area."""
    found: dict[str, list[str]] = {}
    for change in facts.changes:
        for area in _areas(change):
            found.setdefault(str(area), []).append(change_text(change))

    for name, files in found.items():
        yield _remark(job, Concern.AREA, files, f"{Concern.AREA} {name}")


def _areas(change: FileChange) -> list[str]:
    """The areas of a file under its new name and its old one."""
    areas = [*areas_of(change.path)]
    if change.before:
        areas += areas_of(change.before)
    return list(dict.fromkeys(map(str, areas)))


def _about_files(job: JobState, facts: BranchFacts) -> Iterator[Remark]:
    """Files that are deleted, renamed, binary, large, or of another mode."""
    kinds: dict[Concern, list[str]] = {}
    for change in facts.changes:
        for concern in _concerns_of(change):
            kinds.setdefault(concern, []).append(_named(concern, change))

    for concern, files in kinds.items():
        yield _remark(job, concern, files)


def _concerns_of(change: FileChange) -> Iterator[Concern]:
    """What about a change itself deserves a look."""
    if change.how is HowChanged.DELETED:
        yield Concern.DELETED
    if change.how is HowChanged.RENAMED:
        yield Concern.RENAMED
    if change.mode:
        yield Concern.MODE
    if change.how is HowChanged.DELETED:
        return
    if change.binary:
        yield Concern.BINARY
    if change.size >= LARGE_BYTES:
        yield Concern.LARGE


def _named(concern: Concern, change: FileChange) -> str:
    """A file in a remark of this kind."""
    path = quoted(change.path)
    match concern:
        case Concern.RENAMED:
            return f"{quoted(change.before)} to {path}"
        case Concern.MODE:
            return f"{path} ({change.mode})"
        case Concern.LARGE | Concern.BINARY:
            return f"{path} ({size_text(change.size)})"
        case _:
            return path


def change_text(change: FileChange) -> str:
    """One changed file in a remark: its name, and how it changed unless it was only modified."""
    if change.how is HowChanged.MODIFIED:
        return quoted(change.path)
    return listed_change(change)


def listed_change(change: FileChange) -> str:
    """One changed file as the list of a branch shows it: its name, how it changed, and its mode where that changed."""
    how = str(change.how)
    if change.how is HowChanged.RENAMED:
        how += f" from {quoted(change.before)}"
    if change.mode:
        how += f", mode {change.mode}"
    return f"{quoted(change.path)} ({how})"


def size_text(size: int) -> str:
    """A number of bytes in the unit that suits it."""
    if size < 1000:
        return counted(size, "byte")
    if size < 1_000_000:
        return f"{size / 1000:.0f} kB"
    return f"{size / 1_000_000:.1f} MB"


def some(details: tuple[str, ...], most: int = NAMED_MAX) -> str:
    """The first details, and how many more there are."""
    listed = ", ".join(details[:most])
    if len(details) <= most:
        return listed
    return f"{listed} and {len(details) - most} more"
