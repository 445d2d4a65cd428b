"""Whether what a reviewer cites is there: the file, the line, and the words that it quotes, at the commit it judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitorch.model.review import Finding


def marked(finding: Finding, held: Callable[[str], bytes | None]) -> Finding:
    """The finding, marked with what is wrong with its citation where something is. One that cites no path cites nothing."""
    if not finding.path or finding.withdrawn:
        return finding
    doubt = fault(held(finding.path), finding.line, finding.quote)
    return replace(finding, doubtful=True, doubt=doubt) if doubt else finding


def fault(data: bytes | None, line: int, quote: str = "") -> str:
    """What is wrong with a citation of this file; empty where it holds. Line 0 cites the file as a whole.

    A quotation may leave out blanks at its ends and how lines are indented; it begins at the line, or stands anywhere in the
    file where no line is named.
    """
    if data is None:
        return "there is no such file at that commit"
    lines = data.decode("utf-8", "replace").splitlines()
    if not 0 <= line <= len(lines):
        return f"the file has {len(lines)} {'line' if len(lines) == 1 else 'lines'} at that commit"
    wanted = [part.strip() for part in quote.strip().splitlines()]
    if not wanted:
        return ""
    starts = [line - 1] if line else range(len(lines))
    if any(_reads(lines[start : start + len(wanted)], wanted) for start in starts):
        return ""
    return f"line {line} does not read that at that commit" if line else "the file does not hold that quotation"


def _reads(lines: list[str], wanted: list[str]) -> bool:
    if len(wanted) == 1:
        return bool(lines) and wanted[0] in lines[0]
    return [one.strip() for one in lines] == wanted
