"""Commands that keys stand for: each is the line that a person could type, and is carried out by the same code."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from gitorch.app.reconciler.trouble import bug_sentence
from gitorch.cli.boundary import Detailed, known_error
from gitorch.cli.bug import write_report
from gitorch.cli.interruption import Interrupted
from gitorch.cli.pages.cells import safe_line
from gitorch.cli.quiet import QuietCall
from gitorch.model.values import Value
from gitorch.text.visible import safe_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.cli.call import Call


class Outcome(Value):
    """What a command answered."""

    ok: bool
    text: str
    """Its answer, or the sentence and the hint of its error."""


def carry_out(call: Call, words: Sequence[str]) -> Outcome:
    """Carry out a command line as `gitorch` itself does, without a terminal. Nothing expected is raised."""
    quiet = QuietCall(call)
    try:
        quiet.run(words)
    except (Detailed, Interrupted, click.Abort) as error:
        return Outcome(ok=False, text=safe_line(str(error)))
    except Exception as error:  # noqa: BLE001  the console goes on whatever a command meets
        return Outcome(ok=False, text=_error_text(error, words, call))

    return Outcome(ok=True, text=safe_text("\n".join(quiet.parts)).rstrip())


def _error_text(error: Exception, words: Sequence[str], call: Call) -> str:
    """The sentence of an error and the command that may help; of a bug the place of its report."""
    known = known_error(error)
    if known is None:
        path = write_report(error, words, call)
        sentence = bug_sentence(f"{type(error).__name__}: {error}", call.began)
        return safe_line(f"{sentence}. Report: {path}")

    if not known.hint:
        return safe_line(known.sentence)

    return safe_line(f"{known.sentence.rstrip('.')}. Try: {known.hint}")


def as_typed(words: Sequence[str]) -> str:
    """The command line as a person would type it."""
    return shlex.join(["gitorch", *words])
