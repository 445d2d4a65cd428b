"""`gitorch adopt`: what would be made is shown first, and made after one answer (W34)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest
from cli_stage import Stage

from gitorch.app.start.setup import Proposal
from gitorch.cli.call import Streams
from gitorch.cli.parts import Parts
from gitorch.cli.verbs import adopt
from gitorch.model.values import names_of

PROPOSAL = Proposal(
    ("gitorch.yaml", "branch gitorch/ledger"), (), {"tests.command": "make test"}, ("the tests are guessed",)
)
TERMINAL = Streams(asks=True, draws=True, columns=80, lines=24)


@dataclass
class Adopting(Stage):
    """A stage that proposes; `made` counts how often something was made."""

    proposal: Proposal = PROPOSAL
    made: list[object] = field(default_factory=list)

    def parts(self) -> Parts:
        plain = super().parts()

        def init(*words):
            self.made.append(words)
            return plain.init(*words)

        values = {name: getattr(plain, name) for name in names_of(Parts)}
        return Parts(**values | {"init": init, "propose": lambda *_: self.proposal})


@pytest.fixture
def fresh(tmp_path):
    return Adopting(folder=tmp_path)


def test_a_dry_run_shows_everything_and_makes_nothing(fresh):
    out = fresh.gitorch("adopt", "--dry-run").out
    assert all(
        part in out for part in ("make", "gitorch.yaml", "branch gitorch/ledger", "make test", "the tests are guessed")
    )
    assert "Nothing was changed. Next: gitorch adopt" in out
    assert json.loads(fresh.gitorch("adopt", "--dry-run", "--json").out)["proposal"]["values"] == {
        "tests.command": "make test"
    }
    assert fresh.made == []


def test_one_answer_makes_exactly_what_was_shown(fresh):
    fresh.streams = TERMINAL
    assert fresh.gitorch("adopt", typed="n\n").status == 130
    assert fresh.made == []
    answer = fresh.gitorch("adopt", typed="y\n")
    assert (answer.status, answer.out.count("Make this?"), len(fresh.made)) == (0, 1, 1)


def test_nobody_is_asked_without_a_terminal(fresh):
    assert fresh.gitorch("adopt").status == 2
    assert fresh.made == []
    assert fresh.gitorch("adopt", "--yes").status == 0


def test_what_is_in_use_already_is_left_alone(fresh):
    fresh.proposal = Proposal((), ("gitorch.yaml",), {}, ())
    assert fresh.gitorch("adopt").out == "This repository is in use already. Next: gitorch doctor\n"
    assert adopt.adopt.name == "adopt"
