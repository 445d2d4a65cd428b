"""Artifacts at the door: Markdown with front matter becomes what rules care about, or every problem with its line."""

from __future__ import annotations

from functools import lru_cache

from gitorch.errors import Malformed, Problem
from gitorch.model.artifact import ArtifactKind, Document
from gitorch.model.review import Choice
from gitorch.text.artifact_kinds import REQUIRED, answers_of, check_fields, claims_of, entries_of
from gitorch.text.fields import Complaints, Form
from gitorch.text.plans.front_matter import front_matter_lines
from gitorch.text.source import Source, read_source
from gitorch.text.yaml_file import read_yaml

BYTES_MAX = 8_000_000
"""What the ledger takes at all; a run may allow less."""


@lru_cache(maxsize=64)
def parse_artifact(path: str, data: bytes, kind: ArtifactKind) -> Document:
    """What an artifact of this kind says. Raises Malformed with every problem, each with field and line.

    A file of kind `other` may hold anything; where it is text with front matter, that must still be readable.
    """
    source = read_source(path, data, BYTES_MAX)
    if isinstance(source, Problem):
        if kind is ArtifactKind.OTHER:
            return Document(kind)
        raise _malformed(path, kind, (source,))
    if not front_matter_lines(source):
        if not REQUIRED[kind]:
            return Document(kind)
        needs = ", ".join(REQUIRED[kind])
        fix = f"Begin the file with a line `---`, then {needs}, then another line `---`."
        raise _malformed(path, kind, (Problem(path, 1, 1, f"A {kind} begins with front matter: {needs}.", fix),))
    complaints = Complaints(path)
    found = _read(source, kind, complaints)
    if complaints.found:
        raise _malformed(path, kind, complaints.sorted())
    return found


def _malformed(path: str, kind: ArtifactKind, problems: tuple[Problem, ...]) -> Malformed:
    many = f"{len(problems)} {'defect' if len(problems) == 1 else 'defects'}"
    return Malformed(f"{path} is no {kind} yet; it has {many}", problems)


def _read(source: Source, kind: ArtifactKind, complaints: Complaints) -> Document:
    lines = front_matter_lines(source)
    text = "\n".join(("", *source.lines[1 : lines - 1]))
    value, problems = read_yaml(Source(source.path, text, tuple(text.split("\n"))))
    complaints.found += problems
    if value is None:
        if not problems and REQUIRED[kind]:
            complaints.found.append(
                source.problem(1, "The front matter is empty.", f"Add {', '.join(REQUIRED[kind])}.")
            )
        return Document(kind)
    form = Form(complaints, value)
    if kind is ArtifactKind.OTHER:
        return _whose(form, Document(kind))
    if form.has("kind") and form.word("kind") != kind:
        form.complain("kind", f"says {form.word('kind')}, but this is handed in as {kind}.", f"Write `kind: {kind}`.")
    check_fields(form, kind)
    return _whose(form, _document(form, kind))


def _document(form: Form, kind: ArtifactKind) -> Document:
    intent = form.word("verdict_intent") if kind is ArtifactKind.FINDING else ""
    return Document(
        kind,
        Choice(intent) if intent in set(Choice) else None,
        entries_of(form) if kind is ArtifactKind.FINDINGS_LEDGER else (),
        answers_of(form) if kind is ArtifactKind.SYNTHESIS else (),
        claims_of(form) if kind is ArtifactKind.SUPPORT_LEDGER else (),
    )


def _whose(form: Form, found: Document) -> Document:
    return Document(
        found.kind,
        found.intent,
        found.entries,
        found.answers,
        found.claims,
        form.word("job"),
        form.number("attempt", 0),
        form.word("nonce"),
    )
