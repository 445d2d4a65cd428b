"""What every `ports.tracker.Tracker` promises."""

import pytest
from fakes.bd import install, issue, lines
from fakes.clock import FakeClock
from fakes.tracker import FakeTracker

from gitorch.errors import Failed, Unavailable
from gitorch.model.tracker import Blocked, belongings, edges, foreign_blockers
from gitorch.world.beads import BeadsFile, BeadsProgram, file_of

RECORDS = (
    issue("shop-a1", "The shop", kind="epic"),
    issue("shop-a1.1", "A counter", parent="shop-a1", description="Of wood.", acceptance_criteria="It stands."),
    issue("shop-a1.2", "A till", parent="shop-a1", blockers=("shop-b2.1",), status="closed"),
    issue("shop-a1.3", "Drawers", kind="feature", parent="shop-a1"),
    issue("shop-a1.3.1", "A handle", parent="shop-a1.3"),
    issue("shop-b2", "The stock", kind="epic"),
    issue("shop-b2.1", "Shelves", parent="shop-b2", blockers=("shop-a1.1", "shop-z9")),
    issue("shop-z9", "Buy wood"),
    issue("shop-c3", "Far away", kind="epic"),
)


class FileBench:
    def __init__(self, folder):
        self.root = folder
        (folder / ".beads").mkdir()
        (folder / ".beads/issues.jsonl").write_bytes(lines(*RECORDS))
        self.tracker = BeadsFile(folder)


class ProgramBench:
    def __init__(self, folder):
        self.root = folder
        self.store = folder / "store"
        program = install(folder / "bin", self.store)
        (self.store / "issues.jsonl").write_bytes(lines(*RECORDS))
        self.clock = FakeClock()
        path = {"PATH": f"{program.parent}:/usr/bin:/bin"}
        self.tracker = BeadsProgram(folder, path, self.clock, wait_seconds=5)

    def fault(self, text):
        (self.store / "faults.json").write_text(text)

    def calls(self):
        return [line for line in (self.store / "calls.log").read_text().splitlines() if line.startswith("close")]


class FakeBench:
    def __init__(self, folder):
        self.root = folder
        self.tracker = FakeTracker(*(dict(record) for record in RECORDS))


@pytest.fixture(params=[FileBench, ProgramBench, FakeBench])
def bench(request, tmp_path):
    return request.param(tmp_path)


@pytest.fixture(params=[ProgramBench, FakeBench])
def closing_bench(request, tmp_path):
    return request.param(tmp_path)


@pytest.fixture
def program(tmp_path):
    return ProgramBench(tmp_path)


def test_an_epic_is_found_with_everything_below_it(bench):
    issues = bench.tracker.read(["shop-a1", "shop-b2", "shop-none"]).issues
    owned = belongings(issues, ("shop-a1", "shop-b2"))
    assert sorted(i.id for i in owned["shop-a1"]) == ["shop-a1.1", "shop-a1.2", "shop-a1.3", "shop-a1.3.1"]
    assert [i.id for i in owned["shop-b2"]] == ["shop-b2.1"]
    assert (issues["shop-a1"].kind, issues["shop-a1"].title) == ("epic", "The shop")
    assert (issues["shop-a1.2"].closed, issues["shop-a1.1"].closed) == (True, False)
    assert "shop-none" not in issues


def test_a_task_has_its_description_and_acceptance_criteria(bench):
    assert bench.tracker.read(["shop-a1"]).issues["shop-a1.1"].text == "Of wood.\n\nAccepted when:\n\nIt stands."


def test_open_blockers_between_tasks_are_edges_between_their_epics(bench):
    issues = bench.tracker.read(["shop-a1", "shop-b2"]).issues
    owned = belongings(issues, ("shop-a1", "shop-b2"))
    # shop-a1.2 waits for shop-b2.1 as well, but it is closed: that edge is history.
    assert edges(issues, owned) == {"shop-a1": {}, "shop-b2": {"shop-a1": Blocked("shop-b2.1", "shop-a1.1")}}
    assert list(foreign_blockers(issues, owned)) == [("shop-b2", Blocked("shop-b2.1", "shop-z9"))]


def test_closed_issues_are_reported_with_their_reason(bench):
    assert bench.tracker.closed(["shop-a1.1", "shop-a1.2", "shop-none"]) == {"shop-a1.2": ""}


def test_issues_are_closed_in_the_order_given(closing_bench):
    names = ["shop-a1.1", "shop-a1.2", "shop-a1.3.1", "shop-a1.3", "shop-a1"]
    closing_bench.tracker.close(names, "Gate passed")
    assert closing_bench.tracker.closed(names) == {n: "" if n == "shop-a1.2" else "Gate passed" for n in names}
    closing_bench.tracker.close(names, "Gate passed")


def test_issues_that_cannot_be_closed_are_named(closing_bench):
    with pytest.raises(Failed, match=r"shop-b2\.1, shop-b2 open"):
        closing_bench.tracker.close(["shop-b2.1", "shop-b2"], "Gate passed")


def test_a_file_is_never_written(tmp_path):
    bench = FileBench(tmp_path)
    before = (tmp_path / ".beads/issues.jsonl").read_bytes()
    with pytest.raises(Failed, match=r"shop-a1\.1, shop-a1 left open") as failed:
        bench.tracker.close(["shop-a1.1", "shop-a1.2", "shop-a1"], "Gate passed")
    assert failed.value.hint == "bd close shop-a1.1 shop-a1"
    assert (tmp_path / ".beads/issues.jsonl").read_bytes() == before


def test_a_file_that_changes_is_read_again(tmp_path):
    bench = FileBench(tmp_path)
    assert bench.tracker.closed(["shop-a1"]) == {}
    (tmp_path / ".beads/issues.jsonl").write_bytes(lines(issue("shop-a1", status="closed")))
    assert bench.tracker.closed(["shop-a1"]) == {"shop-a1": ""}


def test_the_file_is_found_through_a_redirect_and_by_its_older_name(tmp_path):
    (tmp_path / ".beads").mkdir()
    (tmp_path / "shared").mkdir()
    assert file_of(tmp_path) is None
    (tmp_path / "shared/beads.jsonl").write_bytes(lines(*RECORDS))
    (tmp_path / ".beads/redirect").write_text("shared\n")
    assert file_of(tmp_path) == tmp_path / "shared/beads.jsonl"


def test_a_task_is_closed_before_its_epic_and_never_twice(program):
    program.tracker.close(["shop-a1.1", "shop-a1.2", "shop-a1.3.1", "shop-a1.3", "shop-a1"], "Gate passed")
    assert program.calls() == [
        "close shop-a1.1 shop-a1.3.1 shop-a1.3 --reason Gate passed --json",
        "close shop-a1 --reason Gate passed --json",
    ]
    program.tracker.close(["shop-a1.1", "shop-a1"], "Gate passed")
    assert len(program.calls()) == 2


def test_a_program_that_fails_once_is_asked_again(program):
    program.fault('{"show": {"fail": 1}}')
    assert "shop-a1" in program.tracker.read(["shop-a1"]).issues


def test_a_shortened_id_names_no_issue(program):
    assert "a1" not in program.tracker.read(["a1"]).issues


def test_a_program_without_dependency_trees_is_asked_for_children(program):
    program.fault('{"dep": {"fail": -1}}')
    issues = program.tracker.read(["shop-a1"]).issues
    assert {"shop-a1.1", "shop-a1.3.1"} <= set(issues)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ('{"show": {"fail": -1}}', "bd show failed: Error: database is locked"),
        ('{"show": {"say": "Updating…"}}', "bd did not answer in JSON: Updating…"),
        ('{"show": {"say": ""}}', "bd did not answer in JSON: nothing"),
        ('{"show": {"hang": 30}}', "bd gave no answer within 0.5 seconds"),
    ],
)
def test_a_program_that_does_not_answer_is_unavailable(program, fault, words):
    program.fault(fault)
    if "hang" in fault:
        program.tracker = BeadsProgram(program.root, program.tracker._env, program.clock, wait_seconds=0.5)
    with pytest.raises(Unavailable, match=words):
        program.tracker.read(["shop-a1"])


def test_an_issue_that_stays_open_after_a_reported_success_is_a_failure(program):
    program.fault('{"close": {"lie": true}}')
    with pytest.raises(Failed, match=r"bd left shop-a1\.1 open"):
        program.tracker.close(["shop-a1.1"], "Gate passed")


def test_answers_about_closed_issues_are_cached_for_a_while(program):
    assert program.tracker.closed(["shop-a1.1"]) == {}
    (program.store / "issues.jsonl").write_bytes(lines(issue("shop-a1.1", status="closed")))
    assert program.tracker.closed(["shop-a1.1"]) == {}
    program.clock.sleep(20)
    assert program.tracker.closed(["shop-a1.1"]) == {"shop-a1.1": ""}


def test_an_envelope_around_the_answer_is_opened(program):
    program.fault(
        '{"show": {"say": "{\\"schema_version\\": 1, \\"data\\": [{\\"id\\": \\"x-1\\", \\"status\\": \\"closed\\"}]}"}}'
    )
    assert program.tracker.closed(["x-1"]) == {"x-1": ""}


def test_a_program_that_hangs_is_not_asked_again_at_once(program):
    program.fault('{"show": {"hang": 30}}')
    program.tracker = BeadsProgram(program.root, program.tracker._env, program.clock, wait_seconds=0.5)
    for _ in range(3):
        with pytest.raises(Unavailable, match="no answer"):
            program.tracker.closed(["shop-a1"])
    assert (program.store / "calls.log").read_text().count("show") == 1
    program.fault("{}")
    program.clock.sleep(20)
    assert program.tracker.closed(["shop-a1"]) == {}
