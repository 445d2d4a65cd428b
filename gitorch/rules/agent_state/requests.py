"""Permission requests that a control channel reports: the choices that a human has, and which of them an answer means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.dialog import DialogChoice, ShownDialog
from gitorch.model.plans.permission import Option, PermissionAnswer

if TYPE_CHECKING:
    from gitorch.model.channel import PermissionRequest

ALLOW, REJECT = "allow", "reject"
CHOICES: tuple[DialogChoice, ...] = (
    DialogChoice(ALLOW, "allow it once", is_selected=True),
    DialogChoice(REJECT, "reject it"),
)
OPTIONS = {ALLOW: Option.ONCE, REJECT: Option.REJECT}

MARK_CHARACTERS = 12


def dialog_of(request: PermissionRequest) -> ShownDialog:
    """The choices about a request. Its mark is of this one request: the same command asked for again is another one."""
    text = f"{request.id}\n{request.tool}\n{request.text}"
    import hashlib  # noqa: PLC0415  3 ms, where a dialog is shown

    return ShownDialog(CHOICES, hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:MARK_CHARACTERS])


def option_chosen(request: PermissionRequest, answer: PermissionAnswer) -> Option | None:
    """The option that an answer chooses in a request; None where it answers another one, or trusts a folder."""
    if answer.option is Option.CHOSEN:
        choice = dialog_of(request).choice(answer.asked)
        return OPTIONS[choice.word] if choice is not None else None

    if answer.asked != request.text or answer.option is Option.TRUST:
        return None

    return answer.option
