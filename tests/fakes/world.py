"""All fakes of `gitorch.ports.world`, each under the contract suite of the real thing (`tests/contract`)."""

import hashlib

from fakes.checks import FakeChecks
from fakes.clock import FakeClock
from fakes.git import FakeGit, FakeRemotes, FakeWorktrees
from fakes.ledger import FakeLedger
from fakes.terminals import FakeTerminals

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
        return None if data is None or len(data) > bytes_max else data

    def remove(self, path):
        self.held.pop(path, None)


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


__all__ = [
    "FakeChecks",
    "FakeClock",
    "FakeFiles",
    "FakeGit",
    "FakeLedger",
    "FakeOutboxes",
    "FakeRemotes",
    "FakeSecrets",
    "FakeTerminals",
    "FakeWorktrees",
]
