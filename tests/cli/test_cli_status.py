"""Where things stand, as text that fits and as values."""

from __future__ import annotations

import json

import pytest
from cli_stage import RUN, Stage
from cli_stage import many as play_many

from gitorch.cli.call import Streams
from gitorch.cli.pages.cells import width
from gitorch.cli.pages.page import Page
from gitorch.cli.pages.views import _folded_rows, job_lines
from gitorch.model.ids import Moment
from gitorch.model.observed import AgentState, SessionObservation
from gitorch.model.view import JobRow

DIALOG = SessionObservation(present=True, started=True, state=AgentState.DIALOG, pid=7)


def test_status_shows_run_batches_agents_and_next_commands(stage):
    stage.begin_run().launch("api")
    stage.terminals.seen["s1"] = DIALOG
    answer = stage.gitorch("status")
    assert answer.status == 0
    head, summary, *rest = answer.out.splitlines()
    assert head == "auth-7f3a  running  Sign in → main"
    assert summary.startswith("0 of 2 done, 1 at work · started ")
    assert [line for line in rest if line.startswith("batch")] == ["batch 1", "batch 2", "batch 3", "batch 4"]
    assert any(line.split()[:5] == ["api", "Api", "running", "s1", "dialog"] for line in rest)
    assert rest[-2:] == ["next", "  gitorch up"]


def test_status_without_a_living_session_asks_no_terminal(stage):
    stage.begin_run()
    stage.terminals.observe = None
    assert stage.gitorch("status").status == 0


def test_status_shows_what_waits_with_a_command_that_can_be_typed(stage):
    stage.begin_run().launch("api").submit_handoff("api", "NEEDS_CONTEXT", questions=("Which name?",))
    answer = stage.gitorch("status")
    assert "q1  context of api" in answer.out
    assert '      gitorch answer q1 "…"' in answer.out


@pytest.mark.parametrize("columns", [20, 40, 80, 119, 120, 200])
def test_status_and_inbox_fit_the_terminal_whatever_the_titles_are(columns):
    stage = Stage(streams=Streams(columns=columns))
    play_many(stage)
    for words in (("status",), ("status", "--all"), ("log",)):
        answer = stage.gitorch(*words)
        long = [line for line in answer.out.splitlines() if width(line) > columns and "gitorch " not in line]
        assert (answer.status, long) == (0, [])


def test_status_contains_no_python_syntax():
    stage = Stage()
    play_many(stage)
    for words in (("status",), ("inbox",), ("show", "epic-00"), ("show", "q1"), ("log",), ("show", "1")):
        out = stage.gitorch(*words).out
        assert "JobPhase" not in out
        assert "None" not in out
        assert "<" not in out


def test_status_of_all_is_one_line_a_run(stage):
    stage.begin_run()
    answer = stage.gitorch("status", "--all")
    assert answer.out.split()[:2] == ["auth-7f3a", "running"]
    assert json.loads(stage.gitorch("status", "--all", "--json").out)["runs"][0]["epics"] == ["api", "ui"]


def test_status_for_programs_has_the_whole_view(stage):
    stage.begin_run().launch("api")
    run = json.loads(stage.gitorch("status", "--json").out)["run"]
    assert run["jobs"][0]["agent"] == "working"
    assert run["next_commands"] == ["gitorch up"]


def test_status_names_a_missing_ledger_or_run(stage):
    answer = stage.gitorch("status")
    assert (answer.status, answer.err.splitlines()[1]) == (3, "  try: gitorch init")
    stage.begin_run()
    assert stage.gitorch("status", "nope").status == 3


def test_watching_prints_new_records_until_the_run_is_over(stage):
    stage.begin_run()
    steps = iter((lambda: stage.launch("api"), lambda: stage.gitorch("cancel")))

    def step():
        next(steps, lambda: None)()

    stage.clock.on_sleep = step
    answer = stage.gitorch("status", "--watch")
    assert answer.status == 0
    lines = [line[10:] for line in answer.out.splitlines() if line[2:3] == ":"]
    assert lines[0].startswith("lease granted: api")
    assert "run canceled by ada: canceled by the principal" in lines
    assert "run started" not in lines


def test_watch_is_refused_with_json(stage):
    stage.begin_run()
    assert stage.gitorch("status", "--watch", "--json").status == 2


@pytest.mark.parametrize("thing", ["api", "q1", "s1", RUN, "api.s"])
def test_why_is_one_line_for_every_kind_of_thing(stage, thing):
    stage.begin_run().launch("api").submit_handoff("api", "NEEDS_CONTEXT", questions=("Which name?",))
    answer = stage.gitorch("why", thing)
    assert answer.status == 0
    assert len(answer.out.splitlines()) == 1
    assert json.loads(stage.gitorch("why", thing, "--json").out)["why"] + "\n" == answer.out


def test_why_of_an_unknown_id_names_the_known_ones(stage):
    stage.begin_run()
    answer = stage.gitorch("why", "web")
    assert answer.status == 3
    assert "api" in answer.err


def test_an_inbox_lists_questions_by_run(stage):
    assert stage.gitorch("inbox").out == "Nothing waits for you.\n"
    stage.begin_run().launch("api").submit_handoff("api", "NEEDS_CONTEXT", questions=("Which name?",))
    answer = stage.gitorch("inbox")
    assert answer.out.splitlines()[0] == RUN
    rows = json.loads(stage.gitorch("inbox", "--json").out)["inbox"]
    assert [(row["id"], row["kind"], row["text"]) for row in rows] == [("q1", "context", "Which name?")]


def test_an_inbox_shows_the_other_options(stage):
    stage.begin_run().launch("api").submit_handoff("api", "DONE_WITH_CONCERNS", concerns=("It is slow.",))
    assert 'gitorch answer q1 accept   (or follow_up, push_back "…")' in stage.gitorch("inbox").out


def test_a_question_cannot_forge_lines_or_move_the_cursor(stage):
    stage.begin_run().launch("api").submit_handoff("api", "NEEDS_CONTEXT", questions=("a\x1b[2J\n  q9  approval\n",))
    for words in (("inbox",), ("status",), ("show", "q1")):
        out = stage.gitorch(*words).out
        assert "\x1b" not in out
    assert len(stage.gitorch("inbox").out.splitlines()) == 5


def test_a_large_run_is_folded_and_says_where_every_job_is():
    stage = Stage(streams=Streams(columns=100))
    names = [f"epic-{number:02}" for number in range(12)]
    stage.begin_run({name: (names[number - 6],) if number >= 6 else () for number, name in enumerate(names)})
    stage.launch("epic-00")
    out = stage.gitorch("status").out.splitlines()
    first, second = out.index("batch 1"), out.index("batch 2")
    assert "epic-00  running" in out[first + 2]
    assert out[first + 1] == "  6 reviews to come"
    assert out[second + 1] == "  6 to come: epic-06, epic-07, epic-08, epic-09, epic-10, epic-11 (6 reviews)"
    assert f"every job: gitorch list jobs --run {RUN}" in out
    assert len(out) < 30
    assert stage.gitorch("list", "jobs", "--run", RUN).out.count("epic-") >= 24


def test_the_reason_of_a_failed_job_is_broken_over_lines_and_never_cut():
    reason = "api.spec rejected it: It describes another product than the one that the plan asks for, in every part"
    row = JobRow("api", "Api", "build", "failed", 1, 1, 3, None, "", "", None, f"failed: {reason}")
    done = JobRow(
        "ui", "Ui", "build", "completed", 1, 1, 3, None, "", "", None, "passed its gate at 1a2b3c4 in round 1"
    )
    lines = job_lines((row, done), Page(60, False, Moment(0)))
    assert all(len(line) <= 60 for line in lines), lines
    assert " ".join(" ".join(lines[1:-1]).split()) == f"failed: {reason}"
    assert lines[0].split() == ["api", "failed"]
    assert lines[-1].split()[:3] == ["ui", "completed", "passed"]
    assert len(job_lines((row, done), Page(0, False, Moment(0)))) == 2, "one line each where nothing is cut"


@pytest.mark.parametrize(
    ("subjects", "counts"),
    [
        (("a", "b"), " (2 reviews)"),
        (("a", "c"), " (1 review; 1 review of others)"),
        (("c",), " (1 review of others)"),
        ((), ""),
    ],
)
def test_a_folded_line_counts_the_reviews_of_the_work_that_it_names(subjects, counts):
    reviews = [
        JobRow(f"{one}.spec", "", "review", "completed", 1, 1, 3, None, "", "", None, "", one) for one in subjects
    ]
    work = [JobRow(one, "", "build", "completed", 1, 1, 3, None, "", "", None, "") for one in ("a", "b")]
    (line,) = _folded_rows((*work, *reviews), Page(0, False, Moment(0)))
    assert line == f"  2 done: a, b{counts}"


def test_status_says_that_nobody_is_notified(stage):
    stage.begin_run().files.write(stage.services.home / "notices" / "failure.reported", b"ntfy exited with 1: refused")
    answer = stage.gitorch("status")
    assert "note: nobody is notified, the notification command failed: ntfy exited with 1: refused" in answer.out
