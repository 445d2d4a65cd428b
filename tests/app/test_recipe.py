"""The recipe that checks an approved merge without gitorch: run by a shell, on good merges and on changed ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from merge_yard import Yard
from test_signed_approvals import allowed, key

from gitorch.app.query.recipe import recipe
from gitorch.errors import NotFound
from gitorch.model.plans.approval import Grade

TWO = {"api": {"api.txt": "api\n"}, "ui": {"ui.txt": "ui\n"}}


@pytest.fixture
def merged(repo, tmp_path):
    """A merge that ada approved with a signature."""
    made = Yard(repo("some place").path)
    ada = key(tmp_path / "my keys", "ada")
    made.git("config", "user.signingKey", str(ada))
    made.begin(TWO, approval_at_least=Grade.SIGNED, approval_signers=allowed(ada, "ada@example.invalid"))
    made.settle()
    made.approve()
    return made


def run(yard, script: str) -> list[str]:
    done = subprocess.run(("sh",), input=script, cwd=yard.path, capture_output=True, text=True, check=False)
    assert done.stderr.strip() in {"", 'Good "gitorch-approval" signature'}, done.stderr
    return [line for line in done.stdout.splitlines() if line.startswith(("ok:", "WRONG:"))]


def test_every_step_of_the_recipe_holds_for_a_signed_merge(merged):
    steps = run(merged, recipe(merged.services, merged.run))
    assert [step for step in steps if not step.startswith("ok:")] == []
    for told in ("record of the approval", "approved digest", "signature", "signed text names the report", "is merged"):
        assert any(told in step for step in steps), (told, steps)
    assert sum("is merged" in step for step in steps) == 2


def test_a_clone_is_enough(merged, tmp_path):
    merged.git("clone", "-q", str(merged.path), str(tmp_path / "clone"))
    subprocess.run(
        ("git", "fetch", "-q", "origin", "gitorch/ledger:gitorch/ledger"), cwd=tmp_path / "clone", check=True
    )
    done = subprocess.run(
        ("sh",),
        input=recipe(merged.services, merged.run),
        cwd=tmp_path / "clone",
        capture_output=True,
        text=True,
        check=False,
    )
    assert "WRONG" not in done.stdout
    assert "ok: signature" in done.stdout


@pytest.mark.each(3)
@pytest.mark.parametrize("changed", ["signers", "target", "branch", "report"])
def test_a_recipe_for_anything_but_what_was_approved_says_what_is_wrong(merged, tmp_path, changed):
    script = recipe(merged.services, merged.run)
    report = merged.run.report
    eve = allowed(key(tmp_path / "other", "eve"), "ada@example.invalid")
    old, new = {
        "signers": (merged.run.settings.approval_signers.split()[-1], eve.split()[-1]),
        "target": (f"check {merged.run.merged.old}", f"check {'1' * 40}"),
        "branch": (str(report.branches[0].commit), merged.git("rev-parse", "gitorch/ledger").strip()),
        "report": (str(report.digest).removeprefix("sha256:"), "0" * 64),
    }[changed]
    assert old in script
    done = subprocess.run(
        ("sh",), input=script.replace(old, new), cwd=merged.path, capture_output=True, text=True, check=False
    )
    assert "WRONG" in done.stdout


@pytest.mark.slow
def test_an_approval_that_was_only_typed_says_that_it_proves_nothing(repo):
    made = Yard(repo("some place").path)
    made.begin(TWO)
    made.settle()
    made.approve()
    script = recipe(made.services, made.run)
    assert "The approval is typed: nothing but the ledger says that a human gave it." in script
    assert [step for step in run(made, script) if not step.startswith("ok:")] == []


def test_a_run_that_nobody_approved_has_no_recipe(repo):
    made = Yard(repo("some place").path)
    made.begin(TWO)
    made.settle()
    with pytest.raises(NotFound, match="has no approved merge to check"):
        recipe(made.services, made.run)
