"""What the ledger answers about odd repositories and questions, told whole; `texts/answers.txt` holds the answers.

`pytest --rewrite-transcripts` writes that file anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from golden import assert_golden
from ledger_kit import AT, ENV, HOST, REF, RUN, count, fill, git, new_repo, open_ledger, renewed

from gitorch.errors import GitorchError
from gitorch.ledger import discovery, location, lock
from gitorch.ledger.branch import BranchStore
from gitorch.ledger.discovery import searched_folders
from gitorch.ledger.ledger import GitLedger
from gitorch.ledger.location import Choice, choose, common_dir, remotes
from gitorch.model.ids import CommitId, MessageId, RunId
from gitorch.world.git.history import GitHistory

CONFIGURATIONS = {
    "nothing": "",
    "a comment in place of a setting": "[extensions]\n# noop = x\n; partialClone = origin\n",
    "a setting behind its section": "[extensions] partialClone = origin\n",
    "a setting in another case": "[Extensions]\n\tPARTIALCLONE = Origin\n",
    "a comment behind a setting": "[core]\n\tsharedRepository = umask # not group\n",
    "a value in quotation marks": '[core]\n\tsharedRepository = "group"\n',
    "a value in quotation marks that changes nothing": '[core]\n\tsharedRepository = "FALSE"\n',
    "a key without a value": "[core]\n\tsharedRepository\n",
    "a key without a name": "[core]\n = group\n",
    "a promisor without a value": '[remote "origin"]\n\tpromisor\n',
    "a promisor that is off": '[remote "origin"]\n\tpromisor = off\n',
    "a promisor of a name with blanks": '[remote "a b"]\n\tpromisor = YES\n',
    "the extension noop": "[extensions]\n\tnoop = anything\n",
    "a hash of another kind": "[extensions]\n\tobjectFormat = sha256\n",
    "a hash of the usual kind": "[extensions]\n\tobjectFormat = SHA1\n",
    "two settings, the second one odd": "[extensions]\n\tnoop = 1\n[core]\n\tsharedRepository = 0660\n",
    "two odd settings": "[extensions]\n\ttwo = 2\n\tone = 1\n",
}


def told(act) -> str:
    """An answer, or the error in its place."""
    try:
        return str(act())
    except GitorchError as error:
        where = f" [{error.where}]" if error.where else ""
        return f"{error.code}: {error.message} ${where} {error.hint}".rstrip()


def assert_told(name, acts, request, **names) -> None:
    """Every act has the answer that the file holds, in which these values have names."""
    text = "".join(f"> {title}\n{told(act)}\n\n" for title, act in acts.items())
    for short, value in names.items():
        text = text.replace(str(value), f"{{{short}}}")
    assert_golden(name, text, request)


def test_the_reason_for_a_store_is_told_for_each_configuration(tmp_path, request):
    def chosen(text):
        (tmp_path / "config").write_text(text)
        return choose(tmp_path)

    assert_told("stores.txt", {name: lambda text=text: chosen(text) for name, text in CONFIGURATIONS.items()}, request)


def test_a_reftable_and_a_configuration_that_cannot_be_read_have_their_sentences(tmp_path):
    assert choose(tmp_path).why == "SHA-1 objects and refs in files"
    (tmp_path / "reftable").mkdir()
    assert choose(tmp_path) == Choice("git", "the refs are kept in a reftable")
    (tmp_path / "config").symlink_to("config")
    assert told(lambda: choose(tmp_path)) == (
        f"unavailable: {tmp_path}/config cannot be read: Too many levels of symbolic links. $ ls -ld {tmp_path}/config"
    )


def test_remotes_are_listed_once_in_the_order_of_the_file_without_odd_names(tmp_path):
    names = ("one", "-x", "two", "one", "a/b.c_d-e", "a b", "../up")
    (tmp_path / "config").write_text("".join(f'[remote "{name}"]\n\turl = x\n' for name in names))
    assert remotes(tmp_path) == ["one", "two", "a/b.c_d-e"]


@pytest.fixture
def deep(tmp_path):
    folder = tmp_path / "a" / "b" / "c"
    folder.mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    return folder


def found(deep, **environ):
    """The names of the folders that are searched, as far as those of this test."""
    names = [folder.name for folder in searched_folders(deep, environ)]
    return names[: names.index(deep.parents[2].name) + 1] if deep.parents[2].name in names else names


def test_a_search_ends_below_a_ceiling_and_never_before_its_start(deep, tmp_path):
    ceiling = lambda *paths: found(deep, GIT_CEILING_DIRECTORIES=os.pathsep.join(map(str, paths)))  # noqa: E731 said often
    assert found(deep) == ["c", "b", "a", tmp_path.name]
    assert ceiling(tmp_path / "a") == ["c", "b"]
    assert ceiling(deep) == ["c", "b", "a", tmp_path.name]
    assert ceiling("/nowhere", tmp_path / "a" / "b") == ["c"]
    assert ceiling(tmp_path / "link") == ["c", "b"]
    assert ceiling("", tmp_path / "link") == ["c", "b", "a", tmp_path.name]
    assert ceiling("", tmp_path / "a") == ["c", "b"]
    assert ceiling(tmp_path / "link", "", "/nowhere") == ["c", "b"]
    assert ceiling("a", "relative") == ["c", "b", "a", tmp_path.name]


@pytest.mark.parametrize(
    ("across", "is_crossed"), [("", False), ("0", False), ("1", True), ("TRUE", True), ("Yes", True)]
)
def test_a_search_ends_at_another_file_system_unless_it_may_cross(deep, monkeypatch, across, is_crossed):
    monkeypatch.setattr(discovery, "_device", lambda folder: 1 if folder in {deep, deep.parent} else 2)
    names = found(deep, GIT_DISCOVERY_ACROSS_FILESYSTEM=across)
    assert names == (["c", "b", "a", names[-1]] if is_crossed else ["c", "b"])


def test_a_folder_that_cannot_be_asked_ends_no_search(deep, monkeypatch):
    monkeypatch.setattr(discovery, "_device", lambda folder: None if folder == deep else 2)
    assert len(found(deep)) == 4
    monkeypatch.undo()
    assert discovery._device(deep / "none") is None


def test_why_nothing_can_be_written_is_a_clause(tmp_path, monkeypatch):
    repo = new_repo(tmp_path / "r")
    assert location.cannot_write(repo) == ""
    before = sorted(path for path in (repo / ".git").rglob("*") if path.is_file())
    assert location.cannot_write(repo) == ""
    assert sorted(path for path in (repo / ".git").rglob("*") if path.is_file()) == before
    assert location.cannot_write(Path("/nowhere")) == "the repository's git directory cannot be reached from here"

    def refuse(path):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(location, "_probe", refuse)
    assert location.cannot_write(repo) == (
        "the repository's git directory cannot be written from here (read-only file system)"
    )


def test_a_worktree_that_names_no_git_directory_says_which(tmp_path):
    repo = new_repo(tmp_path / "r")
    git(repo, "worktree", "add", "-q", "../linked")
    (repo / ".git" / "worktrees" / "linked" / "commondir").write_text("../../gone\n")
    record = repo / ".git" / "worktrees" / "linked"
    assert told(lambda: common_dir(tmp_path / "linked")) == (
        f"not-found: {record}/../../gone is not a git directory, although {record} names it. $ git worktree repair"
    )
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / ".git").write_text("no such line\n")
    (tmp_path / "plain" / "HEAD").write_text("x")
    assert told(lambda: common_dir(tmp_path / "plain", {"GIT_CEILING_DIRECTORIES": str(tmp_path)})).startswith(
        "not-found: "
    )


def test_a_question_without_an_answer_has_its_sentence(opened, repo, request):
    ledger = opened(repo)
    held = lambda name: lambda: ledger.hold(name, 0.1).__enter__()  # noqa: E731 said often
    acts = {
        "a record": lambda: ledger.record(99),
        "the record before the first": lambda: ledger.record(-1),
        "a message": lambda: ledger.message(MessageId("m9")),
        "a commit": lambda: ledger.in_commit("0" * 12),
        "a commit of something else": lambda: ledger.in_commit(git(repo, "rev-parse", "main")),
        "a commit of a record": lambda: ledger.in_commit(git(repo, "rev-parse", REF)[:12]).record.seq,
        "a file of a run": lambda: ledger.file(RUN, "sha256:" + "0" * 64),
        "a file of the ledger": lambda: ledger.file(None, "0" * 64),
        "a run": lambda: ledger.state(RunId("none-0000")),
        "the records of a run": lambda: list(ledger.records(RunId("none-0000"))),
        "the newest records of a run": lambda: list(ledger.newest(RunId("none-0000"))),
        "the span of a run": lambda: ledger.span(RunId("none-0000")),
        "the span of a run that is there": lambda: ledger.span(RUN),
        "a verified run": lambda: ledger.verified(RunId("none-0000")),
        "a verified run that is there": lambda: [one.seq for one in ledger.verified(RUN).records],
        "a lock with an odd name": held("../x"),
        "a lock without a name": held(""),
        "a run with an odd name": lambda: ledger.append(RunId("../x"), HOST, AT, lambda _: [renewed(1)]),
    }
    assert_told("answers.txt", acts, request, main=git(repo, "rev-parse", "main"))


def test_what_is_in_the_way_of_the_ledger_s_own_files_is_named_with_the_command_that_moves_it_aside(tmp_path):
    (tmp_path / "gitorch").touch()
    assert told(lambda: lock.folder(tmp_path)) == (
        f"unavailable: {tmp_path}/gitorch is in the way: gitorch needs this name for itself."
        f" $ mv {tmp_path}/gitorch {tmp_path}/gitorch.aside"
    )
    (tmp_path / "gitorch").unlink()
    (tmp_path / "gitorch" / "ledger.lock").mkdir(parents=True)
    assert told(lambda: lock.hold(tmp_path, "ledger", 0.0).__enter__()) == (
        f"unavailable: {tmp_path}/gitorch/ledger.lock is in the way: gitorch needs this name for itself."
        f" $ mv {tmp_path}/gitorch/ledger.lock {tmp_path}/gitorch/ledger.lock.aside"
    )


def other_clone(repo, tmp_path, records: int):
    """A clone with that many records more, whose objects the repository has."""
    git(tmp_path, "clone", "-q", "--bare", str(repo), "other.git")
    fill(open_ledger(tmp_path / "other.git"), records)
    git(repo, "fetch", "-q", str(tmp_path / "other.git"), f"{REF}:refs/remotes/other")
    return CommitId(git(repo, "rev-parse", "refs/remotes/other"))


def test_the_branch_follows_the_records_of_another_clone(opened, repo, tmp_path):
    tip = other_clone(repo, tmp_path, 3)
    ledger = opened(repo)
    assert ledger.follow(tip) == 3
    assert ledger.follow(tip) == 0
    assert git(repo, "rev-parse", REF) == tip
    assert [one.record.seq for one in ledger.newest()] == [8, 7, 6, 5, 4, 3, 2, 1, 0]
    assert opened(repo).state(RUN) == ledger.state(RUN)


def test_the_branch_follows_no_other_history(opened, repo, tmp_path):
    before = git(repo, "rev-parse", REF)
    stranger = git(repo, "rev-parse", "main")
    assert told(lambda: opened(repo).follow(CommitId(stranger))).startswith("corrupt: ")
    assert git(repo, "rev-parse", REF) == before
    fill(opened(repo), 1)


def test_a_branch_that_moves_while_it_follows_is_busy(repo, tmp_path):
    tip = other_clone(repo, tmp_path, 2)
    common = common_dir(repo)

    class Moved(BranchStore):
        def forward(self, *_):
            return False

    ledger = GitLedger(Moved(common), GitHistory(common, ENV), common, count)
    assert told(lambda: ledger.follow(tip)) == f"busy: {REF} was moved while it was read. $ try again"


def test_a_ref_is_read_wherever_git_keeps_it_and_anything_else_is_named(repo, request):
    common = common_dir(repo)
    ref = common / REF
    tip = git(repo, "rev-parse", REF)
    git(repo, "pack-refs", "--all")
    assert not ref.exists()
    assert BranchStore(common).tip() == tip
    ref.parent.mkdir(exist_ok=True)
    odd = {
        "a symbolic ref": "ref: refs/heads/main\n",
        "a short id": tip[:39] + "\n",
        "an id in capitals": "A" * 40,
        "a long text": "x" * 70,
        "nothing": "",
        "bytes that are no text": b"\xff",
    }
    acts = {}
    for name, text in odd.items():

        def act(text=text):
            ref.write_bytes(text if isinstance(text, bytes) else text.encode())
            return BranchStore(common).tip()

        acts[name] = act
    assert_told("refs.txt", acts, request, tip=tip[:39])
    ref.unlink()
    ref.mkdir()
    assert BranchStore(common).tip() is None
