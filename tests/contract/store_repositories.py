"""Repositories for the tests of stores, made by the git command line without the user's configuration."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from gitorch.world.programs import without

WHO = {f"GIT_{who}_{what}": "t@t" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
ENV = without(os.environ, ("GIT_",)) | {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"} | WHO


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(("git", *arguments), cwd=folder, capture_output=True, env=ENV, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def init(folder: Path, *options: str) -> Path:
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main", *options)
    return folder


@cache
def _three_commits() -> Path:
    """A repository to copy, made once."""
    repo = init(Path(tempfile.mkdtemp(prefix="gt-")) / "r")
    for number in range(3):
        git(repo, "commit", "-q", "--allow-empty", "-m", str(number))
    return repo


def plain(tmp: Path) -> Path:
    return shutil.copytree(_three_commits(), tmp / "r", symlinks=True)
