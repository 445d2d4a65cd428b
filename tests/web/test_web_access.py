"""Who reaches the page: every attack of `docs/web.md` is refused, with the status that the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from web_browser import HOME, PORT, SECRETS, browser_of, client_of

from gitorch.web import guard
from gitorch.web.access import Access, Asked

PAGE = Path(__file__).resolve().parents[2] / "docs" / "web.md"
COOKIE = {"cookie": f"gitorch-{PORT}={SECRETS.session}"}
OWN = {"origin": HOME, "sec-fetch-site": "same-origin"}

# The name of the attack, the method, the path, the headers, and the status. Each is what one line of the table says.
ATTACKS = {
    "a rebound name in Host": ("GET", "/", {"host": f"evil.example:{PORT}"} | COOKIE, 421),
    "a name that begins with ours in Host": ("GET", "/", {"host": f"127.0.0.1.evil.example:{PORT}"} | COOKIE, 421),
    "our name with another port in Host": ("GET", "/", {"host": "127.0.0.1:80"} | COOKIE, 421),
    "our name without a port in Host": ("GET", "/", {"host": "127.0.0.1"} | COOKIE, 421),
    "another address of this machine in Host": ("GET", "/", {"host": f"0.0.0.0:{PORT}"} | COOKIE, 421),
    "the events from a rebound name": ("GET", "/events", {"host": f"evil.example:{PORT}"} | COOKIE, 421),
    "a file of the page from a rebound name": ("GET", "/static/page.js", {"host": "evil.example"} | COOKIE, 421),
    "no token": ("GET", "/", {}, 401),
    "no token for the events": ("GET", "/events", {}, 401),
    "no token for a file of the page": ("GET", "/static/style.css", {}, 401),
    "a wrong token": ("GET", "/?token=guess", {}, 401),
    "a wrong cookie": ("GET", "/", {"cookie": f"gitorch-{PORT}=guess"}, 401),
    "the token as the cookie": ("GET", "/", {"cookie": f"gitorch-{PORT}={SECRETS.token}"}, 401),
    "the cookie as the token": ("GET", f"/?token={SECRETS.session}", {}, 401),
    "the cookie of another server": ("GET", "/", {"cookie": f"gitorch-1={SECRETS.session}"}, 401),
    "an empty bearer": ("GET", "/", {"authorization": "Bearer "}, 401),
    "a page of another site that reads": ("GET", "/", {"sec-fetch-site": "cross-site"} | COOKIE, 403),
    "a page of another port that reads": ("GET", "/", {"sec-fetch-site": "same-site"} | COOKIE, 403),
    "a page of another site that reads with fetch": ("GET", "/", {"origin": "http://evil.example"} | COOKIE, 403),
    "a frame in a page of another site": (
        "GET",
        "/",
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"} | COOKIE,
        403,
    ),
    "a form of another site": ("POST", "/", {"origin": "http://evil.example"} | COOKIE, 403),
    "a form of another port": ("POST", "/", {"origin": "http://127.0.0.1:3000"} | COOKIE, 403),
    "a form of a page in a sandbox, with `Origin: null`": ("POST", "/", {"origin": "null"} | COOKIE, 403),
    "a form without an Origin": ("POST", "/", COOKIE, 403),
    "a form of a rebound name": ("POST", "/", {"host": f"e.example:{PORT}", "origin": f"http://e.example:{PORT}"}, 421),
    "a form that only `Sec-Fetch-Site` shows to be foreign": (
        "POST",
        "/",
        OWN | {"sec-fetch-site": "cross-site"} | COOKIE,
        403,
    ),
    "a login by a form": ("POST", f"/?token={SECRETS.token}", OWN, 401),
    "a change while changes are off": ("POST", "/", OWN | COOKIE, 403),
    "a method that no page has": ("DELETE", "/", OWN | COOKIE, 405),
    "a preflight of another site": ("OPTIONS", "/", {"origin": "http://evil.example"}, 405),
    "a path that climbs": ("GET", "/static/../access.py", COOKIE, 404),
    "a path that climbs by `..%2f`": ("GET", "/static/..%2faccess.py", COOKIE, 404),
    "an absolute path": ("GET", "/static/%2fetc%2fpasswd", COOKIE, 404),
    "headers that are too large": ("GET", "/", {"x": "y" * guard.HEADER_BYTES_MAX} | COOKIE, 431),
    "an address that is too long": ("GET", "/log?" + "y" * guard.HEADER_BYTES_MAX, COOKIE, 431),
    "headers that are too large, of a stranger": ("GET", "/", {"x": "y" * guard.HEADER_BYTES_MAX}, 401),
    "a page that does not exist": ("GET", "/<script>alert(1)</script>", COOKIE, 404),
}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    from cli_stage import Stage

    stage = Stage(tmp_path_factory.mktemp("stage"))
    stage.ledger.create(stage.who().actor, stage.clock.now(), "L")
    return client_of(lambda: stage.services)


@pytest.mark.parametrize("name", ATTACKS)
def test_each_attack_is_refused_and_shows_nothing(client, name):
    method, path, headers, status = ATTACKS[name]
    answer = client.request(method, path, headers=headers)
    assert answer.status_code == status
    assert "set-cookie" not in answer.headers
    assert "access-control-allow-origin" not in answer.headers
    assert "Waiting for you" not in answer.text
    assert "<script>alert" not in answer.text
    if status in {401, 421}:
        assert "stage" not in answer.text  # the name of the repository


def test_two_host_headers_name_nobody():
    access = Access(SECRETS, PORT, changes=False)
    hosts = (f"127.0.0.1:{PORT}", "evil.example")
    refusal = access.refusal(Asked("GET", {"host": hosts}, cookie=SECRETS.session))
    assert refusal is not None
    assert refusal.status == 421


@pytest.mark.parametrize("host", ["127.0.0.1:8420", "localhost:8420", "LOCALHOST:8420", "[::1]:8420"])
def test_every_name_of_loopback_with_our_port_is_ours(client, host):
    assert client.get("/", headers={"host": host} | COOKIE).status_code == 200


@pytest.mark.parametrize(
    ("host", "status"), [("localhost", 200), ("127.0.0.1:9000", 200), ("evil.example", 421), ("localhost:x", 421)]
)
def test_a_socket_may_be_forwarded_from_any_port_of_loopback(host, status):
    access = Access(SECRETS, None, changes=False)
    refusal = access.refusal(Asked("GET", {"host": (host,)}, cookie=SECRETS.session))
    assert (200 if refusal is None else refusal.status) == status


def test_the_token_is_exchanged_for_a_cookie_and_leaves_the_address(client):
    answer = client.get(f"/?a=1&token={SECRETS.token}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?a=1")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"gitorch-{PORT}={SECRETS.session};")
    assert {"HttpOnly", "Path=/", "SameSite=strict"} <= set(cookie.split("; "))
    assert SECRETS.token not in cookie


def test_a_login_never_leads_to_another_server(client):
    answer = client.get(f"//evil.example/?token={SECRETS.token}")
    assert answer.headers.get("location", "/") == "/" or answer.headers["location"].startswith("/evil.example")


@pytest.mark.parametrize("scheme", ["Bearer", "token"])
def test_a_program_may_send_the_token_as_a_header(client, scheme):
    assert client.get("/", headers={"authorization": f"{scheme} {SECRETS.token}"}).status_code == 200


def test_a_link_that_a_person_follows_from_another_site_is_shown(client):
    followed = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert client.get("/", headers=followed | COOKIE).status_code == 200


def test_a_process_that_must_not_ask_is_refused_although_it_has_the_cookie(stage):
    client = client_of(lambda: stage.services, stranger=lambda *ports: f"another user asks {ports[0]}")
    answer = client.get("/", headers=COOKIE)
    assert answer.status_code == 403
    assert f"another user asks {PORT}" in answer.text


@pytest.mark.parametrize("path", ["/", "/static/page.js", "/nowhere", "/?token=guess"])
def test_every_answer_has_the_headers_that_browsers_obey(client, path):
    headers = client.get(path, headers=COOKIE).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "frame-ancestors 'none'" in policy


def test_an_unchanged_page_is_not_made_again(stage):
    stage.begin_run()
    browser = browser_of(stage)
    first = browser.get("/")
    assert first.status_code == 200
    again = browser.get("/", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    stage.launch("api")
    assert browser.get("/", headers={"if-none-match": first.headers["etag"]}).status_code == 200


def test_the_page_about_the_web_lists_exactly_these_attacks():
    rows = re.findall(r"^\| (.+?) \| (\d{3}) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [(name, str(attack[3])) for name, attack in ATTACKS.items()]
