"""What is longer than the terminal is read in the user's pager, as git does; never in the terminal of an agent (D15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from at_terminal import AtTerminal
from house import GITORCH, house

if TYPE_CHECKING:
    from pathlib import Path


def said(words: tuple[str, ...], folder: Path) -> str:
    """What a verb wrote to its terminal."""
    with AtTerminal((str(GITORCH), *words), folder) as program:
        assert program.status() == 0, program.said
    return program.said


def test_long_answers_go_to_the_pager_of_a_person_and_to_nobody_elses(tmp_path, monkeypatch):
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\necho paged\ncat\n", encoding="utf-8")
    pager.chmod(0o755)
    monkeypatch.setenv("PAGER", str(pager))
    with house(tmp_path / "house") as home:
        home("init")
        log = said(("log",), home.path)
        assert log.splitlines()[0] == "paged"
        assert "ledger" in log
        assert "paged" not in said(("inbox",), home.path)
        assert "paged" not in home("log").out
        monkeypatch.setenv("GITORCH_RUN", "a-run")
        assert "paged" not in said(("log",), home.path)
        monkeypatch.delenv("GITORCH_RUN")
        monkeypatch.setenv("PAGER", "no-such-pager")
        assert "ledger" in said(("log",), home.path)
