"""`serve`: what it says and hands to the server, and how it ends. The server itself is tested with the pages."""

from __future__ import annotations

import json
import shlex
import sys
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from gitorch.cli.verbs import serve
from gitorch.verbs.calls import CommandLine

URL = "http://127.0.0.1:8420/?token=t"
CHANGES = "The page may answer, reject, pause and recover. Approvals stay with gitorch approve."
NO_CHANGES = "Changes are off. Turn them on: gitorch serve --allow-changes"


class Server:
    """One that ends as the test says, after `while_open`."""

    Options = staticmethod(lambda *words: words)

    def __init__(self, end: BaseException) -> None:
        self.end = end
        self.opened = ()
        self.while_open = lambda _carry_out, _report_bug: None

    @contextmanager
    def ready(self, open_repository, options, carry_out, report_bug):
        self.opened = (open_repository().root, options)

        def run():
            self.while_open(carry_out, report_bug)
            raise self.end

        path = options[1]
        yield SimpleNamespace(served=SimpleNamespace(url=URL, path=path and str(path), token="t"), run=run)


@pytest.fixture
def server(stage, monkeypatch):
    kept = serve.signal.getsignal(serve.signal.SIGTERM)
    made = Server(KeyboardInterrupt())
    monkeypatch.setattr(serve, "import_module", lambda name: {"gitorch.web.server": made}[name])
    yield made
    serve.signal.signal(serve.signal.SIGTERM, kept)


def test_it_says_where_the_page_is_and_what_can_be_done_there(stage, server):
    answer = stage.gitorch("serve")
    assert answer.out == f"The page is open at {URL}\n{NO_CHANGES}\nCtrl-C closes it.\n"
    assert (answer.status, answer.err) == (130, "gitorch: the page is closed\n")
    assert server.opened == (stage.folder, (None, None, False))
    answer = stage.gitorch("serve", "--port", "8421", "--allow-changes")
    assert answer.out == f"The page is open at {URL}\n{CHANGES}\nCtrl-C closes it.\n"
    assert server.opened[1] == (8421, None, True)


def test_a_socket_is_named_with_its_folder_and_the_address_there(stage, server):
    answer = stage.gitorch("serve", "--socket", "page.sock")
    path = stage.folder / "page.sock"
    assert answer.out.splitlines()[:2] == [f"The page is open on the socket {path}", f"Its address there: {URL}"]
    assert server.opened[1] == (None, path, False)
    answer = stage.gitorch("serve", "--socket", "page.sock", "--json")
    values = {"ok": True, "url": URL, "socket": str(path), "token": "t", "changes": False}
    assert json.loads(answer.out.splitlines()[0]) == values


def test_a_signal_to_end_has_its_own_exit_status(stage, server):
    server.while_open = lambda *_: serve.signal.getsignal(serve.signal.SIGTERM)(15, None)
    answer = stage.gitorch("serve")
    assert (answer.status, answer.err) == (143, "gitorch: the page is closed\n")


def test_a_change_is_carried_out_as_a_command_line_and_a_bug_is_reported(stage, server):
    stage.begin_run()
    reports = []

    def change(carry_out, report_bug):
        carry_out(stage.services, stage.who(), CommandLine(("pause", "--json")))
        reports.append(report_bug(ZeroDivisionError("of a page")))

    server.while_open = change
    stage.gitorch("serve", "--allow-changes")
    assert stage.run.phase == "paused"
    [name] = reports
    [report] = stage.folder.glob("**/bugs/*.txt")
    assert report.name in str(name)
    assert "ZeroDivisionError: of a page" in report.read_text()
    assert "serve --allow-changes" in report.read_text()


@pytest.mark.usefixtures("server")
def test_agents_may_not_serve_changes(stage):
    stage.begin_run().launch("api").as_agent("api")
    assert stage.gitorch("serve", "--allow-changes").status == 5


def test_without_its_libraries_it_names_the_one_that_is_missing(stage, monkeypatch):
    def absent(_):
        raise ModuleNotFoundError("No module named 'starlette'", name="starlette")

    monkeypatch.setattr(serve, "import_module", absent)
    answer = stage.gitorch("serve")
    command = f"{shlex.quote(sys.executable)} -m pip install 'gitorch[web]'"
    text = f"gitorch: the web page needs starlette, which is not installed\n  try: {command}\n"
    assert (answer.status, answer.err) == (8, text)
