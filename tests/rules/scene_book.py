"""Many runs, each played up to a moment that matters: `test_every_scene` asks the rules everything in each of them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import forged_scenes
from forged_scenes import played
from play import HUMAN, Play
from telling import Telling

from gitorch.model import commands as c
from gitorch.model.values import replace

if TYPE_CHECKING:
    from collections.abc import Iterator

FORGED = [
    "running",
    "queued",
    "nudged",
    "dead",
    "concerned",
    "reviewing",
    "finished",
    "reported",
    "unattended",
    "approved",
    "merged",
    "decided",
    "published",
    "claimed",
    "late",
    "adopted",
]

ROUND_TWO = (
    "plan api|launch api|handoff api summary='rows and columns' tests='12 passed'|check api passed|launch api.spec|"
    "judge api.spec needs_revision blocking a.py:3 'no check|it is needed' minor b.py:9 typo note c.py 'a word'|launch api"
)
REPLIES = "reply=1:fixed:api-2 reply=2:false_positive:'the test is in t.py' reply=3:deferred:'not now'"
TOLD = {
    "prepared": "prepare api",
    "confirmed": "prepare api|confirm",
    "paused": "plan api|launch api|pause lunch",
    "canceled": "plan api|launch api|cancel enough",
    "starting": "plan api|grant api",
    "alive": "plan api|grant api|alive s1",
    "asking": "plan api|launch api|handoff api NEEDS_CONTEXT question='tabs or spaces?' question='which Python?'",
    "told": "plan api|launch api|handoff api NEEDS_CONTEXT question='tabs?'|answer q1 spaces",
    "blocked": "plan api ui|launch api|handoff api BLOCKED blocker='no key' clears='a key'|launch ui",
    "failing tests": "plan api|launch api|handoff api|check api failed",
    "flaky tests": "plan api|launch api|handoff api|check api passed|launch api.spec|judge api.spec accept|launch api.quality",
    "revising": ROUND_TWO,
    "round two": f"{ROUND_TWO}|handoff api {REPLIES}|check api passed|grant api.spec",
    "waived": f"{ROUND_TWO}|handoff api {REPLIES}|check api passed|answer q1 waive|launch api.spec",
    "withdrawn": (
        f"{ROUND_TWO}|handoff api {REPLIES}|check api passed|answer q1 defer 'in May'|"
        "review api.spec accept withdrawn '#2' 'the test shows it'|review api.quality accept"
    ),
    "raised again": (
        f"{ROUND_TWO}|handoff api {REPLIES}|check api passed|answer q1 waive|"
        "review api.spec needs_revision blocking a.py:5 'No check!' minor c.py:1 'new one'"
    ),
    "gate waived": f"{ROUND_TWO}|handoff api {REPLIES}|decide api accepted 'good enough'",
    "rejected by decision": f"{ROUND_TWO}|decide api rejected 'not wanted'",
    "accepted with findings": (
        "plan api|launch api|handoff api|check api passed|review api.spec accept_with_findings minor a.py:3 long|"
        "review api.quality accept_with_findings minor a.py:3 long note b.py:1 'a word'"
    ),
    "rounds used up": (
        "plan api rounds_max=2|launch api|handoff api|check api passed|review api.spec needs_revision blocking a.py:3 bad|"
        "launch api|handoff api reply=1:fixed:api-2|check api passed|review api.spec needs_revision blocking a.py:3 '#1 still bad'"
    ),
    "rejected work": "plan api|launch api|handoff api|check api passed|review api.spec reject blocking a.py:3 bad",
    "with exceptions": (
        "plan api rounds_max=2|launch api|handoff api|check api passed|review api.spec needs_revision important a.py:3 race|"
        "launch api|handoff api reply=1:fixed:api-2|check api passed|"
        "review api.spec needs_revision important a.py:3 '#1 race'|answer q1 accept_with_exceptions 'a known gap'"
    ),
    "died twice": "plan api|launch api|dies s1 exited 3|launch api|dies s2 killed",
    "epic stopped": "plan api 'ui after api' db|grant api|dies s1 exited|grant api|dies s2 exited|answer q1 stop_epic 'not needed'",
    "not ready": "plan api|grant api|dies s1 not-ready|grant api",
    "missing program": "plan api|grant api|dies s1 missing-program 127",
    "manual": "plan api ui manual=yes test_command=|claim api as=olga|handoff api as=olga",
    "stale": "plan api ui manual=yes|claim api as=olga|passes 9000",
    "conflicting merge": "plan api ui|finish api|finish ui|report conflict=a.py",
    "failing merge": "plan api ui|finish api|finish ui|report tests=failed",
    "voided report": "plan api|finish api|report|target-moves",
    "rework": "plan api|finish api|report|reject 'too big' rework=api",
    "push failed": "plan api push_remote=origin|finish api|report|approve|merge|push-fails 'no network'",
    "push taken back": (
        "plan api push_remote=origin|finish api|report|approve|merge|push-fails 'no network'|answer q2 take_back|taken-back"
    ),
    "complete": "plan api|finish api|report|approve|merge",
    "cleaned": "plan api cleanup=ask|finish api|report|approve|merge|cleanup removed=a kept=b",
    "per epic": "plan api ui autonomy=per_epic|finish api|launch ui",
    "per epic reported": "plan api ui autonomy=per_epic|finish api|reported api",
    "checkpoint": "flow 'build a' 'checkpoint c after a continue b cancel d' 'build b after c' 'build d after c'|launch a|handoff a|check a",
    "checkpoint asked": (
        "flow 'build a' 'checkpoint c after a continue b cancel d' 'build b after c' 'build d after c'|launch a|handoff a|"
        "check a|checkpoint c"
    ),
    "tracked": "plan api tracker=beads|finish api|tracker t-api",
    "closing failed": "plan api tracker=beads|finish api|closing-fails api reason='no network'",
    "closed": "plan api tracker=beads|finish api|closes api t-api owed=t-api.1 reason=done",
    "overlapping": "plan api ui|launch api|launch ui|overlap api ui a.py b.py",
    "needs a base": "plan api ui 'top after api,ui'|finish api|finish ui",
    "has a base": "plan api ui 'top after api,ui'|finish api|finish ui|base top|launch top",
    "moved branch": "plan api|finish api|branch-moves api elsewhere",
    "accepting late": "plan api|launch api|dies s1 killed|launch api|handoff api by=s1",
    "parallel reviews": "plan api review_mode=parallel|launch api|handoff api|check api|launch api.spec|launch api.quality",
    "quiet": "plan api|launch api|quiet s1 3000",
    "stuck": "plan api|launch api|quiet s1 3000|quiet s1 9000 shows=waiting",
    "dialog": "plan api|launch api|quiet s1 60 shows=dialog screen='Run rm?'",
}


def told(name: str) -> Play:
    """A run told by the words of a transcript, separated by bars that stand outside quotes."""
    telling = Telling()
    for step in _steps(TOLD[name]):
        said = telling.tell(step)
        assert not any(line.startswith(("refused", "denied", "not-found")) for line in said), (name, step, said)
    return telling.play


def _steps(text: str) -> Iterator[str]:
    """Bars inside quotes belong to a finding."""
    step = ""
    for part in text.split("|"):
        step = f"{step}|{part}" if step else part
        if step.count("'") % 2 == 0:
            yield step
            step = ""


def messages() -> Play:
    """Agents and the principal have written to each other."""
    play = forged_scenes.running()
    play.do(c.SendMessage(("ui",), "Which port?\nI need it.", "api"), play.actor("s1"))
    play.do(c.SendMessage(("@principal", "api"), "8080", "ui", play.run.messages["m1"]), play.actor("s2"))
    play.do(c.SendMessage(("api",), "Use 9090", "@principal"), HUMAN)
    play.do(c.ReadMessages("ui", ("m1",)), play.actor("s2"))
    return play


def refused_often() -> Play:
    """The agent of api and a stranger were each refused nine times."""
    play = forged_scenes.running()
    for _ in range(9):
        for actor in (play.actor("s1"), replace(forged_scenes.API, session="s77")):
            play.do(c.RecordRefusal("approve", "denied", "an agent may not"), actor)
    return play


def refused_too_often() -> Play:
    play = refused_often()
    for actor in (play.actor("s1"), replace(forged_scenes.API, session="s77")):
        play.do(c.RecordRefusal("approve", "denied", "an agent may not"), actor)
    return play


SCENES = {
    **{name: (lambda name=name: played(getattr(forged_scenes, name))) for name in FORGED},
    **{name: (lambda name=name: told(name)) for name in TOLD},
    "messages": messages,
    "refused often": refused_often,
    "refused too often": refused_too_often,
}


@cache
def scene(name: str) -> Play:
    """The run of this scene, played once; nothing may change it."""
    return SCENES[name]()
