"""A store of commits in memory: the same objects with the same ids as git's, and no disk."""

from gitorch.errors import Corrupt
from gitorch.ports.commits import StoredCommit, StoredObject
from gitorch.text.records import objects


class FakeStore:
    """The ports `Store` and `History` at once."""

    name = "memory"

    def __init__(self, committer="gitorch <gitorch@gitorch.invalid>"):
        self._committer, self._tip = committer, None
        self._bodies = {}
        self._kinds = {}
        self._parsed = {}

    def tip(self):
        return self._tip

    def extend(self, tip, commits):
        if self.tip() != tip:
            return None
        ids = self.write(tip, commits)
        return ids if self.forward(tip, ids[-1]) else None

    def write(self, tip, commits, sign=None):
        builder = objects.Builder(self._body, tip, "sha1", self._committer)
        builder.add_all(commits, sign)
        self._bodies.update({identity: body for identity, (_, body) in builder.objects.items()})
        self._kinds.update({identity: kind for identity, (kind, _) in builder.objects.items()})
        return tuple(builder.commits)

    def make_durable(self):
        """Nothing: no power cut is survived."""

    def forward(self, old, new):
        if self._tip != old:
            return False
        self._tip = new
        return True

    def since(self, old, new):
        way = []
        while new != old:
            if new is None:
                raise Corrupt(f"Commit {old} is not in the history.")
            parsed = objects.parse_commit(self._body(new))
            way.append((new, parsed))
            new = parsed.parents[0] if parsed.parents else None
        before = objects.parse_commit(self._body(old)).tree if old else None
        for commit, parsed in reversed(way):
            changes = objects.changes(self._tree, before, parsed.tree)
            files = {path: self._body(blob) for path, blob in changes.added.items()}
            yield StoredCommit(
                commit, parsed.parents, parsed.message, files, changes.touched, parsed.author, parsed.committer
            )
            before = parsed.tree

    def back(self, commit):
        return iter(list(self.since(None, commit))[::-1])

    def first_parents(self, commit):
        return (stored.id for stored in self.back(commit))

    def stream(self, tip, after=None):
        return self.since(after, tip)

    def objects(self, ids):
        for identity in ids:
            yield StoredObject(identity, self._kinds[identity], self._body(identity))

    def object_groups(self, groups):
        for ids in groups:
            yield from self.objects(ids)

    def checked(self, tip):
        return self.stream(tip)

    def commits(self):
        return [(identity, self._body(identity)) for identity, kind in self._kinds.items() if kind == "commit"]

    def refs(self):
        return ("refs/heads/gitorch/ledger",) if self._tip else ()

    def message(self, commit):
        return objects.parse_commit(self._body(commit)).message

    def read(self, commit, path):
        found = objects.find(self._tree, objects.parse_commit(self._body(commit)).tree, path)
        return self._body(found[1]) if found and found[0] == objects.FILE else None

    def matching(self, prefix):
        return (identity for identity in self._bodies if identity.startswith(prefix))

    def paths(self, commit, under):
        root = objects.parse_commit(self._body(commit)).tree
        found = objects.find(self._tree, root, under) if under else (objects.FOLDER, root)
        if found and found[0] == objects.FOLDER:
            yield from objects.walk(self._tree, found[1], f"{under}/" if under else "")

    def _tree(self, identity):
        if identity not in self._parsed:
            self._parsed[identity] = objects.parse_tree(self._body(identity), 20)
        return self._parsed[identity]

    def _body(self, identity):
        try:
            return self._bodies[identity]
        except KeyError:
            raise Corrupt(f"Object {identity} of the ledger is missing.") from None
