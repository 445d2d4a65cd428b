"""Every misbehaviour does what its name says, and nothing else."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import time
from pathlib import Path

import pytest
from scripted_stand import NONCE, git

from gitorch.scripted.context import TurnOver
from gitorch.scripted.faults import FAULTS, WRONG_NONCE

HELLO = '[[turn]]\nprompt = "other"\n[[turn.step]]\nsay = "Hello."\n'


def turn(*steps):
    return "[[turn]]\n" + "".join(f"[[turn.step]]\n{step}\n" for step in steps)


def boot(*steps):
    return "[[boot]]\n" + "".join(f"[[boot.step]]\n{step}\n" for step in steps)


def prompts(fake):
    return [text for event, text in fake.hooks() if event == "prompt"]


def dialogs(repo):
    path = repo / ".gitorch/scripted/dialog.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_boot_delay_holds_the_prompt_back(start):
    began = time.monotonic()
    terminal = start(boot("boot_delay = 0.5"), "")
    terminal.until_ready()
    assert time.monotonic() - began >= 0.5


def test_boot_exit_ends_it_before_the_prompt(start):
    terminal = start(boot("boot_exit = 3"))
    assert terminal.until_over() == 3
    assert "❯" not in terminal.output


def test_no_prompt_never_shows_one(start, fake):
    terminal = start(boot('say = "Booting."', "no_prompt = true"))
    terminal.until("Booting\\.")
    terminal.send("hello\r")
    terminal.until(lambda: "hello" not in terminal.output)
    assert "❯" not in terminal.output
    assert fake.hooks() == []


def test_a_boot_is_for_the_jobs_it_names(start):
    terminal = start('[[boot]]\njob = "other"\n[[boot.step]]\nboot_exit = 3\n', "")
    terminal.until("✳ ready")


@pytest.mark.parametrize("key", ["\r", "1", "y"])
def test_a_dialog_waits_for_a_key_and_disappears(start, fake, repo, key):
    terminal = start(turn('dialog = "permission"\ntext = "rm -rf build"', 'say = "Going on."'))
    terminal.until("Esc to cancel")
    assert "✋ action required" in terminal.output
    terminal.until(lambda: ("permission", "Allow this command? rm -rf build") in fake.hooks())
    terminal.send(key)
    terminal.until("Going on\\.")
    assert re.search(r"\x1b\[8A\r\x1b\[J", terminal.output)
    assert [record.get("typed") for record in dialogs(repo)] == [None]


def test_a_dialog_records_what_somebody_typed_into_it(start, repo):
    terminal = start(turn('dialog = "permission"', 'say = "Going on."'))
    terminal.until("Esc to cancel")
    terminal.paste("Read the findings")
    terminal.until(lambda: dialogs(repo))
    terminal.send("escape")  # a word, not the key
    terminal.until(lambda: len(dialogs(repo)) == 2)
    terminal.send("\r")
    terminal.until("Going on\\.")
    assert [record.get("typed") for record in dialogs(repo)] == ["Read the findings", "escape", None]


def test_a_refused_dialog_ends_the_turn(start):
    terminal = start(turn('dialog = "permission"', 'say = "Going on."'))
    terminal.until("Esc to cancel")
    terminal.send("\x1b")
    terminal.until("Not allowed\\.")
    assert "Going on" not in terminal.output


@pytest.mark.parametrize("down", ["\x1b[B", "\x1bOB"])
def test_the_arrows_select_the_choice_of_a_dialog(start, repo, down):
    terminal = start(turn('dialog = "permission"', 'say = "Going on."'))
    terminal.until("❯ 1\\. Yes, this once")
    terminal.send(down)
    terminal.until("❯ 2\\. No, do something else")
    terminal.send("\r")
    terminal.until("Not allowed\\.")
    assert [record["key"] for record in dialogs(repo)] == ["down", "enter"]


def test_a_selection_can_be_taken_back(start):
    terminal = start(turn('dialog = "permission"', 'say = "Going on."'))
    terminal.until("Esc to cancel")
    terminal.send("\x1b[B")
    terminal.until("❯ 2\\.")
    terminal.send("\x1b[A\r")
    terminal.until("Going on\\.")


@pytest.mark.parametrize("kind", ["theme", "update", "key", "permission"])
def test_a_program_begins_whatever_is_chosen_in_a_dialog_at_its_start(start, kind):
    terminal = start(boot(f'dialog = "{kind}"'))
    terminal.until("Esc to cancel")
    assert "✳ ready" not in terminal.output
    terminal.send("2")
    terminal.until("✳ ready")


def test_a_refused_trust_dialog_ends_the_program(start):
    terminal = start(boot('dialog = "trust"'))
    terminal.until("Do you trust the files")
    assert "✳ ready" not in terminal.output
    terminal.send("n")
    assert terminal.until_over() == 1


@pytest.mark.parametrize(
    ("end", "status"), [("7", 7), ("0", 0), ('"KILL"', -signal.SIGKILL), ('"SEGV"', -signal.SIGSEGV)]
)
def test_a_crash_is_instant_and_silent(start, fake, end, status):
    terminal = start(turn(f"crash = {end}"))
    assert terminal.until_over() == status
    assert [event for event, _ in fake.hooks()] == ["session-start", "prompt"]


def test_a_crash_once_lets_the_restarted_agent_finish(start, fake, repo):
    script = turn('write = "a"\ntext = "a"', 'commit = "A"', "crash = 1\nonce = true", 'handoff = "DONE"')
    assert start(script).until_over() == 1
    assert fake.calls("handoff") == []
    start(script).until(lambda: fake.calls("handoff"))
    assert git(repo, "log", "--format=%s").splitlines() == ["A", "Begin"]


def test_hang_ignores_keys_and_prints_nothing(start, fake):
    terminal = start(turn('say = "Now."', "hang = 0.6", 'say = "Back."'))
    terminal.until("Now\\.")
    since = len(terminal.output)
    terminal.send("\x03x")
    began = time.monotonic()
    terminal.until(lambda: len(terminal.output) > since)
    assert time.monotonic() - began > 0.3
    terminal.until("Back\\.|Interrupted\\.", since)


def test_flood_prints_the_given_number_of_lines(start):
    terminal = start(turn("flood = 5000", 'say = "Over."'))
    terminal.until("Over\\.")
    assert len(re.findall("quick brown fox", terminal.output)) == 5000


def test_limit_shows_when_it_ends_and_the_turn_continues(start):
    terminal = start(turn("limit = 0.3", 'say = "Going on."'))
    terminal.until("⏳ Usage limit reached; resets in 0\\.3 s")
    terminal.until("Going on\\.")


def test_used_up_shows_above_an_ordinary_prompt_and_calls_the_error_hook(start, fake):
    terminal = start(turn("used_up = 30", 'say = "Not reached."'))
    terminal.until("⏳ Usage limit reached; resets in 30 s")
    terminal.until(lambda: ("error", "⏳ Usage limit reached; resets in 30 s") in fake.hooks())
    terminal.until_ready(terminal.output.index("⏳"))
    assert "■" not in terminal.output
    assert "Not reached." not in terminal.output


def test_hoard_keeps_memory_in_its_own_process_and_the_turn_continues(start):
    terminal = start(turn("hoard = 1", 'say = "Going on."'))
    terminal.until("Going on\\.")
    terminal.until(lambda: hoarders(terminal))
    for pid in hoarders(terminal):
        os.kill(pid, signal.SIGKILL)


def hoarders(terminal):
    """What this terminal's agent has started to hold memory."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == terminal.pid and b"bytearray(1 << 20)" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


def test_storm_fails_the_given_number_of_requests(start, fake):
    terminal = start(turn("storm = 3", 'say = "Going on."'))
    terminal.until("Going on\\.")
    assert [text for event, text in fake.hooks() if event == "error"] == [f"request {n} failed" for n in range(3)]


def test_error_shows_above_an_ordinary_prompt(start, fake):
    terminal = start(turn('error = "API Error: 529"'))
    terminal.until("■ API Error: 529")
    terminal.until(lambda: ("error", "API Error: 529") in fake.hooks())
    terminal.until_ready(terminal.output.index("■"))


def test_ignore_enter_swallows_the_given_number_of_enters(start, fake):
    terminal = start(boot("ignore_enter = 2") + HELLO, "")
    terminal.until_ready()
    terminal.send("go\r")
    terminal.send("\r")
    terminal.until(lambda: terminal.row() == "❯ go")
    assert prompts(fake) == []
    terminal.send("\r")
    terminal.until(lambda: prompts(fake) == ["go"])


def test_early_enter_swallows_a_key_that_comes_too_soon(start, fake):
    terminal = start(boot("early_enter = 600") + HELLO, "")
    terminal.until_ready()
    terminal.paste("go")
    terminal.send("\r")
    terminal.send("!")
    terminal.until(lambda: terminal.row() == "❯ go!")  # so the key before it was read
    assert prompts(fake) == []


def test_early_enter_takes_a_key_that_comes_in_time(start, fake):
    terminal = start(boot("early_enter = 0.05") + HELLO, "")
    terminal.until_ready()
    terminal.paste("go")
    terminal.until(lambda: terminal.row() == "❯ go")
    pasted = time.monotonic()
    terminal.until(lambda: time.monotonic() - pasted > 0.1)
    terminal.send("\r")
    terminal.until(lambda: prompts(fake) == ["go"])


def test_drop_paste_loses_the_given_number_of_pastes(start, fake):
    terminal = start(boot("drop_paste = 1") + HELLO, "")
    terminal.until_ready()
    terminal.paste("first")
    terminal.send("\r")
    terminal.paste("second")
    terminal.send("\r")
    terminal.until(lambda: prompts(fake))
    assert prompts(fake) == ["second"]


def test_slow_typing_shows_keys_late(start):
    terminal = start(boot("slow_typing = 0.4") + HELLO, "")
    terminal.until_ready()
    began = time.monotonic()
    terminal.send("a")
    terminal.until(lambda: terminal.row() == "❯ a")
    assert time.monotonic() - began >= 0.4


def test_leave_uncommitted_leaves_a_file(play, repo):
    play('{leave_uncommitted = "left.txt"}')
    assert git(repo, "status", "--porcelain") == "?? left.txt"


def test_lie_about_tests_claims_without_running(play, fake, repo):
    play('{lie_about_tests = "412 passed"}')
    assert fake.calls("handoff")[0][-2:] == ["--tests", "412 passed"]
    assert not (repo / ".gitorch/scripted/run.log").exists()


def test_second_report_reports_again_and_survives_the_refusal(play, fake):
    fake.replies["handoff"] = [(0, "ok"), (4, "handed in already")]
    play('{handoff = "DONE"}\n{second_report = "DONE"}\n{say = "still here"}')
    assert len(fake.calls("handoff")) == 2


def test_bad_status_uses_a_word_that_does_not_exist(play, fake):
    fake.replies["handoff"] = [(2, "not a status")]
    play('{bad_status = "FINISHED"}')
    assert fake.calls("handoff")[0][0] == "FINISHED"


def test_commit_after_report_moves_the_branch_once(play, fake, repo):
    steps = '{handoff = "DONE"}\n{commit_after_report = "One more"}'
    play(steps)
    play(steps)
    assert git(repo, "log", "--format=%s").splitlines() == ["One more", "Begin"]
    assert git(repo, "status", "--porcelain") == ""


def test_wrong_scope_commits_the_file_of_another(play, repo):
    play('{wrong_scope = "other/theirs.py"}')
    assert git(repo, "show", "--name-only", "--format=%s").split() == ["Change", "other/theirs.py", "other/theirs.py"]


def test_wrong_job_reports_for_another(play, fake):
    play('{wrong_job = "other"}')
    assert fake.calls("handoff")[0][-2:] == ["--job", "other"]


def test_stale_verdict_names_the_commit_before(play, fake, repo):
    base = git(repo, "rev-parse", "HEAD")
    play('{write = "a", text = "a"}\n{commit = "A"}')
    fake.brief |= {"kind": "review", "commit": git(repo, "rev-parse", "HEAD")}
    play('{stale_verdict = "accept"}')
    assert fake.calls("verdict")[0][:5] == ["accept", "--commit", base, "--nonce", NONCE]


def test_bad_nonce_is_not_the_briefs(play, fake, repo):
    fake.brief |= {"kind": "review", "commit": git(repo, "rev-parse", "HEAD")}
    play('{bad_nonce = "accept"}')
    assert fake.calls("verdict")[0][:5] == ["accept", "--commit", fake.brief["commit"], "--nonce", WRONG_NONCE]


def test_judge_own_work_gives_a_verdict_as_an_implementer(play, fake, repo):
    play('{judge_own_work = "accept"}')
    assert fake.calls("verdict")[0][:3] == ["accept", "--commit", git(repo, "rev-parse", "HEAD")]


def test_prose_verdict_only_talks(start, fake):
    terminal = start(turn('prose_verdict = "Looks good to me, approved!"'))
    terminal.until("● Looks good to me, approved!")
    terminal.until_ready(terminal.output.rfind("⠂ working"))
    assert fake.calls("verdict") == []


def test_try_approve_shows_the_result(start, fake):
    fake.replies["approve"] = [(5, "an agent may not approve")]
    fake.save()
    terminal = start(turn('try_approve = "--yes run-1"'))
    terminal.until("⎿ exit 5: an agent may not approve")
    assert fake.calls("approve") == [["--yes", "run-1"]]


def test_a_refused_verdict_ends_the_turn(play, fake):
    fake.replies["verdict"] = [(4, "the nonce is of another brief")]
    with pytest.raises(TurnOver):
        play('{verdict = "accept"}')


def test_each_misbehaviour_has_a_test_here():
    text = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in FAULTS if f"{name} = " not in text] == []
