"""Work by hand for `peers.py`: every job of a run from its claim to its verdict, through gitorch and through Striatum."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

import by_hand  # found by the line above
import peer_servers as servers  # the same
from by_hand import NOTE, git, say  # the same
from peer_servers import Failed  # the same
from waiting import until  # the same

from gitorch.model.ids import RunId  # the same
from gitorch.wiring.repository import Repository  # the same

if TYPE_CHECKING:
    from collections.abc import Callable

GITORCH = (sys.executable, "-c", "from gitorch.cli.main import main; main()")
STRIATUM = {
    "session.register": ("register-session",),
    "work.claim_next": ("claim-next",),
    "work.ack": ("ack",),
    "artifact.publish": ("publish-artifact",),
    "work.complete": ("complete",),
    "review.verdict": ("verdict",),
}
"""The verb of each method."""

TRIES_MAX = 8
"""Of a call to Striatum that fails because two transactions waited for each other."""

LIMIT = 600
"""Seconds that one process of gitorch's waits for the others."""

STUCK_SECONDS = 10
"""After so long without a job to take, what Striatum still holds will not be finished: its run is left as it is."""

Told = tuple[int, int, dict[str, list[float]], float]
"""What one process did: jobs judged, failed calls, milliseconds of each step, seconds of its own and children's processor."""


class Work:
    """What one process did: jobs judged, milliseconds of each step, failed calls, seconds of its own and children's processor."""

    def __init__(self) -> None:
        self.done, self.failed, self.steps, self.cpu = 0, 0, defaultdict(list), by_hand.processor()

    def timed(self, step: str, act: Callable[[], dict]) -> dict:
        begun = time.perf_counter()
        answer = act()
        self.steps[step].append(1000 * (time.perf_counter() - begun))
        return answer

    def over(self) -> Told:
        return self.done, self.failed, dict(self.steps), by_hand.processor() - self.cpu


def gitorch_verbs(folder: Path, limit: float) -> Told:
    """Take whatever can be taken by verbs, each a process, until every job is completed."""
    work, services = Work(), Repository(folder, os.environ)

    def verb(step: str, *words: str, at: Path = folder) -> dict:
        return work.timed(step, lambda: called((*GITORCH, *words, "--json"), at))

    while time.monotonic() < limit:
        tip = services.ledger.tip()
        try:
            taken = verb("claim", "claim")
        except Failed:
            jobs = services.ledger.state(RunId(by_hand.runs(services))).run.jobs.values()
            if all(job.phase == "completed" for job in jobs):
                break
            until(lambda tip=tip: services.ledger.tip() != tip, 600, every_seconds=0.05, what="something to take")
            continue
        job, at = taken["job"], Path(taken["worktree"])
        verb("brief", "brief", "--job", job, at=at)
        if job.startswith("r"):
            verb("verdict", "verdict", "accept", "--summary", "It is sound.", "--job", job, at=at)
            work.done += 1
            continue
        (at / f"m{job[1:]}.md").write_text(NOTE)
        git(at, "add", ".")
        git(at, "commit", "--quiet", "--message", job)
        verb("publish", "publish", "m", "--job", job, at=at)
        verb("handoff", "handoff", "DONE", "--summary", "Written.", "--job", job, at=at)
    return work.over()


def called(argv: tuple[str, ...], folder: Path, environ: dict[str, str] | None = None) -> dict:
    """The JSON that a program prints. Raises Failed with its error."""
    done = subprocess.run(argv, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(done.stdout + done.stderr)
    return json.loads(done.stdout)


class Worker(Work):
    """One process that works for Striatum: by its verbs, or by one connection to its daemon."""

    def __init__(self, place: servers.Place, *, by_verbs: bool) -> None:
        super().__init__()
        self.place, self.by_verbs, self.rpc = place, by_verbs, servers.Rpc(place)
        self.sessions = [
            self.call("register", "session.register", run_id=place.run, role=role, lane=lane)["session_id"]
            for role, lane in (("author", "local"), ("reviewer", "other"))
        ]

    def once(self, method: str, given: dict[str, str]) -> dict:
        if not self.by_verbs:
            return self.rpc.call(method, **given)
        options = [word for name, value in given.items() for word in (f"--{name.replace('_', '-')}", value)]
        argv = (self.place.program, *STRIATUM[method], *options, "--json")
        return called(argv, Path(self.place.folder), self.place.environ)["data"]

    def call(self, step: str, method: str, **given: str) -> dict:
        for _ in range(TRIES_MAX):
            try:
                return self.timed(step, lambda: self.once(method, given))
            except Failed as error:
                if "40P01" not in str(error) and "deadlock" not in str(error):
                    raise
                self.failed += 1
        raise Failed(f"{method} failed {TRIES_MAX} times")

    def offered(self) -> tuple[dict | None] | None:
        """The packet of a job, of the other role than the last where there is one; none when the run is completed."""
        for session in self.sessions:
            if packet := self.call("claim", "work.claim_next", session_id=session).get("packet"):
                return (packet,)
        over = [one["run_id"] for one in self.rpc.call("list.runs")["items"] if one["state"] == "completed"]
        return (None,) if self.place.run in over else None

    def take(self, packet: dict) -> None:
        """Everything from a claim to a verdict, or to a completed job."""
        lease, job = packet["lease"], packet["job"]
        mine = {"session_id": packet["session"]["session_id"], "lease_id": lease["lease_id"]}
        self.sessions.sort(key=mine["session_id"].__eq__)
        self.call("ack", "work.ack", message_id=lease["message_id"], **mine)
        if job["type"] == "review":
            self.call(
                "verdict", "review.verdict", job_id=job["job_id"], verdict="accept", rationale="It is sound.", **mine
            )
            self.done += 1
            return
        wanted = packet["expected_artifacts"][0]
        file = Path(self.place.folder, wanted["path"])
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(NOTE)
        named = {name: wanted[name] for name in ("kind", "logical_name", "path")}
        self.call("publish", "artifact.publish", job_id=job["job_id"], **named, **mine)
        self.call("complete", "work.complete", job_id=job["job_id"], summary="Written.", **mine)


def striatum_calls(place: servers.Place) -> Told:
    return striatum_work(Worker(place, by_verbs=False))


def striatum_verbs(place: servers.Place) -> Told:
    return striatum_work(Worker(place, by_verbs=True))


def striatum_work(worker: Worker) -> Told:
    """Take whatever can be taken until the run is completed, or until what is left is stuck."""
    with suppress(AssertionError):
        while packet := until(worker.offered, STUCK_SECONDS, every_seconds=0.05, what="something to take")[0]:
            try:
                worker.take(packet)
            except Failed as error:
                worker.failed += 1
                say(f"Striatum, {packet['job']['workflow_job_id']}: {error}")
    return worker.over()


def striatum_place(daemon: servers.Striatum, folder: Path, jobs: int) -> servers.Place:
    """A registered repository with a started run of that many jobs, each with a review."""
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    lane = {"adapter": "process", "command": ["true"], "capabilities": ["write", "review"]}
    rows = []
    for n in range(jobs):
        for name, kind, role, lane_id, scope in (
            (f"j{n}", "draft", "author", "local", f"docs/{n}/"),
            (f"r{n}", "review", "reviewer", "other", f"docs/{n}/r/"),
        ):
            writes = kind == "draft"
            wanted = {"logical_name": "m", "kind": "marker", "path": f"{scope}m.md", "required": True}
            rows.append(
                {
                    "id": name,
                    "type": kind,
                    "title": name,
                    "role_id": role,
                    "lane_id": lane_id,
                    "objective": "Write.",
                    "task_prompt": {"path": "prompt.md"},
                    "write_scope": {
                        "mode": "repo_write" if writes else "review_only_artifact",
                        "repo_write": writes,
                        "allowed_paths": [scope],
                        "forbidden_paths": [".striatum/"],
                    },
                    "expected_artifacts": [wanted] if writes else [],
                }
            )
    flow = {
        "schema_version": "striatum.workflow.v1",
        "workflow_id": "bench",
        "workflow_version": "1",
        "name": "Bench",
        "branch": {"mode": "auto", "suggested_name": "bench"},
        "coordinator": {"role_id": "author", "lane_id": "local"},
        "lanes": {"local": {**lane, "display_model": "One"}, "other": {**lane, "display_model": "Two"}},
        "roles": {role: {"definition_path": "prompt.md"} for role in ("author", "reviewer")},
        "context_docs": [],
        "parallelism": {"mode": "declared", "max_active_jobs": 2 * jobs, "require_disjoint_write_scopes": True},
        "jobs": rows,
        "edges": [{"from": f"j{n}", "to": f"r{n}", "on": "completed"} for n in range(jobs)],
        "cycles": [],
    }
    (folder / "prompt.md").write_text("Write.\n")
    (folder / "workflow.json").write_text(json.dumps(flow))
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "Begin")
    place = daemon.place

    def verb(*words: str) -> dict:
        return called((place.program, *words, "--json"), folder, place.environ)["data"]

    repository = verb("repo", "add", str(folder), "--init")["repository_id"]
    run = verb("run", "prepare", "--workflow", "workflow.json")["run_id"]
    verb("run", "start", "--run-id", run)
    return place._replace(folder=str(folder), repository=repository, run=run)
