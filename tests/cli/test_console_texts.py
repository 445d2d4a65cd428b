"""What the console draws, to the letter and with its styles, at several widths and in every state.

Run pytest with --rewrite-transcripts to write it as it is now, and read the difference.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cli_scenes import reworked
from cli_stage import RUN, Stage
from console_kit import NOW, SCREEN, asking
from golden import assert_golden
from rich.console import Console as Paper

from gitorch.cli.console import board_view, details, header, keys, page_screen, question_view, rows
from gitorch.cli.console.loop_thread import Shown
from gitorch.model.ids import JobId, Moment, QuestionId, RunId, SessionId
from gitorch.model.values import replace
from gitorch.model.view import EpicRow, InboxRow, PlainState, ReviewMark
from gitorch.model.work.question import Question, QuestionKind
from gitorch.ports.git import DiffStat
from gitorch.rules.views.epics import board

if TYPE_CHECKING:
    from rich.text import Text

WORDS = tuple(rows.GLYPHS)
MINUTE = 60_000


def row(number: int, state: PlainState, **words) -> EpicRow:
    """A row whose text is not like any other's."""
    named = {
        "title": f"Epic number {number} of the plan, with a title that is long enough to be cut",
        "reason": f"the reason of epic {number}",
        "since": Moment(NOW - number * MINUTE),
        "job": JobId(f"epic-{number}"),
        "session": SessionId(f"s{number}"),
        "rounds_allowed": 3,
        "reviews": tuple(ReviewMark(JobId(f"r{n}"), f"role{n}", word) for n, word in enumerate(WORDS[: number + 1])),
    }
    return EpicRow(RUN, f"epic-{number}", state=state, **(named | words))


def asked(number: int, kind: str, **words) -> InboxRow:
    named = {"text": f"\x1b[2JWhat about {number}?\nSay it. ", "options": ("go", "stop")} | words
    at = Moment(NOW - number * MINUTE)
    return InboxRow(QuestionId(f"q{number}"), RUN, kind, JobId("a"), asked_at=at, command="gitorch answer", **named)


EVERY_STATE = (
    row(1, PlainState.WAITING, questions=(asked(1, "escalation"), asked(2, "context", options=())), attempt=2),
    row(2, PlainState.WORKING, attempt=2, model="opus", runtime="claude", agent="working", used="5.1k tokens"),
    row(3, PlainState.WORKING, attempt=2, reason="it is in round 2", runtime="claude"),
    row(4, PlainState.REVIEWING, reason="a reason " * 9),
    row(5, PlainState.QUEUED, session=None, since=None, reviews=()),
    row(6, PlainState.DONE),
    row(7, PlainState.FAILED),
    EpicRow(RUN, str(RUN), "Sign in", PlainState.WAITING, "the reason of the run", Moment(NOW - 9 * MINUTE)),
)
COLUMNS = 60
"""The width of the details."""
WIDTHS = (1, 7, 30, 59, 60, 90, 110, 150, 220)


def told(text: Text) -> list[str]:
    """The lines of a text, with its styles as rich writes them."""
    return [line.markup for line in text.split("\n", allow_blank=True)]


def drawn(table: object, columns: int) -> list[str]:
    """The lines of a table, with the codes of its styles."""
    paper = Paper(width=columns, force_terminal=True, color_system="standard", legacy_windows=False, no_color=False)
    with paper.capture() as kept:
        paper.print(table)
    return [line.replace("\x1b", "^").rstrip() for line in kept.get().splitlines()]


def board_told():
    for among in (EVERY_STATE, (*EVERY_STATE[5:], replace(EVERY_STATE[0], run=RunId("other")))):
        lines = rows.plan_lines(among)
        yield f"## {[(str(line.state), line.count, line.row) for line in lines]}"
        for columns in WIDTHS:
            widths = rows.columns_of(among, columns)
            yield f"# {columns} columns: {widths}"
            for line in lines:
                if line.row is None:
                    yield from told(rows.heading_text(line, columns))
                else:
                    yield from told(rows.row_text(among[line.row], widths, NOW, is_selected=line.row == 1))
    yield f"no rows: {rows.columns_of((), 80)}, {rows.plan_lines(())}"


def keys_told():
    for one in (None, *EVERY_STATE[:2], EVERY_STATE[7], row(9, PlainState.WAITING, questions=(asked(1, "approval"),))):
        for columns, lines in ((200, 3), (80, 3), (80, 1), (20, 3), (1, 2)):
            yield f"# {one and one.id}, {columns} columns, {lines} lines"
            yield from told(keys.keys_text(one, columns, lines))
    yield from keys.help_text().splitlines()


def paused_with_a_note() -> Stage:
    """Two epics change the same paths, and the run is paused."""
    stage = Stage().begin_run({"api": (), "ui": ()}).finish("api").launch("ui")
    stage.gitorch("up", "--no-wait")
    stage.gitorch("pause", "--reason", "freeze")
    return stage


def details_told():
    stages = (
        (asking(), ("tmux: timeout",)),
        (Stage().until_report(), ()),
        (reworked(Stage()), ()),
        (paused_with_a_note(), ()),
    )
    for stage, silent in stages:
        run = stage.run
        words = {session.id: "working" for session in run.living_sessions}
        shown = Shown(run, words, dict.fromkeys(words, SCREEN), silent)
        found = board([(run, words)])
        counts = Counter(row.state for row in found)
        for columns in (20, 80, 160):
            yield from told(header.header_text([shown], counts, columns))
        yield from told(header.header_text([shown, shown], counts, 80))
        for one in found:
            for change in (None, DiffStat(0, 0, 0, 0, ()), DiffStat(1, 2, 120, 8, ()))[: 3 if one.job == "api" else 1]:
                yield f"# {one.id} {change}"
                yield from told(details.details_text(one, shown, change, NOW, COLUMNS))
        yield from details.findings_text(run, run.jobs[JobId("api")]).splitlines()
    for one in EVERY_STATE[:3]:
        yield f"# {one.id}"
        yield from told(details._title(one, NOW)) + told(details._reviews(one)) + [details._worker_line(one)]
        for question in one.questions:
            yield from told(details._question(question, NOW))
    yield from told(details._screen("\n".join(f" line {n} \x1b " for n in range(20)) + "\n\n", COLUMNS))


QUESTIONS = (
    Question(QuestionId("q1"), QuestionKind.CONTEXT, Moment(NOW), "Which?\n\x1b[2J"),
    Question(
        QuestionId("q2"),
        QuestionKind.ESCALATION,
        Moment(NOW),
        "What now?",
        JobId("api"),
        options=("one_more_round", "accept_with_risk", "a\tb"),
        happened="It failed " * 12,
        tried=" Twice.\n",
        evidence="[red]a log[/]",
    ),
)


def questions_told():
    for question in QUESTIONS:
        for columns in (30, 90):
            yield f"# {question.id}, {columns} columns"
            yield from drawn(question_view.question_table(question), columns)
            yield from drawn(question_view.options_table(question), columns)


def pages_told(monkeypatch):
    monkeypatch.setattr(page_screen, "LINES_MAX", 12)
    heads = "".join(f"{head}x\n" for head in page_screen.DIFF_HEADS)
    for text in (heads + "@@ -1 +1 @@\n-a\n+b\n c", heads * 3, "@@ -1 +1 @@\n-a\n+b\n\x1b c\n\n"):
        yield from told(page_screen.diff_text(text, "gitorch \x1bdiff"))
        yield from told(page_screen.page_text(text, "gitorch diff"))


def test_the_rows_of_the_board_are_drawn_to_the_letter(request):
    assert board_view.columns_of is rows.columns_of
    assert_golden("console-board.txt", "\n".join(board_told()) + "\n", request)


def test_the_keys_and_the_help_are_drawn_to_the_letter(request):
    assert_golden("console-keys.txt", "\n".join(keys_told()) + "\n", request)


def test_the_details_of_every_row_are_drawn_to_the_letter(request):
    assert_golden("console-details.txt", "\n".join(details_told()) + "\n", request)


def test_questions_diffs_and_pages_are_drawn_to_the_letter(request, monkeypatch):
    assert_golden("console-pages.txt", "\n".join([*questions_told(), *pages_told(monkeypatch)]) + "\n", request)
