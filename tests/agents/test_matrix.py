"""The delivery matrix with the vendors' programs: what reached the model is compared with what was given, byte for byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from matrix import ACP, BY_CHANNEL, NAMES, TEXTS, WAYS, Matrix, fill
from programs import PROGRAMS
from stage import ASKING, VendorStage
from stand_in import StandIn

from gitorch.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matrix import Text

pytestmark = [pytest.mark.tmux, pytest.mark.agents]

PROGRAMS_HELD = ["claude", "codex", "gemini", "opencode", "aider", *sorted(ACP)]


@pytest.fixture(scope="module", params=PROGRAMS_HELD)
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VendorStage]:
    """One program, which most moments share."""
    if not PROGRAMS[request.param].installed:
        pytest.skip(f"{request.param} is not installed: make agents")
    with StandIn() as api:
        made = VendorStage(tmp_path_factory.mktemp(request.param), api, request.param)
        try:
            yield made
        finally:
            made.terminals.stop(made.key)
            made.terminals.close()


@pytest.fixture(scope="module")
def matrix(stage: VendorStage, request: pytest.FixtureRequest) -> Iterator[Matrix]:
    """What was seen of it."""
    made = Matrix(stage.program.name, stage.program.version())
    yield made
    if request.config.getoption("--rewrite-transcripts"):
        made.save()


@pytest.mark.parametrize("moment", WAYS["later paste"])
def test_a_later_paste_arrives_whole_and_once_or_not_at_all(stage: VendorStage, matrix: Matrix, moment: str) -> None:
    stage.warm()
    assert fill(stage, matrix, "later paste", moment) == NAMES


@pytest.mark.parametrize("moment", WAYS["first paste"])
def test_a_first_paste_arrives_whole_and_once_or_not_at_all(stage: VendorStage, matrix: Matrix, moment: str) -> None:
    if stage.name in BY_CHANNEL:
        pytest.skip("its channel delivers every prompt in the same way")
    if moment == "dialog open" and stage.program.name not in ASKING:
        pytest.skip("it asks nothing at its start")
    assert fill(stage, matrix, "first paste", moment) == NAMES


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.name)
def test_an_argument_arrives_whole_and_once_or_not_at_all(stage: VendorStage, matrix: Matrix, text: Text) -> None:
    if stage.preset.first_prompt == "paste":
        pytest.skip("it takes no prompt as an argument and stays")
    try:
        stage.begin_with(text.given)
    except Refused as refused:
        assert not text.arrives
        matrix.note("argument", "at its start", text, "refused: " + str(refused).partition(": ")[2])
    else:
        assert stage.turns(ended=1) == [text.arrives]
        matrix.note("argument", "at its start", text, stage.receipt())
