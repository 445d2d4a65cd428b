"""Steps that do the work: talk, change files, commit, run commands."""

from __future__ import annotations

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
    """Print a remark."""
    context.show(context.fill(step.text))


def sleep(context: TurnContext, step: Step) -> None:
    """Think for so many seconds."""
    context.console.listen(step.number)


def write(context: TurnContext, step: Step) -> None:
    """Write a whole file."""
    text = context.fill_answers(step.option("text"))
    context.worktree.write(step.text, text)
    context.show(f"Write {step.text} ({len(text.splitlines())} lines)")


def append(context: TurnContext, step: Step) -> None:
    """Add to a file's end."""
    context.worktree.append(step.text, context.fill_answers(step.option("text")))
    context.show(f"Append to {step.text}")


def replace(context: TurnContext, step: Step) -> None:
    """Change one place of a file."""
    context.worktree.replace(
        step.text, context.fill_answers(step.option("old")), context.fill_answers(step.option("new"))
    )
    context.show(f"Edit {step.text}")


def delete(context: TurnContext, step: Step) -> None:
    """Remove a file."""
    context.worktree.delete(step.text)
    context.show(f"Delete {step.text}")


def commit(context: TurnContext, step: Step) -> None:
    """Commit everything under this message."""
    message = context.fill(step.text)
    made = context.worktree.commit(message)
    subject = message.partition("\n")[0]
    context.show(f"Commit {made[:10]} {subject}" if made else f"Nothing to commit: {subject}")


def run(context: TurnContext, step: Step) -> None:
    """Run a shell command; its output goes to a log, its end to `{ran}`. Interrupting the turn ends it."""
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
        )
        status = _finish(context, process)

    context.ran = f"{command}: " + ("passed" if status == 0 else f"exit {status}")
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    context.show_result("\n".join([*lines[-SHOWN_LINES:], f"exit {status}"]))
    if "exit" in step.options and status != step.count("exit", 0):
        raise TurnFailed(f"{shlex.quote(command)} ended with {status}")


def expect(context: TurnContext, step: Step) -> None:
    """Fail unless the brief matches the pattern."""
    if re.search(step.text, context.brief.text, re.MULTILINE) is None:
        raise TurnFailed(f"the brief does not match {step.text!r}")


def _finish(context: TurnContext, process: subprocess.Popen[bytes]) -> int:
    """Wait for a command with an eye on the keys."""
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
