"""Refusals of starting, of sessions, and of work: the situation, the call, and the class, message and hint of its error.

`{above}` is the folder above that of the repository.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))

from refusal_kit import (
    CALLER,
    CHECKED,
    blind,
    create,
    made_twice,
    publish,
    publish_a_link,
    run_of,
)

from gitorch.app.people import decisions
from gitorch.app.sessions import sessions, worktrees
from gitorch.app.start import named_files, plan_files, prepare, workflows
from gitorch.app.work import claims, recovery
from gitorch.app.work.claims import ManualClaim
from gitorch.errors import Denied, Failed, NotFound, Refused, Unavailable, Usage

START = [
    (
        "nothing",
        lambda s: plan_files.read_plan(s.services, s.folder / "no.md", None),
        NotFound,
        "{above}/s/no.md cannot be read: no such file or directory",
        "ls {above}/s",
    ),
    (
        "nothing",
        lambda s: named_files.read_bytes(s.folder / "no.yaml", "no.yaml"),
        NotFound,
        "no.yaml cannot be read: no such file or directory",
        "ls {above}/s",
    ),
    (
        "nothing",
        lambda s: workflows.write_new(s.folder, "here", "x", "gitorch plan new"),
        Refused,
        "here is there already and stays as it is",
        "gitorch plan new here-2",
    ),
    (
        "a file",
        lambda s: workflows.write_new(s.folder / "file/below", "below", "x", "gitorch plan new"),
        Refused,
        "below cannot be written: file exists",
        "ls -ld {above}/s/file",
    ),
    (
        "nothing",
        lambda s: prepare.prepare_run(s.services, CALLER, CHECKED, "end_only", "typed"),
        Refused,
        "p.md has problems and cannot be started",
        "gitorch check p.md",
    ),
]

SESSIONS = [
    (
        "merged unrecorded",
        lambda s: decisions.hold(s.services, CALLER, run_of(s), "cancel"),
        Refused,
        "main has the merge of auth-7f3a already, which is not recorded yet",
        "gitorch up --once",
    ),
    (
        "nothing",
        lambda _: sessions.checked_name("../Spike_2", "gitorch worktree create"),
        Usage,
        "'../Spike_2' may contain only a-z, 0-9 and -, and begins with a letter or digit",
        "gitorch worktree create spike-2",
    ),
    (
        "nothing",
        lambda s: create(s, runtime=""),
        NotFound,
        "no agent program is configured: gitorch.yaml names no runtime",
        "gitorch doctor",
    ),
    ("nothing", lambda s: create(s, runtime="vim"), NotFound, "there is no runtime vim", "gitorch doctor"),
    (
        "nothing",
        lambda s: create(s, runtime="scripted"),
        Unavailable,
        "scripted of runtime scripted is not on PATH",
        "gitorch doctor",
    ),
    (
        "nothing",
        lambda s: create(s, runtime="there", target="trunk"),
        NotFound,
        "the branch trunk that its work would start from does not exist",
        "git branch trunk",
    ),
    (
        "one",
        lambda s: create(s, "api", runtime="there"),
        Refused,
        "api is an agent of run auth-7f3a",
        "gitorch session list auth-7f3a",
    ),
    (
        "one",
        lambda s: sessions.find_agent(s.services, "db", None),
        NotFound,
        "no run that is open has a job or session db",
        "gitorch session list",
    ),
    (
        "two",
        lambda s: sessions.find_agent(s.services, "api", None),
        Usage,
        "several runs have api: auth-7f3a, auth-9c2d",
        "gitorch session list auth-7f3a",
    ),
    (
        "one",
        lambda s: sessions.interrupt(s.services, CALLER, "api", None),
        NotFound,
        "no agent has worked on api yet",
        "gitorch why api",
    ),
    (
        "launched",
        lambda s: [sessions.interrupt(s.services, CALLER, "api", None) for _ in range(2)],
        Refused,
        "api was not interrupted: no turn is under way",
        "gitorch peek api",
    ),
    (
        "nothing",
        lambda s: worktrees.create(s.services, "try", "trunk"),
        NotFound,
        "'trunk' is not a local branch to start from",
        "git branch --list",
    ),
    (
        "nothing",
        lambda s: worktrees.create(s.services, "-x", "main"),
        Usage,
        "'-x' may contain only a-z, 0-9 and -, and begins with a letter or digit",
        "gitorch worktree create x",
    ),
    (
        "nothing",
        lambda s: worktrees.create(blind(s), "try", "main"),
        Failed,
        "`git worktree add` left no worktree at {above}/s.worktrees/by-hand/try",
        "git worktree list",
    ),
    (
        "nothing",
        lambda s: made_twice(s.services),
        Refused,
        "there is a worktree try already, at {above}/s.worktrees/by-hand/try",
        "gitorch worktree list",
    ),
    (
        "nothing",
        lambda s: worktrees.remove(s.services, "try"),
        NotFound,
        "there is no worktree 'try'",
        "gitorch worktree list",
    ),
]

WORK = [
    (
        "one",
        lambda s: recovery.adopt(s.services, CALLER, run_of(s), "h9", ""),
        NotFound,
        "run auth-7f3a keeps no late handoff h9; it keeps none",
        "gitorch recover auth-7f3a",
    ),
    (
        "one",
        lambda s: recovery.requeue(s.services, CALLER, run_of(s), "db", ""),
        NotFound,
        "run auth-7f3a has no job db; it has api, api.spec, ui, ui.spec, approval, merge",
        "gitorch status auth-7f3a",
    ),
    (
        "one",
        lambda s: recovery.cancel_job(s.services, CALLER, run_of(s), "a", ""),
        Usage,
        "a could be any of api, api.spec, approval",
        "gitorch why api",
    ),
    (
        "one",
        lambda s: recovery.decide(s.services, CALLER, None, "db", ("accepted", "", "")),
        NotFound,
        "run auth-7f3a has no job db; it has api, api.spec, ui, ui.spec, approval, merge",
        "gitorch status auth-7f3a",
    ),
    (
        "one",
        lambda s: claims.claimed_session(s.services, ManualClaim(CALLER, s.folder)),
        Denied,
        "this verb is for agents in their sessions, and for people who claimed a job; you hold no lease",
        "gitorch claim",
    ),
    (
        "one",
        lambda s: claims.claimed_session(s.services, ManualClaim(CALLER, s.folder, "api")),
        Denied,
        "this verb is for agents in their sessions, and for people who claimed a job; you hold no lease on api",
        "gitorch claim api",
    ),
    (
        "claimed two",
        lambda s: claims.claimed_session(s.services, ManualClaim(CALLER, s.folder)),
        Usage,
        "several leases are yours: api, ui",
        "gitorch brief --job api",
    ),
    (
        "nothing",
        lambda s: publish(s, name_or_path="x.md"),
        NotFound,
        "x.md does not exist in the worktree of api",
        "ls {above}/trees/auth-7f3a/api",
    ),
    (
        "nothing",
        lambda s: publish(s, name_or_path="x.md", kind="poem"),
        Usage,
        "'poem' is not a kind of artifact; it is one of: prompt, finding, findings_ledger, synthesis, marker, handoff, decision, patch_summary, test_report, support_ledger, action_item_ledger, harness_improvement_proposal, escalation, operator_brief, work_plan, progress_note, operator_report, other",
        "gitorch publish PATH --kind other",
    ),
    (
        "nothing",
        lambda s: publish(s, name_or_path="../x.md"),
        Refused,
        "../x.md contains an empty part, `.` or `..`",
        "gitorch publish PATH",
    ),
    ("nothing", publish_a_link, Refused, "x.md is a link", "gitorch publish PATH"),
]
