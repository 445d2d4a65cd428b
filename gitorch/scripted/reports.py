"""Steps that owe gitorch something: handoffs, verdicts, questions, blockers; and what a refused report leads to."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from gitorch.scripted.scene import TurnFailed, TurnOver
from gitorch.scripted.step import FINDINGS, FLAG, TEXT, TEXTS, Act, Step, one_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitorch.scripted.desk import Reply
    from gitorch.scripted.scene import Scene

CORRECTIONS_MAX = 2
STATUSES = ("DONE", "DONE_WITH_CONCERNS", "NEEDS_CONTEXT", "BLOCKED")
WAITING_STATUSES = frozenset({"NEEDS_CONTEXT", "BLOCKED"})
CHOICES = ("accept", "accept_with_findings", "needs_revision", "reject")


def handoff(scene: Scene, step: Step) -> None:
    """Report on the job; a refused report is corrected and repeated. After some reports the agent waits."""
    waits = step.text in WAITING_STATUSES
    if waits and _was_answered(scene, step, step.texts("questions") or (step.option("blocker"),)):
        return
    reply = report(scene, step)
    for _ in range(CORRECTIONS_MAX):
        if not reply.refused or not step.flag("correct", otherwise=True) or not _correct(scene):
            break
        reply = report(scene, step)
    _close(scene, step, reply, waits=waits)


def ask(scene: Scene, step: Step) -> None:
    """Ask a question and wait for the answer; go on at once where it is answered already."""
    question = scene.fill(step.text)
    if _was_answered(scene, step, (question,)):
        name = step.option("name")
        answer = scene.brief.answer_to(question) or (scene.brief.answers or [("", "")])[-1][1]
        scene.answers.update({name: answer} if name else {})
        scene.tell(f"The answer to “{question}” is: {answer}")
        return
    scene.tell(f"Ask: {question}")
    _close(scene, step, scene.desk.call("ask", question), waits=True)


def block(scene: Scene, step: Step) -> None:
    """Say what stands in the way and wait; go on at once where that was cleared already."""
    blocker = scene.fill(step.text)
    if _was_answered(scene, step, (blocker,)):
        return
    scene.tell(f"Blocked by {blocker}")
    _close(
        scene,
        step,
        scene.desk.call("block", "--by", blocker, "--clears", scene.fill(step.option("clears"))),
        waits=True,
    )


def verdict(scene: Scene, step: Step) -> None:
    """Judge the commit under review."""
    _close(scene, step, judge(scene, step), waits=False)


def report(scene: Scene, step: Step, status: str = "") -> Reply:
    """One `gitorch handoff` with the step's options; every finding is answered as fixed where the step says nothing."""
    status = status or step.text
    summary = scene.fill(step.option("summary", scene.brief.title or scene.brief.job))
    words = ["handoff", status, "--summary", summary]
    for option, flag in (("concerns", "--concern"), ("questions", "--question"), ("replies", "--reply")):
        for text in step.texts(option):
            words += [flag, scene.fill(text)]
    if not step.texts("replies") and status not in WAITING_STATUSES:
        head = scene.worktree.head()
        for finding in scene.brief.findings:
            words += ["--reply", f"{finding.number}=fixed:{head}"]
    for option in ("blocker", "clears", "tests", "job"):
        text = scene.fill(step.option(option))
        words += [f"--{option}", text] if text else []
    scene.tell(f"Handoff {status}: {summary}")
    return _shown(scene, scene.desk.call(*words))


def judge(scene: Scene, step: Step, commit: str = "", nonce: str = "") -> Reply:
    """One `gitorch verdict` with the step's options, on the brief's commit and nonce unless others are given."""
    commit = commit or scene.fill(step.option("commit", scene.brief.commit or scene.worktree.head()))
    nonce = nonce or scene.fill(step.option("nonce", scene.brief.nonce))
    summary = scene.fill(step.option("summary", f"Judged at {commit[:10]}"))
    words = ["verdict", step.text, "--commit", commit, "--nonce", nonce, "--summary", summary]
    findings = [_finding(scene, commit, item) for item in step.tables("findings")]
    if findings:
        path = scene.worktree.notes / "findings.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(findings, ensure_ascii=False, indent=1), encoding="utf-8")
        words += ["--findings-file", str(path)]
    scene.tell(f"Verdict {step.text}: {summary}")
    for finding in findings:
        scene.result(f"{finding['severity']}: {finding['title']} ({finding['path']}:{finding['line']})")
    return _shown(scene, scene.desk.call(*words))


def _finding(scene: Scene, commit: str, item: Mapping[str, str | int]) -> dict[str, str | int]:
    """A finding as `gitorch verdict` reads it; `at` is looked up in the reviewed file to give the line."""
    path, line = str(item.get("path", "")), item.get("line", 0)
    if "at" in item:
        lines = scene.worktree.text_at(commit, path).splitlines()
        line = next((number for number, text in enumerate(lines, 1) if re.search(str(item["at"]), text)), 0)
    finding: dict[str, str | int] = {
        "severity": str(item.get("severity", "important")),
        "title": scene.fill(str(item["title"])),
        "path": path,
        "line": line,
        "detail": scene.fill(str(item.get("detail", ""))),
    }
    return finding | ({"number": item["number"]} if "number" in item else {})


def _was_answered(scene: Scene, step: Step, texts: Sequence[str]) -> bool:
    """Whether what this step waits for has come: by the brief, or by a letter that came after this step was done.

    Where it has been done and nothing came, the turn ends again: nothing is asked twice.
    """
    if all(scene.brief.answer_to(scene.fill(text)) is not None for text in texts if text) and any(texts):
        return True
    if not scene.marked(step.place, _waiting(scene)):
        return False
    if scene.letter == "answer":
        scene.mark(step.place, _waiting(scene) + "-over")
    if scene.marked(step.place, _waiting(scene) + "-over"):
        return True
    raise TurnOver("Still waiting for an answer.")


def _close(scene: Scene, step: Step, reply: Reply, *, waits: bool) -> None:
    """What follows a call: waiting where the step waits, an end where it was not possible at all."""
    if reply.accepted and waits:
        scene.mark(step.place, _waiting(scene))
    if not reply.accepted and not reply.refused:
        raise TurnFailed(reply.text or f"gitorch ended with {reply.status}")
    if waits or reply.refused:
        if waits:
            scene.result(reply.text)
        raise TurnOver("Waiting.")


def _waiting(scene: Scene) -> str:
    return f"waits{scene.brief.attempt}"


def _shown(scene: Scene, reply: Reply) -> Reply:
    scene.result(reply.text if reply.accepted else f"exit {reply.status}: {reply.text}")
    return reply


def _correct(scene: Scene) -> bool:
    """Set right what can be seen to be wrong with the work; whether there was anything."""
    done = [text for text in (correction(scene) for correction in CORRECTIONS) if text]
    for text in done:
        scene.tell(text)
    return bool(done)


def _leave_scope(scene: Scene) -> str:
    """Take back committed changes outside the write scope."""
    brief = scene.brief
    strays = [path for path in scene.worktree.changed(brief.base) if not in_scope(path, brief.allowed, brief.forbidden)]
    for path in strays:
        scene.worktree.restore(brief.base, path)
    if strays:
        scene.worktree.commit("Take back changes outside the scope")
    return f"Took back {', '.join(strays)}: outside the scope" if strays else ""


def _commit_leftovers(scene: Scene) -> str:
    """Commit what was not committed."""
    left = scene.worktree.uncommitted()
    made = scene.worktree.commit("Commit what was left over") if left else None
    return f"Committed what was left over: {', '.join(line[3:] for line in left)}" if made else ""


def _renew_brief(scene: Scene) -> str:
    """Read the brief again: findings may have come that the report did not answer."""
    brief = scene.desk.brief()
    before = scene.brief
    if isinstance(brief, type(before)) and brief.job == before.job:
        scene.brief = brief
    return "Read the brief again: it has changed" if scene.brief != before else ""


CORRECTIONS: Sequence[Callable[[Scene], str]] = (_leave_scope, _commit_leftovers, _renew_brief)


def in_scope(path: str, allowed: Sequence[str], forbidden: Sequence[str]) -> bool:
    """Whether a path may be changed under these globs, of which a folder covers what is below; no allowed ones allow all."""
    return not _covered(path, forbidden) and (not allowed or _covered(path, allowed))


def _covered(path: str, globs: Sequence[str]) -> bool:
    return any(fnmatchcase(path, glob) or path.startswith(glob.rstrip("/") + "/") for glob in globs)


HANDOFF_OPTIONS = {
    "summary": TEXT,
    "concerns": TEXTS,
    "questions": TEXTS,
    "blocker": TEXT,
    "clears": TEXT,
    "tests": TEXT,
    "replies": TEXTS,
    "job": TEXT,
    "correct": FLAG,
}
VERDICT_OPTIONS = {"summary": TEXT, "findings": FINDINGS, "commit": TEXT, "nonce": TEXT}

REPORTS: Mapping[str, Act] = {
    "handoff": Act(handoff, one_of(*STATUSES), HANDOFF_OPTIONS),
    "verdict": Act(verdict, one_of(*CHOICES), VERDICT_OPTIONS),
    "ask": Act(ask, TEXT, {"name": TEXT}),
    "block": Act(block, TEXT, {"clears": TEXT}, ("clears",)),
}
