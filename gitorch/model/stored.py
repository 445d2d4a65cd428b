"""The modules whose classes records and states are made of: whoever reads one back by name finds its class here."""

from __future__ import annotations

from gitorch.model import record
from gitorch.model.plans import permission, workflow
from gitorch.model.work import (
    artifact,
    board,
    code_merge,
    decision,
    fault,
    job,
    late_handoff,
    message,
    proposal,
    question,
    report,
    review,
    run,
    session,
    usage,
)

STORED_MODULES = (
    *(permission, workflow, review, artifact, record, message, job, session, question, proposal, report, late_handoff),
    *(decision, fault, code_merge, run, board, usage),
)
