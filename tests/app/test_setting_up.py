"""What `init` proposes and makes, by what it finds."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from fakes.world import FakeFiles, FakeGit, FakePrograms, FakeRepository, altered
from repository import make_seed
from test_preflight import CALLER, CONFIG

from gitorch.app.start.setup import InitOptions, init, propose
from gitorch.ledger.location import REF
from gitorch.model.plans.approval import Grade
from gitorch.model.values import replace
from gitorch.wiring.repository import Repository
from gitorch.world.resources import template_bytes


@pytest.fixture
def repository(tmp_path):
    root = tmp_path / "s"
    root.mkdir()
    git = FakeGit()
    git.write("main", {"a": "a\n"}, "begin")
    return FakeRepository(root, config=CONFIG, git=git)


BARE = "no test command was found: gitorch config set tests.command COMMAND"
TYPED = "approvals are only typed, which a program that runs as you could do: gitorch keys add --new"
NOBODY = (
    "no agent program was found on PATH; the practice agent needs none: "
    "gitorch config set lanes.implementer.runtime scripted"
)


def empty(repository, *programs, **files):
    found = FakeFiles()
    for name, text in files.items():
        found.held[repository.root / name.replace("_", ".")] = text.encode()
    return altered(repository, programs=FakePrograms(**dict.fromkeys(programs, "1")), files=found)


@pytest.mark.parametrize(
    ("programs", "files", "wishes", "values", "notes"),
    [
        ((), {}, {}, ("typed", "main", "", "", "", ""), [NOBODY, TYPED, BARE]),
        (("codex",), {}, {}, ("typed", "main", "", "", "codex", "codex"), [TYPED, BARE]),
        (("gemini", "claude", "codex"), {}, {}, ("typed", "main", "", "", "claude", "codex"), [TYPED, BARE]),
        (
            ("claude",),
            {"Makefile": "all:\ntest:\n"},
            {},
            ("typed", "main", "make test", "", "claude", "claude"),
            [TYPED, "tests.command is a guess: `make test`; change it if it is wrong"],
        ),
        (
            ("claude",),
            {"Makefile": "all:\n", "package_json": '{"scripts": {"test": "node --test"}}', "package-lock_json": "{}"},
            {},
            ("typed", "main", "npm test", "npm ci", "claude", "claude"),
            [
                TYPED,
                "tests.command is a guess: `npm test`; change it if it is wrong",
                "worktrees.setup is a guess from package-lock.json: `npm ci`; change it if it is wrong",
                "npm is not on PATH, and worktrees.setup needs it",
            ],
        ),
        (
            (),
            {"Makefile": "test:\n"},
            {
                "runtime": "vim",
                "target": "trunk",
                "test_command": "tox",
                "setup": "npm ci",
                "approval_at_least": "signed",
            },
            ("signed", "trunk", "tox", "npm ci", "vim", "vim"),
            ["trunk is not a local branch yet: gitorch config set orchestration.merge_target main"],
        ),
        (
            ("claude",),
            {"Makefile": "test:\n", "package-lock_json": "{}"},
            {"test_command": "", "setup": " "},
            ("typed", "main", "", "", "claude", "claude"),
            [TYPED],
        ),
    ],
)
def test_init_proposes_what_it_finds_unless_it_is_told(repository, programs, files, wishes, values, notes):
    proposal = propose(empty(repository, *programs, **files), InitOptions(**wishes))
    keys = ("approval.at_least", "orchestration.merge_target", "tests.command", "worktrees.setup")
    lanes = ("lanes.implementer.runtime", "lanes.reviewer.runtime")
    accepted = {"tests.absent_is_accepted": "true"} if wishes.get("test_command") == "" else {}
    assert proposal.values == dict(zip((*keys, *lanes), values, strict=True)) | accepted
    assert list(proposal.notes) == notes
    assert proposal.makes == (str(repository.root / "gitorch.yaml"), "branch gitorch/ledger")
    assert proposal.keeps == ()


@pytest.mark.parametrize(
    ("branches", "setting", "target"),
    [
        (("master",), "", "master"),
        (("master", "main"), "", "main"),
        (("master", "main", "develop"), "develop", "develop"),
        (("trunk", "work"), "gone", "trunk"),
        (("work",), "", "main"),
    ],
)
def test_the_target_is_the_usual_branch_that_exists(repository, branches, setting, target):
    main = repository.git.tips.pop("main")
    repository.git.tips.update(dict.fromkeys(branches, main))
    repository.git.settings["init.defaultBranch"] = setting
    assert propose(repository, InitOptions()).values["orchestration.merge_target"] == target


def test_init_makes_what_is_missing_once(repository):
    template = (Path(__file__).parents[2] / "templates/gitorch.yaml").read_text()
    made = init(repository, CALLER, template, InitOptions(test_command="tox", runtime="claude"))
    file = repository.root / "gitorch.yaml"
    assert (made.created, made.kept) == ((str(file), "branch gitorch/ledger"), ())
    assert b"tox" in repository.files.held[file]
    assert repository.ledger.state(None).board.ledger == "L-nonce-1"
    again = init(repository, CALLER, template, InitOptions(test_command="make"))
    note = "gitorch.yaml was kept with tests.command `make test`; to change it: gitorch config set tests.command make"
    assert (again.created, again.kept, again.notes) == ((), made.created, (note,))
    assert init(repository, CALLER, template, InitOptions()).notes == ()
    none = init(repository, CALLER, template, InitOptions(test_command="")).notes
    accept = "gitorch.yaml was kept; to run without a test command: gitorch config set tests.absent_is_accepted true"
    assert none == (note.removesuffix("make") + "''", accept)
    assert b"tox" in repository.files.held[file]
    raised = init(repository, CALLER, template, InitOptions(approval_at_least="signed")).notes
    key = "approval.at_least"
    assert raised == (f"gitorch.yaml was kept with {key} `typed`; to change it: gitorch config set {key} signed",)
    repository.config = replace(repository.config, approval_at_least=Grade.FORGE)
    assert init(repository, CALLER, template, InitOptions(approval_at_least="signed")).notes == ()


def test_a_project_that_wants_no_tests_is_ready_to_start_without_any(tmp_path):
    seed = make_seed(tmp_path / "r")
    init(
        Repository(seed.path, os.environ), CALLER, template_bytes("gitorch.yaml").decode(), InitOptions(test_command="")
    )
    config = Repository(seed.path, os.environ).config

    assert (config.test_command, config.test_command_absent) == ("", True)


def test_tests_that_no_other_file_names_are_found_in_the_commit_of_the_target(tmp_path):
    seed = make_seed(tmp_path / "r")
    (seed.path / "test_shop.py").write_text("def test_shop(): pass\n")
    before = propose(Repository(seed.path, os.environ), InitOptions()).values["tests.command"]
    seed.git("add", "test_shop.py")
    seed.git("commit", "-qm", "Add a test")
    after = propose(Repository(seed.path, os.environ), InitOptions()).values["tests.command"]

    assert (before, after) == ("", "python3 -m pytest")


def test_a_bare_repository_is_configured_in_its_git_directory(repository):
    bare = altered(repository, root=repository.home.parent)
    assert propose(bare, InitOptions()).makes[0] == str(repository.home / "gitorch.yaml")


def test_init_works_again_after_gitorch_was_removed_as_its_page_says(tmp_path):
    """The unreachable commits of the removed ledger are still there, for as long as git keeps them."""
    seed = make_seed(tmp_path / "r")
    template = template_bytes("gitorch.yaml").decode()
    wishes = InitOptions("scripted", "main", "true")
    init(Repository(seed.path, os.environ), CALLER, template, wishes)
    seed.git("update-ref", "-d", REF)
    shutil.rmtree(seed.path / ".git/gitorch")
    (seed.path / "gitorch.yaml").unlink()
    again = Repository(seed.path, os.environ)
    assert init(again, CALLER, template, wishes).created == (str(seed.path / "gitorch.yaml"), "branch gitorch/ledger")
    assert again.ledger.verify().faults == ()
