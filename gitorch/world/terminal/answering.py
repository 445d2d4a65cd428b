"""Answering a permission prompt by a rule: read again right before the key, guarded in the server, told whatever happens (T22).

What is about to be pressed is written down first. Whoever is killed between the key and the note leaves that mark, and it counts as
pressed: an answer too many in the ledger misleads nobody, one too few would hide what was allowed.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from gitorch.model.ids import Moment
from gitorch.model.permission import Option, PermissionAnswer
from gitorch.rules.agent_state.permission import permission_request_on
from gitorch.world.files import append_line, read_json, write_json

if TYPE_CHECKING:
    from pathlib import Path

    from gitorch.ports.world import Clock
    from gitorch.world.terminal.session_files import LaunchRecord, SessionFolder
    from gitorch.world.terminal.tmux import Pane, Tmux

GONE_SECONDS = 2.0
"""How long a prompt may stay on the screen after its key."""


class Answering:
    """The prompts of one session. Whoever answers holds the session's typing lock."""

    def __init__(self, tmux: Tmux, clock: Clock, folder: SessionFolder, launch: LaunchRecord) -> None:
        self._tmux = tmux
        self._clock = clock
        self._folder = folder
        self._launch = launch
        self._nonce = os.urandom(8).hex()

    def answer(self, answer: PermissionAnswer) -> str:
        """Press the keys of the option if the prompt asks exactly this; see `ports.world`."""
        seen = self._tmux.observe_pane(self._launch.pane, self._nonce)
        if seen is None:
            return "refused: the session is gone"
        pane, screen = seen
        found = permission_request_on(screen, self._launch.preset)
        if found is None or found[0] != answer.asked:
            return "refused: the prompt is not the one that was read before"
        keys = found[1].keys(answer.option)
        if not keys:
            return f"refused: its preset has no key for {answer.option}"
        write_json(pending(self._folder.path), _plain(answer, self._clock.now()))
        if not self._press(pane, keys):
            pending(self._folder.path).unlink(missing_ok=True)
            return "refused: its terminal changed just before the key, or somebody is attached to it"
        append_line(told(self._folder.path), json.dumps(_plain(answer, self._clock.now())).encode())
        pending(self._folder.path).unlink(missing_ok=True)
        self._await_gone(answer)
        return "answered"

    def _press(self, pane: Pane, keys: tuple[str, ...]) -> bool:
        """One command in the server: nothing can come between the look at the pane and the keys."""
        alone = "#{==:#{pane_dead}#{pane_in_mode}#{session_attached},000}"
        guard = f"#{{&&:#{{==:#{{pane_pid}},{self._launch.pane_pid}}},{alone}}}"
        press = f"send-keys -t {pane.id} {' '.join(keys)} ; display-message -p pressed"
        words = ("if-shell", "-F", "-t", pane.id, guard, press, "display-message -p refused")
        return "pressed" in self._tmux.ask(*words).out.split()

    def _await_gone(self, answer: PermissionAnswer) -> None:
        """Wait until the prompt is gone, so that the next look does not take it for another that asks the same."""
        limit = self._clock.now() + int(GONE_SECONDS * 1000)
        while self._clock.now() < limit:
            seen = self._tmux.observe_pane(self._launch.pane, self._nonce)
            found = permission_request_on(seen[1], self._launch.preset) if seen is not None else None
            if found is None or found[0] != answer.asked:
                return
            self._clock.sleep(0.04)


def told(folder: Path) -> Path:
    """Where a session's answers are kept, one line each."""
    return folder / "answers.jsonl"


def pending(folder: Path) -> Path:
    """The answer that is just being given."""
    return folder / "answering.json"


def _plain(answer: PermissionAnswer, at: Moment) -> dict[str, object]:
    return {"at": at, "asked": answer.asked, "option": str(answer.option), "rule": answer.rule}


def answers(folder: Path) -> tuple[tuple[PermissionAnswer, ...], Moment | None]:
    """All answers that were given in a session, and when the last one was; one whose giver was killed counts as given."""
    try:
        lines = told(folder).read_bytes().splitlines()
    except OSError:
        lines = []
    found = [json.loads(line) for line in lines]
    begun = read_json(pending(folder))
    if begun is not None and begun not in found:
        found.append(begun)
    given = tuple(PermissionAnswer(one["asked"], Option(one["option"]), one["rule"]) for one in found)
    return given, Moment(found[-1]["at"]) if found else None
