"""Each measurement below `tests/bench` can be started: `make bench` lists them, and no other test runs them."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "bench"
SCRIPTS = sorted(FOLDER.glob("*.py"))
NOT_STARTED = {"channel_agent.py", "memory.py", "peer_servers.py", "peer_work.py", "plot.py"}
"""What the other scripts start or import."""

SMALLEST = (
    "big_repository.py --files 60 --commits 5",
    "by_hand.py --jobs 2 --processes 1",
    "cold.py --records 100 --runs 1",
    "growth.py --records 100 --open 1 --runs 1",
    "hosts.py --jobs 4 --batches 2 --appends 3 --folder FOLDER --picture FOLDER/latency.svg",
    "ledger.py --records 50 --appends 8 --processes 1 2 --rounds 1 --folder FOLDER",
    "peers.py --peers none --rounds 1 --jobs 2 --processes 1 --starts 1 --appends 4 --folder FOLDER",
    "replay.py --records 200 --runs 1",
    "sessions.py handoffs --epics 1",
    "sessions.py starts",
    "sessions.py idle --agents 1 --seconds 1",
    "sessions.py idle --agents 1 --seconds 1 --channel",
)
"""Each measurement at its smallest; `history.py` is what others build with."""


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


@pytest.mark.slow
@pytest.mark.tmux
@pytest.mark.parametrize("line", SMALLEST)
def test_a_measurement_runs_to_its_end(line: str, tmp_path: Path) -> None:
    script, *words = line.replace("FOLDER", str(tmp_path)).split()
    command = (sys.executable, str(FOLDER / script), *words)
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert "Traceback" not in done.stderr, "of a process that the measurement started"


def test_every_measurement_is_run_to_its_end_somewhere() -> None:
    assert {script.name for script in SCRIPTS} - NOT_STARTED - {"history.py"} == {line.split()[0] for line in SMALLEST}
