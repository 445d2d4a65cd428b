# ruff: noqa: ARG002 stand-ins take what their ports pass
"""Calls that meet a fault: a damaged ledger, a lost race, a full disk, a lease that ran out, somebody who may not."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))

from cli_memory import commit
from fakes.git import FakeGit
from fakes.remotes import FakeRemotes
from fakes.worktrees import FakeWorktrees
from fakes.world import FakeClock, FakeOutboxes, FakeSignatures, altered
from refusal_kit import CALLER, OTHER, RUN, held_session, run_of

from gitorch.app.executing.execute import Caller
from gitorch.app.people import keys, signing
from gitorch.app.query import syncing
from gitorch.app.reconciler.loop import loop, settle
from gitorch.app.reconciler.one_job import take_one_job
from gitorch.app.sessions import worktrees
from gitorch.app.work import claims, outbox, recovery, submissions
from gitorch.app.work.outbox import Sandbox
from gitorch.app.work.submissions import AgentCredential
from gitorch.errors import Busy, Corrupt, Failed, Refused
from gitorch.model.plans.approval import Grade, Guard, SigningKey
from gitorch.model.plans.config import Config
from gitorch.model.plans.workflow import Settings
from gitorch.model.record import Actor, ActorKind
from gitorch.model.submission import OutboxEntry, ReportText
from gitorch.model.work.board import State
from gitorch.model.work.review import ReportStatus
from gitorch.text import outbox_entry as entries

AGENT = Caller(Actor(ActorKind.AGENT, "api", "desk", "s1"), RUN, "its token is in the environment")
NOBODY = Caller(Actor(ActorKind.AGENT, "unknown", "desk"), RUN, "it is a child of gitorch")
OPERATOR = Caller(Actor(ActorKind.OPERATOR, "bob", "desk"), None, "GITORCH_OPERATOR is set")
KEY = SigningKey("key", "ssh-ed25519 AAAA", Guard.NONE)
TOKEN = "ghp_" + "a1B2" * 9
REPORT = ReportText(ReportStatus.DONE, "api is done")
WHY = "the folder is read-only"
DAY = 24 * 60 * 60 * 1000


# Keys


class Ring(FakeSignatures):
    """Reads `key` as the key above, and nothing else."""

    def read_key(self, named):
        return KEY if named == "key" else SigningKey(named, "", Guard.NONE)


def with_approvers(stage, text):
    """The repository with this file of allowed signers."""
    stage.files.held[stage.folder / keys.APPROVERS] = text.encode()
    return altered(stage.services, signatures=Ring(KEY))


class Scribble(Ring):
    """Signs whatever it is given in the same way."""

    def sign(self, text, key, namespace):
        return "a scribble"


class Untouched(Ring):
    """Signs as a security key does that asks for no touch."""

    def was_touched(self, signature):
        return False


def sign_in_vain(stage, ring=Scribble):
    """A signature that the run's allowed signers do not accept."""
    settings = Settings(approval_at_least=Grade.SIGNED, approval_signers=f"ada {KEY.public}\n")
    stage.until_report(settings)
    return signing.sign(altered(stage.services, signatures=ring(KEY)), run_of(stage), run_of(stage).report)


def sign_untouched(stage):
    """A signature that any program could have had the security key make."""
    return sign_in_vain(stage, Untouched)


# The ledger


def changed_ledger(stage, **methods):
    """The repository with a ledger that answers otherwise in these methods."""
    other = type("Changed", (type(stage.ledger),), methods)()
    vars(other).update(vars(stage.ledger))
    return altered(stage.services, ledger=other)


def forgetful(stage):
    """The repository with a ledger that lists a run and does not have it."""
    real = stage.ledger.state

    def state(_, run):
        return State(real(None).board, None) if run is not None else real(None)

    return changed_ledger(stage, state=state)


def with_gap(stage):
    """The repository with a ledger that lacks the second of its records."""
    records = list(stage.ledger.records())
    return changed_ledger(stage, records=lambda *_: iter((records[0], records[2])))


def damaged(stage):
    fault = Corrupt("The branch gitorch/ledger is missing.", "git branch gitorch/ledger abc")
    return changed_ledger(stage, damage=lambda _: fault)


def settle_damaged(stage):
    """Settle a run whose records do not hold."""
    real = stage.ledger.state

    def state(_, run):
        if run is None:
            return real(None)
        raise Corrupt("record 2 is not what it should be", "gitorch verify")

    return settle(changed_ledger(stage, state=state), RUN)


def take_from_a_damaged_ledger(stage):
    """Take one job while the ledger that hosts share is not what it was."""

    def refresh(_):
        raise Corrupt("record 2 is not what it should be", "gitorch verify")

    return take_one_job(changed_ledger(stage, refresh=refresh), str)


def settle_beside(stage):
    """Settle a run while something else than `gitorch up` ticks."""
    with stage.ledger.hold("up"):
        return settle(stage.services, RUN)


def second_up(stage):
    """Start `gitorch up` while it runs."""
    with stage.ledger.hold("driver"):
        return loop(stage.services, None, stay=False, drives=True)


# Remotes


def sync_with(stage, remotes, **more):
    remotes.held["origin"] = more.pop("held", {})
    return syncing.sync(altered(stage.services, remotes=remotes, **more), "origin")


def sync_apart(stage):
    """Each ledger has records that the other lacks."""

    class Apart(type(stage.git)):
        def has(self, commit_):
            return True

        def contains(self, ancestor, descendant):
            return False

    return sync_with(stage, FakeRemotes(FakeGit()), held={syncing.LEDGER_REF: commit("theirs")}, git=Apart())


def sync_refused(stage):
    remotes = FakeRemotes(FakeGit())
    remotes.hooks["origin"] = "remote: no\nmore"
    return sync_with(stage, remotes)


# Worktrees


def in_trees(stage):
    return altered(stage.services, config=Config(base_path=str(stage.folder.parent / "trees")))


def remove_claimed(stage):
    repository = in_trees(stage)
    claims.claim(repository, CALLER, "api", None)
    worktrees.remove(repository, "api")


def remove_ambiguous(stage):
    repository = in_trees(stage)
    for run in (RUN, OTHER):
        claims.claim(repository, CALLER, "api", run)
    worktrees.remove(repository, "api")


def remove_dirty(stage):
    repository = in_trees(stage)
    made = worktrees.create(repository, "try", "main")
    repository.worktrees.git.checkouts[made.path].files["new.txt"] = "x"
    worktrees.remove(repository, "try")


def claim_without_space(stage):
    class Full(FakeWorktrees):
        def ensure(self, *words, **more):
            raise Failed("no space is left", "df -h .")

    return claims.claim(altered(stage.services, worktrees=Full(FakeGit())), CALLER, "api", None)


# Work


def credential(stage, job="api"):
    return AgentCredential(RUN, f"token of {stage.run.jobs[job].session}")


def submit_late(stage):
    """A report of a manual worker whose lease has run out."""
    held_session(stage)
    stage.clock.moment += DAY
    claim = claims.ManualClaim(CALLER, stage.folder, "api")
    return submissions.submit_handoff(stage.services, claim, REPORT)


def ended_late(stage):
    """What `refuse_late` raises once the lease has run out and that is recorded."""
    held_session(stage)
    stage.clock.moment += DAY
    recovery.apply(stage.services, CALLER, None, "")
    run, session, _ = held_session(stage)
    return claims.refuse_late(run, session, "h1")


def recover_as_operator(stage):
    """Adopt what came late, as somebody who may not."""
    with contextlib.suppress(Refused):
        submit_late(stage)
    return recovery.apply(stage.services, OPERATOR, None, "")


def answered(stage, token, **content):
    """What an entry with this token in the agent's outbox is answered, as the agent's side raises it."""
    repository = altered(stage.services, outboxes=FakeOutboxes())
    worktree = repository.paths.worktree(stage.run, stage.run.jobs["api"].session)
    content = content or {"report": REPORT}
    entry = OutboxEntry(RUN, token, "1", **content)
    name = "report-1.json" if "report" in content else "verdict-1.json"
    repository.outboxes.post(worktree, name, entries.encode(entry))
    outbox.collect(repository, stage.run)
    return outbox.leave(Sandbox(repository.outboxes, FakeClock(), worktree, WHY), entry)


def collect_from_busy(stage):
    stage.begin_run().launch("api")
    busy = Busy("eight others write", "try again")

    def append(*_):
        raise busy

    outboxes = FakeOutboxes()
    repository = altered(changed_ledger(stage, append=append), outboxes=outboxes)
    worktree = repository.paths.worktree(stage.run, stage.run.jobs["api"].session)
    entry = OutboxEntry(RUN, credential(stage).token, "1", REPORT)
    outboxes.post(worktree, "report-1.json", entries.encode(entry))
    return outbox.collect(repository, stage.run)
