"""`gitorch.yaml` is read once, with every problem at its place (P46, P47)."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitorch.errors import Malformed
from gitorch.model.plans.approval import Grade
from gitorch.model.plans.config import Config, RuntimeChoice
from gitorch.model.plans.prices import Price, PriceList
from gitorch.model.plans.workflow import Autonomy, ReviewMode
from gitorch.model.values import replace
from gitorch.text.config_file import parse_config
from gitorch.text.config_template import render
from gitorch.text.run_settings import NO_FULL_AUTO

TEMPLATE = Path(__file__).parents[2] / "templates" / "gitorch.yaml"


def problems_of(text: str) -> list[tuple[int, int, str]]:
    with pytest.raises(Malformed) as caught:
        parse_config("gitorch.yaml", text.encode())
    assert all(problem.fix for problem in caught.value.problems)
    return [(problem.line, problem.column, problem.message) for problem in caught.value.problems]


def test_the_template_says_the_defaults():
    config = parse_config("", TEMPLATE.read_bytes())

    assert replace(config, places={}) == Config()


def test_the_template_has_every_key_with_a_comment():
    config = parse_config("", TEMPLATE.read_bytes())
    lines = TEMPLATE.read_text(encoding="utf-8").splitlines()
    leaves = [key for key in config.places if not any(other.startswith(f"{key}.") for other in config.places)]

    assert len(leaves) >= 25
    assert [key for key in leaves if "#" not in lines[config.places[key][0] - 1]] == []
    assert parse_config("x", b"") == parse_config("x", b"# nothing\n") == Config(path="x")


NAMES_OF_KEYS = (
    "orchestration.default_autonomy",
    "orchestration.merge_target",
    "orchestration.max_agents",
    "worktrees.base_path",
    "tests.command",
    "review.stages",
    "review.rounds_max",
    "lanes.implementer.runtime",
    "lanes.reviewer.runtime",
    "runtimes",
    "waits.silence_seconds",
    "reminders.first_seconds",
    "push.remote",
    "cleanup",
)


@pytest.mark.parametrize("name", NAMES_OF_KEYS)
def test_a_known_key_keeps_its_name(name):
    assert name in parse_config("gitorch.yaml", TEMPLATE.read_bytes()).places


EVERY_KEY = b"""
orchestration: {default_autonomy: per_epic, merge_target: release/1.0, max_agents: 2, coordinator: planner}
worktrees: {base_path: ~/trees}
tests: {command: make test, absent_is_accepted: true, wait_seconds: 60}
review: {mode: parallel, stages: [spec, security], rounds_max: 5, runtimes: {security: mine}}
lanes: {implementer: {runtime: claude}, reviewer: {runtime: codex}}
runtimes: {mine: {preset: claude, command: [claude, --model, x], env: {A: b, N: 1}}, codex: {trust: true}}
waits: {start_seconds: 1, silence_seconds: 2, lease_seconds: 3}
reminders: {first_seconds: 4, cap_seconds: 5, escalate_seconds: 6}
budgets: {run_seconds: 7, job_seconds: 8, sessions: 9, memory_mib: 10, requests_per_minute: 11}
notify: {command: [notify-send, gitorch], wait_seconds: 2, quiet: "22:00-07:30", link: "http://h/{run}", terminal: true}
agents: {restarts_max: 0}
push: {remote: origin, ledger: true}
approval: {at_least: signed, allowed_signers: .signers}
cleanup: keep
tracker: file
"""


def test_every_key_reaches_the_configuration():
    config = parse_config("gitorch.yaml", EVERY_KEY)

    assert replace(config, places={}) == Config(
        path="gitorch.yaml",
        default_autonomy=Autonomy.PER_EPIC,
        merge_target="release/1.0",
        base_path="~/trees",
        implementer="claude",
        reviewers={"spec": "codex", "security": "mine"},
        review_mode=ReviewMode.PARALLEL,
        review_stages=("spec", "security"),
        rounds_max=5,
        max_agents=2,
        coordinator="planner",
        test_command="make test",
        test_command_absent=True,
        test_wait_seconds=60,
        start_wait_seconds=1,
        silence_seconds=2,
        lease_seconds=3,
        restarts_max=0,
        remind_first_seconds=4,
        remind_cap_seconds=5,
        escalate_seconds=6,
        run_seconds_max=7,
        job_seconds_max=8,
        sessions_max=9,
        memory_mib_max=10,
        requests_max=11,
        notify_command=("notify-send", "gitorch"),
        notify_wait_seconds=2,
        notify_quiet=(1320, 450),
        notify_link="http://h/{run}",
        notify_terminal=True,
        cleanup="keep",
        tracker="file",
        push_remote="origin",
        push_ledger=True,
        approval_at_least=Grade.SIGNED,
        approval_signers=".signers",
        runtimes={
            "mine": RuntimeChoice("claude", ("claude", "--model", "x"), {"A": "b", "N": "1"}),
            "codex": RuntimeChoice("codex", trust=True),
        },
    )
    assert config.places["tests.command"] == (4, 9)


@pytest.mark.parametrize(
    ("push", "fault"),
    [
        ("{remote: --upload-pack=x}", "must be the name of a remote"),
        ("{remote: 'https://example.org/x.git'}", "must be the name of a remote"),
        ("{ledger: true}", "has no effect without a remote"),
    ],
)
def test_a_push_remote_must_be_the_name_of_a_remote(push, fault):
    with pytest.raises(Malformed) as caught:
        parse_config("gitorch.yaml", f"push: {push}\n".encode())
    assert [problem.message for problem in caught.value.problems if fault in problem.message]


def test_all_problems_are_found_at_once():
    text = """orchestration:
  default_autonomy: full_auto
  merge_traget: main
  max_agents: 0
tests: {wait_seconds: soon, absent_is_accepted: "yes"}
review:
  mode: fast
  stages: []
  runtimes: {style: codex}
runtimes:
  mine: {command: claude --fast, prest: x}
  mine: {}
lanes: claude
cleanup: purge
worktrees: {beads_enabled: true}
"""

    assert problems_of(text) == [
        (2, 21, f"`orchestration.default_autonomy` cannot be `full_auto`: {NO_FULL_AUTO}"),
        (3, 3, "`orchestration.merge_traget` is not a known key. Did you mean `merge_target`?"),
        (4, 15, "`orchestration.max_agents` must be a whole number from 1 to 1000."),
        (5, 23, "`tests.wait_seconds` must be a whole number from 1 to 10000000."),
        (5, 49, "`tests.absent_is_accepted` must be true or false."),
        (7, 9, "`review.mode` must be one of sequential, parallel, not `fast`."),
        (8, 11, "`review.stages` must name at least one stage, each once."),
        (9, 14, "`review.runtimes.style` is not a known key."),
        (11, 19, "`runtimes.mine.command` must be a list of words."),
        (11, 34, "`runtimes.mine.prest` is not a known key. Did you mean `preset`?"),
        (12, 3, "The key `mine` is used twice; first on line 11."),
        (13, 8, "`lanes` must be a mapping of keys to values."),
        (14, 10, "`cleanup` must be one of ask, keep, not `purge`."),
        (15, 13, "`worktrees.beads_enabled` is not a known key."),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- a", (1, 1, "the top level of the file must be a mapping of keys to values.")),
        ("a: b: c", (1, 5, "This is not YAML: mapping values are not allowed here.")),
        ("waits: &w {}\nreminders: *w", (1, 8, "YAML aliases (*name) are not supported.")),
        ("agents: {restarts_max: true}", (1, 24, "`agents.restarts_max` must be a whole number from 0 to 100.")),
        ("cleanup: !x ask", (1, 10, "YAML tags such as !x are not supported.")),
        ("[" * 900, (1, 41, "This is not YAML: it is nested too deeply.")),
        ("a\x07", (1, 2, "This is not YAML: it contains a control character.")),
        (
            "orchestration: {merge_target: a..b}",
            (1, 31, "`orchestration.merge_target` is not a valid name of a branch: `a..b`."),
        ),
        (
            "orchestration: {merge_target: refs/heads/main}",
            (
                1,
                31,
                "`orchestration.merge_target` must be a branch's short name, such as main: `refs/heads/main`.",
            ),
        ),
        ("x" * 200_001, (1, 1, "The file has 200,001 bytes; at most 200,000 are allowed.")),
        ("tests: {command: 7}", (1, 18, "`tests.command` must be text.")),
        ("notify: {command: [{a: b}]}", (1, 20, "`notify.command` must be a list of texts.")),
        ('notify: {quiet: "24:00-07:00"}', (1, 17, "`notify.quiet` must be two times of day, not `24:00-07:00`.")),
        ('notify: {quiet: "22:00"}', (1, 17, "`notify.quiet` must be two times of day, not `22:00`.")),
        ("notify: {command: say hello}", (1, 19, "`notify.command` must be a list of words.")),
        (
            "orchestration: {coordinator: Boss}",
            (
                1,
                30,
                "`orchestration.coordinator` `Boss` may contain only a-z, 0-9 and -, and begins with a letter or digit.",
            ),
        ),
        ("review: {stages: [spec, spec]}", (1, 18, "`review.stages` must name at least one stage, each once.")),
        ("review: {stages: []}", (1, 18, "`review.stages` must name at least one stage, each once.")),
        ("review: {stages: [spec-]}", (1, 18, "`review.stages` `spec-` must not end with -.")),
        ("push: {remote: -f}", (1, 16, "`push.remote` must be the name of a remote, not `-f`.")),
        ("push: {ledger: true}", (1, 16, "`push.ledger` has no effect without a remote.")),
        (
            "runtimes: {a: {env: {'A-B': x}}}",
            (1, 21, "`runtimes.a.env` contains `A-B`, which is not the name of a variable."),
        ),
        ("runtimes: {a: {model: -x}}", (1, 23, "`runtimes.a.model` `-x` would be read as an option.")),
        (
            "runtimes: {a: {permissions: [{allow: x, reject: y}]}}",
            (1, 38, "`runtimes.a.permissions[0].allow` must stand alone: a rule allows or rejects."),
        ),
        (
            "runtimes: {a: {permissions: [{allow: '('}]}}",
            (
                1,
                38,
                (
                    "`runtimes.a.permissions[0].allow` is not a regular expression: "
                    "missing ), unterminated subpattern at position 0."
                ),
            ),
        ),
    ],
)
def test_one_problem_at_its_place(text, expected):
    assert problems_of(text) == [expected]


def test_a_template_is_filled_in_without_touching_the_rest():
    template = TEMPLATE.read_text(encoding="utf-8")

    text = render(
        template, {"orchestration.merge_target": "trunk", "tests.command": 'pytest -k "a b"', "waits.lease_seconds": 5}
    )

    config = parse_config("", text.encode())
    assert (config.merge_target, config.test_command, config.lease_seconds) == ("trunk", 'pytest -k "a b"', 5)
    assert text.count("#") == template.count("#")
    with pytest.raises(KeyError):
        render(template, {"tests.comand": "x"})
    with pytest.raises(KeyError):
        render(template, {"tests.command.deeper": "x"})
    with pytest.raises(KeyError):
        render("# nothing\n", {"tests.command": "x"})


@given(st.text() | st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=3).map(str))
def test_no_text_raises_anything_but_malformed(text):
    try:
        parse_config("gitorch.yaml", text.encode("utf-8", "surrogatepass"))
    except Malformed as error:
        assert error.problems  # noqa: PT017 - either outcome is right


def test_a_price_that_is_not_named_is_0():
    text = "prices: {dated: 2026-11-01, per_million: {opus: {input: 2.5, output: 7}, other: {}}}\n"
    expected = PriceList("2026-11-01", "USD", {"opus": Price(2.5, output=7.0), "other": Price()})
    assert parse_config("gitorch.yaml", text.encode()).prices == expected
