"""Steps that misbehave on purpose, as real agents do, so that tests and demos can show how gitorch reacts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from gitorch.scripted.console import TITLE_BUSY
from gitorch.scripted.context import Quit, TurnFailed, TurnLimited, TurnOver
from gitorch.scripted.reports import CHOICES, STATUSES, judge, report
from gitorch.scripted.step import COUNT, NUMBER, PATH, TEXT, YES_OR_NUMBER, YES_OR_TEXT, Act, Shape, Step, one_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.scripted.context import TurnContext
    from gitorch.scripted.keys import Key

TITLE_DIALOG = "✋ action required"
DIALOG_FOOT = "Enter to confirm · Esc to cancel"
WRONG_NONCE = "00000000"
FOR_EVER_SECONDS = 10**8


class Dialog(NamedTuple):
    """A question that blocks the program; at first the first choice is selected."""

    question: str
    choices: tuple[str, str]

    def panel(self, detail: str, selected: int) -> list[str]:
        """The dialog as it is drawn, with one of its choices selected."""
        marks = [" ", " "]
        marks[selected] = "❯"
        rows = [f" {marks[0]} 1. {self.choices[0]}", f" {marks[1]} 2. {self.choices[1]}"]
        return ["─" * 40, f" {self.question}", f"   {detail}", "", *rows, "", f" {DIALOG_FOOT}"]


DIALOGS: Mapping[str, Dialog] = {
    "trust": Dialog("Do you trust the files in this folder?", ("Yes, work here", "No, leave")),
    "login": Dialog("You are not signed in. Sign in now?", ("Open the browser", "Leave")),
    "theme": Dialog("Which colours suit your terminal?", ("Dark", "Light")),
    "update": Dialog("A newer version is there. Update now?", ("Update", "Skip")),
    "key": Dialog("A key was found in your environment. Use it?", ("Use it", "Leave it")),
    "permission": Dialog("Allow this command?", ("Yes, this once", "No, do something else")),
}


TYPED_ROWS: Mapping[str, int] = {"1": 0, "y": 0, "Y": 0, "2": 1, "n": 1, "N": 1}
"""The row that a typed character picks, whichever is selected."""

KEY_ROWS: Mapping[str, int] = {"escape": 1, "interrupt": 1}
"""The row that a key picks, by its kind, whichever is selected."""

ARROW_ROWS: Mapping[str, int] = {"up": 0, "down": 1}
"""The row that an arrow selects."""


def dialog(context: TurnContext, step: Step) -> None:
    """Show a dialog until a key answers it; all input is written to `dialog.jsonl`.

    `1` and `y` pick the first choice; Escape, Ctrl-C, `2` and `n` the second one; Enter the one that is selected, which the
    arrows change. Without trust or a login the program ends, as real ones do. A refused permission ends only the turn, and
    after any other choice the program goes on.
    """
    shown = DIALOGS[step.text]
    detail = step.option("text")
    if not detail and step.text == "trust":
        detail = str(context.worktree.path)

    context.console.title(TITLE_DIALOG)
    context.console.panel(shown.panel(detail, 0))
    context.gitorch.hook("permission", f"{shown.question} {detail}".strip())
    picked = _wait_for_choice(context, step.text, detail)
    context.console.close_panel()
    context.console.title(TITLE_BUSY)
    context.show(f"{shown.question} {shown.choices[picked]}")
    if picked == 1 and step.text in {"trust", "login"}:
        raise Quit(1)

    if picked == 1 and step.text == "permission":
        raise TurnOver("Not allowed.")


def _wait_for_choice(context: TurnContext, kind: str, detail: str) -> int:
    """Wait for the key that decides, and record every key; returns the row that was picked.

    What was typed stands in the log as text, so that a test can tell that a prompt was typed into a
    dialog.
    """
    selected = 0
    while True:
        key = context.console.key()
        if key is None:
            continue

        picked = _picked(key, selected)
        if picked is None and key.text:
            _record(context, {"dialog": kind, "typed": key.text})
        else:
            _record(context, {"dialog": kind, "key": key.text or key.kind})

        if picked is not None:
            return picked

        if key.kind in ARROW_ROWS:
            selected = ARROW_ROWS[key.kind]
            context.console.close_panel()
            context.console.panel(DIALOGS[kind].panel(detail, selected))


def _picked(key: Key, selected: int) -> int | None:
    """The row that a key picks; None for any other key, and for a text that was meant for another reader."""
    if key.kind == "enter":
        return selected

    if key.kind == "text":
        return TYPED_ROWS.get(key.text)

    return KEY_ROWS.get(key.kind)


def _record(context: TurnContext, record: Mapping[str, str]) -> None:
    """Add one line of JSON to the log of what was typed into dialogs."""
    context.worktree.notes.mkdir(parents=True, exist_ok=True)
    with (context.worktree.notes / "dialog.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps(record, ensure_ascii=False) + "\n")


def hang(context: TurnContext, step: Step) -> None:
    """Stop reacting to keys; for ever unless a number of seconds is given."""
    del context
    seconds = step.number
    if step.value is True:
        seconds = FOR_EVER_SECONDS

    time.sleep(seconds)


def boot_exit(context: TurnContext, step: Step) -> None:
    """End before the prompt."""
    del context
    raise Quit(int(step.number))


def crash(context: TurnContext, step: Step) -> None:
    """Die at once, by a signal or with an exit status, without a message.

    Nothing is cleaned up: the terminal stays as it is, and the end of the session is not reported.
    """
    del context
    if isinstance(step.value, str):
        os.kill(os.getpid(), signal.Signals[f"SIG{step.value}"])

    os._exit(int(step.number))


def flood(context: TurnContext, step: Step) -> None:
    """Print many lines as fast as they go."""
    for number in range(int(step.number)):
        context.console.line(f"{number:06} the quick brown fox jumps over the lazy dog, again and again and again")


def limit(context: TurnContext, step: Step) -> None:
    """Run into a usage limit and wait it out."""
    context.console.row(f"⏳ Usage limit reached; resets in {step.number:g} s")
    context.console.listen(step.number)


def used_up(context: TurnContext, step: Step) -> None:
    """Run into a usage limit as programs do: the turn ends, and nothing resumes by itself."""
    del context
    message = f"⏳ Usage limit reached; resets in {step.number:g} s"
    raise TurnLimited(message)


def hoard(context: TurnContext, step: Step) -> None:
    """Allocate this number of MiB of memory in a separate process, and keep them."""
    del context
    words = (sys.executable, "-c", f"import time; kept = bytearray({int(step.number)} << 20); time.sleep(10**8)")
    subprocess.Popen(words)


def storm(context: TurnContext, step: Step) -> None:
    """Fail this number of requests, one after the other, like a program that retries without end."""
    for number in range(int(step.number)):
        context.gitorch.hook("error", f"request {number} failed")


def error(context: TurnContext, step: Step) -> None:
    """Fail as when the model's service does: an error, and then an ordinary prompt."""
    del context
    raise TurnFailed(step.text)


def ignore_enter(context: TurnContext, step: Step) -> None:
    """Ignore the next Enter keys at the prompt, as many as the step says."""
    context.console.ignore_enters = int(step.number)


def early_enter(context: TurnContext, step: Step) -> None:
    """From now on ignore an Enter that comes within this number of seconds after text."""
    context.console.early_enter_seconds = step.number


def drop_paste(context: TurnContext, step: Step) -> None:
    """Lose the next pastes, as many as the step says."""
    context.console.drop_pastes = int(step.number)


def slow_typing(context: TurnContext, step: Step) -> None:
    """From now on take this number of seconds to show each key or paste."""
    context.console.key_seconds = step.number


def leave_uncommitted(context: TurnContext, step: Step) -> None:
    """Write a file that is in no commit."""
    context.worktree.write(step.text, "Not finished.\n")
    context.show(f"Write {step.text}, and leave it uncommitted")


def lie_about_tests(context: TurnContext, step: Step) -> None:
    """Report DONE and claim this about tests that were never run.

    gitorch runs the tests itself, so the claim shows beside the true result.
    """
    report(context, Step("handoff", "DONE", {"tests": step.value, **step.options}, step.place))


def second_report(context: TurnContext, step: Step) -> None:
    """Report once more after the report."""
    report(context, step)


def bad_status(context: TurnContext, step: Step) -> None:
    """Report with an unknown status."""
    report(context, step)


def commit_after_report(context: TurnContext, step: Step) -> None:
    """Commit once more after the report, during the review."""
    context.worktree.write("after-the-report.md", "One more thing.\n")
    made = context.worktree.commit(step.text)
    context.show(f"Commit {(made or context.worktree.head())[:10]} {step.text}, after the report")


def wrong_scope(context: TurnContext, step: Step) -> None:
    """Change and commit a file outside the scope."""
    context.worktree.write(step.text, f"Changed by {context.brief.job}.\n")
    context.worktree.commit(f"Change {step.text}")
    context.show(f"Change {step.text}, which is outside the scope")


def wrong_job(context: TurnContext, step: Step) -> None:
    """Report DONE for another job."""
    report(context, Step("handoff", "DONE", {"job": step.value, **step.options}, step.place))


def stale_verdict(context: TurnContext, step: Step) -> None:
    """Judge the commit before the one under review.

    Without such a commit it judges the one that the work started from.
    """
    commit = context.brief.commit or context.worktree.head()
    judge(context, step, commit=context.worktree.parent(commit) or context.brief.base)


def bad_nonce(context: TurnContext, step: Step) -> None:
    """Judge with a nonce that differs from the brief's."""
    judge(context, step, nonce=WRONG_NONCE)


def judge_own_work(context: TurnContext, step: Step) -> None:
    """Give a verdict on this agent's own work."""
    judge(context, step, commit=context.worktree.head(), nonce=context.brief.nonce or WRONG_NONCE)


def prose_verdict(context: TurnContext, step: Step) -> None:
    """Print a verdict in prose, and give none."""
    context.show(step.text)


def try_approve(context: TurnContext, step: Step) -> None:
    """Try to approve the merge, which only the principal may do, and show the result.

    The value may hold further words for `gitorch approve`.
    """
    words = ["approve"]
    if step.value is not True:
        words += step.text.split()

    context.show("Try gitorch " + " ".join(words))
    result = context.gitorch.call(*words)
    context.show_result(f"exit {result.status}: {result.text}")


def _is_end(value: object) -> bool:
    """The name of a signal without its SIG, or an exit status."""
    if isinstance(value, str):
        return f"SIG{value}" in signal.Signals.__members__

    if isinstance(value, bool) or not isinstance(value, int):
        return False

    return 0 <= value <= 255


END = Shape("an exit status or a signal's name like KILL", _is_end)
SUMMARY = {"summary": TEXT}

FAULTS: Mapping[str, Act] = {
    "boot_delay": Act(hang, NUMBER, boot=True),
    "boot_exit": Act(boot_exit, COUNT, boot=True),
    "no_prompt": Act(hang, YES_OR_NUMBER, boot=True),
    "dialog": Act(dialog, one_of(*DIALOGS), {"text": TEXT}, boot=True),
    "hang": Act(hang, YES_OR_NUMBER, boot=True),
    "crash": Act(crash, END, boot=True),
    "flood": Act(flood, COUNT, boot=True),
    "limit": Act(limit, NUMBER),
    "used_up": Act(used_up, NUMBER),
    "hoard": Act(hoard, COUNT),
    "storm": Act(storm, COUNT),
    "error": Act(error, TEXT),
    "ignore_enter": Act(ignore_enter, COUNT, boot=True),
    "early_enter": Act(early_enter, NUMBER, boot=True),
    "drop_paste": Act(drop_paste, COUNT, boot=True),
    "slow_typing": Act(slow_typing, NUMBER, boot=True),
    "leave_uncommitted": Act(leave_uncommitted, PATH),
    "lie_about_tests": Act(lie_about_tests, TEXT, SUMMARY),
    "second_report": Act(second_report, one_of(*STATUSES), SUMMARY),
    "bad_status": Act(bad_status, TEXT, SUMMARY),
    "commit_after_report": Act(commit_after_report, TEXT),
    "wrong_scope": Act(wrong_scope, PATH),
    "wrong_job": Act(wrong_job, TEXT, SUMMARY),
    "stale_verdict": Act(stale_verdict, one_of(*CHOICES), SUMMARY),
    "bad_nonce": Act(bad_nonce, one_of(*CHOICES), SUMMARY),
    "judge_own_work": Act(judge_own_work, one_of(*CHOICES), SUMMARY),
    "prose_verdict": Act(prose_verdict, TEXT),
    "try_approve": Act(try_approve, YES_OR_TEXT),
}
