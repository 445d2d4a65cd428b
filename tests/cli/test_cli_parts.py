"""The parts of a call: the terminal's size, whether a person can be asked, the demo's script, what a bug's report leaves out."""

from __future__ import annotations

import io
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from types import SimpleNamespace

import pytest
from cli_stage import HUMAN, RUN, Stage

from gitorch.app.executing.execute import Caller
from gitorch.cli import bug, call, completing, follow, quiet
from gitorch.cli.call import NO_TERMINAL, Call, Streams
from gitorch.cli.console import commands
from gitorch.cli.verbs import demo
from gitorch.errors import Denied, Failed, GitorchError, Malformed, Problem, Unavailable, Usage
from gitorch.model.ids import Moment, QuestionId
from gitorch.model.values import replace
from gitorch.model.work.question import Question, QuestionKind
from gitorch.model.work.run import RunPhase


def printed(work) -> tuple[str, str]:
    """What the work prints on standard output and on standard error."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        work()
    return out.getvalue(), err.getvalue()


class Stream:
    """Standard input or output that is a terminal, or is none."""

    def __init__(self, *, is_terminal: bool) -> None:
        self.is_terminal = is_terminal

    def isatty(self) -> bool:
        return self.is_terminal

    def fileno(self) -> int:
        return 99


TERMINAL, PIPE = Stream(is_terminal=True), Stream(is_terminal=False)


@pytest.mark.parametrize(
    ("reads", "draws", "environ", "size", "streams"),
    [
        (TERMINAL, TERMINAL, {}, (100, 40), Streams(True, True, 100, 40, True, True)),
        (TERMINAL, TERMINAL, {"NO_COLOR": "1"}, (100, 40), Streams(True, True, 100, 40, False, True)),
        (TERMINAL, TERMINAL, {"NO_COLOR": ""}, (0, 0), Streams(True, True, 80, 24, True, True)),
        (TERMINAL, TERMINAL, {"TERM": "dumb", "COLUMNS": "50"}, (100, 40), Streams(True, True, 50, 40, False, True)),
        (TERMINAL, TERMINAL, {"COLUMNS": "x"}, None, Streams(True, True, 80, 24, True, True)),
        (TERMINAL, TERMINAL, {"COLUMNS": "٣"}, None, Streams(True, True, 80, 24, True, True)),
        (TERMINAL, TERMINAL, {"COLUMNS": "7"}, None, Streams(True, True, 7, 24, True, True)),
        (TERMINAL, PIPE, {"COLUMNS": "50"}, (100, 40), Streams(False, False, 50, 0, False, True)),
        (PIPE, TERMINAL, {}, (100, 40), Streams(False, True, 100, 40, True, False)),
        (None, None, {}, (100, 40), NO_TERMINAL),
    ],
)
def test_the_streams_of_a_call_are_what_the_process_has(monkeypatch, reads, draws, environ, size, streams):
    def terminal_size(_):
        if size is None:
            raise OSError
        return SimpleNamespace(columns=size[0], lines=size[1])

    with monkeypatch.context() as here:
        here.setattr(sys, "stdin", reads)
        here.setattr(sys, "stdout", draws)
        here.setattr(os, "get_terminal_size", terminal_size)
        here.setattr(os, "tcgetpgrp", lambda descriptor: os.getpgrp() if descriptor == 99 else 0)
        found = call.streams_of(environ)
        here.setattr(os, "tcgetpgrp", lambda _: os.getpgrp() + 1)
        assert not call.streams_of(environ).controls
    assert found == streams


ASKS = Streams(asks=True, draws=True, columns=80, lines=3, controls=True)


def test_a_person_is_asked_at_a_terminal_and_else_the_agreeing_command_is_named(stage):
    Call({}, stage.folder, streams=ASKS).must_ask("cleanup")
    for streams, as_json, reason in (
        (NO_TERMINAL, False, "this is not a terminal, so nobody can be asked"),
        (ASKS, True, "--json cannot ask"),
    ):
        made = Call({}, stage.folder, streams=streams)
        made.json, made.words = as_json, ("cleanup", "a b", "--", "-x")
        with pytest.raises(Usage) as refused:
            made.must_ask("cleanup")
        assert refused.value.message == f"cleanup needs an answer, but {reason}; add --yes to agree beforehand"
        assert refused.value.hint == "gitorch cleanup 'a b' --yes -- -x"
        made.words = ("cleanup",)
        assert made._agreeing_command() == "gitorch cleanup --yes"


def test_an_agent_without_a_token_is_denied_with_what_its_environment_lacks(stage):
    stage.begin_run().launch("api")
    for environ in ({}, {"GITORCH_RUN": RUN}, {"GITORCH_TOKEN": "x"}):
        with pytest.raises(Denied) as denied:
            _ = Call(environ, stage.folder, stage.open).credential
        assert (
            denied.value.message
            == "this verb is for agents: the environment names no session (GITORCH_RUN, GITORCH_TOKEN)"
        )
        assert denied.value.hint == "gitorch inbox"
    made = Call({}, stage.folder, stage.open)
    claim = made.bearer("api", RUN, 3)
    assert (claim.caller, claim.folder, claim.job, claim.run, claim.fence) == (made.caller, stage.folder, "api", RUN, 3)
    agent = Call({"GITORCH_RUN": RUN, "GITORCH_TOKEN": "t"}, stage.folder, stage.open).bearer()
    assert (agent.run, agent.token) == (RUN, "t")


def test_a_call_works_in_the_folder_that_it_enters(stage):
    made = Call({}, stage.folder, stage.open)
    (stage.folder / "sub").mkdir()
    made.enter("sub")
    assert made.folder == stage.folder / "sub"
    with pytest.raises(Usage, match=r"^nowhere is not a folder$"):
        made.enter("nowhere")
    assert made.services is made.services
    assert stage.services_opened == 1


def test_an_answer_is_printed_with_the_age_of_a_ledger_that_nobody_has_compared_lately(stage):
    made = Call({}, stage.folder, stage.open)
    ledger = SimpleNamespace(last_contact=lambda: SimpleNamespace(at=Moment(now - age), remote="origin"))
    now = stage.clock.now()
    for age, said in ((0, ""), (call.FRESH_MS, ""), (call.FRESH_MS + 1, "10 s")):
        made.opened = stage.services
        made.opened.__dict__["ledger"] = ledger
        told = printed(lambda: made.say({}, "an answer"))
        note = f"gitorch: as of {said} ago, when origin was last asked; gitorch sync asks it\n" if said else ""
        assert told == ("an answer\n", note), age
    ledger.last_contact = lambda: None
    assert printed(lambda: made.say({}, lambda page: f"{page.width}")) == ("0\n", "")
    made.json = True
    assert printed(lambda: made.say({"a": 1}, "x"))[0] == '{"ok": true, "a": 1}\n'
    assert printed(lambda: made.note("x")) == ("", "")


def test_only_what_a_terminal_cannot_show_at_once_is_read_in_a_pager(stage, monkeypatch):
    paged = []
    monkeypatch.setattr(call, "write_long", lambda parts, colours: paged.append((list(parts), colours)))
    made = Call({}, stage.folder, stage.open, ASKS)
    assert printed(lambda: made.say_at_length({}, "a\nb\nc")) == ("a\nb\nc\n", "")
    made.say_at_length({}, lambda _: "a\nb\nc\nd")
    assert paged == [(["a\nb\nc\nd"], False)]
    made.environ = {"GITORCH_RUN": RUN}
    assert printed(lambda: made.say_at_length({}, "a\nb\nc\nd")) == ("a\nb\nc\nd\n", "")
    assert (made.page.width, made.page.colours, made.still_page.now) == (80, False, 0)


class Script(demo.Stage):
    """The demo, on states of a run that a test gives, which notes its calls."""

    status = 0
    """How the cleanup ends."""

    def __init__(self, stage: Stage, states, *, yes: bool) -> None:
        super().__init__(stage.call(), stage.folder, yes=yes)
        self.states, self.seen = list(states), []

    def _run(self):
        return self.states[0]

    def gitorch(self, *words, expected=(0,)):
        self.seen.append((*words, expected) if expected != (0,) else words)
        if words[0] in {"up", "approve", "cleanup", "answer"}:
            self.states.pop(0)
        return self.status if words[0] == "cleanup" else 0

    def _ending(self) -> None:
        self.seen.append(("the end",))


def state(kind: QuestionKind | None = None, *, cleaned: bool = False, options=()):
    asked = Question(QuestionId("q1"), kind or QuestionKind.CONTEXT, Moment(0), "Which?", options=options)
    return SimpleNamespace(id=RUN, cleaned=cleaned, open_questions=lambda: (asked,) if kind else ())


STATES = (
    state(),
    state(QuestionKind.CONTEXT),
    state(QuestionKind.APPROVAL),
    state(),
    state(QuestionKind.CLEANUP),
    state(cleaned=True),
)


@pytest.mark.parametrize(("yes", "consent", "answer"), [(True, ("--yes",), "n/a"), (False, (), "typed")])
def test_the_demo_follows_its_script_until_everything_is_removed(stage, monkeypatch, yes, consent, answer):
    asked = []
    monkeypatch.setattr(demo, "ask", lambda text, default: asked.append((text, default)) or "typed")
    played = Script(stage, STATES, yes=yes)
    played.play()
    assert played.seen == [
        ("init",),
        ("check", "plan.md"),
        ("start", "plan.md", *consent),
        ("up", "--no-wait", (0, 10)),
        ("answer", "q1", answer) if yes else ("answer", "q1", answer, (0, 4)),
        ("approve", RUN, *consent),
        ("up", "--no-wait", (0, 10)),
        ("cleanup", RUN, *consent, (0, 130)),
        ("the end",),
    ]
    assert asked == ([] if yes else [("\nWhich?", "n/a")])


def test_the_demo_ends_where_the_cleanup_is_declined(stage, monkeypatch):
    monkeypatch.setattr(Script, "status", 130)
    played = Script(stage, [state(), state(QuestionKind.CLEANUP), *[state(QuestionKind.CLEANUP)] * 9], yes=False)
    played.play()
    assert played.seen[-3:] == [("up", "--no-wait", (0, 10)), ("cleanup", RUN, (0, 130)), ("the end",)]


def test_the_demo_gives_up_after_its_rounds_and_names_what_left_its_script(stage):
    played = Script(stage, [state()] * 99, yes=True)
    played.play()
    assert played.seen.count(("up", "--no-wait", (0, 10))) == demo.ROUNDS_MAX
    with pytest.raises(Failed) as left:
        played._answer(state(QuestionKind.CONTEXT, options=("a",)).open_questions()[0])
    assert left.value.message == "the demo left its script: Which?"
    assert left.value.hint == f"gitorch -C {stage.folder} inbox"


def test_the_demo_prints_each_command_and_the_end_of_what_its_tests_say(stage):
    stage.begin_run()
    played = demo.Stage(stage.call(), stage.folder, yes=True)
    out, _ = printed(lambda: played.gitorch("list", "runs"))
    assert out.startswith("\n$ gitorch list runs\nauth-7f3a")
    with pytest.raises(Failed) as ended:
        printed(lambda: played.gitorch("why", "no job"))
    assert ended.value.message == "gitorch why ended with status 3"
    assert ended.value.hint == f"gitorch -C {stage.folder} status"
    stage.programs.run_shell = lambda *words: (int(words != ("make test", stage.folder, 60)), "a\nb\nc\nd\n")
    assert printed(lambda: played.tests("make test", passing=True))[0] == "\n$ make test\nb\nc\nd\n"
    with pytest.raises(Failed) as failed:
        printed(lambda: played.tests("make all", passing=True))
    assert (failed.value.message, failed.value.hint) == ("the demo's tests fail, but should pass", "make all")


def test_a_report_of_a_bug_leaves_secrets_and_nonces_out_and_names_what_is_installed(stage, tmp_path, monkeypatch):
    environ = {"MY_TOKEN": "abcdef", "api_key": "abcdefgh", "PASSWORDS": "short", "NAME": "public"}
    text = bug.without_secrets(
        "abcdefgh abcdef short public nonce-1 nonce-2", environ, ("--nonce", "nonce-1", "--nonce=nonce-2")
    )
    assert text == "[left out] [left out] short public [left out] [left out]"
    assert bug._typed_nonces(["--nonce"]) == set()
    lines = bug.report_text(ZeroDivisionError("no\x1b "), ["why", "api"]).splitlines()
    assert lines[0].endswith(" failed on: gitorch why api")
    assert lines[1].startswith("Python 3.")
    assert lines[2].startswith("on ")
    assert [line.partition(" ")[0] for line in lines[3:10]] == list(bug.PACKAGES)
    assert lines[10:] == ["", "ZeroDivisionError: no\N{REPLACEMENT CHARACTER} "]
    assert bug._version("no-such-package") == "is missing"
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone" / "deep"))
    made = stage.call()
    first = Path(bug.write_report(ValueError("a"), ["why"], made))
    assert first.parent == tmp_path / "gone" / "deep"
    assert (first.stat().st_mode & 0o777, first.name.endswith(f"-{os.getpid()}.txt")) == (0o600, True)
    monkeypatch.setattr("tempfile.tempdir", str(first))
    assert bug.write_report(ValueError("a"), ["why"], made) == ""


def test_a_quiet_call_keeps_what_its_verb_says_and_has_no_terminal(stage):
    stage.begin_run()
    made = quiet.QuietCall(Call({"A": "b"}, stage.folder, stage.open, replace(ASKS, colours=True)))
    assert (made.streams, made.environ, made.folder) == (Streams(lines=3), {"A": "b"}, stage.folder)
    assert made.caller == stage.services.caller()
    made.run(["list", "runs"])
    made.note("a note")
    assert made.parts[0].startswith("auth-7f3a")
    assert made.parts[1:] == ["a note"]
    assert made.words == ("list", "runs")
    somebody = Caller(HUMAN)
    assert quiet.QuietCall(made, stage.services, somebody).caller is somebody
    stage.launch("api").submit_handoff("api", "NEEDS_CONTEXT", questions=("Which?",))
    quiet.carry_out(made, stage.services, somebody, ["answer", "q1", "-"], b"this one")
    assert stage.run.questions["q1"].answer.text == "this one"
    with pytest.raises(GitorchError, match="q1 was already answered"):
        quiet.carry_out(made, stage.services, somebody, ["answer", "q1", "x"], b"")


def test_an_error_in_the_console_is_one_line_with_its_first_defect_and_one_full_stop_before_its_hint(stage):
    defect = Problem("gitorch.yaml", 3, 1, "max_agents is a number", "Write one")
    for error, text in (
        (
            Malformed("gitorch.yaml has 1 problem.", (defect,)),
            "gitorch.yaml has 1 problem: gitorch.yaml:3:1: max_agents is a number Write one",
        ),
        (Unavailable("tmux is missing.", "gitorch doctor"), "tmux is missing. Try: gitorch doctor"),
        (Unavailable("tmux is missing", "gitorch doctor"), "tmux is missing. Try: gitorch doctor"),
        (Unavailable("tmux is missing"), "tmux is missing"),
    ):
        stage.broken = error
        assert commands.carry_out(stage.call(), ["pause"]) == commands.Outcome(ok=False, text=text)


def parameter(**words) -> SimpleNamespace:
    return SimpleNamespace(**({"completes": "", "choices": ()} | words))


def test_a_shell_proposes_what_begins_as_it_was_begun_with_a_word_about_it(stage):
    stage.begin_run(titles={"api": "A  title\n" * 20, "ui": "Ui"})
    made = stage.call()
    found = completing.proposals(made, parameter(completes="job"), "ap")
    assert [one.value for one in found][:2] == ["api", "api.spec"]
    assert max(len(one.help) for one in found) <= completing.HELP_CHARACTERS
    assert found[0].help.startswith("A title A title")
    assert [one.value for one in completing.proposals(made, parameter(choices=("on", "off")), "o")] == ["on", "off"]
    [file] = completing.proposals(made, parameter(completes="file"), "a/")
    assert (file.value, file.type) == ("a/", "file")
    verbs = {one.value for one in completing.proposals(made, parameter(completes="verb"), "")}
    assert {"status", "up"} <= verbs
    stage.broken = ValueError("nothing is there")
    assert completing.proposals(stage.call(), parameter(completes="job"), "") == []


def test_what_follows_a_decision_is_one_sentence(stage):
    stage.begin_run()
    call = stage.call()
    assert follow.whats_next(call, stage.run) == "gitorch up continues it."
    by_hand = replace(stage.run, settings=replace(stage.run.settings, manual=True))
    assert follow.whats_next(call, by_hand) == "Next: gitorch claim api"
    over = replace(stage.run, phase=RunPhase.CANCELED)
    assert follow.whats_next(call, over) == "Run auth-7f3a is canceled."
    assert follow.carry_on_without_up(call, stage.run) == stage.run
    assert follow.checkout_note(stage.services, stage.run) == ""


def test_a_verb_that_follows_a_decision_waits_for_no_agent_once_the_decision_is_void(stage):
    stage.begin_run().launch("api")

    def waited():
        raise AssertionError("it waited for an agent")

    stage.clock.on_sleep = waited
    asked = []
    after, done = follow.carry_on(stage.call(), stage.run, lambda run: asked.append(run.id))
    assert (after.id, done, set(asked)) == (RUN, True, {RUN})
