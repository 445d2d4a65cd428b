"""The question sheet: a preview of the run, and the questions that only a human answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.cli import arguments
from gitorch.cli.output import ask, write
from gitorch.cli.pages.cells import safe_line
from gitorch.cli.pages.page import Cell, Page
from gitorch.errors import Usage
from gitorch.model.counts import counted
from gitorch.model.plans.approval import Grade
from gitorch.model.plans.workflow import Autonomy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitorch.app.start.sheet import Sheet, SheetRow
    from gitorch.errors import Problem

MEANS = {
    Autonomy.END_ONLY: "you are asked once, at the merge report",
    Autonomy.PER_EPIC: "you are asked after each epic, and at the merge report",
}
TRIES_MAX = 3


def sheet_text(sheet: Sheet, page: Page, remarks: Sequence[Problem] = ()) -> str:
    """Everything that the answer agrees to: batches, agents, scopes, branches, worktrees, target, tests, reviews, remarks."""
    lines = [page.line(sheet.title, "bold")]
    lines += [page.line(f"  {name:<9}  {value}") for name, value in _settings(sheet)]

    for folder in _folders(sheet):
        lines.append(f"  worktrees  {safe_line(folder)}/")  # never cut, since the answer agrees to it

    for number, batch in enumerate(sheet.batches, 1):
        heading = f"batch {number}"
        worktrees = {row.worktree for row in batch}
        if len(worktrees) > 1:
            heading += f": {len(worktrees)} side by side"

        lines += ["", page.line(heading, "bold"), *page.table(_rows(batch), shrinks=(3, 2, 1), indent=2)]
        lines += [f"    {line}" for line in _scopes(batch)]

    if remarks:
        lines += ["", page.line("remarks", "bold"), *remark_lines(remarks)]

    return "\n".join(lines)


def remark_lines(remarks: Sequence[Problem]) -> list[str]:
    """Each remark with its place, and what to do about it. Nothing is cut, since each names something that is left out."""
    lines: list[str] = []
    for remark in remarks:
        lines.append(f"  {safe_line(remark.where)}: {safe_line(remark.message)} {safe_line(remark.fix)}".rstrip())

    return lines


def _scopes(batch: tuple[SheetRow, ...]) -> list[str]:
    """What each job of a batch may change. It is never cut, since the answer agrees to it."""
    lines: list[str] = []
    for row in batch:
        extent = ", ".join(row.allowed) or "every file"
        if row.forbidden:
            extent += f", but not {', '.join(row.forbidden)}"
        lines.append(safe_line(f"{row.job} may change {extent}"))

    return lines


def _settings(sheet: Sheet) -> list[tuple[str, str]]:
    """The named lines at the top of the sheet."""
    epics = sum(len(batch) for batch in sheet.batches)
    batches = counted(len(sheet.batches), "batch", "batches")
    lines = [
        ("plan", f"{sheet.plan_path}: {counted(epics, 'epic')} in {batches}"),
        ("target", _target(sheet)),
        ("agents", f"at most {sheet.max_agents} at the same time"),
        ("tests", _tests(sheet)),
        *_preparation(sheet),
        ("reviews", _reviews(sheet)),
    ]
    lines += [("agents may run", command) for command in sheet.settings.allowed_commands]
    lines += [("ways back", way) for way in sheet.ways_back]
    lines += [("asks you", checkpoint) for checkpoint in sheet.checkpoints]
    if sheet.merges:
        lines.append(("approval", _approval(sheet)))
    else:
        lines.append(("result", _result(sheet)))
    lines.append(("autonomy", f"{sheet.autonomy}: {MEANS[sheet.autonomy]}"))

    return lines


def _target(sheet: Sheet) -> str:
    """Where the run merges, or only begins."""
    target = f"{sheet.target} at {sheet.target_commit[:12]}"
    if not sheet.merges:
        return f"nothing is merged; the work begins at {target}"
    if not sheet.target_confirmed:
        return f"{target}  (a new target; `gitorch start` confirms it)"

    return target


def _result(sheet: Sheet) -> str:
    """Where the results of a run lie that merges nothing."""
    branches: list[str] = []
    for batch in sheet.batches:
        branches += [row.branch for row in batch]

    return f"stays on {', '.join(branches)}"


def _tests(sheet: Sheet) -> str:
    """The test command, and whether the target must pass it first."""
    if not sheet.test_command:
        return "none: nothing checks what agents claim about tests"

    if sheet.settings.test_target and not sheet.settings.manual:
        return f"{sheet.test_command}  (first on {sheet.target} as it is)"

    return sheet.test_command


def _preparation(sheet: Sheet) -> list[tuple[str, str]]:
    """How worktrees are made ready; no line where nothing is done."""
    given = sheet.settings.preparation
    done = [f"copy {pattern}" for pattern in given.copies]
    done += [f"link {path}" for path in given.links]
    if given.command:
        done.append(given.command)
    if not done:
        return []

    return [("set-up", ", then ".join(done))]


def _approval(sheet: Sheet) -> str:
    """The weakest approval that the run accepts."""
    settings = sheet.settings
    if settings.approval_at_least is Grade.FORGE:
        return "a merged pull request that the forge signed"

    if settings.approval_at_least is Grade.SIGNED:
        keys = len(settings.approval_signers.splitlines())
        return f"signed with one of {counted(keys, 'SSH key')}"

    if settings.approval_unattended:
        return "unattended is enough: `gitorch approve --yes` asks nobody"

    return "typed at a terminal, which a program of your user could do as well"


def _reviews(sheet: Sheet) -> str:
    """Who reviews, in which order, and at most how often."""
    if not sheet.reviewers:
        return "none"

    return f"{', then '.join(sheet.reviewers)} ({sheet.review_mode}), at most {counted(sheet.rounds_max, 'round')}"


def _folders(sheet: Sheet) -> list[str]:
    """The folders that worktrees lie in: usually one."""
    folders: list[str] = []
    for batch in sheet.batches:
        for row in batch:
            folder = row.worktree.rpartition("/")[0]
            if folder not in folders:
                folders.append(folder)

    return folders


def _rows(batch: tuple[SheetRow, ...]) -> list[tuple[Cell, ...]]:
    """One row for each job of a batch: `api  by claude  on gitorch/run/api  in api`, where `api` is the worktree's name."""
    rows: list[tuple[Cell, ...]] = []
    for row in batch:
        worktree = row.worktree.rpartition("/")[2]
        rows.append((Cell(row.job), Cell(f"by {_worker(row)}"), Cell(f"on {row.branch}"), Cell(f"in {worktree}")))

    return rows


def _worker(row: SheetRow) -> str:
    """`claude opus`, or `implementer (claude opus)` for a lane that is not named after its job.

    A runtime with a name of its own is shown with its preset, and each with its sandbox: `fast: claude opus in bwrap`.
    """
    program = " ".join(word for word in (row.runtime, row.model) if word)
    if row.named:
        program = f"{row.named}: {program}"

    if row.sandbox:
        program += f" in {row.sandbox}"

    if row.agent == row.job:
        return program

    return f"{row.agent} ({program})"


def ask_autonomy(preselected: Autonomy) -> Autonomy:
    """Ask at the terminal; an empty answer takes the preselected one. Raises Usage after three wrong answers."""
    write("\nHow often do you want to be asked?")
    for value in Autonomy:
        default = ""
        if value is preselected:
            default = " (default)"

        write(f"  {value:<9} {MEANS[value]}{default}")

    return _typed_autonomy(preselected)


def _typed_autonomy(preselected: Autonomy) -> Autonomy:
    """The autonomy that a person types. Raises Usage after three wrong answers."""
    for _ in range(TRIES_MAX):
        answer = ask("Autonomy", str(preselected))
        try:
            return arguments.autonomy(answer)
        except Usage as error:
            write(error.message)

    raise Usage("no autonomy was chosen", "gitorch start PLAN --autonomy end_only")


LANES = {"implementer": "Who writes?", "reviewer": "Who reviews?"}


def ask_runtimes(
    installed: tuple[str, ...], preselected: Mapping[str, str], named: Mapping[str, str]
) -> dict[str, str]:
    """The runtime of each lane: from an option, else from a question at the terminal.

    Asks only if several runtimes are installed; an empty answer takes the preselected one. Raises Usage.
    """
    chosen = {lane: runtime for lane, runtime in named.items() if runtime}
    if len(installed) < 2:
        return chosen

    return _asked_runtimes(installed, preselected, chosen)


def _asked_runtimes(
    installed: tuple[str, ...], preselected: Mapping[str, str], chosen: dict[str, str]
) -> dict[str, str]:
    """The chosen runtimes, with an answer for each lane that has none."""
    for lane, question in LANES.items():
        if lane not in chosen:
            default = preselected.get(lane) or installed[0]
            chosen[lane] = _ask_runtime(question, installed, default)

    return chosen


def _ask_runtime(question: str, installed: tuple[str, ...], preselected: str) -> str:
    """Ask which of the installed runtimes to use. Raises Usage when the caller chooses none."""
    for _ in range(TRIES_MAX):
        answer = ask(f"{question} {', '.join(installed)}", preselected).strip()
        if answer in installed:
            return answer

        write(f"{answer} is not one of them")

    raise Usage("no runtime was chosen", f"gitorch start PLAN --implementer {installed[0]}")
