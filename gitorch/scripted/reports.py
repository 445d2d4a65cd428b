"""Steps that owe gitorch something: handoffs, verdicts, questions, blockers; and what a refused report leads to."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from gitorch.scripted.context import TurnFailed, TurnOver
from gitorch.scripted.step import FINDINGS, FLAG, TEXT, TEXTS, Act, Step, one_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitorch.scripted.client import Reply
    from gitorch.scripted.context import TurnContext

CORRECTIONS_MAX = 2
STATUSES = ("DONE", "DONE_WITH_CONCERNS", "NEEDS_CONTEXT", "BLOCKED")
WAITING_STATUSES = frozenset({"NEEDS_CONTEXT", "BLOCKED"})
CHOICES = ("accept", "accept_with_findings", "needs_revision", "reject")


def handoff(context: TurnContext, step: Step) -> None:
    """Report on the job; a refused report is corrected and repeated. After some reports the agent waits."""
    waits = step.text in WAITING_STATUSES
    if waits and _was_answered(context, step, step.texts("questions") or (step.option("blocker"),)):
        return
    reply = report(context, step)
    for _ in range(CORRECTIONS_MAX):
        if not reply.refused or not step.flag("correct", otherwise=True) or not _correct(context):
            break
        reply = report(context, step)
    _close(context, step, reply, waits=waits)


def ask(context: TurnContext, step: Step) -> None:
    """Ask a question and wait for the answer; go on at once where it is answered already."""
    question = context.fill(step.text)
    if _was_answered(context, step, (question,)):
        name = step.option("name")
        answer = context.brief.answer_to(question) or (context.brief.answers or [("", "")])[-1][1]
        context.answers.update({name: answer} if name else {})
        context.tell(f"The answer to “{question}” is: {answer}")
        return
    context.tell(f"Ask: {question}")
    _close(context, step, context.gitorch.call("ask", question), waits=True)


def block(context: TurnContext, step: Step) -> None:
    """Say what stands in the way and wait; go on at once where that was cleared already."""
    blocker = context.fill(step.text)
    if _was_answered(context, step, (blocker,)):
        return
    context.tell(f"Blocked by {blocker}")
    _close(
        context,
        step,
        context.gitorch.call("block", "--by", blocker, "--clears", context.fill(step.option("clears"))),
        waits=True,
    )


def verdict(context: TurnContext, step: Step) -> None:
    """Judge the commit under review."""
    _close(context, step, judge(context, step), waits=False)


def report(context: TurnContext, step: Step, status: str = "") -> Reply:
    """One `gitorch handoff` with the step's options; every finding is answered as fixed where the step says nothing."""
    status = status or step.text
    summary = context.fill(step.option("summary", context.brief.title or context.brief.job))
    words = ["handoff", status, "--summary", summary]
    for option, flag in (("concerns", "--concern"), ("questions", "--question"), ("replies", "--reply")):
        for text in step.texts(option):
            words += [flag, context.fill(text)]
    if not step.texts("replies") and status not in WAITING_STATUSES:
        head = context.worktree.head()
        for finding in context.brief.findings:
            words += ["--reply", f"{finding.number}=fixed:{head}"]
    for option in ("blocker", "clears", "tests", "job"):
        text = context.fill(step.option(option))
        words += [f"--{option}", text] if text else []
    context.tell(f"Handoff {status}: {summary}")
    return _shown(context, context.gitorch.call(*words))


def judge(context: TurnContext, step: Step, commit: str = "", nonce: str = "") -> Reply:
    """One `gitorch verdict` with the step's options, on the brief's commit and nonce unless others are given."""
    commit = commit or context.fill(step.option("commit", context.brief.commit or context.worktree.head()))
    nonce = nonce or context.fill(step.option("nonce", context.brief.nonce))
    summary = context.fill(step.option("summary", f"Judged at {commit[:10]}"))
    words = ["verdict", step.text, "--commit", commit, "--nonce", nonce, "--summary", summary]
    findings = [_finding(context, commit, item) for item in step.tables("findings")]
    if findings:
        path = context.worktree.notes / "findings.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(findings, ensure_ascii=False, indent=1), encoding="utf-8")
        words += ["--findings-file", str(path)]
    context.tell(f"Verdict {step.text}: {summary}")
    for finding in findings:
        context.result(f"{finding['severity']}: {finding['title']} ({finding['path']}:{finding['line']})")
    return _shown(context, context.gitorch.call(*words))


def _finding(context: TurnContext, commit: str, item: Mapping[str, str | int]) -> dict[str, str | int]:
    """A finding as `gitorch verdict` reads it; `at` is looked up in the reviewed file to give the line."""
    path, line = str(item.get("path", "")), item.get("line", 0)
    if "at" in item:
        lines = context.worktree.text_at(commit, path).splitlines()
        line = next((number for number, text in enumerate(lines, 1) if re.search(str(item["at"]), text)), 0)
    finding: dict[str, str | int] = {
        "severity": str(item.get("severity", "important")),
        "title": context.fill(str(item["title"])),
        "path": path,
        "line": line,
        "detail": context.fill(str(item.get("detail", ""))),
    }
    return finding | ({"number": item["number"]} if "number" in item else {})


def _was_answered(context: TurnContext, step: Step, texts: Sequence[str]) -> bool:
    """Whether what this step waits for has come: by the brief, or by a prompt that came after this step was done.

    Where it has been done and nothing came, the turn ends again: nothing is asked twice.
    """
    if all(context.brief.answer_to(context.fill(text)) is not None for text in texts if text) and any(texts):
        return True
    if not context.marked(step.place, _waiting(context)):
        return False
    if context.prompt == "answer":
        context.mark(step.place, _waiting(context) + "-over")
    if context.marked(step.place, _waiting(context) + "-over"):
        return True
    raise TurnOver("Still waiting for an answer.")


def _close(context: TurnContext, step: Step, reply: Reply, *, waits: bool) -> None:
    """What follows a call: waiting where the step waits, an end where it was not possible at all."""
    if reply.accepted and waits:
        context.mark(step.place, _waiting(context))
    if not reply.accepted and not reply.refused:
        raise TurnFailed(reply.text or f"gitorch ended with {reply.status}")
    if waits or reply.refused:
        if waits:
            context.result(reply.text)
        raise TurnOver("Waiting.")


def _waiting(context: TurnContext) -> str:
    return f"waits{context.brief.attempt}"


def _shown(context: TurnContext, reply: Reply) -> Reply:
    context.result(reply.text if reply.accepted else f"exit {reply.status}: {reply.text}")
    return reply


def _correct(context: TurnContext) -> bool:
    """Set right what can be seen to be wrong with the work; whether there was anything."""
    done = [text for text in (correction(context) for correction in CORRECTIONS) if text]
    for text in done:
        context.tell(text)
    return bool(done)


def _leave_scope(context: TurnContext) -> str:
    """Take back committed changes outside the write scope."""
    brief = context.brief
    strays = [
        path for path in context.worktree.changed(brief.base) if not in_scope(path, brief.allowed, brief.forbidden)
    ]
    for path in strays:
        context.worktree.restore(brief.base, path)
    if strays:
        context.worktree.commit("Take back changes outside the scope")
    return f"Took back {', '.join(strays)}: outside the scope" if strays else ""


def _commit_leftovers(context: TurnContext) -> str:
    """Commit what was not committed."""
    left = context.worktree.uncommitted()
    made = context.worktree.commit("Commit what was left over") if left else None
    return f"Committed what was left over: {', '.join(line[3:] for line in left)}" if made else ""


def _renew_brief(context: TurnContext) -> str:
    """Read the brief again: findings may have come that the report did not answer."""
    brief = context.gitorch.brief()
    before = context.brief
    if isinstance(brief, type(before)) and brief.job == before.job:
        context.brief = brief
    return "Read the brief again: it has changed" if context.brief != before else ""


CORRECTIONS: Sequence[Callable[[TurnContext], str]] = (_leave_scope, _commit_leftovers, _renew_brief)


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
