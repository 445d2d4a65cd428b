"""The manual page `gitorch(1)`, made from the table of verbs, in the macros of man(7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.verbs.table import GROUPS
from gitorch.verbs.topics import TOPICS

if TYPE_CHECKING:
    from gitorch.verbs.verb import Parameter, Verb

ESCAPED = {"\\": "\\e", "-": "\\-", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti"}
"""Characters that man would print as others, such as a typographic hyphen that no shell takes."""


def manual(version: str, exits: str) -> str:
    """The page as source for man; `exits` is the page of help about exit statuses."""
    lines = [
        f'.TH GITORCH 1 "" "gitorch {_plain(version)}" "User Commands"',
        ".SH NAME",
        "gitorch \\- run terminal coding agents through an approved plan",
        ".SH SYNOPSIS",
        ".B gitorch",
        "[\\fB\\-\\-json\\fR] [\\fB\\-C\\fR \\fIDIR\\fR] \\fIVERB\\fR [\\fIARGUMENT\\fR]...",
        ".SH DESCRIPTION",
        *_paragraph(
            "gitorch gives each epic of an approved plan to an agent in its own worktree and terminal, holds the work at "
            "reviews, asks you what only you can decide, and merges after your approval. Every step is a commit on the branch "
            "gitorch/ledger."
        ),
    ]
    for title, verbs in GROUPS.items():
        lines.append(f".SH {_plain(title).upper()}")
        for verb in verbs:
            if not verb.members:
                lines += _verb(verb)

    lines += [".SH TOPICS", *_paragraph("gitorch help TOPIC explains:")]
    for word, about in TOPICS.items():
        lines += [".TP", f".B {_plain(word)}", _plain(about)]

    _, _, statuses = exits.partition("\n")
    lines += [".SH EXIT STATUS", ".nf", *[_plain(line.strip()) for line in statuses.strip().splitlines()], ".fi"]
    lines += [".SH SEE ALSO", ".BR git (1),", ".BR tmux (1)"]
    return "\n".join(lines) + "\n"


def _verb(verb: Verb) -> list[str]:
    """The part about one verb."""
    arguments = " ".join(_argument(one) for one in verb.parameters if not one.is_option)
    lines = [f".SS gitorch {_plain(verb.name)} {_plain(arguments)}".rstrip(), *_paragraph(verb.summary)]
    for paragraph in verb.details.split("\n\n"):
        if paragraph:
            lines += [".PP", *_paragraph(paragraph)]

    for one in verb.parameters:
        if one.is_option:
            lines += [".TP", f".B {_plain(' '.join([', '.join(one.spelling), one.metavar]).strip())}", _plain(one.help)]

    for example in verb.examples:
        lines += [".PP", ".nf", f".RS\n{_plain(example)}\n.RE", ".fi"]
    return lines


def _argument(one: Parameter) -> str:
    """An argument as the synopsis shows it."""
    if one.metavar:
        return one.metavar

    shown = "|".join(one.choices) or one.name.upper()
    return shown if one.required else f"[{shown}]"


def _paragraph(text: str) -> list[str]:
    """Running text, one sentence of the source on a line of its own."""
    return [_plain(line) for line in text.split("\n") if line]


def _plain(text: str) -> str:
    """Text that man prints as it stands: without escapes, and never read as a request."""
    escaped = "".join(ESCAPED.get(character) or _in_ascii(character) for character in text)
    if escaped.startswith((".", "'")):
        return f"\\&{escaped}"

    return escaped


def _in_ascii(character: str) -> str:
    """A character as it stands, or by its number where some versions of man would misread it."""
    return character if character.isascii() else f"\\[u{ord(character):04X}]"
