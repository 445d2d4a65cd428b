"""How a project is set up and tested, guessed from the files at its root."""

from __future__ import annotations

import pytest

from gitorch.rules.project_guess import VENV, guess

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
    "pip, a project": ({"pyproject.toml": "[project]\n"}, f"{VENV} -e .", ".venv/bin/python -m unittest"),
    "pip, an extra for tests": (
        {"pyproject.toml": "[project]\n[project.optional-dependencies]\ndocs = []\ntest = ['pytest']\n"},
        f"{VENV} -e '.[test]' pytest",
        ".venv/bin/python -m pytest",
    ),
    "pip, an extra of another table": (
        {"pyproject.toml": "[project]\n[project.optional-dependencies]\ndocs = []\n[tool.x]\ntest = 1\n"},
        f"{VENV} -e .",
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
        "",
    ),
    "pip, an old project": (
        {"setup.py": "", "tests/conftest.py": ""},
        f"{VENV} -e . pytest",
        ".venv/bin/python -m pytest",
    ),
    "pip, with make": (
        {"setup.py": "", "Makefile": "test:\n\tpytest\n"},
        f"{VENV} -e .",
        'PATH="$PWD/.venv/bin:$PATH" make test',
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
}


@pytest.mark.parametrize("name", CASES)
def test_the_set_up_and_the_tests_of_a_project(name):
    files, setup, tests = CASES[name]
    found = guess(files.get)
    assert (found.setup, found.tests) == (setup, tests)
    assert set(found.setup_files) <= set(files)
    assert bool(found.setup_files) is bool(setup)
    assert found.program == setup.partition(" ")[0]
