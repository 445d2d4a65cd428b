"""One line, typed into a real terminal program on a real tmux server: once, whole, and never into the wrong thing."""

import os
import signal
import threading

import pytest
from world.terminal_lab import wait_for
from world.test_watching import attached

from gitorch.model.ids import PromptId
from gitorch.world.files import holding
from gitorch.world.terminal import delivery
from gitorch.world.terminal.session_files import DeliveryRecord, folder_of

pytestmark = pytest.mark.tmux
LINE = "Read .gitorch/brief.md and do what it says."


def test_the_exact_text_arrives_once_and_its_receipt_is_kept(lab):
    key = lab.ready()
    text = 'Fix the "bug" in `a.py`; don\'t expand $HOME or $(id); 100% → ✓ 日本語;'
    assert lab.deliver(key, text) == "submitted"
    assert lab.deliver(key, text) == "submitted"
    assert lab.turns() == [text]
    assert lab.terminals.receipts(key) == {"p1": "submitted"}


def test_a_prompt_hook_that_holds_the_text_makes_it_delivered(lab):
    key = lab.ready("--hooks")
    assert lab.deliver(key) == "delivered"
    assert lab.turns() == [LINE]


def test_a_prompt_hook_of_a_program_with_a_channel_acknowledges_exactly_the_text(lab):
    key = lab.ready("--hooks")
    preset = lab.preset(channels=("claude",))
    assert lab.terminals.deliver(key, preset, PromptId("p1"), LINE) == "acknowledged"
    assert lab.turns() == [LINE]
    assert lab.terminals.receipts(key) == {"p1": "acknowledged"}


def test_a_transcript_that_gains_the_text_makes_it_delivered(lab):
    key = lab.ready(transcript="turns")
    preset = lab.preset(transcript="turns")
    assert lab.terminals.deliver(key, preset, PromptId("p1"), LINE) == "delivered"


def test_a_text_that_an_old_transcript_already_held_proves_nothing(lab):
    (lab.cwd / "old").write_text(f'"{LINE}"\n')
    key = lab.ready(transcript="old")
    assert lab.terminals.deliver(key, lab.preset(transcript="old"), PromptId("p1"), LINE) == "submitted"


def test_control_characters_cannot_end_the_paste_or_submit_early(lab):
    key = lab.ready()
    assert lab.deliver(key, "one\x1b[201~\rtwo\nthree\x03\t four") == "submitted"
    assert lab.turns() == ["one[201~ two three four"]


@pytest.mark.parametrize("text", ["/quit", "!rm -rf .", "#note", "@file", "-x", "  /quit", "\x1b/quit", "", "x" * 3000])
def test_text_that_a_program_would_take_as_a_command_is_refused(lab, text):
    assert lab.deliver(lab.start(), text).startswith("refused: the text ")


def test_a_swallowed_submit_key_is_pressed_again_and_the_text_arrives_once(lab):
    key = lab.ready("--swallow", "1")
    assert lab.deliver(key) == "submitted"
    assert lab.turns() == [LINE]


def test_a_key_that_broke_the_line_is_pressed_again_and_the_text_arrives_once(lab):
    key = lab.ready("--breaks", "1")
    assert lab.deliver(key) == "submitted"
    assert lab.turns() == [LINE]


def test_a_key_that_is_always_swallowed_ends_as_typed(lab):
    key = lab.ready("--swallow", "9")
    assert lab.deliver(key) == "typed"
    assert lab.turns() == []


def test_a_text_whose_keys_were_swallowed_is_submitted_before_the_next_one(lab):
    key = lab.ready("--swallow", "3")
    assert lab.deliver(key, "First", "p1") == "typed"
    assert lab.deliver(key, "Second", "p2") == "refused: an earlier text stood in the input and is submitted first"
    assert lab.turns() == ["First"]
    lab.wait_state(key, "waiting", "idle")
    assert lab.deliver(key, "Second", "p2") in {"delivered", "submitted"}
    assert lab.turns() == ["First", "Second"]


def test_a_busy_agent_is_left_alone(lab):
    key = lab.ready()
    lab.mode("busy")
    lab.wait_state(key, "working")
    assert lab.deliver(key).startswith("refused: the agent's state is working")
    lab.mode("idle")
    lab.wait_state(key, "idle")
    assert lab.deliver(key) == "submitted"
    assert lab.turns() == [LINE]


@pytest.mark.parametrize("hooks", [(), ("--hooks",)], ids=["screen", "hooks"])
def test_a_failed_agent_with_an_empty_input_gets_a_prompt(lab, hooks):
    key = lab.ready(*hooks)
    lab.mode("error")
    lab.wait_state(key, "error")
    lab.keys_to(key, "-l", "please do not")
    wait_for(lambda: "please do not" in lab.terminals.screen(key))
    assert lab.deliver(key).startswith("refused: ")
    lab.keys_to(key, "C-u")
    wait_for(lambda: "please do not" not in lab.terminals.screen(key))
    assert lab.deliver(key) in {"submitted", "delivered"}
    assert lab.turns() == [LINE]


def test_a_dialog_gets_neither_text_nor_key(lab):
    key = lab.ready()
    lab.mode("dialog")
    lab.wait_state(key, "dialog")
    assert lab.deliver(key).startswith("refused: the agent's state is dialog")
    assert lab.logged("answers") == []
    assert "Enter to confirm" in lab.look(key).screen


def test_a_dialog_that_opens_under_the_paste_is_not_confirmed_and_the_text_comes_later(lab):
    key = lab.ready("--quick-dialog")
    receipt = lab.deliver(key)
    assert receipt == "refused: the agent became dialog after the text was typed; the submit key was not pressed"
    assert lab.logged("answers") == []
    lab.mode("idle")
    lab.wait_state(key, "idle")
    assert lab.deliver(key) == "refused: the text was lost and will be typed again"
    assert lab.deliver(key) == "submitted"
    assert lab.turns() == [LINE]


def test_a_dialog_beside_a_line_that_is_shown_gets_no_key_and_the_line_is_submitted_after_it(lab):
    key = lab.ready("--overlay")
    assert lab.deliver(key).endswith("the submit key was not pressed")
    assert LINE in lab.terminals.screen(key)
    assert lab.logged("answers") == []
    lab.mode("idle")
    lab.wait_state(key, "idle")
    assert lab.deliver(key) == "submitted"
    assert lab.turns() == [LINE]


def test_a_program_that_has_just_shown_its_prompt_is_left_alone_for_as_long_as_its_preset_says(lab):
    key, began = lab.ready(), lab.clock.now()
    preset = lab.preset(warm_ms=1500)
    refused, receipt = [], ""
    while not receipt:
        told = lab.terminals.deliver(key, preset, PromptId("p1"), LINE)
        receipt = "" if told.startswith("refused") else told
        refused += [told] if told.startswith("refused") else []
    assert set(refused) == {"refused: its input line has only just appeared"}
    assert lab.clock.now() - began > 1000
    assert (receipt, lab.turns()) == ("submitted", [LINE])
    assert lab.terminals.deliver(key, preset, PromptId("p2"), LINE) == "submitted", "once is enough"


def test_the_pause_before_the_key_begins_when_the_line_shows(lab):
    key = lab.ready("--late", "0.9", "--rest", "0.4")
    assert lab.terminals.deliver(key, lab.preset(settle_ms=600), PromptId("p1"), LINE) == "submitted"
    assert lab.turns() == [LINE]


def test_a_line_that_shows_late_is_submitted_then_and_not_typed_again(lab):
    key = lab.ready("--late", "4")
    assert lab.deliver(key) == "refused: the text does not show in the input yet"
    wait_for(lambda: LINE in lab.terminals.screen(key))
    assert lab.deliver(key) == "submitted"
    assert lab.turns() == [LINE]


def test_a_line_that_was_given_up_and_shows_after_all_is_submitted_once(lab, monkeypatch):
    monkeypatch.setattr(delivery, "LATE_MS", 0)
    key = lab.ready("--late", "4")
    assert lab.deliver(key) == "refused: the text was lost and will be typed again"
    wait_for(lambda: LINE in lab.terminals.screen(key))
    assert lab.deliver(key) == "submitted"
    assert lab.turns() == [LINE]


def test_a_line_that_is_typed_again_before_the_first_shows_arrives_once(lab, monkeypatch):
    monkeypatch.setattr(delivery, "LATE_MS", 0)
    key = lab.ready("--late", "3.3")
    assert lab.deliver(key) == "refused: the text was lost and will be typed again"
    assert wait_for(lambda: not (receipt := lab.deliver(key)).startswith("refused") and receipt) == "submitted"
    assert lab.turns() == [LINE]


def test_a_line_that_may_still_come_is_not_typed_again_beside_a_human(lab, monkeypatch):
    monkeypatch.setattr(delivery, "LATE_MS", 0)
    key = lab.ready("--late", "6")
    assert lab.deliver(key) == "refused: the text was lost and will be typed again"
    with attached(lab, key):
        assert lab.deliver(key) == "refused: the text may still come, and somebody is at its terminal"
        wait_for(lambda: LINE in lab.terminals.screen(key))
        assert lab.deliver(key) == "submitted"
    assert lab.turns() == [LINE]


def test_a_program_that_shows_nothing_after_the_key_is_asked_again_and_gets_the_text_once(lab):
    key = lab.ready("--blank", "4.5")
    assert lab.deliver(key) == "refused: the program does not show yet whether it took the text"
    assert lab.deliver(key) == "submitted"
    assert lab.turns() == [LINE]


def test_a_half_written_line_is_not_sent_along(lab):
    key = lab.ready()
    lab.keys_to(key, "-l", "please do not")
    wait_for(lambda: "please do not" in lab.terminals.screen(key))
    assert lab.deliver(key) == "refused: its input contains a half-written line"
    lab.keys_to(key, "C-u")
    wait_for(lambda: "please do not" not in lab.terminals.screen(key))
    assert lab.deliver(key) == "submitted"
    assert lab.turns() == [LINE]


def test_copy_mode_that_nobody_is_in_is_left_first(lab):
    key = lab.ready()
    lab.tmux.output("copy-mode", "-t", lab.pane(key).id)
    assert lab.pane(key).in_mode
    assert lab.deliver(key) == "submitted"
    assert lab.turns() == [LINE]


def test_a_dead_pane_is_refused_and_the_server_with_its_other_sessions_survives(lab):
    other, key = lab.ready(), lab.ready()
    lab.mode("exit 3")
    lab.wait_state(key, "exited")
    lab.wait_state(other, "exited")
    assert lab.deliver(key).startswith("refused: the agent's state is exited")
    assert lab.look(other).present


def test_a_pane_that_dies_after_the_look_is_guarded_inside_the_server(lab):
    key = lab.ready()
    one = lab.delivery(key)
    scene = one._reader.observe(LINE)
    lab.mode("exit 0")
    lab.wait_state(key, "exited")
    refusal = one._type(scene, PromptId("p1"), DeliveryRecord(LINE, lab.clock.now()))
    assert refusal == "its terminal changed just before the text was typed"
    assert lab.look(key).present
    assert lab.tmux.call("list-buffers").out == ""


def test_a_program_that_never_shows_the_text_is_not_sent_a_key(lab, monkeypatch):
    key = lab.ready("--deaf")
    receipt = lab.deliver(key)
    assert receipt == "refused: the text does not show in the input yet"
    monkeypatch.setattr(delivery, "LATE_MS", 0)
    assert lab.deliver(key) == "unknown"
    assert lab.turns() == []


def test_two_processes_that_deliver_the_same_prompt_type_it_once(lab):
    key = lab.ready()
    receipts = []
    senders = [
        threading.Thread(target=lambda: receipts.append(lab.deliver(key, terminals=lab.another()))) for _ in range(2)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert receipts == ["submitted", "submitted"]
    assert lab.turns() == [LINE]


def test_while_one_process_types_into_a_pane_no_other_does(lab):
    key = lab.ready()
    with holding(folder_of(lab.home, key).path / "typing.lock", wait_seconds=1.0):
        assert lab.deliver(key) == "refused: another process is typing into it"
    assert lab.turns() == []
    assert lab.deliver(key) == "submitted"


def test_a_session_that_was_never_started_is_refused(lab):
    lab.start()
    assert lab.deliver(type(lab.keys[0])("auth-7f3a", "s9")) == "refused: the session was not started"


def die_in_delivery(lab, key, where, after):
    """Deliver in a process of its own that kills itself right before or after one of the steps; its wait status."""
    real = getattr(delivery.Delivery, where)

    def wrapped(self, *words, **named):
        if after:
            real(self, *words, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if child == 0:
        try:
            setattr(delivery.Delivery, where, wrapped)
            lab.deliver(key, terminals=lab.another())
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1]


@pytest.mark.each(3)
@pytest.mark.parametrize("hooks", [(), ("--hooks",)], ids=["screen", "hooks"])
@pytest.mark.parametrize(
    ("where", "after"), [("_type", False), ("_type", True), ("_press", False), ("_press", True), ("_keep", False)]
)
def test_killed_between_any_two_steps_it_still_arrives_exactly_once(lab, where, after, hooks):
    key = lab.ready(*hooks)
    status = die_in_delivery(lab, key, where, after)
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert lab.deliver(key) in {"submitted", "delivered"}
    assert lab.turns() == [LINE]


def test_the_first_prompt_as_an_argument_is_submitted_by_the_start_and_proved_by_the_hook(lab):
    key = lab.start("--hooks", line=LINE, prompt="p1", first_prompt="argument")
    wait_for(lambda: lab.terminals.receipts(key) == {"p1": "delivered"})
    assert lab.deliver(key) == "delivered"
    assert lab.turns() == [LINE]
