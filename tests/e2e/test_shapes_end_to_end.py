"""Every shape's example goes to its end: under `up` with its scripted agents, and by hand with the commands that are suggested (W9)."""

from __future__ import annotations

import re
import shlex
import shutil
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from house import House, house

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.tmux

EXAMPLES = Path(__file__).parents[2] / "examples"
SHAPES = sorted(folder.name for folder in EXAMPLES.iterdir() if (folder / "workflow.yaml").exists())
QUICK = ("evidence-backed", "multi-phase")
"""Those that are played by hand in every run of the tests; all others, and all of them under `up`, by `make slow`."""

CANCELED = "human-checkpoint-canceled"
CONFIG = """\
orchestration: {merge_target: main, max_agents: 3}
approval: {unattended: true}
waits: {start_seconds: 90, silence_seconds: 120, lease_seconds: 600}
cleanup: keep
"""
STEPS_MAX = 60
WORKS = {0, 10}
"""The exit statuses of a command that did what it says; the second waits for a human."""


def planted(home: House) -> None:
    """The examples in a repository of their own, and one of them twice, to go both ways at its checkpoint."""
    shutil.copytree(EXAMPLES, home.path / "examples")
    script = copied(home, "human-checkpoint", CANCELED).with_name("agents.toml")
    script.write_text(
        script.read_text().replace("Split it.", "Leave it.")
    )  # another text: the first was merged by then
    home.repo.write({"gitorch.yaml": CONFIG})
    home.repo.commit({}, "Plant the examples")


def copied(home: House, shape: str, name: str) -> Path:
    """The workflow file of an example that was copied under another name."""
    shutil.copytree(EXAMPLES / shape, home.path / "examples" / name)
    flow = home.path / "examples" / name / "workflow.yaml"
    flow.write_text(re.sub(r"^name: .*$", f"name: {name}", flow.read_text(), count=1, flags=re.MULTILINE))
    return flow


def begun(home: House, shape: str, *words: str) -> str:
    return str(home("start", f"examples/{shape}/workflow.yaml", "--yes", "--json", *words).json["run"]["id"])


def answered(home: House, run: str, shape: str) -> None:
    """Answer everything that a run asks, as its story wants it."""
    for row in home("inbox", run, "--json").json["inbox"]:
        if row["kind"] == "approval":
            home("approve", run, "--yes")
        elif row["kind"] == "checkpoint":
            home("answer", row["id"], "cancel" if shape == CANCELED else "continue", "--run", run)
        else:
            raise AssertionError(row)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, dict[str, str]]]:
    """All shapes, one after the other, each driven by `up` until only its end is left."""
    with house(tmp_path_factory.mktemp("house")) as home:
        planted(home)
        runs = {}
        for shape in (*SHAPES, CANCELED):
            run = runs[shape] = begun(home, shape)
            script = home.path / "examples" / shape / "agents.toml"
            for _ in range(4):
                home("up", run, "--no-wait", env={"GITORCH_SCRIPT": str(script)}, status=None)
                if home.status(run)["phase"] != "running":
                    break
                answered(home, run, shape)
        yield home, runs


@pytest.mark.slow
@pytest.mark.parametrize("shape", [*SHAPES, CANCELED])
def test_an_example_goes_to_its_end_under_up(played: tuple[House, dict[str, str]], shape: str) -> None:
    home, runs = played
    view = home.status(runs[shape])

    assert (view["phase"], view["summary"].partition("merged to")[1]) == ("completed", "merged to"), view
    ended = {row["id"]: row["phase"] for row in view["jobs"]}
    left = {"farewell"} if shape == "human-checkpoint" else {"change", "change-review"} if shape == CANCELED else set()
    assert ended == {job: "skipped" if job in left else "completed" for job in ended}


@pytest.mark.slow
def test_the_ledger_of_all_of_them_holds(played: tuple[House, dict[str, str]]) -> None:
    assert played[0]("verify").status == 0


def records(played: tuple[House, dict[str, str]], shape: str, type_: str) -> list[dict[str, Any]]:
    home, runs = played
    said = home("log", runs[shape], "-n", "0", "--json").json["records"]
    return [record["event"] for record in said if record["type"] == type_]


@pytest.mark.slow
def test_an_unsupported_claim_fails_the_audit_and_goes_back(played: tuple[House, dict[str, str]]) -> None:
    given = [(v["job"], v["verdict"]) for v in records(played, "evidence-backed", "verdict-given")]
    assert given == [("audit", "needs_revision"), ("audit", "accept"), ("final", "accept")]
    assert "pip install" not in played[0].repo.git("show", "main:docs/support.md")


@pytest.mark.slow
def test_a_synthesis_that_leaves_a_finding_unanswered_is_refused(played: tuple[House, dict[str, str]]) -> None:
    given = {v["job"]: v["verdict"] for v in records(played, "multi-review", "verdict-given")}
    assert given == {"against": "accept_with_findings", "attack": "needs_revision", "use": "accept", "final": "accept"}
    (refused,) = records(played, "multi-review", "action-refused")
    assert "it leaves findings unanswered: #2" in refused["reason"]
    assert "answer: Git merges the file." in played[0].repo.git("show", "main:docs/synthesis.md")


@pytest.mark.slow
def test_a_phase_is_sent_back_by_its_synthesis_before_the_next_begins(played: tuple[House, dict[str, str]]) -> None:
    granted = [g["job"] for g in records(played, "multi-phase", "lease-granted")]
    assert granted.index("code") > max(n for n, job in enumerate(granted) if job == "interface")
    assert granted.count("interface") == 2
    assert granted.count("storage") == 1
    assert granted.count("design") == 2


@pytest.mark.slow
def test_each_way_of_a_checkpoint_leaves_its_own_files(tmp_path: Path, played: tuple[House, dict[str, str]]) -> None:
    home, runs = played
    branches = home.repo.git("branch", "--list", "gitorch/*")
    assert f"gitorch/{runs['human-checkpoint']}/change" in branches
    assert f"gitorch/{runs[CANCELED]}/farewell" in branches
    assert f"gitorch/{runs[CANCELED]}/change" not in branches


@pytest.mark.slow  # quick: tests/e2e/test_rounds_end_to_end.py, and the same question in tests/rules/test_workflow_runs.py
def test_a_revision_that_uses_up_its_rounds_asks_a_human(tmp_path: Path) -> None:
    with house(tmp_path / "place") as home:
        planted(home)
        home.let_agents_be_warm()
        home.script.write_text(
            (EXAMPLES / "code-change/agents.toml").read_text().replace('new = ""', 'new = ", the best of all"')
        )
        run = begun(home, "code-change")
        home("up", run, "--no-wait", env={"GITORCH_SCRIPT": str(home.script)}, status=10)

        (row,) = home("inbox", run, "--json").json["inbox"]
        assert (row["kind"], row["job"]) == ("escalation", "implement")
        assert row["options"] == ["one_more_round", "accept_with_exceptions", "stop_epic", "stop_run"]
        assert [e["round"] for e in home.records("findings-listed", job="implement")] == [1, 2]
        home("answer", row["id"], "stop_run", "--run", run)
        assert home.status(run)["phase"] == "canceled"


def writes_of(shape: str, job: str) -> dict[str, str]:
    """What the script of an example writes for a job, put together over its attempts."""
    turns = tomllib.loads((EXAMPLES / shape / "agents.toml").read_text())["turn"]
    steps = [step for turn in turns if turn.get("job") == job for step in turn["step"]]
    files = {step["write"]: step["text"] for step in steps if "write" in step}
    for step in steps:
        if "replace" in step:
            files = {p: text.replace(step["old"], step["new"]) for p, text in files.items()}
        elif "append" in step:
            files[step["append"]] += step["text"]
    return files


def verdict_of(shape: str, job: str) -> list[str]:
    """The words of the verdict that a reviewer of an example gives in every round; none where it accepts at last."""
    for turn in tomllib.loads((EXAMPLES / shape / "agents.toml").read_text())["turn"]:
        if turn.get("job") == job and not {"attempt", "path"} & {*turn}:
            step = turn["step"][0]
            found = [f"{f['severity']}|{f['path']}|{f['title']}" for f in step.get("findings", ())]
            return [step["verdict"], *(word for one in found for word in ("--finding", one))]
    return []


def by_hand(home: House, shape: str) -> Iterator[str]:
    """Bring a run to its end with the first command that is suggested each time; gives its id before each of them."""
    planted(home)
    # Two more runs of the same jobs are open: a command that named neither could mean any of them.
    for name in ("before", "after"):
        copied(home, shape, name)
    _, run, _ = (begun(home, name, "--by-hand") for name in ("before", shape, "after"))
    for _ in range(STEPS_MAX):
        view = home.status(run)
        yield run
        if view["phase"] != "running":
            break
        words = shlex.split(view["next_commands"][0].replace("…", "as asked"))[1:]
        if words[0] == "verdict" and (given := verdict_of(shape, words[words.index("--job") + 1])):
            words = ["verdict", given[0], *words[2:], *given[1:]]
        said = home(*words, *(["--yes"] if words[0] == "approve" else []), "--json", status=None)
        assert said.status in WORKS, said
        if words[0] == "claim" and (files := writes_of(shape, said.json["job"])):
            where = Path(said.json["worktree"])
            for path, text in files.items():
                (where / path).parent.mkdir(parents=True, exist_ok=True)
                (where / path).write_text(text)
            home.repo.git("-C", str(where), "add", "--all")
            home.repo.git("-C", str(where), "commit", "--quiet", "--message", f"Do {said.json['job']}")


@pytest.mark.parametrize(
    "shape", [shape if shape in QUICK else pytest.param(shape, marks=pytest.mark.slow) for shape in SHAPES]
)
def test_an_example_goes_to_its_end_by_hand_with_what_status_suggests(tmp_path: Path, shape: str) -> None:
    with house(tmp_path / "place") as home:
        *_, run = by_hand(home, shape)
        assert home.status(run)["phase"] == "completed"
        assert home("verify").status == 0


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_every_suggested_command_works_in_every_state_of_a_shape(tmp_path: Path, shape: str) -> None:
    place, kept = tmp_path / "place", tmp_path / "kept"
    pasted = set()
    with house(place) as home:
        for run in by_hand(home, shape):
            for command in suggested(home, run):
                shutil.copytree(place, kept, symlinks=True)
                words = shlex.split(command.replace("…", "as asked"))[1:]
                said = home(*words, *(["--yes"] if words[0] == "approve" else []), status=None)
                assert said.status in WORKS, said
                pasted.add(words[0])
                shutil.rmtree(place)
                kept.rename(place)
    assert {"claim", "handoff", "approve", "log"} <= pasted


def suggested(home: House, run: str) -> list[str]:
    """Everything that is suggested for a run, with each answer of every question."""
    found = list(home.status(run)["next_commands"])
    for row in home("inbox", run, "--json").json["inbox"]:
        found.append(row["command"])
        for option in row["options"][1:] if row["kind"] != "approval" else ():
            found.append(row["command"].replace(f" {row['options'][0]}", f" {option}", 1))
    return list(dict.fromkeys(found))


@pytest.mark.slow
def test_a_run_is_archived_and_its_archive_holds_by_itself(
    played: tuple[House, dict[str, str]], tmp_path: Path
) -> None:
    home, runs = played
    for name in ("one", "two"):
        home("export", str(tmp_path / name), "--run", runs["multi-review"], "--files")
    one, two = (
        {p.relative_to(tmp_path / n): p.read_bytes() for p in (tmp_path / n).rglob("*") if p.is_file()}
        for n in ("one", "two")
    )
    assert one == two
    assert "is there already" in home("export", str(tmp_path / "one"), status=4).err
    assert home("export", "--verify", str(tmp_path / "one"), cwd="/").out.startswith(
        f"{tmp_path / 'one'} is intact: records"
    )
    records = tmp_path / "one" / "records.jsonl"
    records.write_text(records.read_text().replace("needs_revision", "accept", 1))
    assert (
        "is damaged at records.jsonl: it does not match the manifest"
        in home("export", "--verify", str(tmp_path / "one"), status=7).err
    )
