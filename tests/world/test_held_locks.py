"""A lock of gitorch's own that another process keeps is named with that process, and the offered command shows it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gitorch.errors import Busy
from gitorch.world.files import holding

HOLD = """
import sys
from pathlib import Path
from gitorch.world.files import holding
with holding(Path(sys.argv[1]), 0.0):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_lock_that_stays_taken_is_named_with_its_path_and_its_process(tmp_path):
    path = tmp_path / "a b" / "start.lock"
    with subprocess.Popen((sys.executable, "-c", HOLD, path), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Busy) as caught, holding(path, 0.02):
            pass
        assert caught.value.message == f"another process holds the lock {path}: process {holder.pid}"
        shown = subprocess.run(caught.value.hint, shell=True, capture_output=True, text=True, check=True)
        assert str(holder.pid) in shown.stdout
        holder.stdin.close()
    with holding(path, 5.0):
        assert path.exists()


def test_a_lock_whose_process_the_kernel_does_not_show_is_named_with_its_path(tmp_path, monkeypatch):
    path = tmp_path / "a b.lock"
    monkeypatch.setattr("gitorch.world.open_files.PROC", tmp_path / "none")
    with holding(path, 0.0), pytest.raises(Busy) as caught, holding(path, 0.02):
        pass
    assert caught.value.message == f"another process holds the lock {path}"
    assert subprocess.run(caught.value.hint, shell=True, capture_output=True, check=False).returncode == 0
