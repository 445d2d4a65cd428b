"""The story of six agents on the page: a person answers all four in a real Chromium, sends work back, and approves in a terminal."""

from __future__ import annotations

import base64
import os
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from chromium import chromium, needs_chromium
from waiting import LIMIT_SECONDS, until
from web_browser import _carry_out, _fail

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))
from console_house import GITORCH, Screen, furnish
from house import house

from gitorch.web.server import Options, ready
from gitorch.wiring.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chromium import Browser

pytestmark = [pytest.mark.slow, pytest.mark.tmux, needs_chromium]

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "pictures" / "web-run-1280-light.png"
DIFFERING_MAX = 0.05
"""Of the pixels: ages, commits and the numbers of the questions."""

ASKED = ("audit", "cookies", "tokens", "logout")
"""The order of the questions in the picture. On a busy machine the agents ask in another one, which moves a tenth of all pixels."""

ARRANGE = """
const rows = arguments[0].map((job) => document.querySelector(`li.ask:has(a[href$="/jobs/${job}"])`));
rows[0].parentNode.append(...rows);
"""

COMPARE = """
const done = arguments[arguments.length - 1];
const load = async (text) => {
  const picture = new Image();
  picture.src = "data:image/png;base64," + text;
  await picture.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [picture.width, picture.height];
  const context = canvas.getContext("2d");
  context.drawImage(picture, 0, 0);
  return context.getImageData(0, 0, picture.width, picture.height).data;
};
Promise.all([load(arguments[0]), load(arguments[1])]).then(([one, other]) => {
  let differing = one.length === other.length ? 0 : one.length;
  for (let at = 0; at < one.length; at += 4) if (one[at] !== other[at]) differing += 4;
  done(differing / one.length);
});
"""


@contextmanager
def served(folder: Path) -> Iterator[Browser]:
    """A window that has logged in to a server of the repository that may change it."""
    with ready(lambda: Repository(folder, os.environ), Options(port=0, changes=True), _carry_out, _fail) as made:
        thread = threading.Thread(target=made.run, daemon=True)
        thread.start()
        with chromium() as window:
            window.look(1280, 900)
            window.base = f"http://127.0.0.1:{made.listener.getsockname()[1]}"
            window.open(made.served.url)
            yield window
        made.server.should_exit = True
        thread.join(LIMIT_SECONDS)


def answer(page: Browser, run: str, job: str, text: str = "", option: str = "") -> None:
    """Answer the question about a job by the form that the page of its run shows."""
    row = f'li.ask:has(a[href="/runs/{run}/jobs/{job}"])'
    page.open(f"{page.base}/runs/{run}")
    if text:
        page.type(f"{row} input[name=text]", text)
    page.click(f'{row} button[value="{option}"]' if option else f"{row} button:not([disabled])")
    until(lambda: not page.run("return document.querySelector(arguments[0])", row), what=f"the end of {row}")


def test_a_person_answers_four_things_reads_a_diff_and_finds_the_command_that_approves(tmp_path, request):
    with house(tmp_path / "house", "notes") as home, Screen(tmp_path, home) as terminal:
        run = furnish(home)
        terminal.up("--plain")
        until(lambda: len(home("inbox", "--json").json["inbox"]) == 4, what="four questions")
        with served(home.path) as page:
            assert "4" in page.text("#waiting h2")
            until(lambda: home.phase("limits") == home.phase("docs") == "completed", what="the other two")
            page.open(f"{page.base}/runs/{run}")
            difference = compared(page, request.config.getoption("--rewrite-transcripts"))
            assert difference < DIFFERING_MAX, f"{difference:.1%} of docs/pictures/{PICTURE.name}"

            answer(page, run, "cookies", text="sid")
            answer(page, run, "tokens", option="cleared", text="Make one up.")
            answer(page, run, "logout", option="allow")
            answer(page, run, "audit", option="stop_epic")
            page.open(f"{page.base}/runs/{run}/jobs/limits/diff")
            assert "Ten attempts an hour, then a pause." in page.text()

            page.open(f"{page.base}/runs/{run}")
            until(lambda: "Approve" in page.text("#waiting"), what="the question about the report")
            page.open(f"{page.base}/runs/{run}/report")
            assert f"gitorch approve {run}" in page.text()
            (tmp_path / "person").mkdir()
            with Screen(tmp_path / "person", home) as person:
                person.type(f"{GITORCH} approve {run}")
                person.press("Enter")
                typed = person.sees("Type these 6 characters")
                person.type(typed.partition("begins with ")[2].split()[0].rstrip("."))
                person.press("Enter")
                page.open(f"{page.base}/runs/{run}")
                until(lambda: "completed" in page.text("#head"), what="the merge on the page")
    assert "limits.md" in home.repo.git("ls-tree", "-r", "--name-only", "main")
    assert len(home.records("question-answered")) == 4


def compared(page: Browser, is_new: object) -> float:
    """How much of the picture in the documentation differs from the window; it is taken anew when asked."""
    address = page.url
    page.run(ARRANGE, list(ASKED))
    taken = page._call("GET", "/screenshot")
    if is_new:
        PICTURE.write_bytes(base64.b64decode(taken))
    kept = base64.b64encode(PICTURE.read_bytes()).decode()
    page.open("about:blank")
    difference = page.run_later(COMPARE, taken, kept)
    page.open(address)
    return difference
