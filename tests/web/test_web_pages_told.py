"""Every page to the letter, as the HTML of its body. Digests are cut to their length, since each record changes them.

Run pytest with --rewrite-transcripts to write them as they are now, and read the difference.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cli_scenes import ARTIFACTS, reworked
from cli_stage import commit
from web_browser import browser_of  # first: it says why these tests are left out

from gitorch.model import commands as c
from gitorch.model.ids import JobId
from gitorch.model.plans.prices import Price, PriceList
from gitorch.model.values import replace
from gitorch.model.work.usage import ModelUsage, UsageReading
from gitorch.text.records.digests import digest

TOLD = Path(__file__).with_name("pages.html.txt")
RUN = "/runs/auth-7f3a"
PAGES = (
    "/",
    RUN,
    f"{RUN}/report",
    f"{RUN}/jobs/api",
    f"{RUN}/jobs/api.spec",
    f"{RUN}/jobs/api/report",
    f"{RUN}/verdicts/api.spec/1",
    f"{RUN}/sessions/s1",
    "/sessions",
    "/log",
    "/records/9",
    "/workflows",
    "/stats",
    "/doctor",
)
SHOWN = {
    "at work": (*PAGES, f"{RUN}/jobs/ui", f"{RUN}/questions/q1", f"{RUN}/jobs/api/diff"),
    "sent back": (
        RUN,
        f"{RUN}/jobs/api",
        f"{RUN}/jobs/api.spec",
        f"{RUN}/verdicts/api.spec/1",
        "/log",
        "/records/9",
        "/stats",
        *(f"{RUN}/artifacts/{digest(data)}" for _, _, data, _ in ARTIFACTS),
        f"{RUN}/artifacts/sha256:{'0' * 64}",
        f"{RUN}/verdicts/api.spec/2",
        f"{RUN}/verdicts/api/1",
        f"{RUN}/jobs/api/diff?since={commit('api-1')}&to={commit('api-2')}",
        f"{RUN}/jobs/api/diff?since={commit('api-1')}&to={commit('api-1')}",
        f"{RUN}/jobs/api/diff?since=main&to=main",
        f"{RUN}/jobs/ui/diff",
        f"{RUN}/questions/q1",
        "/log?run=auth-7f3a&q=WORD+5&before=0",
        "/log?before=5",
        "/log?q=nothing&before=x",
        "/log?run=nope",
        "/records/0",
        "/records/1000000000000",
        f"{RUN}/files/sha256:{'0' * 64}",
        "/workflows/nope",
        "/nowhere",
    ),
    "reported": (*PAGES, "/workflows/plan", "/records/x", f"{RUN}/files/x", f"{RUN}/sessions/s1?history=5"),
}
BEYOND_THE_NINTH = re.compile(r'data-line="[0-9]{2}"')
"""Lines of a diff that are all alike."""
DIGEST = re.compile(r"(?<![-\w])(?=[0-9]*[a-f])[0-9a-f]{7,64}\b")


def at_work(stage) -> None:
    """One epic cleared, one with a question, and a job that used tokens."""
    stage.begin_run({"api": (), "ui": (), "docs": ("ui",)}).finish("api")
    usage = ModelUsage("opus", input=51_200, cached=7, output=42, requests=3, cost_micros=120_000)
    stage.do(c.RecordUsage(stage.run.jobs[JobId("api")].session, UsageReading("claude", (usage,))))
    stage.launch("ui").submit_handoff("ui", "NEEDS_CONTEXT", questions=("Which cookie?",))


def sent_back(stage) -> None:
    """Work that was sent back, with a list of prices by which its tokens are estimated."""
    listed = PriceList("2026-11-29", "EUR", {"opus": Price(input=500, cached=1, output=2500)})
    stage.config = replace(reworked(stage).config, prices=listed)


SCENES = {"at work": at_work, "sent back": sent_back, "reported": lambda stage: stage.until_report()}


def told(stage, scene: str, *, changes: bool) -> str:
    """The body of every page of a scene."""
    SCENES[scene](stage)
    browser = browser_of(stage, changes=changes)
    lines: list[str] = []
    for path in SHOWN[scene]:
        answer = browser.get(path)
        lines += ["", f"## {scene}: {path} {answer.status_code}"]
        body = re.search(r"<body.*</body>", answer.text, re.DOTALL)
        text = DIGEST.sub(lambda found: "x" * len(found[0]), body[0] if body else answer.text)
        text = text.replace(str(stage.folder), "/repo").replace(stage.folder.name, "repo")
        lines += [line.strip() for line in text.splitlines() if line.strip() and not BEYOND_THE_NINTH.search(line)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("scene", SCENES)
def test_every_page_is_written_to_the_letter(stage, scene, request):
    path = TOLD.with_stem(f"pages-{scene.replace(' ', '-')}")
    now = told(stage, scene, changes=scene == "reported")
    if request.config.getoption("--rewrite-transcripts"):
        path.write_text(now, encoding="utf-8")
    assert now == path.read_text(encoding="utf-8")
