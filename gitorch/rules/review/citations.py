"""Check that what a reviewer cites exists: the file, the line, and the quoted text, at the commit that was judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.counts import counted
from gitorch.model.values import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitorch.model.work.review import Finding


def with_citation_checked(finding: Finding, file_at: Callable[[str], bytes | None]) -> Finding:
    """The finding, marked as doubtful when its citation is wrong; the same finding otherwise.

    `file_at` gives the content of a path at the judged commit, or None. A finding without a path cites
    nothing, and a withdrawn one claims nothing.
    """
    if not finding.path or finding.withdrawn:
        return finding

    doubt = citation_fault(file_at(finding.path), finding.line, finding.quote)
    if not doubt:
        return finding

    return replace(finding, doubtful=True, doubt=doubt)


def citation_fault(data: bytes | None, line: int, quote: str = "") -> str:
    """What is wrong with a citation of this file; empty when it is right.

    `data` is the file at the judged commit, None when there is no such file. Lines count from 1, and
    line 0 cites the file as a whole. A quotation begins at the cited line, or anywhere in the file when
    no line is cited. White space at the ends of its lines does not count.
    """
    if data is None:
        return "there is no such file at that commit"

    lines = data.decode("utf-8", "replace").splitlines()
    if not 0 <= line <= len(lines):
        return f"the file has {counted(len(lines), 'line')} at that commit"

    quoted = [part.strip() for part in quote.strip().splitlines()]
    if not quoted:
        return ""

    return _quotation_fault(lines, line, quoted)


def _quotation_fault(lines: list[str], line: int, quoted: list[str]) -> str:
    """Why a quotation is wrong; empty when it is right.

    Each line of the quotation is already stripped, and `line` is 0 when it may begin anywhere.
    """
    if line:
        if _stands_at(lines, line - 1, quoted):
            return ""

        return f"line {line} does not read that at that commit"

    return _fault_anywhere(lines, quoted)


def _fault_anywhere(lines: list[str], quoted: list[str]) -> str:
    """Why a quotation without a line is wrong; empty where it stands somewhere in the file."""
    # Without a line, the quotation may begin anywhere.
    for start in range(len(lines)):
        if _stands_at(lines, start, quoted):
            return ""

    return "the file does not contain that quotation"


def _stands_at(lines: list[str], start: int, quoted: list[str]) -> bool:
    """Whether the quotation begins at this index, counted from 0.

    A quotation of one line may be a part of its line; one of several lines must match whole lines.
    """
    found = lines[start : start + len(quoted)]
    if len(quoted) > 1:
        return [line.strip() for line in found] == quoted

    if not found:
        return False

    return quoted[0] in found[0]
