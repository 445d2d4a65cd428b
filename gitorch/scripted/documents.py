"""The documents that a job owes, with the fields that gitorch demands of each kind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitorch.scripted.brief import Brief, Entry, Owed

    Fields = dict[str, object]


def document(brief: Brief, owed: Owed, changed: tuple[str, str]) -> str:
    """The text of one owed document; of a kind without fields, or an unknown one, only the title of the job.

    `changed` is a file that the job changes, and a line of it, for the documents that cite something.
    """
    title = brief.title or brief.job
    fields_of = KINDS.get(owed.kind)
    if fields_of is None:
        return f"{title}\n"

    rows = []
    for name, value in fields_of(brief, changed).items():
        rows.append(f"{name}: {json.dumps(value, ensure_ascii=False)}")

    front = "\n".join([f"kind: {owed.kind}", *rows])
    return f"---\n{front}\n---\n\n# {title}\n"


def _prompt(brief: Brief, _: tuple[str, str]) -> Fields:
    return {"title": _title(brief)}


def _finding(brief: Brief, _: tuple[str, str]) -> Fields:
    return {"title": f"Nothing stands in the way of {brief.job}", "verdict_intent": "accept", "severity": "note"}


def _findings_ledger(brief: Brief, _: tuple[str, str]) -> Fields:
    return {"findings": [_row(entry) for entry in brief.entries]}


def _row(entry: Entry) -> Fields:
    """A finding as a row of a ledger."""
    row: Fields = {"number": entry.number, "source": entry.source, "severity": entry.severity, "title": entry.title}
    if entry.path:
        row["path"] = entry.place
    if entry.detail:
        row["detail"] = entry.detail

    return row | {"disposition": entry.disposition or "open"}


def _synthesis(brief: Brief, _: tuple[str, str]) -> Fields:
    answers = [{"finding": entry.number, "answer": f"Read: {entry.title}"} for entry in brief.entries]
    return {"answers": answers}


def _marker(brief: Brief, _: tuple[str, str]) -> Fields:
    return {"marker": f"{brief.job} is done"}


def _handoff(brief: Brief, _: tuple[str, str]) -> Fields:
    return {"status": "DONE", "summary": f"{_title(brief)}: everything in the brief is done"}


def _decision(brief: Brief, _: tuple[str, str]) -> Fields:
    return {"title": _title(brief), "outcome": "accepted"}


def _patch_summary(brief: Brief, changed: tuple[str, str]) -> Fields:
    return {"title": _title(brief), "files": [changed[0]]}


def _test_report(brief: Brief, _: tuple[str, str]) -> Fields:
    return {"command": brief.test_command or "true", "exit": 0}


def _support_ledger(_: Brief, changed: tuple[str, str]) -> Fields:
    path, line = changed
    claim = {"claim": f"{path} says so", "evidence": [{"path": path, "quote": line}]}
    return {"audited_artifact": path, "claims": [claim]}


def _action_item_ledger(brief: Brief, _: tuple[str, str]) -> Fields:
    return {"source": brief.job, "items": []}


def _proposal(brief: Brief, _: tuple[str, str]) -> Fields:
    return {"target": brief.job, "expected_benefit": "none: this agent follows a script"}


def _escalation(brief: Brief, _: tuple[str, str]) -> Fields:
    return {
        "escalation_kind": "ai_self_declared",
        "severity": "note",
        "description": f"{_title(brief)}: nothing had to be escalated",
        "requested_action": "none",
    }


def _operator_brief(brief: Brief, _: tuple[str, str]) -> Fields:
    return {"title": _title(brief), "status": "current"}


def _work_plan(brief: Brief, _: tuple[str, str]) -> Fields:
    return {"title": _title(brief), "scope": brief.job, "state": "done"}


def _progress_note(brief: Brief, _: tuple[str, str]) -> Fields:
    return {"date": f"attempt {brief.attempt}", "note": f"{_title(brief)}: done"}


def _title(brief: Brief) -> str:
    """The title of the job, its id without one."""
    return brief.title or brief.job


KINDS: Mapping[str, Callable[[Brief, tuple[str, str]], Fields]] = {
    "prompt": _prompt,
    "finding": _finding,
    "findings_ledger": _findings_ledger,
    "synthesis": _synthesis,
    "marker": _marker,
    "handoff": _handoff,
    "decision": _decision,
    "patch_summary": _patch_summary,
    "test_report": _test_report,
    "support_ledger": _support_ledger,
    "action_item_ledger": _action_item_ledger,
    "harness_improvement_proposal": _proposal,
    "escalation": _escalation,
    "operator_brief": _operator_brief,
    "work_plan": _work_plan,
    "progress_note": _progress_note,
    "operator_report": _prompt,
}
"""The fields of each kind of document; `other` has none."""
