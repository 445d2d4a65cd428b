"""Steps that do the work: talk, change files, commit, run commands."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import time
from typing import TYPE_CHECKING

from gitorch.scripted.console import Interrupted
from gitorch.scripted.context import TurnFailed
from gitorch.scripted.step import COUNT, NUMBER, PATH, REGEX, TEXT, Act, Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.scripted.context import TurnContext

RUN_SECONDS = 600
SHOWN_LINES = 12


def say(context: TurnContext, step: Step) -> None:
    """Print a remark, with facts in place of the words in braces."""
    context.show(context.fill(step.text))


def sleep(context: TurnContext, step: Step) -> None:
    """Wait for the given number of seconds. A key press interrupts the wait."""
    context.console.listen(step.number)


def write(context: TurnContext, step: Step) -> None:
    """Write a whole file, also one that exists; only answers are filled in, because the text may be code."""
    text = context.fill_answers(step.option("text"))
    context.worktree.write(step.text, text)
    count = len(text.splitlines())
    lines = "line" if count == 1 else "lines"
    context.show(f"Write {step.text} ({count} {lines})")


def append(context: TurnContext, step: Step) -> None:
    """Add to a file's end, unless the file contains the text already."""
    context.worktree.append(step.text, context.fill_answers(step.option("text")))
    context.show(f"Append to {step.text}")


def replace(context: TurnContext, step: Step) -> None:
    """Change one place of a file. Raises WorkFailed unless the old text stands there exactly once."""
    context.worktree.replace(
        step.text, context.fill_answers(step.option("old")), context.fill_answers(step.option("new"))
    )
    context.show(f"Edit {step.text}")


def delete(context: TurnContext, step: Step) -> None:
    """Remove a file or a folder, if it is there."""
    context.worktree.delete(step.text)
    context.show(f"Delete {step.text}")


def commit(context: TurnContext, step: Step) -> None:
    """Commit everything under this message; without a change nothing is committed, which is no failure."""
    message = context.fill(step.text)
    made = context.worktree.commit(message)
    subject = message.partition("\n")[0]
    if made:
        context.show(f"Commit {made[:10]} {subject}")
    else:
        context.show(f"Nothing to commit: {subject}")


def run(context: TurnContext, step: Step) -> None:
    """Run a shell command in the worktree; its output goes to a log, its end to the screen, its result to `{ran}`.

    Python leaves no compiled files behind, which the next step would commit.

    An interrupted turn ends the command. Raises TurnFailed when the step names an exit status and the command ended with
    another one.
    """
    command = context.fill(step.text)
    context.show(f"Run {command}")
    context.worktree.notes.mkdir(parents=True, exist_ok=True)
    log = context.worktree.notes / "run.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["/bin/sh", "-c", command],
            cwd=context.worktree.path,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        status = _finish(context, process)

    context.ran = f"{command}: exit {status}"
    if status == 0:
        context.ran = f"{command}: passed"

    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    context.show_result("\n".join([*lines[-SHOWN_LINES:], f"exit {status}"]))
    if "exit" in step.options and status != step.whole("exit", 0):
        raise TurnFailed(f"{shlex.quote(command)} ended with {status}")


def expect(context: TurnContext, step: Step) -> None:
    """Fail unless a line of the brief matches the pattern. Raises TurnFailed."""
    if re.search(step.text, context.brief.text, re.MULTILINE) is None:
        raise TurnFailed(f"the brief does not match {step.text!r}")


def _finish(context: TurnContext, process: subprocess.Popen[bytes]) -> int:
    """Wait for a command with an eye on the keys, and return its exit status.

    A command that is interrupted is terminated, and one that takes longer than `RUN_SECONDS` is killed.
    """
    until = time.monotonic() + RUN_SECONDS
    try:
        while process.poll() is None and time.monotonic() < until:
            context.console.listen(0.02)
    except Interrupted:
        process.terminate()
        process.wait()
        raise

    if process.poll() is None:
        process.kill()

    return process.wait()


STEPS: Mapping[str, Act] = {
    "say": Act(say, TEXT, redo=False, boot=True),
    "sleep": Act(sleep, NUMBER, redo=False, boot=True),
    "write": Act(write, PATH, {"text": TEXT}, ("text",), redo=False),
    "append": Act(append, PATH, {"text": TEXT}, ("text",), redo=False),
    "replace": Act(replace, PATH, {"old": TEXT, "new": TEXT}, ("old", "new"), redo=False),
    "delete": Act(delete, PATH, redo=False),
    "commit": Act(commit, TEXT, redo=False),
    "run": Act(run, TEXT, {"exit": COUNT}),
    "expect": Act(expect, REGEX),
}
