"""How a project's worktrees are set up and tested, guessed from the files at its root: lock files first, since they say it best."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

VENV = "python3 -m venv .venv && echo '*' > .venv/.gitignore && .venv/bin/python -m pip install --quiet"
"""A virtual environment that git ignores, whatever the project's own `.gitignore` says."""

EGG_INFO = "for made in *.egg-info */*.egg-info; do test ! -d $made || echo '*' > $made/.gitignore; done"
"""Lets git ignore the folder that setuptools leaves beside the sources of a project that is installed for editing."""

TEST_EXTRAS = ("test", "tests", "testing", "dev")
"""Names of extras that hold what the tests need; the first that exists is installed."""

REQUIREMENTS = (
    ("requirements.txt",),
    (
        "requirements-test.txt",
        "requirements-tests.txt",
        "test-requirements.txt",
        "requirements/test.txt",
        "requirements/tests.txt",
        "requirements-dev.txt",
        "dev-requirements.txt",
        "requirements/dev.txt",
    ),
)
"""Files of requirements: those of the project, and of its tests. Of each group the first that exists is installed."""


class Sign(Value):
    """A file, a pattern in it, and the command that they suggest."""

    file: str
    pattern: str
    command: str


SUBMODULES = (Sign(".gitmodules", "submodule", "git submodule update --init --recursive"),)
PYTHON = (Sign("uv.lock", "", "uv sync --frozen"), Sign("poetry.lock", "", "poetry install --no-interaction"))
NODE = (
    Sign("pnpm-lock.yaml", "", "pnpm install --frozen-lockfile"),
    Sign(".yarnrc.yml", "", "yarn install --immutable"),
    Sign("yarn.lock", "", "yarn install --frozen-lockfile"),
    Sign("package-lock.json", "", "npm ci"),
    Sign("npm-shrinkwrap.json", "", "npm ci"),
    Sign("bun.lock", "", "bun install --frozen-lockfile"),
    Sign("package.json", 'ependencies"', "npm install --no-package-lock --no-audit --no-fund"),
)
OTHERS = (
    Sign("Cargo.lock", "", "cargo fetch --locked"),
    Sign("go.sum", "", "go mod download"),
    Sign("Gemfile.lock", "", "bundle install"),
)
PROJECT = (
    Sign("pyproject.toml", r"^\[(project|build-system)\]", "-e "),
    Sign("setup.py", "", "-e "),
)
PYTEST = (
    Sign("pytest.ini", "", "pytest"),
    Sign("tests/conftest.py", "", "pytest"),
    *(
        Sign(name, "pytest", "pytest")
        for name in ("pyproject.toml", "setup.cfg", "tox.ini", "noxfile.py", "conftest.py", *sum(REQUIREMENTS, ()))
    ),
)
TESTS = (
    Sign("Makefile", r"^test\s*:", "{path}make test"),
    Sign("Cargo.toml", r"^\[(package|workspace)\]", "cargo test"),
    Sign("go.mod", "", "go test ./..."),
    Sign("package.json", '"test"', "{node} test"),
    Sign("pyproject.toml", "", "{python} -m {runner}"),
    Sign("setup.py", "", "{python} -m {runner}"),
    Sign("setup.cfg", "", "{python} -m {runner}"),
    Sign("requirements.txt", "", "{python} -m {runner}"),
    Sign("Gemfile", "rspec", "bundle exec rspec"),
    Sign("Gemfile", "", "bundle exec rake test"),
)
"""What suggests a test command, the surest sign first."""

RUNNERS = (
    ("uv ", {"python": "uv run --frozen python"}),
    ("poetry ", {"python": "poetry run python"}),
    (VENV, {"python": ".venv/bin/python", "path": 'PATH="$PWD/.venv/bin:$PATH" '}),
    ("pnpm ", {"node": "pnpm"}),
    ("yarn ", {"node": "yarn"}),
    ("bun ", {"node": "bun run"}),
)
"""By the beginning of a set-up's command: how programs are run in what it makes."""


PLAIN_TESTS = Sign("", "", "{python} -m {runner}")
"""What a file of tests suggests where no other file does."""

_TEST_FILE = re.compile(r"(?P<folder>tests?/|)(?:test_[^/]*|[^/]*_test)\.py")
"""A file of tests in Python, at the root or in the folder of tests."""


class Step(Value):
    """One part of a set-up, and the file that suggests it."""

    command: str
    file: str


class Guess(Value):
    """How the project seems to be set up and tested. Empty commands where nothing suggests one."""

    setup: str = ""
    setup_files: tuple[str, ...] = ()
    """The files that suggest it."""
    tests: str = ""

    @property
    def program(self) -> str:
        """The first program that the set-up needs; empty without a set-up."""
        return self.setup.partition(" ")[0]


def guess(read: Callable[[str], str | None], paths: Collection[str] = ()) -> Guess:
    """The set-up and the test command of the project.

    `read` gives the text of a file by its path from the root, None for a missing one. `paths` are those of all its files;
    they show tests that no other file names.
    """
    runner = _runner(read, paths)
    steps: list[Step] = []
    for signs in (SUBMODULES, PYTHON, NODE, OTHERS):
        found = _first(read, signs)
        if found is not None:
            steps.append(Step(found.command, found.file))
        elif signs is PYTHON:
            steps.extend(_with_pip(read, runner))

    setup = " && ".join(step.command for step in steps)
    if _leaves_egg_info(read, setup):
        setup += f" && {EGG_INFO}"
    return Guess(
        setup=setup,
        setup_files=tuple(step.file for step in steps),
        tests=_tests(read, steps, runner),
    )


def _leaves_egg_info(read: Callable[[str], str | None], setup: str) -> bool:
    """Whether this set-up installs the project by setuptools, and the project does not tell git to ignore what that leaves."""
    if "egg-info" in (read(".gitignore") or ""):
        return False

    backend = re.search(r"^build-backend\s*=.*", read("pyproject.toml") or "", re.MULTILINE)
    if backend is None:
        return " -e " in setup  # pip's default is setuptools, while uv installs no project without a backend
    return "setuptools" in backend.group() and re.search(r" -e |uv sync", setup) is not None


def _first(read: Callable[[str], str | None], signs: Sequence[Sign]) -> Sign | None:
    """The first of these signs that the project shows; None without one.

    A file that exists and does not match its pattern is no sign.
    """
    for sign in signs:
        text = read(sign.file)
        if text is not None and re.search(sign.pattern, text, re.MULTILINE):
            return sign

    return None


def _runner(read: Callable[[str], str | None], paths: Collection[str]) -> str:
    """How tests in Python are run: `pytest`, or `unittest` with the folder where it would find none by itself.

    Empty without any sign of such tests. A file of tests that does not use `unittest` is taken for one of pytest.
    """
    if _first(read, PYTEST) is not None:
        return "pytest"

    found = _test_file(paths)
    if found is None:
        return ""
    if "unittest" not in (read(found[0]) or ""):
        return "pytest"

    folder = found["folder"]
    if folder and f"{folder}__init__.py" not in paths:
        return f"unittest discover -s {folder.rstrip('/')}"
    return "unittest"


def _test_file(paths: Collection[str]) -> re.Match[str] | None:
    """The path of the first file of tests in Python, as a match that holds its folder; None without one."""
    for path in sorted(paths):
        found = _TEST_FILE.fullmatch(path)
        if found is not None:
            return found

    return None


def _with_pip(read: Callable[[str], str | None], runner: str) -> Iterator[Step]:
    """A virtual environment with the requirements, the project itself with what its tests need, and pytest if it is used."""
    sources = []
    for group in REQUIREMENTS:
        found = _first(read, [Sign(name, "", "") for name in group])
        if found is not None:
            sources.append(found.file)

    wanted = [f"-r {name}" for name in sources]
    project = _first(read, PROJECT)
    if project is not None:
        wanted.append(f"{project.command}{_with_extra(read)}")
        sources.append(project.file)

    if not wanted:
        return

    if runner == "pytest":
        wanted.append("pytest")
    yield Step(f"{VENV} {' '.join(wanted)}", sources[0])


def _with_extra(read: Callable[[str], str | None]) -> str:
    """The project as pip is to install it, with the extra that its tests need.

    Only extras of `[project.optional-dependencies]` count, as pip knows no others.
    """
    _, _, extras = (read("pyproject.toml") or "").partition("[project.optional-dependencies]")
    table = extras.partition("\n[")[0]
    for name in TEST_EXTRAS:
        if re.search(rf"^{name}\s*=", table, re.MULTILINE):
            return f"'.[{name}]'"

    return "."


def _tests(read: Callable[[str], str | None], steps: Sequence[Step], runner: str) -> str:
    """The test command, in what the set-up makes; empty where nothing suggests one.

    Programs of Python are run from the environment of the set-up, and scripts of Node by its package manager.
    """
    sign = _first(read, TESTS)
    if sign is None and runner:
        sign = PLAIN_TESTS
    if sign is None:
        return ""

    words = {"python": "python3", "node": "npm", "path": "", "runner": runner or "unittest"}
    for beginning, run_by in RUNNERS:
        if any(step.command.startswith(beginning) for step in steps):
            words |= run_by

    return sign.command.format(**words)
