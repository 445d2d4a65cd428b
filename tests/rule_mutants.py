"""Mutants that show a rule: what the code would be without it, and the tests that notice.

A mutant is a rule of `docs/parity.md` or of the ledger's format, a file, the text there, and the text in its place. The text
must stand there exactly once, so that a rename cannot make a mutant pass unnoticed. `make slow` kills each of them.
"""

from __future__ import annotations

from typing import NamedTuple


class RuleMutant(NamedTuple):
    """The code without one rule."""

    rule: str
    file: str
    """Below `gitorch/`."""
    old: str
    new: str
    test: str
    """The test that must fail, below `tests/`."""


LIFECYCLE = "rules/test_lifecycle.py"
FORGED = "rules/test_forged_records.py::test_a_forged_record_is_corrupt_and_the_sentence_names_why"
GUARD = "rules/test_ensure.py::test_a_guard_says_what_is_wrong_and_what_to_type"
TRANSCRIPT = "rules/test_transcripts.py::test_a_transcript_tells_what_happens"

MUTANTS = {
    "a gate opens before all reviews have judged": RuleMutant(
        "P20",
        "rules/review/gates.py",
        "    return {judge.spec.id for judge in run.judges_of(job)} <= _judged(job)\n",
        "    return bool(_judged(job))\n",
        "rules/test_gates.py::test_a_finding_of_two_reviewers_is_listed_once_with_both_names",
    ),
    "a gate is settled before the tests are": RuleMutant(
        "P19",
        "rules/review/gates.py",
        "    if run.check_is_settled(job):\n        return _settle_tested",
        "    if job.handoff:\n        return _settle_tested",
        "rules/test_lifecycle.py::test_a_concern_pushed_back_is_a_finding",
    ),
    "failed tests send nothing back": RuleMutant(
        "P19",
        "rules/review/gates.py",
        "    if job.check_failed:\n        return True\n",
        "",
        "rules/test_gates.py::test_failed_tests_are_listed_beside_the_author_s_claim",
    ),
    "an open concern does not hold the gate": RuleMutant(
        "P18",
        "rules/review/gates.py",
        "    return any(question.is_gating for question in run.open_questions(job.spec.id))\n",
        "    return False\n",
        f"{TRANSCRIPT}[4-questions-and-blockers]",
    ),
    "the ledger takes a gate without verdicts": RuleMutant(
        "W15",
        "rules/evolving/rounds.py",
        "    return judges <= let_through\n",
        "    return True\n",
        f"{FORGED}[gate without verdicts]",
    ),
    "anybody waives a gate": RuleMutant(
        "W15",
        "rules/evolving/rounds.py",
        '    if record.actor.kind is not ActorKind.PRINCIPAL:\n        message = f"the gate',
        '    if record.actor.kind is ActorKind.OPERATOR:\n        message = f"the gate',
        f"{FORGED}[gate waived by an agent]",
    ),
    "rounds are not counted": RuleMutant(
        "P25",
        "rules/evolving/rounds.py",
        "        attempt=job.attempt + 1,\n        rounds_allowed=rounds_allowed,\n        ready_at",
        "        attempt=job.attempt,\n        rounds_allowed=rounds_allowed,\n        ready_at",
        "rules/test_gates.py::test_a_finding_keeps_its_number[named by the reviewer]",
    ),
    "reviews keep their verdicts in a new round": RuleMutant(
        "P21",
        "rules/evolving/rounds.py",
        "            verdict=None,\n            lease=None,",
        "            lease=None,",
        "rules/test_every_scene.py::test_every_command_is_answered_in_every_scene[runs]",
    ),
    "the number of a lease does not matter to its holder": RuleMutant(
        "W13",
        "rules/guards/ensure.py",
        "    if fence not in {0, job.fence}:\n",
        "    if fence < 0:\n",
        f"{GUARD}[an earlier lease]",
    ),
    "the ledger takes leases out of turn": RuleMutant(
        "W13",
        "rules/evolving/sessions.py",
        "    is_next = event.fence == job.fence + 1 and event.attempt == job.attempt\n",
        "    is_next = event.attempt == job.attempt\n",
        f"{FORGED}[lease out of turn]",
    ),
    "the ledger takes two leases of one job": RuleMutant(
        "W13",
        "rules/evolving/sessions.py",
        "    if job.lease is None and is_next:\n",
        "    if is_next:\n",
        f"{FORGED}[lease beside a lease]",
    ),
    "authors judge their own work": RuleMutant(
        "W16",
        "rules/guards/ensure.py",
        "    if job.spec.kind not in REVIEWING:\n",
        "    if job.spec.kind is None:\n",
        f"{GUARD}[no reviewer]",
    ),
    "no policy of independence": RuleMutant(
        "W16",
        "rules/guards/granting.py",
        '    if job.spec.kind not in REVIEWING or job.spec.subject is None:\n        return ""\n\n    policy',
        '    return ""\n\n    policy',
        "rules/test_independence.py::test_the_policy_of_independence_decides_who_can_claim_a_review",
    ),
    "everybody is the principal": RuleMutant(
        "P36",
        "rules/guards/ensure.py",
        "    if actor.kind is ActorKind.PRINCIPAL:\n        return actor\n",
        "    return actor\n",
        f"{GUARD}[an agent is no principal]",
    ),
    "agents act for each other": RuleMutant(
        "W30",
        "rules/guards/ensure.py",
        "        own = actor.session == session.id\n",
        "        own = True\n",
        f"{GUARD}[an agent for another agent]",
    ),
    "a weak proof is enough": RuleMutant(
        "K3",
        "rules/evolving/merges.py",
        "    if grade is None or not grade.reaches(least):\n",
        "    if grade is None:\n",
        f"{FORGED}[weak approval]",
    ),
    "an unattended approval needs no permission": RuleMutant(
        "K3",
        "rules/evolving/merges.py",
        "    if grade is Grade.UNATTENDED and not run.settings.approval_unattended:\n",
        "    if grade is None and not run.settings.approval_unattended:\n",
        f"{FORGED}[unattended approval]",
    ),
    "an approval is about any report": RuleMutant(
        "P35",
        "rules/evolving/merges.py",
        "    if report is None or report.digest != event.digest or report.target_commit != event.target_commit:\n",
        "    if report is None or report.target_commit != event.target_commit:\n",
        f"{FORGED}[another report approved]",
    ),
    "a merge needs no approval": RuleMutant(
        "P36",
        "rules/evolving/merges.py",
        "    if run.approval is None or report is None or report.digest != run.approval.digest:\n",
        "    if report is None:\n",
        f"{FORGED}[merge without approval]",
    ),
    "another commit than the approved one is merged": RuleMutant(
        "P37",
        "rules/evolving/merges.py",
        "    if moved != (report.target, report.target_commit, report.merged_commit, report.merged_tree):\n",
        "    if moved[:2] != (report.target, report.target_commit):\n",
        f"{FORGED}[merge of another commit]",
    ),
    "a record need not name the one before it": RuleMutant(
        "ledger: chain",
        "ledger/replay.py",
        "        if record.seq != self.head.seq + 1 or record.prev != self.head.digest:\n",
        "        if record.seq != self.head.seq + 1:\n",
        "ledger/test_ledger.py::test_a_broken_chain_stops_every_verb",
    ),
    "a commit may follow any other": RuleMutant(
        "ledger: parent",
        "ledger/replay.py",
        "        if path is None or not is_parent_of(self.head, commit):\n",
        "        if path is None:\n",
        "ledger/test_chain.py::test_a_commit_with_other_parents_than_the_head_does_not_join",
    ),
    "the ref moves from wherever it is": RuleMutant(
        "ledger: compare and swap",
        "ledger/ref_file.py",
        "if self.read() == old:",
        "if True:",
        "ledger/test_chain.py::test_the_ref_moves_only_from_the_commit_that_was_read",
    ),
    "the first commit replaces a ledger that appeared meanwhile": RuleMutant(
        "ledger: compare and swap",
        "ledger/ref_file.py",
        "if self.read() == old:",
        "if old is None or self.read() == old:",
        "ledger/test_chain.py::test_the_ref_moves_only_from_the_commit_that_was_read",
    ),
}
