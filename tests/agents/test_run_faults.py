"""A run with a vendor's program at work, whose service fails, which is killed, and whose terminal dies: it is told, and goes on."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from alone import alone
from house import Epic, house
from isolation import tmux
from mind import Cue, Mind
from programs import PROGRAMS
from stand_in import StandIn
from story import STORY
from waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from house import House

pytestmark = [pytest.mark.tmux, pytest.mark.agents]

NAMES = ["claude", "codex", "gemini", "opencode"]
SILENCE_SECONDS = 30
FAULT_SECONDS = 400
"""How long each fault may take from its beginning until it is overcome; on a machine that does nothing else it takes 60."""

FOUND = {
    "refused": Cue(r"# refused: |returned an empty response", fault="401"),
    "unanswered": Cue(r"# unanswered: ", fault="never"),
    "killed": Cue(r"# killed: ", says="It takes a while.", seconds=600),
    "serverless": Cue(r"# serverless: ", says="It takes a while.", seconds=600),
}
"""What befalls each epic when its agent has read its brief.

Who is refused is refused whatever it asks: Gemini CLI asks by itself once more why there was no answer.
"""

NUDGED = Cue(r"# Are you still working on", says="I go on.", runs="cat .gitorch/brief.md")


class Troubled:
    """A run whose epics, one after the other, meet one fault each; `lift` ends the fault of one."""

    def __init__(self, home: House, api: StandIn) -> None:
        self.home, self.api = home, api
        self.faults = dict(FOUND)
        self._think()
        epics = list(FOUND)
        self.run = home.start(*(Epic(epic, needs=tuple(epics[:number][-1:])) for number, epic in enumerate(epics)))
        home.up_beside("--wait")

    def _think(self) -> None:
        self.api.mind = Mind(NUDGED, *self.faults.values(), *STORY)

    def lift(self, epic: str) -> None:
        """Let the service answer from now on."""
        del self.faults[epic]
        self._think()

    def until(self, condition: Callable[[], object], what: str) -> None:
        try:
            until(condition, FAULT_SECONDS, 0.2, what=what)
        except AssertionError as late:
            raise AssertionError(f"{late}{self.home.seen()}") from late

    def meets(self, epic: str) -> None:
        """Wait until the fault of an epic strikes."""
        brief = f"# {epic}: "
        self.until(lambda: any(one.ask and brief in one.ask.newest for one in self.api.heard()), f"{epic} to be struck")

    def gave_up(self, epic: str) -> bool:
        """Whether its agent stands there with an error."""
        rows = self.home("session", "list", "--json").json["sessions"]
        return any(row["job"] == epic and "error" in row["agent"] for row in rows)

    def completes(self, epic: str) -> None:
        """Wait until the epic is done all the same."""
        self.until(lambda: self.home.phase(epic) == "completed", f"{epic} to complete")

    def asked(self, epic: str) -> list[dict[str, object]]:
        """What a person was asked about it."""
        return self.home.records("escalated", job=epic)


@pytest.fixture(scope="module", params=NAMES)
def troubled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Troubled]:
    name = request.param
    if not PROGRAMS[name].installed:
        pytest.skip(f"{name} is not installed: make agents")
    with StandIn() as api, house(tmp_path_factory.mktemp("run"), "repo") as home:
        alone(home, api, name)
        path = home.path / "gitorch.yaml"
        path.write_text(path.read_text().replace("silence_seconds: 300", f"silence_seconds: {SILENCE_SECONDS}"))
        yield Troubled(home, api)


def test_a_service_that_refuses_for_a_while_needs_no_person(troubled: Troubled) -> None:
    troubled.meets("refused")
    troubled.until(lambda: troubled.gave_up("refused"), "its agent to give up")
    troubled.until(lambda: troubled.home.records("turn-failed", job="refused"), "the record of its failed turn")
    (failed,) = troubled.home.records("turn-failed", job="refused")
    assert failed["words"]
    troubled.lift("refused")
    troubled.completes("refused")
    assert len(troubled.home.records("session-nudged", job="refused")) == 1
    assert len(troubled.home.records("lease-granted", job="refused")) == 1, "the same agent went on"
    assert not troubled.asked("refused")


def test_a_request_that_is_never_answered_is_put_to_a_person_who_lets_it_begin_anew(troubled: Troubled) -> None:
    troubled.meets("unanswered")
    troubled.until(lambda: troubled.asked("unanswered"), "the question")
    (asked,) = troubled.asked("unanswered")
    assert asked["trigger"] == "stuck:unanswered:1"
    assert asked["evidence"]
    troubled.lift("unanswered")
    troubled.home("answer", troubled.home.question(job="unanswered"), "retry")
    troubled.completes("unanswered")


def test_a_killed_program_is_replaced_and_its_epic_goes_on(troubled: Troubled) -> None:
    troubled.meets("killed")
    session = troubled.home.records("session-alive", job="killed")[-1]
    troubled.lift("killed")
    os.kill(int(session["pid"]), signal.SIGKILL)
    troubled.completes("killed")
    (ended,) = troubled.home.records("session-ended", session=session["session"])
    assert (ended["how"], ended["exit_status"]) == ("exited", 128 + signal.SIGKILL)
    assert not troubled.asked("killed")


def test_a_killed_tmux_server_costs_a_session_and_nothing_else(troubled: Troubled) -> None:
    troubled.meets("serverless")
    session = troubled.home.records("session-alive", job="serverless")[-1]["session"]
    troubled.lift("serverless")
    assert tmux("-S", f"/tmp/tmux-{os.getuid()}/{troubled.home.socket}", "kill-server") == 0
    troubled.completes("serverless")
    assert [one["how"] for one in troubled.home.records("session-ended", session=session)] == ["server-gone"]
    assert not troubled.asked("serverless")


def test_after_all_faults_the_run_goes_to_its_merge(troubled: Troubled) -> None:
    home = troubled.home
    troubled.until(lambda: home.records("report-issued"), "the report")
    home("approve", troubled.run, "--yes")
    troubled.until(lambda: home.status(troubled.run)["phase"] == "completed", "the merge")
    assert {epic: home.repo.git("show", f"main:{epic}.txt") for epic in FOUND} == dict.fromkeys(FOUND, "One word.")
    assert home("verify").status == 0
