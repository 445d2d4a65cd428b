"""Plans: Markdown that a person approved, read into epics with their tasks, order and review gates.

The words are in `docs/plans.md`. Everything wrong with a plan is found in one reading; a plan without problems may run.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from gitorch.errors import Problem
from gitorch.model.plan import Epic, Plan
from gitorch.model.values import dataclass
from gitorch.text.form import Complaints, in_file_order
from gitorch.text.front_matter import read_front_matter, without_front_matter
from gitorch.text.markdown import read_markdown
from gitorch.text.plan_checks import (
    check_epics,
    check_gates,
    check_lines,
    check_needs,
    check_placeholders,
    check_sections,
    resolve_needs,
)
from gitorch.text.plan_epics import drafts_of, opener, table_epics, with_ids
from gitorch.text.plan_sections import outline_of
from gitorch.text.source import read_source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitorch.text.plan_checks import Draft
    from gitorch.text.plan_epics import Sections
    from gitorch.text.plan_sections import Gate, Named, Section
    from gitorch.text.source import Source

BYTES_MAX = 2_000_000


@dataclass(frozen=True, slots=True)
class _Body:
    """A file that holds sections with gates: the plan itself, or its prompt."""

    source: Source
    sections: Sections
    strays: tuple[Gate, ...]


def parse_plan(path: str, data: bytes, prompt: tuple[str, bytes] | None = None, bytes_max: int = BYTES_MAX) -> Plan:
    """Read a plan, and its implementation prompt (path and bytes) where sections and gates stand in a file of their own.

    Never raises for what the files hold: every defect is one of the plan's `problems`, the plan's own first, then the
    prompt's, each in file order. A plan whose front matter names a prompt that is not handed in has a problem that says so;
    `Plan.prompt` then tells the caller what to read.
    """
    digest = f"sha256:{sha256(data).hexdigest()}"
    source = read_source(path, data, bytes_max)
    if isinstance(source, Problem):
        return Plan(path, "", (), digest, problems=(source,))
    complaints = Complaints(path)
    front = read_front_matter(source, complaints)
    document = read_markdown(without_front_matter(source))
    outline = outline_of(document, len(source.lines))
    declared = front.epics or table_epics(outline.tables)
    if declared:
        outline = outline_of(document, len(source.lines), opener({epic.id: epic.title for epic in declared}))
    sections = with_ids(outline)
    drafts = drafts_of(path, sections, declared)
    needs = resolve_needs(drafts)
    complaints.found += check_epics(source, drafts)
    complaints.found += check_needs(source, needs)
    complaints.found += check_lines(source, drafts, sections)
    complaints.found += check_placeholders(source, document)
    body: _Body | None = _Body(source, sections, tuple(outline.stray_gates))
    if prompt is not None:
        complaints.found += check_sections(source, drafts, sections, complete=False)
        body = _read_prompt(prompt, drafts, bytes_max, complaints)
    elif front.prompt:
        message = f"The implementation prompt `{front.prompt}` was not found."
        complaints.found.append(source.problem(front.prompt_line, message, "Write the file, or correct the path."))
        body = None
    if body:
        complaints.found += check_sections(body.source, drafts, body.sections)
        complaints.found += check_gates(body.source, body.sections, body.strays, [draft.id for draft in drafts])
    return Plan(
        path=path,
        title=front.title or outline.title or path.rpartition("/")[2].removesuffix(".md"),
        epics=_epics(drafts, needs, body),
        digest=digest,
        design=front.design or outline.design,
        prompt=front.prompt or (prompt[0] if prompt else ""),
        settings=front.settings,
        problems=in_file_order(complaints.found),
        places={"design": (outline.design_line or 1, 1)} | dict(front.places),
    )


def _read_prompt(
    prompt: tuple[str, bytes], drafts: Sequence[Draft], bytes_max: int, complaints: Complaints
) -> _Body | None:
    """The prompt's sections by the plan's ids and titles; None, with a complaint, when it cannot be read."""
    source = read_source(prompt[0], prompt[1], bytes_max)
    if isinstance(source, Problem):
        complaints.found.append(source)
        return None
    document = read_markdown(without_front_matter(source))
    complaints.found += check_placeholders(source, document)
    outline = outline_of(document, len(source.lines), opener({draft.id: draft.title for draft in drafts}))
    return _Body(source, with_ids(outline), tuple(outline.stray_gates))


def _epics(drafts: Sequence[Draft], needs: Mapping[str, Mapping[str, Named]], body: _Body | None) -> tuple[Epic, ...]:
    found: dict[str, Section] = {}
    for name, section in body.sections if body else ():
        found.setdefault(name, section)
    return tuple(_epic(draft, needs[draft.id], found.get(draft.id), body) for draft in drafts)


def _epic(draft: Draft, needs: Mapping[str, Named], section: Section | None, body: _Body | None) -> Epic:
    lines = body.source.lines[section.begin - 1 : section.end - 1] if body and section else ()
    return Epic(
        id=draft.id,
        title=draft.title,
        line=draft.line,
        section=_trimmed(lines),
        tasks=draft.tasks,
        needs=tuple(needs),
        gate_line=section.gates[0].line if section and section.gates else 0,
        scope_allowed=tuple(named.words for named in draft.allowed),
        scope_forbidden=tuple(named.words for named in draft.forbidden),
        closed=draft.closed or bool(draft.tasks and all(task.done for task in draft.tasks)),
    )


def _trimmed(lines: Sequence[str]) -> str:
    """The lines of a section without blank lines around them, ending in one line feed; empty when all are blank."""
    text = "\n".join(lines).strip("\n")
    return f"{text}\n" if text.strip() else ""
