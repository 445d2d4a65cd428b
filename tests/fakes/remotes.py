"""Remotes in memory, beside a repository in memory."""

from gitorch.errors import Unavailable


class FakeRemotes:
    """Other repositories, each a mapping of full ref names to commits. `silent` are those that give no answer."""

    def __init__(self, git):
        self.git = git
        self.held = {}
        self.hooks = {}
        self.away = {}
        self.silent = set()
        self.addresses = {}

    def names(self):
        self.git._ask()
        return tuple(self.held)

    def heads(self, remote, refs):
        if remote in self.silent or remote not in self.held:
            raise Unavailable(f"{remote} cannot be reached: it is silent")
        return {ref: commit for ref, commit in self.held[remote].items() if ref in refs}

    def recent_heads(self, remote, refs):
        return self.heads(remote, refs)

    def address(self, remote):
        return self.addresses.get(remote, f"/remotes/{remote}.git" if remote in self.held else "")

    def fetch(self, remote, ref):
        if remote in self.silent or ref not in self.held.get(remote, {}):
            raise Unavailable(f"nothing could be fetched from {remote}")
        self.git.commits[self.held[remote][ref]] = self.away[self.held[remote][ref]]

    def push(self, remote, refs, options=()):  # noqa: ARG002 - the port names it
        if self.silent or self.hooks.get(remote):
            return self.hooks.get(remote) or "it is silent"
        for one in refs:
            at = self.held[remote].get(one.ref)
            if at != one.expected or (None not in {at, one.new} and not self.git.contains(at, one.new)):
                return f"{one.ref} [rejected] (stale info)"
        self.held[remote].update({one.ref: one.new for one in refs})
        for one in refs:
            if one.new is None:
                del self.held[remote][one.ref]
        return ""
