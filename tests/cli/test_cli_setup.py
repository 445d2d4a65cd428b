"""From a fresh repository to a prepared run: what is shown, asked, refused and kept."""

from __future__ import annotations

import json

import pytest

from gitorch.app.start.doctor import HealthCheck
from gitorch.cli.call import Streams
from gitorch.errors import Problem
from gitorch.model.events import ActionRefused
from gitorch.model.workflow import Autonomy

PROBLEMS = (Problem("p.md", 3, 1, "no task", "add one"),)
TERMINAL = Streams(asks=True, draws=True, columns=80, lines=24)


def test_init_says_what_was_made_and_what_was_kept(stage):
    answer = stage.gitorch("init")
    assert answer.status == 0
    assert "created  gitorch.yaml" in answer.out
    assert "kept     gitorch/ledger" in answer.out
    assert json.loads(stage.gitorch("init", "--json").out)["created"] == ["gitorch.yaml"]


def test_doctor_lists_every_sign_and_ends_with_0_when_none_is_bad(stage):
    stage.signs = (HealthCheck("git", True, "2.39.5", ""), HealthCheck("push", None, "not configured", "see push"))
    answer = stage.gitorch("doctor")
    assert answer.status == 0
    assert answer.out.splitlines()[0].split() == ["ok", "git", "2.39.5"]
    assert answer.out.splitlines()[1].split()[0] == "note"


def test_doctor_ends_with_8_and_says_what_to_type_when_something_is_bad(stage):
    stage.signs = (HealthCheck("git", True, "2.39.5", ""), HealthCheck("tmux", False, "is missing", "apt install tmux"))
    answer = stage.gitorch("doctor")
    assert answer.status == 8
    assert "bad  tmux" in answer.out.replace("bad   ", "bad  ")
    assert "1 of 2 checks failed: tmux" in answer.err
    assert "  try: apt install tmux" in answer.err
    error = json.loads(stage.gitorch("doctor", "--json").out)["error"]
    assert [sign["ok"] for sign in error["signs"]] == [True, False]


def test_check_shows_the_sheet_and_changes_nothing(stage):
    answer = stage.gitorch("check", "plan.md")
    assert answer.status == 0
    for part in ("main at", "at most 4", "make test", "api (claude)", "gitorch/RUN/ui", "batch 1: 2 side by side"):
        assert part in answer.out
    assert (stage.begun, stage.refused, stage.ledger.written) == ([], [], [])
    said = json.loads(stage.gitorch("check", "plan.md", "--json").out)
    assert said["plan"]["epics"] == ["api"]
    assert said["sheet"]["batches"][0][0]["runtime"] == "claude"


def test_check_of_a_wrong_plan_lists_its_defects_and_keeps_nothing(stage):
    stage.problems = PROBLEMS
    answer = stage.gitorch("check", "p.md")
    assert answer.status == 6
    assert "p.md:3:1: no task\n    fix: add one\n" in answer.err
    assert stage.refused == []


def test_start_of_a_wrong_plan_is_kept_in_the_ledger(stage):
    stage.problems = PROBLEMS
    assert stage.gitorch("start", "p.md", "--yes").status == 6
    assert len(stage.refused) == 1


def test_start_with_yes_begins_with_the_autonomy_of_the_sheet(stage):
    answer = stage.gitorch("start", "plan.md", "--yes")
    assert answer.status == 0
    assert stage.begun == [(Autonomy.END_ONLY, "unattended")]
    assert answer.out.endswith("Run auth-7f3a is ready. Next: gitorch up\n")


def test_start_for_a_program_is_one_object(stage):
    said = json.loads(stage.gitorch("start", "plan.md", "--yes", "--autonomy", "per-epic", "--json").out)
    assert said["run"]["autonomy"] == "per_epic"
    assert stage.begun == [(Autonomy.PER_EPIC, "unattended")]


def test_start_without_a_terminal_and_without_yes_stops_before_anything_exists(stage):
    for more in ((), ("--json",)):
        answer = stage.gitorch("start", "plan.md", *more)
        assert answer.status == 2
        assert "add --yes" in answer.out + answer.err
    assert stage.begun == []


@pytest.mark.parametrize("words", [("--autonomy", "full_auto", "--yes"), ("--autonomy", "FULL-AUTO")])
def test_full_auto_is_refused_with_the_reason(stage, words):
    answer = stage.gitorch("start", "plan.md", *words)
    assert answer.status == 2
    assert "nothing is merged without a human's approval" in answer.err
    assert stage.services_opened == 0


def test_start_at_a_terminal_asks_once_and_an_empty_autonomy_is_the_preselected_one(stage):
    stage.streams = TERMINAL
    answer = stage.gitorch("start", "plan.md", typed="\ny\n")
    assert answer.status == 0
    assert stage.begun == [(Autonomy.END_ONLY, "typed")]
    assert "(default)" in answer.out


@pytest.mark.parametrize(
    ("there", "words", "typed", "chosen"),
    [
        ((), (), "\ny\n", None),
        (("claude",), (), "\ny\n", None),
        (("claude", "codex"), (), "\n\n\ny\n", {"implementer": "claude", "reviewer": "codex"}),
        (("claude", "codex"), (), "vim\ncodex\nclaude\n\ny\n", {"implementer": "codex", "reviewer": "claude"}),
        (("claude", "codex"), ("--implementer", "codex"), "\n\ny\n", {"implementer": "codex", "reviewer": "codex"}),
        (("claude", "codex"), ("--yes",), "", None),
        (("claude", "codex"), ("--yes", "--reviewer", "claude"), "", {"reviewer": "claude"}),
    ],
)
def test_the_runtime_of_a_lane_is_asked_where_there_is_a_choice_and_silent_where_there_is_none(
    stage, there, words, typed, chosen
):
    stage.streams = TERMINAL
    stage.runtimes = there
    answer = stage.gitorch("start", "plan.md", *words, typed=typed)
    assert answer.status == 0, answer.err
    assert stage.chosen == chosen
    assert ("Who writes?" in answer.out) is (len(there) > 1 and not words)


def test_a_runtime_that_is_not_there_is_asked_for_three_times(stage):
    stage.streams = TERMINAL
    stage.runtimes = ("claude", "codex")
    answer = stage.gitorch("start", "plan.md", typed="a\nb\nc\nd\n")
    assert answer.status == 2
    assert stage.begun == []


def test_a_typed_full_auto_is_explained_and_asked_again(stage):
    stage.streams = TERMINAL
    answer = stage.gitorch("start", "plan.md", typed="full_auto\nper_epic\ny\n")
    assert "nothing is merged without a human's approval" in answer.out
    assert stage.begun == [(Autonomy.PER_EPIC, "typed")]


def test_three_wrong_autonomies_end_the_questions(stage):
    stage.streams = TERMINAL
    answer = stage.gitorch("start", "plan.md", typed="a\nb\nc\n")
    assert (answer.status, stage.begun) == (2, [])


@pytest.mark.parametrize("typed", ["\n\n", "\nn\n", ""])
def test_a_no_or_the_end_of_input_starts_nothing(stage, typed):
    stage.streams = TERMINAL
    assert stage.gitorch("start", "plan.md", typed=typed).status == 130
    assert stage.begun == []


def test_the_first_use_of_a_target_is_part_of_the_question(stage):
    stage.streams, stage.target_confirmed = TERMINAL, False
    answer = stage.gitorch("start", "plan.md", "--autonomy", "end_only", typed="y\n")
    assert "confirm main as a merge target of this repository" in answer.out
    assert answer.status == 0


def test_an_agent_may_start_nothing_and_its_attempt_is_kept(stage):
    stage.begin_run().launch("api").as_agent("api")
    for words in (("start", "plan.md", "--yes"), ("init",), ("up",)):
        answer = stage.gitorch(*words)
        assert (answer.status, stage.begun) == (5, [])
        event = stage.ledger.written[-1].record.event
        assert isinstance(event, ActionRefused)
        assert event.verb == words[0]
