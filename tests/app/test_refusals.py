# ruff: noqa: ARG002 stand-ins take what their ports pass
"""Every refusal of the app says what is wrong and gives a command to type, whatever the caller asked for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))

from cli_memory import TARGET, commit
from cli_stage import HOST, HUMAN, RUN, Stage, workflow
from fakes.git import FakeGit, FakeRemotes, FakeWorktrees
from fakes.world import FakePrograms, altered

from gitorch.app.execute import Caller, execute, only_people
from gitorch.app.people import decisions, mailbox, messages
from gitorch.app.query import anchors, exporting, lookup, runs, syncing
from gitorch.app.query.exporting import ExportRequest
from gitorch.app.reconciler.tick import tick
from gitorch.app.sessions import sessions, worktrees
from gitorch.app.start import plan_files, preflight, prepare, workflows
from gitorch.app.work import artifacts, claims, recovery
from gitorch.app.work.artifacts import PublishRequest
from gitorch.app.work.claims import ManualClaim
from gitorch.errors import Corrupt, Denied, Failed, NotFound, Refused, Unavailable, Usage
from gitorch.model import commands as c
from gitorch.model.config import Config
from gitorch.model.ids import Digest, JobId, RunId
from gitorch.model.message import PRINCIPAL
from gitorch.model.plan import Plan
from gitorch.model.record import Actor, ActorKind
from gitorch.model.runtime import Preset
from gitorch.model.workflow import Settings

OTHER = RunId("auth-9c2d")
CALLER = Caller(HUMAN)
PERSON = messages.Party(HUMAN, PRINCIPAL)
CHECKED = preflight.CheckResult(Plan("p.md", "P", (), "sha256:x"), ())


@pytest.fixture
def stage(tmp_path):
    return Stage(folder=tmp_path)


def started(stage, run=RUN, needs=("api", "ui")):
    """A run under way; several may be."""
    if not stage.ledger.exists():
        stage.ledger.create(HUMAN, stage.clock.now(), "L")
    flow = workflow(dict.fromkeys(needs, ()))
    prepare_run = c.PrepareRun(run, "Sign in", "plan.md", Digest(f"sha256:{run}"), "main", TARGET, flow)
    settings = Settings(worktrees=str(stage.folder.parent / "trees"))
    execute(stage.services, run, HUMAN, (prepare_run, c.ConfirmRun(settings, "typed")))
    execute(stage.services, run, HOST, c.StartRun())
    return stage.ledger.state(run).run


def two_runs(stage):
    started(stage)
    started(stage, OTHER)


def cancelled(stage, run):
    execute(stage.services, run, HUMAN, c.CancelRun("enough"))


def two_cancelled_runs(stage):
    two_runs(stage)
    for run in (RUN, OTHER):
        claims.claim(with_worktrees(stage), CALLER, "api", run)
        cancelled(stage, run)


def escalated(stage):
    """A question with options is open."""
    stage.begin_run()
    escalation = c.Escalate("x:1", "It broke.", "Nothing.", "none", "Go on?", ("retry_it", "retry_all", "stop"))
    stage.do(escalation)


def claimed_two(stage):
    started(stage)
    services = with_worktrees(stage)
    for job in ("api", "ui"):
        claims.claim(services, CALLER, job, None)


def with_worktrees(stage, **more):
    """The stage's repository with worktrees that git really has, in memory."""
    git = FakeGit()
    git.commits[TARGET] = git.commits[git.write("main", {"README.md": "one\n"}, "begin")]
    git.tips["main"] = TARGET
    return altered(stage.services, worktrees=FakeWorktrees(git), **more)


def held_session(stage):
    """The session of a claim, with its run and actor, as `publish` gets it."""
    if not stage.ledger.exists():
        started(stage)
        claims.claim(with_worktrees(stage), CALLER, "api", None)
    run = stage.ledger.state(RUN).run
    return run, next(iter(run.sessions.values())), HUMAN


def publish(stage, **request):
    return artifacts.publish(stage.services, held_session(stage), stage.folder, PublishRequest(**request))


class Files:
    """A worktree that holds a link where a document should be."""

    def inside(self, root, path, bytes_max):
        raise Refused("is a link")


def publish_a_link(stage):
    holder = held_session(stage)
    return artifacts.publish(altered(stage.services, files=Files()), holder, stage.folder, PublishRequest("x.md"))


LOOKUPS = [
    ("nothing", lambda s: lookup.require_ledger(s.services), NotFound, "has no gitorch ledger", "gitorch init"),
    ("nothing", lambda s: lookup.find_run(s.services, None), NotFound, "has no gitorch ledger", "gitorch init"),
    ("empty", lambda s: lookup.find_run(s.services, None), NotFound, "there is no run yet", "gitorch start PLAN"),
    (
        "empty",
        lambda s: lookup.find_run(s.services, "x"),
        NotFound,
        "this repository has no run x; it has none",
        "gitorch status",
    ),
    ("one", lambda s: lookup.find_run(s.services, "x"), NotFound, "has no run x; it has auth-7f3a", "gitorch status"),
    (
        "two",
        lambda s: lookup.find_run(s.services, "auth"),
        Usage,
        "auth could be any of auth-7f3a, auth-9c2d",
        "gitorch status auth-7f3a",
    ),
    (
        "two",
        lambda s: lookup.find_run(s.services, None),
        Usage,
        "several runs are open: auth-7f3a, auth-9c2d",
        "gitorch status auth-7f3a",
    ),
    (
        "one",
        lambda s: lookup.find_job(run_of(s), "db"),
        NotFound,
        "run auth-7f3a has no job db; it has api, api.spec",
        "gitorch status auth-7f3a",
    ),
    (
        "one",
        lambda s: lookup.find_job(run_of(s), "a"),
        Usage,
        "a could be any of api, api.spec, approval",
        "gitorch why api",
    ),
    (
        "one",
        lambda s: lookup.find_session(s.services, "db", None),
        NotFound,
        "has no job or session db",
        "gitorch status auth-7f3a",
    ),
    (
        "one",
        lambda s: lookup.find_session(s.services, "ui", RUN),
        NotFound,
        "no agent has worked on ui yet",
        "gitorch why ui",
    ),
    (
        "one",
        lambda s: lookup.find_question(s.services, "q9", None),
        NotFound,
        "no run has a question q9",
        "gitorch inbox",
    ),
    (
        "one",
        lambda s: lookup.find_run_or_checkpoint(s.services, "api", None),
        Refused,
        "api has no checkpoint that waits",
        "gitorch inbox",
    ),
    (
        "two",
        lambda s: lookup.find_run_or_epic(s.services, "api", None),
        Usage,
        "api is in several runs: auth-7f3a, auth-9c2d",
        "gitorch report api --run auth-7f3a",
    ),
    (
        "two cancelled",
        lambda s: lookup.find_run_to_clean(s.services, None),
        Usage,
        "several runs can be cleaned up",
        "gitorch cleanup auth-7f3a",
    ),
    (
        "one",
        lambda s: runs.why_of(s.services, "db", None),
        NotFound,
        "has no job, question or session db",
        "gitorch status",
    ),
    (
        "one",
        lambda s: runs.report(s.services, None),
        NotFound,
        "run auth-7f3a has no merge report yet",
        "gitorch status auth-7f3a",
    ),
    ("nothing", lambda s: runs.runs(s.services), NotFound, "has no gitorch ledger", "gitorch init"),
]

PEOPLE = [
    (
        "one",
        lambda s: mailbox.find_message(s.services, None, "m9"),
        NotFound,
        "there is no message m9",
        "gitorch inbox",
    ),
    ("one", lambda s: mailbox.find_message(s.services, None, "x"), NotFound, "there is no message x", "gitorch inbox"),
    (
        "one",
        lambda s: mailbox.person_named(s.services, "eve"),
        NotFound,
        "no person is called @eve; there are @principal",
        "gitorch inbox",
    ),
    (
        "nothing",
        lambda s: messages.send(s.services, PERSON, ("@ada",), "hi", s.folder),
        NotFound,
        "has no gitorch ledger",
        "gitorch init",
    ),
    (
        "nothing",
        lambda s: messages.wait_for(s.services, PERSON, None),
        NotFound,
        "has no gitorch ledger",
        "gitorch init",
    ),
    (
        "two",
        lambda s: messages.send(s.services, PERSON, ("api",), "hi", s.folder),
        Usage,
        "several runs have api: auth-7f3a, auth-9c2d",
        "gitorch send api TEXT --run auth-7f3a",
    ),
    (
        "one",
        lambda s: messages.send(s.services, PERSON, ("@orchestrator",), "plan ready at x.md", s.folder),
        NotFound,
        "there is no file x.md, so no plan is ready there",
        "ls ",
    ),
    (
        "escalated",
        lambda s: decisions.answer(s.services, CALLER, "q1", (), None),
        Usage,
        "q1 takes one of: retry_it, retry_all, stop",
        "gitorch answer q1 retry_it",
    ),
    (
        "escalated",
        lambda s: decisions.answer(s.services, CALLER, "q1", ("no",), None),
        Usage,
        "q1 has no answer no; it has retry_it, retry_all, stop",
        "gitorch answer q1 retry_it",
    ),
    (
        "escalated",
        lambda s: decisions.answer(s.services, CALLER, "q1", ("retry",), None),
        Usage,
        "retry could be any of retry_it, retry_all",
        "gitorch answer q1 retry_it",
    ),
    (
        "one",
        lambda s: decisions.report_to_approve(run_of(s)),
        Refused,
        "has no merge report to approve; it is running",
        "gitorch status auth-7f3a",
    ),
    (
        "one",
        lambda s: decisions.cleanup_question(run_of(s)),
        Refused,
        "it is cleaned up when it is over",
        "gitorch cancel",
    ),
]

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
        "'trunk' is no local branch to start from",
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
        "'poem' is no kind of artifact",
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
        "here is no export: it has no ",
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
        "which is no record of a ledger",
        "git show --stat v1",
    ),
    ("empty", lambda s: tick(s.services, RUN), NotFound, "here is no run auth-7f3a", ""),
]

SITUATIONS = {
    "nothing": lambda _: None,
    "a file": lambda s: (started(s), (s.folder / "file").write_text("x")),
    "empty": lambda s: s.ledger.create(HUMAN, s.clock.now(), "L"),
    "one": started,
    "two": two_runs,
    "two cancelled": two_cancelled_runs,
    "escalated": escalated,
    "claimed two": claimed_two,
}


def run_of(stage):
    return stage.ledger.state(RUN).run


def create(stage, name="helper", *, runtime, target="main"):
    stage.programs = FakePrograms(there="1.0")
    stage.presets["there"] = Preset("there", ("there",))
    stage.config = Config(merge_target=target)
    return sessions.create(stage.services, CALLER, name, runtime, "")


def blind(stage):
    """A repository whose git makes worktrees and never lists them."""

    class Blind:
        def ensure(self, *words, **more):
            pass

        def below(self, folder):
            return ()

    return altered(stage.services, worktrees=Blind())


def made_twice(repository):
    worktrees.create(repository, "try", "main")
    return worktrees.create(repository, "try", "main")


def with_remote(stage):
    remotes = FakeRemotes(FakeGit())
    remotes.held["origin"] = {}
    return altered(stage.services, remotes=remotes)


def tagged(stage, tag, *, ledger):
    """The repository with a git that has one tag, which names a commit of another history."""

    class Tagged(type(stage.git)):
        def tag(self, name):
            return tag

        def is_ledger(self, commit_):
            return ledger

    return altered(stage.services, git=Tagged())


@pytest.mark.parametrize(
    ("situation", "act", "error", "message", "hint"), [*LOOKUPS, *PEOPLE, *START, *SESSIONS, *WORK, *RECORDS]
)
def test_a_refusal_names_the_thing_and_gives_a_command(stage, situation, act, error, message, hint):
    SITUATIONS[situation](stage)
    with pytest.raises(error) as raised:
        act(stage)
    assert message in raised.value.message
    assert raised.value.hint.startswith(hint)


def test_a_prefix_is_resolved_to_the_exact_name_then_to_the_only_one_that_begins_with_it():
    resolve = lambda name: lookup.resolve_prefix(name, ("api", "api.spec", "ui"), "job", "it", ("a", "b"))  # noqa: E731 said once
    assert (resolve("api"), resolve("api.s"), resolve("u")) == ("api", "api.spec", "ui")


def test_a_long_list_of_names_is_cut():
    with pytest.raises(NotFound, match=r"it has job-8, .* and 8 more$"):
        lookup.resolve_prefix("x", tuple(f"job-{n}" for n in range(20)), "job", "it", ("a", "b"))


def test_a_question_that_is_open_in_two_runs_needs_the_run(stage):
    for run in (RUN, OTHER):
        started(stage, run)
        escalation = c.Escalate("x:1", "It broke.", "Nothing.", "none", "Go on?", ("retry", "stop"))
        execute(stage.services, run, stage.services.host, escalation)
    with pytest.raises(Usage, match="q1 is open in several runs: auth-7f3a, auth-9c2d"):
        lookup.find_question(stage.services, "q1", None)
    assert lookup.find_question(stage.services, "q1", OTHER)[0].id == OTHER


def test_an_agent_is_denied_a_verb_for_people_with_the_evidence_and_the_attempt_is_recorded(stage):
    started(stage)
    agent = Caller(Actor(ActorKind.AGENT, "api", "desk", "s1"), RUN, "recognised as session s1")
    with pytest.raises(Denied, match=r"session s1 is an agent and may not approve \(recognised as session s1\)"):
        only_people(stage.services, agent, "approve")
    assert stage.ledger.written[-1].record.event.verb == "approve"


def test_an_operator_is_denied_what_only_the_principal_may(stage):
    started(stage)
    operator = Caller(Actor(ActorKind.OPERATOR, "bob", "desk"), None, "GITORCH_OPERATOR is set")
    with pytest.raises(Denied):
        only_people(stage.services, operator, "approve")


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
