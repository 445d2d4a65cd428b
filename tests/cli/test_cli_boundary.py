"""Errors become exit statuses in one place, for people and for programs."""

from __future__ import annotations

import errno
import json
import re
import stat
from pathlib import Path

import pytest

from gitorch import errors
from gitorch.errors import Malformed, Problem

CLASSES = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, errors.GitorchError)]
EXPECTED = [c for c in CLASSES if c is not errors.GitorchError]


@pytest.mark.parametrize("cls", EXPECTED)
def test_an_expected_error_is_one_sentence_a_hint_and_its_status(stage, cls):
    stage.broken = cls("nothing works", hint="gitorch doctor")
    answer = stage.gitorch("status")
    assert (answer.status, answer.out) == (cls.exit_status, "")
    assert answer.err == "gitorch: nothing works\n  try: gitorch doctor\n"


@pytest.mark.parametrize("cls", EXPECTED)
def test_json_errors_go_to_standard_output(stage, cls):
    stage.broken = cls("nothing works", hint="gitorch doctor")
    answer = stage.gitorch("status", "--json")
    assert (answer.status, answer.err) == (cls.exit_status, "")
    values = json.loads(answer.out)
    assert values["ok"] is False
    assert {k: values["error"][k] for k in ("code", "message", "hint", "where")} == {
        "code": cls.code,
        "message": "nothing works",
        "hint": "gitorch doctor",
        "where": "",
    }


def test_every_problem_of_a_file_is_listed_with_its_place_and_its_fix(stage):
    problems = (Problem("p.md", 3, 1, "no task", "add one"), Problem("p.md", 9, 2, "no gate", ""))
    stage.broken = Malformed("p.md has 2 defects", problems)
    answer = stage.gitorch("status")
    assert answer.err.splitlines() == [
        "gitorch: p.md has 2 defects",
        "p.md:3:1: no task",
        "    fix: add one",
        "p.md:9:2: no gate",
    ]
    error = json.loads(stage.gitorch("--json", "status").out)["error"]
    assert error["where"] == "p.md:3:1"
    assert error["problems"][0] == {
        "path": "p.md",
        "line": 3,
        "column": 1,
        "message": "no task",
        "fix": "add one",
        "where": "p.md:3:1",
    }


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("stat",), "no verb 'stat'; did you mean"),
        (("why",), "Missing argument"),
        (("status", "--wat"), "No such option"),
        (("log", "-n", "x"), "'x' is not a valid integer"),
        (("status", "a", "b"), "unexpected extra argument"),
        (("-C", "nowhere", "status"), "nowhere is not a folder"),
        (("--wat",), "No such option"),
    ],
)
def test_invalid_arguments_are_usage_errors_as_text_and_json(stage, words, expected):
    answer = stage.gitorch(*words)
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.startswith("gitorch: ")
    assert expected in answer.err
    answer = stage.gitorch(*words, "--json")
    assert answer.status == 2
    assert json.loads(answer.out)["error"]["code"] == "usage"
    assert stage.services_opened == 0


def test_the_hint_of_a_misused_verb_is_its_help(stage):
    assert "  try: gitorch log --help\n" in stage.gitorch("log", "--wat").err


def test_an_interrupt_ends_with_130_as_text_and_json(stage):
    stage.broken = KeyboardInterrupt()
    answer = stage.gitorch("status")
    assert (answer.status, answer.out, answer.err.strip()) == (130, "", "gitorch: interrupted")
    assert json.loads(stage.gitorch("status", "--json").out)["error"]["code"] == "interrupted"


@pytest.mark.parametrize(
    ("number", "file", "expected"),
    [
        (errno.EACCES, "a b", "gitorch: a b cannot be opened: you have no permission\n  try: ls -ld 'a b'\n"),
        (errno.EROFS, "x", "gitorch: x lies on a read-only file system\n  try: findmnt -T x\n"),
        (
            errno.ENOSPC,
            None,
            "gitorch: a file of this repository cannot be written: no space is left\n  try: df -h .\n",
        ),
        (errno.EMFILE, None, "gitorch: too many files are open for one more\n  try: ulimit -n\n"),
    ],
)
def test_what_the_operating_system_refuses_is_unavailable(stage, number, file, expected):
    stage.broken = OSError(number, "it said no", file)
    answer = stage.gitorch("status")
    assert (answer.status, answer.err) == (8, expected)


def bug_report(answer) -> Path:
    return Path(re.search(r"report: (\S+)", answer.err)[1])


def test_an_unexpected_error_is_a_bug_with_a_report_and_no_traceback(stage, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    stage.environ = {"GITORCH_TOKEN": "very-secret-token"}
    stage.broken = ZeroDivisionError("very-secret-token by zero")
    answer = stage.gitorch("status")
    assert (answer.status, answer.out) == (70, "")
    assert "Traceback" not in answer.err
    report = bug_report(answer)
    assert report.parent == tmp_path
    text = report.read_text()
    assert "ZeroDivisionError" in text
    assert "Traceback" in text
    assert "click " in text
    assert "gitorch status" in text
    assert "very-secret-token" not in text


def test_a_bug_report_is_private_and_in_the_repository_once_it_is_open(stage):
    stage.begin_run()
    stage.ledger.verify = lambda _now: 1 / 0
    answer = stage.gitorch("verify")
    report = bug_report(answer)
    assert report.parent == stage.folder / ".git" / "gitorch" / "bugs"
    assert stat.S_IMODE(report.stat().st_mode) == 0o600


def test_a_nonce_that_was_typed_is_not_in_a_report(stage, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    stage.broken = ZeroDivisionError("x")
    stage.environ = {"GITORCH_RUN": "auth-7f3a", "GITORCH_TOKEN": "token-token"}
    for nonce in (("--nonce", "hidden-nonce"), ("--nonce=hidden-nonce",)):
        answer = stage.gitorch("verdict", "accept", "--commit", "abc", *nonce)
        text = bug_report(answer).read_text()
        bug_report(answer).unlink()
        assert "gitorch verdict accept" in text
        assert "hidden-nonce" not in text


def test_json_names_the_bug_report(stage, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    stage.broken = ZeroDivisionError("x")
    error = json.loads(stage.gitorch("status", "--json").out)["error"]
    assert error["code"] == "bug"
    assert Path(error["where"]).exists()


def test_text_from_outside_cannot_move_the_cursor_in_a_message(stage):
    stage.broken = errors.Refused("evil \x1b[2J title")
    assert "\x1b" not in stage.gitorch("status").err


def test_the_folder_may_be_named_before_and_after_the_verb(stage):
    (stage.folder / "sub").mkdir()
    for words, path in (
        (("-C", "sub", "check", "p.md"), "sub/p.md"),
        (("check", "p.md", "--repo", "sub"), "sub/p.md"),
        (("-C", "sub", "check", "-C", "..", "p.md"), "sub/../p.md"),
    ):
        assert f"gitorch: {stage.folder / path} cannot be read" in stage.gitorch(*words).err
