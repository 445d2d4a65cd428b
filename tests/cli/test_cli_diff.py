"""`gitorch diff`: what a job changed since its base, or since it was reviewed, and what a run would merge."""

from __future__ import annotations

import json

import pytest
from cli_memory import TARGET, commit

from gitorch.cli.call import Streams
from gitorch.model import commands as c
from gitorch.model.record import Actor, ActorKind
from gitorch.model.work.review import Choice, Finding, Severity


@pytest.fixture
def working(stage):
    return stage.begin_run({"api": ()}).launch("api")


def values(stage, *words):
    return json.loads(stage.gitorch("diff", *words, "--json").out)


def test_the_change_of_a_job_is_that_of_its_branch_since_its_base(working):
    found = values(working, "api")
    assert (found["job"], found["base"]) == ("api", TARGET)
    assert found["stat"]["paths"] == ["a.py", "src/a.py"]
    assert found["patch"].startswith("diff --git a/a.py b/a.py\n")
    out = working.gitorch("diff", "api").out
    assert out == found["patch"]


def test_figures_alone_are_one_line_and_the_files(working):
    head = values(working, "api")["head"]
    out = working.gitorch("diff", "api", "--stat").out
    assert out == f"{TARGET[:12]}..{head[:12]}: 2 files, +198 -0\n  a.py\n  src/a.py\n"
    assert values(working, "api", "--stat")["patch"] == ""


def test_a_review_shows_the_change_of_what_it_reviews(working):
    assert values(working, "api.spec") == {**values(working, "api"), "job": "api.spec"}


def test_before_a_review_there_is_nothing_to_compare_with(working):
    answer = working.gitorch("diff", "api", "--since-review")
    assert (answer.status, "api has nothing to compare yet" in answer.err) == (3, True)


def test_after_a_review_only_what_was_changed_since_is_shown(working):
    working.submit_handoff("api").launch("api.spec")
    session = working.run.jobs["api.spec"].session
    token, finding = working.run.sessions[session].token, Finding(Severity.IMPORTANT, "It is wrong", "a.py", 1)
    verdict = c.GiveVerdict(token, None, "nonce-one", commit("api-1"), Choice.NEEDS_REVISION, (finding,), "no")
    working.do(verdict, Actor(ActorKind.AGENT, "api.spec", "desk", session))
    working.git.tips["gitorch/auth-7f3a/api"] = commit("api-1")
    assert working.gitorch("diff", "api", "--since-review").status == 3
    working.git.tips["gitorch/auth-7f3a/api"] = commit("api-2")
    assert values(working, "api", "--since-review")["base"] == commit("api-1")
    assert values(working, "api")["base"] == TARGET


def test_a_run_without_a_report_names_what_can_be_compared(working):
    answer = working.gitorch("diff")
    assert (answer.status, "try: gitorch list jobs --run auth-7f3a" in answer.err) == (2, True)


def test_lines_are_coloured_at_a_terminal_and_never_cut(working):
    working.streams = Streams(draws=True, columns=20, colours=True)
    out = working.gitorch("diff", "api", colours=True).out
    assert "\x1b[32m+a line\x1b[0m" in out
    assert "diff --git a/src/a.py b/src/a.py" in out


def test_a_difftool_gets_both_sides_of_each_file_and_only_from_a_person(working, monkeypatch):
    shown = []
    monkeypatch.setattr("gitorch.world.difftool.show", lambda *given: shown.append(given[0]))
    assert working.gitorch("diff", "api", "--difftool").status == 2
    working.streams = Streams(asks=True, draws=True, columns=80)
    assert working.gitorch("diff", "api", "--difftool", "--json").status == 2
    assert shown == []
    assert working.gitorch("diff", "api", "--difftool").status == 0
    [files] = shown
    assert list(files) == ["a.py", "src/a.py"]
    assert (files["a.py"][0], files["a.py"][1].count(b"\n")) == (None, 99)
