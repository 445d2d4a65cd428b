"""What each key does with the selected row, by its label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.cli.console import deciding, pages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.cli.console.app import Flow

FLOWS: Mapping[str, Flow] = {
    "attach": pages.attach,
    "diff": pages.show_diff,
    "screen": pages.show_screen,
    "findings": pages.show_findings,
    "log": pages.show_log,
    "report": pages.show_report,
    "answer": deciding.answer,
    "approve": deciding.approve,
    "reject": deciding.reject,
    "send": deciding.send,
    "pause": deciding.pause,
}
"""Each one asks or shows what it needs, and ends when the person is back at the board."""
