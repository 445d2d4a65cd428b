"""Refusals of looking up, of people, and of records: the situation, the call, and the class, message and hint of its error.

`{above}` is the folder above that of the repository.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))

from cli_memory import TARGET, commit
from fakes.world import FakePrograms, altered
from refusal_kit import CALLER, PERSON, RUN, commented, run_of, tagged, with_remote

from gitorch.app.people import decisions, mailbox, messages
from gitorch.app.query import anchors, cleaning, diffs, exporting, lookup, questions, runs, syncing, terminals
from gitorch.app.query.exporting import ExportRequest
from gitorch.app.reconciler.tick import tick
from gitorch.errors import NotFound, Refused, Unavailable, Usage

LOOKUPS = [
    (
        "launched",
        lambda s: diffs.difference(s.services, "api", None, since_review=True),
        NotFound,
        "api has nothing to compare yet",
        "gitorch why api",
    ),
    (
        "launched",
        lambda s: diffs.difference(s.services, None, None, since_review=False),
        Usage,
        "run auth-7f3a has no merged result to show; name one of its jobs",
        "gitorch list jobs --run auth-7f3a",
    ),
    (
        "nothing",
        lambda s: lookup.require_ledger(s.services),
        NotFound,
        "this repository has no gitorch ledger",
        "gitorch init",
    ),
    (
        "nothing",
        lambda s: lookup.find_run(s.services, None),
        NotFound,
        "this repository has no gitorch ledger",
        "gitorch init",
    ),
    ("empty", lambda s: lookup.find_run(s.services, None), NotFound, "there is no run yet", "gitorch start PLAN"),
    (
        "empty",
        lambda s: lookup.find_run(s.services, "x"),
        NotFound,
        "this repository has no run x; it has none",
        "gitorch list",
    ),
    (
        "one",
        lambda s: lookup.find_run(s.services, "x"),
        NotFound,
        "this repository has no run x; it has auth-7f3a",
        "gitorch list",
    ),
    (
        "one",
        lambda s: terminals.require_terminals(altered(s.services, programs=FakePrograms(tmux="")), None),
        Unavailable,
        "tmux is not installed, and agents run in it",
        "apt-get install tmux",
    ),
    (
        "two",
        lambda s: lookup.find_run(s.services, "auth"),
        Usage,
        "auth could be any of auth-7f3a, auth-9c2d",
        "gitorch status auth-7f3a",
    ),
    (
        "two",
        lambda s: lookup.find_run(s.services, None),
        Usage,
        "several runs are open: auth-7f3a, auth-9c2d",
        "gitorch status auth-7f3a",
    ),
    (
        "one",
        lambda s: lookup.find_job(run_of(s), "db"),
        NotFound,
        "run auth-7f3a has no job db; it has api, api.spec, ui, ui.spec, approval, merge",
        "gitorch status auth-7f3a",
    ),
    (
        "one",
        lambda s: lookup.find_job(run_of(s), "a"),
        Usage,
        "a could be any of api, api.spec, approval",
        "gitorch why api",
    ),
    (
        "one",
        lambda s: lookup.find_session(s.services, "db", None),
        NotFound,
        "run auth-7f3a has no job or session db; it has api, api.spec, ui, ui.spec, approval, merge",
        "gitorch status auth-7f3a",
    ),
    (
        "one",
        lambda s: lookup.find_session(s.services, "ui", RUN),
        NotFound,
        "no agent has worked on ui yet",
        "gitorch why ui",
    ),
    (
        "one",
        lambda s: questions.find_question(s.services, "q9", None),
        NotFound,
        "no run has a question q9",
        "gitorch inbox",
    ),
    (
        "one",
        lambda s: lookup.find_run_or_checkpoint(s.services, "api", None),
        Refused,
        "api has no checkpoint that waits",
        "gitorch inbox",
    ),
    (
        "two",
        lambda s: lookup.find_run_or_epic(s.services, "api", None),
        Usage,
        "api is in several runs: auth-7f3a, auth-9c2d",
        "gitorch report api --run auth-7f3a",
    ),
    (
        "two cancelled",
        lambda s: cleaning.find_run_to_clean(s.services, None),
        Usage,
        "several runs can be cleaned up: auth-7f3a, auth-9c2d",
        "gitorch cleanup auth-7f3a",
    ),
    (
        "one",
        lambda s: runs.why_of(s.services, "db", None),
        NotFound,
        "run auth-7f3a has no job, question or session db; it has api, api.spec, ui, ui.spec, approval, merge",
        "gitorch status auth-7f3a",
    ),
    (
        "one",
        lambda s: runs.report(s.services, None),
        NotFound,
        "run auth-7f3a has no merge report yet",
        "gitorch status auth-7f3a",
    ),
    ("nothing", lambda s: runs.runs(s.services), NotFound, "this repository has no gitorch ledger", "gitorch init"),
]

PEOPLE = [
    (
        "one",
        lambda s: mailbox.find_message(s.services, None, "m9"),
        NotFound,
        "there is no message m9",
        "gitorch inbox",
    ),
    ("one", lambda s: mailbox.find_message(s.services, None, "x"), NotFound, "there is no message x", "gitorch inbox"),
    (
        "one",
        lambda s: mailbox.person_named(s.services, "eve"),
        NotFound,
        "no person is called @eve; there are @principal, @coordinator",
        "gitorch inbox",
    ),
    (
        "nothing",
        lambda s: messages.send(s.services, PERSON, ("@ada",), "hi", s.folder),
        NotFound,
        "this repository has no gitorch ledger",
        "gitorch init",
    ),
    (
        "nothing",
        lambda s: messages.wait_for(s.services, PERSON, None),
        NotFound,
        "this repository has no gitorch ledger",
        "gitorch init",
    ),
    (
        "two",
        lambda s: messages.send(s.services, PERSON, ("api",), "hi", s.folder),
        Usage,
        "several runs have api: auth-7f3a, auth-9c2d",
        "gitorch send api TEXT --run auth-7f3a",
    ),
    (
        "one",
        lambda s: messages.send(s.services, PERSON, ("@orchestrator",), "plan ready at x.md", s.folder),
        NotFound,
        "there is no file x.md, so no plan is ready there",
        "ls {above}/s",
    ),
    *(
        (
            "reported",
            lambda s, words=words: decisions.answer(s.services, CALLER, "q1", words, None),
            Refused,
            'q1 asks you to approve a merge; it takes no answer: approve it, or send it back by gitorch reject auth-7f3a --rework api --note "…"',
            "gitorch approve auth-7f3a",
        )
        for words in ((), ("yes",), ("approve",), ("reject",), ("no", "too wide"))
    ),
    (
        "escalated",
        lambda s: decisions.answer(s.services, CALLER, "q1", (), None),
        Usage,
        "q1 takes one of: retry_it, retry_all, stop",
        "gitorch answer q1 retry_it",
    ),
    (
        "escalated",
        lambda s: [decisions.answer(s.services, CALLER, "q1", ("retry_it",), None) for _ in range(2)],
        Refused,
        "q1 was already answered by ada: retry_it",
        "gitorch inbox",
    ),
    (
        "escalated",
        lambda s: decisions.answer(s.services, CALLER, "q1", ("no",), None),
        Usage,
        "q1 has no answer no; it has retry_it, retry_all, stop",
        "gitorch answer q1 retry_it",
    ),
    (
        "escalated",
        lambda s: decisions.answer(s.services, CALLER, "q1", ("retry",), None),
        Usage,
        "retry could be any of retry_it, retry_all",
        "gitorch answer q1 retry_it",
    ),
    (
        "one",
        lambda s: commented(s, "nowhere.py", 3),
        Usage,
        "nowhere.py:3 cannot be commented on: there is no such file at that commit",
        f"git show {commit('api-1')[:12]}",
    ),
    (
        "one",
        lambda s: decisions.report_to_approve(run_of(s)),
        Refused,
        "run auth-7f3a has no merge report to approve; it is running",
        "gitorch status auth-7f3a",
    ),
    (
        "one",
        lambda s: decisions.cleanup_question(run_of(s)),
        Refused,
        "run auth-7f3a is running; it is cleaned up when it is over",
        "gitorch cancel",
    ),
]

RECORDS = [
    (
        "one",
        lambda s: exporting.export(s.services, ExportRequest(), s.folder, "here"),
        Refused,
        "here is there already and stays as it is",
        "gitorch export ANOTHER_FOLDER",
    ),
    (
        "one",
        lambda s: exporting.export(s.services, ExportRequest(first=99), s.folder / "x", "x"),
        NotFound,
        "there is no record in this range",
        "gitorch log -n 5",
    ),
    (
        "a file",
        lambda s: exporting.export(s.services, ExportRequest(), s.folder / "file/x", "x"),
        Refused,
        "{above}/s/file/x cannot be written: not a directory",
        "df -h .",
    ),
    (
        "nothing",
        lambda s: exporting.verify_export(s.folder, "here"),
        NotFound,
        "here is not an export: it has no manifest.json",
        "ls here",
    ),
    (
        "nothing",
        lambda s: syncing.choose_remote(s.services, ""),
        NotFound,
        "this repository has no remote",
        "git remote add origin URL",
    ),
    (
        "nothing",
        lambda s: syncing.choose_remote(with_remote(s), "attic"),
        NotFound,
        "there is no remote attic, only origin",
        "git remote -v",
    ),
    (
        "nothing",
        lambda s: syncing.sync(with_remote(s), "origin"),
        NotFound,
        "there is no ledger, neither here nor at origin",
        "gitorch init",
    ),
    (
        "one",
        lambda s: anchors.check_tag(tagged(s, None, ledger=False), 3, TARGET, "v1"),
        NotFound,
        "there is no tag 'v1'",
        "git tag --list",
    ),
    (
        "one",
        lambda s: anchors.check_tag(tagged(s, commit("x"), ledger=False), 3, TARGET, "v1"),
        NotFound,
        "tag v1 names 11f6ad8ec52a, which is not a record of a ledger",
        "git show --stat v1",
    ),
    ("empty", lambda s: tick(s.services, RUN), NotFound, "There is no run auth-7f3a.", "gitorch list"),
]
