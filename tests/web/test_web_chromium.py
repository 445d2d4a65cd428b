"""The page in a real Chromium: the story of a run, light and dark, narrow and wide, with and without scripts, for everybody.

Pictures are written to the folder that WEB_PICTURES names, for people to look at.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from chromium import chromium, needs_chromium
from waiting import LIMIT_SECONDS, until
from web_browser import _carry_out, _fail

sys.path.insert(0, str(Path(__file__).parents[1] / "app"))
from merge_yard import CALLER, Yard
from repository import make_seed

from gitorch.app.executing.execute import execute
from gitorch.model import commands as c
from gitorch.model.work.run import RunPhase
from gitorch.web.server import Options, ready

pytestmark = [pytest.mark.slow, needs_chromium]

BEFORE = "def total(prices):\n    result = 0\n    for price in prices:\n        result = price\n    return result\n"
AFTER = BEFORE.replace("result = price", "result += price")
PICTURES = os.environ.get("WEB_PICTURES", "")
LOOKS = [(360, 740), (768, 1024), (1280, 900), (1920, 1080)]
TOP = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def yard(tmp_path_factory):
    """A run whose report waits, and which a person may change from the page."""
    folder = tmp_path_factory.mktemp("yard") / "shop"
    make_seed(folder)
    (folder / "gitorch.yaml").write_text("orchestration:\n  merge_target: main\n")
    made = Yard(folder)
    made.begin({"cart": {"src/cart.py": BEFORE}, "prices": {"src/prices.py": "PRICES = (1, 2)\n"}})
    made.settle()
    made.services.caller = lambda: CALLER
    return made


@pytest.fixture(scope="module")
def page(yard):
    """A window that has logged in, and the address of the server."""
    with ready(lambda: yard.services, Options(port=0, changes=True), _carry_out, _fail) as made:
        thread = threading.Thread(target=made.run, daemon=True)
        thread.start()
        until(lambda: made.server.started, what="the server to start")
        with chromium() as window:
            window.base = f"http://127.0.0.1:{made.listener.getsockname()[1]}"
            window.open(made.served.url)
            yield window
        made.server.should_exit = True
        thread.join(LIMIT_SECONDS)


@pytest.fixture
def places(yard) -> dict[str, str]:
    """The kinds of pages, by a name for their pictures."""
    run = f"/runs/{yard.run.id}"
    session = next(iter(yard.run.sessions))
    return {
        "board": "/",
        "run": run,
        "job": f"{run}/jobs/cart",
        "diff": f"{run}/jobs/cart/diff",
        "report": f"{run}/report",
        "verdict": f"{run}/verdicts/cart.spec/1",
        "question": f"{run}/questions/q1",
        "session": f"{run}/sessions/{session}",
        "sessions": "/sessions",
        "log": "/log",
        "record": "/records/5",
        "workflows": "/workflows",
        "workflow": "/workflows/plan",
        "stats": "/stats",
        "doctor": "/doctor",
    }


@pytest.fixture(scope="module")
def axe() -> str:
    """The script of axe-core, from npm."""
    cache = TOP / ".cache" / "axe"
    script = cache / "package" / "axe.min.js"
    if not script.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("no npm here, which brings axe-core")
        packed = subprocess.run((npm, "pack", "axe-core@4"), cwd=cache, capture_output=True, text=True, check=False)
        if packed.returncode:
            pytest.skip("npm cannot bring axe-core")
        subprocess.run(("tar", "xzf", packed.stdout.split()[-1]), cwd=cache, check=True)
    return script.read_text(encoding="utf-8")


def test_the_address_loses_its_token_and_every_page_is_shown_without_an_error(page, places):
    assert page.url == f"{page.base}/"
    for name, path in places.items():
        page.open(page.base + path)
        assert page.run("return performance.getEntriesByType('navigation')[0].responseStatus") == 200, name
        assert len(page.text()) > 20, name


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), LOOKS)
def test_no_page_is_wider_than_its_window(page, places, width, height, scheme):
    page.look(width, height, scheme)
    for name, path in places.items():
        page.open(page.base + path)
        assert page.run("return document.documentElement.scrollWidth <= innerWidth"), name
        if PICTURES:
            page.picture(Path(PICTURES) / f"web-{name}-{width}-{scheme}.png")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_on_any_page(page, places, axe, width, scheme):
    page.look(width, 900, scheme)
    page.cdp("Page.setBypassCSP", enabled=True)
    found = []
    for name, path in places.items():
        page.open(page.base + path)
        page.run(axe)
        run = "const done = arguments[0]; axe.run({resultTypes: ['violations']}).then(r => done(r.violations))"
        for violation in page.run_later(run):
            for node in violation["nodes"]:
                found.append((name, violation["id"], node["html"][:160], node["failureSummary"][:200]))
    page.cdp("Page.setBypassCSP", enabled=False)
    assert found == []


def test_without_scripts_every_page_has_the_same_words(page, places):
    page.look(1280, 900)
    with_scripts, without = {}, {}
    for scripts, words in ((True, with_scripts), (False, without)):
        page.scripts(on=scripts)
        for name, path in places.items():
            page.open(page.base + path)
            words[name] = set(re.findall(r"[a-z]{4,}", re.sub(r"<[^>]+>", " ", page.source)))
    page.scripts(on=True)
    for name in places:
        assert with_scripts[name] - without[name] <= {"ago", "goes", "with", "comments", "comment", "remove"}, name


def test_a_new_record_is_on_the_page_within_a_second_and_leaves_what_one_writes_alone(page, yard):
    page.look(1280, 900)
    page.open(f"{page.base}/runs/{yard.run.id}")
    page.type("#reason", "half a sen")
    person = CALLER.actor
    began = page.run("return performance.now()")
    execute(yard.services, yard.run.id, person, c.PauseRun("a break"))
    until(lambda: "a break" in page.text("#live"), what="the record to be on the page")
    until(lambda: "paused" in page.text("#head"), what="the page to follow")
    assert page.run("return performance.now()") - began < 3000  # a second, and what a busy machine adds
    assert page.run("return document.getElementById('reason').value") == "half a sen"
    execute(yard.services, yard.run.id, person, c.ResumeRun())
    page.run("document.getElementById('reason').value = ''")


def test_a_reviewer_clicks_a_line_comments_sends_and_sees_what_changed_since(page, yard):
    page.look(1280, 900)
    page.open(f"{page.base}/runs/{yard.run.id}/jobs/cart/diff")
    page.click('td[data-line="4"] button')
    page.type("tr.draft textarea", "Add, do not replace.")
    assert "1 comment goes with it." in page.text("#comments")
    if PICTURES:
        page.picture(Path(PICTURES) / "web-comment-1280-light.png")
    yard.work = yard.work | {"cart": {"src/cart.py": AFTER}}
    page.click("#review-form button.strong")
    page.arrives("/jobs/cart$")
    [listed] = yard.run.jobs["cart"].findings
    assert (listed.finding.path, listed.finding.line, listed.finding.title) == (
        "src/cart.py",
        4,
        "Add, do not replace.",
    )
    assert yard.run.report is None
    yard.settle()
    page.open(f"{page.base}/runs/{yard.run.id}/jobs/cart/diff")
    assert "Add, do not replace." in page.text()
    page.click('main section a[href*="since="]')
    page.arrives("since=")
    assert page.run("return [...document.querySelectorAll('tr.added td:last-child')].map(x => x.innerText)") == [
        "+        result += price"
    ]


def test_a_report_is_rejected_on_the_page_and_approved_only_in_a_terminal(page, yard):
    page.open(f"{page.base}/runs/{yard.run.id}/report")
    assert f"gitorch approve {yard.run.id}" in page.text()
    assert page.run("return document.querySelectorAll('form').length") == 1
    page.type("#note", "Not like this.")
    page.click('input[name="rework"]')
    page.click("#change button")
    page.arrives(f"{yard.run.id}$")
    assert yard.run.report is None
    assert yard.run.phase is RunPhase.RUNNING
