"""Somebody who may push to the remote, with a clone and git alone: what no known host signed is refused and named."""

import hashlib
import re
import subprocess

import pytest
from host_kit import add, first_host, host, key_of, person, write
from ledger_kit import AT, REF, git
from shared_kit import clone, new_remote, open_shared

from gitorch.errors import Corrupt, Refused
from gitorch.model.events import HostRemoved, TargetConfirmed
from gitorch.ports.commits import Draft
from gitorch.rules.evolve import evolve


@pytest.fixture
def remote(tmp_path):
    return new_remote(tmp_path)


@pytest.fixture
def desk(remote):
    return first_host(remote)


class Eve:
    """A clone of somebody who has no key, and what git does for them."""

    def __init__(self, remote):
        self.folder = remote.parent / "eve"
        if not self.folder.exists():
            clone(remote, "eve")
        self.git("fetch", "-q", "origin", f"+{REF}:{REF}")
        self.tip = self.git("rev-parse", REF)

    def git(self, *words, stdin=b""):
        return git(self.folder, *words, stdin=stdin)

    def paths(self, commit):
        return self.git("ls-tree", "-r", "--name-only", commit).splitlines()

    def blob(self, commit, path):
        return self.git("cat-file", "blob", f"{commit}:{path}").encode() + b"\n"

    def newest(self, commit):
        """The path of the record that a commit added."""
        return self.git("diff-tree", "--root", "--no-commit-id", "--name-only", "-r", commit)

    def tree(self, commit, **changed):
        """The tree of a commit with files changed: None removes one."""
        lines = [line for line in self.git("ls-tree", "-r", commit).splitlines() if line.split("\t")[1] not in changed]
        for path, data in changed.items():
            if data is not None:
                lines.append(f"100644 blob {self.git('hash-object', '-w', '--stdin', stdin=data)}\t{path}")
        self.git("read-tree", "--empty")
        self.git("update-index", "--add", "--index-info", stdin="".join(f"{line}\n" for line in lines).encode())
        return self.git("write-tree")

    def commit(self, tree, *parents, message="A commit"):
        words = [word for parent in parents for word in ("-p", parent)]
        return self.git("commit-tree", tree, *words, "-m", message)

    def push(self, commit):
        self.git("push", "-q", "-f", "origin", f"{commit}:{REF}")


def continued(eve):
    """One more record in the chain, with the right number and digest, as a copy of the newest."""
    path = eve.newest(eve.tip)
    data = eve.blob(eve.tip, path)
    seq = int(re.search(rb"^seq: (\d+)", data, re.MULTILINE)[1])
    after = re.sub(rb"^seq: \d+", b"seq: %d" % (seq + 1), data, flags=re.MULTILINE)
    after = re.sub(
        rb'^prev: ".*"', b'prev: "sha256:%s"' % hashlib.sha256(data).hexdigest().encode(), after, flags=re.MULTILINE
    )
    message = eve.git("log", "-1", "--format=%B", eve.tip)
    tree = eve.tree(eve.tip, **{path.replace(f"{seq:06d}", f"{seq + 1:06d}"): after})
    return eve.commit(tree, eve.tip, message=message)


def rewritten(eve):
    """The newest record with another target, in a commit at the same place."""
    path = eve.newest(eve.tip)
    data = eve.blob(eve.tip, path).replace(b'"wanted"', b'"unwanted"')
    return eve.commit(eve.tree(eve.tip, **{path: data}), f"{eve.tip}^")


def with_the_signature_of_another(eve):
    """A record that continues the chain, with the header of the newest true signature."""
    forged = eve.git("cat-file", "commit", continued(eve))
    true = eve.git("cat-file", "commit", eve.tip)
    signature = true[true.index("gpgsig ") : true.index("-----END SSH SIGNATURE-----") + 27]
    head, _, message = forged.partition("\n\n")
    return eve.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=f"{head}\n{signature}\n\n{message}\n".encode())


def empty(eve):
    return eve.commit(f"{eve.tip}^{{tree}}", eve.tip)


def without_a_record(eve):
    return eve.commit(eve.tree(eve.tip, **{eve.newest(eve.tip): None}), eve.tip)


def merged(eve):
    """A merge of the ledger with a branch of something else."""
    return eve.commit(f"{eve.tip}^{{tree}}", eve.tip, "origin/main")


def forced_back(eve):
    return eve.git("rev-parse", f"{eve.tip}^")


def begun_anew(eve):
    """A ledger of one's own without any host: its records need no signature."""
    root = eve.git("rev-list", "--max-parents=0", eve.tip)
    return eve.commit(f"{root}^{{tree}}", message="ledger created")


def raw(repo, kind, body):
    """An object with any bytes, which no command of git would make."""
    return git(repo, "hash-object", "-t", kind, "-w", "--literally", "--stdin", stdin=body)


def entry(mode, name, identity):
    return mode + b" " + name + b"\0" + bytes.fromhex(identity)


ONES, NO_ID = "1" * 40, "0" * 40
BROKEN_TREES = {
    "garbage": lambda _, __, ___: b"\0\1garbage",
    "cut": lambda tree, _, __: tree[:-5],
    "no name": lambda tree, blob, _: tree + entry(b"100644", b"", blob),
    "slash": lambda tree, blob, _: tree + entry(b"100644", b"a/b", blob),
    "git's own folder": lambda tree, _, root: entry(b"40000", b".git", root) + tree,
    "twice": lambda tree, _, __: tree + tree,
    "unknown mode": lambda tree, blob, _: tree + entry(b"100664", b"zz", blob),
    "no id": lambda tree, _, __: tree + entry(b"100644", b"zz", NO_ID),
    "missing file": lambda tree, _, __: tree + entry(b"100644", b"zz", ONES),
    "missing folder": lambda tree, _, __: tree + entry(b"40000", b"zz", ONES),
    "file as folder": lambda tree, blob, _: tree + entry(b"40000", b"zz", blob),
    "folder as file": lambda tree, _, root: tree + entry(b"100644", b"zz", root),
    "no text": lambda tree, blob, _: tree + entry(b"100644", b"z\xff", blob),
}


def broken(remote, tip, case):
    """A commit after the ledger's newest, with a tree that git would not write."""
    blob, root = raw(remote, "blob", b"x"), git(remote, "rev-parse", f"{tip}^{{tree}}")
    if case == "missing root":
        root = ONES
    elif case == "root is a file":
        root = blob
    elif case in BROKEN_TREES:
        found = subprocess.run(("git", "cat-file", "tree", root), cwd=remote, capture_output=True, check=True)
        root = raw(remote, "tree", BROKEN_TREES[case](found.stdout, blob, root))
    parent = ONES if case == "missing parent" else tip
    who = "e <e@e> 1 +0000"
    message = git(remote, "log", "-1", "--format=%B", tip)
    text = f"tree {root}\nparent {parent}\nauthor {who}\ncommitter {who}\n\n{message}\n"
    return raw(remote, "commit", text.encode())


@pytest.mark.slow
def test_objects_that_are_broken_at_the_remote_are_named_and_put_right_by_the_hint(remote, desk):
    tip = desk.tip()
    for case in (*BROKEN_TREES, "missing root", "root is a file", "missing parent"):
        (remote / REF).write_text(f"{broken(remote, tip, case)}\n")
        with pytest.raises(Corrupt, match=r"The ledger at origin is not used: .*\.$") as caught:
            desk.refresh()
        assert desk.tip() == tip, case
        git(desk._common.parent, *caught.value.hint.removeprefix("git ").split())
        desk.refresh()
    write(desk, "desk", "again")
    assert desk.verify().faults == ()


ATTACKS = [
    (continued, "is not used: record 5 says that host desk wrote it, but no host signed it."),
    (with_the_signature_of_another, "is not used: record 5 says .* but it was signed by a key of no host"),
    (rewritten, "was replaced by [0-9a-f]{12}, which does not continue"),
    (forced_back, "was forced back to"),
    (begun_anew, "was replaced by"),
    (empty, "does not continue the ledger"),
    (without_a_record, "does not continue the ledger"),
    (merged, "does not continue the ledger"),
]


def test_what_somebody_without_a_key_pushes_is_refused_by_name_and_put_right_by_its_hint(remote, desk):
    write(desk, "desk", "wanted")
    for attack, said in ATTACKS:
        eve = Eve(remote)
        eve.push(attack(eve))
        with pytest.raises(Corrupt, match=said) as caught:
            write(desk, "desk", "more")
        assert (desk.tip(), desk.state(None).board.targets[-1]) == (eve.tip, "wanted"), attack
        git(desk._common.parent, *caught.value.hint.removeprefix("git ").split())
    write(desk, "desk", "again")
    assert desk.state(None).board.targets[-2:] == ("wanted", "again")
    assert desk.verify().faults == ()


def test_a_host_that_was_removed_writes_no_more_and_what_it_signs_is_refused(remote, desk):
    attic = host(remote, "attic", "attic")
    attic.exists()
    write(attic, "attic", "before")
    desk.append(None, person("desk"), AT, lambda _: [Draft(HostRemoved("attic"), {})])
    with pytest.raises(Refused, match="attic is unknown"):
        write(attic, "attic", "after")
    before = desk.tip()
    attic._signature = lambda _: attic._keys.sign
    write(attic, "attic", "after")
    for ledger in (desk, host(remote, "fresh")):
        with pytest.raises(Corrupt, match="host attic wrote it, but it was signed by a key of no host"):
            ledger.refresh()
    assert desk.tip() == before
    assert desk.verify().faults == (), "what it wrote before still counts"


def lenient(state, record):
    """The rules as somebody changed them who wants to be known."""
    try:
        return evolve(state, record)
    except Corrupt:
        return state


@pytest.mark.parametrize("name", ["attic", "thief"])
def test_no_host_vouches_for_its_own_key(remote, desk, name):
    """One that was removed, and one that nobody ever knew, add themselves with their own signature."""
    desk.append(None, person("desk"), AT, lambda _: [Draft(HostRemoved("attic"), {})])
    public = key_of(remote.parent, "thief")[1]
    eve = open_shared(clone(remote, name), lenient, key=remote.parent / "thief.key")
    eve.refresh()
    eve._signature = lambda _: eve._keys.sign
    before = desk.tip()
    add(eve, name, name, public)
    for ledger in (desk, host(remote, "fresh")):
        with pytest.raises(Corrupt, match=f"host {name} wrote it, but it was signed by a key of no host"):
            ledger.refresh()
    assert (desk.tip(), desk.verify().faults) == (before, ())


def test_a_known_host_cannot_give_itself_a_key_that_only_the_new_key_vouches_for(remote, desk):
    """A name whose private key is lost is given another key by another host that is known."""
    public = key_of(remote.parent, "new")[1]
    stolen = open_shared(clone(remote, "attic"), evolve, key=remote.parent / "new.key")
    stolen.refresh()
    add(stolen, "attic", "attic", public)
    with pytest.raises(Corrupt, match="host attic wrote it, but it was signed by a key of no host"):
        desk.refresh()


def test_a_host_changes_its_own_key_while_it_has_the_old_one(remote, desk):
    attic = host(remote, "attic", "attic")
    attic.refresh()
    path, public = key_of(remote.parent, "new")
    add(attic, "attic", "attic", public)
    write(host(remote, "attic-2", "new"), "attic", "after")
    desk.refresh()
    assert (path.exists(), desk.state(None).board.targets[-1], desk.verify().faults) == (True, "after", ())


def test_a_commit_that_somebody_moved_at_the_remote_is_named_and_can_be_put_right(remote, desk):
    work = desk._common.parent
    git(work, "commit", "-q", "--allow-empty", "-m", "work")
    commit = git(work, "rev-parse", "HEAD")
    ref = f"refs/gitorch/commits/{commit}"
    attic = host(remote, "attic", "attic")
    attic.exists()
    desk.append(None, person("desk"), AT, lambda _: [Draft(TargetConfirmed(commit), {})])
    for moved in (0, 1):  # attic does not know the commit yet, then it does
        eve = Eve(remote)
        eve.git("push", "-q", "-f", "origin", f"{eve.tip}:{ref}")
        write(desk, "desk", f"more {moved}")
        with pytest.raises(Corrupt, match=f"{ref} at origin was moved to {eve.tip:.12}") as caught:
            attic.refresh()
        git(attic._common, *caught.value.hint.removeprefix("git ").split())
        git(work, "push", "-q", "origin", f"{commit}:{ref}")
        attic.refresh()
        assert attic.tip() == desk.tip()
        assert git(attic._common, "rev-parse", ref) == commit
    eve.git("push", "-q", "-f", "origin", f"{eve.tip}:{ref}")
    with pytest.raises(Corrupt, match="was moved to"):
        attic.append(None, person("attic"), AT, lambda _: [Draft(TargetConfirmed(commit), {})])
