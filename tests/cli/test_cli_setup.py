"""From a fresh repository to a prepared run: what is shown, asked, refused and kept."""

from __future__ import annotations

import json

import pytest
from cli_stage import Stage
from fakes.world import FakePrograms

from gitorch.app.start import preflight
from gitorch.cli.call import Streams
from gitorch.cli.verbs import setup
from gitorch.errors import Malformed
from gitorch.model.events import ActionRefused, PlanRejected, RunConfirmed
from gitorch.model.plans.config import Config
from gitorch.model.plans.runtime import Preset
from gitorch.model.plans.workflow import Autonomy
from gitorch.model.values import replace

TERMINAL = Streams(asks=True, draws=True, columns=80, lines=24)

EPIC = """## Epic: {0} — The {0}

Depends on: none
Scope: {0}.py

- [ ] Write `{0}.py`

## Review Gate: {0}

1. Report with `gitorch handoff` and stop until the work is cleared.

"""


@pytest.fixture
def stage(tmp_path):
    """A repository with one agent program, one sound plan and one that lacks everything."""
    made = Stage(
        folder=tmp_path,
        config=Config(implementer="claude", test_command="make test"),
        programs=FakePrograms(claude="1.0"),
        presets={"claude": Preset("claude", ("claude",)), "codex": Preset("codex", ("codex",))},
    )
    plan = "# Sign in\n\n" + EPIC.format("api") + EPIC.format("ui")
    (tmp_path / "plan.md").write_text(plan, encoding="utf-8")
    (tmp_path / "p.md").write_text("# Nothing\n", encoding="utf-8")
    return made


def confirmed(stage):
    """Autonomy and proof of every run that was confirmed."""
    events = [written.record.event for written in stage.ledger.written]
    return [(event.settings.autonomy, event.proof) for event in events if isinstance(event, RunConfirmed)]


def rejected(stage):
    return [w.record.event for w in stage.ledger.written if isinstance(w.record.event, PlanRejected)]


def runtimes_of(stage):
    """Who writes and who reviews in the newest run."""
    run = stage.ledger.state(list(stage.ledger.state(None).board.runs)[-1]).run
    return tuple(run.workflow.lanes[lane].runtime for lane in ("implementer", "reviewer"))


def test_init_prints_what_it_created_and_kept(stage):
    config = stage.folder / "gitorch.yaml"
    answer = stage.gitorch("init")
    assert answer.status == 0
    assert f"created  {config}" in answer.out
    assert "created  branch gitorch/ledger" in answer.out
    assert json.loads(stage.gitorch("init", "--json").out)["kept"] == [str(config), "branch gitorch/ledger"]


def test_doctor_lists_every_check_and_ends_with_0_when_none_fails(stage):
    answer = stage.gitorch("doctor")
    assert answer.status == 0, answer.err
    lines = [line.split() for line in answer.out.splitlines()]
    assert ["ok", "git", "git", "version", "2.39.5"] in lines
    assert [
        "note",
        "ledger",
        "none",
        "yet;",
        "it",
        "will",
        "be",
        "kept",
        "by",
        "dulwich",
        "(a",
        "plain",
        "repository)",
    ] in lines


def test_doctor_ends_with_8_and_the_fixes_when_a_check_fails(stage):
    stage.programs.printed["tmux"] = ""
    answer = stage.gitorch("doctor")
    assert answer.status == 8
    assert "bad  tmux" in answer.out.replace("bad   ", "bad  ")
    assert "checks failed: tmux" in answer.err
    assert "  try: apt-get install tmux" in answer.err
    error = json.loads(stage.gitorch("doctor", "--json").out)["error"]
    assert [sign["name"] for sign in error["checks"] if sign["ok"] is False] == ["tmux"]


def test_check_shows_the_sheet_and_changes_nothing(stage):
    answer = stage.gitorch("check", "plan.md")
    assert answer.status == 0
    for part in ("main at", "at most 4", "make test", "by claude", "/ui", "batch 1: 2 side by side"):
        assert part in answer.out
    assert stage.ledger.written == []
    values = json.loads(stage.gitorch("check", "plan.md", "--json").out)
    assert values["plan"]["epics"] == ["api", "ui"]
    assert values["sheet"]["batches"][0][0]["runtime"] == "claude"


def test_check_of_a_wrong_plan_lists_its_defects_and_records_nothing(stage):
    answer = stage.gitorch("check", "p.md")
    assert answer.status == 6
    assert "\np.md:1:1: " in answer.err
    assert "\n    fix: " in answer.err
    assert stage.ledger.written == []


def test_start_of_a_wrong_plan_is_recorded(stage):
    stage.gitorch("init")
    assert stage.gitorch("start", "p.md", "--yes").status == 6
    assert [event.plan for event in rejected(stage)] == ["p.md"]


def test_start_with_yes_begins_with_the_autonomy_of_the_sheet(stage):
    answer = stage.gitorch("start", "plan.md", "--yes")
    assert answer.status == 0
    assert confirmed(stage) == [(Autonomy.END_ONLY, "unattended")]
    assert answer.out.endswith(" is ready. Next: gitorch up\n")


def test_start_for_a_program_is_one_object(stage):
    values = json.loads(stage.gitorch("start", "plan.md", "--yes", "--autonomy", "per-epic", "--json").out)
    assert values["run"]["autonomy"] == "per_epic"
    assert confirmed(stage) == [(Autonomy.PER_EPIC, "unattended")]


def test_start_without_a_terminal_and_without_yes_stops_before_anything_exists(stage):
    for more in ((), ("--json",)):
        answer = stage.gitorch("start", "plan.md", *more)
        assert answer.status == 2
        assert "add --yes" in answer.out + answer.err
    assert confirmed(stage) == []


@pytest.mark.parametrize("words", [("--autonomy", "full_auto", "--yes"), ("--autonomy", "FULL-AUTO")])
def test_full_auto_is_refused_with_the_reason(stage, words):
    answer = stage.gitorch("start", "plan.md", *words)
    assert answer.status == 2
    assert "nothing is merged without a human's approval" in answer.err
    assert stage.services_opened == 0


def test_start_at_a_terminal_asks_and_an_empty_answer_takes_the_preselected_autonomy(stage):
    stage.streams = TERMINAL
    answer = stage.gitorch("start", "plan.md", typed="\ny\n")
    assert answer.status == 0
    assert confirmed(stage) == [(Autonomy.END_ONLY, "typed")]
    assert "(default)" in answer.out


@pytest.mark.parametrize(
    ("there", "words", "typed", "chosen"),
    [
        (("claude",), (), "\ny\n", ("claude", "claude")),
        (("claude", "codex"), (), "\n\n\ny\n", ("claude", "claude")),
        (("claude", "codex"), (), "vim\ncodex\nclaude\n\ny\n", ("codex", "claude")),
        (("claude", "codex"), (), "\ncodex\n\ny\n", ("claude", "codex")),
        (("claude", "codex"), ("--implementer", "codex"), "\n\ny\n", ("codex", "claude")),
        (("claude", "codex"), ("--yes",), "", ("claude", "claude")),
        (("claude", "codex"), ("--yes", "--reviewer", "codex"), "", ("claude", "codex")),
    ],
)
def test_start_asks_for_runtimes_only_where_several_are_installed(stage, there, words, typed, chosen):
    stage.streams = TERMINAL
    stage.programs = FakePrograms(**dict.fromkeys(there, "1.0"))
    answer = stage.gitorch("start", "plan.md", *words, typed=typed)
    assert answer.status == 0, answer.err
    assert runtimes_of(stage) == chosen
    assert ("Who writes?" in answer.out) is (len(there) > 1 and not words)


def test_an_unknown_runtime_is_asked_for_three_times(stage):
    stage.streams = TERMINAL
    stage.programs.printed["codex"] = "1.0"
    answer = stage.gitorch("start", "plan.md", typed="a\nb\nc\nd\n")
    assert answer.status == 2
    assert confirmed(stage) == []


def test_a_typed_full_auto_is_explained_and_asked_again(stage):
    stage.streams = TERMINAL
    answer = stage.gitorch("start", "plan.md", typed="full_auto\nper_epic\ny\n")
    assert "nothing is merged without a human's approval" in answer.out
    assert confirmed(stage) == [(Autonomy.PER_EPIC, "typed")]


def test_three_wrong_autonomies_end_the_questions(stage):
    stage.streams = TERMINAL
    answer = stage.gitorch("start", "plan.md", typed="a\nb\nc\n")
    assert (answer.status, confirmed(stage)) == (2, [])


@pytest.mark.parametrize("typed", ["\n\n", "\nn\n", ""])
def test_a_no_or_the_end_of_input_starts_nothing(stage, typed):
    stage.streams = TERMINAL
    assert stage.gitorch("start", "plan.md", typed=typed).status == 130
    assert confirmed(stage) == []


def test_the_first_use_of_a_target_is_part_of_the_question(stage):
    stage.streams = TERMINAL
    answer = stage.gitorch("start", "plan.md", "--autonomy", "end_only", typed="y\n")
    assert "confirm main as a merge target of this repository" in answer.out
    assert answer.status == 0


def test_an_agent_may_not_start_a_run_and_the_attempt_is_recorded(stage):
    stage.begin_run().launch("api").as_agent("api")
    before = confirmed(stage)
    for words in (("start", "plan.md", "--yes"), ("init",), ("up",)):
        answer = stage.gitorch(*words)
        assert (answer.status, confirmed(stage)) == (5, before)
        event = stage.ledger.written[-1].record.event
        assert isinstance(event, ActionRefused)
        assert event.verb == words[0]


def test_a_plan_without_defects_that_has_no_sheet_cannot_be_started(stage):
    checked = replace(preflight.check(stage.services, stage.folder / "plan.md"), sheet=None)
    with pytest.raises(Malformed, match=r"^plan\.md cannot be started$"):
        setup._sheet_of(checked)
