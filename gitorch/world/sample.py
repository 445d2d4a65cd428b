"""Create the demo repository from a template, in its own folder."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from gitorch.errors import Failed, Refused
from gitorch.world.programs import run, without

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MARKER = ".gitorch-demo"
"""The file that marks a folder as a demo's, so that gitorch may delete and remake it."""


def plant(template: Path, folder: Path, environ: Mapping[str, str]) -> Path:
    """Make `folder` from a template, and return the repository in it, which has one commit on main.

    The template holds `repo/` and files beside it; `@DEMO@` in its configuration becomes the folder. Raises Refused when
    the folder holds anything but an earlier demo.
    """
    if folder.exists():
        _make_way(folder)
    repository = folder / "repo"
    shutil.copytree(template / "repo", repository, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / MARKER).touch()
    shutil.copy(template / "agents.toml", folder)
    shutil.copy(template / "plan.md", repository)
    config = (template / "gitorch.yaml").read_text(encoding="utf-8").replace("@DEMO@", str(folder))
    (repository / "gitorch.yaml").write_text(config, encoding="utf-8")
    identity = (("user.name", "Demo"), ("user.email", "demo@gitorch.invalid"), ("commit.gpgsign", "false"))
    _git(repository, environ, "init", "--quiet", "--initial-branch=main")
    for key, value in identity:
        _git(repository, environ, "config", key, value)
    _git(repository, environ, "add", "--all")
    _git(repository, environ, "commit", "--quiet", "--message", "Begin plaintable: a table, and examples that fail")
    return repository


def _make_way(folder: Path) -> None:
    """Remove the folder of an earlier demo. Raises Refused for any other folder that holds something."""
    is_demo = (folder / MARKER).is_file()
    if not is_demo and any(folder.iterdir()):
        message = f"{folder} exists and is not a demo's folder"
        raise Refused(message, "gitorch demo ANOTHER_FOLDER")
    shutil.rmtree(folder)


def _git(repository: Path, environ: Mapping[str, str], *arguments: str) -> None:
    result = run(["git", "-C", str(repository), *arguments], without(environ, ("GIT_",)))
    if result.status != 0:
        message = f"git {arguments[0]} failed in {repository}: {result.err}"
        raise Failed(message, "gitorch doctor")
