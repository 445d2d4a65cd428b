"""The tables of verbs in `docs/cli.md`, generated from `gitorch/verbs`; `pytest --rewrite-transcripts` rewrites them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.verbs.table import GROUPS

if TYPE_CHECKING:
    from gitorch.verbs.verb import Verb

BEGIN = "<!-- The tables of verbs, generated from gitorch/verbs; pytest --rewrite-transcripts tests/cli rewrites them. -->\n"
END = "<!-- The end of the tables. -->\n"


def options(verb: Verb) -> str:
    """The options of a verb, as they are typed."""
    spelled = [one.spelling[-1] for one in verb.parameters if one.is_option]
    return ", ".join(f"`{word}`" for word in spelled)


def row(verb: Verb) -> str:
    cells = (f"`{verb.name}`", verb.summary, f"`{verb.examples[0]}`", options(verb), verb.exits)
    escaped = [cell.replace("|", "\\|") for cell in cells]
    return "".join(f"| {cell} " if cell else "| " for cell in escaped) + "|\n"


def tables() -> str:
    """A table for each group of verbs."""
    parts = []
    for title, verbs in GROUPS.items():
        head = f"### {title}\n\n| verb | does | example | options | exits |\n|---|---|---|---|---|\n"
        parts.append(head + "".join(row(verb) for verb in verbs))
    return "\n".join(parts)


def written_anew(page: str) -> str:
    """The page with the tables as they are now."""
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n{tables()}\n{END}{after}"
