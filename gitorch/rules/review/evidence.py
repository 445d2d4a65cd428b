"""Check evidence: a quotation must stand where the claim says, and a command's result must be a recorded one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.counts import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitorch.model.work.artifact import Claim, Evidence
    from gitorch.model.work.review import Check
    from gitorch.model.work.run import Run

NEAR_LINES = 3
"""How many lines from the cited one a quotation may begin, because people count differently."""


def claim_faults(run: Run, claims: tuple[Claim, ...], text_at: Callable[[Evidence], str | None]) -> tuple[str, ...]:
    """Every piece of evidence that does not hold, each with the number and line of its claim.

    The order is that of the claims. One fault is enough to fail a claim. `text_at` gives the text of
    the file that the evidence cites, at its commit; None when there is no such file.
    """
    faults = []
    for claim in claims:
        for evidence in claim.evidence:
            fault = _fault(run, evidence, text_at)
            if fault:
                faults.append(f"claim {claim.number} (line {claim.line}): {fault}")

    return tuple(faults)


def _fault(run: Run, evidence: Evidence, text_at: Callable[[Evidence], str | None]) -> str:
    """Why this evidence does not hold; empty when it does.

    Evidence is either a command with its result, or a place in a file, with or without a quotation.
    """
    if evidence.command:
        return _command_fault(run, evidence)

    return _citation_fault(evidence, text_at(evidence))


def _citation_fault(evidence: Evidence, text: str | None) -> str:
    """Why a place in a file does not hold; empty when it does. `text` is the file at its commit, None without one."""
    if text is None:
        return f"{evidence.path} does not exist{_at_commit(evidence)}"

    return _place_fault(evidence, text)


def _place_fault(evidence: Evidence, text: str) -> str:
    """Why a line or a quotation does not hold in this file; empty when it does."""
    lines = text.splitlines()
    if evidence.line > len(lines):
        return f"{evidence.path} has {counted(len(lines), 'line')}{_at_commit(evidence)}, not {evidence.line}"

    if evidence.quote.strip():
        return _quotation_fault(evidence, lines)

    if not evidence.line:
        return f"{evidence.path} is cited without a line or a quotation"

    return ""


def _at_commit(evidence: Evidence) -> str:
    """Names the cited commit, shortened, for the end of a message; empty when none is cited."""
    if not evidence.commit:
        return ""

    return f" at {evidence.commit[:12]}"


def _quotation_fault(evidence: Evidence, lines: list[str]) -> str:
    """Why a quotation does not hold; empty when it does.

    It must begin at most `NEAR_LINES` from the cited line, or anywhere when no line is cited.
    """
    place = evidence.path
    if evidence.line:
        place = f"{evidence.path}:{evidence.line}"
        first = max(0, evidence.line - 1 - NEAR_LINES)
        last = evidence.line + NEAR_LINES + evidence.quote.count("\n")
        lines = lines[first:last]

    if _unwrapped(evidence.quote) in _unwrapped("\n".join(lines)):
        return ""

    return f"the quotation is not at {place}{_at_commit(evidence)}"


def _unwrapped(text: str) -> str:
    """The text with single blanks between words, because wrapping changes white space."""
    return " ".join(text.split())


def _command_fault(run: Run, evidence: Evidence) -> str:
    """Why the result that an agent claims for a command is not believed; empty if gitorch ran the command and got that result.

    Only commands that gitorch itself ran are recorded, so an agent cannot make its own claim true.
    """
    statuses = set()
    for check in _checks_of(run, evidence.command):
        if _agrees(check, evidence):
            return ""

        statuses.add(str(check.exit_status))

    if not statuses:
        return f"no run of `{evidence.command}` was recorded"

    return (
        f"no recorded run of `{evidence.command}` has exit {evidence.exit_status} and that output; "
        f"they ended with {', '.join(sorted(statuses))}"
    )


def _checks_of(run: Run, command: str) -> Iterator[Check]:
    """The recorded runs of a command, of all jobs, in the order of the jobs."""
    for job in run.jobs.values():
        for check in job.checks:
            if check.command == command:
                yield check


def _agrees(check: Check, evidence: Evidence) -> bool:
    """Whether a recorded run has the exit status, the commit and the output of the evidence.

    Commits and digests may be shortened. Every run agrees with a commit or an output that the evidence
    does not name, and only a run whose log was kept agrees with one that it names.
    """
    if check.exit_status != evidence.exit_status:
        return False

    if not check.commit.startswith(evidence.commit):
        return False

    output = (check.log or "").removeprefix("sha256:")
    return output.startswith(evidence.output.removeprefix("sha256:"))
