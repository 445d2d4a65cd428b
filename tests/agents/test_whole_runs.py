"""Whole runs with the vendors' programs: from `start` to the merge, one program writing and another reviewing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from house import House, house
from mind import Mind
from programs import PROGRAMS
from story import STORY

if TYPE_CHECKING:
    from pathlib import Path

    from stand_in import StandIn

pytestmark = [pytest.mark.tmux, pytest.mark.agents]

PAIRS = (("claude", "codex"), ("codex", "claude"), ("gemini", "claude"), ("opencode", "codex"), ("claude", "gemini"))


def configure(home: House, api: StandIn, writer: str, reviewer: str, **chosen: object) -> None:
    """One program writes and another reviews; both ask the stand-in."""
    home.configure(agents=2, start=90, silence=90, **chosen)
    for key, value in (("user.name", "An Agent"), ("user.email", "agent@example.invalid")):
        home.repo.git("config", key, value)
    runtimes = {}
    for role, name in (("writer", writer), ("reviewer", reviewer)):
        program = PROGRAMS[name]
        env = program.env(api.url(f"{name}-{role}"))
        runtimes[role] = {"preset": program.preset, "model": "stand-in" if name != "gemini" else "", "env": env}
    path = home.path / "gitorch.yaml"
    lines = [line for line in path.read_text().splitlines() if not line.startswith(("lanes:", "runtimes:"))]
    lines.append("lanes: {implementer: {runtime: writer}, reviewer: {runtime: reviewer}}")
    lines.append(f"runtimes: {json.dumps(runtimes)}")
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(("writer", "reviewer"), PAIRS)
def test_a_plan_goes_from_start_to_merge_with_a_round_and_a_question(
    tmp_path: Path, api: StandIn, writer: str, reviewer: str
) -> None:
    for name in (writer, reviewer):
        if not PROGRAMS[name].installed:
            pytest.skip(f"{name} is not installed: make agents")
    api.mind = Mind(*STORY)
    with house(tmp_path, "repo") as home:
        configure(home, api, writer, reviewer)
        run = home.start("api", "docs")
        home.up()
        home("answer", home.question(kind="context"), "Ledgers")
        home.up()
        home("approve", run, "--yes")
        assert home.status(run)["phase"] == "completed"
        assert home.repo.git("show", "main:api-2.txt") == "Two words."
        assert home.repo.git("show", "main:docs.txt") == "One word."
        assert home("verify").status == 0
        told_once(home, api, writer, reviewer)
        home("cleanup", run, "--yes")


def told_once(home: House, api: StandIn, writer: str, reviewer: str) -> None:
    """Every text that the ledger says was delivered reached the model, byte for byte and once."""
    delivered = home.records("letter-delivered")
    assert [one for one in delivered if one["receipt"] not in {"delivered", "submitted"}] == []
    lines = api.told(f"{writer}-writer") + api.told(f"{reviewer}-reviewer")
    pointing = [line for line in lines if not line.startswith("APPROVED ")]
    assert len(pointing) == sum(1 for one in delivered if one["kind"] != "cleared"), (lines, delivered)
    assert len(set(lines) - set(pointing)) == len(lines) - len(pointing), (
        "each clearance once, if the program was not stopped before"
    )
    assert all(line == line.strip() and "\n" not in line for line in lines)
    heard = [text for one in api.heard() if one.ask is not None for text in one.ask.results]
    for record in delivered:
        if record["kind"] in {"brief", "findings", "answer"}:
            text = attached(home, record["_seq"])
            assert any(text.strip() in result for result in heard), (record, text)


def attached(home: House, seq: int) -> str:
    """The file that belongs to a record."""
    paths = home.repo.git("ls-tree", "-r", "--name-only", "gitorch/ledger").splitlines()
    path = next(path for path in paths if f"/{seq:06}-" in path)
    record = home.repo.git("show", f"gitorch/ledger:{path}")
    (line,) = (line for line in record.splitlines() if line.startswith("files: "))
    digest = json.loads(line.removeprefix("files: "))[0]["sha256"].removeprefix("sha256:")
    folder = path.rsplit("/", 2)[0]
    return home.repo.git("show", f"gitorch/ledger:{folder}/files/{digest}")
