"""`gitorch adopt`: what would be made is shown first, and made after one answer (W34)."""

from __future__ import annotations

import json

import pytest
from cli_stage import Stage

from gitorch.cli.call import Streams
from gitorch.cli.verbs import adopt
from gitorch.text.config_file import parse_config

TERMINAL = Streams(asks=True, draws=True, columns=80, lines=24)


@pytest.fixture
def fresh(tmp_path):
    stage = Stage(folder=tmp_path)
    stage.files.held[tmp_path / "Makefile"] = b"test:\n"
    return stage


def made(stage):
    return stage.folder / "gitorch.yaml" in stage.files.held, stage.ledger.exists()


def test_a_dry_run_shows_everything_and_makes_nothing(fresh):
    out = fresh.gitorch("adopt", "--dry-run").out
    for part in ("create", "gitorch.yaml", "branch gitorch/ledger", "make test", "tests.command is a guess"):
        assert part in out
    assert "Nothing was changed. Next: the same words without --dry-run" in out
    values = json.loads(fresh.gitorch("adopt", "--dry-run", "--json").out)["proposal"]["values"]
    assert (values["orchestration.merge_target"], values["tests.command"]) == ("main", "make test")
    assert made(fresh) == (False, False)


def test_one_answer_makes_exactly_what_was_shown(fresh):
    fresh.streams = TERMINAL
    assert fresh.gitorch("adopt", typed="n\n").status == 130
    assert made(fresh) == (False, False)
    answer = fresh.gitorch("adopt", typed="y\n")
    assert (answer.status, answer.out.count("Create this?"), made(fresh)) == (0, 1, (True, True))


def test_the_configuration_has_the_settings_that_the_dry_run_showed(fresh):
    proposal = json.loads(fresh.gitorch("adopt", "--dry-run", "--json").out)["proposal"]
    fresh.gitorch("adopt", "--yes")
    config = parse_config("gitorch.yaml", fresh.files.held[fresh.folder / "gitorch.yaml"])
    assert proposal["makes"] == [str(fresh.folder / "gitorch.yaml"), "branch gitorch/ledger"]
    assert proposal["values"] == {
        "approval.at_least": config.approval_at_least,
        "orchestration.merge_target": config.merge_target,
        "tests.command": config.test_command,
        "worktrees.setup": config.preparation.command,
        "lanes.implementer.runtime": config.implementer,
        "lanes.reviewer.runtime": config.reviewers.get("spec", ""),
    }


def test_nobody_is_asked_without_a_terminal(fresh):
    assert fresh.gitorch("adopt").status == 2
    assert made(fresh) == (False, False)
    assert fresh.gitorch("adopt", "--yes").status == 0
    assert made(fresh) == (True, True)


def test_a_repository_in_use_is_left_alone(fresh):
    fresh.gitorch("adopt", "--yes")
    assert fresh.gitorch("adopt").out == "This repository is already set up. Next: gitorch doctor\n"
    assert adopt.adopt.name == "adopt"


def test_adopt_installs_the_skills_of_a_profile_that_it_showed(fresh):
    shown = json.loads(fresh.gitorch("adopt", "--profile", "claude", "--dry-run", "--json").out)["skills"]
    assert ".claude/skills/gitorch-planner/SKILL.md" in shown
    assert made(fresh) == (False, False)
    fresh.gitorch("adopt", "--profile", "claude", "--yes")
    assert made(fresh) == (True, True)
    assert all(fresh.folder / path in fresh.files.held for path in shown)
    assert fresh.gitorch("adopt", "--profile", "claude").out == (
        "This repository is already set up. Next: gitorch doctor\n"
    )


@pytest.mark.parametrize(
    ("profile", "path", "text"),
    [
        ("claude", ".mcp.json", '{"mcpServers": {"mine": {"command": "x"}}}'),
        ("codex", ".codex/config.toml", 'model = "x"\n'),
        ("gemini", ".gemini/settings.json", "{}"),
        ("opencode", "opencode.json", '{"model": "x"}'),
    ],
)
def test_an_entry_is_added_to_a_file_that_exists_and_any_other_file_is_created(fresh, profile, path, text):
    def said(*words):
        """What each line says about the file with the entry."""
        out = fresh.gitorch(*words).out
        return [line.split(path)[0].strip() for line in out.splitlines() if path in line]

    install = ("skills", "install", "--profile", profile)
    assert said(*install, "--dry-run") == said("adopt", "--profile", profile, "--dry-run") == ["create"]
    fresh.files.write(fresh.folder / path, text.encode())

    assert said(*install, "--dry-run") == said("adopt", "--profile", profile, "--dry-run") == ["add an entry"]
    shown = json.loads(fresh.gitorch(*install, "--dry-run", "--json").out)["files"]
    assert [one["outcome"] for one in shown if one["path"] == path] == ["add an entry"]
    assert said("adopt", "--profile", profile, "--yes") == ["add an entry", "entry added"]
    assert set(said(*install)) == {"kept"}
    fresh.files.write(fresh.folder / path, text.encode())
    assert said(*install) == ["entry added"]
    fresh.files.remove(fresh.folder / path)
    assert said(*install) == ["created"]


def test_an_agent_installs_and_removes_no_skills(stage):
    stage.begin_run({"api": ()}).as_agent("api")
    for verb in ("install", "remove"):
        answer = stage.gitorch("skills", verb, "--profile", "claude")
        assert (answer.status, "only the principal may" in answer.err) == (5, True)
    assert not [path for path in stage.files.held if ".claude" in path.parts]
