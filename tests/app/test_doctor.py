# ruff: noqa: ARG002 stand-ins take what their ports pass
"""Each result of `doctor`, one change of the repository at a time."""

from __future__ import annotations

import pytest
from fakes.git import FakeGit
from fakes.ledger import FakeLedger
from fakes.remotes import FakeRemotes
from fakes.world import FakeFiles, FakePrograms, FakeRepository, FakeSignatures

from gitorch.app.start.doctor import examine
from gitorch.errors import Corrupt, Malformed, Unavailable
from gitorch.model.plans.approval import Grade, Guard, SigningKey
from gitorch.model.plans.config import Config
from gitorch.model.plans.runtime import Preset
from gitorch.model.plans.workflow import Commits
from gitorch.model.record import Actor, ActorKind
from gitorch.model.values import replace

SOUND = Config(implementer="claude", test_command="make test")
PUSHING = replace(SOUND, push_remote="origin")
SIGNING = replace(SOUND, approval_at_least=Grade.SIGNED)
PUBLIC = "ssh-ed25519 AAAA"


class Unwritable(FakeFiles):
    """Files that cannot be written, for this reason."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def write(self, path, data):
        raise self.error


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
    presets = {
        "claude": Preset("claude", ("claude",)),
        "codex": Preset("codex", ("codex",), install_hint="npm i codex"),
    }
    return FakeRepository(tmp_path, config=SOUND, git=git(), programs=FakePrograms(claude="1.0"), presets=presets)


RESULTS = [
    ("agents", True, "claude: /usr/bin/claude", {}),
    ("agents", False, "no runtime is chosen", {"config": Config()}),
    ("agents", False, "there is no runtime vim", {"config": replace(SOUND, implementer="vim")}),
    ("agents", False, "codex of runtime codex is not on PATH", {"config": replace(SOUND, implementer="codex")}),
    ("merge target", True, "main at ", {}),
    ("merge target", False, "trunk is not a local branch", {"config": replace(SOUND, merge_target="trunk")}),
    ("merge target", False, "main is 1 commits behind its upstream", {"git": behind()}),
    ("merge target", False, "git could not be asked: ", {"git": silent()}),
    ("git", False, "git is not installed, or does not answer", {"programs": FakePrograms(git="")}),
    (
        "git",
        False,
        "git version 2.30.1 is too old; 2.38 is needed",
        {"programs": FakePrograms(git="git version 2.30.1")},
    ),
    ("git", False, "what? is too old; 2.38 is needed", {"programs": FakePrograms(git="what?")}),
    ("tmux", True, "tmux 3.3a", {}),
    ("tmux", False, "tmux 3.1c is too old; 3.2 is needed", {"programs": FakePrograms(tmux="tmux 3.1c")}),
    ("worktrees", True, ".worktrees", {}),
    ("worktrees", False, " lies inside the repository", {"config": replace(SOUND, base_path="trees")}),
    ("worktrees", False, "a file is in its way", {"files": Unwritable(NotADirectoryError())}),
    ("worktrees", False, "permission denied", {"files": Unwritable(PermissionError(13, "Permission denied"))}),
    ("sandboxes", None, "must be able to write below these:", {}),
    ("sandboxes", None, "gitorch commits for its agents", {"config": replace(SOUND, commits=Commits.HOST)}),
    ("tests", True, "`make test`", {}),
    ("tests", None, "accepted in gitorch.yaml", {"config": replace(SOUND, test_command="", test_command_absent=True)}),
    ("tests", False, "there is no test command", {"config": replace(SOUND, test_command="")}),
    ("ledger", None, "none yet; it will be kept by dulwich", {}),
    ("ledger", True, "0 runs, kept by dulwich", {"ledger": ledger()}),
    ("ledger", False, "record 3 is broken", {"ledger": Broken()}),
    ("push", False, "there is no remote origin", {"config": PUSHING}),
    ("push", False, "origin does not answer", {"config": PUSHING, "remotes": Silent(git())}),
    ("push", False, "origin has no branch main", {"config": PUSHING, "remotes": remotes()}),
    (
        "push",
        True,
        "origin has main at 123456789012",
        {"config": PUSHING, "remotes": remotes(**{"refs/heads/main": "1234567890123"})},
    ),
    ("approval", None, "typed: a program that runs as you could approve as well", {}),
    ("approval", False, "none of your keys is in gitorch-approvers", {"config": SIGNING}),
    (
        "approval",
        True,
        "signed by ada: the key asks for a passphrase",
        {"config": SIGNING, "signatures": key(Guard.PASSPHRASE), "files": approvers},
    ),
    (
        "approval",
        False,
        "signed by ada: the key has no passphrase",
        {"config": SIGNING, "signatures": key(Guard.NONE), "files": approvers},
    ),
    ("git settings", False, "gc.pruneExpire is now", {"git": git(**{"gc.pruneExpire": "now"})}),
    ("runtime", None, "claude: claude", {}),
    ("runtime", None, "codex is not installed", {}),
]


@pytest.mark.parametrize(("name", "ok", "text", "parts"), RESULTS)
def test_each_result_has_its_grade_and_its_sentence(repository, name, ok, text, parts):
    for part, value in parts.items():
        setattr(repository, part, value(repository.root) if value is approvers else value)
    if "remotes" in parts:
        repository.remotes.held.setdefault("origin", {})
    found = [check for check in examine(repository) if check.name == name and text in check.text]
    assert [check.ok for check in found] == [ok]
    assert found[0].fix or ok is not False


def test_a_preset_with_defects_is_one_result_and_the_others_are_examined(tmp_path):
    presets = {"odd": Preset("odd", ("odd",)), "claude": Preset("claude", ("claude",))}
    programs = FakePrograms(claude="1.0")
    repository = Unreadable(tmp_path, config=SOUND, git=git(), programs=programs, presets=presets)
    runtimes = [(check.ok, check.text) for check in examine(repository) if check.name == "runtime"]
    assert runtimes == [(False, "odd: odd.yaml has defects"), (None, "claude: claude")]
