"""Plans: Markdown that a person approved, read into epics with their tasks, order and review gates.

The words are in `docs/plans.md`. Everything wrong with a plan is found in one reading; a plan without problems may run.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from gitorch.errors import Problem
from gitorch.model.plan import Epic, Plan
from gitorch.model.values import Value
from gitorch.text.fields import Complaints, in_file_order
from gitorch.text.markdown import read_markdown
from gitorch.text.plans.checks import (
    check_epics,
    check_gates,
    check_lines,
    check_needs,
    check_placeholders,
    check_sections,
    resolve_needs,
)
from gitorch.text.plans.epics import drafts_of, gated, headed, opener, table_epics, with_ids
from gitorch.text.plans.front_matter import read_front_matter, without_front_matter
from gitorch.text.plans.line_syntax import EpicHeading, epic_words
from gitorch.text.plans.sections import outline_of
from gitorch.text.plans.tracked import add_edges, check_foreign, check_unknown, merged, track, unreadable
from gitorch.text.source import read_source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitorch.text.markdown import Document
    from gitorch.text.plans.draft import Draft
    from gitorch.text.plans.epics import Sections
    from gitorch.text.plans.front_matter import DeclaredEpic
    from gitorch.text.plans.sections import Gate, Named, Outline, Section
    from gitorch.text.plans.tracked import Ask, Tracked
    from gitorch.text.source import Source

BYTES_MAX = 2_000_000


class _Text(Value):
    """A file that holds sections with gates: the plan itself, or its prompt."""

    source: Source
    document: Document

    def outline(self, titles: Mapping[str, str], whole: str = "") -> Outline:
        """Its blocks sorted, by these ids and titles of epics beside the usual headings; `whole` is the one epic of it all."""
        opens = opener(titles) if titles else epic_words
        only = EpicHeading(whole, titles[whole], closed=False) if whole else None
        return outline_of(self.document, len(self.source.lines), opens, only)


def named_prompt(path: str, data: bytes, bytes_max: int = BYTES_MAX) -> str:
    """The path of the implementation prompt that a plan's front matter names; empty where it names none, or cannot be read."""
    source = read_source(path, data, bytes_max)
    return "" if isinstance(source, Problem) else read_front_matter(source, Complaints(path)).prompt


def parse_plan(
    path: str,
    data: bytes,
    prompt: tuple[str, bytes] | None = None,
    bytes_max: int = BYTES_MAX,
    ask: Ask | None = None,
) -> Plan:
    """Read a plan, and its implementation prompt (path and bytes) where sections and gates stand in a file of their own.

    `ask` asks the tracker for what the plan names. Never raises for what the files hold: every defect is one of the plan's
    `problems`, the plan's own first, then the prompt's and the tracker's, each in file order. A plan whose front matter names
    a prompt that is not handed in has a problem that says so; `Plan.prompt` then tells the caller what to read.
    """
    digest = f"sha256:{sha256(data).hexdigest()}"
    source = read_source(path, data, bytes_max)
    if isinstance(source, Problem):
        return Plan(path, "", (), digest, problems=(source,))
    complaints = Complaints(path)
    front = read_front_matter(source, complaints)
    text = _Text(source, read_markdown(without_front_matter(source)))
    beside = Complaints(path)
    other = _read_prompt(prompt, bytes_max, beside) if prompt is not None else None
    first = text.outline({})
    declared = front.epics or table_epics(first.tables)
    tracked = track(ask, [first, *([other.outline({})] if other else [])], declared)
    drafts, outline = _drafts(text, other, first, declared, tracked)
    needs = resolve_needs(drafts)
    add_edges(needs, drafts, tracked)
    sections = with_ids(outline)
    complaints.found += check_epics(source, drafts, tracked)
    complaints.found += check_unknown(source, drafts, tracked)
    complaints.found += check_needs(source, needs)
    complaints.found += check_foreign(source, drafts, tracked)
    complaints.found += check_lines(source, drafts, sections)
    complaints.found += check_placeholders(source, text.document)
    body: _Body | None = _Body(source, sections, tuple(outline.stray_gates))
    if prompt is not None:
        complaints.found += [*check_sections(source, drafts, sections, complete=False), *beside.found]
        body = _body(other, drafts) if other else None
    elif front.prompt:
        message = f"The implementation prompt `{front.prompt}` was not found."
        complaints.found.append(source.problem(front.prompt_line, message, "Write the file, or correct the path."))
        body = None
    if body:
        complaints.found += check_sections(body.source, drafts, body.sections)
        complaints.found += check_gates(body.source, body.sections, body.strays, [draft.id for draft in drafts])
    complaints.found += unreadable(tracked)
    return Plan(
        path=path,
        title=front.title or outline.title or path.rpartition("/")[2].removesuffix(".md"),
        epics=_epics(drafts, needs, body, tracked),
        digest=digest,
        design=front.design or first.design,
        prompt=front.prompt or (prompt[0] if prompt else ""),
        settings=front.settings,
        problems=in_file_order(complaints.found),
        places={"design": (first.design_line or 1, 1)} | dict(front.places),
    )


class _Body(Value):
    """The sections of the file that holds them, by id, and gates before the first."""

    source: Source
    sections: Sections
    strays: tuple[Gate, ...]


def _read_prompt(prompt: tuple[str, bytes], bytes_max: int, complaints: Complaints) -> _Text | None:
    """The prompt's blocks; None, with a complaint, when it cannot be read."""
    source = read_source(prompt[0], prompt[1], bytes_max)
    if isinstance(source, Problem):
        complaints.found.append(source)
        return None
    document = read_markdown(without_front_matter(source))
    complaints.found += check_placeholders(source, document)
    return _Text(source, document)


def _drafts(
    text: _Text, other: _Text | None, first: Outline, declared: Sequence[DeclaredEpic], tracked: Tracked
) -> tuple[tuple[Draft, ...], Outline]:
    """The epics before they are judged, and the plan's outline by their names.

    Where neither a list nor a heading names any, those of the tracker that have a gate are the plan's epics.
    """
    known = {epic.id: epic.title for epic in declared} | tracked.titles
    outline = text.outline(known) if known else first
    if not declared and not outline.sections:
        declared = gated(first, tracked) or (gated(other.outline({}), tracked, line=1) if other else ())
        outline = outline if declared or other else _headed(text, first)
    if len(declared) == 1 and other is None and not outline.sections:
        outline = text.outline({epic.id: epic.title for epic in declared}, declared[0].id)
    drafts = drafts_of(text.source.path, with_ids(outline), declared)
    return tuple(merged(draft, tracked) for draft in drafts), outline


def _headed(text: _Text, first: Outline) -> Outline:
    """A plan by the ids of its gates, where each of them begins a heading; else as it was."""
    ids = headed(first)
    found = text.outline(ids) if ids else first
    return found if {name for name, _ in with_ids(found)} == ids.keys() else first


def _body(other: _Text, drafts: Sequence[Draft]) -> _Body:
    """The prompt's sections by the plan's ids and titles; a prompt for one epic needs no heading that says so."""
    titles = {draft.id: draft.title for draft in drafts}
    outline = other.outline(titles)
    if len(drafts) == 1 and not outline.sections:
        outline = other.outline(titles, drafts[0].id)
    return _Body(other.source, with_ids(outline), tuple(outline.stray_gates))


def _epics(
    drafts: Sequence[Draft], needs: Mapping[str, Mapping[str, Named]], body: _Body | None, tracked: Tracked
) -> tuple[Epic, ...]:
    found: dict[str, Section] = {}
    for name, section in body.sections if body else ():
        found.setdefault(name, section)
    jobs = {draft.id: draft.job for draft in drafts}
    return tuple(
        _epic(
            draft, [jobs.get(need, need) for need in needs[draft.id]], _lines(body, found.get(draft.id)), found, tracked
        )
        for draft in drafts
    )


def _lines(body: _Body | None, section: Section | None) -> str:
    return _trimmed(body.source.lines[section.begin - 1 : section.end - 1]) if body and section else ""


def _epic(draft: Draft, needs: Sequence[str], text: str, sections: Mapping[str, Section], tracked: Tracked) -> Epic:
    section = sections.get(draft.id)
    listed = tracked.brief(draft) if draft.issue and not (section and section.tasks) else ""
    return Epic(
        id=draft.job,
        title=draft.title,
        line=draft.line,
        section="\n".join(part for part in (text, listed) if part),
        tasks=draft.tasks,
        needs=tuple(needs),
        gate_line=section.gates[0].line if section and section.gates else 0,
        scope_allowed=tuple(named.words for named in draft.allowed),
        scope_forbidden=tuple(named.words for named in draft.forbidden),
        closed=draft.closed or bool(draft.tasks and all(task.done for task in draft.tasks)),
        issue=draft.issue,
        issue_tasks=tracked.unclosed(draft),
    )


def _trimmed(lines: Sequence[str]) -> str:
    """The lines of a section without blank lines around them, ending in one line feed; empty when all are blank."""
    text = "\n".join(lines).strip("\n")
    return f"{text}\n" if text.strip() else ""
