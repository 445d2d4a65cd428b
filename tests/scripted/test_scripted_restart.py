"""Killed at any instant and started again with the same brief, the agent ends in the same tree."""

from __future__ import annotations

import random
import time

import pytest
from scripted_stand import git

WORK = """
[[turn]]
[[turn.step]]
write = "lib/a.py"
text = "one\\ntwo\\n"
[[turn.step]]
commit = "Add a"
[[turn.step]]
replace = "lib/a.py"
old = "two"
new = "two and a half"
[[turn.step]]
append = "README.md"
text = "More words.\\n"
[[turn.step]]
run = "echo $((6 * 7)) > answer.txt"
[[turn.step]]
commit = "Change a, and answer"
[[turn.step]]
write = "lib/b.py"
text = "b\\n"
[[turn.step]]
delete = "lib/a.py"
[[turn.step]]
commit = "Move a to b"
[[turn.step]]
handoff = "DONE"
"""
KILLS = 10
TURN_SECONDS = 0.7
ASK = """
[[turn]]
[[turn.step]]
write = "a"
text = "begun"
[[turn.step]]
ask = "Which word?"
name = "word"
[[turn.step]]
write = "a"
text = "{answer:word}"
[[turn.step]]
commit = "Use the word"
[[turn.step]]
handoff = "DONE"
"""


def tree(repo):
    assert git(repo, "status", "--porcelain") == ""
    return git(repo, "ls-tree", "-r", "HEAD"), git(repo, "log", "--format=%s")


def undisturbed(start, fake, repo):
    begin = git(repo, "rev-parse", "HEAD")
    terminal = start(WORK)
    terminal.until(lambda: fake.calls("handoff"))
    terminal.close()
    found = tree(repo)
    git(repo, "reset", "-q", "--hard", begin)
    return found


@pytest.mark.each(2)
@pytest.mark.parametrize("seed", [1, 2])
def test_kills_at_random_instants_change_nothing(start, fake, repo, seed):
    expected = undisturbed(start, fake, repo)
    chance = random.Random(seed)
    for _ in range(KILLS // 2):
        terminal = start(WORK)
        until = time.monotonic() + chance.uniform(0.1, TURN_SECONDS)
        terminal.until(lambda until=until: time.monotonic() > until)
        terminal.kill()
    handed_in = len(fake.calls("handoff"))
    start(WORK).until(lambda: len(fake.calls("handoff")) > handed_in)
    assert tree(repo) == expected


@pytest.mark.parametrize("restarted", [False, True])
def test_after_a_question_the_same_attempt_continues(start, fake, repo, restarted):
    terminal = start(ASK)
    terminal.until(lambda: fake.calls("ask") == [["Which word?"]])
    terminal.until_ready(terminal.output.rfind("⠂ working"))
    fake.brief["answers"] = [{"question": "Which word?", "answer": "yes"}]
    fake.save()
    if restarted:
        terminal.kill()
        start(ASK).until(lambda: fake.calls("handoff"))
    else:
        terminal.send("Read .gitorch/inbox/l2-answer.md and do what it says.\r")
        terminal.until(lambda: fake.calls("handoff"))
    assert git(repo, "show", "HEAD:a") == "yes"
    assert len(fake.calls("ask")) == 1


def test_findings_begin_the_next_attempt(start, fake, repo):
    script = """
[[turn]]
attempt = 1
[[turn.step]]
write = "a"
text = "wrong"
[[turn.step]]
commit = "Add a"
[[turn.step]]
handoff = "DONE"

[[turn]]
attempt = 2
[[turn.step]]
replace = "a"
old = "wrong"
new = "right"
[[turn.step]]
commit = "Set a right"
[[turn.step]]
handoff = "DONE"
replies = ["1=fixed:{head}"]
"""
    terminal = start(script)
    terminal.until(lambda: fake.calls("handoff"))
    fake.brief |= {"attempt": 2, "findings": [{"number": 1, "severity": "blocking", "title": "Wrong"}]}
    fake.save()
    terminal.send("Read .gitorch/inbox/l3-findings.md and do what it says.\r")
    terminal.until(lambda: len(fake.calls("handoff")) == 2)
    assert git(repo, "show", "HEAD:a") == "right"
    assert fake.calls("handoff")[1][-1] == f"1=fixed:{git(repo, 'rev-parse', 'HEAD')}"


def test_a_nudge_resumes_the_turn_without_repeating_it(start, fake, repo):
    terminal = start(WORK)
    terminal.until(lambda: fake.calls("handoff"))
    before = tree(repo)
    terminal.send("Read .gitorch/inbox/l9-nudge.md and do what it says.\r")
    terminal.until(lambda: len(fake.calls("handoff")) == 2)
    assert tree(repo) == before
