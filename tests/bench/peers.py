"""gitorch beside other orchestrators, in one run: `python tests/bench/peers.py --peers FOLDER`.

FOLDER is a virtual environment with the peers: `python -m venv FOLDER`, then
`FOLDER/bin/pip install striatum-orchestrator cli-agent-orchestrator`. Without it, only gitorch and the floors are measured.
Striatum also needs PostgreSQL's programs (`pg_config` tells where they are). Every server is private and ends with the script.

Each round measures everything once, in turn, so that a machine that slows down slows all. What cannot be measured is a row
with its reason.
"""

from __future__ import annotations

import argparse
import http.client
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

import by_hand  # found by the line above
import peer_servers as servers  # the same
from by_hand import say  # the same
from ledger import floor  # the same
from peer_servers import Failed, Missing  # the same
from peer_work import GITORCH, gitorch_verbs, striatum_calls, striatum_place, striatum_verbs  # the same

from gitorch.app.executing.execute import execute  # the same
from gitorch.app.work import claims  # the same
from gitorch.model.commands import RenewLease  # the same
from gitorch.model.ids import RunId  # the same
from gitorch.model.record import ActorKind  # the same
from gitorch.wiring.repository import Repository  # the same

if TYPE_CHECKING:
    from collections.abc import Callable

Figures = dict[str, list[float]]


def at_once(work: Callable, given: list[tuple], pids: tuple[int, ...]) -> tuple[list, float, float]:
    """So many processes at once: what each did, seconds by the wall, seconds of the servers' processor."""
    before, begun = servers.processor(pids), time.perf_counter()
    with multiprocessing.Pool(len(given)) as pool:
        told = pool.starmap(work, given)
    return told, time.perf_counter() - begun, servers.processor(pids) - before


def in_process(folder: Path, name: str, limit: float):
    done, steps, cpu = by_hand.work(folder, name, limit)
    return done, 0, {step: [1000 * one for one in spent] for step, spent in steps.items()}, cpu


def work_rows(daemon: servers.Striatum | None, top: Path, jobs: int, processes: int, rows: Figures) -> None:
    """One round of work by hand with so many processes, in each of four ways."""
    limit = time.monotonic() + 600
    for way, work in (("calls", in_process), ("verbs", gitorch_verbs)):
        folder = top / f"g{time.monotonic_ns()}" / "repo"
        folder.mkdir(parents=True)
        by_hand.place(folder, jobs)
        given = [(folder, f"w{n}", limit) if way == "calls" else (folder, limit) for n in range(processes)]
        told, wall, cpu = at_once(work, given, ())
        records = Repository(folder, os.environ).ledger.verify().records
        keep(rows, f"gitorch, {way}, {processes}", told, wall, cpu, jobs, records)
    for way, work in (("calls", striatum_calls), ("verbs", striatum_verbs)) if daemon else ():
        place = striatum_place(daemon, top / f"s{time.monotonic_ns()}", jobs)
        count = f"select count(*) from striatumd.events where repository_id = '{place.repository}'"
        audits = "select count(*) from striatumd.audit_log"
        before, audited = int(daemon.ask(count)), int(daemon.ask(audits))
        told, wall, cpu = at_once(work, [(place,)] * processes, daemon.pids)
        records = int(daemon.ask(count)) - before
        keep(rows, f"Striatum, {way}, {processes}", told, wall, cpu, jobs, records)
        rows[f"Striatum, {way}, {processes}: audit rows a job"].append((int(daemon.ask(audits)) - audited) / jobs)


def keep(rows: Figures, name: str, told: list, wall: float, cpu: float, jobs: int, records: int) -> None:
    """The figures of one round, under their names."""
    judged = sum(done for done, *_ in told)
    rows[f"{name}: jobs left unfinished"].append(jobs - judged)
    own = sum(spent for *_, spent in told)
    if judged == jobs:  # otherwise the processes also waited in vain
        rows[f"{name}: jobs/s"].append(jobs / wall)
        rows[f"{name}: records/s"].append(records / wall)
    rows[f"{name}: CPU ms a job"].append(1000 * (own + cpu) / jobs)
    rows[f"{name}: of these the servers'"].append(1000 * cpu / jobs)
    rows[f"{name}: failed calls"].append(sum(failed for _, failed, *_ in told))
    for step in dict.fromkeys(step for _, _, steps, _ in told for step in steps):
        rows[f"{name}: {step}, ms"].append(
            statistics.median(one for _, _, steps, _ in told for one in steps.get(step, ()))
        )


def start_row(
    rows: Figures, name: str, argv: tuple[str, ...], folder: Path, environ: dict[str, str] | None = None
) -> None:
    """One start of a program, or the reason why it does not start."""
    before, begun = by_hand.processor(), time.perf_counter()
    done = subprocess.run(argv, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    wall, cpu = time.perf_counter() - begun, by_hand.processor() - before
    if done.returncode:
        rows[f"{name}: {(done.stderr or done.stdout).strip().splitlines()[-1][:200]}"].append(float("nan"))
        return
    rows[f"{name}: wall ms"].append(1000 * wall)
    rows[f"{name}: CPU ms"].append(1000 * cpu)


def syncs(pids: tuple[int, ...], act: Callable[[], object], folder: Path) -> int:
    """How often these processes and their children flush a file to the device while it acts. Raises Missing where they cannot be traced."""
    log = folder / f"syncs{time.monotonic_ns()}"
    watched = [word for pid in pids for one in servers.family(pid) for word in ("-p", str(one))]
    argv = ("strace", "-f", "-e", "trace=fsync,fdatasync,syncfs", "-o", str(log), *watched)
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as tracer:
        try:
            for _ in range(len(watched) // 2):
                line = tracer.stderr.readline()
                if "attached" not in line:
                    raise Missing(f"strace: {line.strip()}")
            act()
        finally:
            tracer.terminate()
    return sum(" resumed" not in line and "sync" in line for line in log.read_text().splitlines())


def append_row(
    rows: Figures, name: str, act: Callable[[], object], pids: tuple[int, ...], top: Path, number: int
) -> None:
    """So many appends, one after the other, beside the floor of the same moment; then the syncs of a few."""
    synced = floor(top, number)
    before, own, begun = servers.processor(pids), by_hand.processor(), time.perf_counter()
    for _ in range(number):
        act()
    wall = time.perf_counter() - begun
    cpu = servers.processor(pids) - before + by_hand.processor() - own
    rows[f"{name}: ms"].append(1000 * wall / number)
    rows[f"{name}: x floor"].append(wall / number * synced)
    rows[f"{name}: CPU ms, all processes"].append(1000 * cpu / number)
    traced = pids or (os.getpid(),)
    try:
        rows[f"{name}: syncs"].append(syncs(traced, lambda: [act() for _ in range(5)], top) / 5)
    except (Missing, FileNotFoundError) as error:
        rows[f"{name}: syncs: {error}"].append(float("nan"))


class Appends:
    """One append to the log of each program, ready to be repeated."""

    def __init__(self, top: Path) -> None:
        self.top, self.rows = top, {}

    def gitorch(self) -> Path:
        folder = self.top / "appends"
        folder.mkdir()
        run = by_hand.place(folder, 1)
        services = Repository(folder, os.environ)
        taken = claims.claim(services, by_hand.someone("w0"), None, None)
        renewal = RenewLease(taken.session.job, taken.session.fence)
        host = by_hand.someone("gitorch", ActorKind.HOST).actor
        self.rows["gitorch, a renewed lease"] = (lambda: execute(services, RunId(run), host, renewal), ())
        return folder

    def striatum(self, daemon: servers.Striatum) -> servers.Place:
        place = striatum_place(daemon, self.top / "beats", 1)
        rpc = servers.Rpc(place)
        session = rpc.call("session.register", run_id=place.run, role="author", lane="local")["session_id"]
        lease = rpc.call("work.claim_next", session_id=session)["packet"]["lease"]
        mine = {"session_id": session, "lease_id": lease["lease_id"]}
        rpc.call("work.ack", message_id=lease["message_id"], **mine)
        self.rows["Striatum, a heartbeat"] = (lambda: rpc.call("work.heartbeat", **mine), daemon.pids)
        return place

    def cao(self, server: servers.Cao, rows: Figures) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        where = "/sessions?provider=mock_cli&agent_profile=developer&session_name=bench&working_directory="
        begun = time.perf_counter()
        terminal = server.call(connection, "POST", where + server.environ["HOME"])["id"]
        rows["cao, start of a session: ms"].append(1000 * (time.perf_counter() - begun))
        post = f"/terminals/{terminal}/inbox/messages?sender_id={terminal}&message=Hello"
        server.call(connection, "POST", post)  # the stand-in takes it and is busy from now on
        self.rows["cao, a message"] = (lambda: server.call(connection, "POST", post), server.pids)


def tell(title: str, rows: Figures) -> None:
    say(f"\n{title}")
    for name, figures in rows.items():
        say(f"{name:60} {statistics.median(figures):9.2f}   ({min(figures):.2f} to {max(figures):.2f})")


class Peers:
    """The servers that live while it measures, and what to start in each round."""

    def __init__(self, peers: Path, top: Path, appends: Appends, stack: ExitStack) -> None:
        self.peers, self.top, self.appends, self.stack = peers, top, appends, stack
        self.daemon: servers.Striatum | None = None
        self.server: servers.Cao | None = None
        self.starts, self.started = [], defaultdict(list)
        for name, begin in (("striatum", self.striatum), ("cao", self.cao), ("bernstein", self.bernstein)):
            try:
                begin()
            except (Missing, Failed) as error:
                say(f"{name} cannot be measured: {error}")
            if (program := peers / "bin" / name).exists():
                self.starts.append((f"{name} --version", (str(program), "--version"), top, None))

    def striatum(self) -> None:
        self.daemon = self.stack.enter_context(servers.striatum(self.peers, self.top))
        place = self.appends.striatum(self.daemon)
        status = (place.program, "status", "--run-id", place.run)
        self.starts.append(("striatum status", status, Path(place.folder), place.environ))
        settings = ("fsync", "synchronous_commit", "wal_sync_method", "server_version")
        say("PostgreSQL: " + ", ".join(f"{one} {self.daemon.ask(f'show {one}')}" for one in settings))

    def cao(self) -> None:
        self.server = self.stack.enter_context(servers.cao(self.peers, self.top))
        self.started["cao-server, until it answers: ms"].append(1000 * self.server.started_seconds)
        self.appends.cao(self.server, self.started)
        status = (str(self.peers / "bin" / "cao"), "session", "list")
        self.starts.append(("cao session list", status, self.top, self.server.environ))

    def bernstein(self) -> None:
        if not (self.peers / "bin" / "bernstein").exists():
            raise Missing("it is not in the folder; `pip install bernstein` where the registry has it")


def measure(chosen: argparse.Namespace, top: Path) -> None:
    appends, worked, appended, resident = Appends(top), *(defaultdict(list) for _ in range(3))
    folder = appends.gitorch()
    with ExitStack() as stack:
        peers = Peers((chosen.peers or top).resolve(), top, appends, stack)
        starts = [
            ("python -c pass", (sys.executable, "-c", "pass"), folder, None),
            ("gitorch --version", (*GITORCH, "--version"), folder, None),
            ("gitorch status", (*GITORCH, "status"), folder, None),
            *peers.starts,
        ]
        for round_ in range(chosen.rounds):
            for row in starts * chosen.starts:
                start_row(peers.started, *row)
            for name, (act, pids) in appends.rows.items():
                append_row(appended, name, act, pids, top, chosen.appends)
            for processes in chosen.processes:
                work_rows(peers.daemon, top, chosen.jobs, processes, worked)
            say(f"round {round_ + 1} of {chosen.rounds}, {os.getloadavg()[0]:.1f} processes waiting")
        for name, one in (("Striatum with PostgreSQL", peers.daemon), ("cao-server", peers.server)):
            if one:
                resident[f"{name}: MiB"].append(servers.memory(one.pids))
    tell("Start", peers.started)
    tell("Append", appended)
    tell("Work by hand", worked)
    tell("Memory while nothing runs (gitorch needs no server)", resident)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, help="A virtual environment with the peers.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=8)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--starts", type=int, default=5, help="Starts of each program in a round.")
    parser.add_argument("--appends", type=int, default=40)
    parser.add_argument(
        "--folder", type=Path, help="Where everything is written; the file system decides what a sync costs."
    )
    chosen = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program has its bytecode
    with tempfile.TemporaryDirectory(prefix="peers-", dir=chosen.folder) as top:
        Path(top).chmod(0o711)  # PostgreSQL may run as somebody else
        measure(chosen, Path(top))


if __name__ == "__main__":
    main()
