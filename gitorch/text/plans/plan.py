"""Plans: Markdown that a person approved, read into epics with their tasks, order and review gates.

`docs/plans.md` describes the syntax. One reading finds everything that is wrong with a plan; a plan without problems may run.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from gitorch.errors import Problem
from gitorch.model.plans.plan import Plan
from gitorch.model.values import Value
from gitorch.text.complaints import Complaints, in_file_order
from gitorch.text.markdown import read_markdown
from gitorch.text.plans.body import Body, announced_paths, epics_of, patterns_of
from gitorch.text.plans.checks import (
    check_epics,
    check_lines,
    check_nesting,
    check_placeholders,
    check_sections,
)
from gitorch.text.plans.epics import (
    KnownEpics,
    drafts_of,
    epics_with_gates,
    stray_gate_titles,
    table_epics,
    table_lines,
    with_ids,
)
from gitorch.text.plans.front_matter import read_front_matter
from gitorch.text.plans.gate_checks import check_gates
from gitorch.text.plans.line_syntax import EpicHeading, parse_epic_heading, stands_apart
from gitorch.text.plans.names import EpicNames
from gitorch.text.plans.need_checks import check_hidden_needs, check_needs, need_remarks, resolve_needs
from gitorch.text.plans.outline import outline_of
from gitorch.text.plans.remarks import outline_remarks
from gitorch.text.plans.tracked import add_edges, check_foreign, check_unknown, merged, track
from gitorch.text.source import read_source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitorch.text.markdown import Document
    from gitorch.text.plans.draft import Draft
    from gitorch.text.plans.front_matter import DeclaredEpic, FrontMatter
    from gitorch.text.plans.sections import Outline, Reference
    from gitorch.text.plans.tracked import Ask, TrackedEpics
    from gitorch.text.source import Source

BYTES_MAX = 2_000_000


class _File(Value):
    """A file that holds sections with gates: the plan itself, or its implementation prompt."""

    source: Source
    document: Document

    def outline(self, titles: Mapping[str, str], whole: str = "") -> Outline:
        """The file's outline, when the epics with these ids and titles are known.

        `whole` is the id of the epic that the whole file is about, in a file without headings of epics.
        """
        opens = parse_epic_heading
        if titles:
            opens = KnownEpics(titles).opens

        epic: EpicHeading | None = None
        if whole:
            epic = EpicHeading(whole, titles[whole], closed=False)

        return outline_of(self.document, len(self.source.lines), opens, epic)


def named_prompt(path: str, data: bytes, bytes_max: int = BYTES_MAX) -> str:
    """The path of the implementation prompt that a plan's front matter names, as it is written there.

    Empty for a plan that names none, and for an unreadable plan, whose problems `parse_plan` reports.
    """
    source = read_source(path, data, bytes_max)
    if isinstance(source, Problem):
        return ""

    return read_front_matter(source, Complaints(path), Complaints(path)).prompt


def parse_plan(
    path: str,
    data: bytes,
    prompt: tuple[str, bytes] | None = None,
    bytes_max: int = BYTES_MAX,
    ask: Ask | None = None,
) -> Plan:
    """Read a plan, and its implementation prompt (path and bytes) when sections and gates stand in a file of their own.

    `ask` asks the tracker for the names in the plan. Never raises for the contents of the files: every defect is one of the
    plan's `problems`, the plan's own first, then the prompt's and the tracker's, each in file order. A plan whose front matter
    names a prompt that was not passed has a problem that says so; `Plan.prompt` tells the caller which file to read.
    """
    digest = f"sha256:{sha256(data).hexdigest()}"
    source = read_source(path, data, bytes_max)
    if isinstance(source, Problem):
        return Plan(path, "", (), digest, problems=(source,))

    complaints, remarks = Complaints(path), Complaints(path)
    front = read_front_matter(source, complaints, remarks)
    plan_file = _File(source, read_markdown(source.without_front_matter(), stands_apart))
    first = plan_file.outline({})

    prompt_complaints = Complaints(path)
    prompt_file = _read_prompt(prompt, bytes_max, prompt_complaints)

    declared = front.epics or table_epics(first.tables)
    tracked = track(ask, _outlines(first, prompt_file), declared)
    found, outline = _drafts(plan_file, prompt_file, first, declared, tracked)
    names = EpicNames(found)
    drafts, needs = names.drafts, resolve_needs(names.drafts, names)
    remarks.found += _remarks(source, front, first, outline, names, needs)
    add_edges(needs, drafts, tracked)

    complaints.found += _plan_problems(plan_file, drafts, outline, needs, names, tracked)
    body = _prompt_body(prompt_file, drafts, remarks)
    if prompt is not None:
        complaints.found += check_sections(source, drafts, with_ids(outline), complete=False)
        complaints.found += prompt_complaints.found
    elif front.prompt:
        complaints.found.append(_missing_prompt(source, front))
    else:
        body = Body(source, with_ids(outline), tuple(outline.stray_gates))

    complaints.found += (*_body_problems(body, drafts, names), *tracked.backlog.problems)

    return Plan(
        path=path,
        title=_title(path, front, outline),
        epics=epics_of(drafts, needs, body, tracked),
        digest=digest,
        design=front.design or first.design,
        prompt=front.prompt or _path_of(prompt),
        settings=front.settings,
        problems=in_file_order(complaints.found),
        places={"design": (first.design_line or 1, 1)} | dict(front.places),
        remarks=in_file_order(remarks.found),
        patterns=patterns_of(source, drafts),
        announced=announced_paths(body, drafts),
    )


def _remarks(
    source: Source,
    front: FrontMatter,
    first: Outline,
    outline: Outline,
    names: EpicNames,
    needs: Mapping[str, Mapping[str, Reference]],
) -> Iterator[Problem]:
    """What has no effect in the plan's own file, or is read by no agent."""
    yield from need_remarks(source, with_ids(outline), names, needs)
    yield from outline_remarks(source, outline, table_lines(front.epics, first.tables))


def _title(path: str, front: FrontMatter, outline: Outline) -> str:
    """The title in the front matter, else the first heading of level 1, else the file's name without `.md`."""
    if front.title:
        return front.title
    if outline.title:
        return outline.title
    return path.rpartition("/")[2].removesuffix(".md")


def _path_of(prompt: tuple[str, bytes] | None) -> str:
    """The path of the prompt; empty without any."""
    if prompt is None:
        return ""
    return prompt[0]


def _read_prompt(prompt: tuple[str, bytes] | None, bytes_max: int, complaints: Complaints) -> _File | None:
    """The implementation prompt; None without one, and, with a complaint, when it is unreadable.

    Its placeholders are checked here, since no epic must be known for that.
    """
    if prompt is None:
        return None

    source = read_source(prompt[0], prompt[1], bytes_max)
    if isinstance(source, Problem):
        complaints.found.append(source)
        return None

    document = read_markdown(source.without_front_matter(), stands_apart)
    complaints.found += check_placeholders(source, document)
    complaints.found += check_nesting(source, document)
    return _File(source, document)


def _missing_prompt(source: Source, front: FrontMatter) -> Problem:
    """The problem of a plan whose prompt was not passed, at the line that names it."""
    message = f"The implementation prompt `{front.prompt}` was not found."
    return source.problem(front.prompt_line, message, "Write the file, or correct the path.")


def _outlines(first: Outline, prompt_file: _File | None) -> list[Outline]:
    """The outlines of both files before any epic is known, the plan's first."""
    if prompt_file is None:
        return [first]
    return [first, prompt_file.outline({})]


def _drafts(
    plan_file: _File,
    prompt_file: _File | None,
    first: Outline,
    declared: Sequence[DeclaredEpic],
    tracked: TrackedEpics,
) -> tuple[tuple[Draft, ...], Outline]:
    """The epics before the checks, and the plan's outline by their ids and titles.

    `first` is its outline without them. The sources are tried in this order: a list or table of epics, headings, the gates.
    """
    outline = _outline_by_titles(plan_file, first, _titles(declared) | tracked.titles)
    if not declared and not outline.sections:
        declared = _epics_by_gates(first, prompt_file, tracked)
        if not declared and prompt_file is None:
            outline = _outline_by_gates(plan_file, first)

    is_about_one_epic = len(declared) == 1 and prompt_file is None
    if is_about_one_epic and not outline.sections:
        outline = plan_file.outline(_titles(declared), declared[0].id)

    drafts = drafts_of(plan_file.source.path, with_ids(outline), declared)
    return tuple(merged(draft, tracked) for draft in drafts), outline


def _outline_by_titles(plan_file: _File, first: Outline, titles: Mapping[str, str]) -> Outline:
    """The plan's outline by these ids and titles; its outline as it was when there are none."""
    if not titles:
        return first

    return plan_file.outline(titles)


def _titles(declared: Sequence[DeclaredEpic]) -> dict[str, str]:
    """The titles of declared epics, by id."""
    return {epic.id: epic.title for epic in declared}


def _epics_by_gates(first: Outline, prompt_file: _File | None, tracked: TrackedEpics) -> tuple[DeclaredEpic, ...]:
    """The tracker's issues that have a gate in the plan, else in the prompt.

    For plans whose lists and headings name no epic.
    """
    epics = epics_with_gates(first, tracked)
    if epics or prompt_file is None:
        return epics

    return epics_with_gates(prompt_file.outline({}), tracked, line=1)


def _outline_by_gates(plan_file: _File, first: Outline) -> Outline:
    """The plan's outline by the ids of its gates, if every one of them begins a heading.

    Otherwise its outline as it was: guessing at half of the epics would hide the real problem.
    """
    ids = stray_gate_titles(first)
    if not ids:
        return first

    outline = plan_file.outline(ids)
    with_heading = {name for name, _ in with_ids(outline)}
    if with_heading == ids.keys():
        return outline

    return first


def _plan_problems(
    plan_file: _File,
    drafts: Sequence[Draft],
    outline: Outline,
    needs: Mapping[str, Mapping[str, Reference]],
    names: EpicNames,
    tracked: TrackedEpics,
) -> Iterator[Problem]:
    """Everything that is wrong with the plan's own file, except for its gates.

    In the order of the rules; the caller sorts the problems by line.
    """
    source = plan_file.source
    yield from check_epics(source, drafts, tracked)
    yield from check_unknown(source, drafts, tracked)
    yield from check_needs(source, needs, names, tracked)
    yield from check_hidden_needs(source, with_ids(outline), names, needs)
    yield from check_foreign(source, drafts, tracked)
    yield from check_lines(source, drafts, with_ids(outline))
    yield from check_placeholders(source, plan_file.document)
    yield from check_nesting(source, plan_file.document)


def _prompt_body(prompt_file: _File | None, drafts: Sequence[Draft], remarks: Complaints) -> Body | None:
    """The prompt's sections, found by the plan's ids and titles; None without a readable prompt. Adds its remarks.

    A prompt for one epic needs no heading with its name.
    """
    if prompt_file is None:
        return None

    titles = {draft.id: draft.title for draft in drafts}
    outline = prompt_file.outline(titles)
    if len(drafts) == 1 and not outline.sections:
        outline = prompt_file.outline(titles, drafts[0].id)

    remarks.found += outline_remarks(prompt_file.source, outline)
    return Body(prompt_file.source, with_ids(outline), tuple(outline.stray_gates))


def _body_problems(body: Body | None, drafts: Sequence[Draft], names: EpicNames) -> Iterator[Problem]:
    """Everything that is wrong with the sections and gates; nothing for an unreadable body, whose problem is known."""
    if body is not None:
        yield from check_sections(body.source, drafts, body.sections)
        yield from check_gates(body.source, body.sections, body.strays, names)
