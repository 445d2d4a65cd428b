"""What a run keeps beside its jobs, questions and sessions, by the id that verbs print."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitorch.model.work.artifact import Artifact
    from gitorch.model.work.decision import Decision
    from gitorch.model.work.late_handoff import LateHandoff
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Prompt

    Kept = tuple[str, Decision | LateHandoff | Prompt | Artifact]
    """What it is, as a key of JSON, and the thing itself."""


def kept_in(run: Run, name: str) -> Kept | None:
    """What a run keeps under a name, with the key of JSON for it; None where it keeps nothing under it.

    Decisions have ids such as `d1`, late handoffs such as `h1`, prompts such as `p1`. A published document has the name that
    its author gave it, and its newest version counts. Where a document has such a name, the id wins.
    """
    kept: dict[str, Kept] = {}
    for artifact in run.artifacts:
        kept[artifact.name] = ("artifact", artifact)

    for session in run.sessions.values():
        for prompt in session.prompts:
            kept[prompt.id] = ("prompt", prompt)

    for late in run.late_handoffs.values():
        kept[late.id] = ("late_handoff", late)

    for decision in run.decisions:
        kept[decision.id] = ("decision", decision)

    return kept.get(name)
