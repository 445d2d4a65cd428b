"""Gates with two reviewers side by side, of another runtime than the author's, who agree, disagree, crash and mumble."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import warm
from house import Epic

if TYPE_CHECKING:
    from house import House

pytestmark = pytest.mark.tmux

PRESET = Path(__file__).parents[2] / "templates/runtimes/scripted.yaml"
SCRIPT = """
[[turn]]
job = "twice"
attempt = 1
[[turn.step]]
write = "twice.py"
text = "def greet():\\n    return 1\\n"
[[turn.step]]
commit = "Greet"
[[turn.step]]
handoff = "DONE"
tests = "212 passed"

[[turn]]
job = "twice"
attempt = 2
[[turn.step]]
run = "gitorch handoff DONE --summary x --reply 1=fixed:{base} --reply 2=false_positive:x --reply 3=deferred:x --reply 4=false_positive:x"
exit = 4
[[turn.step]]
replace = "twice.py"
old = "return 1"
new = "return 2"
[[turn.step]]
commit = "Return two"
[[turn.step]]
handoff = "DONE"
replies = ["1=fixed:{head}", "2=false_positive:there is no such file", "3=deferred:the name is public", "4=false_positive:it never had that line"]

[[turn]]
job = "twice.spec"
attempt = 1
[[turn.step]]
verdict = "needs_revision"
findings = [
  {severity = "important", title = "The number is wrong", path = "twice.py", line = 2},
  {severity = "minor", title = "A comment lies", path = "twice.py", line = 9999},
  {severity = "minor", title = "No page says so", path = "docs/none.md", line = 1},
]

[[turn]]
job = "twice.quality"
attempt = 1
[[turn.step]]
run = "gitorch verdict needs_revision --commit {commit} --nonce {nonce} --findings-file {folder}/quality.json"
exit = 0

[[turn]]
job = "twice.spec"
[[turn.step]]
run = "gitorch verdict needs_revision --commit {commit} --nonce {nonce} --finding 'minor|twice.py:9999|A comment lies'"
exit = 4
[[turn.step]]
run = "gitorch verdict accept --commit {commit} --nonce {nonce} --withdraw '2=My mistake' --withdraw '4=Indeed not'"
exit = 0

[[turn]]
job = "noisy.spec"
[[turn.step]]
run = "mkdir {folder}/crashed 2>/dev/null && kill -KILL $PPID || true"
[[turn.step]]
verdict = "accept"

[[turn]]
job = "noisy.quality"
[[turn.step]]
say = "LGTM, ship it!"
[[turn.step]]
run = "gitorch verdict LGTM --commit {commit} --nonce {nonce}"
exit = 2
[[turn.step]]
run = "gitorch verdict needs_revision --commit {commit} --nonce {nonce}"
exit = 4
[[turn.step]]
run = ": > empty.json; gitorch verdict accept_with_findings --commit {commit} --nonce {nonce} --findings-file empty.json; s=$?; rm empty.json; exit $s"
exit = 6
[[turn.step]]
run = "echo '[{\\"severity\\": \\"grave\\"}]' | gitorch verdict accept_with_findings --commit {commit} --nonce {nonce} --findings-file -"
exit = 6
[[turn.step]]
run = "gitorch verdict accept --commit {commit} --nonce {nonce} --job twice.quality"
exit = 5
[[turn.step]]
run = "gitorch verdict accept --commit {base} --nonce {nonce}"
exit = 4
[[turn.step]]
run = "gitorch verdict accept --commit {commit} --nonce of-another-round"
exit = 4
[[turn.step]]
verdict = "accept"
"""
QUALITY = [
    {"severity": "blocking", "title": "The number is wrong!", "path": "twice.py", "line": 2, "quote": "return 1"},
    {"severity": "minor", "title": "A poor name", "path": "twice.py", "line": 1, "quote": "def hello():"},
]


@pytest.fixture(scope="module")
def gates(home_of_runs: House) -> House:
    """A run that went as far as it goes before the principal is asked about a deferral."""
    house, folder = home_of_runs, home_of_runs.path.parent
    second = PRESET.read_text(encoding="utf-8").replace("name: scripted", "name: second")
    house.repo.write({"gitorch-runtimes/second.yaml": second})
    (folder / "quality.json").write_text(json.dumps(QUALITY))
    agent = json.dumps([str(warm.agents() / "agent")])
    other = f", other: {{preset: second, command: {agent}, env: {{GITORCH_SCRIPT: {json.dumps(str(house.script))}}}}}"
    script = SCRIPT.replace("{folder}", str(folder))
    house.configure(script, mode="parallel", stages="[spec, quality]", more=other, agents=6, tests="test -d .")
    house.start(Epic("twice"), Epic("noisy"))
    house.up()
    return house


def test_another_runtime_than_the_authors_reviews_by_default(gates: House) -> None:
    granted = {(g["job"].partition(".")[2] or "author", g["runtime"]) for g in gates.records("lease-granted")}
    assert granted == {("author", "scripted"), ("spec", "second"), ("quality", "second")}


def test_what_both_reviewers_found_stands_once_and_each_doubt_has_its_reason(gates: House) -> None:
    (listed,) = gates.records("findings-listed", job="twice")
    told = [
        (
            x["number"],
            x["finding"]["severity"],
            " ".join((x["review"], *x.get("also", ()))),
            x["finding"].get("doubt", ""),
        )
        for x in listed["findings"]
    ]
    assert told == [
        (1, "blocking", "twice.quality twice.spec", ""),
        (2, "minor", "twice.spec", "there is no such file at that commit"),
        (3, "minor", "twice.quality", "line 1 does not read that at that commit"),
        (4, "minor", "twice.spec", "the file has 2 lines at that commit"),
    ]


def test_a_fix_names_a_commit_of_its_round(gates: House) -> None:
    refused = [r["reason"] for r in gates.records("action-refused", verb="handoff")]
    assert refused == ["#1 is reported as fixed, but twice has no new commit"]
    again = gates.records("handoff-submitted", job="twice")[1]
    assert again["replies"][0] == {"number": 1, "disposition": "fixed", "evidence": again["commit"]}


def test_what_was_disproved_is_not_said_again_without_evidence_but_withdrawn(gates: House) -> None:
    (refused,) = [r for r in gates.records("action-refused", verb="verdict") if r["_actor"]["name"] == "twice.spec"]
    assert "restating it takes new evidence" in refused["reason"]
    withdrawn = gates.records("verdict-given", job="twice.spec")[1]["findings"]
    assert [(f["number"], f["withdrawn"], f["detail"]) for f in withdrawn] == [
        (2, True, "My mistake"),
        (4, True, "Indeed not"),
    ]


def test_a_reviewer_that_crashes_is_replaced_and_mumbling_is_no_verdict(gates: House) -> None:
    sessions = [g["session"] for g in gates.records("lease-granted", job="noisy.spec")]
    assert len(sessions) == len(set(sessions)) == 2
    assert [e["how"] for e in gates.records("session-ended", session=sessions[0])] == ["exited"]
    assert [v["session"] for v in gates.records("verdict-given", job="noisy.spec")] == sessions[1:]
    refused = [
        r["code"] for r in gates.records("action-refused", verb="verdict") if r["_actor"]["name"] == "noisy.quality"
    ]
    assert refused == ["refused", "denied", "refused", "refused"]
    assert len(gates.records("verdict-given", job="noisy.quality")) == 1


def test_each_agent_has_a_worktree_a_branch_a_session_and_an_identity_of_its_own(gates: House) -> None:
    run = gates.status()["id"]
    base = gates.records("run-prepared")[0]["target_commit"]
    for epic in ("twice", "noisy"):
        where = gates.worktrees / run / epic
        assert gates.repo.git("-C", str(where), "symbolic-ref", "HEAD") == f"refs/heads/gitorch/{run}/{epic}"
        first = gates.repo.git("rev-list", "--reverse", f"{base}..gitorch/{run}/{epic}").split()[0]
        assert gates.repo.git("rev-parse", f"{first}^") == base
    granted = [g for g in gates.records("lease-granted") if g["fresh"]]
    assert len({g["token"] for g in granted}) == len({g["session"] for g in granted}) == len(granted)
    living: dict[str, str] = {}
    for event in gates.records():
        if event["_type"] == "lease-granted" and event["fresh"]:
            assert event["job"] not in living, f"{event['session']} was opened beside {living[event['job']]}"
            living[event["job"]] = event["session"]
        if event["_type"] == "session-ended":
            living.pop(event["job"], None)
    assert "APPROVED" not in gates("peek", "twice", "--history", "200").out


def test_an_agent_is_given_its_section_alone_and_its_delivery_is_confirmed(gates: House) -> None:
    files = gates.repo.git("ls-tree", "-r", "--name-only", "gitorch/ledger").splitlines()
    told = [gates.repo.git("show", f"gitorch/ledger:{name}") for name in files if "prompt-delivered" in name]
    briefs = {}
    for record in told:
        lines = dict(line.split(": ", 1) for line in record.splitlines())
        if json.loads(lines["kind"]) == "brief":
            assert json.loads(lines["receipt"]) in {"delivered", "submitted"}
            (file,) = json.loads(lines["files"])
            path = next(name for name in files if name.endswith(file["sha256"]))
            briefs.setdefault(json.loads(lines["job"]), []).append(gates.repo.git("show", f"gitorch/ledger:{path}"))
    assert len(briefs["twice"]) == len(briefs["noisy"]) == 1
    assert "Write what twice asks for" in briefs["twice"][0]
    assert "noisy" not in briefs["twice"][0]
    assert "Write what noisy asks for" in briefs["noisy"][0]
    assert "twice" not in briefs["noisy"][0]


def test_every_finding_ends_by_name_and_the_merge_report_says_so(gates: House) -> None:
    gates("answer", gates.question(job="twice", kind="deferred"), "defer", "Issue", "77")
    gates.up()
    report = gates("report").out
    fixed = gates.records("handoff-submitted", job="twice")[1]["commit"]
    ends = [line.partition(" — ")[2] for line in report.splitlines() if line.startswith("- finding #")]
    assert ends[0] == f"fixed in {fixed[:12]}"
    assert ends[1] == "refuted by twice: “there is no such file”; twice.spec withdrew it: “My mistake”"
    assert ends[2].startswith("deferred by ")
    assert ends[2].endswith(": “Issue 77”")
    assert ends[3] == "refuted by twice: “it never had that line”; twice.spec withdrew it: “Indeed not”"
    assert "by the author: “212 passed”" in report or "by the author: none reported" in report
    assert report.count("tests as run by gitorch: passed after") == 3
