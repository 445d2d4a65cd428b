"""Calls of gitorch in processes of their own: with pipes, without, at a terminal."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

from waiting import LIMIT_SECONDS

STAGE = Path(__file__).with_name("cli_stage.py")
TOP = Path(__file__).resolve().parents[2]


def environment(**more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("GITORCH", "NO_COLOR", "COLUMNS", "LINES"))}
    return kept | {"PYTHONPATH": str(TOP), "LC_ALL": "C.UTF-8", "TZ": "UTC", "TERM": "xterm-256color"} | more


def gitorch(*words: str, **options) -> subprocess.CompletedProcess:
    """The real entry."""
    return call("-m", "gitorch.cli.main", *words, **options)


def on_stage(scene: str, *words: str, **options) -> subprocess.CompletedProcess:
    """The same on a scene in memory."""
    return call(str(STAGE), scene, *words, **options)


def call(*argv: str, env: dict[str, str] | None = None, typed: bytes = b"", cwd=None) -> subprocess.CompletedProcess:
    return subprocess.run(
        (sys.executable, *argv),
        env=environment(**(env or {})),
        input=typed,
        cwd=cwd,
        capture_output=True,
        check=False,
        timeout=LIMIT_SECONDS,
    )


def _heed_interrupts() -> None:
    """A suite that a shell runs in the background ignores SIGINT, and so would everything that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Typist:
    """A process at a terminal of its own: what it shows can be waited for, and answered."""

    def __init__(self, *argv: str, env: dict[str, str] | None = None) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            (sys.executable, *argv),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment(**(env or {})),
            start_new_session=True,
            preexec_fn=_heed_interrupts,  # noqa: PLW1509 no threads here
        )
        os.close(slave)
        self.seen = ""

    def interrupt(self, text: str) -> None:
        """Ctrl-C until the terminal shows this: readline notices one that comes just before it waits only with the next."""
        limit = time.monotonic() + LIMIT_SECONDS
        while text not in self.seen and self.process.poll() is None:
            assert time.monotonic() < limit, f"interrupted for {text!r}, saw {self.seen!r}"
            self.process.send_signal(signal.SIGINT)
            self._more()
        self.until(text)

    def until(self, text: str) -> None:
        """Read on until the terminal has shown this."""
        limit = time.monotonic() + LIMIT_SECONDS
        while text not in self.seen:
            assert time.monotonic() < limit, f"waited for {text!r}, saw {self.seen!r}"
            if not self._more():
                assert text in self.seen, f"ended without {text!r}: {self.seen!r}"

    def _more(self) -> bool:
        if not select.select([self._master], [], [], 0.5)[0]:
            return True
        try:
            data = os.read(self._master, 65536)
        except OSError:
            return False
        self.seen += data.decode("utf-8", "replace")
        return bool(data)

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def status(self) -> int:
        """The exit status, after everything was read."""
        limit = time.monotonic() + LIMIT_SECONDS
        while self._more() and self.process.poll() is None:
            assert time.monotonic() < limit, f"it does not end: {self.seen!r}"
        while self._more() and time.monotonic() < limit and select.select([self._master], [], [], 0.05)[0]:
            pass
        os.close(self._master)
        return self.process.wait(LIMIT_SECONDS)
