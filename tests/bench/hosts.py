"""Figures of hosts that share a ledger, measured on this machine: `python tests/bench/hosts.py --jobs 400`.

Hosts are processes with clones of their own. The remote is a folder, and the tests' forge over HTTP. In the second table every
byte to and from the forge waits in a proxy, as on a network of that round trip; `--picture FILE` draws it as an SVG.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

TESTS = Path(__file__).parent.parent
sys.path[:0] = [str(TESTS / "bench"), str(TESTS / "ledger"), str(TESTS), str(TESTS.parent)]

from forge import Forge  # found by the line above
from ledger_kit import AT, REF, git, new_repo
from plot import drawing, panel
from shared_kit import open_shared

from gitorch.errors import Busy  # the same
from gitorch.model.events import TargetConfirmed  # the same
from gitorch.model.record import Actor, ActorKind  # the same
from gitorch.ports.commits import Draft  # the same
from gitorch.rules.evolve import evolve  # the same

if TYPE_CHECKING:
    from collections.abc import Callable

HOSTS = 4


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def person(host: Path) -> Actor:
    """Who writes on a host. Equal records of two hosts would be one commit."""
    return Actor(ActorKind.PRINCIPAL, "ann", host.name)


def clocks() -> tuple[float, float]:
    """Seconds on the wall, and of the processor with the programs that were waited for; only the second is steady under load."""
    return time.perf_counter(), sum(os.times()[:4])


def since(begun: tuple[float, float]) -> tuple[float, float]:
    wall, processor = clocks()
    return wall - begun[0], processor - begun[1]


def claim(open_jobs: list[str], number: int) -> Callable:
    """A decision that takes the first of these jobs that nobody has, as a host's tick does."""

    def decide(state):
        taken = set(state.board.targets)
        free = [job for job in open_jobs if job not in taken]
        return [Draft(TargetConfirmed(job), {}) for job in free[:number]]

    return decide


def work(folder: Path, jobs: list[str], batch: int, ready, answers) -> None:
    """One host: it claims jobs until none is free, and answers how often it was told to try again, and what it cost."""
    ledger = open_shared(folder, evolve)
    ledger.refresh()
    ready.wait()
    busy, begun = 0, clocks()
    while True:
        try:
            if not ledger.append(None, person(folder), AT, claim(jobs, batch))[1]:
                break
        except Busy:
            busy += 1
    answers.put((busy, since(begun)[1]))


def clones(folder: Path, remote: str, number: int) -> list[Path]:
    names = [f"host-{one}" for one in range(number)]
    for name in names:
        git(folder, "clone", "-q", remote, name)
    return [folder / name for name in names]


def together(folder: Path, remote: str, jobs: int, batch: int) -> str:
    """All hosts at once: records a second, and what must be zero."""
    hosts = clones(folder, remote, HOSTS)
    open_shared(hosts[0], evolve).create(person(hosts[0]), AT, "bench")
    names = [f"job-{one}" for one in range(jobs)]
    answers, ready = multiprocessing.Queue(), multiprocessing.Barrier(HOSTS + 1)
    workers = [multiprocessing.Process(target=work, args=(host, names, batch, ready, answers)) for host in hosts]
    for worker in workers:
        worker.start()
    ready.wait()
    begun = clocks()
    answered = [answers.get() for _ in workers]
    spent = since(begun)[0]
    for worker in workers:
        worker.join()
    for host in hosts:
        open_shared(host, evolve).refresh()
    tips = {git(host, "rev-parse", REF) for host in hosts}
    ledger = open_shared(hosts[0], evolve)
    records = ledger.verify().records - 1
    taken = ledger.state(None).board.targets
    lost, double = jobs - len(set(taken)), records - len(set(taken))
    busy = sum(one for one, _ in answered)
    processor = sum(one for _, one in answered) / records * 1000
    zero = f"lost {lost}   double {double}   orders {len(tips)}   busy {busy}"
    return f"{records / spent:6.1f} records/s   {zero}   {processor:.0f} ms of the processor a record"


def appends(folder: Path, remote: str, number: int) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Seconds of appends alone, and of those that lost one race: another host had pushed since this one last asked."""
    ours, theirs = clones(folder, remote, 2)
    ledger, rival = open_shared(ours, evolve), open_shared(theirs, evolve)
    ledger.create(person(ours), AT, "bench")
    names = [f"job-{one}" for one in range(4 * number)]
    alone, lost = [], []
    for _ in range(number):
        ledger.refresh()
        begun = clocks()
        ledger.append(None, person(ours), AT, claim(names, 1))
        alone.append(since(begun))
        rival.refresh()
        rival.append(None, person(theirs), AT, claim(names, 1))
        begun = clocks()
        ledger.append(None, person(ours), AT, claim(names, 1))
        lost.append(since(begun))
    return alone, lost


def costs(folder: Path, remote: str, number: int) -> dict[str, tuple[float, float]]:
    """Median milliseconds of an append, and of one with a lost race, by wall and by processor."""
    alone, lost = appends(folder, remote, number)
    found = {}
    for name, index in (("wall", 0), ("processor", 1)):
        one, two = (statistics.median(each[index] for each in spent) * 1000 for spent in (alone, lost))
        found[name] = (one, two)
    return found


def line_of(found: dict[str, tuple[float, float]]) -> str:
    """The costs as one line."""
    parts = []
    for name, (one, two) in found.items():
        parts.append(f"{name}: append {one:5.0f} ms, a lost race {two - one:5.0f} ms more ({two / one - 1:.2f} x)")
    return "   ".join(parts)


def picture(by_round_trip: dict[int, dict[str, tuple[float, float]]]) -> str:
    """What an append costs by the round trip to the remote, without a lost race and with one."""
    lines = {"an append": [], "with a lost race": []}
    for milliseconds, found in by_round_trip.items():
        for line, cost in zip(lines.values(), found["wall"], strict=True):
            line.append((milliseconds, cost))
    return drawing(panel((0, 0), "milliseconds by round trip (ms)", lines), list(lines), (310, 200))


class Network:
    """A proxy before a server on loopback: whatever passes it, a new connection too, takes half a round trip each way."""

    def __init__(self, port: int, round_trip_seconds: float) -> None:
        self.behind = port
        self.delay = round_trip_seconds / 2
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        server = asyncio.run_coroutine_threadsafe(asyncio.start_server(self.meet, "127.0.0.1", 0), self.loop).result()
        self.port = server.sockets[0].getsockname()[1]

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(2 * self.delay)  # the handshake
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.behind)
        await asyncio.gather(self.carry(reader, there_writer), self.carry(there_reader, writer))

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hand on every part after its delay, in order, and then the end."""
        while part := await reader.read(65536):
            self.loop.call_later(self.delay, writer.write, part)
        self.loop.call_later(self.delay, writer.close)


def load() -> str:
    return f"load {os.getloadavg()[0]:.0f}, {os.cpu_count()} processors"


def by_latency(folder: Path, milliseconds: int, number: int) -> dict[str, tuple[float, float]]:
    forge = forge_with_a_commit(folder)
    port = int(forge.address.split(":")[2].partition("/")[0])
    address = forge.address.replace(str(port), str(Network(port, milliseconds / 1000).port))
    try:
        return costs(folder, address, number)
    finally:
        forge.stop()


def forge_with_a_commit(folder: Path) -> Forge:
    forge = Forge(folder / "forge")
    for hook in (forge.folder / "hooks").iterdir():
        hook.unlink()  # they are the tests' own: pull requests in Python
    forge.start()
    git(new_repo(folder / "seed"), "push", "-q", forge.address, "main")
    return forge


def remote_of(kind: str, folder: Path) -> str:
    if kind == "http":
        return forge_with_a_commit(folder).address
    git(new_repo(folder / "seed"), "clone", "-q", "--bare", ".", str(folder / "remote.git"))
    return str(folder / "remote.git")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=400)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 10])
    parser.add_argument("--appends", type=int, default=15)
    parser.add_argument("--latencies", type=int, nargs="*", default=[1, 50, 200], help="round trips in milliseconds")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--picture", type=Path, help="draw the costs by round trip as an SVG into this file")
    arguments = parser.parse_args()
    for kind in ("file", "http"):
        for batch in arguments.batches:
            with tempfile.TemporaryDirectory(dir=arguments.folder, prefix="gitorch-bench-") as made:
                figures = together(Path(made), remote_of(kind, Path(made)), arguments.jobs, batch)
            say(f"{HOSTS} hosts, {kind}, {batch:3} a push: {figures}   ({load()})")
        with tempfile.TemporaryDirectory(dir=arguments.folder, prefix="gitorch-bench-") as made:
            figures = costs(Path(made), remote_of(kind, Path(made)), arguments.appends)
        say(f"one host, {kind}: {line_of(figures)}   ({load()})")
    found = {}
    for milliseconds in arguments.latencies:
        with tempfile.TemporaryDirectory(dir=arguments.folder, prefix="gitorch-bench-") as made:
            found[milliseconds] = by_latency(Path(made), milliseconds, arguments.appends)
        say(f"round trip {milliseconds:3} ms: {line_of(found[milliseconds])}   ({load()})")
    if arguments.picture:
        arguments.picture.write_text(picture(found), encoding="utf-8")


if __name__ == "__main__":
    main()
