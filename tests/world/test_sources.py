"""What tells of an agent beside its hooks and its screen: its transcript, and the processes that it has started."""

import json
import sys
from datetime import UTC, datetime

import pytest
from world.terminal_lab import SIGNS, wait_for

from gitorch.model.ids import Moment, RunId, SessionId
from gitorch.model.observed import AgentState
from gitorch.model.plans.runtime import Preset, StateSign
from gitorch.model.work.session import SessionKey
from gitorch.ports.world import Launch
from gitorch.world.terminal.rate_meter import RateMeter

pytestmark = pytest.mark.tmux
TRANSCRIPT = {
    "busy": (StateSign("transcript", '"turn": "begun"'), *SIGNS["busy"]),
    "ready": (StateSign("transcript", '"turn": "ended"'), *SIGNS["ready"]),
}


def write(lab, **line):
    with (lab.cwd / "talk.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")


def test_a_transcript_tells_what_a_screen_does_not(lab):
    key = lab.ready(transcript="*.jsonl", signs={**SIGNS, **TRANSCRIPT}, first_prompt="paste")
    write(lab, turn="begun")
    assert lab.wait_state(key, "working").evidence == "transcript: busy"
    write(lab, turn="ended")
    write(lab, note="nothing that tells")
    assert lab.wait_state(key, "idle").evidence == "transcript: ready"


def test_a_transcript_that_says_work_is_corrected_by_a_prompt_that_stays(lab):
    key = lab.ready(transcript="*.jsonl", signs={**SIGNS, **TRANSCRIPT})
    write(lab, turn="begun")
    lab.wait_state(key, "working")
    seen = wait_for(lambda: (seen := lab.look(key)).state is AgentState.WAITING and seen)
    assert seen.evidence == "title: ready, quiet after transcript: busy"


def test_a_transcript_from_before_the_start_tells_nothing(lab):
    write(lab, turn="begun")
    key = lab.ready(transcript="*.jsonl", signs={**SIGNS, **TRANSCRIPT})
    assert lab.look(key).evidence == "title: ready"


def run_script(lab, script, **changes):
    key = SessionKey(RunId("auth-7f3a"), SessionId("s1"))
    lab.keys.append(key)
    preset = Preset("script", ("/bin/sh", "-c", script), first_prompt="paste", **changes)
    lab.terminals.start(Launch(key, preset, lab.cwd, {}, "", None))
    return key


def test_a_process_that_an_agent_has_started_shows_that_it_works(lab):
    script = "while read line; do $line; done"
    key = run_script(lab, script, signs={"busy": (StateSign("processes", "^sleep "),)})
    assert lab.look(key).state is AgentState.STARTING
    lab.keys_to(key, "sleep 30", "Enter")
    assert lab.wait_state(key, "working").evidence == "processes: busy"


def test_the_memory_of_an_agent_is_that_of_all_it_has_started(lab):
    child = f"{sys.executable} -c 'kept = bytearray(150 << 20); input()'"
    key = run_script(lab, f"{child}; true")
    lab.look(key)
    seen = wait_for(lambda: (seen := lab.look(key)).memory_mib >= 150 and seen)
    assert seen.memory_mib < 400
    lab.keys_to(key, "Enter")
    wait_for(lambda: lab.look(key).state is AgentState.EXITED)


def test_one_look_counts_no_processes(lab):
    key = lab.ready()
    assert lab.another().observe([key])[key].memory_mib == 0, "a verb that looks once does not pay for it"


def test_hook_events_are_counted_over_a_minute():
    rate_meter = RateMeter()
    noon = Moment(int(datetime(2026, 1, 1, 12, tzinfo=UTC).timestamp() * 1000))
    for second in range(90):
        rate_meter.add(Moment(noon + second * 1000), 2)
    assert rate_meter.within_a_minute(Moment(noon + 89_000)) == 2 * 61
    assert rate_meter.within_a_minute(Moment(noon + 149_000)) == 2
    assert rate_meter.within_a_minute(Moment(noon + 500_000)) == 0
