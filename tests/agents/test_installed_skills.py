"""Programs find the skills that gitorch installs, and a model that follows them drives a run and writes a plan."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from house import GITORCH, house
from mind import Cue, Mind
from programs import PROGRAMS

if TYPE_CHECKING:
    from pathlib import Path

    from house import House
    from stand_in import StandIn

pytestmark = pytest.mark.agents
CLAUDE = PROGRAMS["claude"]
CALL_SECONDS = 240
PLUGIN = ".agents/plugins/gitorch"


def skill(name: str) -> Cue:
    """A model that takes a skill when it is asked to use it."""
    return Cue(rf"\AUse the skill {name}\b", tool="Skill", arguments={"skill": name})


def claude(home: House, user: Path, api: StandIn, prompt: str, *more: str) -> str:
    """One conversation of Claude Code in the repository, in a home of its own; gives what it ended with."""
    key = CLAUDE.env("")["ANTHROPIC_API_KEY"]
    account = {
        "hasCompletedOnboarding": True,
        "customApiKeyResponses": {"approved": [key[-20:]], "rejected": []},
        "projects": {str(home.path): {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}},
    }
    user.mkdir(exist_ok=True)
    (user / ".claude.json").write_text(json.dumps(account))
    env = {**os.environ, **CLAUDE.env(api.url("claude")), "HOME": str(user), "GITORCH_OPERATOR": "claude"}
    env["PATH"] = os.pathsep.join([str(GITORCH.parent), env["PATH"]])
    env |= {"IS_SANDBOX": "1", "DISABLE_AUTOUPDATER": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}
    words = ("claude", "-p", prompt, "--dangerously-skip-permissions", *more)
    done = subprocess.run(
        words,
        cwd=home.path,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=CALL_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def home(tmp_path):
    if not CLAUDE.installed:
        pytest.skip("claude is not installed: make agents")
    with house(tmp_path, "repo") as made:
        made.configure()
        for key, value in (("user.name", "Ada"), ("user.email", "ada@example.invalid")):
            made.repo.git("config", key, value)
        made("skills", "install", "--profile", "claude")
        yield made


OPERATOR = (
    skill("gitorch-operator"),
    Cue(r"try: |gitorch: ", says="That failed."),
    Cue(r"[\s\S]*gitorch approve [\s\S]*\nafter .*gitorch (verdict|status)", says="Please type the approval yourself."),
    Cue(r"\nafter .*gitorch (handoff|verdict)", runs="gitorch claim api.spec"),
    Cue(
        r"gitorch verdict accept[\s\S]*\nafter .*claim api.spec",
        runs='gitorch verdict accept --summary "As asked" --job api.spec',
    ),
    Cue(
        r"  cd (?P<worktree>\S+)[\s\S]*\nafter .*gitorch claim",
        runs="cd @worktree@ && printf 'One word.\\n' > api.txt && git add api.txt && git commit -q -m 'Write a word'"
        " && gitorch handoff DONE --summary 'A word' --tests none",
    ),
    Cue(r"Launching skill: gitorch-operator", runs="gitorch claim"),
)
PLAN = """\
---
title: One word
autonomy: end_only
---

# One word

A file with a word in it.

## Epic: word — Write a word

Depends on: none
Scope: word.txt

The file says which word the project is about.

- [ ] Write the word into word.txt

## Review Gate: word

1. Commit all work.
2. Run the tests.
3. Report with `gitorch handoff`, then stop until the work is cleared.
"""
PLANNER = (
    skill("gitorch-planner"),
    Cue(r"The plan has no defects", says="The plan is ready. Start it with: gitorch start plan.md"),
    Cue(r"defect|gitorch: ", says="That failed."),
    Cue(r"\nafter .*plan\.md", runs="gitorch check plan.md"),
    Cue(r"Launching skill: gitorch-planner", writes=("plan.md", PLAN)),
)


def test_claude_code_drives_a_run_by_hand_to_the_approval_with_the_operator_skill(home, tmp_path, api):
    api.mind = Mind(*OPERATOR)
    run = home("start", home.plan("api"), "--by-hand", "--yes", "--json").json["run"]["id"]
    ended = claude(home, tmp_path / "user", api, "Use the skill gitorch-operator and work on the run.")
    assert "type the approval yourself" in ended
    assert any(b"Driving a run without deciding" in one.body for one in api.heard()), "the model gets the skill"
    assert home.question(kind="approval")
    assert home.status(run)["phase"] == "running"
    assert [one["verdict"] for one in home.records("verdict-given")] == ["accept"]


def test_claude_code_writes_a_plan_that_check_accepts_with_the_planner_skill(home, tmp_path, api):
    api.mind = Mind(*PLANNER)
    ended = claude(home, tmp_path / "user", api, "Use the skill gitorch-planner and plan one word.")
    assert "gitorch start plan.md" in ended
    assert any(b"Writing a plan for gitorch" in one.body for one in api.heard()), "the model gets the skill"
    assert home("check", "plan.md", "--json").json["plan"]["epics"] == ["word"]


def test_the_hook_of_the_plugin_tells_the_model_how_the_runs_stand(home, tmp_path, api):
    home("skills", "install", "--profile", "generic")
    run = home("start", home.plan("api"), "--by-hand", "--yes", "--json").json["run"]["id"]
    api.mind = Mind(Cue(r"\ASay", says="Yes."))
    claude(home, tmp_path / "user", api, "Say yes.", "--plugin-dir", str(home.path / PLUGIN))
    heard = [one.body for one in api.heard()]
    assert any(b"`gitorch status` says:" in body and run.encode() in body for body in heard)


FINDS = [
    ("claude", ("mcp", "list"), "gitorch: gitorch mcp - ✔ Connected"),
    ("claude", ("plugin", "validate", "--strict", ".agents/plugins/gitorch"), "Validation passed"),
    ("codex", ("mcp", "list"), "enabled"),
    ("gemini", ("skills", "list"), "gitorch-planner [Enabled]"),
    ("gemini", ("mcp", "list"), "gitorch: gitorch mcp (stdio)"),
    ("opencode", ("mcp", "list"), "gitorch mcp"),
    ("opencode", ("debug", "skill"), '"name": "gitorch-planner"'),
    ("opencode", ("debug", "config"), '"gitorch-inbox": {'),
    ("copilot", ("mcp", "list"), "gitorch (local)"),
    ("copilot", ("skill", "list"), "gitorch-planner - How to write a plan"),
]


@pytest.mark.parametrize(
    ("name", "words", "shown"), FINDS, ids=[f"{name} {' '.join(words[:2])}" for name, words, _ in FINDS]
)
def test_a_program_finds_what_was_installed_in_a_home_of_its_own(home, tmp_path, name, words, shown):
    if not PROGRAMS[name].installed:
        pytest.skip(f"{name} is not installed: make agents")
    user = tmp_path / "user"
    user.mkdir()
    path = os.pathsep.join([str(GITORCH.parent), os.environ["PATH"]])
    settings = {"HOME": str(user), "XDG_CONFIG_HOME": str(user / ".config")}
    env = {**os.environ, **settings, "PATH": path}
    home("skills", "install", "--profile", "all", "--user", env=settings)
    home("skills", "install", "--profile", "generic")
    done = subprocess.run(
        (name, *words), cwd=home.path, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert shown in done.stdout + done.stderr
    home("skills", "remove", "--profile", "all", "--user", env=settings)
    assert not [path for path in user.rglob("*") if "gitorch" in path.name]


TAKES_PLUGIN = [
    (
        "codex",
        (("plugin", "marketplace", "add", "."), ("plugin", "add", "gitorch@gitorch")),
        ("mcp", "list"),
        "gitorch",
    ),
    ("gemini", (("extensions", "link", PLUGIN, "--consent"),), ("extensions", "list"), "gitorch-planner"),
    ("claude", (("plugin", "validate", "--strict", PLUGIN),), ("plugin", "validate", PLUGIN), "Validation passed"),
    ("copilot", (("plugin", "install", f"./{PLUGIN}"),), ("plugin", "list"), "gitorch"),
]


@pytest.mark.parametrize(("name", "installs", "lists", "shown"), TAKES_PLUGIN, ids=[one[0] for one in TAKES_PLUGIN])
def test_a_program_takes_the_portable_plugin(home, tmp_path, name, installs, lists, shown):
    if not PROGRAMS[name].installed:
        pytest.skip(f"{name} is not installed: make agents")
    user = tmp_path / "user"
    user.mkdir()
    env = {**os.environ, "HOME": str(user)}
    home("skills", "install", "--profile", "generic")
    for words in installs:
        subprocess.run((name, *words), cwd=home.path, env=env, capture_output=True, timeout=120, check=True)
    done = subprocess.run(
        (name, *lists), cwd=home.path, env=env, capture_output=True, text=True, timeout=120, check=True
    )
    assert shown in done.stdout + done.stderr
