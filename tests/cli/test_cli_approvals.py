"""What only people decide: answers, approvals, rejections, and what follows at once."""

from __future__ import annotations

import json

import pytest
from cli_stage import RUN, Stage

from gitorch.app.people import decisions
from gitorch.cli.call import Streams
from gitorch.cli.verbs.approvals import _not_merged
from gitorch.model.commands import VoidReport
from gitorch.model.events import ActionRefused, MergeApproved
from gitorch.model.plans.approval import Grade
from gitorch.model.plans.workflow import Autonomy, Settings
from gitorch.model.values import replace
from gitorch.model.work.report import OutsideChange
from gitorch.model.work.run import RunPhase

TERMINAL = Streams(asks=True, draws=True, columns=80, lines=24, controls=True)


def approvals(stage):
    return [w.record.event for w in stage.ledger.written if isinstance(w.record.event, MergeApproved)]


def test_an_option_may_be_abbreviated_and_followed_by_a_text(stage):
    stage.begin_run().launch("api").submit_handoff("api", "DONE_WITH_CONCERNS", concerns=("It is slow.",))
    answer = stage.gitorch("answer", "q1", "push", "measure", "it")
    assert (answer.status, answer.out) == (0, "q1 is answered: push_back. gitorch up continues it.\n")
    assert stage.run.questions["q1"].answer.text == "measure it"


def test_an_answer_may_come_from_standard_input(stage):
    stage.begin_run().launch("api").submit_handoff("api", "NEEDS_CONTEXT", questions=("Which name?",))
    assert stage.gitorch("answer", "q1", "-", typed="two\nlines\n").status == 0
    assert stage.run.questions["q1"].answer.text == "two\nlines"


def test_an_invalid_answer_names_the_options(stage):
    stage.begin_run().launch("api").submit_handoff("api", "DONE_WITH_CONCERNS", concerns=("It is slow.",))
    answer = stage.gitorch("answer", "q1", "whatever")
    assert answer.status == 2
    assert "accept, follow_up, push_back" in answer.err
    assert stage.gitorch("answer", "q7", "x").status == 3


def test_an_answer_that_stops_the_run_stops_its_agents_at_once(stage):
    stage.begin_run().launch("api").submit_handoff("api", "BLOCKED", blocker="no schema", clears="migration 12")
    answer = stage.gitorch("answer", "q1", "stop_run")
    assert answer.status == 0
    assert stage.terminals.stopped == ["s1"]
    assert answer.out.endswith(f"Run {RUN} is canceled.\n")


def test_an_agent_may_not_answer_approve_or_reject_and_each_attempt_is_recorded(stage):
    stage.until_report().as_agent("api")
    for words in (
        ("approve",),
        ("approve", "--yes"),
        ("reject", "--note", "x"),
        ("cancel",),
        ("pause",),
        ("cleanup", "--yes"),
    ):
        assert stage.gitorch(*words).status == 5
        kept = stage.ledger.written[-1].record.event
        assert isinstance(kept, ActionRefused)
        assert (kept.verb, kept.code) == (words[0], "denied")
    assert approvals(stage) == []


def test_an_agent_may_not_answer_and_the_attempt_is_recorded(stage):
    stage.begin_run().launch("api").submit_handoff("api", "NEEDS_CONTEXT", questions=("Which name?",)).as_agent("api")
    assert stage.gitorch("answer", "q1", "mine").status == 5
    assert stage.ledger.written[-1].record.event.verb == "answer"


def test_approve_prints_the_report_asks_for_the_beginning_of_its_digest_and_merges(stage):
    stage.until_report().streams = TERMINAL
    beginning = stage.run.report.digest.removeprefix("sha256:")[:6]
    answer = stage.gitorch("approve", typed=f"{beginning}\n")
    assert answer.status == 0
    assert "## Branches" in answer.out
    assert f"The digest of this report begins with {beginning}." in answer.out
    assert "Type these 6 characters to merge 1 branch to main" in answer.out
    merged = stage.run.merged
    assert f"Merged: main is now {merged.new[:12]}. Run {RUN} is completed." in answer.out
    assert stage.git.tips["main"] == merged.new
    assert approvals(stage)[0].proof == "typed"


@pytest.fixture
def _beside(monkeypatch):
    """A branch was made after the report."""
    made = OutsideChange("refs/heads/beside", "", "a1" * 20)
    monkeypatch.setattr(decisions, "changed_since_report", lambda *_: (made,))


@pytest.mark.usefixtures("_beside")
def test_approve_names_what_changed_since_the_report_with_before_and_after(stage):
    stage.until_report().streams = TERMINAL
    said = "these changed too, by an agent or by you:\n- refs/heads/beside: absent → a1a1a1a1"
    answer = stage.gitorch("approve", typed="no\n")
    assert answer.out.index("## Branches") < answer.out.index(said) < answer.out.index("The digest of this report")
    assert said in stage.gitorch("approve", "--yes").out


def test_approve_says_before_anything_is_typed_that_a_change_withdraws_the_report(stage, monkeypatch):
    stage.until_report().streams = TERMINAL
    hook = OutsideChange("hooks/post-commit", "", "b2" * 32)
    monkeypatch.setattr(decisions, "changed_since_report", lambda *_: (hook,))
    out = stage.gitorch("approve", typed="no\n").out
    said = out.index("This report can no longer be approved, because of hooks/post-commit: approving it withdraws it.")
    assert out.index("## Branches") < said < out.index("Type these 6 characters")


@pytest.mark.usefixtures("_beside")
def test_the_json_of_an_approval_lists_what_changed_since_the_report(stage):
    stage.until_report()
    (change,) = json.loads(stage.gitorch("approve", "--yes", "--json").out)["changed_since_report"]
    assert (change["name"], change["before"], change["after"]) == ("refs/heads/beside", "", "a1" * 20)


@pytest.mark.parametrize("typed", ["\n", "no\n", "y\n", "yes\n", f"{RUN}\n", "000000\n", ""])
def test_anything_but_the_beginning_of_the_digest_approves_nothing(stage, typed):
    stage.until_report().streams = TERMINAL
    assert stage.gitorch("approve", typed=typed).status == 130
    assert approvals(stage) == []


@pytest.mark.parametrize("typed", ["000000\n", "y\n", f"{RUN}\n"])
def test_a_wrong_digest_is_named_with_the_right_one_and_the_command(stage, typed):
    stage.until_report().streams = TERMINAL
    beginning = stage.run.report.digest.removeprefix("sha256:")[:6]
    answer = stage.gitorch("approve", typed=typed)
    said = f"nothing was approved: the digest begins with {beginning}, not with {typed.strip()}"
    assert f"{said}. Try again: gitorch approve {RUN}" in answer.err


@pytest.mark.parametrize("words", [("approve",), ("approve", "--yes")], ids=" ".join)
def test_a_target_that_moved_is_named_before_the_report_is_shown(stage, words):
    stage.until_report().streams = TERMINAL
    stage.git.tips["main"] = stage.run.report.merged_commit
    answer = stage.gitorch(*words, typed="000000\n")
    assert (answer.status, answer.out, approvals(stage)) == (4, "", [])
    assert "main has moved since this report was made" in answer.err
    assert answer.err.endswith(f"  try: gitorch up {RUN} --no-wait\n")


def test_an_approval_that_became_void_names_the_next_report(stage, monkeypatch):
    stage.until_report()
    # The target moves right after it was looked at.
    monkeypatch.setattr(decisions, "require_approvable", lambda *_: None)
    stage.git.tips["main"] = "e1" * 20
    answer = stage.gitorch("approve", "--yes")
    (question,) = stage.run.open_questions()
    assert (answer.status, stage.run.merged, str(question.kind)) == (10, None, "approval")
    assert f"run {RUN} was approved, but its report became void before the merge: {question.id} waits" in answer.err


def test_a_run_without_its_approved_report_names_the_command_that_makes_the_next_one(stage):
    stage.until_report().do(VoidReport("main moved"))
    said = _not_merged(stage.run)
    assert said.message == (
        f"run {RUN} was approved, but its report became void before the merge; gitorch up makes a new report to approve"
    )
    assert said.hint == f"gitorch up {RUN} --no-wait"


def test_where_only_a_pull_request_approves_nothing_is_asked(stage):
    stage.until_report(Settings(approval_at_least=Grade.FORGE, forge_keys="forge ssh-ed25519 AAAA\n"))
    for streams, words in ((TERMINAL, ()), (TERMINAL, ("--yes",)), (stage.streams, ()), (stage.streams, ("--yes",))):
        stage.streams = streams
        answer = stage.gitorch("approve", *words, typed="000000\n")
        assert (answer.status, answer.out) == (5, "")
        assert answer.err.endswith(f"  try: gitorch propose {RUN}\n")


@pytest.mark.parametrize("json_wanted", [False, True])
def test_approve_without_a_terminal_names_yes_only_where_it_is_taken(stage, json_wanted):
    words = ("approve", "--json") if json_wanted else ("approve",)
    stage.until_report(Settings())
    answer = stage.gitorch(*words)
    said = answer.out + answer.err
    assert answer.status == 2
    assert "; type it at a terminal" in said
    assert "--yes" not in said
    assert "gitorch help approval" in said
    assert "approve it at a terminal, without --yes" in stage.gitorch("approve", "--yes").err


def test_approve_without_a_terminal_needs_yes_which_is_recorded(stage):
    stage.until_report()
    answer = stage.gitorch("approve")
    assert (answer.status, approvals(stage)) == (2, [])
    values = json.loads(stage.gitorch("approve", "--yes", "--json").out)
    assert values["merged"]["new"] == stage.run.merged.new
    assert (values["proof"], approvals(stage)[0].proof) == ("unattended", "unattended")


def test_a_terminal_that_does_not_control_the_process_proves_nobody(stage):
    stage.until_report().streams = replace(TERMINAL, controls=False)
    answer = stage.gitorch("approve", typed="000000\n")
    assert answer.status == 5
    assert "not the controlling terminal" in answer.err
    assert approvals(stage) == []


@pytest.mark.parametrize("grade", [Grade.TYPED, Grade.SIGNED])
def test_yes_is_denied_where_the_run_was_prepared_without_unattended_approvals(stage, grade):
    stage.until_report(Settings(approval_at_least=grade))
    answer = stage.gitorch("approve", "--yes")
    assert answer.status == 5
    assert "approval.unattended was not true when it was prepared" in answer.err
    assert approvals(stage) == []


def test_approve_accepts_only_the_named_report(stage):
    stage.until_report()
    digest = stage.run.report.digest
    assert stage.gitorch("approve", "--yes", "--report", "sha256:" + "0" * 64).status == 4
    assert stage.gitorch("approve", "--yes", "--report", "abc").status == 2
    assert stage.gitorch("approve", "--yes", "--report", digest[7:19]).status == 0


def test_approve_prints_why_a_checkout_was_not_updated_and_the_command_that_updates_it(stage):
    stage.until_report().git.left = True
    answer = stage.gitorch("approve", "--yes")
    assert "a rebase is under way in checkout" in answer.out
    assert "git stash && git merge main" in answer.out


def test_approve_beside_a_running_up_leaves_the_merge_to_it(stage):
    stage.until_report().ledger.held.update(("up", "driver"))
    answer = stage.gitorch("approve", "--yes")
    assert answer.out.endswith("gitorch up is running and will merge.\n")
    assert stage.run.merged is None
    stage.ledger.held.clear()
    assert stage.gitorch("up").status == 0
    assert stage.run.merged is not None


def test_approve_without_a_report_or_twice_is_refused(stage):
    stage.begin_run()
    assert stage.gitorch("approve", "--yes").status == 4
    done = Stage(folder=stage.folder).until_report()
    assert done.gitorch("approve", "--yes").status == 0
    assert done.gitorch("approve", "--yes").status == 4


@pytest.fixture
def checkpoint(stage):
    return stage.begin_run({"auth": (), "ui": ("auth",)}, Settings(autonomy=Autonomy.PER_EPIC)).finish("auth")


def test_a_waiting_epic_takes_precedence_over_an_abbreviated_run(checkpoint):
    answer = checkpoint.gitorch("approve", "auth", "--yes")
    assert answer.out == "auth is approved (q1). gitorch up continues it.\n"
    assert str(checkpoint.run.jobs["auth"].phase) == "completed"


def test_a_whole_run_id_takes_precedence_over_an_epic(checkpoint):
    assert checkpoint.gitorch("approve", RUN, "--yes").status == 4


def test_a_run_takes_precedence_over_a_waiting_epic_of_the_same_name(stage):
    stage.begin_run({RUN: ()}, Settings(autonomy=Autonomy.PER_EPIC)).finish(RUN)
    assert stage.gitorch("approve", RUN, "--yes").status == 4
    assert stage.gitorch("approve", RUN, "--run", RUN, "--yes").out.startswith(f"{RUN} is approved (q1)")


def test_an_epic_that_does_not_wait_is_refused(checkpoint):
    answer = checkpoint.gitorch("approve", "ui", "--yes")
    assert answer.status == 4
    assert "no checkpoint that waits" in answer.err


def test_an_epic_is_approved_at_a_terminal_by_a_plain_yes(checkpoint):
    checkpoint.streams = TERMINAL
    assert checkpoint.gitorch("approve", "auth", typed="n\n").status == 130
    assert checkpoint.gitorch("approve", "auth", typed="y\n").status == 0


def test_a_rejected_epic_goes_back_with_the_note(checkpoint):
    answer = checkpoint.gitorch("reject", "auth", "--note", "No tests.", "--run", RUN)
    assert answer.status == 0
    job = checkpoint.run.jobs["auth"]
    assert job.attempt == 2
    assert "No tests." in job.findings[0].finding.title


def test_a_rejected_report_sends_epics_back_or_ends_the_run(stage):
    stage.until_report()
    answer = stage.gitorch("reject", "--note", "No tests.", "--rework", "api")
    assert (answer.status, stage.run.phase) == (0, RunPhase.RUNNING)
    assert "gitorch up continues" in answer.out
    ended = Stage(folder=stage.folder).until_report()
    answer = ended.gitorch("reject", "--note", "-", typed="Not wanted.")
    assert (answer.status, ended.run.phase) == (0, RunPhase.CANCELED)
    assert "s1" in ended.terminals.stopped


def test_a_rejection_that_ends_the_run_says_so_at_a_terminal_and_asks_first(stage):
    stage.until_report().streams = TERMINAL
    said = f"Without --rework this ends run {RUN}; its branches are kept. End it?"
    for typed in ("\n", "n\n", ""):
        answer = stage.gitorch("reject", "--note", "No tests.", typed=typed)
        assert (answer.status, stage.run.phase) == (130, RunPhase.RUNNING)
        assert said in answer.out
        assert f'To send work back: gitorch reject {RUN} --rework api --note "…"' in answer.out
    answer = stage.gitorch("reject", "--note", "No tests.", typed="y\n")
    assert (answer.status, stage.run.phase) == (0, RunPhase.CANCELED)


def test_a_rejection_that_sends_work_back_asks_nothing(stage):
    stage.until_report().streams = TERMINAL
    answer = stage.gitorch("reject", "--note", "No tests.", "--rework", "api")
    assert (answer.status, stage.run.phase) == (0, RunPhase.RUNNING)


def holds(stage, text):
    """Let the handed-in commit of auth have this text in `src/auth.py`."""
    commit = stage.run.jobs["auth"].handoff.commit
    stage.git.trees[stage.git.commits[commit].tree]["src/auth.py"] = text


def test_a_rejected_epic_goes_back_with_findings_at_lines(checkpoint):
    holds(checkpoint, "import os\n" * 9)
    found = ("--finding", "src/auth.py:3: minor: Never used: os.", "--finding", "src/auth.py:9: Loaded twice: os")
    answer = checkpoint.gitorch("reject", "auth", *found)
    assert (answer.status, answer.out.splitlines()[0][:15]) == (0, "Rejected: auth.")
    job = checkpoint.run.jobs["auth"]
    findings = [listed.finding for listed in job.findings]
    assert job.attempt == 2
    assert [(one.severity, one.place, one.title) for one in findings] == [
        ("important", "src/auth.py:9", "Loaded twice: os"),
        ("minor", "src/auth.py:3", "Never used: os."),
    ]
    assert checkpoint.run.open_questions() == ()


def test_a_handed_in_epic_is_rejected_without_a_checkpoint(stage):
    stage.until_report()
    answer = stage.gitorch("reject", "api", "--note", "No tests.")
    assert answer.status == 0
    assert (stage.run.jobs["api"].attempt, stage.run.report, stage.run.phase) == (2, None, RunPhase.RUNNING)


@pytest.mark.parametrize(
    "typed", ["src/a.py", "src/a.py:x: words", "src/a.py:3", "src/a.py:3: ", ":3: words", "words: 3"]
)
def test_a_finding_without_its_file_line_and_words_is_refused(checkpoint, typed):
    answer = checkpoint.gitorch("reject", "auth", "--finding", typed)
    assert answer.status == 2
    assert "PATH:LINE" in answer.err
    assert checkpoint.run.jobs["auth"].attempt == 1


def test_a_finding_beyond_the_end_of_the_file_or_without_an_epic_is_refused(checkpoint):
    holds(checkpoint, "import os\n")
    assert checkpoint.gitorch("reject", "auth", "--finding", "src/auth.py:7: words").status == 2
    assert checkpoint.gitorch("reject", RUN, "--finding", "src/auth.py:1: words").status == 2
    assert checkpoint.run.jobs["auth"].attempt == 1


def test_only_the_commit_that_was_read_is_rejected_with_findings_from_a_file(stage, tmp_path):
    stage.begin_run({"api": ()}).launch("api").submit_handoff("api")
    (tmp_path / "f.json").write_text('[{"severity": "minor", "title": "Rename it", "path": "a.py", "line": 3}]')
    words = ("reject", "api", "--findings-file", str(tmp_path / "f.json"), "--commit")
    assert stage.gitorch(*words, "abc1234").status == 4
    assert stage.gitorch(*words, stage.run.jobs["api"].handoff.commit[:9]).status == 0
    assert [listed.finding.place for listed in stage.run.jobs["api"].findings] == ["a.py:3"]
    (tmp_path / "f.json").write_text('[{"severity": "minor", "title": "Again", "number": 1}]')
    assert stage.gitorch(*words, "abc1234").status == 2


def test_a_rejection_needs_a_note(stage):
    stage.until_report()
    assert stage.gitorch("reject").status == 2
    assert stage.gitorch("reject", "--note", " ").status == 4


@pytest.mark.parametrize("json_wanted", [False, True])
def test_an_approval_that_did_not_merge_is_no_success_and_names_the_question(stage, json_wanted):
    stage.until_report().git.hook = "reference-transaction: closed on Fridays"
    answer = stage.gitorch("approve", "--yes", *(["--json"] if json_wanted else []))
    (question,) = stage.run.open_questions()
    message = f"run {RUN} was approved and is not merged: {question.id} waits for you"
    assert (answer.status, stage.run.merged, stage.run.approval is not None) == (10, None, True)
    assert message in (answer.out if json_wanted else answer.err)
    hint = f"gitorch show {question.id} --run {RUN}"
    assert json_wanted or answer.err.endswith(f"  try: {hint}\n")
    if json_wanted:
        error = json.loads(answer.out)["error"]
        assert [error[key] for key in ("code", "run", "merged", "hint")] == ["waiting", RUN, None, hint]
        assert error["waiting"][0]["id"] == question.id
    stage.git.hook = ""
    assert stage.gitorch("show", question.id, "--run", RUN).status == 0
