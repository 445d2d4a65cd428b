"""The text that a workflow file's job tells its agent: role, objective, what to read first, posture."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

POSTURES = {
    "neutral": "",
    "devils_advocate": "Argue against the work: look for the case in which it is wrong, and judge whether that case matters.",
    "security": "Judge the work as somebody who wants to break in: inputs, rights, secrets, injection.",
    "threat_model": "Name what is worth attacking, who would, by which way, and whether the work stands in that way.",
    "latency_performance": "Judge what the work costs in time and memory, at the sizes that occur in practice.",
    "ergonomics_dx": "Judge the work as somebody who has to use it tomorrow: names, errors, surprises, documentation.",
    "accessibility": "Judge whether people who cannot see, hear or use a pointer can use the result.",
    "compliance_license": "Judge licences, notices and rules that the work must keep.",
    "supply_chain": "Judge what the work brings in from outside: dependencies, downloads, pinned versions, build steps.",
}
"""What each posture of a reviewer adds to its brief; `custom:<name>` is a posture of one's own (W16)."""

_CUSTOM = "custom:"


def posture_fault(posture: str) -> str:
    """Why a word is no posture, or an empty string when it is one."""
    if posture in POSTURES or (posture.startswith(_CUSTOM) and posture.removeprefix(_CUSTOM).strip()):
        return ""
    return f"must be one of {', '.join(POSTURES)}, or custom:<name>"


def brief_text(title: str, role: str, objective: str, context: Sequence[str], posture: str) -> str:
    """A brief in Markdown. Parts that are empty are left out."""
    parts = [f"# {title}", role.strip(), objective.strip()]
    if context:
        parts.append("## Read first\n\n" + "\n".join(f"- `{path}`" for path in context))
    if posture.startswith(_CUSTOM):
        parts.append(f"## Posture\n\nJudge the work with an eye to {posture.removeprefix(_CUSTOM).strip()}.")
    elif POSTURES.get(posture):
        parts.append(f"## Posture\n\n{POSTURES[posture]}")
    return "\n\n".join(part for part in parts if part) + "\n"
