"""A small terminal program that behaves as coding agents do: raw tty, bracketed paste, a prompt, dialogs, a busy state.

`tui.py FOLDER [--hooks] [--swallow N] [--turn SECONDS] [--deaf] [--quick-dialog] [--overlay] [--menu ROW|ROW
[--selected N] [--unnumbered] [--cycles] [--stuck] [--key-seconds SECONDS]] [--focus]
[--late SECONDS] [--rest SECONDS] [--breaks N] [--blank SECONDS] [PROMPT]`. It logs every submitted turn to
`FOLDER/turns` (one JSON string a line), every key that a dialog took to `FOLDER/answers`, and obeys `FOLDER/mode`:
`idle`, `busy`, `dialog`, `error`, `exit N`. `--late` lets it read its first input so late, while it draws on; a submit key less than `--rest`
after a paste becomes part of it, as in Gemini CLI, and so do the first `--breaks` keys. A menu begins with the row `--selected`, and its
rows may have no numbers; its ends may be joined (`--cycles`), its selection may be `--stuck`, or take its time to move.
After a submission it shows nothing for `--blank` seconds, as OpenCode may on a slow machine.
"""

import argparse
import json
import os
import re
import select
import sys
import termios
import time
import tty
from pathlib import Path

HOOKS = {"idle": "stop", "busy": "prompt", "dialog": "permission", "error": "error"}
PASTE_ON, PASTE_OFF = "\x1b[200~", "\x1b[201~"


class Tui:
    def __init__(self, options):
        self.options = options
        self.folder = Path(options.folder)
        self.input = ""
        self.history = []
        self.mode = "idle"
        self.working_until = 0.0
        self.swallow = options.swallow
        self.breaks = options.breaks
        self.pasting = False
        self.pasted_at = 0.0
        self.pending = ""
        self.row = options.selected
        self.blank_until = 0.0

    def hook(self, event, text=""):
        if self.options.hooks:
            line = json.dumps({"at": time.time_ns() // 1_000_000, "event": event, "text": text})
            with Path(os.environ["GITORCH_SIGNALS"]).open("a") as file:
                file.write(line + "\n")

    def note(self, name, text):
        with (self.folder / name).open("a") as file:
            file.write(json.dumps(text) + "\n")

    def draw(self):
        title = "⠂ working" if self.busy() else "✳ ready"
        if self.is_blank():
            sys.stdout.write(f"\x1b]2;{title}\x07\x1b[H\x1b[2J")
            sys.stdout.flush()
            return
        out = [f"\x1b]2;{title}\x07\x1b[H\x1b[2J", *(f"> {turn}\r\n" for turn in self.history[-5:])]
        if self.mode == "dialog" and self.options.menu:
            rows = self.options.menu.split("|")
            marks = ["❯" if place == self.row else " " for place in range(len(rows))]
            numbers = [""] * len(rows) if self.options.unnumbered else [f"{n}. " for n in range(1, len(rows) + 1)]
            listed = [f" {mark} {number}{row}\r\n" for mark, number, row in zip(marks, numbers, rows, strict=True)]
            out.append(f"Run make?\r\n\r\n{''.join(listed)}\r\nEnter to confirm · Esc to cancel")
        elif self.mode == "dialog":
            out.append("Allow this command?\r\n1. Yes  2. No\r\nEnter to confirm · Esc to cancel")
            if self.options.overlay:
                out.append(f"\r\n❯ {self.input}")
        else:
            out.append("esc to interrupt\r\n" if self.busy() else "API Error\r\n" if self.mode == "error" else "\r\n")
            out.append(f"❯ {self.input}")
        sys.stdout.write("".join(out))
        sys.stdout.flush()

    def is_blank(self):
        return time.monotonic() < self.blank_until

    def show_again(self):
        if self.blank_until and not self.is_blank():
            self.blank_until = 0.0
            self.draw()

    def busy(self):
        return self.mode == "busy" or time.monotonic() < self.working_until

    def submit(self, text):
        self.note("turns", text)
        self.blank_until = time.monotonic() + self.options.blank
        self.history.append(text)
        self.hook("prompt", text)
        self.working_until = time.monotonic() + self.options.turn
        if not self.options.turn:
            self.hook("stop")

    def choose(self, key):
        """One key of the menu: a move, or the choice, after which the program goes on."""
        rows = self.options.menu.split("|")
        if key == "\r":
            self.note("answers", rows[self.row])
            (self.folder / "mode").write_text("idle")
            self.mode = "idle"
        elif key in {"A", "B"} and not self.options.stuck:
            select.select([], [], [], self.options.key_seconds)
            moved = self.row + (1 if key == "B" else -1)
            self.row = moved % len(rows) if self.options.cycles else max(0, min(len(rows) - 1, moved))

    def key(self, char):
        if self.mode == "dialog" and not (self.options.overlay and self.pasting):
            if char == "\r":
                self.note("answers", "approved")
            return
        if char == "\r" and not self.pasting:
            if time.monotonic() < self.pasted_at + self.options.rest or self.breaks > 0:
                self.breaks -= 1
                self.input += "\n"
            elif self.swallow > 0:
                self.swallow -= 1
            elif self.input:
                self.submit(self.input.rstrip("\n"))
                self.input = ""
        elif char == "\x7f":
            self.input = self.input[:-1]
        elif char == "\x15":
            self.input = ""
        elif not self.options.deaf:
            self.input += char

    def feed(self, data):
        self.pending += data
        while self.pending:
            if self.pending.startswith("\x1b") and len(self.pending) < 6 and PASTE_ON.startswith(self.pending):
                return
            if self.pending.startswith((PASTE_ON, PASTE_OFF)):
                self.pasting = self.pending.startswith(PASTE_ON)
                self.pending = self.pending[6:]
                self.pasted_at = time.monotonic()
                if self.pasting and (self.options.quick_dialog or self.options.overlay):
                    self.options.quick_dialog = False
                    self.mode = "dialog"
                    (self.folder / "mode").write_text("dialog")
                continue
            if self.mode == "dialog" and self.options.menu:
                self.choose(self.pending[0])
            else:
                self.key(self.pending[0])
            self.pending = self.pending[1:]

    def obey(self):
        try:
            mode = (self.folder / "mode").read_text()
        except OSError:
            mode = "idle"
        if re.fullmatch(r"exit \d+", mode):
            self.hook("session-end")
            return int(mode.split()[1])
        if mode in HOOKS and mode != self.mode:
            self.mode = mode
            self.hook(HOOKS[mode])
            self.draw()
        return None

    def hang(self):
        """Draw on without reading."""
        until, self.options.late = time.monotonic() + self.options.late, 0.0
        while time.monotonic() < until:
            select.select([], [], [], 0.02)
            self.draw()

    def run(self):
        sys.stdout.write("\x1b[?2004h")
        if self.options.focus:
            sys.stdout.write("\x1b[?1004h")
        self.hook("session-start")
        if self.options.prompt:
            self.submit(self.options.prompt)
        self.draw()
        was_busy = self.busy()
        while True:
            if (status := self.obey()) is not None:
                return status
            self.show_again()
            if was_busy != self.busy():
                was_busy = self.busy()
                if not was_busy:
                    self.hook("stop")
                self.draw()
            if select.select([0], [], [], 0.02)[0]:
                self.hang()
                data = os.read(0, 65536)
                if not data:
                    return 1
                if data == b"\x1b" and self.mode == "busy":
                    (self.folder / "mode").write_text("idle")
                    continue
                self.feed(data.decode())
                self.draw()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("prompt", nargs="?", default="")
    parser.add_argument("--hooks", action="store_true")
    parser.add_argument("--deaf", action="store_true")
    parser.add_argument("--quick-dialog", action="store_true")
    parser.add_argument("--menu", default="")
    parser.add_argument("--selected", type=int, default=0)
    parser.add_argument("--unnumbered", action="store_true")
    parser.add_argument("--cycles", action="store_true")
    parser.add_argument("--stuck", action="store_true")
    parser.add_argument("--key-seconds", type=float, default=0.0)
    parser.add_argument("--focus", action="store_true")
    parser.add_argument("--overlay", action="store_true")
    parser.add_argument("--swallow", type=int, default=0)
    parser.add_argument("--late", type=float, default=0.0)
    parser.add_argument("--breaks", type=int, default=0)
    parser.add_argument("--rest", type=float, default=0.0)
    parser.add_argument("--blank", type=float, default=0.0)
    parser.add_argument("--turn", type=float, default=0.0)
    options = parser.parse_intermixed_args()
    before = termios.tcgetattr(0)
    tty.setraw(0)
    try:
        return Tui(options).run()
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)


if __name__ == "__main__":
    sys.exit(main())
