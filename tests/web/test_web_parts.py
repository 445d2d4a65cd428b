"""What the pages are made of: the log and its search, the diff, screens, workflow files, numbers of runs, and the listening socket."""

from __future__ import annotations

import errno
import socket
from types import SimpleNamespace

import pytest
from cli_scenes import reworked
from web_browser import SECRETS, browser_of, text_of  # first: it says why these tests are left out

from gitorch.errors import Busy, Unavailable, Usage
from gitorch.model import commands as c
from gitorch.model.ids import CommitId, JobId, RunId
from gitorch.model.values import replace
from gitorch.model.view import SessionRow
from gitorch.model.work.patch import FilePatch, Hunk, PatchLine
from gitorch.rules.workflows.compile import default_settings
from gitorch.web import server
from gitorch.web.access import Access
from gitorch.web.pages import diff, job, ledger, overview
from gitorch.web.pages.diff import HandedIn
from gitorch.web.server import Options, listening

RUN = RunId("auth-7f3a")


def numbers(found) -> list[int]:
    return [written.record.seq for written in found]


def test_records_before_a_number_are_read_in_chunks_newest_first(stage):
    stage.begin_run({"api": ()}).finish("api")
    services = stage.services
    everything = numbers(stage.ledger.records())[::-1]
    first, last = ledger.bounds(services, RUN)
    assert (first, last) == (everything[-2], everything[0])
    assert ledger.bounds(services, None) == (0, everything[0])
    for chunk in (1, 2, 3, 100):
        assert numbers(ledger.before_number(services, None, 0, chunk)) == everything
        assert numbers(ledger.before_number(services, None, 5, chunk)) == [4, 3, 2, 1, 0]
        assert numbers(ledger.before_number(services, None, 10_000, chunk)) == everything
        assert numbers(ledger.before_number(services, RUN, 4, chunk)) == [3, 2, 1]
        assert numbers(ledger.before_number(services, None, 1, chunk)) == [0]


def test_a_ledger_without_records_has_no_bounds(stage):
    empty = SimpleNamespace(ledger=SimpleNamespace(newest=lambda: iter(())))
    assert ledger.bounds(empty, None) == (0, -1)


def test_a_search_ends_with_a_full_page_or_after_its_share_and_says_where_to_go_on(stage, monkeypatch):
    stage.begin_run({"api": ()}).finish("api")
    services = stage.services

    def searched(words: str):
        found, older = ledger.searched(ledger.before_number(services, None, 0, 3), words)
        return numbers(written for written, _ in found), older

    last = numbers(stage.ledger.records())[-1]
    everything = searched("")
    assert everything == (list(range(last, -1, -1)), 0)
    monkeypatch.setattr(ledger, "ON_A_PAGE", 2)
    assert searched("") == ([last, last - 1], last - 1)
    monkeypatch.setattr(ledger, "ON_A_PAGE", last + 1)
    assert searched("") == (everything[0], 0)
    monkeypatch.setattr(ledger, "SEARCHED", 4)
    assert searched("nothing") == ([], last - 3)
    monkeypatch.setattr(ledger, "SEARCHED", last + 1)
    assert searched("GITORCH Lease-granted") == searched("lease-granted auth-7f3a")
    assert searched("lease-granted nothing") == ([], 0)


def test_a_record_is_found_by_its_number_alone(stage):
    stage.begin_run()
    browser = browser_of(stage)
    last = numbers(stage.ledger.records())[-1]
    assert 'rel="next"' not in browser.get(f"/records/{last}").text
    assert 'rel="next"' in browser.get(f"/records/{last - 1}").text
    assert 'rel="prev"' not in browser.get("/records/0").text
    for name, status in (("1" * 12, 404), ("1" * 13, 400), ("٣", 400), ("1.0", 400), ("00", 200)):
        assert browser.get(f"/records/{name}").status_code == status, name
    shown = text_of(browser.get(f"/records/{'x' * 50}").text)
    assert f"{'x' * 40} is not the number of a record" in shown


def patch(path: str, lines: int) -> FilePatch:
    return FilePatch(path, hunks=(Hunk("", tuple(PatchLine("+", "x", 0, n + 1) for n in range(lines))),))


def test_a_long_diff_is_cut_after_a_whole_file_and_one_file_is_always_shown(monkeypatch):
    monkeypatch.setattr(diff, "LINES_MAX", 5)
    for sizes, shown in (((2, 3, 1), 2), ((9, 1), 1), ((5,), 1), ((), 0), ((1, 1, 1), 3), ((2, 9, 1), 1)):
        assert len(diff.cut([patch("a", size) for size in sizes])) == shown, sizes
    one, two = HandedIn(1, CommitId("a" * 40)), HandedIn(2, CommitId("b" * 40))
    assert diff.chosen([one, two], two.commit) is two
    assert diff.chosen([one, two], "main") is None


def test_what_was_handed_in_has_a_name_of_its_own_also_where_a_round_had_several():
    commits = [CommitId(letter * 40) for letter in "abc"]
    twice = [HandedIn(1, commits[0]), HandedIn(1, commits[1]), HandedIn(2, commits[2])]
    names = [one.name for one in diff.with_names(twice)]
    assert names == ["round 1 at aaaaaaaaaaaa", "round 1 at bbbbbbbbbbbb", "round 2"]


def test_the_page_of_a_job_gathers_what_belongs_to_it(stage):
    reworked(stage)
    stage.do(c.PauseRun("a break"))
    run, services = stage.run, stage.services
    state = run.jobs[JobId("api")]
    rounds = job.rounds_of(services, run, state)
    assert [(one.number, len(one.handoffs), len(one.checks), len(one.verdicts)) for one in rounds] == [
        (2, 1, 0, 0),
        (1, 1, 0, 1),
    ]
    assert [one.id for one in job.sessions_of(run, state)] == ["s1"]
    assert [one.listed.number for one in job.findings_of(run, state)] == list(range(1, 10))
    assert job.brief_of(services, run, state) == "Rotate the session."
    torn = SimpleNamespace(ledger=SimpleNamespace(file=lambda *asked: b"a \xff" if asked[0] == RUN else b""))
    assert job.brief_of(torn, run, state) == "a \N{REPLACEMENT CHARACTER}"
    assert job.brief_of(torn, run, run.jobs[JobId("merge")]) == ""
    work = job.work_of(services, state)
    assert (len(work.commits), [change.path for change in work.changes], work.missing) == (1, ["a.py", "src/a.py"], "")
    ui = run.jobs[JobId("ui")]
    assert (job.work_of(services, ui), job.head_of(ui), job.rounds_of(services, run, ui)) == (None, None, [])
    stage.git.subjects = lambda *_: (_ for _ in ()).throw(Unavailable("git is away"))
    assert job.work_of(services, state) == job.Work((), (), "git is away")


def row_of(session: str) -> SessionRow:
    return SessionRow(session, RUN, JobId("api"), "scripted", "alive", "working", "running", 0)


def test_the_list_of_sessions_shows_the_end_of_each_screen_without_empty_lines(stage, monkeypatch):
    stage.begin_run().launch("api")
    stage.terminals.screens["s1"] = "\n\n".join(f" line {n}  " for n in range(20)) + "\n   \n"
    lines = overview.last_lines(stage.services, row_of("s1")).split("\n")
    assert lines == [f" line {n}" for n in range(8, 20)]
    assert overview.last_lines(stage.services, row_of("s9")) == ""
    stage.terminals.screen = lambda *_: (_ for _ in ()).throw(Unavailable("tmux is away"))
    assert overview.last_lines(stage.services, row_of("s1")) == ""
    assert "tmux is away" in text_of(browser_of(stage).get(f"/runs/{RUN}/sessions/s1").text)


def test_workflow_files_are_found_at_the_top_and_in_their_folder_and_say_what_is_wrong(stage, monkeypatch):
    folder = stage.folder
    (folder / "workflows").mkdir()
    (folder / "a.yaml").write_text("gitorch: workflow/1\nname: a\n")
    (folder / "other.yaml").write_text("name: other\n")
    (folder / "dir.yaml").mkdir()
    (folder / "workflows" / "b.yaml").write_text("x" * 4070 + "gitorch: workflow/1")
    (folder / "workflows" / "c.yaml").write_text("x" * 4090 + "gitorch: workflow/1")
    found = [source for _, source in overview.workflow_files(stage.services)]
    assert found[:2] == ["a.yaml", "workflows/b.yaml"]
    assert set(found[2:]) == {"shipped with gitorch"}
    shape = overview.shape_of(stage.services, folder / "a.yaml", "a.yaml")
    assert (shape.name, shape.source, shape.workflow) == ("a", "a.yaml", None)
    assert shape.fault.startswith("a.yaml has 1 problem: a.yaml:1:1: `jobs` must name at least one job. Add `jobs:`")
    assert overview.drawing_of(shape) == ""
    asked = []
    with monkeypatch.context() as here:
        here.setattr(overview, "read_workflow", lambda *words: asked.append(words) or SimpleNamespace(workflow="read"))
        assert overview.shape_of(stage.services, folder / "a.yaml", "here").workflow == "read"
    assert asked == [(folder / "a.yaml", "a.yaml", default_settings(stage.config), (stage.services.root,))]
    browser = browser_of(stage)
    assert shape.fault in text_of(browser.get("/workflows").text)
    assert browser.get("/workflows/a").status_code == 200
    assert not overview.is_workflow(folder / "no.yaml")


def waited(at: int, until: int):
    return SimpleNamespace(asked_at=at, answer=SimpleNamespace(at=until) if until else None)


def test_numbers_of_a_run_count_work_and_the_middle_of_what_questions_waited(stage):
    reworked(stage)
    made = overview.numbers_of(stage.run)
    assert (made.jobs, made.rounds, made.sessions, dict(made.findings)) == (
        2,
        3,
        2,
        {"blocking": 1, "minor": 1, "note": 7},
    )
    assert made.seconds == (stage.run.changed_at - stage.run.started_at) / 1000
    assert (made.answered, made.waited) == (0, 0.0)
    assert overview.numbers_of(replace(stage.run, started_at=None)).seconds == 0.0
    assert overview.numbers_of(replace(stage.run, changed_at=None)).seconds == 0.0
    assert [overview.middle(values) for values in ([], [1.0], [1.0, 2.0], [1.0, 2.0, 9.0])] == [0.0, 1.0, 2.0, 2.0]
    run = SimpleNamespace(questions={1: waited(1_000, 3_500), 2: waited(0, 0), 3: waited(0, 500)})
    assert list(overview.waits_of(run)) == [2.5, 0.5]


def test_the_page_listens_where_it_is_told_and_says_why_it_cannot(tmp_path, monkeypatch):
    with listening(Options(port=0)) as taken:
        port = taken.getsockname()[1]
        assert taken.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR) == 1
        assert server._port_of(taken) == port
        with pytest.raises(Busy) as busy, listening(Options(port=port)):
            pass
        assert (busy.value.message, busy.value.hint) == (
            f"port {port} is taken by another program",
            "gitorch serve --port 0",
        )
        monkeypatch.setattr(server, "PORTS_TRIED", 1)
        monkeypatch.setattr(server, "PORT", port)
        with pytest.raises(Busy, match=f"port {port} is taken"), listening(Options()):
            pass
    monkeypatch.setattr(
        socket.socket, "bind", lambda *_: (_ for _ in ()).throw(PermissionError(errno.EACCES, "no right"))
    )
    with pytest.raises(Unavailable) as refused, listening(Options(port=80)):
        pass
    assert (refused.value.message, refused.value.hint) == (
        "port 80 cannot be opened: no right",
        "gitorch serve --port 0",
    )
    with pytest.raises(Unavailable) as refused, listening(Options(path=tmp_path / "s")):
        pass
    assert refused.value.message == f"{tmp_path}/s cannot be opened: no right"


def test_a_socket_may_be_as_long_as_the_system_allows_and_belongs_to_its_user(tmp_path):
    room = server.SOCKET_PATH_BYTES_MAX - len(str(tmp_path)) - 1
    with listening(Options(path=tmp_path / ("s" * room))) as listener:
        assert server._port_of(listener) is None
    path = tmp_path / ("s" * (room + 1))
    with pytest.raises(Usage) as refused, listening(Options(path=path)):
        pass
    assert refused.value.message == f"{path} is too long for a socket; 107 bytes are allowed"
    assert server._url(Access(SECRETS, None, changes=False)) == "http://localhost/?token=the-token"
    assert server._url(Access(SECRETS, 80, changes=False)) == "http://127.0.0.1:80/?token=the-token"
