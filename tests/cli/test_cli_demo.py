"""The demo: the commands that it prints, and the errors that end it."""

from __future__ import annotations

import sys

import pytest

from gitorch.cli.verbs import demo
from gitorch.cli.verbs.demo import program_as_typed
from gitorch.errors import Failed
from gitorch.model.values import replace


@pytest.fixture
def program(tmp_path):
    program = tmp_path / "venv" / "bin" / "gitorch"
    program.parent.mkdir(parents=True)
    program.touch(0o755)
    return program


def test_a_program_that_the_shell_finds_is_called_by_its_name(program):
    assert program_as_typed(str(program), {"PATH": f"/nowhere:{program.parent}"}) == "gitorch"


def test_a_program_that_no_folder_of_the_path_holds_is_called_by_its_own(program):
    assert program_as_typed(str(program), {"PATH": "/nowhere"}) == str(program)


def test_of_two_programs_the_called_one_is_named(program, tmp_path):
    other = tmp_path / "gitorch"
    other.touch(0o755)
    assert program_as_typed(str(program), {"PATH": str(tmp_path)}) == str(program)


def test_a_module_that_was_run_is_called_by_the_usual_name(tmp_path):
    assert program_as_typed(str(tmp_path / "main.py"), {"PATH": ""}) == "gitorch"


@pytest.fixture
def played(stage):
    """The demo on a repository in memory, in which a run has a question."""
    stage.begin_run().launch("api").submit_handoff("api", "NEEDS_CONTEXT", questions=("Which cookie?",))
    return demo.Stage(stage.call(), stage.folder, yes=True)


@pytest.mark.parametrize(
    ("status", "passing", "message"), [(1, True, "fail, but should pass"), (0, False, "pass, but")]
)
def test_the_demo_ends_when_its_tests_have_an_unexpected_result(played, stage, status, passing, message):
    stage.programs.run_shell = lambda *_: (status, "3 tests")
    with pytest.raises(Failed, match=message):
        played.tests("make test", passing=passing)


def test_the_demo_ends_when_a_verb_has_an_unexpected_status(played):
    with pytest.raises(Failed, match="gitorch why ended with status 3"):
        played.gitorch("why", "nothing")


def test_the_demo_ends_when_a_question_is_not_in_its_script(played, stage):
    question = replace(stage.run.questions["q1"], options=("retry", "stop"))
    with pytest.raises(Failed, match="the demo left its script"):
        played._answer(question)


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("n/a", "$ gitorch answer q1 n/a"),
        ("-", "$ printf %s - | gitorch answer q1 -"),
        ("--", "$ printf %s -- | gitorch answer q1 -"),
        ("--run", "$ printf %s --run | gitorch answer q1 -"),
        ("-1 is wrong", "$ printf %s '-1 is wrong' | gitorch answer q1 -"),
    ],
)
def test_what_a_person_types_in_the_demo_is_the_answer_whatever_it_begins_with(
    stage, played, monkeypatch, capsys, typed, command
):
    played._yes = False
    monkeypatch.setattr(demo, "ask", lambda *_: typed)
    played._answer(stage.run.questions["q1"])
    assert stage.run.questions["q1"].answer.text == typed
    said = capsys.readouterr()
    assert command in (said.out + said.err).splitlines()


@pytest.mark.parametrize("typed", [" ", "\t"])
def test_an_answer_without_words_is_asked_for_again_and_does_not_end_the_demo(stage, played, monkeypatch, typed):
    played._yes = False
    monkeypatch.setattr(demo, "ask", lambda *_: typed)
    played._answer(stage.run.questions["q1"])
    assert played._open_question().id == "q1"


class Recorder:
    """A stage that only notes what is called on it."""

    called: tuple[tuple[object, ...], ...] = ()

    def __init__(self, *_, **__) -> None:
        type(self).called = ()

    def gitorch(self, *words, expected=(0,)):
        type(self).called += ((words, expected),)

    def __getattr__(self, name):
        return lambda *_, **__: None


@pytest.mark.parametrize(("words", "called"), [((), ()), (("--web",), ((("serve",), (0, 130, 143)),))])
def test_the_demo_leaves_the_page_open_at_its_end_where_it_is_asked_to(stage, monkeypatch, words, called):
    monkeypatch.setattr(demo, "Stage", Recorder)
    monkeypatch.setattr("gitorch.world.sample.plant", lambda *_: stage.folder)
    assert stage.gitorch("demo", "here", "--yes", *words).status == 0
    assert Recorder.called == called


ENDING = """
$ git log --graph --oneline main
main 20

$ python3 -m unittest -q
OK
Ran 3 tests
OK

$ git log --oneline gitorch/ledger | head
gitorch/ledger 8

$ gitorch verify

Four commands to try next:
  git -C {folder} log --stat gitorch/ledger    every decision is a commit
  gitorch -C {folder} report auth-7f3a    the report that was approved
  gitorch -C {folder} log auth-7f3a    every record of the run
  gitorch -C {folder} serve    the run as web pages{first}
While a run is open, gitorch up shows it as a console, and gitorch serve as a web page.
"""


INSTALL = f"; first type: {sys.executable} -m pip install 'gitorch[web]'"


@pytest.mark.parametrize(("is_below", "first"), [(True, ""), (False, ""), (True, INSTALL)])
def test_the_end_of_the_demo_shows_the_merge_and_what_to_try(played, stage, monkeypatch, capsys, is_below, first):
    ran = []
    stage.programs.run_shell = lambda *words: ran.append(words) or (0, "no\nOK\nRan 3 tests\nOK\n\n")
    stage.git.graph = lambda branch, number: f"{branch} {number}"
    monkeypatch.setattr("gitorch.cli.boundary.run", lambda words, call: ran.append((words, call.folder)) or 0)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None if first else object())
    played._call.folder = stage.folder.parent if is_below else stage.folder / "elsewhere"
    played._ending()
    folder = stage.folder.name if is_below else stage.folder
    assert capsys.readouterr().out == ENDING.format(folder=folder, first=first)
    assert ran == [(demo.TEST, stage.folder, 60), (["verify"], stage.folder)]


def test_the_demo_ends_its_sessions_and_tests_when_it_is_left(played, stage):
    cleared = []
    played._services.checks.clear = cleared.append
    played._services.terminals.close = lambda: cleared.append("closed")
    played.leave()
    assert stage.terminals.stopped == ["s1"]
    assert cleared == [stage.services.paths.base(stage.run), "closed"]
