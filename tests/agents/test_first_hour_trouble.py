"""The first hour when things go wrong: each trouble is one question with the right first answer, settled without attaching."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from house import Epic, House
from mind import Cue, Mind
from repository import Repository
from story import APPROVED, DONE, POINTED, REPORTED
from strangers import STRANGERS, settle
from test_first_hour import agents, signed_in, writer
from user import sign_in
from waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stand_in import StandIn

pytestmark = [pytest.mark.tmux, pytest.mark.agents]
__all__ = ["agents", "signed_in", "writer"]

TROUBLE_SECONDS = 400
REVIEWED = r"# [\w-]+\.\w+: [\s\S]*gitorch verdict accept --commit (?P<commit>\w+) --nonce (?P<nonce>\S+)"
COMMIT = "git add -A . && git commit -q -m 'Change it' && git rev-parse HEAD"

STORY = Mind(
    POINTED,
    APPROVED,
    REPORTED,
    Cue(REVIEWED, runs="gitorch verdict accept --commit @commit@ --nonce @nonce@ --summary 'As asked'"),
    Cue(r"own branch[\s\S]*try: (?P<mend>git [^\n]*)", says="I bring it to my branch.", runs="@mend@"),
    Cue(r"\nafter .*git switch -C", runs="git rev-parse HEAD"),
    DONE,
    Cue(r"\nafter .*NOTES-asks\.md", says="I need a folder.", runs="python3 -c 'print(1)'"),
    Cue(r"\nafter .*print\(1\)", runs=COMMIT),
    Cue(r"\nafter .*NOTES-strays\.md", says="I make a branch.", runs="git switch -q -c mine"),
    Cue(r"\nafter .*git switch -q -c mine", runs=COMMIT),
    Cue(r"\nafter .*NOTES-deletes\.md", says="I remove a test.", runs="git rm -q test/extra.js"),
    Cue(r"\nafter .*git rm ", runs=COMMIT),
    Cue(r"# limited: ", resets_seconds=20),
    Cue(r"\nafter .*NOTES-limited\.md", says="I commit it.", runs=COMMIT),
    Cue(r"# Are you still working on", says="I go on.", runs="cat .gitorch/brief.md"),
    Cue(r"# (?P<job>[\w-]+): ", says="I write it.", writes=("NOTES-@job@.md", "One word.\n")),
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder outside `/tmp`, where Codex can start commands in its own sandbox."""
    made = Path(tempfile.mkdtemp(prefix="gitorch-hour-", dir="/var/tmp"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


class Trouble:
    """A run beside us, and its questions."""

    def __init__(self, home: House) -> None:
        self.home = home

    def one_question(self, about: str) -> Any:
        """The only open question, once it is about this."""

        def found() -> Any:
            rows = self.home("inbox", "--json").json["inbox"]
            return next((row for row in rows if re.search(about, row["text"])), None)

        return self.until(found, f"a question about {about}")

    def until(self, condition: Any, what: str) -> Any:
        try:
            return until(condition, TROUBLE_SECONDS, 0.5, what=what)
        except AssertionError as late:
            raise AssertionError(f"{late}{self.home.seen()}\n{self.home('inbox').text}") from late

    def answer(self, about: str, words: set[str]) -> None:
        """Answer the question about this with what it offers first."""
        asked = self.one_question(about)
        assert asked["options"][0] in words
        self.home("answer", asked["id"], asked["options"][0])
        self.settled(asked["id"])

    def settled(self, question: str) -> None:
        """The question is not asked any more."""
        self.until(lambda: all(row["id"] != question for row in self.home("inbox", "--json").json["inbox"]), "its end")


def test_each_trouble_is_one_question_that_is_settled_without_attaching(
    folder: Path, api: StandIn, signed_in: Path, agents: Mapping[str, str]
) -> None:
    project = next(one for one in STRANGERS if one.name == "concat-map")
    path = settle(project, folder / "work")
    repo = Repository(path)
    repo.commit({"test/extra.js": repo.git("show", "main:test/map.js") + "\n"}, "Test it twice")
    sign_in(signed_in, [], api, agents)
    api.mind = STORY
    home = House(repo, folder / "unused")
    trouble = Trouble(home)
    try:
        home("init", "--setup", "true")
        home.allow_unattended()
        run = home.start(
            "asks",
            Epic("strays", needs=("asks",)),
            Epic("deletes", needs=("strays",)),
            Epic("limited", needs=("deletes",)),
        )
        home.up_beside("--wait")

        missing = trouble.one_question("tests do not pass on main")
        assert missing["options"][0] == "retry"
        assert "worktrees.setup" in home("show", missing["id"]).text
        home("config", "set", "worktrees.setup", "npm ci", "--run", run)
        trouble.settled(missing["id"])
        assert not home.records("question-answered", question=missing["id"]), "nobody had to answer it"

        trouble.answer("shows a dialog: trust[\\s\\S]*pick \\([12] = Yes, I trust this folder", {"1", "2"})

        for job in ("asks", "strays", "deletes"):
            trouble.answer(f"The agent of {job} .*(may run|permission)", {"1", "allow"})

        reached = trouble.until(lambda: home.records("limit-reached"), "the usage limit")
        assert "limit" in home("why", "limited").text

        approval = trouble.one_question("Approve the merge")
        heard = [text for one in api.heard(agents["claude"]) if one.ask for text in one.ask.results]
        assert any("not strays's own branch" in text for text in heard), "its agent is told, and mends it"
        report = home("report", run).text
        assert "deletes" in report
        assert "test/extra.js" in report
        withdrawn = {one["question"] for one in home.records("question-withdrawn")}
        asked = [one["question"] for one in home.records("escalated") if one["question"] not in withdrawn]
        assert [one["job"] for one in reached] == ["limited"]
        assert len(home.records("session-nudged", job="limited")) == 1, (
            "the limit is waited out, and nobody is asked about it"
        )
        assert len(asked) == 5, "one question for each trouble that an agent cannot settle itself"
        assert approval["kind"] == "approval"
        about_trust = [one for one in home.records("escalated") if "dialog: trust" in one["happened"]]
        assert len(about_trust) == 1, "once for the repository, and never by Codex"
        home("approve", run, "--yes", status=None)
        trouble.until(lambda: home.status(run)["phase"] == "completed", "the merge")
        assert "NOTES-strays.md" in repo.git("ls-tree", "--name-only", "main").splitlines()
    finally:
        home.close()
