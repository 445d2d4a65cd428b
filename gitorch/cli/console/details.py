"""Everything about the selected row: what it waits for, its reviews and findings, its change, the end of its screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from gitorch.cli.console.rows import GLYPH_STYLES, GLYPHS, STYLES, age_of
from gitorch.cli.pages.cells import cut, safe_line
from gitorch.cli.pages.page import duration, phrase
from gitorch.model.counts import counted
from gitorch.rules.review.endings import ending
from gitorch.rules.views.finding_lines import place_text
from gitorch.rules.views.run import run_view
from gitorch.text.visible import safe_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.cli.console.loop_thread import Shown
    from gitorch.model.ids import Moment
    from gitorch.model.view import EpicRow, InboxRow, RunView
    from gitorch.model.work.job import JobState
    from gitorch.model.work.review import ListedFinding
    from gitorch.model.work.run import Run
    from gitorch.ports.git import DiffStat

SCREEN_LINES = 12
FINDINGS_MAX = 6
MESSAGES_MAX = 4


def details_text(row: EpicRow, shown: Shown, change: DiffStat | None, now: Moment, columns: int) -> Text:
    """The details of a row; what a person must decide comes first. `change` is what its branch adds, once it is known.

    Lines of the agent's screen are cut to this many columns; the rest is wrapped by whoever draws it.
    """
    text = _title(row, now)
    for question in row.questions:
        text.append_text(_question(question, now))

    if not row.questions:
        text.append(f"{safe_line(row.reason)}\n")

    if row.job is None:
        text.append_text(_run_details(row, shown))
    else:
        text.append_text(_epic_details(row, shown, change, columns))

    return text


def _title(row: EpicRow, now: Moment) -> Text:
    """The name of the row, its state and title."""
    text = Text()
    text.append(safe_line(row.id), style="bold")
    text.append(f"  {row.state}", style=STYLES[row.state])
    age = age_of(row, now)
    if age:
        text.append(f" for {age}", style="dim")

    text.append(f"\n{safe_line(row.title)}\n", style="dim")
    return text


def _question(question: InboxRow, now: Moment) -> Text:
    """A question in full, with its options by number."""
    asked = duration((now - question.asked_at) / 1000)
    text = Text()
    text.append(question.id, style="bold yellow")
    text.append(f" {phrase(question.kind)}, asked {asked} ago\n", style="dim")
    text.append(f"{safe_text(question.text).strip()}\n")
    if question.kind == "approval":
        text.append("A approves, R rejects, r shows the report\n", style="dim")
        return text

    text.append(f"{options_line(question.options)}\n", style="dim")
    return text


def options_line(options: Sequence[str]) -> str:
    """`a answers: 1 one_more_round  2 stop`; a question without options is answered in words."""
    if not options:
        return "a answers in your words"

    numbered = [f"{number} {safe_line(option)}" for number, option in enumerate(options, 1)]
    return f"a answers: {'  '.join(numbered)}"


def _run_details(row: EpicRow, shown: Shown) -> Text:
    """What is known of the whole run: how far it is, unless the reason says it; what does not answer, and messages."""
    view = run_view(shown.run)
    text = Text()
    if row.questions or row.reason != view.summary:
        text.append(f"{safe_line(view.summary)}\n")

    for part in shown.silent:
        text.append(f"! {safe_line(part)}\n", style="red")

    for note in view.notes:
        text.append(f"note: {safe_line(note)}\n", style="dim")

    text.append_text(_messages(view))
    if view.used:
        text.append(f"used {view.used}\n", style="dim")

    text.append(f"target {safe_line(view.target)}, {counted(view.records, 'record')}\n", style="dim")
    return text


def _messages(view: RunView) -> Text:
    """Unread messages, each with the command that reads it."""
    text = Text()
    for message in view.messages[:MESSAGES_MAX]:
        text.append(f"{message.id} from {safe_line(message.author)}: {safe_line(message.text)}\n")
        text.append(f"  {message.commands[0]}\n", style="dim")

    more = len(view.messages) - MESSAGES_MAX
    if more > 0:
        text.append(f"and {counted(more, 'more message')}: gitorch inbox\n", style="dim")

    return text


def _epic_details(row: EpicRow, shown: Shown, change: DiffStat | None, columns: int) -> Text:
    """The work of an epic: who does it, its reviews and findings, its change, and the end of its screen."""
    text = Text()
    text.append(_worker_line(row), style="dim")
    text.append_text(_reviews(row))
    if row.job is not None:
        text.append_text(_findings(shown.run, shown.run.jobs[row.job], FINDINGS_MAX))

    if change is not None:
        text.append(change_line(change))

    if row.session is not None:
        text.append_text(_screen(shown.screens.get(row.session, ""), columns))

    return text


def _worker_line(row: EpicRow) -> str:
    """`claude (opus) in session s3 is working, round 2 of 3, used 5.1k tokens`; empty before the first session."""
    if row.session is None:
        return ""

    parts = [f"{safe_line(_worker(row))} in session {row.session}"]
    if row.agent:
        parts[0] += f" is {row.agent}"

    if row.attempt > 1:
        parts.append(f"round {row.attempt} of {row.rounds_allowed}")

    if row.used:
        parts.append(f"used {row.used}")

    return ", ".join(parts) + "\n"


def _worker(row: EpicRow) -> str:
    """The program that works, with its model if that is known."""
    if row.model:
        return f"{row.runtime} ({row.model})"

    return row.runtime or "a person"


def _reviews(row: EpicRow) -> Text:
    """Each review with its sign and word."""
    text = Text()
    for mark in row.reviews:
        text.append(f"{GLYPHS[mark.word]} ", style=GLYPH_STYLES.get(mark.word, "dim"))
        text.append(f"{safe_line(mark.name)} review: {mark.word}\n")

    return text


def _findings(run: Run, job: JobState, most: int) -> Text:
    """The open findings of an epic, at most so many; how many there are in all."""
    open_ones = [listed for listed in job.findings if listed.open and not listed.waived]
    text = Text()
    for listed in open_ones[:most]:
        text.append(f"{finding_line(run, job, listed)}\n")

    more = len(open_ones) - most
    if more > 0:
        text.append(f"and {counted(more, 'more finding')}: f shows all\n", style="dim")

    return text


def finding_line(run: Run, job: JobState, listed: ListedFinding) -> str:
    """A finding in one line: number, severity, place, title, and how it ended."""
    finding = listed.finding
    place = ""
    if finding.path:
        place = f" {place_text(finding)}"

    end = ending(run, job, listed)
    return safe_line(f"#{listed.number} {finding.severity}{place}: {finding.title} ({end.sentence})")


def findings_text(run: Run, job: JobState) -> str:
    """Every finding of an epic with its explanation and the author's reply, newest round first."""
    if not job.findings:
        return f"Nobody has reported a finding on {job.spec.id}."

    lines: list[str] = []
    for listed in sorted(job.findings, key=_newest_round_first):
        lines.append(finding_line(run, job, listed))
        lines.append(f"    round {listed.round}, raised by {', '.join((listed.review, *listed.also))}")
        if listed.finding.detail:
            lines += [f"    {line}" for line in safe_text(listed.finding.detail).splitlines()]

        if listed.reply is not None:
            lines.append(f"    reply: {listed.reply.disposition}: {safe_line(listed.reply.evidence)}")

        lines.append("")

    return "\n".join(lines)


def _newest_round_first(listed: ListedFinding) -> tuple[int, int]:
    """The order of findings on their page."""
    return (-listed.round, listed.number)


def change_line(change: DiffStat) -> str:
    """`3 commits change 4 files: +120 -8`."""
    if not change.commits:
        return "no commit yet\n"

    files = counted(change.files, "file")
    return f"{counted(change.commits, 'commit')}, {files}: +{change.added} -{change.removed} (d shows the diff)\n"


def _screen(screen: str, columns: int) -> Text:
    """The last lines of a screen that are not blank, each on one line: a screen may be wider than its place here."""
    lines = safe_text(screen).rstrip().splitlines()[-SCREEN_LINES:]
    text = Text()
    if not lines:
        return text

    text.append("screen (p shows all)\n", style="dim")
    for line in lines:
        text.append(f"{cut(f'│ {line.rstrip()}', columns)}\n")

    return text
