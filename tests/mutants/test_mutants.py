"""Every rule that is said to be shown in full was broken on purpose, and its test failed."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from runner import ROOT, TESTS_FAILED, outcome, table

MUTANTS = table()
ROW = re.compile(r"^\| ([A-Z]\d+) \| .* \| (.*) \|$", re.MULTILINE)
DEMANDED = ("P", "T", "W")  # the letters of rules that need a mutant as soon as their row is full


def rows():
    return dict(ROW.findall((ROOT / "docs" / "parity.md").read_text(encoding="utf-8")))


def test_every_mutant_still_applies():
    found = {m.name: (ROOT / m.file).read_text(encoding="utf-8").count(m.text) for m in MUTANTS}
    assert {name: times for name, times in found.items() if times != 1} == {}, (
        "say in their table how they are broken now"
    )
    assert [m.name for m in MUTANTS if m.broken == m.text] == []


def test_every_test_of_the_table_is_there():
    for mutant in MUTANTS:
        path, _, name = mutant.test.partition("::")
        text = (ROOT / path).read_text(encoding="utf-8")
        assert not name or f"def {name}(" in text, mutant.test


def test_no_mutant_is_there_twice():
    assert [one for one, times in Counter((m.file, m.text) for m in MUTANTS).items() if times > 1] == []


def test_every_rule_that_is_shown_in_full_was_broken_once():
    full = {rule for rule, proof in rows().items() if not proof.startswith(("in part:", "not yet"))}
    demanded = {rule for rule in full if rule.startswith(DEMANDED)}
    assert sorted(demanded - {mutant.rule for mutant in MUTANTS}) == []


def test_a_mutant_is_seen_by_a_test_that_the_rules_row_names():
    proofs = rows()
    assert [m.name for m in MUTANTS if m.test.partition("::")[0] not in proofs[m.rule]] == []


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_a_rule_that_is_broken_is_missed(mutant, tmp_path):
    done = outcome(mutant, tmp_path)
    assert done.returncode == TESTS_FAILED, (
        f"{mutant.name} survives {mutant.test}:\n{done.stdout[-2000:]}{done.stderr[-500:]}"
    )
