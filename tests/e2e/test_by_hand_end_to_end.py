"""A whole run driven by hand, without tmux: few commands, each of which gitorch itself names as the next."""

from __future__ import annotations

import json
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import warm
from house import CALL_SECONDS, House, house
from waiting import until

FLOW = """\
gitorch: workflow/1
name: {name}
lanes:
  author: {{runtime: claude}}
  reviewer: {{runtime: codex}}
jobs:
{jobs}
"""
CHANGE = """\
  change: {kind: build, lane: author, objective: "Add sub() to calc.py.", scope: {allowed: [calc.py]}}
  review: {kind: review, lane: reviewer, needs: [change]}
  approval: {kind: checkpoint, needs: [review]}
  merge: {kind: merge, needs: [approval]}
cycles: [{review: review, back_to: change, rounds: 1}]
"""
COMMANDS_MAX = 14


@pytest.fixture
def place(tmp_path: Path, monkeypatch):
    """A repository where no tmux and no agent program can be found."""
    git = subprocess.run(["which", "git"], capture_output=True, encoding="utf-8", check=True).stdout.strip()
    only = tmp_path / "bin"
    only.mkdir()
    for name in ("git", "sh", "env", "python3"):
        (only / name).symlink_to(
            Path(git).with_name(name) if Path(git).with_name(name).exists() else Path("/bin") / name
        )
    with house(tmp_path / "place") as made:
        made.repo.commit({"calc.py": "def add(a, b):\n    return a + b\n"})
        made("init", "--tests", "git diff --check HEAD")
        made.allow_unattended()
        with monkeypatch.context() as without:
            without.setenv("PATH", str(only))
            yield made


def flow(place: House, jobs: str, name: str = "Change", lease_seconds: int = 600) -> str:
    """Start a run of these jobs by hand."""
    policies = f"policies: {{recovery: {{lease_seconds: {lease_seconds}}}}}\n"
    place.repo.write({"flow.yaml": FLOW.format(name=name, jobs=jobs) + policies})
    return str(place("start", "flow.yaml", "--by-hand", "--yes", "--json").json["run"]["id"])


def worktree(place: House, job: str, said=None) -> Path:
    """Where a job was claimed to be worked on."""
    found = Path(said.json["worktree"])
    assert found.name.startswith(job)
    return found


def write(place: House, where: Path, sign: str, message: str) -> str:
    """Commit the function, with the operator that it subtracts with."""
    (where / "calc.py").write_text(f"def add(a, b):\n    return a + b\n\n\ndef sub(a, b):\n    return a {sign} b\n")
    place.repo.git("-C", str(where), "commit", "--quiet", "--all", "--message", message)
    return place.repo.git("-C", str(where), "rev-parse", "HEAD")


def test_a_change_with_one_revision_takes_few_commands_all_of_which_are_suggested(place: House) -> None:
    flow(place, CHANGE)
    typed, verdicts, signs = 1, ["needs_revision", "accept"], ["+", "-"]
    while place.status()["phase"] == "running":
        suggested = place.status()["next_commands"][0]
        words = shlex.split(suggested)[1:]
        if words[0] == "verdict":
            words[1] = verdicts.pop(0)
            words += ["--finding", "blocking|calc.py:6|It adds"] if words[1] == "needs_revision" else []
        said = place(*words, *(["--yes"] if words[0] == "approve" else []), "--json")
        typed += 1
        if words[:2] == ["claim", "change"]:
            write(place, worktree(place, "change", said), signs.pop(0), "Subtract")
    assert place.status()["phase"] == "completed"
    assert "return a - b" in place.repo.git("show", "main:calc.py")
    assert typed <= COMMANDS_MAX
    assert place("verify").status == 0
    assert place.kinds("change") == [
        *("job-claimed", "handoff-submitted", "check-recorded", "findings-listed"),
        *("job-claimed", "handoff-submitted", "check-recorded", "gate-passed", "epic-reported"),
    ]
    assert not list(place.worktrees.glob("*/review*"))


def test_a_late_hand_in_does_not_count_is_kept_and_can_be_adopted(place: House) -> None:
    run = flow(place, CHANGE, lease_seconds=1)
    where = worktree(place, "change", place("claim", "--json"))
    head = write(place, where, "-", "Subtract")
    until(lambda: "ran out" in place("recover").out, what="the end of the lease")
    assert "has run out" in place("heartbeat", status=4).err
    late = place("handoff", "DONE", "--summary", "It subtracts", cwd=str(where), status=4)
    assert "kept as h1" in late.err
    assert place.phase("change") == "stale"
    assert (where / "calc.py").exists()
    assert place("claim", "change", status=4).err
    row = place("recover", "--json").json["remedies"][0]
    assert (row["remedy"]["late_handoff"], row["done"]) == ("h1", False)
    assert place.phase("change") == "stale"
    denied = place("recover", "change", "--adopt", "h1", env={"GITORCH_OPERATOR": "otto"}, status=5)
    assert "only the principal" in denied.err
    place("recover", "--apply", "--reason", "It is sound")
    assert place.records("late-handoff-adopted")[0]["reason"] == "It is sound"
    assert place.records("check-recorded")[0]["check"]["commit"] == head
    assert place.phase("review") == "queued"
    assert run


def test_work_that_is_left_behind_is_queued_again_and_the_next_goes_on_where_it_was(place: House) -> None:
    flow(place, CHANGE, lease_seconds=1)
    where = worktree(place, "change", place("claim", "--json"))
    write(place, where, "+", "Begin")
    until(lambda: "ran out" in place("recover").out, what="the end of the lease")
    assert place.phase("change") == "running"
    place("recover", "--apply")
    brief = place("claim", "--json", env={"GITORCH_OPERATOR": "otto"}).json["brief"]
    assert len(brief["done"]) == 1
    assert place.records("job-claimed")[-1]["fence"] == 2
    assert place.records("job-claimed")[-1]["holder"].startswith("operator/otto@")
    assert place("handoff", "DONE", cwd=str(where), status=None).status in {4, 5}


AUDITED = """\
  advice: {kind: draft, lane: author, objective: Advise., scope: {allowed: ["docs/**"]},
    artifacts: [{name: support, kind: support_ledger, path: docs/support.md}]}
  audit: {kind: review, lane: reviewer, needs: [advice]}
cycles: [{review: audit, back_to: advice, rounds: 2}]
"""
SUPPORT = """\
---
kind: support_ledger
audited_artifact: advice
claims:
- claim: There is an addition
  evidence:
  - {{path: "calc.py:{line}", quote: "return a + b"}}
---

# Support
"""


def test_an_evidence_audit_fails_until_every_claim_is_supported(place: House) -> None:
    flow(place, AUDITED, "Advice")
    where = Path(place("claim", "--json").json["worktree"])
    assert "docs/support.md" in place("handoff", "DONE", status=4).err
    for text, status, said in (("# No front matter", 6, "front matter"), (SUPPORT.format(line=40), 0, "")):
        supported(place, where, text)
        assert said in place("handoff", "DONE", "--summary", "Advised", status=status).err
    assert place.records("artifact-published")[0]["faults"] == ["claim 1 (line 5): calc.py has 2 lines, not 40"]
    place("claim")
    assert "evidence audit of advice fails" in place("verdict", "accept", "--summary", "Fine", status=4).err
    place("verdict", "needs_revision", "--summary", "No", "--finding", "important|docs/support.md:6|Not there")
    place("claim")
    head = supported(place, where, SUPPORT.format(line=2))
    new = place("publish", "support", "--json").json
    assert (new["artifact"]["version"], new["artifact"]["faults"], new["new"]) == (1, [], True)
    assert place("publish", "docs/support.md", "--json").json["new"] is False
    place("handoff", "DONE", "--summary", "Corrected", "--reply", f"1=fixed:{head}")
    place("claim")
    place("verdict", "accept", "--summary", "Every claim holds")
    assert place.phase("advice") == "completed"
    assert len(place.records("artifact-published")) == 2


def test_nothing_is_published_that_leads_elsewhere_or_holds_a_secret(place: House) -> None:
    flow(place, AUDITED, "Advice")
    where = Path(place("claim", "--json").json["worktree"])
    (where / "docs").mkdir()
    (where / "docs/link.md").symlink_to("/etc/passwd")
    (where / "docs/key.md").write_text("ghp_" + "a1" * 18)
    assert "a link" in place("publish", "docs/link.md", cwd=str(where), status=4).err
    assert "`..`" in place("publish", "../../x.md", cwd=str(where), status=4).err
    assert "outside the write scope" in place("publish", "calc.py", status=4).err
    assert "line 1: a GitHub token" in place("publish", "docs/key.md", status=4).err
    assert place.records("artifact-published") == []
    place("publish", "docs/key.md", "--allow-secrets", "It is made up")
    assert place.records("artifact-published")[0]["override"] == "It is made up"


def supported(place: House, where: Path, text: str) -> str:
    """Commit the support ledger with this text."""
    (where / "docs").mkdir(exist_ok=True)
    (where / "docs/support.md").write_text(text)
    place.repo.git("-C", str(where), "add", "docs")
    place.repo.git("-C", str(where), "commit", "--quiet", "--message", "Support the advice")
    return place.repo.git("-C", str(where), "rev-parse", "HEAD")


def test_eight_who_claim_at_once_get_a_job_each_and_nobody_fails(place: House) -> None:
    jobs = "".join(f"  job-{n}: {{kind: draft, lane: author, objective: Write it.}}\n" for n in range(8))
    place.repo.write(
        {"gitorch.yaml": (place.path / "gitorch.yaml").read_text().replace("max_agents: 4", "max_agents: 9")}
    )
    run = flow(place, jobs, "Eight")
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda n: claimed(place, f"w{n}"), range(8)))
    assert sorted(one["job"] for one in done) == [f"job-{n}" for n in range(8)]
    assert len({one["session"] for one in done}) == 8
    assert len(place.records("job-claimed")) == 8
    assert place("claim", run, status=None).status in {3, 4}
    assert place("verify").status == 0


def claimed(place: House, operator: str) -> dict[str, str]:
    """What a process of its own got that claims as this operator."""
    only = {"PATH": str(place.path.parents[1] / "bin"), "GITORCH_OPERATOR": operator, "HOME": str(place.path)}
    done = warm.call(("claim", "--json"), place.path, only, CALL_SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_with_two_runs_open_each_suggestion_means_its_own(place: House) -> None:
    runs = [flow(place, CHANGE, name) for name in ("One", "Other")]
    for run in reversed(runs):
        said = place(*shlex.split(place.status(run)["next_commands"][0])[1:], "--json")
        assert said.json["run"] == run
    shown = {view["id"]: view["next_commands"][0] for view in place("dashboard", "--json").json["runs"]}
    assert {run: run in command for run, command in shown.items()} == dict.fromkeys(runs, True)


def test_with_two_runs_open_the_worktree_or_the_name_of_a_job_selects_the_run(place: House) -> None:
    flow(place, CHANGE, "One")
    other = flow(place, CHANGE.replace("change", "alter"), "Other")
    said = place("claim", "alter", "--json")
    assert said.json["run"] == other, "only this run has a job of this name"
    where = worktree(place, "alter", said)
    (where / "below").mkdir()
    for inside in (where, where / "below"):
        assert place("heartbeat", "--json", cwd=str(inside)).json["run"] == other
        assert other in place("brief", cwd=str(inside)).out
    assert place("heartbeat", "--job", "alter", "--json").json["run"] == other
    assert "several runs are open" in place("heartbeat", status=2).text
    write(place, where, "-", "Add sub()")
    done = place("handoff", "DONE", "--summary", "It subtracts.", "--json", cwd=str(where))
    assert "handoff-submitted" in done.json["recorded"]
