"""Completion in shells, help by name, and words that people try."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from click.shell_completion import ShellComplete

from gitorch.app.query import lookup, names
from gitorch.cli.group import gitorch
from gitorch.verbs.synonyms import SYNONYMS
from gitorch.verbs.table import TABLE, VERBS

if TYPE_CHECKING:
    from cli_stage import Stage


def proposed(stage: Stage, *words: str, begun: str = "") -> list[str]:
    """What a shell proposes after these words."""
    found = ShellComplete(gitorch, {"obj": stage.call()}, "gitorch", "_GITORCH_COMPLETE")
    return [item.value for item in found.get_completions(list(words), begun)]


@pytest.fixture
def asked(stage):
    return stage.begin_run().launch("api").submit_handoff("api", "NEEDS_CONTEXT", questions=("Which name?",))


@pytest.mark.parametrize(
    ("words", "begun", "among"),
    [
        ((), "sta", {"start", "status"}),
        (("session",), "", {"create", "launch", "list", "attach", "peek", "send", "restart", "stop"}),
        (("why",), "", {"api", "ui", "q1", "s1", "auth-7f3a"}),
        (("answer",), "", {"q1"}),
        (("status",), "au", {"auth-7f3a"}),
        (("report", "--run"), "", {"auth-7f3a"}),
        (("log",), "", {"auth-7f3a"}),
        (("claim",), "u", {"ui", "ui.spec"}),
        (("handoff",), "DONE", {"DONE", "DONE_WITH_CONCERNS"}),
        (("verdict",), "acc", {"accept", "accept_with_findings"}),
        (("skills", "install", "--profile"), "g", {"gemini", "generic"}),
        (("help",), "ver", {"verify", "verdict"}),
        (("completion",), "", {"bash", "zsh", "fish"}),
        (("status",), "-", {"--watch", "--all", "--json", "-C", "--repo", "-h", "--help"}),
    ],
)
def test_a_shell_proposes_verbs_options_words_and_ids(asked, words, begun, among):
    found = set(proposed(asked, *words, begun=begun))
    assert among <= found
    assert all(one.startswith(begun) for one in found)


def test_nothing_is_proposed_where_the_repository_cannot_say(asked, monkeypatch):
    monkeypatch.setattr(lookup, "active_runs", lambda _: 1 / 0)
    monkeypatch.setattr(names, "active_runs", lambda _: 1 / 0)
    assert proposed(asked, "why") == []


def test_files_are_left_to_the_shell(stage):
    found = ShellComplete(gitorch, {"obj": stage.call()}, "gitorch", "_GITORCH_COMPLETE")
    [item] = found.get_completions(["check"], "pl")
    assert (item.value, item.type) == ("pl", "file")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_asks_gitorch(stage, shell):
    script = stage.gitorch("completion", shell).out
    assert f"_GITORCH_COMPLETE={shell}_complete" in script
    if shutil.which(shell):
        subprocess.run((shell, "-n"), input=script, text=True, check=True)


def test_bash_completes_with_the_script(tmp_path):
    gitorch_here = Path(sys.executable).parent / "gitorch"
    ask = "COMP_WORDS=(gitorch verdict acc) COMP_CWORD=2; _gitorch_completion gitorch; echo ${COMPREPLY[*]}"
    env = {**os.environ, "PATH": f"{gitorch_here.parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ("bash", "-c", f'eval "$(gitorch completion bash)"; {ask}'),
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout.split(), done.stderr) == (["accept", "accept_with_findings"], "")


def test_an_unknown_shell_is_refused_with_the_known_ones(stage):
    answer = stage.gitorch("completion", "tcsh")
    assert (answer.status, "bash, zsh, fish" in answer.err) == (2, True)


@pytest.mark.parametrize("name", TABLE)
def test_help_shows_the_page_of_a_verb(stage, name):
    answer = stage.gitorch("help", *name.split())
    assert answer.status == 0
    assert answer.out.startswith(f"Usage: gitorch {name} ")
    assert TABLE[name].summary.split()[0] in answer.out


def test_help_alone_lists_the_verbs_and_an_unknown_one_is_not_found(stage):
    assert stage.gitorch("help").out.splitlines()[-1] == stage.gitorch("--help").out.splitlines()[-1]
    assert json.loads(stage.gitorch("help", "why", "--json").out)["text"].startswith("Usage: gitorch why")
    assert stage.gitorch("help", "nothing").status == 3


@pytest.mark.parametrize("word", SYNONYMS)
def test_a_word_that_people_try_leads_to_a_verb(stage, word):
    assert word not in VERBS
    answer = stage.gitorch(word)
    meant = SYNONYMS[word]
    assert answer.status == 2
    assert f"gitorch has no verb '{word}'; {meant} does this: {VERBS[meant].summary}" in answer.err
    assert f"try: gitorch {meant} --help" in answer.err


def test_completion_costs_a_call_of_any_other_verb_nothing():
    assert isinstance(gitorch, click.Group)
    modules = subprocess.run(
        (sys.executable, "-c", "import sys, gitorch.cli.verbs.status; print(*sys.modules)"),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert "gitorch.cli.completing" not in modules
