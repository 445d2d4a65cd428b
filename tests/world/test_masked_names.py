"""Names over which a program's own sandbox mounts a device, so that its commands cannot make such files."""

import os
import subprocess
import sys

import pytest

from gitorch.world import sandbox

MISSING = sandbox.fault(dict(os.environ))
ASKS = """
import sys
from pathlib import Path
from gitorch.world.clock import SystemClock
from gitorch.world.git.runner import GitRunner
from gitorch.world.git.status import uncommitted_paths
path = Path(sys.argv[1])
print(*uncommitted_paths(GitRunner(path, dict(__import__("os").environ), SystemClock()).at(path)))
"""


@pytest.mark.skipif(bool(MISSING), reason=f"no sandbox can be made on this machine: {MISSING}")
def test_a_name_that_a_sandbox_masks_is_no_uncommitted_change(repo):
    repo.commit({"a.txt": "a\n"})
    repo.write("b.txt", "b\n")
    masks = [word for name in (".bashrc", "ünï.txt") for word in ("--dev-bind", "/dev/null", str(repo.path / name))]
    argv = ("bwrap", "--dev-bind", "/", "/", *masks, sys.executable, "-c", ASKS, str(repo.path))
    done = subprocess.run(argv, env=repo.environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "b.txt\n", "")
    seen = subprocess.run(
        (*argv[: argv.index(sys.executable)], "git", "-C", str(repo.path), "status", "--short"),
        env=repo.environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "?? .bashrc" in seen.stdout.splitlines(), "which git itself takes for a file that is untracked"


def test_a_link_to_a_device_is_an_uncommitted_change(repo):
    repo.commit({"a.txt": "a\n"})
    (repo.path / "a.txt").unlink()
    for name in ("a.txt", "b.txt"):
        (repo.path / name).symlink_to(os.devnull)
    done = subprocess.run(
        (sys.executable, "-c", ASKS, str(repo.path)), env=repo.environ, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["a.txt", "b.txt"]
