"""All fakes of `gitorch.ports.world`, each under the contract suite of the real thing (`tests/contract`)."""

from fakes.checks import FakeChecks
from fakes.clock import FakeClock
from fakes.git import FakeGit, FakeRemotes, FakeWorktrees
from fakes.ledger import FakeLedger
from fakes.terminals import FakeTerminals


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
    "FakeRemotes",
    "FakeSecrets",
    "FakeTerminals",
    "FakeWorktrees",
]
