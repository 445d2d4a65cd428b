"""What the shipped presets make of every recorded screen, and of screens that nobody has seen."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from recorded_screens import recorded

from gitorch.model.ids import Moment
from gitorch.model.observed import AgentState
from gitorch.model.plans.permission import Option
from gitorch.rules.agent_state.dialog_choices import dialog_offered
from gitorch.rules.agent_state.judge import judge, readings_from_hook, readings_from_screen
from gitorch.rules.agent_state.permission import dialog_on, permission_request_on
from gitorch.rules.agent_state.screen import Signal, classify, read_screen, stable_text
from gitorch.rules.reconciling.dialogs import in_order
from gitorch.wiring.presets import find_preset

SCREENS = list(recorded())
PROGRAMS = sorted({screen.program for screen in SCREENS})
COMMAND = "echo hi > out.txt && cat out.txt"
COMMANDS = {
    "aider/permission-shell.120x40": "echo hi > out.txt",
    "claude/permission-shell-2.1.332.120x40": "python3 -c 'print(1)'",
    "claude/permission-shell-2.1.332.80x24": "python3 -c 'print(1)'",
}
"""What a recorded screen asks for where it is another command."""


@cache
def preset(name):
    return find_preset(name, Path("/nowhere"))


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("size", ["200x50", "120x40", "80x24"])
def test_every_recorded_screen_tells_its_state(program, size):
    chosen = [screen for screen in SCREENS if (screen.program, screen.size) == (program, size)]
    told = {screen.id: classify(screen.text, screen.title, preset(program))[0] for screen in chosen}
    assert told == {screen.id: screen.state for screen in chosen}
    assert chosen or size == "200x50", "both sizes are recorded"


@pytest.mark.parametrize("program", [program for program in PROGRAMS if program != "aider"])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n" * 30,
        "Segmentation fault (core dumped)",
        "Updating to 9.9.9, please wait",
        "login: ",
        "██▓▒░ 47%",
        "$ vim x\n~\n~\n-- INSERT --",
    ],
)
def test_a_screen_that_was_never_seen_tells_nothing(program, text):
    assert classify(text, "", preset(program)) == (AgentState.UNKNOWN, "")


def test_what_does_not_end_in_a_prompt_is_work_to_a_program_that_shows_nothing_else_while_it_works():
    assert classify("Updating to 9.9.9, please wait", "", preset("aider"))[0] is AgentState.WORKING


@pytest.mark.parametrize(
    ("program", "changes"),
    [
        ("claude", [("✢ Orbiting…", "✻ Orbiting… (12")]),
        ("codex", [("Working (3s", "Working (1m 03s")]),
        ("gemini", [("⠏ Thinking... (esc to cancel, 3s)", "⠼ Counting stars... (esc to cancel, 1m 3s)")]),
        ("opencode", [("■■■■⬝⬝⬝⬝", "⬝⬝■■■■⬝⬝")]),
        ("aider", [("░█  ", "   █░")]),
    ],
)
def test_spinners_and_counters_are_no_progress_and_words_are(program, changes):
    (screen,) = (s for s in SCREENS if s.id == f"{program}/busy-waiting.120x40")
    later = screen.text
    for old, new in changes:
        assert old in later
        later = later.replace(old, new)
    before = stable_text(screen.text, preset(program))
    assert stable_text(later, preset(program)) == before
    assert stable_text(later.replace("make the file", "make the files"), preset(program)) != before


@pytest.mark.parametrize("screen", [s for s in SCREENS if s.name.startswith("permission-shell")], ids=lambda s: s.id)
def test_a_permission_prompt_is_known_by_its_whole_structure(screen):
    found = permission_request_on(screen.text, preset(screen.program))
    if screen.size == "80x24" and screen.program in {"codex", "gemini"}:
        return  # broken over lines, or cut: left to a human
    assert found is not None
    asked, prompt = found
    assert asked == COMMANDS.get(screen.id, COMMAND)
    assert prompt.keys(Option.ONCE)


@pytest.mark.parametrize("choices", range(2, 10))
@pytest.mark.parametrize("size", ["120x40", "80x24"])
def test_the_keys_of_a_request_hold_however_many_choices_claude_code_offers(choices, size):
    (screen,) = (s for s in SCREENS if s.id == f"claude/permission-shell-2.1.332.{size}")
    before, rest = screen.text.split("   2. Yes, ")
    after = rest[rest.index("\n\n Esc to cancel") :]
    offered = [f"   {number}. Yes, and more {number}\n      broken over rows\n" for number in range(2, choices)]
    shown = f"{before}{''.join(offered)}   {choices}. No{after}"
    asked, prompt = permission_request_on(shown, preset("claude"))
    assert (asked, prompt.keys(Option.ONCE), prompt.keys(Option.REJECT)) == (
        "python3 -c 'print(1)'",
        ("1",),
        ("Escape",),
    )
    assert permission_request_on(shown.replace("❯ 1. Yes", "  1. Yes"), preset("claude")) is None, "another is selected"


@pytest.mark.parametrize("posing", ["│ rm -rf .\n │ {0}", "{0}\n│ rm -rf .", "│ {0}", "{0}\n{0}", "{0}\n{line}\n {0}"])
def test_a_command_of_several_rows_of_claude_code_is_left_to_a_human(posing):
    (screen,) = (s for s in SCREENS if s.id == "claude/permission-shell-2.1.332.120x40")
    command, line = "python3 -c 'print(1)'", "╌" * 120
    shown = screen.text.replace(f"\n {command}\n", "\n " + posing.format(command, line=line) + "\n")
    assert shown != screen.text
    assert permission_request_on(shown, preset("claude")) is None


POSING = [screen for screen in SCREENS if screen.name.startswith(("permission-cut", "permission-posing"))]


@pytest.mark.parametrize("screen", POSING, ids=lambda s: s.id)
def test_a_command_that_hides_a_part_of_itself_or_poses_as_another_is_left_to_a_human(screen):
    assert re.search(rf"^.*{re.escape(COMMAND)}$", screen.text, re.MULTILINE), "it shows what a rule may allow"
    assert permission_request_on(screen.text, preset(screen.program)) is None
    assert classify(screen.text, screen.title, preset(screen.program))[0] is AgentState.DIALOG


def test_words_beside_the_bar_are_the_commands_own_where_no_bar_stands():
    (beside, alone) = (
        next(s for s in SCREENS if s.id == f"opencode/permission-shell{bar}.200x50") for bar in ("", "-without-bar")
    )
    hidden = " " * (153 - len(COMMAND)) + "; rm -r ."
    assert (
        permission_request_on(alone.text.replace(f"┃  $ {COMMAND}", f"┃  $ {COMMAND}{hidden}"), preset("opencode"))[0]
        == COMMAND + hidden
    )
    told = beside.text.replace(f"┃  $ {COMMAND}", f"┃  $ {COMMAND}{hidden}")
    assert permission_request_on(told, preset("opencode"))[0] == COMMAND, "a word of the bar"
    assert permission_request_on(told.replace(COMMAND, COMMAND.replace("hi", "図")), preset("opencode")) is None, (
        "or is it?"
    )


@pytest.mark.parametrize("name", ["permission-shell", "permission-create-file"])
def test_the_end_of_what_aider_broke_over_rows_is_left_to_a_human(name):
    (screen,) = (s for s in SCREENS if s.id == f"aider/{name}.120x40")
    asked, _ = permission_request_on(screen.text, preset("aider"))
    first = asked.split("\n")[0]
    broken = screen.text.replace(f"\n\n{first}\n", f"\n\nrm -r . ;\n{first}\n")
    assert broken != screen.text
    assert permission_request_on(broken, preset("aider")) is None
    comment = screen.text.replace(f"\n\n{first}\n", f"\n\nrm -r .\n\n# {first}\n")
    assert name != "permission-shell" or permission_request_on(comment, preset("aider")) is None, (
        "a comment, and not what runs"
    )


@pytest.mark.parametrize("screen", SCREENS, ids=lambda s: s.id)
def test_nothing_but_a_permission_prompt_is_taken_for_one(screen):
    found = permission_request_on(screen.text, preset(screen.program))
    if found is not None and not found[1].trust and not found[1].trust_choice:
        assert screen.name.startswith(("permission", "limited"))


NAMES = {
    "claude/dialog-trust-folder": "trust",
    "claude/dialog-trust-worktree": "trust",
    "claude/dialog-trust-unnumbered": "trust",
    "claude/dialog-attached": "trust",
    "claude/dialog-attached-unnumbered": "trust",
    "claude/dialog-custom-api-key": "key",
    "claude/dialog-custom-api-key-unnumbered": "key",
    "claude/dialog-bypass-permissions": "bypass",
    "claude/dialog-bypass-permissions-unnumbered": "bypass",
    "codex/dialog-trust-folder": "trust",
    "codex/dialog-hooks-review": "hooks",
    "codex/dialog-model-migration": "model",
    "gemini/dialog-trust-folder": "trust",
    "gemini/dialog-attached": "trust",
    "gemini/onboarding-auth-choice": "login",
    "gemini/onboarding-api-key": "key",
    "gemini/limited-models": "limit",
    "aider/fresh-onboarding": "gitignore",
    "aider/dialog-trust-worktree": "gitignore",
    "aider/dialog-attached": "gitignore",
}


@pytest.mark.parametrize("screen", SCREENS, ids=lambda s: s.id)
def test_a_dialog_of_a_first_run_has_its_name_and_no_other_screen_has_one(screen):
    found = dialog_on(screen.text, preset(screen.program))
    if found == "permission":
        assert screen.name.startswith("permission")
    else:
        assert found == NAMES.get(f"{screen.program}/{screen.name}", "")


@pytest.mark.parametrize(
    ("name", "screen", "folder"),
    [
        ("claude", "dialog-trust-folder", "~/w/claude-dlg"),
        ("claude", "dialog-trust-unnumbered", "~/tree"),
        ("codex", "dialog-trust-folder", "~/w/codex-dlg"),
        ("gemini", "dialog-trust-folder", "gemini-dlg"),
    ],
)
def test_the_choice_that_trusts_a_folder_is_known_only_where_the_whole_dialog_is_as_it_was_recorded(
    name, screen, folder
):
    (shown,) = (s for s in SCREENS if s.id == f"{name}/{screen}.120x40")
    asked, prompt = permission_request_on(shown.text, preset(name))
    assert asked == folder
    assert not any(prompt.keys(option) for option in Option)
    offered = dialog_offered(shown.text, preset(name))
    wanted = offered.choice_of_text(prompt.trust_choice)
    assert "rust" in wanted.text
    assert in_order("trust", offered)[0] == wanted, "a human is offered it first"
    for choice in offered.choices:
        other = shown.text.replace(choice.text, "Something else")
        assert other != shown.text
        assert permission_request_on(other, preset(name)) is None or (choice != wanted and name == "codex")


MARKS = "❯›●"


@pytest.mark.parametrize("screen", ["dialog-trust-folder", "dialog-trust-unnumbered"])
@pytest.mark.parametrize("name", ["claude", "codex", "gemini"])
def test_the_choice_that_trusts_a_folder_is_known_whichever_row_is_selected(name, screen):
    for shown in (s for s in SCREENS if s.id == f"{name}/{screen}.120x40"):
        before = dialog_offered(shown.text, preset(name))
        mark = next(mark for mark in MARKS if f"{mark} " in shown.text)
        unmarked = shown.text.replace(f"{mark} ", "  ")
        for choice in before.choices:
            row = next(line for line in unmarked.splitlines() if choice.text in line)
            place = len(row) - len(row.lstrip(" │"))
            text = unmarked.replace(row, row[: place - 2] + mark + row[place - 1 :])
            offered = dialog_offered(text, preset(name))
            assert (offered.mark, offered.choices[offered.selected].word) == (before.mark, choice.word)
            assert permission_request_on(text, preset(name)) == permission_request_on(shown.text, preset(name))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("❯ 1. Yes", "  1. Yes"),
        ("2. Yes, and always", "2. Yes, whatever"),
        ("   echo hi > out.txt && cat out.txt\n", "   echo hi > out.txt && cat out.txt\n   rm -rf .\n"),
        ("Do you want to proceed?", "Delete everything?"),
    ],
)
def test_a_prompt_that_differs_in_any_part_is_left_to_a_human(old, new):
    (screen,) = (s for s in SCREENS if s.id == "claude/permission-shell.120x40")
    assert old in screen.text
    changed = screen.text.replace(old, new)
    assert permission_request_on(changed, preset("claude")) is None
    assert classify(changed, screen.title, preset("claude"))[0] is AgentState.DIALOG


@pytest.mark.parametrize(
    ("name", "error", "answer", "prompt"),
    [
        ("claude", "● Please run /login · API Error: 401 no", "❯ Go on.\n\n● Done.", "❯ "),
        ("codex", "■ unexpected status 401 Unauthorized: no", "› Go on.\n\n• Done.", "› Ask Codex to do anything"),
        ("gemini", "✕ [API Error: 401 no]", " > Go on.\n\n✦ Done.", " >   Type your message or @path/to/file"),
    ],
)
def test_an_error_that_stands_above_a_later_answer_is_over(name, error, answer, prompt):
    chosen = preset(name)
    assert classify(f"{error}\n\n{prompt}\n", "", chosen)[0] is AgentState.ERROR
    assert classify(f"{error}\n\n{answer}\n\n{prompt}\n", "", chosen)[0] is AgentState.IDLE
    assert classify(f"{answer}\n\n{error}\n\n{prompt}\n", "", chosen)[0] is AgentState.ERROR


def test_a_question_of_aider_that_was_answered_is_no_dialog_any_more():
    asked = "Add .aider* to .gitignore (recommended)? (Y)es/(N)o [Yes]:"
    assert classify(asked, "", preset("aider"))[0] is AgentState.DIALOG
    assert dialog_on(asked, preset("aider")) == "gitignore"
    answered = f"{asked}\nAdded .aider* to .gitignore\nAider v0.86.2\ndiff> "
    assert classify(answered, "", preset("aider"))[0] is AgentState.IDLE
    assert dialog_on(answered, preset("aider")) == ""


@pytest.mark.parametrize("size", ["120x40", "80x24"])
def test_a_turn_whose_end_is_told_while_it_shows_its_failure_has_failed(size):
    (screen,) = (s for s in SCREENS if s.id == f"gemini/error-cut-calling-hook.{size}")
    chosen, at = preset("gemini-key"), Moment(1_700_000_000_000)
    readings = (
        *readings_from_hook(Signal(at, "stop")),
        *readings_from_screen(read_screen(screen.text, screen.title, chosen), at),
    )
    assert judge(readings, ready_seen=True, now=at)[0] is AgentState.ERROR
