"""What the reading verbs and the live page print, to the letter and with their colours, at several widths and in every state.

Run pytest with --rewrite-transcripts to write it as it is now, and read the difference.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cli_scenes import reworked
from cli_stage import RUN, Stage, many
from console_kit import NOW, asking
from golden import assert_golden

from gitorch.app.start.sheet import Sheet, SheetRow
from gitorch.cli.pages import details, frame, sheets, views
from gitorch.cli.pages.frame import Panel
from gitorch.cli.pages.page import PHASE_COLOURS, Page
from gitorch.errors import Problem
from gitorch.model.ids import CommitId, JobId, MessageId, Moment, QuestionId, RunId, SessionId
from gitorch.model.plans.approval import Grade
from gitorch.model.plans.workflow import Autonomy, Settings
from gitorch.model.values import replace
from gitorch.model.view import InboxRow, JobRow, MessageRow
from gitorch.model.work.board import RunLine
from gitorch.model.work.run import RunPhase
from gitorch.rules.views.run import run_view

if TYPE_CHECKING:
    from collections.abc import Iterator

MINUTE = 60_000
DIGEST = re.compile(r"(?<![-\w])(?=[0-9]*[a-f])[0-9a-f]{7,64}\b")
PAGES = [Page(width, colours=True, now=Moment(NOW)) for width in (0, 40, 80, 130)]
AGENTS = ("", "working", "dialog: may I?", "limited", "stuck", "idle")


def golden(name: str, lines: Iterator[str], request) -> None:
    """The lines, with escapes and digests made readable, are those of the file."""
    text = "\n".join(line.replace("\x1b", "^").rstrip() for line in lines)
    assert_golden(name, DIGEST.sub(lambda found: "x" * len(found[0]), text) + "\n", request)


def job(number: int, phase: str, **words) -> JobRow:
    """A job whose texts are not like any other's."""
    named = {
        "attempt": 1 + number % 3,
        "rounds_allowed": 4,
        "session": SessionId(f"s{number}") if number % 4 else None,
        "agent": AGENTS[number % len(AGENTS)],
        "since": Moment(NOW - number * MINUTE) if number % 5 else None,
        "why": f"the reason of job {number} " + "and more " * (number % 4 * 4),
        "subject": JobId(f"job-{number - 1}") if number % 3 == 2 else None,
    }
    kind = "review" if number % 3 == 2 else "build"
    row = JobRow(JobId(f"job-{number}"), f"Title {number}", kind, phase, number // 5, runtime="scripted", **named)
    return replace(row, **words)


def every_phase() -> tuple[JobRow, ...]:
    return tuple(job(number, phase) for number, phase in enumerate([*PHASE_COLOURS, "queued", "deferred"]))


def asked(number: int, kind: str, *others: str) -> InboxRow:
    job_id = JobId(f"job-{number}") if number % 2 else None
    at = Moment(NOW - number * MINUTE)
    run = RunId(f"run-{number // 2}")
    text = f"What about {number}? " * (1 + 4 * (number % 3))
    return InboxRow(
        QuestionId(f"q{number}"), run, kind, job_id, text, (), at, f"gitorch answer q{number}", others=others
    )


INBOX = (
    asked(1, "escalation", "stop", "x" * 120),
    asked(2, "context"),
    asked(3, "approval"),
    asked(4, "waiting_human"),
)
MESSAGES = tuple(
    MessageRow(
        MessageId(f"m{number}"),
        RUN if number else None,
        "coordinator",
        ("@principal",),
        Moment(NOW - number * MINUTE),
        f"word {number} " * (1 + number * 12),
        None,
        "",
        (f"gitorch reply m{number}", "gitorch inbox", "gitorch start plan.md")[: 2 + number],
    )
    for number in range(2)
)
LINE = RunLine(
    RUN, "Sign in", RunPhase.RUNNING, "main", "sha256:p", (JobId("a"),), Moment(NOW - MINUTE), False, "2023-11"
)
RUNS = (
    LINE,
    replace(
        LINE, id=RunId("old"), phase=RunPhase.FAILED, epics=(JobId("a"), JobId("b")), destination="nothing is merged"
    ),
    replace(LINE, id=RunId("held"), phase=RunPhase.PAUSED, title="A title " * 20),
)


def scenes() -> Iterator[tuple[str, Stage]]:
    yield "asking", asking()
    yield "sent back", reworked(Stage())
    yield "reported", Stage().until_report()


def views_told() -> Iterator[str]:
    for name, stage in scenes():
        view = run_view(stage.run, dict.fromkeys(stage.run.sessions, "dialog"))
        view = replace(view, notes=("a note " * 20,), jobs=view.jobs[:9])
        for page in PAGES[1:3]:
            yield f"## {name}, {page.width} columns"
            yield from views.run_text(view, page).split("\n")
    folded = run_view(many(Stage()).run, {})
    rows = every_phase() + tuple(job(n, phase) for n in range(20, 44) for phase in ("completed", "blocked"))
    for view in (folded, replace(folded, jobs=tuple(sorted(rows, key=lambda row: row.batch)))):
        yield "## folded"
        yield from views.run_text(view, PAGES[2]).split("\n")
    for page in PAGES:
        yield f"## {page.width} columns"
        yield from views.job_lines(every_phase(), page)
        yield from views.inbox_text(INBOX, MESSAGES, page).split("\n")
        yield from views.runs_text(RUNS, page).split("\n")
    for answer in (views.inbox_text((), (), page), views.inbox_text(INBOX[:1], (), page), views.runs_text((), page)):
        yield from answer.split("\n")


def frames_told() -> Iterator[str]:
    events = tuple(f"12:00:0{n}  sentence {n}" for n in range(9))
    view = run_view(asking().run, {"s1": "dialog", "s2": "working"})
    large = replace(view, jobs=every_phase(), inbox=INBOX)
    quiet = replace(view, inbox=())
    for height in (1, 3, 8, 12, 17, 24, 40):
        for panels in (
            (Panel(view, events, ("tmux cannot be asked", "git is away", "a third")),),
            (Panel(large, events[:2]),),
            (Panel(quiet), Panel(large, events), Panel(view, events)),
        ):
            yield f"## {len(panels)} runs on {height} lines"
            yield from frame.frame_lines(panels, PAGES[2], height, "Ctrl-C leaves")


def details_told() -> Iterator[str]:
    for name, stage in scenes():
        run = stage.run
        yield f"## {name}"
        for written in stage.ledger.records():
            yield from details.record_text(written).split("\n")
        for one in run.jobs.values():
            yield from details.job_text(run, one).split("\n")
        for question in run.questions.values():
            yield from details.question_text(run, question).split("\n")
        for session in run.sessions.values():
            yield from details.session_text(session).split("\n")


ROW = SheetRow("api", "Api", "implementer", "claude", "gitorch/r/api", "/w/r/api", "opus", ("a.py", "b/**"), ("c.py",))
SHEET = Sheet(
    "Sign in",
    "plan.md",
    Autonomy.END_ONLY,
    "main",
    CommitId("0123456789abcdef" * 2),
    False,
    ((ROW, replace(ROW, job="docs", model="", allowed=(), forbidden=(), worktree="/v/docs")), (ROW,)),
    ("spec", "quality"),
    4,
    "make test",
    Settings().review_mode,
    3,
    Settings(allowed_commands=("make", "npm test"), approval_signers="a\nb\n", approval_at_least=Grade.SIGNED),
    ways_back=("one way", "another"),
    checkpoints=("at the end",),
)


def sheets_told() -> Iterator[str]:
    settings = SHEET.settings
    others = {
        "as it is": {},
        "confirmed": {"target_confirmed": True, "settings": replace(settings, test_target=True), "reviewers": ()},
        "by hand": {"settings": replace(settings, manual=True, test_target=True), "autonomy": Autonomy.PER_EPIC},
        "by a forge": {"settings": replace(settings, approval_at_least=Grade.FORGE), "test_command": ""},
        "typed": {"settings": replace(settings, approval_at_least=Grade.TYPED)},
        "unattended": {"settings": replace(settings, approval_at_least=Grade.UNATTENDED, approval_unattended=True)},
        "one key": {"settings": replace(settings, approval_signers="a\n"), "batches": SHEET.batches[1:]},
        "unmerged": {"merges": False},
        "named": {"batches": ((replace(ROW, named="fast", sandbox="bwrap"),),)},
    }
    remarks = (Problem("plan.md", 3, 1, "no\ntask", "add one"), Problem("plan.md", 9, 2, "no gate", ""))
    for name, fields in others.items():
        yield f"## {name}"
        yield from sheets.sheet_text(replace(SHEET, **fields), PAGES[2], remarks if name == "typed" else ()).split("\n")
    yield from sheets.sheet_text(SHEET, PAGES[1]).split("\n")


def test_runs_jobs_and_what_waits_are_printed_to_the_letter(request):
    golden("views.txt", views_told(), request)


def test_the_live_page_is_drawn_to_the_letter_at_every_height(request):
    golden("frames.txt", frames_told(), request)


def test_records_jobs_questions_and_sessions_are_shown_to_the_letter(request):
    golden("details.txt", details_told(), request)


def test_the_sheet_that_a_person_agrees_to_is_printed_to_the_letter(request):
    golden("sheets.txt", sheets_told(), request)
