"""The delivery matrix: programs × ways in × texts × moments. What reached the model is compared with what was given, byte for byte.

`pytest … --matrix` writes the table of docs/agents.md anew from what was seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from bench import KEY, bench
from mind import Cue, Mind
from programs import PROGRAMS
from waiting import until

from gitorch.errors import Refused
from gitorch.model.ids import LetterId
from gitorch.model.observed import READY, AgentState

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bench import Bench
    from stand_in import StandIn

pytestmark = [pytest.mark.tmux, pytest.mark.agents]

NAMES = ["claude", "codex", "gemini", "opencode", "aider"]
PLAIN = "Read .gitorch/brief.md and do what it says."
TEXTS = {
    "one line": PLAIN,
    "quotes, backticks, $()": "Say \"a\" and 'b' and `c` and $(d) and ${e} and \\n and 100% {f} #{g};",
    "Unicode": "Füge 図 hinzu — naïve café, emoji 🙂, and ﬁnish.",
    "600 bytes": "Write " + "x" * 589 + " now.",
    "tabs and control characters": "Read\tthe\x1b[201~\rbrief\x07\x00 now.",
    "40 lines": "\n".join(f"Line {number}" for number in range(40)),
}
REFUSED = {f"leading {char}": f"{char}rm is not for you" for char in "/!#@-"} | {"10 KB": "Read " + "x" * 10_240}


def expected(text: str) -> str:
    """What is typed of a text: one line, without control characters."""
    kept = "".join(char if char.isprintable() or char.isspace() else "" for char in text)
    return " ".join(kept.split())


@pytest.mark.parametrize("name", NAMES)
def test_texts_arrive_whole_and_once_or_are_refused(tmp_path: Path, api: StandIn, name: str) -> None:
    needs(name)
    api.mind = Mind(Cue("", says="Done."))
    with bench(tmp_path, api, name) as one:
        one.start()
        one.until(lambda seen: seen.state in READY, "its prompt")
        for number, (what, text) in enumerate(TEXTS.items()):
            before = len(turns(api, name))
            one.until(lambda seen: seen.state in READY, "its prompt again")
            receipt = deliver(one, f"t{number}", text)
            assert receipt in {"delivered", "submitted"}, (what, receipt, one.screen())
            until(lambda before=before: len(turns(api, name)) > before, 30, what=f"{what} in {name}")
            assert turns(api, name)[before:] == [expected(text)], what
        before = len(turns(api, name))
        for number, (what, text) in enumerate(REFUSED.items()):
            assert deliver(one, f"r{number}", text).startswith("refused"), what
        assert len(turns(api, name)) == before


@pytest.mark.parametrize("name", [name for name in NAMES if name != "aider"])
@pytest.mark.parametrize("what", [what for what in TEXTS if what != "40 lines"])
def test_an_argument_arrives_whole_and_once(tmp_path: Path, api: StandIn, name: str, what: str) -> None:
    needs(name)
    api.mind = Mind(Cue("", says="Done."))
    with bench(tmp_path, api, name) as one:
        one.start(TEXTS[what])
        until(lambda: turns(api, name), 90, what="the argument")
        one.until(lambda seen: seen.state in READY, "the end of its turn")
        assert turns(api, name) == [expected(TEXTS[what])]


def test_a_first_prompt_that_a_program_would_take_as_a_command_is_not_given(tmp_path: Path, api: StandIn) -> None:
    with bench(tmp_path, api, "codex") as one:
        for text in REFUSED.values():
            with pytest.raises(Refused):
                one.start(text)


def busy(one: Bench) -> None:
    one.api.mind = Mind(Cue("Keep", says="It takes a while.", seconds=20), Cue("", says="Done."))
    deliver(one, "busy", "Keep working for a while.")
    one.until(lambda seen: seen.state is AgentState.WORKING, "work")


def half_written(one: Bench) -> None:
    keys(one, "-l", "a human's half line")
    until(lambda: "a human's half line" in one.screen(), 20, what="the half line")


def copy_mode(one: Bench) -> None:
    one.tmux("copy-mode", "-t", KEY.name)


def exited(one: Bench) -> None:
    import os
    import signal

    os.kill(one.seen().pid, signal.SIGKILL)
    one.until(lambda seen: seen.state is AgentState.EXITED, "its end")


MOMENTS: dict[str, tuple[Callable[[Bench], None], str]] = {
    "busy": (busy, "refused: the agent is working"),
    "a human's half-written line": (half_written, "refused: a half-written line"),
    "copy mode": (copy_mode, ""),
    "just exited": (exited, "refused: the agent is exited"),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("moment", MOMENTS)
def test_at_the_wrong_moment_nothing_is_typed(tmp_path: Path, api: StandIn, name: str, moment: str) -> None:
    needs(name)
    api.mind = Mind(Cue("", says="Done."))
    bring, refusal = MOMENTS[moment]
    with bench(tmp_path, api, name) as one:
        one.start()
        one.until(lambda seen: seen.state in READY, "its prompt")
        until(lambda: one.screen().strip() and deliver(one, "first", "Say hello."), 60, what="its input")
        one.until(lambda seen: turns(api, name) and seen.state in READY, "its prompt again")
        bring(one)
        receipt = one.terminals.deliver(KEY, one.preset, LetterId("l1"), PLAIN)
        if refusal:
            assert receipt.startswith(refusal), receipt
            assert PLAIN not in turns(api, name)
        else:
            assert receipt in {"delivered", "submitted"}
            until(lambda: turns(api, name) == ["Say hello.", PLAIN], 30, what="the text, once")


LATER = ("refused: the agent is working", "refused: a half-written line", "refused: the agent is starting")
"""What a program says that is not ready yet: its input is not drawn, or it is at work."""


def deliver(one: Bench, letter: str, text: str) -> str:
    """Deliver as a tick does: again later while the program is not ready for it."""
    receipt = ""

    def done() -> bool:
        nonlocal receipt
        receipt = one.terminals.deliver(KEY, one.preset, LetterId(letter), text)
        return not receipt.startswith(LATER)

    until(done, 60, 0.3, what=f"{one.program.name} to take {text[:40]!r}")
    return receipt


def turns(api: StandIn, name: str) -> list[str]:
    return api.told(name)


def keys(one: Bench, *words: str) -> None:
    one.tmux("send-keys", "-t", KEY.name, *words)


def needs(name: str) -> None:
    if not PROGRAMS[name].installed:
        pytest.skip(f"{name} is not installed: make agents")
