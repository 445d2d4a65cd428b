"""What a delivery does for each thing that a pane may show meanwhile: its commands to tmux, how long it waits, what it keeps.

The pane shows one look after the other, and time passes only while the delivery sleeps. The real programs are in
`test_delivery_matrix`. `pytest --rewrite-transcripts` writes `texts/deliveries.txt` anew.
"""

from __future__ import annotations

import json
import re

from fault_place import StillClock
from golden import assert_golden
from shown import shown
from world.terminal_lab import SIGNS

from gitorch.model.ids import Moment, PromptId
from gitorch.model.plans.runtime import Preset
from gitorch.model.values import replace
from gitorch.model.work.session import SessionKey
from gitorch.world.channels.site import ChannelSite
from gitorch.world.files import append_line
from gitorch.world.program_result import ProgramResult
from gitorch.world.terminal.delivery import Delivery
from gitorch.world.terminal.session_files import DeliveryRecord, LaunchRecord, SessionFolder
from gitorch.world.terminal.tmux import Pane

LINE, PROMPT = "Go on.", PromptId("p1")
KEY = SessionKey("auth-7f3a", "s1")
PRESET = Preset("tui", ("agent",), signs=SIGNS, empty_input=r"❯ ?", settle_ms=100, submit_key="C-m")
LAUNCH = LaunchRecord(("agent",), "/nowhere", "", Moment(0), PRESET, "1:1", "%7", 70)
PANE = Pane("auth-7f3a_s1", "%7", 70, False, False, 50, 0, 2, 0, "1:1", "", "", "")

EMPTY = replace(PANE, cursor_x=2), "❯ \n"
OURS = replace(PANE, cursor_x=8), f"❯ {LINE}\n"
HALF = replace(PANE, cursor_x=9), "❯ another\n"
DIALOG = replace(PANE, cursor_x=0), "Run it?\nEnter to confirm\n"
BUSY = replace(PANE, cursor_x=2), "❯ \nesc to interrupt\n"
ENDED = replace(PANE, dead=True), "bye\n"
BLANK = PANE, "\n"
GONE = None
TYPED = replace(OURS[0], typed=PROMPT), OURS[1]


def with_pane(look, **changed):
    return replace(look[0], **changed), look[1]


class Script:
    """A tmux whose pane shows these looks, the last one again and again, and which answers guarded commands in this order."""

    def __init__(self, clock, looks, answers) -> None:
        self.clock, self.looks, self.answers = clock, list(looks), list(answers)
        self.told: list[str] = []

    def observe_pane(self, pane, nonce):
        assert pane == LAUNCH.pane
        assert len(nonce) == 16
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]

    def call(self, *arguments):
        self.told.append(" ".join(arguments))
        return ProgramResult(0, b"", b"")

    output = call

    def call_if(self, pane, condition, command, otherwise="", before=(), given=b""):
        assert pane == LAUNCH.pane
        self.told.append(
            f"{self.clock.now()} ms: {' '.join(before)} {given.decode()} ? {condition} : {command} | {otherwise}"
        )
        answer = self.answers.pop(0) if self.answers else None
        if answer is None:
            answer = "typed" if "paste" in command else "pressed"
        return ProgramResult(0, f"{answer}\n".encode(), b"")


def sent(**changed) -> DeliveryRecord:
    return DeliveryRecord(LINE, Moment(0), **changed)


SCENES = {
    "all goes well": {"looks": [EMPTY, EMPTY, OURS, OURS, OURS, OURS, OURS, EMPTY]},
    "the agent works at once": {"looks": [EMPTY, OURS, OURS, OURS, OURS, OURS, OURS, BUSY]},
    "the session has ended": {"looks": [GONE]},
    "the agent has ended": {"looks": [ENDED]},
    "a dialog is open": {"looks": [DIALOG]},
    "the agent works": {"looks": [BUSY]},
    "nothing shows what it does": {"looks": [BLANK]},
    "a line is half written": {"looks": [HALF]},
    "another program runs there": {"looks": [with_pane(EMPTY, pid=71)]},
    "somebody reads in copy mode": {"looks": [with_pane(EMPTY, in_mode=True, attached=1)]},
    "copy mode is on, and nobody attached": {
        "looks": [with_pane(EMPTY, in_mode=True), OURS, OURS, OURS, OURS, OURS, EMPTY]
    },
    "its first prompt is on its way": {"looks": [EMPTY], "launch": {"prompt": "p0"}, "signals": ["session-start"]},
    "its first prompt was accepted": {
        "looks": [EMPTY, OURS],
        "launch": {"prompt": "p0"},
        "signals": ["session-start", "stop"],
        "answers": ["refused"],
    },
    "its input line has just appeared": {"looks": [EMPTY], "preset": {"warm_ms": 500}},
    "the terminal changes before the text": {"looks": [EMPTY], "answers": ["refused"]},
    "the terminal changes before the key": {"looks": [EMPTY, OURS], "answers": [None, "refused"]},
    "the agent ends after the text": {"looks": [EMPTY, OURS, ENDED]},
    "the session ends after the text": {"looks": [EMPTY, OURS, GONE]},
    "the session ends right after the text": {"looks": [EMPTY, GONE]},
    "the session ends after the key": {"looks": [EMPTY, OURS, OURS, OURS, OURS, OURS, GONE]},
    "a dialog opens after the text": {"looks": [EMPTY, OURS, DIALOG]},
    "the agent begins to work before the key": {"looks": [EMPTY, OURS, BUSY]},
    "somebody types beside the text": {"looks": [EMPTY, OURS, HALF]},
    "the text never shows": {"looks": [EMPTY]},
    "the text was lost, and the program wrote since": {
        "looks": [with_pane(EMPTY, typed=PROMPT)],
        "sent": sent(),
        "now": 20_000,
    },
    "the text was lost, and nothing was written since": {
        "looks": [with_pane(EMPTY, typed=PROMPT, active_at=0)],
        "sent": sent(),
        "now": 20_000,
    },
    "the text was lost below a dialog": {
        "looks": [with_pane(EMPTY, typed=PROMPT)],
        "sent": sent(blocked=True),
        "now": 500,
    },
    "the text was lost three times": {"looks": [with_pane(EMPTY, typed=PROMPT)], "sent": sent(lost=3), "now": 20_000},
    "the text was seen and is gone": {
        "looks": [with_pane(EMPTY, typed=PROMPT)],
        "sent": sent(shown=True),
        "now": 20_000,
    },
    "a lost text appears late": {"looks": [OURS], "sent": sent(lost=1), "answers": ["refused"]},
    "a lost text is typed again": {"looks": [EMPTY], "sent": sent(lost=1), "answers": ["refused"]},
    "a lost text beside somebody who is attached": {"looks": [with_pane(EMPTY, attached=1)], "sent": sent(lost=1)},
    "a text that was lost below a dialog beside somebody who is attached": {
        "looks": [with_pane(EMPTY, attached=1)],
        "sent": sent(lost=1, blocked=True),
        "answers": ["refused"],
    },
    "a text of ours that nobody lost": {"looks": [OURS], "sent": sent()},
    "a text stands typed without a record": {"looks": [with_pane(OURS, typed=PROMPT)], "answers": ["refused"]},
    "the key was pressed before": {"looks": [with_pane(EMPTY, typed=PROMPT, pressed=PROMPT)], "sent": sent()},
    "the key was pressed before, and the text still stands there": {
        "looks": [with_pane(OURS, typed=PROMPT, pressed=PROMPT)],
        "sent": sent(),
    },
    "the program swallows every key": {"looks": [EMPTY, OURS]},
    "the program swallows one key": {"looks": [EMPTY, *[OURS] * 26, EMPTY]},
    "a program whose input nobody knows": {
        "looks": [EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, BUSY],
        "preset": {"empty_input": ""},
    },
    "a program whose input nobody knows, and that does nothing": {"looks": [EMPTY], "preset": {"empty_input": ""}},
    "a program with hooks that do not tell": {
        "looks": [EMPTY, OURS, OURS, OURS, OURS, OURS, EMPTY],
        "signals": ["stop"],
    },
    "a program with a transcript that does not tell": {
        "looks": [EMPTY, OURS, OURS, OURS, OURS, OURS, EMPTY],
        "preset": {"transcript": "none"},
    },
    "a hook reports the text": {"looks": [TYPED], "sent": sent(), "signals": [("prompt", 0, "First:\n Go  on.")]},
    "a hook reported the text before": {
        "looks": [OURS],
        "sent": sent(lost=1),
        "now": 50,
        "signals": [("prompt", -1, LINE)],
        "answers": ["refused"],
    },
    "a hook reports another text": {
        "looks": [TYPED],
        "sent": sent(),
        "signals": [("prompt", 1, "Stop.")],
        "answers": [None, "refused"],
    },
    "a transcript has the text": {
        "looks": [TYPED],
        "preset": {"transcript": "~/log*"},
        "sent": sent(lost=1, transcripts={}),
        "log": LINE,
    },
    "a transcript had the text before": {
        "looks": [EMPTY, OURS],
        "preset": {"transcript": "~/log*"},
        "log": LINE,
        "answers": [None, "refused"],
    },
    "a hook proves a receipt later": {
        "looks": [EMPTY],
        "sent": sent(receipt="submitted"),
        "now": 599_999,
        "signals": [("prompt", 5, LINE)],
    },
    "a hook proves a receipt too late": {
        "looks": [EMPTY],
        "sent": sent(receipt="submitted"),
        "now": 600_000,
        "signals": [("prompt", 5, LINE)],
    },
    "a receipt is kept": {"looks": [EMPTY], "sent": sent(receipt="submitted")},
    "a better receipt comes too late": {"looks": [EMPTY], "sent": sent(receipt="submitted"), "now": 600_000},
}


def play(folder, looks, answers=(), sent=None, now=0, signals=(), launch=None, preset=None, log=""):
    """One scene, told: the receipt, the commands, the time that passed, and the record."""
    clock = StillClock()
    clock.at = now
    script = Script(clock, looks, answers)
    if sent is not None:
        folder.write_sent(PROMPT, sent)
    for event in signals:
        name, at, text = event if isinstance(event, tuple) else (event, 1, "")
        append_line(folder.signals_path, json.dumps({"at": at, "event": name, "text": text}).encode())
    if log:
        (folder.path / "log.jsonl").write_text(log)
    started = replace(LAUNCH, preset=replace(PRESET, **(preset or {})), **(launch or {}))
    site = ChannelSite(KEY, folder, started, clock, script, str(folder.path))
    receipt = Delivery(site).deliver(PROMPT, LINE)
    return [receipt, *script.told, f"after {clock.now() - now} ms: {shown(folder.sent(PROMPT))}"]


def test_every_scene_of_a_delivery_is_told_whole(tmp_path, request):
    told = []
    for number, (name, scene) in enumerate(SCENES.items()):
        folder = SessionFolder(tmp_path / str(number))
        folder.path.mkdir()
        told.append("\n".join([f"> {name}", *play(folder, **scene), ""]))
    text = (
        re.sub(r"gitorch-[0-9a-f]{16}", "<buffer>", "\n".join(told))
        .replace(" \n", "\n")
        .replace(str(tmp_path), "{folder}")
    )
    assert_golden("deliveries.txt", text, request)
