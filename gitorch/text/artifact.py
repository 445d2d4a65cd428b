"""Artifacts: Markdown with front matter becomes the values that rules need, or a list of problems with their lines."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from gitorch.errors import Malformed, Problem
from gitorch.model.counts import counted
from gitorch.model.values import replace
from gitorch.model.work.artifact import ArtifactKind, Document
from gitorch.model.work.review import Choice
from gitorch.text.artifact_kinds import REQUIRED, answers_of, check_fields, claims_of, entries_of
from gitorch.text.complaints import Complaints
from gitorch.text.fields import Form
from gitorch.text.source import Source, read_source
from gitorch.text.yaml_file import read_yaml

if TYPE_CHECKING:
    from gitorch.text.yaml_file import YamlValue

BYTES_MAX = 8_000_000
"""The largest artifact that the ledger accepts; a run may allow less."""


@lru_cache(maxsize=64)
def parse_artifact(path: str, data: bytes, kind: ArtifactKind) -> Document:
    """The contents of an artifact of this kind.

    A file of kind `other` may contain anything; if it is text with front matter, that must be readable.
    Raises Malformed with every problem, each with field and line. Results are cached by all arguments.
    """
    source = read_source(path, data, BYTES_MAX)
    if isinstance(source, Problem):
        if kind is ArtifactKind.OTHER:
            return Document(kind)
        raise _malformed(path, kind, (source,))

    if source.front_matter_lines:
        complaints = Complaints(path)
        document = _read(source, kind, complaints)
        if complaints.found:
            raise _malformed(path, kind, complaints.sorted())

        return document
    if REQUIRED[kind]:
        raise _malformed(path, kind, (_without_front_matter(path, kind),))

    return Document(kind)


def _without_front_matter(path: str, kind: ArtifactKind) -> Problem:
    """The problem of a file that lacks the front matter of its kind; it names the required fields."""
    fields = ", ".join(REQUIRED[kind])
    fix = f"Begin the file with a line `---`, then {fields}, then another line `---`."
    return Problem(path, 1, 1, f"A {kind} begins with front matter: {fields}.", fix)


def _malformed(path: str, kind: ArtifactKind, problems: tuple[Problem, ...]) -> Malformed:
    """The error for a file with these problems."""
    word = "artifact" if kind is ArtifactKind.OTHER else kind
    return Malformed(f"{path} is not a valid {word}; it has {counted(len(problems), 'defect')}", problems)


def _read(source: Source, kind: ArtifactKind, complaints: Complaints) -> Document:
    """The document of a text with front matter; its defects become complaints."""
    value, problems = read_yaml(source.front_matter())
    complaints.found += problems
    if value is None:
        if not problems and REQUIRED[kind]:
            complaints.found.append(_empty_front_matter(source, kind))
        return Document(kind)

    return _read_form(kind, complaints, value)


def _read_form(kind: ArtifactKind, complaints: Complaints, value: YamlValue) -> Document:
    """The document of front matter; its defects become complaints."""
    form = Form(complaints, value)
    document = Document(kind)
    if kind is not ArtifactKind.OTHER:
        _check_kind(form, kind)
        check_fields(form, kind)
        document = _document(form, kind)

    return replace(document, job=form.word("job"), attempt=form.number("attempt", 0), nonce=form.word("nonce"))


def _empty_front_matter(source: Source, kind: ArtifactKind) -> Problem:
    """The problem of a front matter that holds nothing, although its kind has required fields."""
    fix = f"Add {', '.join(REQUIRED[kind])}."
    return source.problem(1, "The front matter is empty.", fix)


def _check_kind(form: Form, kind: ArtifactKind) -> None:
    """The front matter names no other kind than the one that the artifact is submitted as."""
    written = form.word("kind")
    if form.has("kind") and written != kind:
        form.complain("kind", f"is {written}, but this artifact is submitted as {kind}.", f"Write `kind: {kind}`.")


def _document(form: Form, kind: ArtifactKind) -> Document:
    """The document with the fields that only this kind has."""
    document = Document(kind)
    match kind:
        case ArtifactKind.FINDING:
            return replace(document, intent=_intent(form))
        case ArtifactKind.FINDINGS_LEDGER:
            return replace(document, entries=entries_of(form))
        case ArtifactKind.SYNTHESIS:
            answers = answers_of(form)
            numbers = tuple(number for number, _ in answers)
            return replace(document, answers=numbers, answer_texts=tuple(text for _, text in answers))
        case ArtifactKind.SUPPORT_LEDGER:
            return replace(document, claims=claims_of(form))
        case _:
            return document


def _intent(form: Form) -> Choice | None:
    """The verdict that a finding asks for; None for an unknown word, which `check_fields` reports."""
    word = form.word("verdict_intent")
    if word in set(Choice):
        return Choice(word)

    return None
