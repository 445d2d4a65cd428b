"""Wherever an approval is shown, so is what proves it (K3)."""

from __future__ import annotations

import json

import pytest
from cli_stage import HUMAN, RUN

from gitorch.model import commands as c

PROOFS = {
    "typed": ("typed", "typed at a terminal"),
    "unattended": ("unattended", "unattended: nobody was asked"),
    "signed:ada": ("signed", "signed by ada"),
}
QUESTION = "q1"


@pytest.fixture(params=PROOFS)
def approved(request, stage):
    """A run that was approved with this proof, just before its merge: the stage, the grade, and the words for it."""
    stage.until_report()
    stage.do(c.ApproveMerge(stage.run.report.digest, request.param, signer=request.param.partition(":")[2]), HUMAN)
    return (stage, *PROOFS[request.param])


@pytest.mark.parametrize(
    "words", [("status",), ("report",), ("why", "approval"), ("show", QUESTION), ("show", "approval")], ids=" ".join
)
def test_every_view_of_an_approval_says_what_proves_it(approved, words):
    stage, _, sentence = approved
    said = stage.gitorch(*words)
    assert said.status == 0, said.err
    assert f"approved by ada ({sentence})" in said.out


def test_the_log_names_the_proof_in_the_sentence_of_the_approval(approved):
    stage, grade, _ = approved
    assert f"merge approved by ada ({grade}" in stage.gitorch("log", "-n", "0").out


@pytest.mark.parametrize("words", [("status", "--json"), ("dashboard", "--json")], ids=" ".join)
def test_json_of_a_run_has_the_grade_of_its_approval(approved, words):
    stage, grade, sentence = approved
    values = json.loads(stage.gitorch(*words).out)
    run = values.get("run") or values["runs"][0]
    assert (run["approval"]["grade"], run["approval"]["by"]) == (grade, "ada")
    assert run["approval"]["sentence"] == f"approved by ada ({sentence})"


def test_json_of_the_report_has_the_approval(approved):
    stage, grade, _ = approved
    values = json.loads(stage.gitorch("report", RUN, "--json").out)
    assert values["approval"]["proof"].partition(":")[0] == grade


def test_verify_counts_approvals_by_grade(approved):
    stage, grade, _ = approved
    if grade == "signed":  # its signature is not in this ledger; tests/e2e/test_keys_end_to_end.py has a real one
        assert stage.gitorch("verify").status == 7
        return
    assert f"Approvals of merges by what proves them: 1 {grade}." in stage.gitorch("verify").out
    assert json.loads(stage.gitorch("verify", "--json").out)["approvals"] == {grade: 1}
