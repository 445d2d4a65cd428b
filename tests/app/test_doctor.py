# ruff: noqa: ARG002 stand-ins take what their ports pass
"""Each result of `doctor`, one change of the repository at a time."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from desk import RUN, Desk
from fakes.git import FakeGit
from fakes.ledger import FakeLedger
from fakes.remotes import FakeRemotes
from fakes.world import FakeFiles, FakePrograms, FakeRepository, FakeSignatures

from gitorch.app.start.doctor import FAULT, WITHOUT_KEYS, HealthCheck, examine
from gitorch.errors import Corrupt, Malformed, Unavailable
from gitorch.model import commands as c
from gitorch.model.plans.approval import Grade, Guard, SigningKey
from gitorch.model.plans.config import Config, RuntimeChoice
from gitorch.model.plans.runtime import Preset
from gitorch.model.plans.workflow import Commits, Sandbox
from gitorch.model.record import Actor, ActorKind
from gitorch.model.values import replace
from gitorch.model.work.fault import Step
from gitorch.model.work.question import fault_trigger

SOUND = Config(implementer="claude", test_command="make test")
PUSHING = replace(SOUND, push_remote="origin")
TYPED = "typed: a program that runs as you could approve as well"
SIGN = "gitorch config set approval.at_least signed"
SIGNING = replace(SOUND, approval_at_least=Grade.SIGNED)
BOUND = replace(SOUND, runtimes={"claude": RuntimeChoice("claude", sandbox=Sandbox.BWRAP)})
PUBLIC = "ssh-ed25519 AAAA"


class Unwritable(FakeFiles):
    """Files that cannot be written, for this reason."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def write(self, path, data):
        raise self.error


class Unbound(FakePrograms):
    """No sandbox can be made here."""

    def sandbox_fault(self):
        return "bwrap is missing"


class Silent(FakeRemotes):
    def heads(self, remote, refs):
        raise Unavailable("origin does not answer", "git remote -v")


class Broken(FakeLedger):
    def exists(self):
        raise Corrupt("record 3 is broken")


class Unreadable(FakeRepository):
    """The preset of one runtime has defects."""

    def preset(self, lane):
        if lane.runtime == "odd":
            raise Malformed("odd.yaml has defects")
        return super().preset(lane)


def git(**settings):
    made = FakeGit()
    made.write("main", {"a": "a\n"}, "begin")
    made.settings.update(settings)
    return made


def behind():
    made = git()
    made.upstreams["main"] = made.write("theirs", {"b": "b\n"}, "more", "main")
    return made


def silent():
    made = git()
    made.silent = True
    return made


def remotes(**heads):
    made = FakeRemotes(git())
    made.held["origin"] = heads
    return made


def ledger():
    made = FakeLedger()
    made.create(Actor(ActorKind.PRINCIPAL, "ada", "desk"), 1, "L")
    return made


def key(guard):
    return FakeSignatures(SigningKey("key", PUBLIC, guard))


def approvers(path):
    files = FakeFiles()
    files.held[path / "gitorch-approvers"] = f"ada {PUBLIC}\n".encode()
    return files


@pytest.fixture
def repository(tmp_path):
    root = tmp_path / "s"
    root.mkdir()
    codex = Preset("codex", ("codex",), install_hint="npm i codex")
    presets = {"claude": Preset("claude", ("claude",)), "codex": codex}
    return FakeRepository(root, config=SOUND, git=git(), programs=FakePrograms(claude="1.0"), presets=presets)


CHOOSE = "gitorch config set lanes.implementer.runtime"
RESULTS = [
    ("agents", True, "claude: /usr/bin/claude", "", {}),
    ("agents", False, "no runtime is chosen", f"{CHOOSE} claude", {"config": Config()}),
    ("agents", False, "no runtime is chosen", f"{CHOOSE} scripted", {"config": Config(), "programs": FakePrograms()}),
    (
        "agents",
        False,
        "there is no runtime vim",
        "gitorch config set lanes.implementer.runtime claude",
        {"config": replace(SOUND, implementer="vim")},
    ),
    (
        "agents",
        False,
        "codex of runtime codex is not on PATH",
        "npm i codex",
        {"config": replace(SOUND, implementer="codex")},
    ),
    ("merge target", True, "main at {main}", "", {}),
    (
        "merge target",
        False,
        "trunk is not a local branch",
        "gitorch config set orchestration.merge_target main",
        {"config": replace(SOUND, merge_target="trunk")},
    ),
    (
        "merge target",
        False,
        "main is 1 commit behind its upstream",
        "git fetch && git switch main && git merge --ff @{upstream}",
        {"git": behind()},
    ),
    ("merge target", False, "git could not be asked: git gave no answer", "apt-get install git", {"git": silent()}),
    (
        "git",
        False,
        "git is not installed, or does not answer",
        "apt-get install git",
        {"programs": FakePrograms(git="")},
    ),
    (
        "git",
        False,
        "git version 2.30.1 is too old; 2.38 is needed",
        "apt-get install git",
        {"programs": FakePrograms(git="git version 2.30.1")},
    ),
    ("git", False, "what? is too old; 2.38 is needed", "apt-get install git", {"programs": FakePrograms(git="what?")}),
    ("tmux", True, f"tmux 3.3a{FAULT}", "", {}),
    (
        "tmux",
        False,
        "tmux 3.1c is too old; 3.2 is needed",
        "apt-get install tmux",
        {"programs": FakePrograms(tmux="tmux 3.1c")},
    ),
    ("worktrees", True, "{above}/s.worktrees", "", {}),
    (
        "worktrees",
        False,
        "{above}/s/trees lies inside the repository",
        "gitorch config set worktrees.base_path ../worktrees",
        {"config": replace(SOUND, base_path="trees")},
    ),
    (
        "worktrees",
        False,
        "{above}/s.worktrees cannot be written to: a file is in its way",
        "ls -ld {above}/s.worktrees",
        {"files": Unwritable(NotADirectoryError())},
    ),
    (
        "worktrees",
        False,
        "{above}/s.worktrees cannot be written to: permission denied",
        "mkdir -p {above}/s.worktrees",
        {"files": Unwritable(PermissionError(13, "Permission denied"))},
    ),
    (
        "worktrees",
        False,
        "{above}/s.worktrees cannot be written to: no space left on device",
        "df -h",
        {"files": Unwritable(OSError(28, "No space left on device"))},
    ),
    ("sandboxes", None, "an agent that commits from inside a sandbox must be able to write below these:", "", {}),
    (
        "sandboxes",
        None,
        "gitorch commits for its agents, so that they need nothing but their worktrees",
        "",
        {"config": replace(SOUND, commits=Commits.HOST)},
    ),
    ("tests", True, "`make test`", "", {}),
    (
        "tests",
        None,
        "no test command, accepted in gitorch.yaml",
        "",
        {"config": replace(SOUND, test_command="", test_command_absent=True)},
    ),
    (
        "tests",
        False,
        "there is no test command, and tests.absent_is_accepted is false",
        "gitorch config set tests.command COMMAND",
        {"config": replace(SOUND, test_command="")},
    ),
    ("ledger", None, "none yet; it will be kept by dulwich (a plain repository)", "gitorch init", {}),
    ("ledger", True, "0 runs, kept by dulwich (a plain repository)", "", {"ledger": ledger()}),
    ("ledger", False, "record 3 is broken", "gitorch verify", {"ledger": Broken()}),
    ("push", False, "there is no remote origin", "git remote add origin URL, or set push.remote", {"config": PUSHING}),
    ("push", False, "origin does not answer", "git remote -v", {"config": PUSHING, "remotes": Silent(git())}),
    ("push", False, "origin has no branch main", "git push origin main", {"config": PUSHING, "remotes": remotes()}),
    (
        "push",
        True,
        "origin has main at 123456789012",
        "",
        {"config": PUSHING, "remotes": remotes(**{"refs/heads/main": "1234567890123"})},
    ),
    ("approval", True, WITHOUT_KEYS[Grade.FORGE][0], "", {"config": Config(approval_at_least=Grade.FORGE)}),
    ("approval", None, TYPED, f"gitorch keys add --new && {SIGN}", {}),
    ("approval", None, TYPED, SIGN, {"signatures": key(Guard.PASSPHRASE), "files": approvers}),
    ("approval", None, TYPED, f"gitorch keys add --new && {SIGN}", {"signatures": key(Guard.NONE), "files": approvers}),
    (
        "approval",
        False,
        "signed, but none of your keys is in gitorch-approvers",
        "gitorch keys add --new",
        {"config": SIGNING},
    ),
    (
        "approval",
        True,
        "signed by ada: the key asks for a passphrase",
        "",
        {"config": SIGNING, "signatures": key(Guard.PASSPHRASE), "files": approvers},
    ),
    (
        "approval",
        False,
        "signed by ada: the key has no passphrase: every program of yours can sign with it",
        "gitorch keys add --new",
        {"config": SIGNING, "signatures": key(Guard.NONE), "files": approvers},
    ),
    (
        "git settings",
        False,
        "gc.pruneExpire is now: git may delete what is being written",
        "git config --unset gc.pruneExpire",
        {"git": git(**{"gc.pruneExpire": "now"})},
    ),
    (
        "git settings",
        False,
        "gc.worktreePruneExpire is all: git may delete what is being written",
        "git config --unset gc.worktreePruneExpire",
        {"git": git(**{"gc.worktreePruneExpire": "all"})},
    ),
    (
        "agents",
        False,
        "there is no runtime emacs",
        "gitorch config set lanes.reviewer.runtime claude",
        {"config": replace(SOUND, reviewers={"quality": "emacs"})},
    ),
    (
        "merge target",
        False,
        "main is not a local branch",
        "git commit --allow-empty --message Begin",
        {"git": FakeGit()},
    ),
    (
        "sandbox",
        False,
        "claude: bwrap is missing",
        "apt-get install bubblewrap",
        {"config": BOUND, "programs": Unbound(claude="1")},
    ),
    (
        "approval",
        True,
        "signed by ada: the key asks for a touch",
        "",
        {"config": SIGNING, "signatures": key(Guard.TOUCH), "files": approvers},
    ),
    (
        "approval",
        False,
        "signed by ada: the key is only in an ssh-agent, which gitorch does not ask",
        "gitorch keys add --new",
        {"config": SIGNING, "signatures": key(Guard.AGENT), "files": approvers},
    ),
    ("runtime", None, "claude: claude", "", {}),
    ("runtime", None, "codex is not installed", "npm i codex", {}),
]


@pytest.mark.parametrize(("name", "ok", "text", "fix", "parts"), RESULTS)
def test_each_result_has_its_grade_its_sentence_and_its_fix(repository, name, ok, text, fix, parts):
    for part, value in parts.items():
        setattr(repository, part, value(repository.root) if value is approvers else value)
    if "remotes" in parts:
        repository.remotes.held.setdefault("origin", {})
    main = repository.git.tips.get("main", "")[:12]
    whole = [one.replace("{above}", str(repository.root.parent)).replace("{main}", main) for one in (text, fix)]
    assert HealthCheck(name, ok, *whole) in examine(repository)


def test_the_results_come_in_this_order(repository):
    found = [(check.name, check.ok) for check in examine(repository)]
    assert found == [
        ("agents", True),
        ("merge target", True),
        ("git", True),
        ("tmux", True),
        ("worktrees", True),
        ("sandboxes", None),
        ("", None),
        ("", None),
        ("tests", True),
        ("ledger", None),
        ("approval", None),
        ("runtime", None),
        ("runtime", None),
    ]
    unnamed = [check.text for check in examine(repository) if not check.name]
    assert unnamed == [str(repository.paths.default_base), str(repository.home.parent)]


def test_a_preset_with_defects_is_one_result_and_the_others_are_examined(tmp_path):
    presets = {"odd": Preset("odd", ("odd",)), "claude": Preset("claude", ("claude",))}
    programs = FakePrograms(claude="1.0")
    repository = Unreadable(tmp_path, config=SOUND, git=git(), programs=programs, presets=presets)
    runtimes = [(check.ok, check.text) for check in examine(repository) if check.name == "runtime"]
    assert runtimes == [(False, "odd: odd.yaml has defects"), (None, "claude: claude")]


def test_what_keeps_failing_in_a_run_is_named_with_the_command_that_shows_it(tmp_path):
    desk = Desk(tmp_path / "s").begin()
    desk.tick(3)
    desk.do(c.NoteFault(Step("start:api", "starting session s1 of api"), "unavailable", "tmux died"))
    (found,) = [check for check in examine(desk.services) if check.name == f"run {RUN}"]
    (fault,) = desk.run.faults.values()
    assert found == HealthCheck(f"run {RUN}", False, fault.sentence, f"gitorch status {RUN}")
    texts = [check.text for check in examine(desk.services) if check.name == "ledger"]
    assert texts == [f"1 run, kept by {desk.services.store}"]
    escalation = c.Escalate(fault_trigger(fault.step.name), "It broke.", "Nothing.", "none", "Go on?", ("stop",))
    desk.do(escalation)
    (found,) = [check for check in examine(desk.services) if check.name == f"run {RUN}"]
    assert found.fix == f"gitorch show q1 --run {RUN}"


def test_runs_that_cannot_be_read_are_named(tmp_path):
    desk = Desk(tmp_path / "s").begin()
    state = desk.ledger.state

    def broken(run):
        if run is None:
            return state(None)
        raise Corrupt("record 2 is broken")

    desk.ledger.state = broken
    found = [check for check in examine(desk.services) if check.name == "runs"]
    assert found == [HealthCheck("runs", False, "record 2 is broken", "gitorch verify")]
