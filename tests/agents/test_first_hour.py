"""The first hour of a new user: projects of strangers, plans in the formats of other tools, one program writing and another reviewing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pages
import pytest
from at_terminal import AtTerminal
from house import GITORCH, WAITING, House
from mind import Cue, Mind
from programs import PROGRAMS
from repository import Repository
from story import APPROVED, DONE, POINTED, REPORTED
from strangers import STRANGERS, Stranger, settle
from user import sign_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stand_in import StandIn

pytestmark = [pytest.mark.tmux, pytest.mark.agents]

RUN_SECONDS = 900
COMMANDS_MAX = 6
REVIEWERS = {"claude": "codex", "gemini": "opencode"}
"""Who reviews whom: what `init` proposes to a user who has installed these two programs."""

SLOW = {"opencode"}
"""Programs that may take more than a minute to start on a machine that has much else to do."""

START_SECONDS = 300

SHEET = (("Who writes?", ""), ("Who reviews?", ""), ("Autonomy", ""), ("Start this run", "y"))
"""What `start` asks, and a person's answers: the proposals, and the consent."""


REVIEWED = r"# (?P<review>[\w-]+\.\w+): [\s\S]*gitorch verdict accept --commit (?P<commit>\w+) --nonce (?P<nonce>\S+)"
TUTORIAL = Path(__file__).parents[2] / "docs/tutorial.md"


def story(project: Stranger) -> Mind:
    """A writer who runs the tests before the commit, and a reviewer who runs them before the verdict."""
    tests, passed = project.tests, re.escape(project.passed)
    verdict = "gitorch verdict accept --commit @commit@ --nonce @nonce@ --summary 'The tests pass'"
    return Mind(
        POINTED,
        APPROVED,
        REPORTED,
        Cue(rf"{REVIEWED}[\s\S]*\nafter .*gitorch brief", runs=verdict),
        Cue(REVIEWED, says="I run the tests.", runs=tests),
        Cue(passed, by="-reviewer", says="I read the brief again.", runs="gitorch brief"),
        DONE,
        Cue(
            rf"{passed}[\s\S]*\nafter ", runs="git add NOTES-*.md && git commit -q -m 'Add notes' && git rev-parse HEAD"
        ),
        Cue(r"\nafter .*NOTES-[\w-]+\.md", says="I run the tests.", runs=tests),
        Cue(r"# (?P<job>[\w-]+): ", says="I write it.", writes=("NOTES-@job@.md", "One word.\n")),
    )


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder outside `/tmp`, where Codex can start commands in its own sandbox."""
    made = Path(tempfile.mkdtemp(prefix="gitorch-hour-", dir="/var/tmp"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def writer() -> str:
    """The program that writes, where a test names none."""
    return "claude"


@pytest.fixture
def agents(writer: str) -> Mapping[str, str]:
    """The two programs, and what the stand-in calls them."""
    return {writer: f"{writer}-writer", REVIEWERS[writer]: f"{REVIEWERS[writer]}-reviewer"}


@pytest.fixture
def signed_in(folder: Path, api: StandIn, monkeypatch: pytest.MonkeyPatch, agents: Mapping[str, str]) -> Path:
    """The home of a user whose two programs are installed, signed in, and lead to the stand-in."""
    for name, called in agents.items():
        if not PROGRAMS[name].installed:
            pytest.skip(f"{name} is not installed: make agents")
        for key, value in PROGRAMS[name].env(api.url(called)).items():
            monkeypatch.setenv(key, value)
    own = {PROGRAMS[name].bin for name in agents}
    others = [str(program.bin) for program in PROGRAMS.values() if program.bin not in own]
    kept = [place for place in os.environ["PATH"].split(os.pathsep) if place not in others]
    monkeypatch.setenv("PATH", os.pathsep.join([str(GITORCH.parent), *kept]))
    monkeypatch.setenv("HOME", str(folder / "user"))
    return folder / "user"


class Hour:
    """A person at a shell: each command is typed once, and counted."""

    def __init__(self, path: Path, script: Path) -> None:
        self.house = House(Repository(path), script)
        self.typed: list[tuple[str, ...]] = []

    def types(self, *words: str, status: int = 0) -> str:
        self.typed.append(words)
        done = subprocess.run(
            [str(GITORCH), *words],
            cwd=self.house.path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=RUN_SECONDS,
            check=False,
        )
        assert done.returncode == status, f"{words}: {done.stdout}{done.stderr}{self.house.seen()}"
        return done.stdout + done.stderr

    def answers(self, words: tuple[str, ...], *answers: tuple[str, str]) -> None:
        """Type a verb that asks questions, and an answer to each."""
        self.typed.append(words)
        with AtTerminal([str(GITORCH), *words], self.house.path) as terminal:
            for question, answer in answers:
                terminal.types(question, answer)
            assert terminal.status() == 0, terminal.said


@pytest.mark.parametrize("writer", REVIEWERS)
@pytest.mark.parametrize("project", STRANGERS, ids=lambda project: project.name)
def test_a_strangers_project_goes_from_init_to_the_merge_in_six_commands(
    folder: Path, api: StandIn, signed_in: Path, agents: Mapping[str, str], project: Stranger
) -> None:
    path = settle(project, folder / "work")
    sign_in(signed_in, [path, path.parent / ".bare"], api, agents)
    api.mind = story(project)
    hour = Hour(path, folder / "unused")
    try:
        said = hour.types("init")
        assert f"`{project.tests}`" in said
        if SLOW & agents.keys():
            wait_longer(path)
        imported = hour.types("plan", "import", project.imported, "--output", "plan.md")
        assert "plan.md" in imported
        hour.answers(("start", "plan.md"), *SHEET)
        hour.types("up", "--no-wait", status=WAITING)
        asked = hour.house("inbox", "--json").json["inbox"]
        assert [one["kind"] for one in asked] == ["approval"], f"{asked}{hour.house.seen()}"
        digest = hour.house.records("report-issued")[-1]["digest"].removeprefix("sha256:")
        hour.answers(("approve",), ("Type these 6 characters", digest[:6]))
        assert len(hour.typed) <= COMMANDS_MAX

        house = hour.house
        assert house.status()["phase"] == "completed"
        assert house.repo.git("show", "--format=", "--name-only", "--diff-filter=A", "-m", "main").startswith("NOTES-")
        assert not house.records("escalated"), "nobody was asked anything but to approve"
        for called in agents.values():
            results = [text for one in api.heard(called) if one.ask for text in one.ask.results]
            assert any(project.passed in text for text in results), f"{called} ran the tests"
        assert house("verify").status == 0
    finally:
        hour.house.close()


def wait_longer(path: Path) -> None:
    """Let programs take longer to start than a new configuration does."""
    config = path / "gitorch.yaml"
    text = config.read_text()
    assert text.count("  start_seconds: 60 ") == 1
    config.write_text(text.replace("  start_seconds: 60 ", f"  start_seconds: {START_SECONDS} "))


def test_the_tutorial_does_what_it_says(folder: Path, api: StandIn, signed_in: Path, agents: Mapping[str, str]) -> None:
    path = folder / "concat-map"
    path.mkdir()
    sign_in(signed_in, [path], api, agents)
    api.mind = story(next(one for one in STRANGERS if one.name == "concat-map"))
    home = House(Repository(path), folder / "unused")
    try:
        for step in pages.steps(TUTORIAL.read_text(), pages.WITH_AGENTS):
            if step.command not in {"gitorch start plan.md", "gitorch approve"}:
                pages.assert_step(step, path, os.environ, RUN_SECONDS)
                continue
            answers = SHEET
            if step.command == "gitorch approve":
                digest = home.records("report-issued")[-1]["digest"].removeprefix("sha256:")
                answers = (("Type these 6 characters", digest[:6]),)
            with AtTerminal(step.command.split(), path) as terminal:
                for question, answer in answers:
                    terminal.types(question, answer)
                pages.assert_shown(step, terminal.status(), terminal.said)
        assert home.repo.git("log", "-1", "--format=%an", "main") == os.environ["GIT_AUTHOR_NAME"]
        assert [one["kind"] for one in home.records("question-asked")] == ["approval", "cleanup"]
    finally:
        home.close()
