"""The small parts of the page: headers of each kind of answer, sentences of refusals, numbers, names and limits, to the letter."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from cli_scenes import ARTIFACTS, reworked
from starlette.testclient import TestClient
from test_web_access import ATTACKS
from test_web_changes import OWN, RUN, send
from web_browser import HOME, PORT, SECRETS, browser_of, client_of, text_of

from gitorch.app.reconciler import trouble
from gitorch.errors import REPLACED, GitorchError, Malformed, Problem, Usage
from gitorch.model.ids import Moment
from gitorch.text.records.digests import digest
from gitorch.web import answers, changes, desk, forms, guard, render, server, static
from gitorch.web.access import Access, Asked
from gitorch.web.answers import Answers, Doors, Question, Site
from gitorch.web.application import FILE, PAGES, application
from gitorch.web.forms import Form

COOKIE = {"cookie": f"gitorch-{PORT}={SECRETS.session}"}
HTML = {"content-type": "text/html; charset=utf-8"}
GUARDED = guard.HEADERS
NOT_KEPT = GUARDED | {"cache-control": "no-store"}


def heard(answer) -> dict[str, str]:
    """The headers of an answer that do not depend on its text."""
    return {name: value for name, value in answer.headers.items() if name not in {"content-length", "etag"}}


def test_each_kind_of_answer_has_its_headers_and_no_others(stage):
    stage.begin_run()
    browser = browser_of(stage, changes=True)
    page = browser.get("/")
    known = {"if-none-match": page.headers["etag"]}
    script = browser.get("/static/page.js")
    script_known = {"if-none-match": script.headers["etag"]}
    file = f"{RUN}/files/{stage.run.jobs['api'].spec.brief}"
    kinds = {
        "a page": (page, 200, GUARDED | HTML),
        "a page that is known": (browser.get("/", headers=known), 304, GUARDED),
        "an error": (browser.get(f"{RUN}/jobs/nope"), 404, NOT_KEPT | HTML),
        "no page": (browser.get("/nowhere"), 404, NOT_KEPT | HTML),
        "a refusal": (client_of(lambda: stage.services).get("/"), 401, NOT_KEPT | HTML),
        "a method": (browser.put("/"), 405, NOT_KEPT | HTML),
        "a script": (script, 200, GUARDED | {"content-type": "text/javascript; charset=utf-8"}),
        "a script that is known": (browser.get("/static/page.js", headers=script_known), 304, GUARDED),
        "a style": (browser.get("/static/style.css"), 200, GUARDED | {"content-type": "text/css; charset=utf-8"}),
        "a picture": (browser.get("/static/icon.svg"), 200, GUARDED | {"content-type": "image/svg+xml"}),
        "a file": (
            browser.get(file),
            200,
            GUARDED | answers.PLAIN_HEADERS | {"content-type": "text/plain; charset=utf-8"},
        ),
        "a change": (send(browser, f"{RUN}/pause", {}), 303, NOT_KEPT | {"location": RUN}),
    }
    for name, (answer, status, headers) in kinds.items():
        assert (answer.status_code, heard(answer)) == (status, headers), name
    assert browser.get("/", headers=known).status_code == 200
    assert page.headers["etag"].startswith('"')
    assert script.headers["etag"] == static._file("page.js")[1]


REFUSALS = {
    401: "401 this page needs its token; open the address that gitorch serve printed Try: gitorch serve",
    403: {
        "403 a page of another site made this request",
        "403 a change must name the page that it comes from (Origin)",
        "403 this server only shows; it was started without --allow-changes Try: gitorch serve --allow-changes",
    },
    404: {
        "404 there is no page /<script>alert(1)</script>",
        "404 there is no page /access.py",
        "404 there is no page /static/../access.py",
        "404 there is no page /static//etc/passwd",
    },
    405: {"405 DELETE is not used here", "405 OPTIONS is not used here"},
    431: "431 the headers are larger than 16 KiB",
    421: "421 this address is not one of this server; use the one that gitorch serve printed",
}


def test_each_refusal_is_a_sentence_and_a_command_that_helps(stage):
    stage.begin_run()
    client = client_of(lambda: stage.services)
    told: dict[int, set[str]] = {}
    for method, path, headers, status in ATTACKS.values():
        text = text_of(client.request(method, path, headers=headers).text)
        told.setdefault(status, set()).add(text[text.rindex(f"{status} ") :])
    for status, sentences in REFUSALS.items():
        assert told[status] == ({sentences} if isinstance(sentences, str) else sentences)


def test_access_names_its_cookie_and_asks_who_is_at_the_other_end():
    assert Access(SECRETS, None, changes=False).cookie_name == "gitorch-socket"
    asked = Asked("GET", {"host": ("localhost",)}, cookie=SECRETS.session, client_port=7)
    seen = []
    on_socket = Access(SECRETS, None, changes=False, stranger=lambda *ports: seen.append(ports) or "a stranger")
    assert on_socket.refusal(asked) is None
    on_port = Access(SECRETS, 80, changes=False, stranger=lambda *ports: seen.append(ports) or "")
    at_port = Asked("GET", {"host": ("localhost:80",)}, cookie=SECRETS.session, client_port=7)
    assert on_port.refusal(at_port) is None
    assert seen == [(80, 7)]
    request = SimpleNamespace(client=None)
    assert guard.client_port_of(request) == 0
    assert guard.client_port_of(SimpleNamespace(client=SimpleNamespace(port=9))) == 9


def test_a_login_keeps_all_but_the_token_of_its_address(stage):
    client = client_of(lambda: stage.services)
    moved = client.get(f"/log?q=a+b&empty=&token={SECRETS.token}&q=X")
    assert moved.headers["location"] == "/log?q=a+b&empty=&q=X"
    assert client.get(f"/?token={SECRETS.token}").headers["location"] == "/"


def test_what_is_no_request_is_passed_on_as_it_came(stage):
    passed = []

    async def app(*words):
        passed.append(words)

    guarded = guard.Guard(app, Access(SECRETS, PORT, changes=False), None)
    scope, receive, sent = {"type": "lifespan"}, object(), object()
    asyncio.run(guarded(scope, receive, sent))
    assert passed == [(scope, receive, sent)]


@pytest.mark.parametrize("path", [path for path in (*PAGES, FILE) if "{run}" in path])
def test_no_page_of_another_run_is_shown_for_one_that_does_not_exist(stage, path):
    reworked(stage).gitorch("up", "--no-wait")
    names = {"job": "api", "review": "api.spec", "round": "1", "question": "q1", "session": "s1"}
    names["digest"] = digest(ARTIFACTS[0][2])
    answer = browser_of(stage).get(path.format(run="nope", **names))
    assert answer.status_code == 404
    assert "this repository has no run nope" in text_of(answer.text)


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("kind", "body", "sentence"),
    [
        ("text/plain", b"", "a change is sent as a form of the page"),
        (FORM, b"a=" + b"x" * (512 * 1024 - 1), "the form is larger than 512 KiB"),
        (FORM, b"\xff", "the form cannot be read"),
        (FORM, b"reason=%ff", "the form cannot be read"),
        (FORM, b"&".join([b"a=b"] * 2_001), "the form cannot be read"),
        (f" {FORM.upper()} ; charset=utf-8", b"note=" + b"x" * (512 * 1024 - 5), "takes no 'note'"),
        (FORM, b"&".join([b"a=b"] * 2_000), "takes no 'a'"),
    ],
    ids=["a kind", "bytes", "no text", "no text in a field", "fields", "all bytes", "all fields"],
)
def test_a_form_is_taken_up_to_its_limits_and_else_refused_with_a_reason(stage, kind, body, sentence):
    stage.begin_run()
    browser = browser_of(stage, changes=True)
    answer = browser.post(f"{RUN}/resume", content=body, headers=OWN | {"content-type": kind})
    assert answer.status_code == 400
    assert sentence in text_of(answer.text)


class Late:
    """A request whose form does not come."""

    headers = {"content-type": FORM}  # noqa: RUF012  a stand-in

    async def stream(self):
        await asyncio.Event().wait()
        yield b""


def test_a_form_that_does_not_arrive_is_refused_after_a_while(stage, monkeypatch):
    monkeypatch.setattr(forms, "BODY_SECONDS", 0.01)
    with pytest.raises(Usage, match=r"^the form did not arrive within 0 s$"):
        asyncio.run(forms.form_of(Late()))
    stage.begin_run()
    answer = send(browser_of(stage, changes=True), f"{RUN}/pause", {"reason": "a\r\nb "})
    assert (answer.status_code, stage.run.reason) == (303, "a\nb")


def form(**fields) -> Form:
    return Form({name: tuple(values) for name, values in fields.items()})


def test_comments_of_a_form_become_findings_with_a_title_and_a_detail():
    long = "x" * 120
    made = changes.findings_of(
        form(
            path=("a.py", "b.py", "c.py", "d.py"),
            line=("1", "", "3", "4"),
            severity=("minor",) * 4,
            comment=("One.\n Two. ", long, f"{long}y\nz", ""),
        )
    )
    named = [(one["path"], one["line"], one["title"], one["detail"], one["severity"]) for one in made]
    assert named == [
        ("a.py", "1", "One.", "Two.", "minor"),
        ("b.py", "", long, "", "minor"),
        ("c.py", "3", f"{long}…", f"{long}y\nz", "minor"),
    ]
    assert changes.findings_of(form()) == []
    with pytest.raises(Usage, match=r"^each comment has a file, a line, a severity and words$"):
        changes.findings_of(form(path=("a.py",)))


@pytest.mark.parametrize(
    ("text", "number"),
    [("", 7), ("5", 5), ("0", 0), ("-1", 7), ("٣", 7), ("x", 7), ("123456789", 123456789), ("1" * 10, 7)],
)
def test_a_number_in_an_address_is_read_or_its_default_taken(text, number):
    assert Question({}, {"n": text}).number("n", 7) == number
    assert Question({}, {}).number("n", 7) == 7


@pytest.mark.parametrize("code", answers.STATUSES)
def test_each_error_of_the_command_line_has_its_status_its_hint_and_its_problems(stage, code):
    made = Answers(None, Site("a <place>", changes=False), None, Doors(None, lambda _: ""))
    kinds = {kind.code: kind for kind in (*GitorchError.__subclasses__(), GitorchError)}
    problem = Problem("plan.md", 3, 1, "it is wrong", "mend it")
    error = Malformed("a message", (problem,)) if code == "malformed" else kinds[code]("a message", "gitorch a hint")
    shown = made.failure(error)
    assert shown.status_code == answers.STATUSES[code]
    text = text_of(shown.body.decode())
    assert "a message" in text
    assert "a <place>" in text
    assert ("gitorch a hint" in text) is (code != "malformed")
    assert ("plan.md:3:1 : it is wrong: mend it" in text) is (code == "malformed")


def test_a_bug_is_a_page_of_its_own_with_the_report_where_there_is_one():
    for report, hint in (("", False), ("r.txt", True)):
        made = Answers(None, Site("", changes=False), None, Doors(None, lambda _, report=report: report))
        shown = made.failure(ValueError("secret"))
        text = text_of(shown.body.decode())
        assert shown.status_code == 500
        assert "gitorch has a bug: ValueError" in text
        assert ("read r.txt" in text) is hint
        assert "secret" not in text


def test_an_error_after_an_upgrade_is_no_bug_on_a_page_either(monkeypatch):
    monkeypatch.setattr(trouble, "__file__", "/nowhere/trouble.py")
    shown = Answers(None, Site("", changes=False), None, Doors(None, lambda _: "")).failure(ValueError("secret"))
    text = text_of(shown.body.decode())
    assert f"{REPLACED} (ValueError)" in text
    assert "bug" not in text


def test_pages_write_numbers_names_and_times_in_one_way(monkeypatch):
    assert [render.duration(one) for one in (0, 59.4, 60, 3599, 3600, 5400)] == [
        "0 s",
        "59 s",
        "1 min",
        "60 min",
        "1.0 h",
        "1.5 h",
    ]
    assert [render.counted(n, "file") for n in (0, 1, 2)] == ["0 files", "1 file", "2 files"]
    assert render.counted(2, "branch", "branches") == "2 branches"
    assert render.shown("a") == "a"
    assert render.shown({"é": [1]}) == '{"é": [1]}'
    assert render.words("waiting_human") == "waiting human"
    assert str(render.short("sha256:0123456789abcdef")) == '<code title="sha256:0123456789abcdef">0123456789ab</code>'
    assert str(render.short(None)) == '<code title=""></code>'
    assert str(render.when(None)) == ""
    assert 'datetime="1970-01-01T00:00:01.500Z"' in render.when(Moment(1500))
    assert render.link("a", "b/c", "é", q="", n=None, m=0, w="x y") == "/a/b%2Fc/%C3%A9?m=0&w=x+y"
    assert render.link() == ""
    assert render.anchor("a.py", 0) + "-3" == render.anchor("a.py", 3)
    assert len(render.anchor("\udcff", 0)) == 11
    assert render._visible(None) == ""
    assert render._visible("a\x1b") == "a\N{REPLACEMENT CHARACTER}"
    assert render._visible(3) == 3
    assert render.environment().autoescape


class Here:
    """A repository with a number, and a time that a test sets."""

    now = 1_000
    opened = 0

    def __init__(self) -> None:
        self.number = Here.opened
        Here.opened += 1
        self.clock = SimpleNamespace(now=lambda: Moment(Here.now))


def test_repositories_of_the_desk_are_used_again_until_they_are_old():
    kept = desk.Desk(Here)
    assert [kept._work(lambda one: one.number) for _ in range(2)] == [0, 0]
    Here.now += desk.AGE_MILLISECONDS_MAX - 1
    assert kept._work(lambda one: one.number) == 0
    Here.now += 1
    assert kept._work(lambda one: one.number) == 1
    assert kept._work(lambda one: kept._work(lambda other: (one.number, other.number))) == (1, 2)
    with pytest.raises(ZeroDivisionError):
        kept._work(lambda _: 1 / 0)
    assert len(kept._idle) == 2


def test_a_token_that_is_no_text_is_only_a_wrong_one():
    access = Access(SECRETS, PORT, changes=False)
    refusal = access.refusal(Asked("GET", {"host": (f"127.0.0.1:{PORT}",)}, token="\udcff", cookie="\udcff"))
    assert refusal is not None
    assert refusal.status == 401


def test_the_events_of_a_server_that_stops_end_at_once(stage):
    stage.begin_run()
    app = application(lambda: stage.services, Access(SECRETS, PORT, changes=False), Doors(None, None), lambda: True)
    answer = TestClient(app, base_url=HOME).get("/events", headers=COOKIE)
    assert (answer.status_code, answer.text) == (200, "retry: 2000\n\n")
    assert answer.headers["content-type"].startswith("text/event-stream")


class Timer:
    cancelled = 0

    def cancel(self) -> None:
        self.cancelled += 1


def test_a_connection_that_is_lost_forgets_both_its_timers(monkeypatch):
    lost = []
    monkeypatch.setattr(server.H11Protocol, "connection_lost", lambda *words: lost.append(words))
    connection = server.PatientProtocol.__new__(server.PatientProtocol)
    connection._asking, connection._stuck = Timer(), Timer()
    error = OSError()
    connection.connection_lost(error)
    assert (connection._asking.cancelled, connection._stuck.cancelled) == (1, 1)
    assert lost == [(connection, error)]


def test_a_change_is_made_by_whoever_is_at_the_other_end(stage, monkeypatch):
    stage.begin_run()
    asked = []
    caller = stage.services.caller()
    monkeypatch.setattr(answers, "caller_behind", lambda _, *ports: asked.append(ports) or caller)
    assert send(browser_of(stage, changes=True), f"{RUN}/pause", {}).status_code == 303
    assert asked == [(PORT, 50_000)], "the port of starlette's client"
