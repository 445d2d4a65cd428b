"""What keys that decide something do: ask what is missing, name the decision and its command, and run that command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.cli.console.commands import as_typed, carry_out
from gitorch.cli.console.dialogs import AnswerDialog, ConfirmDialog, TextDialog
from gitorch.model.work.run import RunPhase
from gitorch.rules.messages.answer_words import meaning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.cli.console.app import Console
    from gitorch.model.view import EpicRow
    from gitorch.model.work.question import Question


async def answer(console: Console, row: EpicRow) -> None:
    """Ask for the answer to the oldest question of a row, or to the one that is chosen, and give it."""
    known = console.shown_run(row).questions
    questions = [known[question.id] for question in row.questions if question.kind != "approval"]
    for number, question in enumerate(questions, 1):
        words = await _ask_answer(console, row, number, questions)
        if words is None:
            return

        if words:
            await _give_answer(console, row, question, words)
            return


async def _ask_answer(console: Console, row: EpicRow, number: int, asked: Sequence[Question]) -> tuple[str, ...] | None:
    """The words of an answer; none of them to go on to the next question, None to leave."""
    place = ""
    if len(asked) > 1:
        place = f", question {number} of {len(asked)}"

    has_next = number < len(asked)
    if has_next:
        place += ", Ctrl-N shows the next one"

    return await console.push_screen_wait(AnswerDialog(row.run, asked[number - 1], place, has_next=has_next))


async def _give_answer(console: Console, row: EpicRow, question: Question, words: Sequence[str]) -> None:
    """Confirm and give an answer, after what its option means."""
    command = ["answer", question.id, "--run", row.run, *guarded(words)]
    sentence = f"Answer {question.id} about {row.id}: {' '.join(words)}"
    means = meaning(question, words[0])
    if means:
        sentence += f"\n\n{words[0]}: {means}"

    await decide(console, sentence, command)


async def decide(console: Console, sentence: str, words: Sequence[str]) -> None:
    """Name a decision and the command that makes it; run the command after a yes, and show its answer."""
    agreed = await console.push_screen_wait(ConfirmDialog(sentence, as_typed(words)))
    if not agreed:
        console.tell("Nothing was decided.")
        return

    await run_command(console, words)


async def run_command(console: Console, words: Sequence[str]) -> None:
    """Run a command and show what it answers."""
    console.tell(f"{as_typed(words)} …")
    outcome = await console.offload(carry_out, console.call, words)
    console.tell(outcome.text, is_error=not outcome.ok)


async def reject(console: Console, row: EpicRow) -> None:
    """Ask for the reason, and for a report which epics go back; then reject."""
    note = await console.push_screen_wait(
        TextDialog(f"Reject {row.id}", "Why? The agent that reworks it gets these words as a finding.")
    )
    if not note:
        return

    if _is_about_report(row):
        await _reject_report(console, row, note)
        return

    command = ["reject", row.id, "--run", row.run, f"--note={note}"]
    await decide(console, f"Send {row.id} back to its agent: {note}", command)


def _is_about_report(row: EpicRow) -> bool:
    """Whether the decision of a row is about the merge report."""
    return any(question.kind == "approval" for question in row.questions)


async def _reject_report(console: Console, row: EpicRow, note: str) -> None:
    """Ask which epics go back, and reject the report."""
    report = console.shown_run(row).report
    epics: list[str] = []
    if report is not None:
        epics += [branch.job for branch in report.branches]

    hint = f"Which epics go back to work? Of: {', '.join(epics)}. Without any, the run ends and its branches are kept."
    named = await console.push_screen_wait(TextDialog(f"Reject the report of {row.run}", hint, may_be_empty=True))
    if named is None:
        return

    back = named.replace(",", " ").split()
    command = ["reject", row.run, f"--note={note}"]
    for epic in back:
        command.append(f"--rework={epic}")

    sentence = f"Reject the report of {row.run} and end the run: {note}"
    if back:
        sentence = f"Reject the report of {row.run} and send back {', '.join(back)}: {note}"

    await decide(console, sentence, command)


async def send(console: Console, row: EpicRow) -> None:
    """Ask for a message to the agent of a row, and send it. A message decides nothing, so nothing else is asked."""
    hint = "It gets one line that points to your words as soon as it is ready for input. A message decides nothing."
    text = await console.push_screen_wait(TextDialog(f"Message to {row.id}", hint))
    if text:
        await run_command(console, ["send", "--run", row.run, *guarded([row.id, text])])


async def approve(console: Console, row: EpicRow) -> None:
    """Approve on the terminal itself, by the code of `gitorch approve`: it shows the report and asks for the proof."""
    words = ["approve", row.id]
    if row.job is not None:
        words += ["--run", row.run]

    console.tell(console.terminal.run_verb(console, words))


async def pause(console: Console, row: EpicRow) -> None:
    """Pause the run of a row, or resume it."""
    run = row.run
    if console.shown_run(row).phase is RunPhase.PAUSED:
        await decide(console, f"Resume the run {run}: its jobs get agents again.", ["resume", run])
        return

    await decide(
        console, f"Pause the run {run}: nothing new starts, and agents at work may still report.", ["pause", run]
    )


def guarded(words: Sequence[str]) -> list[str]:
    """The words of a command line after its options; two dashes stand before them where one could be taken for an option."""
    if any(word.startswith("-") for word in words):
        return ["--", *words]

    return list(words)
