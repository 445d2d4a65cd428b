"""The page about the scripted agent is true: its example runs as shown, and it names every step."""

from __future__ import annotations

import re

from scripted_stand import BRIEF_LINE, ROOT, git

from gitorch.scripted.catalogue import ACTS
from gitorch.scripted.script import PROMPTS, SELECTORS

PAGE = (ROOT / "docs" / "scripted-agent.md").read_text(encoding="utf-8")


def block(name):
    found = re.search(rf"<!-- example: {name} -->\n```\w+\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_example_shows_what_the_page_shows(start, fake, repo):
    fake.brief |= {"job": "greeting", "title": "Greet people"}
    fake.save()
    terminal = start(block("script"))
    expected = "".join(".*" if part == "..." else re.escape(part) for part in re.split(r"(\.\.\.)", block("screen")))
    terminal.until(lambda: re.search(expected, terminal.shown().replace("✻ Working… (esc to interrupt)", "")))
    terminal.until(lambda: "stop" in dict(fake.hooks()))
    assert BRIEF_LINE in block("screen")


def test_the_example_answers_findings_in_its_second_turn(start, fake, repo):
    fake.brief |= {"job": "greeting"}
    fake.save()
    terminal = start(block("script"))
    terminal.until(lambda: fake.calls("handoff"))
    fake.brief |= {"attempt": 2, "findings": [{"number": 1, "severity": "minor", "title": "Blanks"}]}
    fake.save()
    terminal.send("Read .gitorch/inbox/l3-findings.md and do what it says.\r")
    terminal.until(lambda: len(fake.calls("handoff")) == 2)
    assert fake.calls("handoff")[1][-1] == f"1=fixed:{git(repo, 'rev-parse', 'HEAD')}"
    assert "name.strip()" in git(repo, "show", "HEAD:greeting.py")


def test_every_step_option_and_selector_is_on_the_page():
    words = set(re.findall(r"`([\w ]+)`", PAGE))
    named = words | {word for phrase in words for word in phrase.split()}
    options = {option for act in ACTS.values() for option in act.options}
    assert {*ACTS, *SELECTORS, *PROMPTS, *options} - named == set()


def test_the_steps_that_may_stand_in_a_boot_are_those_that_the_page_names():
    assert {name for name, act in ACTS.items() if act.boot} == {
        *("say", "sleep", "boot_delay", "boot_exit", "no_prompt", "dialog", "crash", "hang", "flood"),
        *("ignore_enter", "early_enter", "drop_paste", "slow_typing"),
    }
