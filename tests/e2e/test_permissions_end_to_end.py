"""Permission prompts: a rule of the lane answers the one that it means, everything else waits for a human."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from house import house

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.tmux

TURN = """
[[turn]]
job = "{job}"
attempt = 1
[[turn.step]]
dialog = "permission"
text = "{asks}"
[[turn.step]]
write = "{job}.md"
text = "Done."
[[turn.step]]
commit = "Write {job}"
[[turn.step]]
handoff = "DONE"
summary = "Done"
"""
ASKS = {"tested": "make test", "sneaky": "make test && rm -r .", "strange": "curl example.invalid"}
RULES = "permissions: [{allow: 'make (test|lint)'}, {reject: 'rm .*'}]"


def test_only_what_a_rule_means_is_answered_and_all_of_it_is_told(tmp_path: Path) -> None:
    with house(tmp_path, "repo") as home:
        home.configure("".join(TURN.format(job=job, asks=asks) for job, asks in ASKS.items()))
        config = home.path / "gitorch.yaml"
        config.write_text(config.read_text().replace("preset: scripted,", f"preset: scripted, {RULES},"))
        home.start(*ASKS)
        home.up()

        (answered,) = home.records("prompt-answered")
        assert (answered["asked"], answered["option"], answered["rule"]) == ("make test", "once", "make (test|lint)")
        assert home.records("handed-off", job="tested")
        for job in ("sneaky", "strange"):
            (asked,) = home.records("escalated", job=job)
            assert ASKS[job] in asked["evidence"], "the human sees what it asks"
            assert not home.records("handed-off", job=job)
            notes = home.worktrees / home.status()["id"] / job / ".gitorch/scripted/dialog.jsonl"
            assert not notes.exists() or "key" not in notes.read_text(), "and nobody else answered it"
