"""Runs played by the rules up to the moment at which a record is forged. Each scene is played once; nothing changes its state."""

from __future__ import annotations

from functools import cache

from play import HUMAN, RUN, SETTINGS, Play, commit, digest

from gitorch.model import commands as c
from gitorch.model import events as e
from gitorch.model.ids import NO_DIGEST, Moment
from gitorch.model.plans.approval import Grade
from gitorch.model.plans.forge import PushAs
from gitorch.model.record import Actor, ActorKind, Record
from gitorch.model.values import replace
from gitorch.model.work.artifact import ArtifactKind, Document, Outcome
from gitorch.model.work.proposal import Proposal
from gitorch.rules.evolve import evolve

API = Actor(ActorKind.AGENT, "api", "desk", "s1")
PUSHING = replace(SETTINGS, push_remote="origin")
MANUAL = replace(SETTINGS, manual=True, test_command="")
LATER = Moment(1_800_000_000_000)


def nothing() -> Play:
    return Play()


def running() -> Play:
    """Agents are at work on api (s1) and on ui (s2)."""
    play = Play()
    play.begin({"api": (), "ui": ()})
    play.launch("api")
    play.launch("ui")
    return play


def settled() -> Play:
    """The host has taken the git settings of its own clone for the run."""
    play = running()
    play.do(c.TakeSettings({}))
    return play


def queued() -> Play:
    """An agent is at work on api; ui waits in the queue."""
    play = Play()
    play.begin({"api": (), "ui": ()})
    play.launch("api")
    return play


def nudged() -> Play:
    play = running()
    play.do(c.Nudge("s1"))
    play.do(c.AcceptOutboxEntry("s1", "report.yaml", digest("entry")))
    return play


def dead() -> Play:
    play = running()
    play.do(c.EndSession("s1", "killed"))
    return play


def concerned() -> Play:
    play = running()
    play.submit_handoff("api", "DONE_WITH_CONCERNS", concerns=("It is slow",))
    return play


def reviewing() -> Play:
    """api and ui are handed in at their first commits; a reviewer (s3) is at work on api.spec."""
    play = running()
    for job in ("api", "ui"):
        play.submit_handoff(job)
        play.check(job)
    play.launch("api.spec")
    return play


def target_under_test() -> Play:
    """Agents wait for the tests of the target."""
    play = Play()
    play.begin({"api": ()}, replace(SETTINGS, test_target=True))
    return play


def finished(settings=SETTINGS) -> Play:
    """api is through its gate, and its checkpoint waits for a report."""
    play = Play()
    play.begin({"api": ()}, settings)
    play.finish("api")
    return play


def reported() -> Play:
    play = finished()
    play.report()
    return play


def unattended() -> Play:
    """The least grade is that of an unattended approval, which the configuration did not allow."""
    play = finished(replace(SETTINGS, approval_at_least=Grade.UNATTENDED))
    play.report()
    return play


def proposed() -> Play:
    """The report is proposed as a pull request."""
    play = finished(replace(SETTINGS, forge_keys="forge ssh-ed25519 AAAA\n"))
    play.report()
    play.do(c.ProposeMerge(Proposal(digest("report"), "origin", commit("proposal"))), HUMAN)
    return play


def put_up() -> Play:
    """The branches of the approved report are pull requests."""
    play = finished(replace(SETTINGS, push_remote="origin", push_as=PushAs.PULL_REQUEST))
    play.report()
    play.approve()
    return play


def approved() -> Play:
    play = reported()
    play.approve()
    return play


def merged() -> Play:
    play = finished(PUSHING)
    play.report()
    play.approve()
    play.merge()
    return play


def decided() -> Play:
    play = running()
    play.do(c.Decide("api", Outcome.ACCEPTED, "It is fine"), HUMAN)
    return play


def published() -> Play:
    play = running()
    command = c.PublishArtifact(
        digest("token s1"), "notes", ".gitorch/n.md", digest("v1"), 10, Document(ArtifactKind.OTHER)
    )
    play.do(command, API)
    return play


def claimed() -> Play:
    play = Play()
    play.begin({"api": (), "ui": ()}, MANUAL)
    play.claim("api")
    return play


def late() -> Play:
    """A report of the dead session s1 was kept as h1."""
    play = dead()
    play.launch("api")
    play.submit_handoff("api", by="s1")
    return play


def adopted() -> Play:
    play = late()
    facts = c.WorkFacts(commit("api-1"), (), 1, ("a.py",))
    play.do(c.AdoptLateHandoff("h1", facts, "It is sound"), HUMAN)
    return play


def empty_late() -> Play:
    """A forged late handoff h9 is neither a report nor a verdict."""
    play = late()
    kept = replace(last(late, e.LateHandoffKept), late_handoff="h9", status=None)
    play.state = evolve(play.state, record(kept, API))
    return play


played = cache(lambda scene: scene())
"""Each scene is played once; nothing changes its state."""


def last(scene, kind: type):
    """The newest event of this type in a scene."""
    return [event for event in played(scene).events if isinstance(event, kind)][-1]


def record(event, actor: Actor, run=RUN) -> Record:
    return Record(999, NO_DIGEST, LATER, run, actor, event)
