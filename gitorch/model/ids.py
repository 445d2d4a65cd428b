"""Distinct ids are distinct types, so that a session is never passed where a job belongs."""

from __future__ import annotations

from typing import NewType

RunId = NewType("RunId", str)
"""Slug of the plan's title and four hex digits: `auth-7f3a`."""

JobId = NewType("JobId", str)
"""`api` for an epic's work, `api.spec` and `api.quality` for its reviews."""

SessionId = NewType("SessionId", str)
"""`s1`, `s2`, …: one agent process in one terminal, numbered within its run."""

QuestionId = NewType("QuestionId", str)
"""`q1`, `q2`, …: a question that a human must answer, numbered within its run."""

PromptId = NewType("PromptId", str)
"""`p1`, `p2`, …: one prompt for a session, numbered within its run."""

MessageId = NewType("MessageId", str)
"""`m1`, `m2`, …: one message, numbered within the ledger."""

CommitId = NewType("CommitId", str)
"""A full git object id."""

DecisionId = NewType("DecisionId", str)
"""`d1`, `d2`, …: a decision of the principal about a job's work, numbered within its run."""

LateHandoffId = NewType("LateHandoffId", str)
"""`h1`, `h2`, …: a report or verdict that came too late and is kept, numbered within its run."""

Digest = NewType("Digest", str)
"""`sha256:` and 64 hex digits."""

Moment = NewType("Moment", int)
"""Milliseconds since 1970 in UTC; `text.records.timestamps` writes it as ISO 8601."""

HEX_DIGITS = "0123456789abcdef"
FULL_ID_LENGTHS = frozenset({40, 64})
"""Of git's ids, by SHA-1 and SHA-256."""


def is_full_id(text: str) -> bool:
    """Whether a text can be a full id of git. A pattern would cost each verb 0.004 × the import of click to compile."""
    return len(text) in FULL_ID_LENGTHS and not text.strip(HEX_DIGITS)


NO_DIGEST = Digest("sha256:" + "0" * 64)
"""The predecessor that the first record of a ledger names."""
