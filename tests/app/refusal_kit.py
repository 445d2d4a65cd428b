# ruff: noqa: ARG002 stand-ins take what their ports pass
"""Situations in which the app refuses something, on a repository in memory.

A refusal is a row: the situation, the call, and the class, message and hint of the error that it raises.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))

from cli_memory import TARGET, commit
from cli_stage import BRIEF, HOST, HUMAN, RUN, UNATTENDED, workflow
from fakes.git import FakeGit
from fakes.remotes import FakeRemotes
from fakes.world import FakePrograms, altered

from gitorch.app.executing.execute import Caller, execute
from gitorch.app.people import decisions, messages
from gitorch.app.sessions import sessions, worktrees
from gitorch.app.start import preflight
from gitorch.app.work import artifacts, claims
from gitorch.app.work.artifacts import PublishRequest
from gitorch.errors import Refused
from gitorch.model import commands as c
from gitorch.model.events import RunPrepared
from gitorch.model.ids import Digest, JobId, RunId
from gitorch.model.plans.config import Config
from gitorch.model.plans.plan import Plan
from gitorch.model.plans.runtime import Preset
from gitorch.model.plans.workflow import Settings
from gitorch.model.values import replace
from gitorch.model.work.message import PRINCIPAL
from gitorch.model.work.review import Finding, Severity

OTHER = RunId("auth-9c2d")
CALLER = Caller(HUMAN)
PERSON = messages.Party(HUMAN, PRINCIPAL)
CHECKED = preflight.CheckResult(Plan("p.md", "P", (), "sha256:x"), ())


def started(stage, run=RUN, needs=("api", "ui")):
    """A run under way; several may be."""
    if not stage.ledger.exists():
        stage.ledger.create(HUMAN, stage.clock.now(), "L")
    flow = workflow(dict.fromkeys(needs, ()))
    prepare_run = c.PrepareRun(run, "Sign in", "plan.md", Digest(f"sha256:{run}"), "main", TARGET, flow)
    settings = Settings(worktrees=str(stage.folder.parent / "trees"))
    attached = {RunPrepared: {"brief.md": BRIEF}}
    execute(stage.services, run, HUMAN, (prepare_run, c.ConfirmRun(settings, "typed")), attached)
    execute(stage.services, run, HOST, c.StartRun())
    return stage.ledger.state(run).run


def merged_unrecorded(stage):
    """An approved run whose target git moved before the process was killed."""
    run = stage.until_report().run
    decisions.approve(stage.services, CALLER, run, run.report.digest, "typed")
    stage.git.tips["main"] = run.report.merged_commit


def target_moved(stage):
    """A report that waits for its approval, and a commit on the target beside it."""
    stage.until_report()
    stage.git.tips["main"] = stage.run.report.merged_commit


def two_runs(stage):
    started(stage)
    started(stage, OTHER)


def cancelled(stage, run):
    execute(stage.services, run, HUMAN, c.CancelRun("enough"))


def two_cancelled_runs(stage):
    two_runs(stage)
    for run in (RUN, OTHER):
        claims.claim(stage.services, CALLER, "api", run)
        cancelled(stage, run)


def escalated(stage):
    """A question with options is open."""
    stage.begin_run()
    escalation = c.Escalate("x:1", "It broke.", "Nothing.", "none", "Go on?", ("retry_it", "retry_all", "stop"))
    stage.do(escalation)


def claimed_two(stage):
    started(stage)
    services = stage.services
    for job in ("api", "ui"):
        claims.claim(services, CALLER, job, None)


def held_session(stage):
    """The session of a claim, with its run and actor, as `publish` gets it."""
    if not stage.ledger.exists():
        started(stage)
        claims.claim(stage.services, CALLER, "api", None)
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


SITUATIONS = {
    "nothing": lambda _: None,
    "a file": lambda s: (started(s), (s.folder / "file").write_text("x")),
    "empty": lambda s: s.ledger.create(HUMAN, s.clock.now(), "L"),
    "one": started,
    "two": two_runs,
    "two cancelled": two_cancelled_runs,
    "escalated": escalated,
    "claimed two": claimed_two,
    "reported": lambda s: s.until_report(replace(UNATTENDED, forge_keys="forge ssh-ed25519 AAAA\n")),
    "merged unrecorded": merged_unrecorded,
    "moved": target_moved,
    "launched": lambda s: s.begin_run().launch("api"),
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

    git = Tagged()
    if tag is not None:
        git.commits[tag] = git.commits[git.write("elsewhere", {"x": "x\n"}, "another history")]
    return altered(stage.services, git=git)


def filled(stage, text):
    """The text of a row for this stage: `{above}` is the folder above its own, `{tip}` the newest commit of its ledger."""
    text = text.replace("{above}", str(stage.folder.parent))
    if "{tip}" in text:
        text = text.replace("{tip}", stage.ledger.tip()[:12])
    return text


def commented(stage, path, line):
    """A comment of the principal on a line of work that was handed in."""
    stage.launch("api").submit_handoff("api")
    found = Finding(Severity.MINOR, "Why?", path, line)
    job = JobId("api")
    return decisions.send_back(stage.services, CALLER, run_of(stage), job, commit("api-1"), (found,), "")
