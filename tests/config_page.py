"""`docs/configuration.md`: its table of keys, made of the commented template that `gitorch init` writes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

TEMPLATE = Path(__file__).parents[1] / "templates/gitorch.yaml"
BEGIN = "<!-- The keys, generated from templates/gitorch.yaml; pytest --rewrite-transcripts tests/text/test_config_page.py rewrites them. -->\n"
END = "<!-- The end of the keys. -->\n"

LINE = re.compile(r"(?P<indent> *)(?P<key>\w+):(?: +(?P<value>[^#\s].*?))? *(?:# (?P<words>.*))?")


@dataclass(frozen=True)
class Key:
    """One key of the configuration: its whole name, its default as YAML, and what it does."""

    name: str
    default: str
    words: str


def keys(template: str) -> Iterator[Key]:
    """Every key of the template that has a value, in its order. What a section says of itself stands after that of its keys."""
    above: list[tuple[int, str, str]] = []
    for line in template.splitlines():
        found = LINE.fullmatch(line)
        if found is None:
            continue
        indent = len(found["indent"])
        above = [one for one in above if one[0] < indent]
        name = ".".join([*(one[1] for one in above), found["key"]])
        words = found["words"] or ""
        if found["value"] is None:
            above.append((indent, found["key"], words))
            continue
        yield Key(name, found["value"], "; ".join(part for part in (words, *(one[2] for one in above)) if part))


def rows(template: str) -> str:
    """The table."""
    lines = ["| key | default | what it does |", "|---|---|---|"]
    for key in keys(template):
        words = key.words.replace("|", "\\|")
        lines.append(f"| `{key.name}` | `{key.default}` | {words} |")
    return "\n".join(lines) + "\n"


def written_anew(page: str, template: str) -> str:
    """The page with the keys as they are now."""
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n{rows(template)}\n{END}{after}"
