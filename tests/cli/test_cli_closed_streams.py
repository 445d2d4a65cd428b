"""Standard streams that the caller has closed: every verb does its work and ends with its own exit status."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

GITORCH = Path(sys.executable).parent / "gitorch"


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(("words", "status"), [("--version", 0), ("status", 3)])
def test_a_closed_stream_changes_no_exit_status_and_no_words_of_the_others(words, status, closed, repo):
    path = repo().path

    def typed(redirection):
        shell = f"exec '{GITORCH}' {words} {redirection}"
        return subprocess.run(["sh", "-c", shell], cwd=path, capture_output=True, text=True, check=False)

    plain, done = typed(""), typed(closed)
    assert (plain.returncode, done.returncode) == (status, status)
    assert done.stdout == ("" if ">&-" in closed.replace("2>&-", "") else plain.stdout)
    assert done.stderr == ("" if "2>&-" in closed else plain.stderr)


def test_a_file_that_is_opened_never_takes_the_number_of_a_closed_stream(repo):
    path = repo().path
    shell = f"exec '{GITORCH}' init >&- 2>&-"
    done = subprocess.run(["sh", "-c", shell], cwd=path, check=False)
    assert done.returncode == 0
    verified = subprocess.run([GITORCH, "verify"], cwd=path, capture_output=True, text=True, check=False)
    assert (verified.returncode, "verified" in verified.stdout) == (0, True)
