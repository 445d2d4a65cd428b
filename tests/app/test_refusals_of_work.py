# ruff: noqa: ARG002 stand-ins take what their ports pass
"""Refusals of setting up, working and exporting: each says what is wrong and gives a command to type."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))

from cli_memory import TARGET, commit
from cli_stage import Stage
from fakes.git import FakeGit, FakeWorktrees
from fakes.remotes import FakeRemotes
from fakes.world import altered
from refusal_kit import (
    CALLER,
    CHECKED,
    OTHER,
    RUN,
    SITUATIONS,
    blind,
    cancelled,
    create,
    made_twice,
    publish,
    publish_a_link,
    run_of,
    started,
    tagged,
    two_runs,
    with_remote,
    with_worktrees,
)

from gitorch.app.query import anchors, exporting, syncing
from gitorch.app.query.exporting import ExportRequest
from gitorch.app.reconciler.tick import tick
from gitorch.app.sessions import sessions, worktrees
from gitorch.app.start import plan_files, prepare, workflows
from gitorch.app.work import claims, recovery
from gitorch.app.work.claims import ManualClaim
from gitorch.errors import Corrupt, Denied, Failed, NotFound, Refused, Unavailable, Usage
from gitorch.model.ids import JobId
from gitorch.model.plans.config import Config


@pytest.fixture
def stage(tmp_path):
    return Stage(folder=tmp_path)


START = [
    (
        "nothing",
        lambda s: plan_files.read_plan(s.services, s.folder / "no.md", None),
        NotFound,
        "no.md cannot be read: no such file",
        "ls ",
    ),
    (
        "nothing",
        lambda s: workflows.bytes_of(s.folder / "no.yaml", "no.yaml"),
        NotFound,
        "no.yaml cannot be read: no such file",
        "ls ",
    ),
    (
        "nothing",
        lambda s: workflows.write_new(s.folder, "here", "x"),
        Refused,
        "here is there already and stays as it is",
        "rm here",
    ),
    (
        "a file",
        lambda s: workflows.write_new(s.folder / "file/below", "below", "x"),
        Refused,
        "below cannot be written: ",
        "ls -ld ",
    ),
    (
        "nothing",
        lambda s: prepare.prepare_run(s.services, CALLER, CHECKED, "end_only", "typed"),
        Refused,
        "p.md has problems and cannot be started",
        "gitorch check p.md",
    ),
]

SESSIONS = [
    (
        "nothing",
        lambda _: sessions.checked_name("../x"),
        Usage,
        "'../x' ",
        "gitorch session create helper --runtime claude",
    ),
    (
        "nothing",
        lambda s: create(s, runtime=""),
        NotFound,
        "there is no runtime (none is configured)",
        "gitorch doctor",
    ),
    ("nothing", lambda s: create(s, runtime="vim"), NotFound, "there is no runtime vim", "gitorch doctor"),
    (
        "nothing",
        lambda s: create(s, runtime="scripted"),
        Unavailable,
        "scripted of runtime scripted is not on PATH",
        "gitorch doctor",
    ),
    (
        "nothing",
        lambda s: create(s, runtime="there", target="trunk"),
        NotFound,
        "the branch trunk that its work would start from",
        "git branch trunk",
    ),
    (
        "one",
        lambda s: create(s, "api", runtime="there"),
        Refused,
        "api is an agent of run auth-7f3a",
        "gitorch session list auth-7f3a",
    ),
    (
        "one",
        lambda s: sessions.find_agent(s.services, "db", None),
        NotFound,
        "no run that is open has a job or session db",
        "gitorch session list",
    ),
    (
        "two",
        lambda s: sessions.find_agent(s.services, "api", None),
        Usage,
        "several runs have api: auth-7f3a, auth-9c2d",
        "gitorch session list auth-7f3a",
    ),
    (
        "nothing",
        lambda s: worktrees.create(s.services, "try", "trunk"),
        NotFound,
        "'trunk' is not a local branch to start from",
        "git branch --list",
    ),
    ("nothing", lambda s: worktrees.create(s.services, "-x", "main"), Usage, "'-x' ", "gitorch session create"),
    (
        "nothing",
        lambda s: worktrees.create(blind(s), "try", "main"),
        Failed,
        "git made no worktree at ",
        "git worktree list",
    ),
    (
        "nothing",
        lambda s: made_twice(with_worktrees(s)),
        Refused,
        "there is a worktree try already, at ",
        "gitorch worktree list",
    ),
    (
        "nothing",
        lambda s: worktrees.remove(with_worktrees(s), "try"),
        NotFound,
        "there is no worktree 'try'",
        "gitorch worktree list",
    ),
]

WORK = [
    (
        "one",
        lambda s: recovery.adopt(s.services, CALLER, run_of(s), "h9", ""),
        NotFound,
        "keeps no late handoff h9; it keeps none",
        "gitorch recover auth-7f3a",
    ),
    (
        "one",
        lambda s: recovery.requeue(s.services, CALLER, run_of(s), "db", ""),
        NotFound,
        "has no job db",
        "gitorch status auth-7f3a",
    ),
    (
        "one",
        lambda s: recovery.cancel_job(s.services, CALLER, run_of(s), "a", ""),
        Usage,
        "a could be any of",
        "gitorch why api",
    ),
    (
        "one",
        lambda s: recovery.decide(s.services, CALLER, None, "db", ("accepted", "", "")),
        NotFound,
        "has no job db",
        "gitorch status auth-7f3a",
    ),
    (
        "one",
        lambda s: claims.claimed_session(s.services, ManualClaim(CALLER, s.folder)),
        Denied,
        "you hold no lease",
        "gitorch claim",
    ),
    (
        "one",
        lambda s: claims.claimed_session(s.services, ManualClaim(CALLER, s.folder, "api")),
        Denied,
        "you hold no lease on api",
        "gitorch claim api",
    ),
    (
        "claimed two",
        lambda s: claims.claimed_session(s.services, ManualClaim(CALLER, s.folder)),
        Usage,
        "several leases are yours: api, ui",
        "gitorch brief --job api",
    ),
    (
        "nothing",
        lambda s: publish(s, name_or_path="x.md"),
        NotFound,
        "x.md does not exist in the worktree of api",
        "ls ",
    ),
    (
        "nothing",
        lambda s: publish(s, name_or_path="x.md", kind="poem"),
        Usage,
        "'poem' is not a kind of artifact",
        "gitorch publish PATH --kind other",
    ),
    ("nothing", lambda s: publish(s, name_or_path="../x.md"), Refused, "../x.md ", "gitorch publish PATH"),
    ("nothing", publish_a_link, Refused, "x.md is a link", "gitorch publish PATH"),
]

RECORDS = [
    (
        "one",
        lambda s: exporting.export(s.services, ExportRequest(), s.folder, "here"),
        Refused,
        "here is there already",
        "gitorch export ANOTHER_FOLDER",
    ),
    (
        "one",
        lambda s: exporting.export(s.services, ExportRequest(first=99), s.folder / "x", "x"),
        NotFound,
        "there is no record in this range",
        "gitorch log -n 5",
    ),
    (
        "a file",
        lambda s: exporting.export(s.services, ExportRequest(), s.folder / "file/x", "x"),
        Refused,
        " cannot be written: ",
        "df -h .",
    ),
    (
        "nothing",
        lambda s: exporting.verify_export(s.folder, "here"),
        NotFound,
        "here is not an export: it has no ",
        "ls here",
    ),
    (
        "nothing",
        lambda s: syncing.choose_remote(s.services, ""),
        NotFound,
        "there is no remote origin; there is none",
        "git remote -v",
    ),
    (
        "nothing",
        lambda s: syncing.sync(with_remote(s), "origin"),
        NotFound,
        "there is no ledger, neither here nor at origin",
        "gitorch init",
    ),
    (
        "one",
        lambda s: anchors.check_tag(tagged(s, None, ledger=False), 3, TARGET, "v1"),
        NotFound,
        "there is no tag 'v1'",
        "git tag --list",
    ),
    (
        "one",
        lambda s: anchors.check_tag(tagged(s, commit("x"), ledger=False), 3, TARGET, "v1"),
        NotFound,
        "which is not a record of a ledger",
        "git show --stat v1",
    ),
    ("empty", lambda s: tick(s.services, RUN), NotFound, "here is no run auth-7f3a", ""),
]


@pytest.mark.parametrize(("situation", "act", "error", "message", "hint"), [*START, *SESSIONS, *WORK, *RECORDS])
def test_a_refusal_names_the_thing_and_gives_a_command(stage, situation, act, error, message, hint):
    SITUATIONS[situation](stage)
    with pytest.raises(error) as raised:
        act(stage)
    assert message in raised.value.message
    assert raised.value.hint.startswith(hint)


def test_a_worktree_of_a_run_is_removed_only_when_the_run_is_over(stage):
    started(stage)
    base = stage.folder.parent / "trees"
    repository = with_worktrees(stage, config=Config(base_path=str(base)))
    claimed = claims.claim(repository, CALLER, "api", None)
    with pytest.raises(Refused, match="api belongs to run auth-7f3a, which is running"):
        worktrees.remove(repository, "api")
    cancelled(stage, RUN)
    assert worktrees.remove(repository, f"{RUN}/api").path == claimed.worktree


def test_a_worktree_whose_name_two_runs_use_needs_its_full_name(stage):
    two_runs(stage)
    repository = with_worktrees(stage, config=Config(base_path=str(stage.folder.parent / "trees")))
    for run in (RUN, OTHER):
        claims.claim(repository, CALLER, "api", run)
    with pytest.raises(Refused, match=r"api could be any of auth-7f3a/api, auth-9c2d/api"):
        worktrees.remove(repository, "api")


def test_a_dirty_worktree_is_kept_with_the_reason(stage):
    repository = with_worktrees(stage)
    made = worktrees.create(repository, "try", "main")
    repository.worktrees.git.checkouts[made.path].files["new.txt"] = "x"
    with pytest.raises(Refused) as raised:
        worktrees.remove(repository, "try")
    assert raised.value.hint == f"git -C {made.path} status"


def test_a_claim_whose_worktree_cannot_be_made_is_given_back(stage):
    started(stage)

    class Full(FakeWorktrees):
        def ensure(self, *words, **more):
            raise Failed("no space is left")

    with pytest.raises(Failed, match="no space is left"):
        claims.claim(altered(stage.services, worktrees=Full(FakeGit())), CALLER, "api", None)
    assert run_of(stage).jobs[JobId("api")].lease is None


def test_ledgers_that_diverged_are_not_synced(stage):
    started(stage)

    class Diverged(type(stage.git)):
        def has(self, commit_):
            return True

        def contains(self, ancestor, descendant):
            return False

    remotes = FakeRemotes(FakeGit())
    remotes.held["origin"] = {syncing.LEDGER_REF: commit("theirs")}
    with pytest.raises(Refused, match="went different ways, and are never merged"):
        syncing.sync(altered(stage.services, git=Diverged(), remotes=remotes), "origin")


def test_a_remote_that_refuses_the_ledger_is_unavailable(stage):
    started(stage)

    class Refusing(FakeRemotes):
        def push(self, remote, refs):
            return "remote: no\nmore"

    remotes = Refusing(FakeGit())
    remotes.held["origin"] = {}
    with pytest.raises(Unavailable, match="origin did not take the ledger: remote: no"):
        syncing.sync(altered(stage.services, remotes=remotes), "origin")


def test_a_broken_chain_is_not_exported(stage):
    started(stage)
    records = list(stage.ledger.records())

    class Broken(type(stage.ledger)):
        def records(self, run=None, after=-1):
            return iter((records[0], records[2]))

    broken = Broken()
    broken.__dict__.update(stage.ledger.__dict__)
    with pytest.raises(Corrupt, match="does not name the digest of the record before it"):
        exporting.export(altered(stage.services, ledger=broken), ExportRequest(), stage.folder / "x", "x")
