"""The brief that a workflow file gives the agent of a job: role, objective, reading list, posture."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

POSTURES = {
    "neutral": "",
    "devils_advocate": "Argue against the work: look for the case in which it is wrong, and judge whether that case matters.",
    "security": "Judge the work as somebody who wants to break in: inputs, rights, secrets, injection.",
    "threat_model": "Name the assets, their attackers and the ways of attack, and judge whether the work blocks each way.",
    "latency_performance": "Judge what the work costs in time and memory, at the sizes that occur in practice.",
    "ergonomics_dx": "Judge the work as somebody who has to use it tomorrow: names, errors, surprises, documentation.",
    "accessibility": "Judge whether people who cannot see, hear or use a pointer can use the result.",
    "compliance_license": "Judge licences, notices and rules that the work must keep.",
    "supply_chain": "Judge what the work brings in from outside: dependencies, downloads, pinned versions, build steps.",
}
"""The instruction that each posture adds to a reviewer's brief. `custom:<name>` is a posture with another name (W16)."""

_CUSTOM = "custom:"


def posture_fault(posture: str) -> str:
    """Why a word is not a posture (how a reviewer looks at work, such as `security`); empty if it is one.

    The text is the end of a sentence that begins with the name of a key.
    """
    if posture in POSTURES or _custom_name(posture):
        return ""
    return f"must be one of {', '.join(POSTURES)}, or custom:<name>"


def _custom_name(posture: str) -> str:
    """The name of a custom posture; empty for any other word."""
    if not posture.startswith(_CUSTOM):
        return ""
    return posture.removeprefix(_CUSTOM).strip()


def brief_text(title: str, role: str, objective: str, context: Sequence[str], posture: str) -> str:
    """A brief in Markdown: title, role, objective, the files to read first, the posture.

    Parts that are empty are left out, with their headings. The text ends in one line feed.
    """
    parts = [f"# {title}", role.strip(), objective.strip()]
    if context:
        paths = "\n".join(f"- `{path}`" for path in context)
        parts.append(f"## Read first\n\n{paths}")

    instruction = _instruction(posture)
    if instruction:
        parts.append(f"## Posture\n\n{instruction}")

    return "\n\n".join(part for part in parts if part) + "\n"


def _instruction(posture: str) -> str:
    """What a posture adds to the brief; empty for `neutral` and for unknown words."""
    if posture.startswith(_CUSTOM):
        return f"Judge the work with an eye to {_custom_name(posture)}."
    return POSTURES.get(posture, "")
