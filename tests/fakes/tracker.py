"""A tracker in memory."""

from fakes.bd import Store

from gitorch.errors import Failed
from gitorch.model.tracker import Backlog
from gitorch.text.beads import issues_of


class FakeTracker:
    """Issues by id, closed by a word; it refuses an epic whose children are open, as `bd` does."""

    kind = "bd"
    closes = True

    def __init__(self, *records):
        self.store = Store.__new__(Store)
        self.store.issues = {record["id"]: record for record in records}
        self.calls = []

    def read(self, names):
        del names
        return Backlog("bd", issues_of(self.store.issues.values()))

    def closed(self, names):
        issues = self.store.issues
        return {n: issues[n].get("close_reason", "") for n in names if n in issues and not self.store.open(n)}

    def close(self, names, reason):
        left = [n for n in names if n in self.store.issues and self.store.open(n)]
        for name in left:
            if not self.store.refusal(name):
                self.calls.append(name)
                self.store.issues[name] |= {"status": "closed", "close_reason": reason}
        still = [n for n in left if self.store.open(n)]
        if still:
            raise Failed(f"bd left {', '.join(still)} open", hint=f"bd close {' '.join(still)}")
