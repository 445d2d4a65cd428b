"""Twelve epics on several hosts: one remote in memory, clocks that differ, hosts that are cut off, killed and brought back."""

from __future__ import annotations

import random
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from fakes.ledger import FakeLedger
from fakes.world import (
    FakeChecks,
    FakeClock,
    FakeFiles,
    FakeGit,
    FakeOutboxes,
    FakePrograms,
    FakeRemotes,
    FakeRepository,
    FakeSecrets,
    FakeTerminals,
    FakeWorktrees,
)
from play import HOST, RUN
from simulated import Mortal, alive
from simulated_twelve import Twelve
from twelve import NEEDS

from gitorch.app.reconciler.tick import tick
from gitorch.errors import Away, Refused
from gitorch.model.commands import ConfirmRun
from gitorch.model.ids import Moment
from gitorch.model.observed import AgentState
from gitorch.model.record import Actor, ActorKind
from gitorch.model.submission import OutboxEntry, ReportText
from gitorch.model.values import replace
from gitorch.model.work.review import ReportStatus
from gitorch.ports.commits import LastContact
from gitorch.text.outbox_entry import encode

REST_ROUNDS = 4_000
STEPS_A_ROUND = 3
"""How often each agent goes on, on average, between two looks of gitorch at the end."""
DRIFTS = (0, 0, -3_600_000, 7_200_000, 90_000)
LEASE_SECONDS = 200


class SharedFakeLedger(FakeLedger):
    """One host's copy of the ledger at the remote: behind it until it asks, never ahead of it."""

    is_shared = True

    def __init__(self, remote: FakeLedger, host) -> None:
        super().__init__()
        self.remote, self.host = remote, host
        self._files = remote._files
        self.asked_at = Moment(0)

    def refresh(self):
        if self.host.is_cut_off:
            raise Away("origin cannot be reached: it is cut off")
        self.asked_at = self.host.clock.now()
        for step, after in self.remote.steps[len(self.steps) :]:
            self.adopt(step, after)
        self.written += self.remote.written[len(self.written) :]

    def last_contact(self):
        return LastContact("origin", self.tip(), self.asked_at)

    def append(self, run, actor, at, decide):
        self.refresh()
        self.host.fleet.somebody_is_faster(self)
        self.refresh()  # a lost race: the decision is on the newest records
        made = self.remote.append(run, actor, at, decide)
        self.refresh()
        return made


@dataclass
class Host:
    """One machine with its own terminals, checkouts, files and clock."""

    name: str
    fleet: Fleet
    clock: FakeClock = field(default_factory=FakeClock)
    is_cut_off: bool = False
    is_dead: bool = False

    def __post_init__(self) -> None:
        fleet = self.fleet
        self.git = FakeGit()
        self.git.commits, self.git.trees = fleet.git.commits, fleet.git.trees  # the remote hands out all that is named
        self.git.tips = {"main": fleet.git.tips["main"]}
        self.remotes = FakeRemotes(self.git)
        self.remotes.held = fleet.origin
        self.ports = {
            "ledger": SharedFakeLedger(fleet.truth, self),
            "terminals": FakeTerminals(self.clock),
            "git": self.git,
            "remotes": self.remotes,
            "worktrees": FakeWorktrees(self.git),
            "checks": FakeChecks(patient=True),
            "files": FakeFiles(),
            "outboxes": FakeOutboxes(),
            "secrets": FakeSecrets(),
        }
        self.hanging = {}
        self.ports["secrets"].token = lambda key: f"token-of-{key.name}-on-{self.name}"
        self.ports["secrets"].nonce = fleet.fresh_nonce

    def cut_off(self, away: bool) -> None:
        self.is_cut_off = away
        self.remotes.silent = {"origin"} if away else set()


class Fleet(Twelve):
    """The world of one seed; everything that the single-host world does happens on the host that is `here`."""

    def __init__(self, seed, folder, needs=NEEDS, hosts=(2, 4)):
        """`hosts` are the least and the most of them."""
        self.hosts = []
        super().__init__(seed, folder, needs)
        self.nonces = 0
        self.origin = {"origin": {"refs/heads/main": self.git.resolve("main")}}
        dice = random.Random(f"fleet {seed}")
        for number in range(dice.randint(*hosts)):
            clock = FakeClock(self.clock.moment + dice.choice(DRIFTS))
            self.hosts.append(Host("desk" if number == 0 else f"host{number}", self, clock))
        for host in self.hosts:
            host.ports["ledger"].refresh()
            host.ports["checks"].outcome = self.tested
        self.take(self.hosts[0])
        self.racing = False
        self.happened = []

    def say(self, command, actor=HOST):
        """The run is confirmed with leases that run out within the times that pass here."""
        if isinstance(command, ConfirmRun):
            command = replace(command, settings=replace(command.settings, lease_seconds=LEASE_SECONDS))
        return super().say(command, actor)

    def fresh_nonce(self):
        self.nonces += 1
        return f"nonce-{self.nonces}"

    @contextmanager
    def at(self, host):
        """Everything happens on this host."""
        before = self.here
        self.take(host)
        try:
            yield
        finally:
            self.take(before)

    def take(self, host):
        self.here = host
        self.ports, self.clock, self.git = host.ports, host.clock, host.git
        self.hanging = host.hanging
        self.ledger, self.terminals, self.checks = (host.ports[name] for name in ("ledger", "terminals", "checks"))

    def services(self, fate=None):
        if not self.hosts:
            return super().services(fate)
        ports = self.ports if fate is None else {name: Mortal(port, fate) for name, port in self.ports.items()}
        if fate is not None:
            ports["ledger"] = self.ports["ledger"] if self.racing else LedgerOf(self.ports["ledger"], fate)
        folder = self.folder / self.here.name
        host = Actor(ActorKind.HOST, "gitorch", self.here.name)
        programs = FakePrograms(agent="agent 1")
        more = {"clock": self.clock, "preset": lambda _lane: self.preset, "host": host, "programs": programs}
        return FakeRepository(folder, **ports, **more)

    @property
    def run(self):
        if not self.hosts:
            return super().run
        return self.ledger.state(RUN).run

    @property
    def living_hosts(self):
        return [host for host in self.hosts if not host.is_dead]

    # What happens

    def somebody_is_faster(self, ledger):
        """Now and then another host writes between the decision and the push of this one."""
        if self.racing or self.chance.random() > 0.1:
            return
        others = [host for host in self.living_hosts if host.ports["ledger"] is not ledger and not host.is_cut_off]
        if others:
            self.racing = True
            with self.at(self.chance.choice(others)), suppress(Exception):
                tick(self.services(), RUN)
            self.racing = False

    def tick(self, number=0, between=lambda: None):
        """One tick of one host that is alive; whether it lived to the end."""
        with self.at(self.chance.choice(self.living_hosts)):
            return self.tick_here(number, between)

    def tick_here(self, number=0, between=lambda: None):
        with suppress(Away):
            self.ledger.refresh()
            return super().tick(number, between)
        return False

    def an_agent_goes_on(self):
        with self.at(self.chance.choice(self.living_hosts)):
            super().an_agent_goes_on()

    def act(self, key):
        try:
            super().act(key)
        except Away:
            """It left its report in the outbox already."""

    def report(self, status=None, **words):
        try:
            super().report(**({"status": status} if status else {}), **words)
        except Away:
            said = {"replies": self.replies(self.write(self.content())), **words}
            report = {"report": ReportText(status or ReportStatus.DONE, "done", **said)}
            self.leave(**report)
            raise

    def leave(self, report=None, verdict=None):
        """What `gitorch handoff` does when the remote does not answer."""
        entry = OutboxEntry(self.run.id, self.credential.token, f"{self.ports['outboxes'].posted:08x}", report, verdict)
        self.ports["outboxes"].post(self.worktree, f"report-{entry.salt}.json", encode(entry))

    def the_human_holds(self):
        with suppress(Refused):  # what another host shows is older
            super().the_human_holds()

    def the_human_decides(self):
        connected = [host for host in self.living_hosts if not host.is_cut_off]
        if connected:
            with self.at(self.chance.choice(connected)), suppress(Away):
                self.ledger.refresh()
                super().the_human_decides()

    def answer_the_dialog(self, question):
        for host in self.living_hosts:
            with self.at(host):
                super().answer_the_dialog(question)

    def something_happens(self):
        if self.chance.random() < 0.06:
            happening = self.chance.choice(
                (self.the_network_fails, self.the_network_fails, self.a_host_dies, self.a_host_comes_back)
            )
            self.happened.append(happening.__name__)
            happening()
            return
        with self.at(self.chance.choice(self.living_hosts)), suppress(Away):
            super().something_happens()

    def time_passes(self):
        by = self.chance.choice((1_000, 61_000, 400_000))
        for host in self.hosts:
            host.clock.moment = Moment(host.clock.moment + by)

    def the_network_fails(self):
        host = self.chance.choice(self.living_hosts)
        host.cut_off(not host.is_cut_off)

    def a_host_dies(self):
        """Its power goes: no agent and no gitorch is left on it."""
        if len(self.living_hosts) > 1:
            host = self.chance.choice(self.living_hosts)
            host.is_dead = True
            host.ports["terminals"].server_dies()
            for commit, command in list(host.ports["checks"].running):
                host.ports["checks"].die(commit, command)

    def a_host_comes_back(self):
        for host in self.hosts:
            host.is_dead = False

    # The end

    def settle(self):
        """The network works; hosts that are dead stay dead; agents finish what they have in store."""
        for host in self.hosts:
            host.cut_off(False)
            host.ports["terminals"].silent = False
            host.ports["terminals"].begin_as = AgentState.IDLE
        with self.at(self.living_hosts[0]):
            self.ledger.refresh()
            if self.run.phase == "paused":
                self.the_human_holds()
        for _ in range(REST_ROUNDS):
            if self.all_rest():
                return
            by = self.until_the_next_round()
            for host in self.hosts:
                host.clock.moment = Moment(host.clock.moment + by)
            for _ in range(sum(alive(s) for h in self.living_hosts for s in h.ports["terminals"].sessions.values())):
                for _ in range(STEPS_A_ROUND):
                    self.an_agent_goes_on()
            for host in self.living_hosts:
                with self.at(host):
                    self.a_check_ends()
            self.the_human_decides()
        raise AssertionError({j.spec.id: str(j.phase) for j in self.run.jobs.values()})

    def look(self):
        return len(self.truth.written), [s.state for h in self.hosts for s in h.ports["terminals"].sessions.values()]

    def all_rest(self):
        """Whether a tick of each living host finds nothing to do but to wait for people. The first to do something ends the round.

        A living host leads the run then: where the one that led is dead, time has to pass until another one does.
        """
        rests, leads = [], self.run.cleaned
        for host in self.chance.sample(self.living_hosts, len(self.living_hosts)):
            with self.at(host):
                self.tick_here()
                rests.append(self.run.cleaned or self.only_left_questions())
                leads = leads or self.ticked.observed.leads
            if self.ticked.acted:
                return False
        return leads and all(rests)


class LedgerOf(Mortal):
    """A mortal ledger that still says that it is shared."""

    is_shared = True
