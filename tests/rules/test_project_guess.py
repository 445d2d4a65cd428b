"""How a project is set up and tested, guessed from the files at its root."""

from __future__ import annotations

import subprocess

import pytest

from gitorch.rules.project_guess import EGG_INFO, VENV, guess

SCRIPT = '{"scripts": {"test": "node --test"}}'
CASES = {
    "uv": (
        {"uv.lock": "", "pyproject.toml": "[project]\n[tool.pytest]\n"},
        "uv sync --frozen",
        "uv run --frozen python -m pytest",
    ),
    "poetry": (
        {"poetry.lock": "", "pyproject.toml": "[tool.poetry]\n"},
        "poetry install --no-interaction",
        "poetry run python -m unittest",
    ),
    "pip, a project": ({"pyproject.toml": "[project]\n"}, f"{VENV} -e . && {EGG_INFO}", ".venv/bin/python -m unittest"),
    "pip, an extra for tests": (
        {"pyproject.toml": "[project]\n[project.optional-dependencies]\ndocs = []\ntest = ['pytest']\n"},
        f"{VENV} -e '.[test]' pytest && {EGG_INFO}",
        ".venv/bin/python -m pytest",
    ),
    "pip, an extra of another table": (
        {"pyproject.toml": "[project]\n[project.optional-dependencies]\ndocs = []\n[tool.x]\ntest = 1\n"},
        f"{VENV} -e . && {EGG_INFO}",
        ".venv/bin/python -m unittest",
    ),
    "pip, requirements": (
        {"requirements.txt": "a\n", "requirements-dev.txt": "pytest\n"},
        f"{VENV} -r requirements.txt -r requirements-dev.txt pytest",
        ".venv/bin/python -m pytest",
    ),
    "pip, what the tests need before what developers need": (
        {"requirements/tests.txt": "pytest\n", "requirements/dev.txt": "tox\n"},
        f"{VENV} -r requirements/tests.txt pytest",
        ".venv/bin/python -m pytest",
    ),
    "pip, an old project": (
        {"setup.py": "", "tests/conftest.py": ""},
        f"{VENV} -e . pytest && {EGG_INFO}",
        ".venv/bin/python -m pytest",
    ),
    "pip, with make": (
        {"setup.py": "", "Makefile": "test:\n\tpytest\n"},
        f"{VENV} -e . && {EGG_INFO}",
        'PATH="$PWD/.venv/bin:$PATH" make test',
    ),
    "pip, with setuptools named": (
        {"pyproject.toml": "[build-system]\nbuild-backend = 'setuptools.build_meta'\n[project]\n"},
        f"{VENV} -e . && {EGG_INFO}",
        ".venv/bin/python -m unittest",
    ),
    "pip, with another backend": (
        {"pyproject.toml": "[build-system]\nbuild-backend = 'hatchling.build'\n[project]\n"},
        f"{VENV} -e .",
        ".venv/bin/python -m unittest",
    ),
    "pip, where git ignores what setuptools leaves": (
        {"pyproject.toml": "[project]\n", ".gitignore": "*.egg-info/\n"},
        f"{VENV} -e .",
        ".venv/bin/python -m unittest",
    ),
    "uv, with setuptools": (
        {"uv.lock": "", "pyproject.toml": "[build-system]\nbuild-backend = 'setuptools.build_meta'\n"},
        f"uv sync --frozen && {EGG_INFO}",
        "uv run --frozen python -m unittest",
    ),
    "only tools": ({"pyproject.toml": "[tool.ruff]\n"}, "", "python3 -m unittest"),
    "npm": ({"package-lock.json": "{}", "package.json": SCRIPT}, "npm ci", "npm test"),
    "npm without a lock": (
        {"package.json": '{"devDependencies": {"mocha": "*"}, "scripts": {"test": "mocha"}}'},
        "npm install --no-package-lock --no-audit --no-fund",
        "npm test",
    ),
    "npm without dependencies": ({"package.json": SCRIPT}, "", "npm test"),
    "pnpm": ({"pnpm-lock.yaml": "", "package.json": SCRIPT}, "pnpm install --frozen-lockfile", "pnpm test"),
    "yarn": ({"yarn.lock": "", "package.json": SCRIPT}, "yarn install --frozen-lockfile", "yarn test"),
    "yarn berry": (
        {"yarn.lock": "", ".yarnrc.yml": "", "package.json": SCRIPT},
        "yarn install --immutable",
        "yarn test",
    ),
    "bun": ({"bun.lock": "", "package.json": SCRIPT}, "bun install --frozen-lockfile", "bun run test"),
    "cargo": ({"Cargo.lock": "", "Cargo.toml": "[package]\n"}, "cargo fetch --locked", "cargo test"),
    "go": ({"go.mod": "module a\n", "go.sum": ""}, "go mod download", "go test ./..."),
    "go without dependencies": ({"go.mod": "module a\n"}, "", "go test ./..."),
    "bundler": ({"Gemfile": "gem 'rspec'\n", "Gemfile.lock": ""}, "bundle install", "bundle exec rspec"),
    "submodules and make": (
        {".gitmodules": "[submodule]\n", "Makefile": "all:\ntest: all\n"},
        "git submodule update --init --recursive",
        "make test",
    ),
    "two languages": (
        {"uv.lock": "", "package-lock.json": "{}", "Makefile": "test:\n"},
        "uv sync --frozen && npm ci",
        "make test",
    ),
    "nothing": ({"README.md": "hello"}, "", ""),
    "plain tests": ({"app.py": "", "test_app.py": "def test_it(): pass\n"}, "", "python3 -m pytest"),
    "plain tests of unittest": ({"app_test.py": "import unittest\n"}, "", "python3 -m unittest"),
    "tests of unittest in a folder": (
        {"tests/test_app.py": "import unittest\n"},
        "",
        "python3 -m unittest discover -s tests",
    ),
    "tests of unittest in a package": (
        {"test/__init__.py": "", "test/test_app.py": "import unittest\n"},
        "",
        "python3 -m unittest",
    ),
    "a project with tests that only look like pytest": (
        {"pyproject.toml": "[project]\n", "tests/test_app.py": "def test_it(): pass\n"},
        f"{VENV} -e . pytest && {EGG_INFO}",
        ".venv/bin/python -m pytest",
    ),
    "tests of another language": ({"Makefile": "test:\n", "tests/test_app.py": "import unittest\n"}, "", "make test"),
    "no tests of the project": ({"vendor/x/test_app.py": "", "contest.py": "", "tests/data/test_a.py": ""}, "", ""),
}


@pytest.mark.parametrize("name", CASES)
def test_the_set_up_and_the_tests_of_a_project(name):
    files, setup, tests = CASES[name]
    found = guess(files.get, files)
    assert (found.setup, found.tests) == (setup, tests)
    assert set(found.setup_files) <= set(files)
    assert bool(found.setup_files) is bool(setup)
    assert found.program == setup.partition(" ")[0]


def test_git_ignores_what_setuptools_leaves_in_either_layout(tmp_path):
    made = [tmp_path / "shop.egg-info", tmp_path / "src" / "shop.egg-info"]
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    (tmp_path / "kept.egg-info").write_text("a file")
    for folder in made:
        folder.mkdir(parents=True)
        (folder / "PKG-INFO").write_text("")

    subprocess.run(["sh", "-ec", EGG_INFO], cwd=tmp_path, check=True)

    seen = subprocess.run([*git, "status", "--porcelain", "-uall"], check=True, capture_output=True, text=True)
    assert seen.stdout == "?? kept.egg-info\n"
