"""Who approves a merge is told which work it does not contain: what begins only after it."""

from __future__ import annotations

import cli_stage
from cli_memory import TARGET
from cli_stage import HUMAN, RUN

from gitorch.cli.follow import merge_outcome
from gitorch.model.commands import ApproveMerge, RecordMerge
from gitorch.model.ids import JobId
from gitorch.model.values import replace

plain = cli_stage.workflow


def with_notes(needs, titles=None):
    """The same workflow with work that needs the merge."""
    flow = plain(needs, titles)
    notes = replace(flow.jobs[JobId("api")], id=JobId("notes"), needs=(JobId("merge"),))
    return replace(flow, jobs={**flow.jobs, JobId("notes"): notes})


def test_the_outcome_of_a_merge_names_the_branches_of_work_that_begins_after_it(stage, monkeypatch):
    monkeypatch.setattr(cli_stage, "workflow", with_notes)
    stage.until_report()
    report = stage.run.report
    stage.do(ApproveMerge(report.digest, "typed"), HUMAN)
    stage.do(RecordMerge(TARGET, report.merged_commit, report.merged_tree))
    left = f"Work after the merge is not merged and stays on: gitorch/{RUN}/notes."
    assert merge_outcome(None, stage.run).endswith(f"Run {RUN} is running. {left} gitorch up continues it.")

    stage.launch("notes").submit_handoff("notes")

    assert merge_outcome(None, stage.run).endswith(f"Run {RUN} is completed. {left} Next: gitorch cleanup {RUN}")
    summary = " ".join(stage.gitorch("status").out.split())
    assert f"work after the merge is not merged: it stays on gitorch/{RUN}/notes" in summary
