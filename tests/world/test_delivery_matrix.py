"""The whole delivery matrix with a small terminal program on a real tmux server, no vendor needed: every text, way and moment."""

import os
import signal

import pytest
from matrix import NAMES, TEXTS, WAYS, Matrix, fill
from waiting import until
from world.terminal_lab import Lab

from gitorch.errors import Refused
from gitorch.model.ids import PromptId, RunId, SessionId
from gitorch.model.observed import READY, AgentState
from gitorch.model.work.session import SessionKey

pytestmark = pytest.mark.tmux
HALF = "a human's half line"
LATER = ("refused: the agent's state is ", "refused: it has not accepted")


class TuiStage:
    """The small program on the stage of the matrix."""

    name = "a scripted program"

    def __init__(self, lab):
        self.lab = lab
        self.starts = 0
        self.key = None

    def begin(self, line=""):
        if self.starts:
            self.lab.terminals.stop(self.key)
        self.starts += 1
        self.lab.mode("idle")
        (self.lab.cwd / "turns").unlink(missing_ok=True)
        key = SessionKey(RunId(f"r{self.starts}"), SessionId("s1"))
        prompt = "p0" if line else None
        self.key = self.lab.start(
            "--hooks", key=key, line=line, prompt=prompt, settle_ms=20, **({"first_prompt": "argument"} if line else {})
        )

    def fresh(self):
        self.begin()
        self.lab.wait_state(self.key, *READY)

    def bring(self, way, moment):  # noqa: ARG002 - other programs need to know the way
        if moment in {"busy", "dialog open"}:
            self.lab.mode(moment.partition(" ")[0])
            self.lab.wait_state(self.key, "working" if moment == "busy" else "dialog")
        elif moment == "half-written line":
            self.lab.keys_to(self.key, "-l", HALF)
            until(lambda: HALF in self.lab.terminals.screen(self.key))
        elif moment == "copy mode":
            self.lab.tmux.output("copy-mode", "-t", self.lab.pane(self.key).id)
        elif moment == "just exited":
            os.kill(self.lab.look(self.key).pid, signal.SIGKILL)
            self.lab.wait_state(self.key, "exited")

    def unharmed(self, moment):
        screen = self.lab.terminals.screen(self.key)
        assert self.lab.logged("answers") == []
        assert moment != "half-written line" or screen.endswith(f"❯ {HALF}")
        assert moment != "busy" or screen.endswith("❯")
        assert moment != "dialog open" or self.lab.look(self.key).state is AgentState.DIALOG
        assert self.lab.look(self.key).present, "the server and its dead pane are there"

    def over(self, moment):
        self.lab.mode("idle")
        if moment == "half-written line":
            self.lab.keys_to(self.key, "C-u")
            until(lambda: HALF not in self.lab.terminals.screen(self.key))
        self.lab.wait_state(self.key, *READY)

    def give(self, prompt, text):
        return self.lab.terminals.deliver(self.key, self.lab.preset(settle_ms=20), PromptId(prompt), text)

    def deliver(self, prompt, text):
        return until(lambda: (receipt := self.give(prompt, text)) and not receipt.startswith(LATER) and receipt)

    def turns(self, ended=0):
        until(lambda: len(self.lab.turns()) >= ended)
        return self.lab.turns()


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    lab = Lab(tmp_path_factory.mktemp("lab"))
    yield TuiStage(lab)
    lab.close()


@pytest.fixture(scope="module")
def matrix(request):
    made = Matrix("a scripted program")
    yield made
    if request.config.getoption("--rewrite-transcripts"):
        made.save()


@pytest.mark.each(2)
@pytest.mark.parametrize(("way", "moment"), [(way, m) for way in WAYS if way != "argument" for m in WAYS[way]])
def test_a_paste_arrives_whole_and_once_or_not_at_all(stage, matrix, way, moment):
    stage.fresh()
    if way == "later paste":
        stage.deliver("p0", "Say hello.")
    assert fill(stage, matrix, way, moment) == NAMES


def test_an_argument_arrives_whole_and_once_or_not_at_all(stage, matrix):
    for text in TEXTS:
        try:
            stage.begin(text.given)
        except Refused as refused:
            assert not text.arrives
            matrix.note("argument", "at its start", text, "refused: " + str(refused).partition(": ")[2])
        else:
            assert stage.turns(ended=1) == [text.arrives]
            until(lambda: stage.lab.terminals.receipts(stage.key) == {"p0": "delivered"})
            matrix.note("argument", "at its start", text, "delivered")
