"""The whole loop on real git: read the diff, comment on its lines, the work goes back, and the next diff shows what changed since."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from test_web_changes import send
from web_browser import PORT, SECRETS, client_of, text_of

sys.path.insert(0, str(Path(__file__).parents[1] / "app"))
from merge_yard import CALLER, Yard
from repository import make_seed

BEFORE = "def total(prices):\n    result = 0\n    for price in prices:\n        result = price\n    return result\n"
AFTER = BEFORE.replace("result = price", "result += price")


def test_comments_on_the_diff_go_to_the_author_and_the_next_diff_shows_what_changed_since(tmp_path):
    make_seed(tmp_path / "r")
    (tmp_path / "r" / "gitorch.yaml").write_text("orchestration:\n  merge_target: main\n")
    yard = Yard(tmp_path / "r")
    yard.begin({"api": {"src/shop [1].py": BEFORE}})
    yard.settle()
    client = client_of(lambda: yard.services, changes=True)
    client.cookies.set(f"gitorch-{PORT}", SECRETS.session)
    job = f"/runs/{yard.run.id}/jobs/api"
    yard.services.caller = lambda: CALLER

    shown = client.get(f"{job}/diff").text
    commit = re.search(r'name="commit" value="(\w{40})"', shown)[1]
    assert commit == yard.run.jobs["api"].handoff.commit
    line = re.search(r'data-line="4">4</td><td><span class="sign">\+</span>(.*?)</td>', shown)[1]
    assert line.strip() == "result = price"

    yard.work = {"api": {"src/shop [1].py": AFTER}}
    fields = {"path": "src/shop [1].py", "line": "4", "severity": "blocking", "comment": "Add, do not replace."}
    answer = send(client, f"{job}/reject", {"commit": commit, "note": "", **fields})
    assert answer.status_code == 303, text_of(answer.text)
    assert yard.run.report is None
    [listed] = yard.run.jobs["api"].findings
    assert (listed.finding.path, listed.finding.line, listed.open) == ("src/shop [1].py", 4, True)
    assert "Add, do not replace." in client.get(job).text

    yard.settle()
    assert yard.run.jobs["api"].attempt == 2
    shown = client.get(f"{job}/diff").text
    since = re.search(r'href="([^"]*since=[^"]*)"', shown)[1].replace("&amp;", "&")
    again = client.get(since).text
    changed = re.findall(r'<tr class="(added|removed)".*?<span class="sign">.</span>(.*?)</td>', again, re.DOTALL)
    assert [(kind, text.strip()) for kind, text in changed] == [
        ("removed", "result = price"),
        ("added", "result += price"),
    ]
    assert "fixed:" in text_of(shown)
    stale = send(client, f"{job}/reject", {"commit": commit, "note": "", **fields})
    assert stale.status_code == 409
    assert "read that before you send it back" in text_of(stale.text)
