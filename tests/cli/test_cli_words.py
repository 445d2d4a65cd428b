"""Everything that may be typed or handed in as a file, with the value that it becomes or the error that it leads to.

Run pytest with --rewrite-transcripts to write it as it is now, and read the difference.
"""

from __future__ import annotations

import errno
import io
import json
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import click
import pytest
from golden import assert_golden

from gitorch.cli import arguments, boundary
from gitorch.cli.group import command_of
from gitorch.cli.interruption import Interrupted
from gitorch.errors import Corrupt, GitorchError, Malformed, Refused, Usage
from gitorch.verbs.table import TABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NUMBERED = ("", "2", "#2", "2=", "2=a", "#2=a b", " 2 =fixed: x ", "2=fixed:x:y", "2=fixed", "x=fixed:a", "²=fixed:a")
TYPED: dict[str, tuple[str, ...]] = {
    "autonomy": ("per epic", "END-ONLY", "full auto", "fullauto", "auto", "sometimes", ""),
    "report_status": ("done", "Needs-Context", "gone", ""),
    "choice": ("accept", "needs revision", "NO"),
    "severity": (" HIGH ", "blocking", "medium", "huge", ""),
    "known_severity": ("low", "huge"),
    "escalation_kind": ("", "contradicting-decisions", "a mood"),
    "outcome": ("accepted", "Accepted-with follow-up", "perhaps"),
    "reply": (*NUMBERED, "#3=FALSE-POSITIVE: see a.py:3 ", "1=later:x"),
    "withdrawal": NUMBERED,
    "finding": (
        "important|src/a.py:12|Dropped|It | stays| ",
        " HIGH | | No tests ",
        "low|a:b|T|",
        "note|a.py:|T",
        "note|a:b:7|T",
        "note|:7|T",
        "note|a.py:٣|T",
        "huge|a|T",
        "minor|a| ",
        "minor|a",
        "",
    ),
    "cited_finding": (
        "src/a.py:12: minor: TEXT ",
        "a.py: 3 : A text: with a colon",
        "a.py:3:minor:",
        "a.py:3: huge: no",
        " a.py :3:x",
        "a.py:x:y",
        "a.py:3: ",
        "a.py:3",
        ":3:x",
        "a.py",
        "a.py:²:x",
    ),
}

WHOLE = {
    "severity": "minor",
    "title": " A title ",
    "path": "a.py",
    "line": 3,
    "detail": " d ",
    "number": 2,
    "quote": "q",
}
FILES: tuple[object, ...] = (
    [],
    {"findings": [WHOLE]},
    [
        WHOLE | {"line": None},
        WHOLE | {"path": "a.py:7", "line": ""},
        WHOLE | {"path": "a.py:7"},
        {"severity": "low", "title": "T"},
    ],
    [WHOLE | {"line": "12", "number": "#1"}, WHOLE | {"number": True}, WHOLE | {"line": -1}, WHOLE | {"line": 1.5}],
    [WHOLE | {"severity": 3}, WHOLE | {"title": " "}, WHOLE | {"b": 1, "a": 2}, "text", None, {}],
    [
        {"withdrawn": True, "number": 2, "detail": " why "},
        {"withdrawn": True, "number": 0},
        {"withdrawn": 1, "number": 2},
    ],
    {"findings": {}},
    {},
    3,
)


def told(name: str, work: Callable[[], object]) -> Iterator[str]:
    """What the work returns, or its error with everything that a person is told."""
    try:
        found = work()
    except GitorchError as error:
        yield f"{name} ! {error.code}: {error.message} | {error.hint} | {error.where}"
        for problem in getattr(error, "problems", ()):
            yield f"    {problem.where}: {problem.message} | {problem.fix}"
    else:
        yield f"{name} = {found!r}"


def words_told() -> Iterator[str]:
    for function, typed in TYPED.items():
        for word in typed:
            yield from told(f"{function} {word!r}", lambda f=function, w=word: getattr(arguments, f)(w))


def files_told(folder: Path) -> Iterator[str]:
    for number, data in enumerate(FILES):
        name = f"{number}.json"
        (folder / name).write_text(json.dumps(data))
        yield from told(json.dumps(data), lambda n=name: arguments.findings_file(n, folder))
    limit = arguments.INPUT_BYTES_MAX
    for name, content in {
        "torn": b"[\n  {,",
        "deep": b"[" * 100_000,
        "latin": b"\xe4",
        "large": b"x" * (limit + 1),
        "marked": b"\xef\xbb\xbf[]",
    }.items():
        (folder / name).write_bytes(content)
        yield from told(name, lambda n=name: arguments.findings_file(n, folder))
    (folder / "full").write_bytes(b"x" * limit)
    yield f"full: {len(arguments.text_of('full', folder))}"
    yield from told("absent", lambda: arguments.text_of("absent", folder))
    yield from told("both", lambda: arguments.summary_of("a", "b", folder))
    yield from told("neither", lambda: arguments.summary_of("", None, folder))
    yield from told("a file", lambda: arguments.summary_of("", "marked", folder))


def test_every_word_and_file_becomes_its_value_or_its_error(request, tmp_path):
    assert_golden("arguments.txt", "\n".join([*words_told(), *files_told(tmp_path)]) + "\n", request)


def test_a_dash_stands_for_what_is_given_or_for_standard_input(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b" typed \n")))
    assert arguments.words_or_input(["-"]) == ("typed",)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b" typed \n")))
    assert arguments.summary_of("-", None, tmp_path) == " typed \n"
    assert arguments.words_or_input(["-", "a"]) == ("-", "a")
    before = arguments.GIVEN.set(b"given")
    assert arguments.text_of("-", tmp_path) == "given"
    arguments.GIVEN.reset(before)
    long = io.BytesIO(b"x" * (2 * arguments.INPUT_BYTES_MAX))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(long))
    for _ in told("-", lambda: arguments.text_of("-", tmp_path)):
        assert long.tell() <= arguments.INPUT_BYTES_MAX + io.DEFAULT_BUFFER_SIZE


CALL = SimpleNamespace(json=False, environ={}, words=(), streams=SimpleNamespace(colours=False))


def call(**fields) -> SimpleNamespace:
    return SimpleNamespace(**(vars(CALL) | fields))


@pytest.mark.parametrize("number", boundary.MACHINE_FAULTS)
def test_a_refusal_of_the_system_names_the_file_and_a_command_about_it(number):
    fault, command = boundary.MACHINE_FAULTS[number]
    for name, shown in (("a b", "a b"), (b"a b", "a b")):
        found = boundary.known_error(OSError(number, "no", name))
        assert (found.message, found.hint) == (f"{shown} {fault}", f"{command} 'a b'")
    unnamed = boundary.known_error(OSError(number, "no"))
    assert (unnamed.message, unnamed.hint) == (f"a file of this repository {fault}", f"{command} .")
    assert boundary.known_error(OSError(number, "no", 7)).message == unnamed.message


def test_only_what_is_expected_is_no_bug():
    assert boundary.known_error(OSError(errno.ECHILD, "no")) is None
    assert boundary.known_error(ValueError()) is None
    for number in (errno.EMFILE, errno.ENFILE):
        assert boundary.known_error(OSError(number, "no")).hint == "ulimit -n"
    complaint = boundary.known_error(click.UsageError("wrong"))
    assert (complaint.message, complaint.hint) == ("wrong", "gitorch --help")
    context = click.Context(click.Command("log"), info_name="gitorch log")
    assert boundary.known_error(click.UsageError("wrong", context)).hint == "gitorch log --help"
    assert boundary.known_error(click.ClickException("wrong")).message == "wrong"
    refused = Refused("no")
    assert boundary.known_error(boundary.Detailed(refused, ["a line"], more=1)) is refused


def test_the_status_of_an_error_that_cannot_be_printed_stays_its_own():
    for error, status in (
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
        (Interrupted("the work goes on", 143), 143),
        (Interrupted("no"), 130),
        (Refused("no"), 4),
        (ValueError("no"), 70),
    ):
        assert boundary._status_of(error) == status


@pytest.mark.parametrize(
    ("words", "run"),
    [
        (("why", "api", "--run", "r1"), "r1"),
        (("why", "--run=r1"), "r1"),
        (("why", "--run"), ""),
        (("why", "--", "--run", "r1"), ""),
        (("why", "--runs", "r1"), ""),
        ((), ""),
    ],
)
def test_a_hint_names_the_run_that_the_caller_named(words, run):
    assert boundary._run_named(boundary._options(words)) == run
    shown = boundary._hint_in_run("gitorch why api", call(words=words))
    assert shown == ("gitorch why api --run r1" if run else "gitorch why api")
    for hint in ("git status", "gitorch why api --run r2", ""):
        assert boundary._hint_in_run(hint, call(words=words)) == hint


def test_an_agent_is_told_to_hold_where_the_ledger_is_damaged():
    damaged = Corrupt("record 2 is gone", "gitorch verify", "r2")
    assert boundary._told_to_hold(damaged, call()) is damaged
    held = boundary._told_to_hold(damaged, call(environ={"GITORCH_TOKEN": ""}))
    assert (held.message, held.hint, held.where) == (f"record 2 is gone {boundary.HOLD}", "", "r2")
    refused = Refused("no")
    assert boundary._told_to_hold(refused, call(environ={"GITORCH_TOKEN": "x"})) is refused


def test_what_click_ends_with_keeps_its_status():
    assert boundary._report(SystemExit(0), (), call()) == 0
    assert boundary._error_lines(Malformed("bad", ()), "a hint", ("first",)) == [
        "first",
        "gitorch: bad",
        "  try: a hint",
    ]


def verbs_with_options() -> Iterator[tuple[str, str]]:
    """Each option that takes a value, with the words of its verb."""
    for entry in TABLE.values():
        if entry.members:
            continue
        for option in command_of(entry).params:
            if isinstance(option, click.Option) and not option.is_flag:
                yield entry.name, option.opts[0]


def test_an_option_without_its_value_names_the_help_of_its_verb(stage):
    found = list(verbs_with_options())
    assert len(found) > 100
    for name, option in found:
        answer = stage.gitorch(*name.split(), option)
        assert answer.status == Usage.exit_status
        assert answer.err.splitlines()[-1] == f"  try: gitorch {name} --help", (name, option)
