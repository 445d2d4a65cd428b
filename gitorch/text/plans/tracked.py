"""Epics that live in a tracker: which of a plan's names they are, what they own, and what keeps them from being started (P2, P4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.plan import Task
from gitorch.model.tracker import Issue, belongings, edges, foreign_blockers
from gitorch.model.values import Value, field, replace
from gitorch.text.fields import did_you_mean
from gitorch.text.plans.line_syntax import heading_names
from gitorch.text.plans.sections import Named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from gitorch.errors import Problem
    from gitorch.model.tracker import Backlog
    from gitorch.text.plans.draft import Draft
    from gitorch.text.plans.front_matter import DeclaredEpic
    from gitorch.text.plans.sections import Gate, Outline
    from gitorch.text.source import Source

    Ask = Callable[[tuple[str, ...], bool], Backlog | None]
    """Asks the tracker for issues by the names that a plan uses; the flag says that some epic has no tasks in the plan."""

EPIC = "epic"


class Tracked(Value):
    """What the tracker says of a plan: `issues` are those that the plan names, `owned` all that is below each of its epics."""

    backlog: Backlog | None = None
    issues: Mapping[str, Issue] = field(default_factory=dict)
    owned: Mapping[str, tuple[Issue, ...]] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """The file or program that said it."""
        return self.backlog.source if self.backlog is not None else ""

    @property
    def titles(self) -> dict[str, str]:
        """The titles of the named issues, by id."""
        return {name: issue.title for name, issue in self.issues.items()}

    def tasks(self, draft: Draft) -> tuple[Task, ...]:
        """The tasks of an epic as its tracker has them; each stands where the plan names the epic."""
        return tuple(Task(_task_title(issue), draft.line, issue.closed) for issue in self._below(draft))

    def unclosed(self, draft: Draft) -> tuple[str, ...]:
        """The ids of what is still open below an epic, in the order in which it can be closed."""
        return tuple(issue.id for issue in self.owned.get(draft.id, ()) if not issue.closed)

    def brief(self, draft: Draft) -> str:
        """The open tasks of an epic as Markdown, for its agent."""
        parts = ["### Tasks"]
        for issue in self._below(draft):
            if not issue.closed:
                parts += [f"#### {_task_title(issue)}", *([issue.text] if issue.text else [])]
        return "\n\n".join(parts) + "\n" if len(parts) > 1 else ""

    def _below(self, draft: Draft) -> tuple[Issue, ...]:
        return tuple(sorted(self.owned.get(draft.id, ()), key=lambda issue: _natural(issue.id)))


def _task_title(issue: Issue) -> str:
    return f"{issue.id}: {issue.title}"


def _natural(name: str) -> tuple[tuple[int, str], ...]:
    """`x.2` before `x.10`."""
    return tuple((int(part) if part.isascii() and part.isdigit() else 0, part) for part in name.split("."))


def names_in(outlines: Sequence[Outline], declared: Sequence[DeclaredEpic]) -> tuple[str, ...]:
    """Every word of a plan that may be the id of an epic: in its list, in headings of sections, in gates."""
    sections = [s.heading for outline in outlines for s in outline.sections]
    gates = [gate.id for outline in outlines for gate in _gates(outline) if gate.exact]
    said = [epic.id for epic in declared] + [word for heading in sections for word in heading_names(heading)] + gates
    return tuple(dict.fromkeys(said))


def _gates(outline: Outline) -> list[Gate]:
    return [*outline.stray_gates, *(gate for section in outline.sections for gate in section.gates)]


def track(ask: Ask | None, outlines: Sequence[Outline], declared: Sequence[DeclaredEpic]) -> Tracked:
    """What the tracker knows of the names in these files."""
    names = names_in(outlines, declared)
    sections = [section for outline in outlines for section in outline.sections]
    bare = any(not epic.tasks for epic in declared) or not sections or any(not s.tasks for s in sections)
    backlog = ask(names, bare) if ask is not None and names else None
    if backlog is None:
        return Tracked()
    issues = {name: backlog.issues[name] for name in names if name in backlog.issues}
    return Tracked(backlog, issues, belongings(backlog.issues, tuple(issues)))


def check_issue(source: Source, draft: Draft, tracked: Tracked) -> Iterator[Problem]:
    """P2 for an epic that the tracker has: it is one, open, and has open tasks."""
    issue, said = tracked.issues[draft.id], tracked.source
    name = draft.id

    def problem(message: str, fix: str) -> Problem:
        return source.problem(draft.line, message, fix, source.column(draft.line, name))

    tasks = draft.tasks
    if issue.deleted:
        yield problem(f"Epic `{name}` was deleted, says {said}.", "Remove it from the plan, or name another.")
    elif issue.kind != EPIC:
        article = "an" if issue.kind[:1] in "aeiou" else "a"
        inside = f" Did you mean `{issue.parent}`, which it belongs to?" if issue.parent else ""
        message = f"`{name}` is {article} {issue.kind}, not an epic, says {said}.{inside}"
        yield problem(message, f"Name its epic, or make it one: bd update {name} --type epic")
    elif issue.closed:
        yield problem(
            f"Epic `{name}` is closed, says {said}: there is nothing to do.", f"Remove it, or: bd reopen {name}"
        )
    elif not tasks:
        fix = f'bd create "What is to be done" --parent {name}, or write tasks above its gate.'
        yield problem(f"Epic `{name}` has no tasks, says {said}.", fix)
    elif all(task.done for task in tasks):
        fix = f"Remove the epic, close it (bd close {name}), or open a task again: bd reopen TASK"
        yield problem(f"Epic `{name}` has only tasks that are closed: there is nothing to do.", fix)


def check_unknown(source: Source, drafts: Sequence[Draft], tracked: Tracked) -> Iterator[Problem]:
    """P2: an epic that was to be in the tracker, since it has no tasks of its own or is named as those are that are there."""
    prefixes = {name.rpartition("-")[0] for name in tracked.issues} - {""}
    for draft in drafts:
        if (
            draft.id in tracked.issues
            or tracked.backlog is None
            or (tracked.backlog.problems and not tracked.backlog.issues)
        ):
            continue
        if not draft.tasks or draft.id.rpartition("-")[0] in prefixes:
            epics = [issue.id for issue in tracked.backlog.issues.values() if issue.kind == EPIC and not issue.closed]
            message = f"Epic `{draft.id}` is not among the issues of {tracked.source}.{did_you_mean(draft.id, epics)}"
            fix = "Correct its id, or write its tasks into the plan as `- [ ] …` items above its gate."
            yield source.problem(draft.line, message, fix, source.column(draft.line, draft.id))


def unreadable(tracked: Tracked) -> tuple[Problem, ...]:
    """What cannot be read of the tracker, which is asked only where the plan depends on it."""
    return tracked.backlog.problems if tracked.backlog is not None else ()


def add_edges(needs: dict[str, dict[str, Named]], drafts: Sequence[Draft], tracked: Tracked) -> None:
    """P4: what epics wait for because of their issues, beside what the plan itself says."""
    if tracked.backlog is None:
        return
    lines = {draft.id: draft.line for draft in drafts}
    owned = {name: below for name, below in tracked.owned.items() if name in lines}
    for epic, others in edges(tracked.backlog.issues, owned).items():
        for other, (issue, blocker) in others.items():
            why = f"{issue} waits for {blocker}, says {tracked.source}"
            needs[epic].setdefault(other, Named(other, lines[epic], why))


def check_foreign(source: Source, drafts: Sequence[Draft], tracked: Tracked) -> Iterator[Problem]:
    """P4: no open issue of the plan waits for an open one that nobody in this plan works on."""
    if tracked.backlog is None:
        return
    lines = {draft.id: draft.line for draft in drafts}
    owned = {name: below for name, below in tracked.owned.items() if name in lines}
    for epic, (issue, blocker) in foreign_blockers(tracked.backlog.issues, owned):
        message = f"`{issue}` of epic `{epic}` waits for `{blocker}`, which is open and in no epic of this plan."
        fix = f"Add its epic to the plan, close it (bd close {blocker}), or: bd dep remove {issue} {blocker}"
        yield source.problem(lines[epic], message, fix)


def merged(draft: Draft, tracked: Tracked) -> Draft:
    """An epic with what its tracker knows: its title where the plan gives none, its tasks where the plan lists none."""
    issue = tracked.issues.get(draft.id)
    if issue is None:
        return draft
    return replace(
        draft,
        title=issue.title if draft.title in {"", draft.id} else draft.title,
        tasks=draft.tasks or tracked.tasks(draft),
        issue=issue.id,
    )
