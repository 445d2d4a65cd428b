"""The fixed parts of briefs, as Markdown."""

from __future__ import annotations

STAGES = {
    "spec": "Spec compliance: does the work cover every task and requirement of the brief, no less and no more?",
    "quality": "Code quality: is it right, safe, well tested and readable; are errors handled; is nothing dead?",
}
"""What a reviewer of each stage looks for. A stage that is not listed is named as it is."""

REPORTING = """## How to report

Commit your work, then report once, from this worktree:

    gitorch handoff DONE --summary "what you did" --tests "what you ran and its result"

Other reports: `DONE_WITH_CONCERNS --concern TEXT` (a human answers each concern), `NEEDS_CONTEXT --question TEXT`,
`BLOCKED --blocker TEXT --clears TEXT`. Then stop and wait: findings or your clearance come to this terminal.
Do not push, do not touch other branches, and do not continue after your report."""

REPORTING_TO_HOST = """## How to report

Do not commit: gitorch commits everything in this worktree when you report. Report once, from this worktree:

    gitorch handoff DONE --summary "what you did" --tests "what you ran and its result"

The summary becomes the commit message. Other reports: `DONE_WITH_CONCERNS --concern TEXT` (a human answers each concern),
`NEEDS_CONTEXT --question TEXT`, `BLOCKED --blocker TEXT --clears TEXT`. Then stop and wait: findings or your clearance come
to this terminal. Remove files that must not be committed, do not touch other branches, and do not continue after your report."""

REPORTING_BY_HAND = """## How to report

Commit your work in this worktree, then report from here:

    gitorch handoff DONE --job {job} --summary "what you did" --tests "what you ran and its result"

Other reports: `DONE_WITH_CONCERNS --concern TEXT` (a human answers each concern), `NEEDS_CONTEXT --question TEXT`,
`BLOCKED --blocker TEXT --clears TEXT`. `gitorch heartbeat` renews your lease, `gitorch release` gives the job back."""

JUDGING = """## How to judge

    gitorch verdict accept --commit {commit} --nonce {nonce} --summary "why"

Verdicts: `accept`, `accept_with_findings`, `needs_revision`, `reject`. Give findings with `--findings-file FILE`, a JSON list
of {{"severity", "title", "path", "line", "quote", "detail", "number"}}. Severities: blocking, important, minor, note. Cite line
numbers of the commit above: gitorch checks every citation and quotation. Restate an earlier finding by its number. If its
author answered with evidence, give new evidence in "detail", or withdraw the finding: `--withdraw N=REASON`.
Change nothing in this worktree."""

JUDGING_BY_HAND = """## How to judge

    gitorch verdict accept --job {job} --summary "why"

Verdicts: `accept`, `accept_with_findings`, `needs_revision`, `reject`. Give each finding with
`--finding 'SEVERITY|PATH:LINE|TITLE|DETAIL'`. Severities: blocking, important, minor, note. Cite line numbers of the commit
above. Change nothing in this worktree."""

SYNTHESIS = """You close the phase `{phase}`: judge the results of its jobs as a whole before the next phase builds on them.

Judge exactly commit `{commit}`, which is checked out in this worktree. Its changes: `git diff {target}..{commit}`

Your summary is the synthesis: what was achieved, what was decided, and what the next phase must know. Report whatever must
change as findings.

## Results of the phase"""

MESSAGES = (
    "`gitorch send NAME TEXT` sends a message to another agent or to `@principal`; `gitorch inbox` shows your messages."
)

NO_SUMMARY = "(no summary)"
