"""Refusals that need a fault first: the situation, the call, and the class, message and hint of its error.

`{above}` is the folder above that of the repository, `{tip}` the newest commit of its ledger.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))

from fakes.world import FakeClock, FakeOutboxes
from fault_kit import (
    AGENT,
    KEY,
    NOBODY,
    OPERATOR,
    REPORT,
    TOKEN,
    WHY,
    answered,
    claim_without_space,
    collect_from_busy,
    damaged,
    ended_late,
    forgetful,
    recover_as_operator,
    remove_ambiguous,
    remove_claimed,
    remove_dirty,
    second_up,
    settle_beside,
    settle_damaged,
    sign_in_vain,
    sign_untouched,
    submit_late,
    sync_apart,
    sync_refused,
    take_from_a_damaged_ledger,
    with_approvers,
    with_gap,
)
from refusal_kit import CALLER, PERSON, RUN, run_of

from gitorch.app.executing.execute import only_people
from gitorch.app.people import decisions, keys, messages
from gitorch.app.query import exporting, lookup, recipe
from gitorch.app.query.exporting import ExportRequest
from gitorch.app.start import workflows
from gitorch.app.work import outbox, recovery, submissions
from gitorch.app.work.outbox import Sandbox
from gitorch.app.work.submissions import AgentCredential
from gitorch.errors import Busy, Corrupt, Denied, Failed, Malformed, NotFound, Refused, Unavailable, Usage

PEOPLE = [
    (
        "one",
        lambda s: decisions.hold(s.services, OPERATOR, run_of(s), "cancel"),
        Denied,
        "bob is an operator and may not cancel; only the principal may, from a terminal of their own",
        "gitorch cancel",
    ),
    (
        "one",
        lambda s: decisions.hold(s.services, CALLER, run_of(s), "resume"),
        Refused,
        "run auth-7f3a is running; only a paused run can be resumed",
        "gitorch status auth-7f3a",
    ),
    (
        "moved",
        lambda s: decisions.require_approvable(s.services, run_of(s), "typed"),
        Refused,
        "main has moved since this report was made; gitorch up makes the report that you can approve",
        "gitorch up auth-7f3a --no-wait",
    ),
    (
        "one",
        lambda s: only_people(s.services, AGENT, "approve"),
        Denied,
        "session s1 is an agent and may not approve (its token is in the environment); only the principal may",
        "gitorch send @principal TEXT",
    ),
    (
        "one",
        lambda s: only_people(s.services, NOBODY, "approve"),
        Denied,
        "the caller is an agent and may not approve (it is a child of gitorch); only the principal may",
        "gitorch send @principal TEXT",
    ),
    (
        "one",
        lambda s: only_people(s.services, OPERATOR, "approve"),
        Denied,
        "bob is an operator and may not approve; only the principal may",
        "gitorch status",
    ),
    (
        "nothing",
        lambda s: keys.add(with_approvers(s, ""), "key", "a b"),
        Usage,
        "'a b' cannot name an approver: no blanks, commas or quotes",
        "gitorch keys add KEY --name ADA",
    ),
    (
        "nothing",
        lambda s: keys.add(with_approvers(s, ""), "no", "ada"),
        NotFound,
        "no names no public SSH key",
        "gitorch keys add --new",
    ),
    (
        "nothing",
        lambda s: keys.add(with_approvers(s, f"bob {KEY.public}\n"), "key", "ada"),
        Refused,
        "key may approve already",
        "gitorch keys list",
    ),
    (
        "nothing",
        lambda s: keys.approvers(with_approvers(s, "# us\nada\n")),
        Malformed,
        "{above}/s/gitorch-approvers has a line without a key",
        "",
    ),
    (
        "nothing",
        lambda s: keys.remove(with_approvers(s, ""), "eve"),
        NotFound,
        "eve is not an approver here; there is nobody",
        "gitorch keys list",
    ),
    (
        "nothing",
        lambda s: keys.remove(with_approvers(s, f"ada {KEY.public}\nbob ssh-rsa B\n"), "eve"),
        NotFound,
        "eve is not an approver here; there is ada, bob",
        "gitorch keys list",
    ),
    (
        "nothing",
        lambda s: keys.key_to_sign_with(with_approvers(s, ""), "ada ssh-rsa B\n"),
        Denied,
        "none of your keys (git's user.signingKey, and the one that gitorch made) is among those that this run began with as allowed to approve it",
        "gitorch keys list",
    ),
    (
        "nothing",
        sign_in_vain,
        Denied,
        "key signed, but the run's allowed signers do not accept it for gitorch-approval",
        "gitorch keys list",
    ),
    (
        "nothing",
        sign_untouched,
        Denied,
        "key signs without a touch, so that any program of yours could have",
        "gitorch keys add --new",
    ),
    (
        "one",
        lambda s: messages.send(s.services, PERSON, ("@principal",), f"it is {TOKEN}", s.folder),
        Refused,
        "text seems to hold a secret (line 1: a GitHub token); the ledger keeps everything for ever, so say where it lies instead of what it is",
        "",
    ),
]

RECORDS = [
    ("one", second_up, Busy, "gitorch up is already running in this repository", "gitorch status --watch"),
    ("one", settle_beside, Busy, "Another process holds the lock up (waited 30 s).", "try again"),
    ("one", settle_damaged, Corrupt, "record 2 is not what it should be", "gitorch verify"),
    ("one", take_from_a_damaged_ledger, Corrupt, "record 2 is not what it should be", "gitorch verify"),
    ("one", lambda s: lookup.find_run(forgetful(s), None), NotFound, "there is no run auth-7f3a", "gitorch list"),
    (
        "one",
        lambda s: recipe.recipe(s.services, run_of(s)),
        NotFound,
        "run auth-7f3a has no approved merge to check",
        "gitorch list",
    ),
    (
        "one",
        lambda s: exporting.export(with_gap(s), ExportRequest(), s.folder / "x", "x"),
        Corrupt,
        "record 2 does not name the digest of the record before it",
        "gitorch verify",
    ),
    (
        "one",
        sync_apart,
        Refused,
        "the ledgers here ({tip}) and at origin (d16d74303205) went different ways, and are never merged",
        "git log --oneline --left-right {tip}...d16d74303205",
    ),
    ("one", sync_refused, Unavailable, "origin did not take the ledger: remote: no", "gitorch sync origin"),
    (
        "one",
        lambda s: recovery.propose(damaged(s), None),
        Corrupt,
        "The branch gitorch/ledger is missing.",
        "git branch gitorch/ledger abc",
    ),
]

WORK = [
    ("one", remove_claimed, Refused, "api belongs to run auth-7f3a, which is running", "gitorch status auth-7f3a"),
    (
        "two",
        remove_ambiguous,
        Refused,
        "api could be any of auth-7f3a/api, auth-9c2d/api",
        "gitorch worktree remove auth-7f3a/api",
    ),
    (
        "nothing",
        remove_dirty,
        Refused,
        "{above}/trees/by-hand/try holds uncommitted work: new.txt",
        "git -C {above}/trees/by-hand/try status",
    ),
    ("one", claim_without_space, Failed, "no space is left", "df -h ."),
    (
        "nothing",
        lambda s: workflows.write_new(s.folder / ("x" * 300), "x.yaml", "", "gitorch plan new"),
        Refused,
        "x.yaml cannot be written: file name too long",
        "ls -ld {above}/s",
    ),
    (
        "nothing",
        submit_late,
        Refused,
        "the lease of session s1 on api has run out, so this does not count; it is kept as h1, and the principal can adopt it",
        "gitorch recover auth-7f3a",
    ),
    (
        "nothing",
        ended_late,
        Refused,
        "the lease of session s1 on api has run out, so this does not count; it is kept as h1, and the principal can adopt it",
        "gitorch recover auth-7f3a",
    ),
    (
        "one",
        lambda s: submissions.submit_handoff(s.services, AgentCredential(RUN, "no"), REPORT),
        Denied,
        "this token belongs to no session of run auth-7f3a",
        "gitorch status",
    ),
    (
        "launched",
        lambda s: answered(s, "token of somebody"),
        Denied,
        "an outbox entry in the outbox of session s1 carries another token than that session's",
        "gitorch brief",
    ),
    (
        "launched",
        lambda s: answered(s, "token of s1", denied="approve"),
        Denied,
        "session s1 was denied this in its sandbox",
        "gitorch brief",
    ),
    ("nothing", collect_from_busy, Busy, "eight others write", "try again"),
    (
        "nothing",
        lambda s: outbox.written_brief(Sandbox(FakeOutboxes(), FakeClock(), s.folder, WHY)),
        NotFound,
        "there is no brief in {above}/s yet, and the folder is read-only",
        "",
    ),
    (
        "nothing",
        recover_as_operator,
        Denied,
        "bob is an operator and may not adopt; only the principal may",
        "gitorch status",
    ),
]

FAULTS = [*PEOPLE, *RECORDS, *WORK]
