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


@pytest.mark.parametrize(
    ("words", "status", "printed"),
    [
        ("--version >/dev/full", 8, "gitorch: standard output cannot be written: no space is left\n  try: df -h .\n"),
        ("status --json >/dev/full", 3, "gitorch: standard output cannot be written: No space left on device\n"),
        ("status 2>/dev/full", 3, ""),
        ("status --json >/dev/full 2>/dev/full", 3, ""),
    ],
)
def test_a_stream_that_takes_nothing_is_named_and_the_status_stays_that_of_the_error(words, status, printed, repo):
    shell = f"exec '{GITORCH}' {words}"
    done = subprocess.run(["sh", "-c", shell], cwd=repo().path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (status, "", printed)


def test_a_repository_without_a_configuration_file_is_one_like_any_other(repo):
    path = repo().path
    (path / ".git/config").unlink()
    for words, status in ((("init",), 0), (("status",), 3), (("verify",), 0), (("up", "--no-wait"), 0)):
        done = subprocess.run([GITORCH, *words], cwd=path, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stdout + done.stderr
