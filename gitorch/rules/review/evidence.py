"""Whether evidence holds: the quotation stands where the claim says, the command's result is one that was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitorch.model.artifact import Claim, Evidence
    from gitorch.model.review import Check
    from gitorch.model.run import Run

NEAR_LINES = 3
"""How far from the named line a quotation may begin: people count differently."""


def faults_of(run: Run, claims: tuple[Claim, ...], text_at: Callable[[Evidence], str | None]) -> tuple[str, ...]:
    """Every claim that is not supported, by its number and line, with why. One false piece of evidence is enough.

    `text_at` answers with the text of the file that evidence cites, at its commit; None where there is none.
    """
    return tuple(
        f"claim {claim.number} (line {claim.line}): {wrong}"
        for claim in claims
        for wrong in (_wrong(run, one, text_at) for one in claim.evidence)
        if wrong
    )


def _wrong(run: Run, evidence: Evidence, text_at: Callable[[Evidence], str | None]) -> str:
    if evidence.command:
        return _wrong_run(run, evidence)
    at = f" at {evidence.commit[:12]}" if evidence.commit else ""
    text = text_at(evidence)
    if text is None:
        return f"{evidence.path} does not exist{at}"
    lines = text.splitlines()
    if evidence.line > len(lines):
        return f"{evidence.path} has {len(lines)} lines{at}, not {evidence.line}"
    if not evidence.quote.strip():
        return "" if evidence.line else f"{evidence.path} is cited without a line or a quotation"
    first = max(0, evidence.line - 1 - NEAR_LINES) if evidence.line else 0
    last = evidence.line + NEAR_LINES + evidence.quote.count("\n") if evidence.line else len(lines)
    if _plain(evidence.quote) in _plain("\n".join(lines[first:last])):
        return ""
    where = f"{evidence.path}:{evidence.line}" if evidence.line else evidence.path
    return f"the quotation does not stand at {where}{at}"


def _plain(text: str) -> str:
    """Without regard to blanks and line ends, which wrapping changes."""
    return " ".join(text.split())


def _wrong_run(run: Run, evidence: Evidence) -> str:
    recorded = [c for job in run.jobs.values() for c in job.checks if c.command == evidence.command]
    if not recorded:
        return f"no run of `{evidence.command}` was recorded"
    if any(_agrees(check, evidence) for check in recorded):
        return ""
    ended = ", ".join(sorted({str(check.exit_status) for check in recorded}))
    return f"no recorded run of `{evidence.command}` has exit {evidence.exit_status} and that output; they ended with {ended}"


def _agrees(check: Check, evidence: Evidence) -> bool:
    same_commit = not evidence.commit or check.commit.startswith(evidence.commit)
    same_output = not evidence.output or (check.log or "").removeprefix("sha256:").startswith(
        evidence.output.removeprefix("sha256:")
    )
    return check.exit_status == evidence.exit_status and same_commit and same_output
