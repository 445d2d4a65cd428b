# ruff: noqa: ARG002 stand-ins take what their ports pass
"""All fakes of `gitorch.ports.world`, each under the contract suite of the real thing (`tests/contract`)."""

import copy
import hashlib

from fakes.checks import FakeChecks, FakeSetups
from fakes.clock import FakeClock
from fakes.git import FakeGit
from fakes.ledger import FakeLedger
from fakes.remotes import FakeRemotes
from fakes.terminals import FakeTerminals
from fakes.worktrees import FakeWorktrees

from gitorch.app.executing.execute import Caller
from gitorch.app.worktree_paths import WorktreePaths
from gitorch.errors import NotFound, Refused
from gitorch.model.plans.config import Config
from gitorch.model.record import Actor, ActorKind
from gitorch.ports.files import PendingEntry


class FakeFiles:
    """Small files in memory."""

    def __init__(self):
        self.held = {}

    def write(self, path, data):
        self.held[path] = bytes(data)

    def read(self, path):
        return self.held.get(path)

    def inside(self, root, path, bytes_max):
        data = self.held.get(root / path)
        if data is not None and len(data) > bytes_max:
            raise Refused(f"is larger than {bytes_max:,} bytes")
        return data

    def remove(self, path):
        self.held.pop(path, None)

    def sweep(self, folder):
        pass

    def remove_folder(self, path):
        below = f"{path}/"
        self.held = {one: data for one, data in self.held.items() if not str(one).startswith(below)}


class FakeOutboxes:
    """Outboxes in memory. `entries` and `answers` are by worktree, then by name."""

    def __init__(self):
        self.entries = {}
        self.answers = {}
        self.posted = 0

    def post(self, worktree, name, data):
        self.posted += 1
        self.entries.setdefault(worktree, {})[name] = (self.posted, bytes(data))

    def waiting(self, worktree):
        held = sorted(self.entries.get(worktree, {}).items(), key=lambda item: item[1][0])
        return tuple(PendingEntry(name, data, _digest(name, at, data)) for name, (at, data) in held)

    def answer(self, worktree, name, data):
        self.answers.setdefault(worktree, {})[name] = bytes(data)
        self.entries.get(worktree, {}).pop(name, None)

    def answered(self, worktree, name):
        return self.answers.get(worktree, {}).get(name)


def _digest(name, at, data):
    return f"sha256:{hashlib.sha256(b'%s %d %s' % (name.encode(), at, data)).hexdigest()}"


class FakeSecrets:
    """Tokens that a test can foretell, and nonces that count."""

    def __init__(self):
        self.nonces = 0

    def token(self, key):
        return f"token-of-{key.name}"

    def nonce(self):
        self.nonces += 1
        return f"nonce-{self.nonces}"


class FakePrograms:
    """Programs by name, each with the first line that it prints; `run_shell` succeeds and prints nothing."""

    def __init__(self, **printed):
        self.printed = {"git": "git version 2.39.5", "tmux": "tmux 3.3a"} | printed
        self.present = set()

    def find(self, name):
        return f"/usr/bin/{name}" if self.printed.get(name) else ""

    def first_line(self, argv, wait_seconds=10.0):
        return self.printed.get(argv[0], "") if argv else ""

    def first_lines(self, commands, wait_seconds=2.0):
        return {argv: self.first_line(argv) for argv in commands}

    def first_present(self, names):
        return next((name for name in names if name in self.present), "")

    def sandbox_fault(self):
        return ""

    def tmux_is_at_least(self, version):
        return self.printed.get("tmux", "") >= f"tmux {version}"

    def run_shell(self, command, folder, wait_seconds):
        return 0, ""

    def run_shell_lately(self, command, folder, wait_seconds):
        return self.run_shell(command, folder, wait_seconds)


class FakeSignatures:
    """A signature names its key and its text. `keys` are this person's."""

    def __init__(self, *keys):
        self.keys = keys

    def own_keys(self, named):
        return self.keys

    def read_key(self, named):
        for key in self.keys:
            if named in {key.path, f"{key.path}.pub", key.public}:
                return key
        raise NotFound(
            f"{named.removesuffix('.pub')}.pub cannot be read: No such file or directory", "gitorch keys add --new"
        )

    def sign(self, text, key, namespace):
        return f"{namespace} {self.read_key(key).public}: {text}"

    def was_touched(self, signature):
        return True

    def signer(self, text, signature, signers, namespace):
        for line in signers.splitlines():
            name, _, key = line.partition(" ")
            if signature == f"{namespace} {key}: {text}":
                return name
        return ""


class FakeNotices:
    """No command is configured, so nobody is notified."""

    def sent(self, run):
        return None

    def send(self, run, name, notice):
        pass

    def failure(self):
        return ""


class FakePlace:
    """The repository was moved where a test says so; `remembered` counts how often its place was taken for the right one."""

    def __init__(self, moved=None):
        self.moved = moved
        self.remembered = 0

    def relocation(self):
        return self.moved

    def remember_root(self):
        self.remembered_root = True

    def remember(self):
        self.remembered += 1
        self.moved = None

    def end_agents(self, relocation):
        return ("ended the agents",)

    def repair_worktrees(self, relocation, folders):
        return tuple(f"repaired {pair.old} to {pair.new}" for pair in folders)


def altered(repository, **parts):
    """The same repository with some of its parts replaced."""
    other = copy.copy(repository)
    vars(other).update(parts)
    return other


class FakeRepository:
    """A repository in memory, in the shape of `gitorch.wiring.repository.Repository`. Every part is a fake unless a test names its own."""

    def __init__(self, folder, **parts):
        self.root = folder
        self.home = folder / ".git" / "gitorch"
        self.paths = WorktreePaths(folder, folder.parent / f"{folder.name}.worktrees")
        self.host = Actor(ActorKind.HOST, "gitorch", "desk")
        self.config = Config()
        self.clock = FakeClock()
        self.git = FakeGit()
        self.ledger = FakeLedger()
        self.terminals = FakeTerminals(self.clock)
        self.remotes = FakeRemotes(self.git)
        self.worktrees = FakeWorktrees(self.git)
        self.checks = FakeChecks()
        self.setups = FakeSetups()
        self.files = FakeFiles()
        self.outboxes = FakeOutboxes()
        self.programs = FakePrograms()
        self.secrets = FakeSecrets()
        self.signatures = FakeSignatures()
        self.notices = FakeNotices()
        self.place = FakePlace()
        self.agent_env = {}
        self.store = "dulwich (a plain repository)"
        self.presets = {}
        self.trackers = {}
        self.who = Caller(Actor(ActorKind.PRINCIPAL, "ada", "desk"))
        self.slow_calls = []
        vars(self).update(parts)

    def watch_slow_calls(self, show):
        self.slow_calls.append(show)

    @property
    def preset_names(self):
        return tuple(self.presets)

    def preset(self, lane):
        if lane.runtime not in self.presets:
            raise NotFound(f"there is no runtime {lane.runtime}", "gitorch doctor")
        return self.presets[lane.runtime]

    def tracker(self, kind):
        return self.trackers.get(kind)

    def caller(self):
        return self.who

    @property
    def holder(self):
        return self.who.actor.holder

    def with_config(self, config):
        return altered(self, config=config)


__all__ = [
    "FakeChecks",
    "FakeClock",
    "FakeFiles",
    "FakeGit",
    "FakeLedger",
    "FakeNotices",
    "FakeOutboxes",
    "FakePrograms",
    "FakeRemotes",
    "FakeRepository",
    "FakeSecrets",
    "FakeSignatures",
    "FakeTerminals",
    "FakeWorktrees",
    "altered",
]
