"""Steps that submit something to gitorch: handoffs, verdicts, questions, blockers; and the correction of a refused report."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from gitorch.scripted.brief import Brief
from gitorch.scripted.context import TurnFailed, TurnOver
from gitorch.scripted.step import FINDINGS, FLAG, TEXT, TEXTS, Act, Step, one_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitorch.scripted.client import CallResult
    from gitorch.scripted.context import TurnContext

CORRECTIONS_MAX = 2
STATUSES = ("DONE", "DONE_WITH_CONCERNS", "NEEDS_CONTEXT", "BLOCKED")
WAITING_STATUSES = frozenset({"NEEDS_CONTEXT", "BLOCKED"})
CHOICES = ("accept", "accept_with_findings", "needs_revision", "reject")
LIST_OPTIONS = {"concerns": "--concern", "questions": "--question", "replies": "--reply"}


def handoff(context: TurnContext, step: Step) -> None:
    """Report on the job; correct and repeat a refused report.

    After NEEDS_CONTEXT and BLOCKED the agent waits for an answer. A turn that is repeated after that answer goes on behind
    this step, so that nothing is asked twice. Raises TurnOver while it waits, and TurnFailed when the call failed.
    """
    waits = step.text in WAITING_STATUSES
    if waits and _was_answered(context, step, step.texts("questions") or (step.option("blocker"),)):
        return

    result = report(context, step)
    if step.flag("correct", default=True):
        result = _report_corrected(context, step, result)

    _end_call(context, step, result, waits=waits)


def _report_corrected(context: TurnContext, step: Step, result: CallResult) -> CallResult:
    """Correct the work and report again while gitorch refuses the report, at most `CORRECTIONS_MAX` times.

    Returns the result of the last report. It is the given result if the report was not refused, or if there is nothing to correct.
    """
    for _ in range(CORRECTIONS_MAX):
        if not result.refused:
            break

        if not _correct(context):
            break

        result = report(context, step)

    return result


def ask(context: TurnContext, step: Step) -> None:
    """Ask a question and wait for the answer; continue at once if it is already answered.

    The answer is kept under the step's option `name` for later steps. Raises TurnOver while it waits.
    """
    question = context.fill(step.text)
    if _was_answered(context, step, (question,)):
        _use_answer(context, step, question)
        return

    context.show(f"Ask: {question}")
    _end_call(context, step, context.gitorch.call("ask", question), waits=True)


def _use_answer(context: TurnContext, step: Step, question: str) -> None:
    """Show the answer and keep it under the step's name; the newest answer stands in for one to other words."""
    answer = context.brief.answer_to(question) or _newest_answer(context)
    name = step.option("name")
    if name:
        context.answers[name] = answer

    context.show(f"The answer to “{question}” is: {answer}")


def _newest_answer(context: TurnContext) -> str:
    """The last answer in the brief, whatever its question; empty when there is none."""
    if not context.brief.answers:
        return ""

    _, answer = context.brief.answers[-1]
    return answer


def block(context: TurnContext, step: Step) -> None:
    """Report a blocker and wait; continue at once if it is already cleared. Raises TurnOver while it waits."""
    blocker = context.fill(step.text)
    if _was_answered(context, step, (blocker,)):
        return

    context.show(f"Blocked by {blocker}")
    clears = context.fill(step.option("clears"))
    _end_call(context, step, context.gitorch.call("block", "--by", blocker, "--clears", clears), waits=True)


def verdict(context: TurnContext, step: Step) -> None:
    """Judge the commit under review."""
    _end_call(context, step, judge(context, step), waits=False)


def report(context: TurnContext, step: Step) -> CallResult:
    """One `gitorch handoff` with the step's options; the result may be a refusal.

    Findings without a reply are answered as fixed in the newest commit, unless the report says that the work waits.
    """
    status = step.text
    summary = context.fill(step.option("summary", context.brief.title or context.brief.job))
    words = ["handoff", status, "--summary", summary]

    words += _list_options(context, step)
    if not step.texts("replies") and status not in WAITING_STATUSES:
        words += _default_replies(context)

    for option in ("blocker", "clears", "tests", "job"):
        text = context.fill(step.option(option))
        if text:
            words += [f"--{option}", text]

    context.show(f"Handoff {status}: {summary}")
    return _shown(context, context.gitorch.call(*words))


def _list_options(context: TurnContext, step: Step) -> list[str]:
    """The options of a report that may be given several times, each text with its flag, in the order of `LIST_OPTIONS`."""
    words: list[str] = []
    for option, flag in LIST_OPTIONS.items():
        for text in step.texts(option):
            words += [flag, context.fill(text)]

    return words


def _default_replies(context: TurnContext) -> list[str]:
    """Options that answer every finding of the brief as fixed in the newest commit."""
    head = context.worktree.head()
    words: list[str] = []

    for finding in context.brief.findings:
        words += ["--reply", f"{finding.number}=fixed:{head}"]

    return words


def judge(
    context: TurnContext,
    step: Step,
    commit: str = "",
    nonce: str = "",
) -> CallResult:
    """One `gitorch verdict` with the step's options; the result may be a refusal.

    It judges the brief's commit with the brief's nonce, unless the step or the caller gives others.
    """
    if not commit:
        commit = context.fill(step.option("commit", context.brief.commit or context.worktree.head()))

    if not nonce:
        nonce = context.fill(step.option("nonce", context.brief.nonce))

    summary = context.fill(step.option("summary", f"Judged at {commit[:10]}"))
    words = ["verdict", step.text, "--commit", commit, "--nonce", nonce, "--summary", summary]
    findings = [_finding(context, commit, item) for item in step.tables("findings")]
    if findings:
        words += ["--findings-file", _findings_file(context, findings)]

    context.show(f"Verdict {step.text}: {summary}")
    for finding in findings:
        context.show_result(f"{finding['severity']}: {finding['title']} ({finding['path']}:{finding['line']})")

    return _shown(context, context.gitorch.call(*words))


def _findings_file(context: TurnContext, findings: Sequence[Mapping[str, str | int]]) -> str:
    """Write the findings as JSON, and return the path of the file, which is never committed."""
    path = context.worktree.notes / "findings.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(findings, ensure_ascii=False, indent=1), encoding="utf-8")

    return str(path)


def _finding(context: TurnContext, commit: str, item: Mapping[str, str | int]) -> dict[str, str | int]:
    """A finding as `gitorch verdict` reads it.

    `at` is a regular expression: its first match in the reviewed file gives the line. A finding with a
    number restates an earlier one.
    """
    path = str(item.get("path", ""))
    finding: dict[str, str | int] = {
        "severity": str(item.get("severity", "important")),
        "title": context.fill(str(item["title"])),
        "path": path,
        "line": item.get("line", 0),
        "detail": context.fill(str(item.get("detail", ""))),
    }
    if "at" in item:
        finding["line"] = _line_of(str(item["at"]), context.worktree.text_at(commit, path))

    if "number" in item:
        finding["number"] = item["number"]

    return finding


def _line_of(pattern: str, text: str) -> int:
    """The number of the first line that the pattern matches; 0 without a match."""
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(pattern, line):
            return number

    return 0


def _was_answered(context: TurnContext, step: Step, texts: Sequence[str]) -> bool:
    """Whether the answer that this step waits for has come: in the brief, or as a prompt after this step.

    A step that waits leaves a mark for its attempt, so that a repeated turn asks nothing twice. Raises
    TurnOver if the step was done and no answer has come.
    """
    if _all_answered(context, texts):
        return True

    waiting = f"waits{context.brief.attempt}"
    if not context.marked(step.place, waiting):
        return False

    if context.prompt == "answer":
        context.mark(step.place, f"{waiting}-over")

    if context.marked(step.place, f"{waiting}-over"):
        return True

    raise TurnOver("Still waiting for an answer.")


def _all_answered(context: TurnContext, texts: Sequence[str]) -> bool:
    """Whether the brief has an answer to each of these texts, and there is one that is not empty."""
    asked = [text for text in texts if text]
    if not asked:
        return False

    return all(context.brief.answer_to(context.fill(text)) is not None for text in asked)


def _end_call(
    context: TurnContext,
    step: Step,
    result: CallResult,
    *,
    waits: bool,
) -> None:
    """Continue, wait or fail after a call.

    Raises TurnOver for a step that waits and for a refusal, because then only people or another prompt
    can help, and TurnFailed for any other failure.
    """
    if result.accepted and not waits:
        return

    if result.accepted:
        context.mark(step.place, f"waits{context.brief.attempt}")
    elif not result.refused:
        raise TurnFailed(result.text or f"gitorch ended with {result.status}")

    if waits:
        context.show_result(result.text)

    raise TurnOver("Waiting.")


def _shown(context: TurnContext, result: CallResult) -> CallResult:
    """Show the output of a call, with its exit status when it failed, and return it."""
    if result.accepted:
        context.show_result(result.text)
    else:
        context.show_result(f"exit {result.status}: {result.text}")

    return result


def _correct(context: TurnContext) -> bool:
    """Correct every visible fault of the work, and show what was done; returns whether there were any."""
    corrected = False
    for correction in CORRECTIONS:
        text = correction(context)
        if text:
            context.show(text)
            corrected = True

    return corrected


def _leave_scope(context: TurnContext) -> str:
    """Revert committed changes outside the write scope, in one commit; returns what to show, or empty."""
    brief = context.brief
    strays: list[str] = []

    for path in context.worktree.changed(brief.base):
        if not in_scope(path, brief.allowed, brief.forbidden):
            context.worktree.restore(brief.base, path)
            strays.append(path)

    if not strays:
        return ""

    context.worktree.commit("Take back changes outside the scope")
    return f"Took back {', '.join(strays)}: outside the scope"


def _commit_leftovers(context: TurnContext) -> str:
    """Commit uncommitted changes; returns what to show, or empty."""
    left = context.worktree.uncommitted()
    if not left or not context.worktree.commit("Commit what was left over"):
        return ""

    return f"Committed what was left over: {', '.join(line[3:] for line in left)}"


def _renew_brief(context: TurnContext) -> str:
    """Read the brief again: it may have findings that the report did not answer. Returns what to show, or empty."""
    brief = context.gitorch.brief()
    if not isinstance(brief, Brief) or brief.job != context.brief.job or brief == context.brief:
        return ""

    context.brief = brief
    return "Read the brief again: it has changed"


CORRECTIONS: Sequence[Callable[[TurnContext], str]] = (_leave_scope, _commit_leftovers, _renew_brief)


def in_scope(path: str, allowed: Sequence[str], forbidden: Sequence[str]) -> bool:
    """Whether these globs allow a change of the path.

    A forbidden glob counts before an allowed one. A folder covers what is below it, and no allowed globs allow all.
    """
    if _covered(path, forbidden):
        return False

    return not allowed or _covered(path, allowed)


def _covered(path: str, globs: Sequence[str]) -> bool:
    """Whether one of the globs matches the path, or names a folder above it."""
    return any(re.fullmatch(_pattern(glob), path) for glob in globs)


WILDCARDS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def _pattern(glob: str) -> str:
    """A glob as a regular expression. As in gitorch, only `**` spans folders, and a last part without wildcards may be a folder."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]/]+\])", re.sub(r"/$", "/**", glob))
    pattern = "".join(WILDCARDS.get(part) or _of_class(part) for part in parts)
    below = ""
    if not set("*?[") & set(glob.rpartition("/")[2]):
        below = "(?:/.*)?"

    return pattern + below


def _of_class(part: str) -> str:
    """A class such as `[a-z]` or `[!a-z]`, or plain text, as a regular expression."""
    if part.startswith("[") and part.endswith("]"):
        return part.replace("[!", "[^", 1)

    return re.escape(part)


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
