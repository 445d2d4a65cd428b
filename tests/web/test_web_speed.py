"""Large runs and long ledgers are shown within the bars of the docs, counted in processor time, which other programs do not change."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from web_browser import PORT, SECRETS, client_of

sys.path.insert(0, str(Path(__file__).parents[1] / "app"))
from merge_yard import Yard
from repository import make_seed

from gitorch.model import commands as c
from gitorch.wiring.repository import Repository

pytestmark = pytest.mark.slow
BAR_SECONDS = 0.3


def browser_at(folder: Path):
    client = client_of(lambda: Repository(folder, os.environ))
    client.cookies.set(f"gitorch-{PORT}", SECRETS.session)
    return client


def middle_of(client, path: str) -> float:
    """The processor time of a page, the middle of five; the first is not counted, which imports and opens."""
    assert client.get(path).status_code == 200
    took = []
    for _ in range(5):
        began = time.process_time()
        client.get(path)
        took.append(time.process_time() - began)
    return sorted(took)[2]


def test_a_run_of_500_jobs_is_shown_within_its_bar(tmp_path, record_property):
    make_seed(tmp_path / "r")
    (tmp_path / "r" / "gitorch.yaml").write_text("orchestration:\n  merge_target: main\n")
    yard = Yard(tmp_path / "r")
    yard.begin({f"epic-{n:03}": {f"{n}.txt": "x\n"} for n in range(166)})
    assert len(yard.run.jobs) == 500
    from play import HOST

    from gitorch.app.executing.execute import execute

    execute(yard.services, yard.run.id, HOST, c.StartRun())
    client = browser_at(tmp_path / "r")
    took = {path: middle_of(client, path) for path in ("/", f"/runs/{yard.run.id}")}
    record_property("did", f"500 jobs: {took}")
    assert max(took.values()) <= BAR_SECONDS


def test_ten_thousand_records_are_shown_within_their_bar(tmp_path, record_property):
    script = Path(__file__).parents[1] / "bench" / "history.py"
    subprocess.run((sys.executable, script, "10000", tmp_path / "r"), check=True, capture_output=True)
    client = browser_at(tmp_path / "r")
    paths = ("/", "/runs/now-0001", "/log", "/log?before=5000", "/log?q=verdict", "/records/5000", "/stats")
    took = {path: middle_of(client, path) for path in paths}
    record_property("did", f"10,000 records: {took}")
    assert max(took.values()) <= BAR_SECONDS
