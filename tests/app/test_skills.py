"""Skills, commands and server entries are installed, updated and removed; what somebody edited is left as it is."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
import yaml_front_matter
from fakes.world import FakeFiles
from hypothesis import given, settings
from hypothesis import strategies as st

from gitorch.app.start import skills
from gitorch.app.start.skills import Target
from gitorch.model.plans.skills import FileForm, FileState
from gitorch.text.skills import entries
from gitorch.text.skills.profiles import PROFILES, Sources, files_of
from gitorch.text.skills.stamps import is_unchanged, stamped
from gitorch.verbs.connecting import PROFILES as NAMED
from gitorch.wiring.skills import shipped_sources
from gitorch.world.files import LocalFiles

ROOT = Path("/project")
NOW = shipped_sources()
EARLIER = Sources({name: text.replace("gitorch", "gitorc") for name, text in NOW.skills.items()}, NOW.commands, "0.0.1")
PLACES = [Target(ROOT), Target(ROOT, in_home=True)]


@pytest.fixture
def files():
    return FakeFiles()


def states(files, target=PLACES[0], profiles=PROFILES):
    return {one.state for one in skills.statuses(files, target, NOW, profiles)}


@pytest.mark.parametrize("target", PLACES, ids=["project", "home"])
@pytest.mark.parametrize("profile", PROFILES)
def test_what_is_installed_is_current_and_removed_without_a_trace(files, profile, target):
    assert states(files, target, (profile,)) == {FileState.ABSENT}
    skills.install(files, target, NOW, (profile,))
    assert states(files, target, (profile,)) == {FileState.CURRENT}
    before = dict(files.held)
    skills.install(files, target, NOW, (profile,))
    assert files.held == before
    skills.remove(files, target, NOW, (profile,))
    assert files.held == {}


@pytest.mark.parametrize(
    ("profile", "variable", "moved"),
    [
        (
            "claude",
            "CLAUDE_CONFIG_DIR",
            ("skills/gitorch-agent/SKILL.md", "commands/gitorch/status.md", ".claude.json"),
        ),
        ("codex", "CODEX_HOME", ("prompts/gitorch-status.md", "config.toml")),
        ("gemini", "GEMINI_CLI_HOME", (".gemini/skills/gitorch-agent/SKILL.md", ".gemini/settings.json")),
        ("opencode", "XDG_CONFIG_HOME", ("opencode/skills/gitorch-agent/SKILL.md", "opencode/opencode.json")),
        ("copilot", "COPILOT_HOME", ("skills/gitorch-agent/SKILL.md", "mcp-config.json")),
    ],
)
def test_in_a_home_files_go_where_the_program_itself_looks(files, profile, variable, moved):
    target = Target(ROOT, in_home=True, environ={variable: "/else/where"})
    skills.install(files, target, NOW, (profile,))
    assert {Path("/else/where") / path for path in moved} <= files.held.keys()
    below_home = {path.relative_to(ROOT).parts[0] for path in files.held if path.is_relative_to(ROOT)}
    assert below_home == ({".agents"} if profile == "codex" else set()), "Codex looks for skills in ~/.agents alone"
    shown = {Path(ROOT, one.file.path) for one in skills.statuses(files, target, NOW, (profile,))}
    assert shown == files.held.keys()
    assert states(files, target, (profile,)) == {FileState.CURRENT}
    skills.remove(files, target, NOW, (profile,))
    assert files.held == {}


@pytest.mark.parametrize("profile", PROFILES)
def test_what_an_earlier_version_wrote_is_updated(files, profile):
    skills.install(files, PLACES[0], EARLIER, (profile,))
    outdated = [one for one in skills.statuses(files, PLACES[0], NOW, (profile,)) if one.state is FileState.OUTDATED]
    assert len([one for one in outdated if one.file.path.endswith("SKILL.md")]) == 3
    skills.install(files, PLACES[0], NOW, (profile,))
    assert states(files, profiles=(profile,)) == {FileState.CURRENT}


@pytest.mark.parametrize("profile", PROFILES)
def test_an_edited_file_is_never_written_or_removed(files, profile):
    skills.install(files, PLACES[0], EARLIER, (profile,))
    for path in files.held:
        if path.suffix in {".md", ".toml"} and "skills" in str(path):
            files.held[path] += b"\nmine\n"
    edited = {path: data for path, data in files.held.items() if data.endswith(b"mine\n")}
    assert edited
    skills.install(files, PLACES[0], NOW, (profile,))
    skills.remove(files, PLACES[0], NOW, (profile,))
    assert {path: files.held.get(path) for path in edited} == edited


def test_a_file_that_somebody_wrote_under_such_a_name_is_kept(files):
    path = ROOT / ".claude/skills/gitorch-agent/SKILL.md"
    files.held[path] = b"mine"
    skills.install(files, PLACES[0], NOW, ("claude",))
    skills.remove(files, PLACES[0], NOW, ("claude",))
    assert files.held == {path: b"mine"}


OTHERS = {
    ".mcp.json": '{"mcpServers": {"db": {"command": "db"}}, "ü": 1}',
    ".gemini/settings.json": '{"theme": "dark", "mcpServers": {}}',
    "opencode.json": '{"mcp": {"x": {"type": "remote"}}}',
    ".codex/config.toml": 'model = "o"\n[mcp_servers.db]\ncommand = "db"\n',
}


def test_settings_keep_everything_else_when_an_entry_comes_and_goes(files):
    for path, text in OTHERS.items():
        files.held[ROOT / path] = text.encode()
    skills.install(files, PLACES[0], NOW, PROFILES)
    assert json.loads(files.held[ROOT / ".mcp.json"]) == {
        "mcpServers": {"db": {"command": "db"}, "gitorch": {"command": "gitorch", "args": ["mcp"]}},
        "ü": 1,
    }
    codex = tomllib.loads(files.held[ROOT / ".codex/config.toml"].decode())
    assert codex["mcp_servers"] == {"db": {"command": "db"}, "gitorch": {"command": "gitorch", "args": ["mcp"]}}
    skills.remove(files, PLACES[0], NOW, PROFILES)
    assert files.held[ROOT / ".codex/config.toml"].decode() == OTHERS[".codex/config.toml"]
    left = {
        path: json.loads(files.held[ROOT / path]) for path in (".mcp.json", "opencode.json", ".gemini/settings.json")
    }
    assert left[".mcp.json"] == json.loads(OTHERS[".mcp.json"])
    assert left["opencode.json"] == json.loads(OTHERS["opencode.json"])
    assert left[".gemini/settings.json"] == {"theme": "dark"}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".mcp.json", "{ // a comment\n}"),
        (".mcp.json", "[]"),
        (".mcp.json", '{"mcpServers": []}'),
        (".mcp.json", '{"mcpServers": {"gitorch": {"command": "mine"}}}'),
        (".codex/config.toml", "[broken"),
        (".codex/config.toml", '[mcp_servers.gitorch]\ncommand = "mine"\n'),
        (".codex/config.toml", f"{entries.BEGIN}\nmine\n{entries.END}\n"),
    ],
)
def test_settings_that_cannot_take_the_entry_or_have_their_own_are_kept(files, path, text):
    files.held[ROOT / path] = text.encode()
    skills.install(files, PLACES[0], NOW, PROFILES)
    skills.remove(files, PLACES[0], NOW, PROFILES)
    assert files.held == {ROOT / path: text.encode()}


def test_a_link_in_the_place_of_a_file_is_kept(tmp_path):
    files, elsewhere = LocalFiles(tmp_path / "home"), tmp_path / "elsewhere.md"
    elsewhere.write_text("mine")
    project = Target(tmp_path / "project")
    link = project.root / ".claude/skills/gitorch-agent/SKILL.md"
    link.parent.mkdir(parents=True)
    link.symlink_to(elsewhere)
    skills.install(files, project, NOW, ("claude",))
    assert (project.root / ".mcp.json").is_file()
    skills.remove(files, project, NOW, ("claude",))
    assert link.is_symlink()
    assert elsewhere.read_text() == "mine"
    assert not (project.root / ".mcp.json").exists()


@given(st.text(max_size=60), st.integers(0, 200), st.characters(codec="utf-8"))
@settings(max_examples=80, deadline=None)
def test_any_changed_character_shows_that_a_file_was_edited(body, at, character):
    text = stamped(f"# {{version}} {{digest}}\n{body}", "1.0")
    assert is_unchanged(text)
    at %= len(text)
    changed = text[:at] + character + text[at + 1 :]
    assert is_unchanged(changed) == (changed == text)


def test_doctor_names_outdated_and_edited_files_with_the_command_that_mends_them(files):
    assert skills.examine_skills(files, PLACES[0], NOW) == ()
    skills.install(files, PLACES[0], NOW, ("claude",))
    [check] = skills.examine_skills(files, PLACES[0], NOW)
    assert (check.ok, check.text) == (True, "those for claude are current")
    skills.install(files, PLACES[0], EARLIER, ("gemini",))
    path = ROOT / ".claude/skills/gitorch-agent/SKILL.md"
    files.held[path] += b"mine"
    found = skills.examine_skills(files, PLACES[0], NOW)
    edited = ".claude/skills/gitorch-agent/SKILL.md"
    assert found[0].ok is None
    assert found[0].fix == f"mv {edited} {edited}.mine && gitorch skills install --profile claude"
    assert {check.fix for check in found[1:]} == {"gitorch skills install --profile gemini"}
    assert {check.ok for check in found[1:]} == {None}


def test_doctor_names_an_edited_entry_in_a_file_of_settings(files):
    skills.install(files, PLACES[0], NOW, ("claude",))
    files.held[ROOT / ".mcp.json"] = b'{"mcpServers": {"gitorch": {"command": "x"}}}'
    edited = [one for one in skills.statuses(files, PLACES[0], NOW, ("claude",)) if one.state is FileState.EDITED]
    checks = skills.examine_skills(files, PLACES[0], NOW)
    assert [one.file.path for one in edited] == [".mcp.json"]
    assert [check.text for check in checks] == [
        "the entry for gitorch in .mcp.json was edited, or cannot be read, and is not updated"
    ]
    assert checks[0].fix == "remove the entry from .mcp.json, then: gitorch skills install --profile claude"


def test_the_table_of_verbs_names_every_profile():
    assert (*PROFILES, "all") == NAMED


@pytest.mark.parametrize("name", NOW.skills)
def test_a_skill_has_the_front_matter_of_agent_skills(name):
    text = stamped(NOW.skills[name], "1.2.3")
    front = yaml_front_matter.read(text)
    assert front["name"] == name
    assert 1 <= len(front["description"]) <= 1024
    assert front["metadata"]["gitorch-version"] == "1.2.3"
    assert front["metadata"]["gitorch-digest"].startswith("sha256:")
    assert len(text.splitlines()) < 500


def test_commands_of_gemini_are_toml_and_take_arguments(files):
    for file in files_of("gemini", NOW, in_home=False):
        if file.path.endswith(".toml"):
            found = tomllib.loads(file.content)
            assert found["description"]
            assert "$ARGUMENTS" not in found["prompt"]
    assert [one.form for one in files_of("gemini", NOW, in_home=False)][-1] is FileForm.JSON_ENTRY
    assert "{{args}}" in next(one.content for one in files_of("gemini", NOW, in_home=False) if "check" in one.path)
