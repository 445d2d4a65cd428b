"""What stands for the blanks of a preset, and how an argument vector comes together."""

from __future__ import annotations

import json

import pytest

from gitorch.model.ids import PromptId, RunId, SessionId
from gitorch.model.plans.runtime import Preset
from gitorch.model.values import replace
from gitorch.model.work.session import SessionKey
from gitorch.ports.world import Launch, LaunchSandbox
from gitorch.world.terminal.launch import by_file, by_input, command, write_files
from gitorch.world.terminal.template import template_values

PRESET = Preset(
    "p",
    ("prog", "--in", "{cwd}"),
    begin_argv=("--begin", "{conversation}"),
    resume_argv=("resume", "{conversation}"),
    model_argv=("--model", "{model}"),
    one_shot_argv=("-p", "{prompt}"),
    passes=("KEY",),
)


@pytest.fixture
def launch(tmp_path):
    def make(preset=PRESET, **chosen):
        key = SessionKey(RunId("r1"), SessionId(chosen.pop("session", "s1")))
        chosen = {"env": {}, "first_line": "Read it.", "first_prompt": PromptId("p1"), **chosen}
        return Launch(key=key, preset=preset, cwd=tmp_path / "tree", **chosen)

    return make


def folder(tmp_path, session="s1"):
    return tmp_path / "home/sessions/r1" / session


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({}, ("--begin", "@", "Read it.")),
        ({"model": "big"}, ("--begin", "@", "--model", "big", "Read it.")),
        ({"resume": "c-77"}, ("resume", "c-77", "Read it.")),
        ({"resume": "c-77", "preset": replace(PRESET, resumed_prompt="paste")}, ("resume", "c-77")),
        ({"preset": replace(PRESET, resumed_prompt="paste")}, ("--begin", "@", "Read it.")),
        ({"one_shot": True}, ("--begin", "@", "-p", "Read it.")),
        ({"one_shot": True, "model": "big"}, ("--begin", "@", "-p", "Read it.", "--model", "big")),
        ({"first_line": ""}, ("--begin", "@")),
    ],
)
def test_a_command_is_what_the_preset_says_for_this_kind_of_start(launch, tmp_path, chosen, words):
    made = launch(**chosen)
    filled = template_values(made, folder(tmp_path), {})
    told = tuple(filled.fill("{conversation}") if word == "@" else word for word in words)
    assert command(made, filled) == ("prog", "--in", str(tmp_path / "tree"), *told)


def test_a_conversation_s_id_is_the_same_for_each_try_and_another_for_each_session(launch, tmp_path):
    def conversation(session):
        return template_values(launch(session=session), folder(tmp_path, session), {}).fill("{conversation}")

    assert conversation("s1") == conversation("s1")
    assert conversation("s1") != conversation("s2")


def test_only_variables_that_were_let_through_can_be_written_down(launch, tmp_path):
    environ = {"KEY": "sk-0123456789", "SECRET": "no"}
    filled = template_values(launch(env={"MORE": "m"}), folder(tmp_path), environ)
    assert filled.fill("{env.KEY} {env.MORE} {env.SECRET}|{env.GONE|else}") == "sk-0123456789 m |else"
    assert filled.fill("{env.KEY[-4:]} {model|gpt} {env:KEY} {other}") == "6789 gpt {env:KEY} {other}"


def test_what_was_filled_in_is_not_read_again(launch, tmp_path):
    filled = template_values(launch(first_line="say {model} and {env.KEY}"), folder(tmp_path), {"KEY": "k"})
    assert filled.fill("{prompt}") == "say {model} and {env.KEY}"


def test_files_of_the_place_are_kept_and_those_of_the_session_are_written_anew(launch, tmp_path):
    preset = Preset("p", ("p",), files={"{place}/home/conf": "for {cwd}", "hooks.json": '{"a": 1}'})
    for session in ("s1", "s2"):
        made = launch(preset, session=session)
        filled = template_values(made, folder(tmp_path, session), {})
        write_files(made, folder(tmp_path, session), filled)
        assert (folder(tmp_path, session) / "hooks.json").read_text() == '{"a": 1}'
    (kept,) = (tmp_path / "home/places").rglob("conf")
    assert kept.read_text() == f"for {tmp_path / 'tree'}"
    kept.write_text("what the program made of it")
    write_files(made, folder(tmp_path, "s2"), filled)
    assert kept.read_text() == "what the program made of it"


def test_a_one_shot_prompt_goes_in_by_input_where_the_words_have_no_place_for_it(launch):
    assert by_input(launch(Preset("p", ("p",), one_shot_argv=("run",)), one_shot=True))
    assert not by_input(launch(one_shot=True))
    assert not by_input(launch())


@pytest.mark.parametrize(
    ("how", "option", "words"),
    [
        ("argument", "", ("Read it.",)),
        ("option", "-i", ("-i", "Read it.")),
        ("file", "", ("{session}/prompt",)),
        ("file", "--message-file", ("--message-file", "{session}/prompt")),
        ("stdin", "", ()),
        ("paste", "", ()),
    ],
)
def test_a_first_prompt_goes_in_as_the_preset_says(launch, tmp_path, how, option, words):
    chosen = launch(Preset("p", ("p",), first_prompt=how, first_option=option))
    filled = template_values(chosen, folder(tmp_path), {})
    assert command(chosen, filled) == ("p", *(filled.fill(word) for word in words))
    assert (by_input(chosen), by_file(chosen)) == (how == "stdin", how == "file")


def test_a_worktree_s_git_directories_are_found(launch, repo, tmp_path):
    made = repo
    made.git("worktree", "add", "--quiet", str(tmp_path / "tree"), "-b", "work")
    filled = template_values(launch(), folder(tmp_path), {})
    assert filled.fill("{git_dir} {common_dir}") == f"{made.path}/.git/worktrees/tree {made.path}/.git"


SANDBOX = LaunchSandbox("gitorch/auth-7f3a/api", None, network=True, writable=())


@pytest.mark.parametrize(
    ("held", "parts"),
    [
        (None, ["objects", "refs", "logs", "gitorch"]),
        (SANDBOX, ["objects", "refs/heads/gitorch/auth-7f3a", "logs/refs/heads/gitorch/auth-7f3a"]),
        (replace(SANDBOX, branch=""), ["objects"]),
    ],
    ids=["no sandbox", "an author's sandbox", "a reviewer's sandbox"],
)
def test_a_programs_own_sandbox_is_given_only_what_is_writable_around_it(launch, repo, tmp_path, held, parts):
    repo.git("worktree", "add", "--quiet", str(tmp_path / "tree"), "-b", "work")
    filled = template_values(replace(launch(), sandbox=held), folder(tmp_path), {})
    common = f"{repo.path}/.git"
    wanted = [f"{common}/worktrees/tree", *(f"{common}/{part}" for part in parts)]
    assert json.loads(filled.fill("{git_writable}")) == wanted


@pytest.mark.parametrize(
    ("allowed", "rules"),
    [((), ["Bash(git log:*)"]), (('say "hi":*', "make"), ['Bash(say "hi":*)', "Bash(make)", "Bash(git log:*)"])],
)
def test_what_a_run_allows_stands_in_the_program_s_own_settings(launch, tmp_path, allowed, rules):
    settings = '{"allow": [{allowed}"Bash(git log:*)"]}'
    preset = replace(PRESET, allow="Bash({command})", files={"s.json": settings})
    made = launch(preset, allowed=allowed)
    filled = template_values(made, folder(tmp_path), {})
    assert json.loads(filled.fill(settings)) == {"allow": rules}
    without = launch(replace(preset, allow=""), allowed=allowed)
    assert json.loads(template_values(without, folder(tmp_path), {}).fill(settings)) == {"allow": ["Bash(git log:*)"]}
