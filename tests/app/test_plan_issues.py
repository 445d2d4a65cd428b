# ruff: noqa: ARG002 stand-ins take what their ports pass
"""A plan as it is read: its prompt, and its epics in a tracker that answers, is missing, or is silent."""

from __future__ import annotations

import pytest
from fakes.bd import issue
from fakes.tracker import FakeTracker
from fakes.world import FakePrograms, FakeRepository

from gitorch.app.start.plan_files import digest_of, read_bytes, read_plan, shown
from gitorch.errors import NotFound, Problem, Unavailable
from gitorch.model.plans.config import Config
from gitorch.model.values import replace

SHOP = (
    issue("shop-a1", "The shop", kind="epic"),
    issue("shop-a1.1", "A counter", parent="shop-a1"),
)
BARE = "# Shop\n\n## Epic: shop-a1\n\n\n## Review Gate: shop-a1\n\n"
FULL = "# Shop\n\n## Epic: {name} — The shop\n\nDepends on: none\n\n- [ ] Build it\n\n## Review Gate: {name}\n\n"
FIX = "Mend it (bd doctor), or set `tracker: file` to read .beads/issues.jsonl, or `tracker: none`."


class Silent(FakeTracker):
    def read(self, names):
        raise Unavailable("bd gave no answer")


class Asked(FakeTracker):
    """Notes which names it was asked for."""

    def __init__(self, *records):
        super().__init__(*records)
        self.names = []

    def read(self, names):
        self.names.append(names)
        return replace(super().read(names), source="bd")


@pytest.fixture
def repository(tmp_path):
    return FakeRepository(tmp_path, config=Config(tracker="auto", path="gitorch.yaml", places={"tracker": (7, 3)}))


def read(repository, text, name="plan.md", prompt=None):
    path = repository.root / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return read_plan(repository, path, prompt)


def issues_of(plan):
    return [(epic.id, epic.issue, epic.title) for epic in plan.epics]


# The tracker


def test_bare_epics_are_looked_up_and_the_tracker_is_named(repository):
    repository.trackers["auto"] = Asked(*SHOP)
    found = read(repository, BARE)
    assert issues_of(found.plan) == [("shop-a1", "shop-a1", "The shop")]
    assert (found.tracker, found.close_template) == ("bd", "close {issue} in the tracker")
    assert found.data == BARE.encode()
    assert repository.trackers["auto"].names == [("shop-a1",)]


def test_epics_with_tasks_and_plain_names_need_no_tracker(repository):
    repository.trackers["auto"] = Silent()
    found = read(repository, FULL.format(name="shop"))
    assert (found.plan.problems, found.tracker, found.close_template) == ((), "", "")


def test_epics_with_tasks_that_the_tracker_does_not_know_are_no_issues(repository):
    repository.trackers["auto"] = Asked(*SHOP)
    found = read(repository, FULL.format(name="my-shop"))
    assert (issues_of(found.plan), found.tracker) == ([("my-shop", "", "The shop")], "")
    assert repository.trackers["auto"].names


def test_epics_with_tasks_that_the_tracker_knows_are_its_issues(repository):
    repository.trackers["auto"] = Asked(*SHOP)
    found = read(repository, FULL.format(name="shop-a1"))
    assert (issues_of(found.plan)[0][:2], found.tracker) == (("shop-a1", "shop-a1"), "bd")


@pytest.mark.parametrize(("kind", "counts"), [("bd", True), ("auto", False)])
def test_the_problems_of_a_tracker_count_where_it_is_configured_though_it_knows_no_epic(repository, kind, counts):
    problem = Problem("issues.jsonl", 3, 1, "not JSON", "mend it")

    class Odd(FakeTracker):
        def read(self, names):
            return replace(super().read(names), problems=(problem,))

    repository.config = replace(repository.config, tracker=kind)
    repository.trackers[kind] = Odd(*SHOP)
    assert (problem in read(repository, FULL.format(name="my-shop")).plan.problems) is counts


@pytest.mark.parametrize("text", [BARE, FULL.format(name="shop-a1")], ids=["bare", "with tasks"])
def test_a_needed_tracker_that_does_not_answer_is_a_problem_of_the_configuration(repository, text):
    repository.trackers["auto"] = Silent()
    if text != BARE:
        repository.trackers["file"] = Asked(*SHOP)
    problems = read(repository, text).plan.problems
    message = "The plan's epics cannot be looked up: bd gave no answer."
    assert Problem("gitorch.yaml", 7, 3, message, FIX) in problems


@pytest.mark.parametrize("exported", [None, Silent(), Asked(issue("other-1"))], ids=["none", "silent", "other"])
def test_a_tracker_that_does_not_answer_is_not_needed_where_no_export_knows_the_epics(repository, exported):
    repository.trackers["auto"] = Silent()
    if exported is not None:
        repository.trackers["file"] = exported
    found = read(repository, FULL.format(name="my-shop"))
    assert (found.plan.problems, found.tracker) == ((), "")


def test_a_configured_tracker_that_does_not_answer_is_always_a_problem(repository):
    repository.config = replace(repository.config, tracker="bd", places={}, path="")
    repository.trackers["bd"] = Silent()
    (problem,) = read(repository, FULL.format(name="my-shop")).plan.problems
    assert (problem.path, problem.line, problem.column) == ("gitorch.yaml", 1, 1)


@pytest.mark.parametrize(
    ("installed", "kind", "looked"), [(True, "auto", True), (False, "auto", False), (True, "x", False)]
)
def test_bare_epics_are_asked_of_an_installed_bd_without_a_repository_of_its_own(repository, installed, kind, looked):
    repository.config = replace(repository.config, tracker=kind)
    repository.programs = FakePrograms(bd="bd 1.0") if installed else FakePrograms()
    tracker = repository.trackers["bd"] = Asked(*SHOP)
    read(repository, BARE)
    assert bool(tracker.names) is looked
    tracker.names.clear()
    read(repository, FULL.format(name="my-shop"))
    assert tracker.names == []


# The prompt

SECTION = "## Epic: api — The API\n\nDepends on: none\n\n- [ ] Build it\n\n"
GATE = "# How\n\n## Review Gate: api\n\n"
NAMING = f"---\nprompt: how.md\n---\n# Shop\n\n{SECTION}"


@pytest.mark.parametrize("place", ["docs", "."])
def test_a_named_prompt_lies_beside_the_plan_or_at_the_root(repository, place):
    (repository.root / "docs").mkdir()
    (repository.root / place / "how.md").write_text(GATE)
    plan = read(repository, NAMING, "docs/plan.md").plan
    assert (plan.problems, plan.prompt) == ((), "how.md")
    assert [epic.id for epic in plan.epics] == ["api"]


def test_the_prompt_beside_the_plan_wins(repository):
    (repository.root / "docs").mkdir()
    (repository.root / "docs/how.md").write_text(GATE)
    (repository.root / "how.md").write_text("# Nothing\n")
    assert read(repository, NAMING, "docs/plan.md").plan.problems == ()
    (repository.root / "docs/how.md").write_text("# Nothing\n")
    (problem, *_) = read(repository, NAMING, "docs/plan.md").plan.problems
    assert problem.path in {"docs/how.md", "docs/plan.md"}


def test_a_named_prompt_that_is_missing_is_a_problem_of_the_plan(repository):
    (repository.root / "how.md").mkdir()
    problems = read(repository, NAMING).plan.problems
    assert "how.md" in " ".join(problem.message for problem in problems)


def test_a_prompt_that_is_given_wins_and_a_missing_one_is_the_only_problem(repository):
    path = repository.root / "docs" / "given.md"
    path.parent.mkdir()
    missing = read(repository, FULL.format(name="api"), prompt=path).plan
    assert missing.problems == (
        Problem(str(path), 1, 1, "The implementation prompt cannot be read.", f"ls {path.parent}"),
    )
    assert (missing.epics, missing.prompt) == ((), str(path))


# Files


def test_files_are_shown_from_the_root_and_named_as_typed_outside_of_it(repository, tmp_path):
    assert shown(repository, repository.root / "a/b.md") == "a/b.md"
    outside = tmp_path.parent / "x.md"
    assert shown(repository, outside) == str(outside)


def test_a_file_that_cannot_be_read_is_named_with_the_systems_reason(repository):
    (repository.root / "file").write_text("x")
    path = repository.root / "file" / "x.md"
    with pytest.raises(NotFound) as raised:
        read_bytes(path)
    assert raised.value.message == f"{path} cannot be read: not a directory"
    assert raised.value.hint == f"ls {path.parent}"
    assert digest_of(b"") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
