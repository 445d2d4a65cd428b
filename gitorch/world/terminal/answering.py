"""Answer a permission request by a rule, or any dialog with known choices by a human's choice (T22, F16).

gitorch reads the dialog again immediately before it sends the keystroke. tmux sends the keystroke only if the pane still runs the same
program, is not in copy mode, and nobody is attached. The answer is written down before the keystroke. If the process is killed in
between, the answer counts as given: an extra answer in the ledger does no harm, and a missing one would hide a permission.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

from gitorch.errors import Unavailable
from gitorch.model.ids import Moment
from gitorch.model.json_text import json_of, parse_json
from gitorch.model.plans.permission import Option, PermissionAnswer
from gitorch.rules.agent_state.dialog_choices import dialog_offered
from gitorch.rules.agent_state.permission import permission_request_on
from gitorch.rules.agent_state.requests import OPTIONS
from gitorch.world.files import append_line, clear_way, read_json, read_regular, write_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gitorch.model.dialog import DialogChoice
    from gitorch.model.plans.permission import RequestPattern
    from gitorch.ports.world import Clock
    from gitorch.world.terminal.session_files import LaunchRecord, SessionFolder
    from gitorch.world.terminal.tmux import Pane, Tmux

CLOSING_SECONDS = 2.0
"""How long a request may stay on the screen after its key."""

POLL_SECONDS = 0.04
DOWN, UP = "Down", "Up"
STEPS_MAX = 20
"""The most keys that move a selection."""

DISTURBED = "refused: its terminal changed just before the key, or somebody is attached to it"
ANSWERS_BYTES_MAX = 4_000_000
"""The most that is read of a session's answers: some 20,000 of them."""


class Answering:
    """The permission requests of one session. The caller holds the session's typing lock."""

    def __init__(self, tmux: Tmux, clock: Clock, folder: SessionFolder, launch: LaunchRecord) -> None:
        self._tmux = tmux
        self._clock = clock
        self._folder = folder
        self._launch = launch
        self._nonce = os.urandom(8).hex()

    def answer(self, answer: PermissionAnswer) -> str:
        """Press the keys of the option if the request asks exactly this; see `ports.world` for the result."""
        observed = self._tmux.observe_pane(self._launch.pane, self._nonce)
        if observed is None:
            return "refused: the session has ended"

        pane, screen = observed
        if answer.option is Option.CHOSEN:
            return self._choose(pane, screen, answer)

        found = self._request(screen, answer)
        if found is None:
            return "refused: the permission request is not the one that was read before"

        if answer.option is Option.TRUST and found.trust_choice:
            return self._choose(pane, screen, answer)

        keys = found.keys(answer.option)
        if not keys:
            raise self._unpressed(f"its preset has no key for {answer.option}")

        return self._answer(pane, keys, answer)

    def _request(self, screen: str, answer: PermissionAnswer) -> RequestPattern | None:
        """How the preset answers the request on the screen; None unless it asks exactly what the answer is for."""
        found = permission_request_on(screen, self._launch.preset)
        if found is None or found[0] != answer.asked:
            return None

        return found[1]

    def _answer(self, pane: Pane, keys: tuple[str, ...], answer: PermissionAnswer) -> str:
        """Press the keys, with the answer written down before and kept afterwards."""
        with pending_answer(self._folder.path, answer, self._clock.now()) as entry:
            if not self._press(pane, keys):
                return DISTURBED

            keep_answer(self._folder.path, entry)

        self._await_closed(answer)
        return "answered"

    def _choose(self, pane: Pane, screen: str, answer: PermissionAnswer) -> str:
        """Pick a choice: press its own keys, or move to its row and press Enter once that row is selected."""
        choice = self._wanted(screen, answer)
        if choice is None:
            return "refused: the dialog is not the one that was read before"

        keys = self._keys_of(choice, screen)
        if keys:
            return self._answer(pane, keys, answer)

        if not self._select(pane, answer):
            return DISTURBED

        return self._answer(pane, ("Enter",), answer)

    def _wanted(self, screen: str, answer: PermissionAnswer) -> DialogChoice | None:
        """The choice on the screen that an answer picks: a human's, or the preset's that trusts a folder."""
        offered = dialog_offered(screen, self._launch.preset)
        if offered is None:
            return None

        if answer.option is Option.CHOSEN:
            return offered.choice(answer.asked)

        request = self._request(screen, answer)
        if request is None:
            return None

        return offered.choice_of_text(request.trust_choice)

    def _select(self, pane: Pane, answer: PermissionAnswer) -> bool:
        """Move the selection to the row that an answer picks; False where its terminal changed or somebody is attached.

        Each key waits until the one before it has moved the selection, so no key is on its way when Enter is pressed.
        Raises Unavailable where the program does not move it.
        """
        steps = self._steps(answer)
        for _ in range(STEPS_MAX):
            if not steps:
                break

            if not self._press(pane, (DOWN if steps > 0 else UP,)):
                return False

            steps = self._steps_after(answer, steps)

        if steps != 0:
            raise self._unpressed("its selection does not move to the choice")

        return True

    def _keys_of(self, choice: DialogChoice, screen: str) -> tuple[str, ...]:
        """The keys that pick a choice wherever the selection is; none for a row of a list."""
        if choice.word.isdigit():
            return ()

        if len(choice.word) == 1:
            return (choice.word, "Enter")

        found = permission_request_on(screen, self._launch.preset)
        if found is None:
            return ()

        return found[1].keys(OPTIONS[choice.word])

    def _steps(self, answer: PermissionAnswer) -> int | None:
        """How many rows down from the selected one the picked row is, or up if negative; None where another dialog shows."""
        observed = self._tmux.observe_pane(self._launch.pane, self._nonce)
        if observed is None:
            return None

        offered = dialog_offered(observed[1], self._launch.preset)
        choice = self._wanted(observed[1], answer)
        if offered is None or choice is None:
            return None

        return offered.choices.index(choice) - offered.selected

    def _steps_after(self, answer: PermissionAnswer, steps: int) -> int | None:
        """The steps that are left once a key has moved the selection; None where it did not."""
        limit = self._clock.now() + int(CLOSING_SECONDS * 1000)
        while self._clock.now() < limit:
            left = self._steps(answer)
            if left is not None and left != steps:
                return left

            self._clock.sleep(POLL_SECONDS)

        return None

    def _unpressed(self, why: str) -> Unavailable:
        """The error for an answer that this program takes by no key: only a person at its terminal can give it."""
        return Unavailable(f"the dialog is still open: {why}", hint=f"gitorch attach {self._folder.path.name}")

    def _press(self, pane: Pane, keys: tuple[str, ...]) -> bool:
        """Press the keys if nobody is attached. One command in the server: nothing comes between the check and the keys."""
        undisturbed = "#{==:#{pane_dead}#{pane_in_mode}#{session_attached},000}"
        guard = f"#{{&&:#{{==:#{{pane_pid}},{self._launch.pane_pid}}},{undisturbed}}}"
        press = f"send-keys -t {pane.id} {' '.join(keys)} ; display-message -p pressed"
        return "pressed" in self._tmux.call_if(pane.id, guard, press).out.split()

    def _await_closed(self, answer: PermissionAnswer) -> None:
        """Wait until the request has left the screen, so that the next observation does not take it for a second one."""
        limit = self._clock.now() + int(CLOSING_SECONDS * 1000)
        while self._clock.now() < limit:
            if not self._still_asks(answer):
                return

            self._clock.sleep(POLL_SECONDS)

    def _still_asks(self, answer: PermissionAnswer) -> bool:
        observed = self._tmux.observe_pane(self._launch.pane, self._nonce)
        if observed is None:
            return False

        if answer.option is Option.CHOSEN:
            return self._wanted(observed[1], answer) is not None

        return self._request(observed[1], answer) is not None


@contextlib.contextmanager
def pending_answer(folder: Path, answer: PermissionAnswer, now: Moment) -> Iterator[dict[str, object]]:
    """Write an answer down while it is being given, so that it counts as given if this process is killed; yields its entry."""
    entry = _entry(answer, now)
    write_json(pending_path(folder), entry)
    yield entry
    pending_path(folder).unlink(missing_ok=True)


def keep_answer(folder: Path, entry: dict[str, object]) -> None:
    """Add an answer that was given to the file of answers."""
    path = answers_path(folder)
    line = json_of(entry).encode()
    try:
        append_line(path, line)
    except OSError:  # an agent put something else in its place
        clear_way(path)
        append_line(path, line)


def answers_path(folder: Path) -> Path:
    """The file with a session's answers, one line each."""
    return folder / "answers.jsonl"


def pending_path(folder: Path) -> Path:
    """The file with the answer that is just being given."""
    return folder / "answering.json"


def _entry(answer: PermissionAnswer, at: Moment) -> dict[str, object]:
    return {"at": at, "asked": answer.asked, "option": str(answer.option), "rule": answer.rule}


def answers(folder: Path) -> tuple[tuple[PermissionAnswer, ...], Moment | None]:
    """All answers that were given in a session, and the time of the last one; one whose writer was killed counts as given.

    Agents can write to this file, so a line that is no answer is passed over.
    """
    given: list[PermissionAnswer] = []
    last: Moment | None = None
    for entry in _entries(folder):
        try:
            answer = PermissionAnswer(str(entry["asked"]), Option(entry["option"]), str(entry["rule"]))
            at = Moment(int(entry["at"]))
        except (KeyError, TypeError, ValueError, OverflowError):
            continue

        given.append(answer)
        last = at

    return tuple(given), last


def _entries(folder: Path) -> list[dict[str, Any]]:
    """Every object in the file of answers, then the pending one where it is not among them."""
    entries: list[dict[str, Any]] = []
    for line in (read_regular(answers_path(folder), ANSWERS_BYTES_MAX) or b"").splitlines():
        entry = _parse_entry(line)
        if entry is not None:
            entries.append(entry)

    pending = read_json(pending_path(folder))
    if pending is not None and pending not in entries:
        entries.append(pending)

    return entries


def _parse_entry(line: bytes) -> dict[str, Any] | None:
    """The object on one line; None for a line that holds anything else."""
    try:
        entry = parse_json(line)
    except ValueError:
        return None

    if isinstance(entry, dict):
        return entry

    return None
