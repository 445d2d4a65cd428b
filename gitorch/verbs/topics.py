"""The subjects that `gitorch help` explains beside the verbs. Each has a page in `templates/help`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

TOPICS: Mapping[str, str] = {
    "plans": "How to write a plan.",
    "reviews": "The gate that work passes.",
    "approval": "Your approval, and what proves it.",
    "questions": "What waits for you, and how to answer.",
    "agents": "How to watch, message and replace agents.",
    "ledger": "The record of everything that happened.",
    "exit": "Exit statuses.",
}
"""What each page is about, by the word that shows it, in the order in which a newcomer needs them."""
