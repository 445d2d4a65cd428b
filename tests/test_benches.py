"""Each measurement below `tests/bench` can be started: `make bench` lists them, and no other test runs them."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "bench"
SCRIPTS = sorted(FOLDER.glob("*.py"))
NOT_STARTED = {"channel_agent.py", "peer_servers.py", "peer_work.py"}
"""What the other scripts start or import."""


@pytest.mark.parametrize("script", SCRIPTS, ids=[script.name for script in SCRIPTS])
def test_a_measurement_imports_and_answers_help(
    script: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "argv", [str(script), "--help"])

    if script.name in NOT_STARTED:
        runpy.run_path(str(script), run_name="imported")
        return
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(script), run_name="__main__")

    assert (ended.value.code, capsys.readouterr().out.startswith("usage: ")) == (0, True)
