"""Preset files: those that are shipped, and those that are wrong."""

import json
from pathlib import Path

import pytest

from gitorch.errors import Malformed
from gitorch.model.ids import Moment
from gitorch.model.observed import AgentState
from gitorch.model.plans.permission import Dialog, RequestPattern
from gitorch.model.plans.runtime import Preset, StateSign
from gitorch.rules.agent_state.screen import classify, shown_error
from gitorch.text.preset import parse_preset
from gitorch.world.terminal.session_files import LaunchRecord, SessionFolder

SHIPPED = sorted((Path(__file__).parents[2] / "templates/runtimes").glob("*.yaml"))
VENDORS = {"aider", "claude", "codex", "gemini", "opencode"}
WITH_A_KEY = {"claude-key", "codex-key", "gemini-key", "opencode-key"}
NAMES = {*VENDORS, *WITH_A_KEY, "acp", "claude-sandboxed", "generic", "scripted", "shell-script"}


def shipped(name):
    path = next(path for path in SHIPPED if path.stem == name)
    return parse_preset(str(path), path.read_bytes(), shipped)


def test_every_shipped_preset_has_the_name_of_its_file_and_an_install_hint():
    assert {path.stem for path in SHIPPED} == NAMES
    for name in NAMES:
        preset = shipped(name)
        assert preset.name == name
        own = name in {"acp", "generic", "scripted", "shell-script"}
        assert own or (preset.install_hint and preset.checked_with and preset.version_argv)


@pytest.mark.parametrize(
    ("name", "title", "screen", "state"),
    [
        ("claude", "✳ x", "❯ \n  ? for shortcuts", AgentState.IDLE),
        ("claude", "⠐ x", "❯ \n  esc to interrupt", AgentState.WORKING),
        ("claude", "✳ x", "Do it?\n ❯ 1. Yes\n Esc to cancel · Tab to amend", AgentState.DIALOG),
        ("claude", "✳ x", "● API Error: 500\n\n❯ ", AgentState.ERROR),
        ("codex", "⠋ x", "› Ask for anything", AgentState.WORKING),
        ("codex", "x", "■ stream failed\n› Ask for anything", AgentState.ERROR),
        ("codex", "[ . ] Action Required | x", "Run it?", AgentState.DIALOG),
        ("codex", "x", "› Ask for anything", AgentState.IDLE),
        ("gemini", "◇  Ready (x)", "Do you trust the files in this folder?", AgentState.DIALOG),
        ("gemini", "◇  Ready (x)", " >   Type your message or @path/to/file", AgentState.IDLE),
        ("gemini", "✦  Working… (x)", "", AgentState.WORKING),
        ("opencode", "OC | x", "  ┃  △ Permission required", AgentState.DIALOG),
        ("opencode", "OC | x", " esc interrupt     ctrl+p commands", AgentState.WORKING),
        ("opencode", "OC | x", " tab agents  ctrl+p commands", AgentState.IDLE),
        ("aider", "x", "diff> ", AgentState.IDLE),
        ("aider", "x", "diff> do it\nHere is what I", AgentState.WORKING),
        ("aider", "x", "Run shell command? (Y)es/(N)o [Yes]: ", AgentState.DIALOG),
        ("aider", "x", "> do it\nlitellm.APIError: no\n\n> ", AgentState.ERROR),
        ("scripted", "✳ ready", "❯ ", AgentState.IDLE),
        ("scripted", "⠂ working", "✻ Working… (esc to interrupt)", AgentState.WORKING),
        ("scripted", "✋ action required", " Enter to confirm · Esc to cancel", AgentState.DIALOG),
        ("shell-script", "x", "hello\nname> ", AgentState.IDLE),
        ("generic", "x", "> ", AgentState.UNKNOWN),
    ],
)
def test_shipped_signs_tell_states_apart(name, title, screen, state):
    assert classify(screen, title, shipped(name))[0] == state


SIGN_IN = "Sign in to the program once, outside of gitorch: Authentication required"


@pytest.mark.parametrize(
    ("screen", "words"),
    [
        (f"! Hello.\n! {SIGN_IN}\nacp failed › ", SIGN_IN),
        (f"! {SIGN_IN[:30]}\n{SIGN_IN[30:]}\nacp failed › typed", f"{SIGN_IN[:30]} {SIGN_IN[30:]}"),
        ("! An older error\nan answer\nof\nfive\nlines\nin all\nacp failed › ", "acp failed ›"),
        ("acp failed › ", "acp failed ›"),
        (f"! {SIGN_IN}\nacp › ", ""),
    ],
)
def test_the_error_of_a_program_on_acp_is_told_in_the_words_of_its_pane(screen, words):
    assert shown_error(screen, shipped("acp")) == words
    assert (classify(screen, "", shipped("acp"))[0] is AgentState.ERROR) is bool(words)


def test_a_preset_is_read_with_every_key():
    text = r"""
name: mine
argv: [mine, "--x"]
env: {A: b}
passes: [KEY]
first_prompt: option
first_option: -i
resumed_prompt: paste
submit_key: C-m
settle_ms: 0
warm_ms: 1500
empty_input: '> ?'
files: {hooks.json: "{}"}
dialogs:
  trust: {pattern: 'Trust (?P<asked>.*)\?', keys: [Enter]}
  login: {pattern: 'Sign in'}
signs:
  ready: [{place: tail, pattern: '^> '}]
"""
    assert parse_preset("mine.yaml", text.encode()) == Preset(
        "mine",
        ("mine", "--x"),
        env={"A": "b"},
        passes=("KEY",),
        first_prompt="option",
        first_option="-i",
        resumed_prompt="paste",
        submit_key="C-m",
        settle_ms=0,
        warm_ms=1500,
        empty_input="> ?",
        files={"hooks.json": "{}"},
        dialogs={"trust": Dialog(r"Trust (?P<asked>.*)\?", ("Enter",)), "login": Dialog("Sign in")},
        signs={"ready": (StateSign("tail", "^> "),)},
    )


WRONG = """name: Mine
argv: mine --verbose
frist_prompt: argument
first_prompt: telepathy
submit_key: Enter; kill-server
settle_ms: soon
passes: ["A=1"]
env: [A]
files: {../x: y}
signs:
  redy: []
  busy: [{place: everywhere, pattern: '('}]
  ready: ['^> ']
dialogs:
  login: {pattern: 'Sign in', keys: [Enter]}
  trust: {pattern: 'Trust me', keys: [y; rm]}
  Theme: {pattern: 'x'}
  key: 'Use it'
"""


def test_every_problem_of_a_preset_is_reported_with_place_and_fix():
    with pytest.raises(Malformed) as caught:
        parse_preset("mine.yaml", WRONG.encode())
    places = [(problem.line, problem.column) for problem in caught.value.problems]
    lines = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 12, 13, 15, 16, 16, 17, 18]
    assert [line for line, _ in places] == lines
    assert places[2] == (3, 1)
    messages = [problem.message for problem in caught.value.problems]
    assert messages[9:12] == [
        "`signs.redy` is not a known key. Did you mean `ready`?",
        "`signs.busy[0].place` must be one of screen, tail, title, transcript, processes, not `everywhere`.",
        "`signs.busy[0].pattern` is not a regular expression: missing ), unterminated subpattern at position 0.",
    ]
    assert all(problem.message and problem.fix and problem.path == "mine.yaml" for problem in caught.value.problems)


PROMPT = "name: a\nargv: [a]\npermission_requests:\n  - {pattern: '(?P<asked>.*)', once: [y], blank_rows: true}\n"


def test_a_permission_request_may_keep_blank_rows():
    (prompt,) = parse_preset("a.yaml", PROMPT.encode()).permission_requests
    assert prompt == RequestPattern("(?P<asked>.*)", once=("y",), blank_rows=True)


@pytest.mark.parametrize(("old", "new"), [("true", "often"), ("once: [y], ", "")])
def test_a_permission_request_without_keys_or_with_a_wrong_flag_is_malformed(old, new):
    with pytest.raises(Malformed, match="1 problem"):
        parse_preset("a.yaml", PROMPT.replace(old, new).encode())


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", 1),
        (b"- a\n", 1),
        (b"name: a\nargv: [a\n", 3),
        (b"name: a\nargv: [a]\nname: b\n", 3),
        (b"name: a\n# \xff\n", 2),
    ],
)
def test_an_unreadable_preset_is_reported_at_its_line(data, line):
    with pytest.raises(Malformed) as caught:
        parse_preset("mine.yaml", data)
    assert caught.value.problems[0].line == line


def test_missing_keys_are_problems():
    with pytest.raises(Malformed) as caught:
        parse_preset("mine.yaml", b"first_prompt: option\nsigns: {ready: [{}]}\n")
    assert [problem.message for problem in caught.value.problems] == [
        "`name` is missing.",
        "`argv` is missing.",
        "`first_prompt` is `option`, but no option is named.",
        "`signs.ready[0].place` is missing.",
        "`signs.ready[0].pattern` is missing.",
    ]


def test_a_preset_that_extends_another_states_only_the_differences():
    base = shipped("claude")
    text = b"name: mine\nextends: claude\nargv: [claude, --verbose]\nenv: {A: b}\n"
    mine = parse_preset("mine.yaml", text, shipped)
    assert (mine.name, mine.argv, mine.signs) == ("mine", ("claude", "--verbose"), base.signs)
    assert mine.env == {**base.env, "A": "b"}, "mappings are added to"


@pytest.mark.parametrize("name", ["nobody", "../claude", ""])
def test_only_an_existing_preset_can_be_extended(name):
    with pytest.raises(Malformed, match="1 problem"):
        parse_preset("mine.yaml", f"name: mine\nextends: '{name}'\n".encode(), lambda _: None)


@pytest.mark.parametrize("name", sorted(WITH_A_KEY))
def test_a_preset_with_a_key_keeps_everything_below_its_own_folder(name):
    preset, base = shipped(name), shipped(name.removesuffix("-key"))
    own = {key: value for key, value in preset.files.items() if key not in base.files}
    assert own, "it starts without asking, since it brings its own configuration"
    assert all(key.startswith("{place}/") for key in own), (
        "kept when its session is started again, so that it can be resumed"
    )
    homes = [value for value in preset.env.values() if value.startswith("{place}/")]
    assert homes, "and never in the user's"


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_session_keeps_the_preset_that_it_was_started_with(name, tmp_path):
    SessionFolder(tmp_path).write_launch(LaunchRecord(("a",), "/tree", "", Moment(1), shipped(name)))
    assert SessionFolder(tmp_path).launch().preset == shipped(name)


def test_the_sandbox_of_claude_code_is_all_that_its_sandboxed_preset_adds():
    name = "claude-settings.json"
    plain, held = (shipped(preset).files[name] for preset in ("claude", "claude-sandboxed"))
    plain, held = (
        json.loads(text.replace("{allowed}", "").replace("{git_writable}", '["/git"]')) for text in (plain, held)
    )
    sandbox = held.pop("sandbox")
    assert (sandbox["enabled"], sandbox["failIfUnavailable"]) == (True, True), "never bare in silence"
    assert sandbox["filesystem"] == {"allowWrite": ["/git"]}
    assert held == plain
