"""What the page may change: verbs of the table, each at an address. No approval is among them (P36).

The last word of an address is the verb. Its variables and the fields of its form are parameters of the verb by their names, so
that a change is exactly the command line that a person could type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitorch.errors import Usage
from gitorch.verbs.calls import CommandLine, command_line, given_parameters
from gitorch.verbs.table import TABLE
from gitorch.verbs.verb import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitorch.app.executing.execute import Caller
    from gitorch.verbs.verb import Parameter
    from gitorch.web.forms import Form
    from gitorch.wiring.repository import Repository

    CarryOut = Callable[[Repository, Caller, CommandLine], None]
    """Carries out a command line for a caller. Of what it raises, everything expected is a GitorchError."""

CHANGES: Mapping[str, str] = {
    "/runs/{run}/questions/{question}/answer": "/runs/{run}",
    "/runs/{what}/reject": "/runs/{what}",
    "/runs/{run}/pause": "/runs/{run}",
    "/runs/{run}/resume": "/runs/{run}",
    "/runs/{what}/recover": "/runs/{what}",
    "/runs/{run}/jobs/{what}/reject": "/runs/{run}/jobs/{what}",
    "/runs/{run}/jobs/{job}/retry": "/runs/{run}/jobs/{job}",
}
"""The page to show after each change, by the address that its form is sent to."""

COMMENT = ("path", "line", "severity", "comment")
"""The fields of one comment on a line of a diff; a form has any number of them."""

WORDS = ("option", "text")
"""The fields of the words of an answer: the button that was pressed, and the text."""

TITLE_CHARACTERS = 120
"""A longer first line of a comment is its detail as well."""


def asked_command(address: str, path: Mapping[str, str], form: Form) -> CommandLine:
    """The command line that a form stands for. Raises Usage with all that is wrong with its fields."""
    verb = TABLE[address.rpartition("/")[2]]
    arguments: dict[str, Any] = dict.fromkeys(set(form.fields).difference(COMMENT, WORDS), "")
    for name, one in given_parameters(verb):
        arguments[name] = _value(one, name, form)

    return command_line(verb, arguments | dict(path))


def _value(one: Parameter, name: str, form: Form) -> Any:
    """What the form has for one parameter; None without it. An empty field counts as missing."""
    if one.content:
        return findings_of(form) or None

    fields: tuple[str, ...] = (name,)
    if name == "words":
        fields = WORDS

    words = [word for field in fields for word in form.all(field) if word]
    if not words:
        return None

    if one.kind is Kind.FLAG:
        return True

    if one.many:
        return words

    return words[0]


def findings_of(form: Form) -> list[dict[str, str]]:
    """The comments of a form as findings, those without words left out. Raises Usage for one that is not whole."""
    rows = [form.all(name) for name in COMMENT]
    if len({len(row) for row in rows}) != 1:
        raise Usage("each comment has a file, a line, a severity and words")

    findings: list[dict[str, str]] = []
    for path, line, severity, words in zip(*rows, strict=True):
        if words:
            title, detail = _title_and_detail(words)
            findings.append({"severity": severity, "title": title, "path": path, "line": line, "detail": detail})

    return findings


def _title_and_detail(words: str) -> tuple[str, str]:
    """The first line of a comment, and the rest."""
    title, _, detail = words.partition("\n")
    if len(title) > TITLE_CHARACTERS:
        return f"{title[:TITLE_CHARACTERS]}…", words

    return title.strip(), detail.strip()
