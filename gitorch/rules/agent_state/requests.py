"""Permission requests that a control channel reports: the choices that a human has, and which of them an answer means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.dialog import DialogChoice, ShownDialog
from gitorch.model.plans.permission import Option, PermissionAnswer

if TYPE_CHECKING:
    from gitorch.model.dialog import PermissionRequest

ALLOW, REJECT = "allow", "reject"
CHOICES: tuple[DialogChoice, ...] = (
    DialogChoice(ALLOW, "allow it once", is_selected=True),
    DialogChoice(REJECT, "reject it"),
)
OPTIONS = {ALLOW: Option.ONCE, REJECT: Option.REJECT}

MARK_CHARACTERS = 12
REPORTED = "r-"
"""How the mark of a request begins that a channel reported, so that it is never compared with the mark of a screen."""


def dialog_of(request: PermissionRequest) -> ShownDialog:
    """The choices about a request. Its mark is of this one request: the same command asked for again is another one."""
    text = f"{request.id}\n{request.tool}\n{request.text}"
    import hashlib  # noqa: PLC0415  3 ms, where a dialog is shown

    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return ShownDialog(CHOICES, REPORTED + digest[:MARK_CHARACTERS])


def is_of_screen(answer: PermissionAnswer) -> bool:
    """Whether a human chose in a dialog as its screen shows it, which only keys answer."""
    mark = answer.asked.rpartition("[")[2]
    return answer.option is Option.CHOSEN and not mark.startswith(REPORTED)


def option_chosen(request: PermissionRequest, answer: PermissionAnswer) -> Option | None:
    """The option that an answer chooses in a request; None where it answers another one, or trusts a folder."""
    if answer.option is Option.CHOSEN:
        choice = dialog_of(request).choice(answer.asked)
        return OPTIONS[choice.word] if choice is not None else None

    if answer.asked != request.text or answer.option is Option.TRUST:
        return None

    return answer.option
