"""A small real repository to try gitorch in: made from a template, in a folder of its own, and taken away again."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from gitorch.errors import Failed, Refused
from gitorch.world.programs import run, without

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MARK = ".gitorch-demo"
"""The file by which a folder is known to be a demo's, and so may be made anew."""


def plant(template: Path, folder: Path, environ: Mapping[str, str]) -> Path:
    """Make `folder` from a template of `repo/` and files beside it; answers the repository, with one commit on main.

    `@DEMO@` in the configuration becomes the folder. Raises Refused where the folder holds anything but an earlier demo.
    """
    if folder.exists() and not (folder / MARK).is_file() and any(folder.iterdir()):
        message = f"{folder} exists and is not a demo's folder"
        raise Refused(message, "gitorch demo ANOTHER_FOLDER")
    if folder.exists():
        shutil.rmtree(folder)
    repository = folder / "repo"
    shutil.copytree(template / "repo", repository, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / MARK).touch()
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


def _git(repository: Path, environ: Mapping[str, str], *words: str) -> None:
    done = run(["git", "-C", str(repository), *words], without(environ, ("GIT_",)))
    if done.status != 0:
        message = f"git {words[0]} failed in {repository}: {done.err}"
        raise Failed(message, "gitorch doctor")
