"""Projects that nobody here wrote: source packages of the registries, in a repository as their owners would keep it, with a plan.

They are fetched when a test runs, by the registry's ordinary client, and never kept.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

FETCH_SECONDS = 300

SPEC_KIT = {
    "specs/001-notes/plan.md": "# Implementation Plan: Notes for readers\n\nTwo pages of notes.\n",
    "specs/001-notes/tasks.md": """\
# Tasks: Notes for readers

**Prerequisites**: plan.md

## Phase 1: User Story 1 - A reader finds the notes (Priority: P1)

- [ ] T001 [US1] Write a page of notes beside the source
- [ ] T002 [US1] Run the tests
""",
}

TASK_MASTER = {
    ".taskmaster/tasks/tasks.json": json.dumps(
        {
            "master": {
                "tasks": [
                    {
                        "id": 1,
                        "title": "Explain it",
                        "description": "Write a page that explains what the function is for.",
                        "status": "pending",
                        "dependencies": [],
                        "subtasks": [],
                    },
                ]
            }
        }
    )
}

CHECKLIST = {
    "RELEASE.md": "# Before the next release\n\n- [ ] Write down what the release changes\n- [ ] Run the tests\n"
}


@dataclass(frozen=True)
class Stranger:
    """One project: how it is fetched, laid out and tested, and the plan that its owner wrote in another tool's format."""

    name: str
    fetch: tuple[str, ...]
    plan: Mapping[str, str]
    imported: str
    """The file or folder that is given to `plan import`."""
    tests: str
    """The command that `init` is to find."""
    passed: str
    """What its output says when the tests pass."""
    own: Callable[[Repository], None]
    """What the owner does after the first commit."""
    bare: bool = False
    """Whether the repository is a bare one in `.bare`, with its worktrees beside it."""


def installs(repo: Repository) -> None:
    """Have `node_modules` beside the source, as everybody has who works on it."""
    run("npm", "install", "--no-audit", "--no-fund", cwd=repo.path)
    repo.commit({".gitignore": "node_modules\n"}, "Ignore what npm installs")
    repo.git("add", "package-lock.json")
    repo.git("commit", "--quiet", "--message", "Keep the lock file")


def makes_environment(repo: Repository) -> None:
    """Have a virtual environment beside the source, with the project in it."""
    run("python3", "-m", "venv", ".venv", cwd=repo.path)
    repo.commit({".gitignore": ".venv\n__pycache__\n*.egg-info\n"}, "Ignore what Python makes")


STRANGERS = (
    Stranger(
        "concat-map",
        ("npm", "pack", "--silent", "concat-map@0.0.1"),
        TASK_MASTER,
        ".taskmaster/tasks/tasks.json",
        "npm test",
        "# ok",
        installs,
    ),
    Stranger(
        "isarray",
        ("npm", "pack", "--silent", "isarray@1.0.0"),
        CHECKLIST,
        "RELEASE.md",
        "make test",
        "# ok",
        installs,
        bare=True,
    ),
    Stranger(
        "python-slugify",
        ("pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "python-slugify==9.2.0"),
        SPEC_KIT,
        "specs/001-notes",
        ".venv/bin/python -m pytest",
        "140 passed",
        makes_environment,
    ),
)


def run(*words: str, cwd: Path) -> None:
    """Run a program of the owner's to its end. Raises CalledProcessError, and TimeoutExpired for a registry that is silent."""
    subprocess.run(words, cwd=cwd, check=True, capture_output=True, text=True, timeout=FETCH_SECONDS)


def settle(stranger: Stranger, folder: Path) -> Path:
    """The checkout in which the owner works on `main`. A registry that cannot be reached leaves the test out, with its words."""
    folder.mkdir()
    try:
        return _settle(stranger, folder)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"{' '.join(error.cmd)} failed: {error.stderr[-500:]}")
    except subprocess.TimeoutExpired as error:
        pytest.skip(f"{error}")


def _settle(stranger: Stranger, folder: Path) -> Path:
    fetched = folder / "fetched"
    fetched.mkdir()
    run(*stranger.fetch, cwd=fetched)
    (package,) = fetched.iterdir()
    with tarfile.open(package) as archive:
        archive.extractall(fetched, filter="data")
    (source,) = (path for path in fetched.iterdir() if path.is_dir())
    path = source.rename(folder / stranger.name)
    for made in path.glob("*.egg-info"):
        shutil.rmtree(made)  # what packaging made, and no repository holds
    repo = Repository(path)
    repo.git("init", "--quiet", "--initial-branch=main", "--template=")
    repo.git("add", "--all")
    repo.git("commit", "--quiet", "--message", f"Import {stranger.name}")
    if stranger.bare:
        repo = _with_bare_repository(repo)
    stranger.own(repo)
    repo.commit(stranger.plan, "Plan the next work")
    return repo.path


def _with_bare_repository(repo: Repository) -> Repository:
    """The same repository as a bare one in `.bare`, with a worktree `main` beside it."""
    home = repo.path
    inner = home.rename(home.with_name("cloned"))
    home.mkdir()
    run("git", "clone", "--quiet", "--bare", str(inner), str(home / ".bare"), cwd=home)
    (home / ".git").write_text("gitdir: ./.bare\n")
    shutil.rmtree(inner)
    outer = Repository(home)
    outer.git("remote", "remove", "origin")
    outer.git("worktree", "add", "--quiet", "main", "main")
    return Repository(home / "main")
