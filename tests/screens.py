"""The ten screens that a user meets most, taken from a real run; `docs/screens.md` shows them.

What changes from run to run is replaced by something fixed: commits, digests, moments, folders, versions.
"""

from __future__ import annotations

import hashlib
import re
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from e2e.house import House

HEAD = """\
# Screens

The screens that you see most, in the order of a run: two epics, one agent at a time. A terminal shows them with colours and cuts lines at
its width; here they are as a pipe gets them. They come from a real run with scripted agents, and
`pytest tests/e2e/test_screens_end_to_end.py --rewrite-transcripts` rewrites this page; commits, ages and folders are made up.
"""
PLAN = """\
# Rotate sessions

## Epic: api — Rotate the session at login

Depends on: none
Scope: api/**

- [ ] Issue a new session at login

## Review Gate: api

## Epic: web — Send the new cookie

Depends on: none

- [ ] Read the cookie's name from the API

## Review Gate: web
"""
BROKEN = PLAN.replace("Depends on: none\nScope", "Depends on: ui\nScope").replace("## Review Gate: web\n", "{{GATE}}\n")
SCRIPT = """
[[turn]]
job = "api"
attempt = 1
[[turn.step]]
write = "api/login.py"
text = "def login(user):\\n    return rotate(user)\\n"
[[turn.step]]
write = "README.md"
text = "Rotates.\\n"
[[turn.step]]
run = "gitorch handoff DONE --summary 'Sessions rotate' > {folder}/refused.txt 2>&1"
exit = 4
[[turn.step]]
run = "git checkout -q README.md"
exit = 0
[[turn.step]]
commit = "Rotate the session at login"
[[turn.step]]
handoff = "DONE_WITH_CONCERNS"
summary = "Sessions rotate at login"
concerns = ["Old sessions stay valid for an hour"]
tests = "make test: 212 passed"

[[turn]]
job = "api.spec"
attempt = 1
[[turn.step]]
verdict = "needs_revision"
summary = "The anonymous user is forgotten."
findings = [{severity = "important", title = "An anonymous user has no session to rotate", path = "api/login.py", line = 2}]

[[turn]]
job = "web"
[[turn.step]]
ask = "Which of the two cookie names does the client expect?"
name = "cookie"
[[turn.step]]
write = "web/cookie.txt"
text = "{answer:cookie}\\n"
[[turn.step]]
commit = "Send the new cookie"
[[turn.step]]
handoff = "DONE"
"""


WIDE = {"COLUMNS": "120"}
"""A fixed width, because the width of the user's terminal would decide where lines are cut."""


def page(house: House) -> str:
    """Play the run, and return its screens as a page."""
    folder = house.path.parent
    house.repo.git("config", "user.name", "Ada")
    house.configure(
        SCRIPT.replace("{folder}", str(folder)),
        agents=1,
        tests="test -d api -o -d web",
        silence=3600,
        start=600,
        command="[]",
    )
    house.repo.write({"plan.md": PLAN, "broken.md": BROKEN})
    taken: list[str] = []

    def show(title: str, words: str, said: str = "") -> None:
        spoken = [part.replace("_", " ") for part in words.split()[1:]]
        text = said or house(*spoken, status=None, env=WIDE).text
        shown = " ".join(f'"{part}"' if " " in part else part for part in ("gitorch", *spoken))
        taken.append(f"## {title}\n\n```text\n$ {shown}\n{text.rstrip()}\n```\n")

    show("A plan with defects", "gitorch check broken.md")
    show("The question sheet", "gitorch check plan.md")
    run = str(house("start", "plan.md", "--yes", "--json").json["run"]["id"])
    house.up()
    refused = (folder / "refused.txt").read_text(encoding="utf-8")
    show("A report that is refused", "gitorch handoff DONE --summary Sessions_rotate", refused)
    show("What waits for you", "gitorch inbox")
    show("The state of the run", "gitorch status")
    show("Why a job waits", "gitorch why web")
    house("answer", house.question(job="api"), "accept")
    house("answer", house.question(job="web"), "sid")
    house.up()
    show("The merge report", "gitorch report")
    show("Approving the merge", "gitorch approve --yes")
    show("After the merge", "gitorch status")
    looked = house("doctor", status=None, env=WIDE).text.splitlines()
    # Which vendors' programs a machine has, and so what it lacks, is no matter of ours.
    kept = "\n".join(line for line in looked if not re.match(r"note +runtime |  runtime: |to do$", line))
    show("What could keep a run from starting", "gitorch doctor", kept)
    names = {run: "rotate-sessions-7f3a", str(house.path): "/home/ada/shop", sys.executable: "/usr/bin/python3"}
    return settled(HEAD + "\n" + "\n".join(taken), names)


def _aged(found: re.Match[str]) -> str:
    """A fixed age, padded so that the next column keeps its place if possible."""
    after = found[2]
    return f"2 min{after}" if after == " ago" else f"{'2 min':{len(found[0])}}".ljust(7)


def settled(text: str, names: dict[str, str]) -> str:
    """The text with fixed values in place of everything that differs between runs."""
    for name, instead in names.items():
        text = text.replace(name, instead)
    text = re.sub(r"\b(\d+ (?:s|min|h))( {2,}| ago)", _aged, text)
    text = re.sub(r"(after|in) \d+\.\d s", r"\1 0.4 s", text)
    text = re.sub(r"\b\d+ records", "30 records", text)
    text = re.sub(r"git version [\d.]+", "git version 2.43.0", text)
    text = re.sub(r"tmux \d[\w.]*", "tmux 3.4", text)
    seen: dict[str, str] = {}

    def fixed(found: re.Match[str]) -> str:
        digits = found[0]
        whole = next((known for known in seen if known.startswith(digits)), digits)
        made = seen.setdefault(whole, hashlib.sha256(f"{len(seen)}".encode()).hexdigest())
        return made[: len(digits)]

    longest = sorted(set(re.findall(r"\b[0-9a-f]{40,64}\b", text)), key=text.index)
    for one in longest:
        seen[one] = hashlib.sha256(f"{len(seen)}".encode()).hexdigest()
    return re.sub(r"\b(?=[0-9a-f]*\d)[0-9a-f]{7,64}\b", fixed, text)
