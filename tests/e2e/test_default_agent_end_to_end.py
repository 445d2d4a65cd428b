"""The scripted agent without a script brings every generated workflow to its end (F28)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
import striatum
from house import House, house

from gitorch.text.workflows.blocks import TITLES as KINDS
from gitorch.text.workflows.shapes import SHAPES as GENERATED

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.tmux, pytest.mark.slow]

CONFIG = """\
orchestration: {merge_target: main, max_agents: 3}
tests: {command: "true"}
approval: {at_least: unattended, unattended: true}
lanes: {implementer: {runtime: scripted}, reviewer: {runtime: scripted}}
cleanup: keep
"""
TURNS_MAX = 8
SHAPES = tuple(shape for shape in GENERATED if shape != "custom")
BLOCKS = (
    "draft, review:security+review, build, review*3, checkpoint, merge",
    "generic:look+build:make+draft, review, checkpoint, merge",
    "build, test, review:security+review:accessibility+review:custom:speed, ledger, synthesis, review, checkpoint, merge",
    "draft, checkpoint, build, review*1, checkpoint, merge",
)
"""Lines of blocks of one's own, with every kind of block among them."""
LANES = ("local", "single-agent", "author-reviewer", "multi-review")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("house")) as made:
        made.repo.write({"gitorch.yaml": CONFIG})
        made.repo.commit({}, "Configure")
        yield made


def played(home: House, path: str) -> str:
    """The id of a run of this workflow, answered as it suggests until nothing is asked any more."""
    run = str(home("start", path, "--yes", "--json").json["run"]["id"])
    for _ in range(TURNS_MAX):
        home("up", run, "--no-wait", status=None)
        rows = home("inbox", run, "--json").json["inbox"]
        if home.status(run)["phase"] != "running" or not rows:
            break
        for row in rows:
            assert row["kind"] in {"approval", "checkpoint"}, row
            words = (
                ["approve", run, "--yes"]
                if row["kind"] == "approval"
                else ["answer", row["id"], "continue", "--run", run]
            )
            home(*words)
    return run


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_new_workflow_of_every_shape_and_set_of_lanes_goes_to_its_merge(home: House, shape: str, lanes: str) -> None:
    name = f"{shape}-{lanes}"
    home("workflow", "new", shape, f"{name}.yaml", "--lanes", lanes, "--name", name)
    text = (home.path / f"{name}.yaml").read_text(encoding="utf-8")
    home.repo.commit({f"{name}.yaml": re.sub(r"runtime: \w+", "runtime: scripted", text)}, f"Write {name}")
    view = home.status(played(home, f"{name}.yaml"))
    assert (view["phase"], "merged to main" in view["summary"]) == ("completed", True), view


@pytest.mark.parametrize("blocks", BLOCKS)
def test_a_workflow_of_blocks_of_ones_own_goes_to_its_merge(home: House, blocks: str) -> None:
    name = f"blocks-{BLOCKS.index(blocks)}"
    home("workflow", "new", "custom", f"{name}.yaml", "--lanes", "local", "--blocks", blocks, "--name", name)
    home.repo.commit({}, f"Write {name}")
    view = home.status(played(home, f"{name}.yaml"))
    assert (view["phase"], "merged to main" in view["summary"]) == ("completed", True), view


def test_the_blocks_of_ones_own_are_of_every_kind() -> None:
    assert {kind for kind in KINDS if re.search(rf"\b{kind}\b", ",".join(BLOCKS))} == set(KINDS)


@pytest.mark.parametrize("lanes", striatum.LANE_SETS)
@pytest.mark.parametrize("shape", striatum.SHAPES)
def test_a_converted_workflow_of_striatum_goes_to_its_end(home: House, shape: str, lanes: str) -> None:
    name = f"{shape}-{lanes}"
    source = json.dumps(striatum.workflow(shape, lanes))
    home.repo.commit({**striatum.files(shape), f"{name}.json": source}, f"Write {name}")
    text = home("workflow", "convert", f"{name}.json").out
    home.repo.commit(
        {f"s-{name}.yaml": re.sub(r"runtime: \w+\n +command: .*", "runtime: scripted", text)}, "Convert it"
    )
    view = home.status(played(home, f"s-{name}.yaml"))
    assert view["phase"] == "completed", view
    assert {row["phase"] for row in view["jobs"]} == {"completed"}, view
    assert view["destination"] == "(merges nothing)"
    assert "nothing is merged: the results are on gitorch/" in view["summary"], view
