"""Epics that live in a tracker: which names of a plan they are, what lies below them, and what stops them from starting (P2, P4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.plans.plan import Task
from gitorch.model.tracker import Backlog, Issue, TrackerCommands, belongings, edges, foreign_blockers
from gitorch.model.values import Value, field, replace
from gitorch.text.complaints import did_you_mean
from gitorch.text.plans.sections import Reference

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from gitorch.errors import Problem
    from gitorch.text.plans.draft import Draft
    from gitorch.text.plans.front_matter import DeclaredEpic
    from gitorch.text.plans.sections import Outline
    from gitorch.text.source import Source

    Ask = Callable[[tuple[str, ...], bool], Backlog | None]
    """Asks the tracker for issues by the names that a plan uses. The flag: some epic has no tasks in the plan."""

EPIC = "epic"


class TrackedEpics(Value):
    """The part of a tracker's answer that concerns one plan; empty without a tracker."""

    backlog: Backlog = Backlog("", {})
    is_asked: bool = False
    """Whether a tracker answered at all."""
    issues: Mapping[str, Issue] = field(default_factory=dict)
    """The issues that the plan names, by id."""
    owned: Mapping[str, tuple[Issue, ...]] = field(default_factory=dict)
    """All issues below each of these, in an order in which they can be closed."""

    @property
    def source(self) -> str:
        """The file or program that answered.

        Problems name it; empty without a tracker.
        """
        return self.backlog.source

    @property
    def commands(self) -> TrackerCommands:
        """How a person changes the tracker.

        The hints of problems are made from these commands.
        """
        return self.backlog.commands

    @property
    def knows_issues(self) -> bool:
        """Whether the absence of an issue means anything.

        It does not without an answer, nor if the tracker gave only problems.
        """
        if not self.is_asked:
            return False

        if bool(self.backlog.issues):
            return True
        return not self.backlog.problems

    def open_epics(self) -> list[str]:
        """The ids of all open epics of the tracker, in its order.

        Suggestions for an unknown id come from them, whether the plan names them or not.
        """
        names: list[str] = []

        for issue in self.backlog.issues.values():
            if issue.kind == EPIC and not issue.closed:
                names.append(issue.id)

        return names

    @property
    def titles(self) -> dict[str, str]:
        """The titles of the issues that the plan names, by id.

        Headings with these titles open sections.
        """
        return {name: issue.title for name, issue in self.issues.items()}

    def tasks(self, draft: Draft) -> tuple[Task, ...]:
        """All issues below an epic as its tasks: `shop-a1.2: Rotate the keys`, in the order of their ids.

        Each has the line on which the plan names the epic, since the plan does not list it. Closed issues are done.
        """
        return tuple(Task(_task_title(issue), draft.line, issue.closed) for issue in self._below(draft))

    def open_issues(self, draft: Draft) -> tuple[str, ...]:
        """The ids of the open issues below an epic, in an order in which they can be closed.

        Empty for an epic that the tracker does not have.
        """
        return tuple(issue.id for issue in self.owned.get(draft.id, ()) if not issue.closed)

    def brief(self, draft: Draft) -> str:
        """The open tasks of an epic as Markdown, for its agent; empty without any.

        Each has a heading of level 4 and the text of its issue, below one heading `Tasks`.
        """
        parts = self._task_parts(draft)
        if not parts:
            return ""

        return "\n\n".join(["### Tasks", *parts]) + "\n"

    def _task_parts(self, draft: Draft) -> list[str]:
        """The heading and the text of each open task."""
        parts: list[str] = []
        for issue in self._below(draft):
            if issue.closed:
                continue
            parts.append(f"#### {_task_title(issue)}")
            if issue.text:
                parts.append(issue.text)
        return parts

    def owned_by(self, drafts: Sequence[Draft]) -> dict[str, tuple[Issue, ...]]:
        """The issues below each of these epics, by the epic's id.

        Named issues that turned out to be no epics of the plan are left out.
        """
        epics = {draft.id for draft in drafts}
        owned: dict[str, tuple[Issue, ...]] = {}

        for name, below in self.owned.items():
            if name in epics:
                owned[name] = below

        return owned

    def _below(self, draft: Draft) -> list[Issue]:
        """The issues below an epic in the natural order of their ids: `x.2` before `x.10`."""
        return sorted(self.owned.get(draft.id, ()), key=lambda issue: _natural_order(issue.id))


def _task_title(issue: Issue) -> str:
    """The task with its id, so that an agent can name it in its commits."""
    return f"{issue.id}: {issue.title}"


def _natural_order(name: str) -> tuple[tuple[int, str], ...]:
    """A sort key that puts `x.2` before `x.10`.

    Each part between dots counts as a number, or as 0 if it is none; parts with one number are compared as text.
    """
    key: list[tuple[int, str]] = []
    for part in name.split("."):
        number = 0
        if part.isascii() and part.isdigit():
            number = int(part)
        key.append((number, part))

    return tuple(key)


def track(ask: Ask | None, outlines: Sequence[Outline], declared: Sequence[DeclaredEpic]) -> TrackedEpics:
    """Ask the tracker for the names in these outlines and declared epics.

    Empty without a tracker, without any name to ask for, and when `ask` has no answer.
    The tracker is asked once, for all names together.
    """
    names = _names_in(outlines, declared)
    if ask is None or not names:
        return TrackedEpics()

    backlog = ask(names, _lacks_tasks(outlines, declared))
    if backlog is None:
        return TrackedEpics()

    issues = {name: backlog.issues[name] for name in names if name in backlog.issues}
    return TrackedEpics(backlog, is_asked=True, issues=issues, owned=belongings(backlog.issues, tuple(issues)))


def _names_in(outlines: Sequence[Outline], declared: Sequence[DeclaredEpic]) -> tuple[str, ...]:
    """Every word of a plan that may be the id of an epic, each once.

    Declared epics come first, then the headings of sections, then the gates.
    """
    names = [epic.id for epic in declared]
    for outline in outlines:
        names += outline.heading_names()

    for outline in outlines:
        names += outline.exact_gates()

    return tuple(dict.fromkeys(names))


def _lacks_tasks(outlines: Sequence[Outline], declared: Sequence[DeclaredEpic]) -> bool:
    """Whether some epic may have its tasks only in the tracker."""
    for epic in declared:
        if not epic.tasks:
            return True

    return _sections_lack_tasks(outlines)


def _sections_lack_tasks(outlines: Sequence[Outline]) -> bool:
    """Whether some section has no tasks, or there is no section at all."""
    has_sections = False

    for outline in outlines:
        for section in outline.sections:
            has_sections = True
            if not section.tasks:
                return True

    return not has_sections


def check_issue(source: Source, draft: Draft, tracked: TrackedEpics) -> Iterator[Problem]:
    """P2 for an epic of the tracker: it is an epic, it is open, and it has open tasks.

    Yields the first fault only, since the others follow from it.
    """
    fault = _fault_of_issue(draft, tracked)
    if fault is not None:
        message, fix = fault
        yield source.problem(draft.line, message, fix, source.column(draft.line, draft.id))


def _fault_of_issue(draft: Draft, tracked: TrackedEpics) -> tuple[str, str] | None:
    """Message and fix of an issue's first fault; None for an epic that can be worked on.

    A deleted issue, and one of another kind, can never be worked on, so these faults come first.
    """
    issue, name = tracked.issues[draft.id], draft.id
    source, commands = tracked.source, tracked.commands
    if issue.deleted:
        return f"Epic `{name}` is deleted in {source}.", "Remove it from the plan, or name another."

    if issue.kind != EPIC:
        message = f"`{name}` is {_with_article(issue.kind)} in {source}, not an epic.{_parent_hint(issue)}"
        return message, f"Name its epic, or make it one: {commands.make_epic(name)}"
    if issue.closed:
        message = f"Epic `{name}` is closed in {source}: nothing is left to do."
        return message, f"Remove it, or open it again: {commands.reopen(name)}"
    return _fault_of_tasks(draft, commands, name, source)


def _fault_of_tasks(draft: Draft, commands: TrackerCommands, name: str, source: str) -> tuple[str, str] | None:
    """Message and fix of an epic whose tasks leave nothing to do; None for any other."""
    if not draft.tasks:
        fix = f"Write tasks above its gate, or: {commands.create_task(name)}"
        return f"Epic `{name}` has no tasks in {source}.", fix
    if draft.all_tasks_done:
        fix = f"Remove the epic, close it ({commands.close(name)}), or open a task again: {commands.reopen('TASK')}"
        return f"Epic `{name}` has only closed tasks: nothing is left to do.", fix

    return None


def _parent_hint(issue: Issue) -> str:
    """A question that names the parent of an issue, which may be the epic that was meant; empty without a parent."""
    if not issue.parent:
        return ""

    return f" Did you mean `{issue.parent}`, its parent?"


def _with_article(kind: str) -> str:
    """A kind of issue with its article: `an epic`, `a task`."""
    article = "a"
    if kind[:1] in "aeiou":
        article = "an"
    return f"{article} {kind}"


def check_unknown(source: Source, drafts: Sequence[Draft], tracked: TrackedEpics) -> Iterator[Problem]:
    """P2: every epic that depends on the tracker is in it.

    Yields nothing when the tracker gave only problems, since then an absent issue proves nothing.
    """
    if not tracked.knows_issues:
        return

    prefixes = {_prefix(name) for name in tracked.issues}

    yield from _unknown_epics(source, drafts, tracked, prefixes)


def _unknown_epics(
    source: Source, drafts: Sequence[Draft], tracked: TrackedEpics, prefixes: set[str]
) -> Iterator[Problem]:
    """Every epic that should be in the tracker and is not."""
    for draft in drafts:
        if draft.id in tracked.issues:
            continue
        if _depends_on_tracker(draft, prefixes):
            yield _unknown(source, draft, tracked)


def _unknown(source: Source, draft: Draft, tracked: TrackedEpics) -> Problem:
    """The problem of an epic that is not in the tracker."""
    suggestion = did_you_mean(draft.id, tracked.open_epics())
    message = f"Epic `{draft.id}` is not among the issues of {tracked.source}.{suggestion}"
    fix = "Correct its id, or write its tasks into the plan as `- [ ] …` items above its gate."
    return source.problem(draft.line, message, fix, source.column(draft.line, draft.id))


def _depends_on_tracker(draft: Draft, prefixes: Collection[str]) -> bool:
    """Whether an epic cannot do without the tracker.

    It has no tasks of its own, or an id like those that the tracker has.
    """
    if not draft.tasks:
        return True

    prefix = _prefix(draft.id)
    return prefix != "" and prefix in prefixes


def _prefix(name: str) -> str:
    """The tracker's name at the beginning of an id: `shop` of `shop-a1`.

    Empty for an id without a dash.
    """
    return name.rpartition("-")[0]


def add_edges(needs: dict[str, dict[str, Reference]], drafts: Sequence[Draft], tracked: TrackedEpics) -> None:
    """P4: add the dependencies that the tracker knows to those that the plan states.

    Where both know a dependency, the plan's reference stays, since it has a line of its own.
    """
    lines = {draft.id: draft.line for draft in drafts}
    for epic, others in edges(tracked.backlog.issues, tracked.owned_by(drafts)).items():
        for other, blocked in others.items():
            needs[epic].setdefault(other, Reference(other, lines[epic], blocked=blocked))


def check_foreign(source: Source, drafts: Sequence[Draft], tracked: TrackedEpics) -> Iterator[Problem]:
    """P4: no open issue of the plan waits for an open issue outside of the plan.

    Nobody would close that issue during the run, so the epic would wait forever.
    """
    commands = tracked.commands
    lines = {draft.id: draft.line for draft in drafts}

    for epic, (issue, blocker) in foreign_blockers(tracked.backlog.issues, tracked.owned_by(drafts)):
        message = f"`{issue}` of epic `{epic}` waits for `{blocker}`, which is open and in no epic of this plan."
        fix = (
            f"Add its epic to the plan, close it ({commands.close(blocker)}), "
            f"or: {commands.remove_blocker(issue, blocker)}"
        )
        yield source.problem(lines[epic], message, fix)


def merged(draft: Draft, tracked: TrackedEpics) -> Draft:
    """The epic, completed by its tracker.

    It gets the issue's title when the plan gives none, and the issue's tasks when the plan lists none.
    An epic that the tracker does not have is returned as it is.
    """
    issue = tracked.issues.get(draft.id)
    if issue is None:
        return draft

    title = draft.title
    if title in {"", draft.id}:
        title = issue.title

    return replace(draft, title=title, tasks=draft.tasks or tracked.tasks(draft), issue=issue.id)
