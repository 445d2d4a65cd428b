"""The console on a real terminal: a person lives in it from the first question to the merge, and nothing harms the terminal or the run."""

from __future__ import annotations

import os
import signal
from functools import partial
from typing import TYPE_CHECKING

import psutil
import pytest
from console_house import Screen, furnish
from house import house
from waiting import until

from gitorch.cli.console.app import LOW_BELOW

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from house import House

IDLE_SECONDS = 20

REST_LOOKS = 4
"""A run rests when the ledger was the same at so many looks, a second apart."""

pytestmark = [pytest.mark.tmux, pytest.mark.slow]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path / "house", "notes") as made:
        yield made


@pytest.fixture
def screen(tmp_path: Path, home: House) -> Iterator[Screen]:
    """A terminal on which the console shows the run, with four things that wait."""
    furnish(home)
    with Screen(tmp_path, home) as shown:
        shown.up()
        shown.sees("4 waiting for you", seconds=120)
        yield shown


def asked_about(home: House) -> list[str]:
    """The epics about which questions are open."""
    return [row["job"] for row in home("inbox", "--json").json["inbox"]]


def give(screen: Screen, row: str, words: str) -> None:
    """Answer the question of a row."""
    screen.select(row)
    screen.press("a")
    screen.sees("Enter goes on")
    screen.type(words)
    screen.press("Enter")
    screen.sees("y yes")
    screen.press("y")
    screen.sees("is answered")


def flags(screen: Screen) -> str:
    """What the terminal is told to do: alternate screen, mouse, hidden cursor."""
    return screen.tmux("display-message", "-p", "#{alternate_on} #{mouse_any_flag} #{cursor_flag}").strip()


def shell_works(screen: Screen) -> None:
    """Whether the shell has its terminal back: it echoes what is typed, runs it, and nothing of the console is left."""
    until(lambda: flags(screen) == "0 0 1", what=f"the terminal: {flags(screen)}")
    screen.press("Enter")
    screen.type("stty -a | tr ';' '\\n' | grep -c -e ' icanon' -e ' echo ' -e ' isig'")
    screen.press("Enter")
    until(lambda: "grep -c" in screen.text, what="the echo")
    screen.sees("$")


def test_a_person_answers_four_things_sees_a_diff_sends_a_message_and_approves_without_leaving(screen, home):
    assert "WAITING FOR YOU  4" in screen.text
    screen.select("tokens")
    screen.press("s")
    screen.sees("Message to tokens")
    screen.type("The key may be any 32 bytes.")
    screen.press("Enter")
    screen.sees("m1 to tokens")
    give(screen, "cookies", "sid")
    give(screen, "tokens", "1 Make one up.")

    screen.select("logout")
    screen.press("Enter")
    screen.sees("Allow this command?", "npm install left-pad")
    screen.press("1")
    screen.sees("Handoff DONE")
    screen.press("C-b", "d")
    screen.sees("q leave")
    until(lambda: "logout" not in asked_about(home), what="the end of the question, whose dialog is gone")

    screen.select("limits")
    screen.press("d")
    screen.sees("diff of limits", "+Ten attempts an hour, then a pause.")
    screen.press("q")
    screen.sees("q leave")
    give(screen, "audit", "stop_epic")

    screen.sees("Approve the merge", seconds=180)
    screen.select("the run")
    screen.press("r")
    screen.sees("Merge report: Rotate sessions")
    screen.press("q")
    screen.sees("q leave")
    screen.press("A")
    typed = screen.sees("Type these 6 characters")
    beginning = typed.partition("begins with ")[2].split()[0].rstrip(".")
    screen.type(beginning)
    screen.press("Enter")
    screen.sees("Press Enter to return")
    screen.press("Enter")
    screen.sees("merged to main", seconds=120)
    screen.press("q")
    screen.sees("You have left the console")
    merged = home.repo.git("ls-tree", "-r", "--name-only", "main")
    assert "limits.md" in merged
    assert "logout.md" in merged
    (approved,) = home.records("merge-approved")
    assert approved["proof"] == "typed"
    assert approved["_actor"]["kind"] == "principal"
    assert [m["text"] for m in home.records("message-sent")] == ["The key may be any 32 bytes."]
    assert home.phase("audit") == "failed"


def fills(screen: Screen, size: tuple[int, int]) -> bool:
    """Whether the console is drawn for this size: how many rows wait, the selected one, and a line as wide as the terminal."""
    text = screen.text
    lines = text.splitlines()
    has_rows = len(lines) == size[1] and "▌ co" in text and "4 w" in text  # the least that 7 x 2 shows
    return has_rows and (size[1] < LOW_BELOW or "─" * size[0] in lines)


def test_resizing_suspending_killing_and_closing_harm_neither_the_terminal_nor_the_run(screen, home):
    for size in ((20, 5), (200, 50), (7, 2), (120, 40), (80, 24)):
        screen.resize(*size)
        until(partial(fills, screen, size), what=f"the console at {size}")
    screen.sees("WAITING FOR YOU")

    screen.press("C-z")
    until(lambda: flags(screen) == "0 0 1", what="the shell")
    screen.type("echo back in the shell")
    screen.press("Enter")
    screen.sees("back in the shell")
    assert home("send", "cookies", "Are you there?").status == 0, "no lock stays taken while the console is stopped"
    screen.type("fg")
    screen.press("Enter")
    screen.sees("WAITING FOR YOU", "q leave")

    os.kill(screen.pid(), signal.SIGTERM)
    screen.sees("agents continue. Continue: gitorch up")
    shell_works(screen)

    screen.type("clear")
    screen.press("Enter")
    screen.up()
    screen.sees("WAITING FOR YOU", "q leave")
    os.kill(screen.pid(), signal.SIGKILL)
    screen.sees("was killed")
    shell_works(screen)

    screen.type("clear")
    screen.press("Enter")
    screen.up()
    screen.sees("WAITING FOR YOU", "q leave")
    driving = screen.pid()
    screen.tmux("kill-server")
    until(lambda: not os.path.exists(f"/proc/{driving}"), what="the end of gitorch up")  # noqa: PTH110  a process
    agents = [line for line in home.processes() if "gitorch.scripted" in line]
    assert len(agents) >= 2, "those that wait for a person"
    assert home("verify").status == 0


def test_an_idle_console_takes_less_than_a_twentieth_of_a_core(screen, home):
    screen.sees("2 done", seconds=120)
    driving = psutil.Process(screen.pid())
    heads = [""]

    def rests() -> bool:
        heads.append(home.repo.git("rev-parse", "gitorch/ledger"))
        return len(heads) > REST_LOOKS and len(set(heads[-REST_LOOKS:])) == 1

    until(rests, wait_seconds=60, every_seconds=1, what="the end of the last step")
    share = driving.cpu_percent(IDLE_SECONDS) / 100
    assert share < 0.05, f"{share:.1%} of a core"
