"""Steps that misbehave on purpose: what real agents do wrong, so that gitorch can be shown to hold."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitorch.scripted.console import TITLE_BUSY
from gitorch.scripted.reports import CHOICES, STATUSES, judge, report
from gitorch.scripted.scene import Quit, TurnFailed, TurnLimited, TurnOver
from gitorch.scripted.step import COUNT, NUMBER, PATH, TEXT, YES_OR_NUMBER, YES_OR_TEXT, Act, Shape, Step, one_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.scripted.scene import Scene

TITLE_DIALOG = "✋ action required"
DIALOG_FOOT = "Enter to confirm · Esc to cancel"
NOBODY_NONCE = "00000000"


@dataclass(frozen=True, slots=True)
class Dialog:
    """A question that blocks the program; the first choice is the one that Enter takes."""

    question: str
    choices: tuple[str, str]


DIALOGS: Mapping[str, Dialog] = {
    "trust": Dialog("Do you trust the files in this folder?", ("Yes, work here", "No, leave")),
    "login": Dialog("You are not signed in. Sign in now?", ("Open the browser", "Leave")),
    "theme": Dialog("Which colours suit your terminal?", ("Dark", "Light")),
    "update": Dialog("A newer version is there. Update now?", ("Update", "Skip")),
    "key": Dialog("A key was found in your environment. Use it?", ("Use it", "Leave it")),
    "permission": Dialog("Allow this command?", ("Yes, this once", "No, do something else")),
}


def dialog(scene: Scene, step: Step) -> None:
    """Show a dialog until a key answers it; whatever else is typed is written to `dialog.jsonl`."""
    shown = DIALOGS[step.text]
    detail = step.option("text") or (str(scene.worktree.path) if step.text == "trust" else "")
    choices = [f" ❯ 1. {shown.choices[0]}", f"   2. {shown.choices[1]}"]
    scene.console.title(TITLE_DIALOG)
    scene.console.panel(["─" * 40, f" {shown.question}", f"   {detail}", "", *choices, "", f" {DIALOG_FOOT}"])
    scene.desk.hook("permission", f"{shown.question} {detail}".strip())
    agreed = _answered(scene, step.text)
    scene.console.close_panel()
    scene.console.title(TITLE_BUSY)
    scene.tell(f"{shown.question} {shown.choices[0 if agreed else 1]}")
    if not agreed:
        raise Quit(1) if step.text in {"trust", "login"} else TurnOver("Not allowed.")


def _answered(scene: Scene, kind: str) -> bool:
    """Wait for the key that decides; a text of more than one letter, or a paste, was meant for somebody else."""
    while True:
        key = scene.console.key()
        if key is None:
            continue
        yes = key.kind == "enter" or (key.kind == "text" and key.text in {"1", "y", "Y"})
        no = key.kind in {"escape", "interrupt"} or (key.kind == "text" and key.text in {"2", "n", "N"})
        typed = "" if yes or no else key.text
        _note(scene, {"dialog": kind, "typed": typed} if typed else {"dialog": kind, "key": key.text or key.kind})
        if yes or no:
            return yes


def _note(scene: Scene, record: Mapping[str, str]) -> None:
    scene.worktree.notes.mkdir(parents=True, exist_ok=True)
    with (scene.worktree.notes / "dialog.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps(record, ensure_ascii=False) + "\n")


def hang(scene: Scene, step: Step) -> None:
    """Fall silent, deaf to every key; for ever unless a number of seconds is given."""
    del scene
    time.sleep(10**8 if step.value is True else step.number)


def boot_exit(scene: Scene, step: Step) -> None:
    """End before the prompt."""
    del scene
    raise Quit(int(step.number))


def crash(scene: Scene, step: Step) -> None:
    """Die at once, by a signal or with an exit status, without a word to anybody."""
    del scene
    if isinstance(step.value, str):
        os.kill(os.getpid(), signal.Signals[f"SIG{step.value}"])
    os._exit(int(step.number))


def flood(scene: Scene, step: Step) -> None:
    """Print many lines as fast as they go."""
    for number in range(int(step.number)):
        scene.console.line(f"{number:06} the quick brown fox jumps over the lazy dog, again and again and again")


def limit(scene: Scene, step: Step) -> None:
    """Run into a usage limit and wait it out."""
    scene.console.row(f"⏳ Usage limit reached; resets in {step.number:g} s")
    scene.console.listen(step.number)


def used_up(scene: Scene, step: Step) -> None:
    """Run into a usage limit as programs do: the turn ends with it, and nothing goes on by itself when it is over."""
    del scene
    message = f"⏳ Usage limit reached; resets in {step.number:g} s"
    raise TurnLimited(message)


def hoard(scene: Scene, step: Step) -> None:
    """Take so many MiB of memory in a process of its own, and keep them."""
    del scene
    words = (sys.executable, "-c", f"import time; kept = bytearray({int(step.number)} << 20); time.sleep(10**8)")
    subprocess.Popen(words)


def storm(scene: Scene, step: Step) -> None:
    """Fail so many requests, one after the other, as a program does that tries again and again."""
    for number in range(int(step.number)):
        scene.desk.hook("error", f"request {number} failed")


def error(scene: Scene, step: Step) -> None:
    """Fail as when the model's service does: an error, and then an ordinary prompt."""
    del scene
    raise TurnFailed(step.text)


def ignore_enter(scene: Scene, step: Step) -> None:
    """Swallow the next so many Enter keys at the prompt."""
    scene.console.ignore_enters = int(step.number)


def early_enter(scene: Scene, step: Step) -> None:
    """From now on swallow an Enter that comes within so many seconds after text."""
    scene.console.early_enter_seconds = step.number


def drop_paste(scene: Scene, step: Step) -> None:
    """Lose the next so many pastes."""
    scene.console.drop_pastes = int(step.number)


def slow_typing(scene: Scene, step: Step) -> None:
    """From now on take so many seconds to show each key or paste."""
    scene.console.key_seconds = step.number


def leave_uncommitted(scene: Scene, step: Step) -> None:
    """Leave a file behind that is in no commit."""
    scene.worktree.write(step.text, "Not finished.\n")
    scene.tell(f"Write {step.text}, and leave it uncommitted")


def lie_about_tests(scene: Scene, step: Step) -> None:
    """Report DONE and claim this about tests that were never run."""
    report(scene, Step("handoff", "DONE", {"tests": step.value, **step.options}, step.place))


def second_report(scene: Scene, step: Step) -> None:
    """Report once more, although the report is made."""
    report(scene, step)


def bad_status(scene: Scene, step: Step) -> None:
    """Report with a word that is not in the vocabulary."""
    report(scene, step)


def commit_after_report(scene: Scene, step: Step) -> None:
    """Commit once more when the report is made and the review is under way."""
    scene.worktree.write("after-the-report.md", "One more thing.\n")
    made = scene.worktree.commit(step.text)
    scene.tell(f"Commit {(made or scene.worktree.head())[:10]} {step.text}, after the report")


def wrong_scope(scene: Scene, step: Step) -> None:
    """Change and commit a file that is somebody else's."""
    scene.worktree.write(step.text, f"Changed by {scene.brief.job}.\n")
    scene.worktree.commit(f"Change {step.text}")
    scene.tell(f"Change {step.text}, which is outside the scope")


def wrong_job(scene: Scene, step: Step) -> None:
    """Report DONE for another job."""
    report(scene, Step("handoff", "DONE", {"job": step.value, **step.options}, step.place))


def stale_verdict(scene: Scene, step: Step) -> None:
    """Judge the commit before the one under review."""
    commit = scene.brief.commit or scene.worktree.head()
    judge(scene, step, commit=scene.worktree.parent(commit) or scene.brief.base)


def bad_nonce(scene: Scene, step: Step) -> None:
    """Judge with a nonce that is not the brief's."""
    judge(scene, step, nonce=NOBODY_NONCE)


def judge_own_work(scene: Scene, step: Step) -> None:
    """Give a verdict on what this agent wrote itself."""
    judge(scene, step, commit=scene.worktree.head(), nonce=scene.brief.nonce or NOBODY_NONCE)


def prose_verdict(scene: Scene, step: Step) -> None:
    """Say something that sounds like a verdict, and give none."""
    scene.tell(step.text)


def try_approve(scene: Scene, step: Step) -> None:
    """Try to approve the merge, which only the principal may, and show what came of it."""
    words = ("approve", *([] if step.value is True else step.text.split()))
    scene.tell("Try gitorch " + " ".join(words))
    reply = scene.desk.call(*words)
    scene.result(f"exit {reply.status}: {reply.text}")


def _is_end(value: object) -> bool:
    if isinstance(value, str):
        return f"SIG{value}" in signal.Signals.__members__
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 255


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
