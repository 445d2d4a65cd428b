"""Dialogs: a rule of the lane answers the prompt that it means, the lane's word trusts a folder, everything else waits for a human."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from house import house

if TYPE_CHECKING:
    from collections.abc import Iterator

    from house import House

pytestmark = [
    pytest.mark.tmux,
    pytest.mark.slow,
]  # quick: tests/world/test_answering.py, tests/rules/test_permission.py

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
BOOT = """
[[boot]]
job = "{job}"
[[boot.step]]
dialog = "{dialog}"
"""
ASKS = {"tested": "make test", "sneaky": "make test && rm -r .", "strange": "curl example.invalid"}
BOOTS = {"fresh": "trust", "signedout": "login"}
RULES = "trust: true, permissions: [{allow: 'make (test|lint)'}, {reject: 'rm .*'}]"


@pytest.fixture(scope="module")
def dialogs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A run of agents that all show a dialog, driven until only people can go on."""
    with house(tmp_path_factory.mktemp("dialogs"), "repo") as home:
        turns = [TURN.format(job=job, asks=asks) for job, asks in ASKS.items()]
        boots = [BOOT.format(job=job, dialog=dialog) for job, dialog in BOOTS.items()]
        home.configure("".join((*boots, *turns)), agents=6, start=8)
        config = home.path / "gitorch.yaml"
        config.write_text(config.read_text().replace("preset: scripted,", f"preset: scripted, {RULES},"))
        home.start(*ASKS, *BOOTS)
        home.up()
        yield home


def test_only_what_a_rule_means_is_answered_and_all_of_it_is_told(dialogs: House) -> None:
    (answered,) = dialogs.records("permission-answered", job="tested")
    assert (answered["asked"], answered["option"], answered["rule"]) == ("make test", "once", "make (test|lint)")
    assert dialogs.records("handoff-submitted", job="tested")
    for job in ("sneaky", "strange"):
        (asked,) = dialogs.records("escalated", job=job)
        assert "shows a dialog: permission" in asked["happened"]
        assert ASKS[job] in asked["evidence"], "the human sees what it asks"
        assert not dialogs.records("handoff-submitted", job=job)
        assert keys_in(dialogs, job) == "", "and nobody else answered it"


def test_a_folder_is_trusted_where_the_lane_says_so_and_the_ledger_tells(dialogs: House) -> None:
    (answered,) = dialogs.records("permission-answered", job="fresh")
    worktree = dialogs.worktrees / dialogs.status()["id"] / "fresh"
    assert (answered["asked"], answered["option"], answered["rule"]) == (str(worktree), "trust", "trust: true")
    assert dialogs.records("handoff-submitted", job="fresh")
    assert len(dialogs.records("session-alive", job="fresh")) == 1, "at its first launch"


def test_every_other_dialog_of_a_first_run_is_told_by_its_name_and_left_alone(dialogs: House) -> None:
    assert [e["how"] for e in dialogs.records("session-ended", job="signedout")] == ["dialog: login"] * 2
    (asked,) = dialogs.records("escalated", job="signedout")
    assert "could not be launched: dialog: login" in asked["happened"]
    assert "Sign in now?" in asked["evidence"]
    assert not dialogs.records("permission-answered", job="signedout")
    assert keys_in(dialogs, "signedout") == ""


def test_the_status_names_the_dialog_that_an_agent_shows(dialogs: House) -> None:
    rows = {row["id"]: row["agent"] for row in dialogs.status()["jobs"]}
    assert (rows["sneaky"], rows["strange"]) == ("dialog: permission", "dialog: permission")
    assert "dialog: permission" in dialogs("status").out
    assert dialogs("peek", "sneaky", "--json").json["state"] == "dialog: permission"


def keys_in(home: House, job: str) -> str:
    notes = home.worktrees / home.status()["id"] / job / ".gitorch/scripted/dialog.jsonl"
    return notes.read_text() if notes.exists() else ""
