"""The program at a real terminal: prompts, keys, pastes, titles, hooks."""

from __future__ import annotations

import signal

import pytest
from scripted_stand import BRIEF_LINE, git

HELLO = '[[turn]]\nprompt = "other"\n[[turn.step]]\nsay = "Hello."\n'
LONG = '[[turn]]\n[[turn.step]]\nsay = "Begin."\n[[turn.step]]\nsleep = 30\n'


def prompts(fake):
    return [text for event, text in fake.hooks() if event == "prompt"]


def test_it_boots_to_a_prompt(start):
    terminal = start(prompt="")
    terminal.until_ready()
    assert "\x1b[?2004h" in terminal.output
    assert "\x1b]2;✳ ready\x07" in terminal.output
    assert "Scripted agent" in terminal.shown()


def test_the_first_prompt_is_taken_as_an_argument(start, fake):
    terminal = start(HELLO)
    terminal.until("✳ ready[\\s\\S]*✳ ready")
    shown = terminal.shown()
    assert f"› {BRIEF_LINE}\n" in shown
    assert "✻ Working… (esc to interrupt)" in shown
    assert "⠂ working" in terminal.output
    assert prompts(fake) == [BRIEF_LINE]


def test_hooks_report_every_event_in_order(start, fake):
    terminal = start()
    terminal.until(lambda: "stop" in dict(fake.hooks()))
    terminal.send("\x04")
    assert terminal.until_over() == 0
    assert fake.hooks() == [("session-start", ""), ("prompt", BRIEF_LINE), ("stop", "Done."), ("session-end", "")]


def test_without_signals_no_hook_is_called(start, fake):
    terminal = start(signals=False)
    terminal.until(lambda: fake.calls("handoff"))
    terminal.until_ready(terminal.output.rfind("⠂ working"))
    assert fake.hooks() == []


def test_a_typed_prompt_is_edited_and_submitted(start, fake):
    terminal = start(HELLO, "")
    terminal.until_ready()
    terminal.send("Helllö")
    terminal.until(lambda: terminal.row() == "❯ Helllö")
    terminal.send("\x7f\x7f")
    terminal.until(lambda: terminal.row() == "❯ Hell")
    terminal.send("o\r")
    terminal.until(lambda: prompts(fake) == ["Hello"])
    terminal.until("● Hello\\.")


def test_an_empty_prompt_is_not_submitted(start, fake):
    terminal = start(HELLO, "")
    terminal.until_ready()
    terminal.send("\r  \r\x15go\r")
    terminal.until(lambda: prompts(fake))
    assert prompts(fake) == ["go"]


def test_ctrl_c_clears_the_line_and_ends_on_an_empty_one(start, fake):
    terminal = start("", "")
    terminal.until_ready()
    terminal.send("half a line")
    terminal.until(lambda: terminal.row() == "❯ half a line")
    terminal.send("\x03")
    terminal.until(lambda: terminal.row() == "❯ ")
    terminal.send("\x03")
    assert terminal.until_over() == 0
    assert "\x1b[?2004l" in terminal.output
    assert prompts(fake) == []


@pytest.mark.parametrize("words", ["/exit\r", "/quit\r", "\x04"])
def test_it_ends_when_it_is_told_to(start, fake, words):
    terminal = start(HELLO, "")
    terminal.until_ready()
    terminal.send(words)
    assert terminal.until_over() == 0
    assert prompts(fake) == []


def test_a_paste_of_many_lines_arrives_exactly_and_once(start, fake):
    text = "Zeile 1\n\n\tdef größe(): return '你好 🚀'\n  e\u0301nde  "
    terminal = start(HELLO, "")
    terminal.until_ready()
    terminal.paste(text)
    terminal.until(lambda: "⏎" in terminal.row())
    terminal.send("\r")
    terminal.until(lambda: prompts(fake))
    assert prompts(fake) == [text]


def test_a_large_paste_arrives_exactly(start, fake):
    text = "\n".join(f"line {number} äöü" for number in range(3000))
    terminal = start(HELLO, "")
    terminal.until_ready()
    for begin in range(0, len(text) + 1, 2000):
        part = text[begin : begin + 2000]
        terminal.send(("\x1b[200~" if begin == 0 else "") + part)
        terminal._read(0)
    terminal.send("\x1b[201~\r")
    terminal.until(lambda: prompts(fake))
    assert prompts(fake) == [text]


def test_the_row_is_redrawn_when_the_terminal_is_resized(start):
    terminal = start("", "")
    terminal.until_ready()
    terminal.send("a" * 90)
    terminal.until(lambda: terminal.row() == "❯ " + "a" * 90)
    terminal.resize(40)
    terminal.until(lambda: terminal.row() == "❯ …" + "a" * 36)
    terminal.resize(100)
    terminal.until(lambda: terminal.row() == "❯ " + "a" * 90)


@pytest.mark.parametrize("key", ["\x03", "\x1b"])
def test_a_turn_can_be_interrupted(start, fake, key):
    terminal = start(LONG)
    terminal.until("Begin\\.")
    terminal.send(key)
    terminal.until("Interrupted\\.")
    terminal.until(lambda: ("stop", "Interrupted.") in fake.hooks())


def test_a_running_command_can_be_interrupted(start, repo):
    terminal = start('[[turn]]\n[[turn.step]]\nrun = "touch begun; sleep 30; touch ended"\n')
    terminal.until((repo / "begun").exists)
    terminal.send("\x03")
    terminal.until("Interrupted\\.")
    assert not (repo / "ended").exists()


def test_input_during_a_turn_becomes_the_next_prompt(start, fake):
    script = '[[turn]]\n[[turn.step]]\nsay = "Begin."\n[[turn.step]]\nsleep = 0.4\n' + HELLO
    terminal = start(script)
    terminal.until("Begin\\.")
    terminal.send("next\r")
    terminal.until(lambda: len(prompts(fake)) == 2)
    assert prompts(fake) == [BRIEF_LINE, "next"]
    assert [event for event, _ in fake.hooks()].index("stop") < fake.hooks().index(("prompt", "next"))


def test_a_clearance_is_shown_without_a_turn(start, fake, repo):
    inbox = repo / ".gitorch" / "inbox"
    inbox.mkdir()
    (inbox / "l4-cleared.md").write_text("# Cleared\n\nAPPROVED api at 1234\n\nWait.\n")
    terminal = start("", "Read .gitorch/inbox/l4-cleared.md and do what it says.")
    terminal.until("● APPROVED api at 1234")
    since = len(terminal.output)
    terminal.send("APPROVED api at 5678\r")
    terminal.until("● APPROVED api at 5678", since)
    terminal.until_ready(since)
    assert fake.calls("brief") == []


def test_a_prompt_that_names_no_file_changes_nothing(start, fake, repo):
    terminal = start("", "What are you doing?")
    terminal.until("● What are you doing\\?")
    assert fake.calls("brief") == []
    assert git(repo, "log", "--format=%s") == "Begin"


def test_a_broken_script_ends_it_before_its_prompt(start):
    terminal = start("[[turn]]\n[[turn.step]]\nfly = 1\n")
    assert terminal.until_over() == 2
    assert "turn 1, step 1: unknown step 'fly'" in terminal.output
    assert "❯" not in terminal.output


def test_a_missing_script_ends_it_before_its_prompt(start):
    terminal = start("", GITORCH_SCRIPT="/nowhere/agents.toml")
    assert terminal.until_over() == 2
    assert "/nowhere/agents.toml" in terminal.output


def test_no_script_at_all_means_the_default(start, fake):
    terminal = start("", GITORCH_SCRIPT="")
    terminal.until(lambda: fake.calls("handoff"))


def test_an_unavailable_brief_is_an_error_and_then_a_prompt(start, fake):
    fake.replies["brief"] = [(5, "this token is not of a living session")]
    fake.save()
    terminal = start()
    terminal.until("■ gitorch brief: this token is not of a living session")
    terminal.until(lambda: "error" in dict(fake.hooks()))
    terminal.until_ready(terminal.output.index("■"))


def test_a_missing_gitorch_is_an_error_and_then_a_prompt(start):
    terminal = start(PATH="/usr/bin:/bin", signals=False)
    terminal.until("■ gitorch brief: gitorch is not on PATH")


def test_a_busy_gitorch_is_called_again(start, fake):
    fake.replies["handoff"] = [(9, "busy"), (9, "busy"), (0, "recorded")]
    fake.save()
    terminal = start()
    terminal.until("⎿ recorded")
    assert len(fake.calls("handoff")) == 3


def test_sigterm_restores_the_terminal(start, fake):
    terminal = start("", "")
    terminal.until_ready()
    terminal.kill(signal.SIGTERM)
    assert terminal.status == 128 + signal.SIGTERM
    assert "\x1b[?2004l" in terminal.output
    assert fake.hooks()[-1] == ("session-end", "")


def test_the_output_of_a_command_cannot_move_the_cursor(start):
    terminal = start("[[turn]]\n[[turn.step]]\nrun = 'printf \"a\\033[2J\\033[1;31mred\\007\\r\"'\n")
    terminal.until("⎿ ared\r\n    exit 0")
    assert "\x1b[2J" not in terminal.output


def test_a_worktree_that_cannot_be_written_is_an_error_and_then_a_prompt(start, repo):
    (repo / ".gitorch" / "scripted").write_text("in the way")
    terminal = start()
    terminal.until("■ .*File exists")
    terminal.until_ready(terminal.output.index("■"))
