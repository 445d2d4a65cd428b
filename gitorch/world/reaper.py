"""Runs a program so that everything it starts stays recognisable: `python -I -S reaper.py [--detach|--exec] PROGRAM ARGUMENT…`.

Two marks that a program cannot take off by accident:

- Linux gives an orphan to its nearest ancestor that is a *child subreaper*. This process is one, and ends only after the last of its
  descendants: what forks twice, calls `setsid`, or outlives the tmux server still has this process among its ancestors.
- Every descendant inherits a limit, which only root can raise again, on a resource that no ordinary program uses. It survives `env -i`,
  `exec`, a new session, and the death of this process.

With `--detach`, for a tmux server, it goes on in the background, and ends what is left when the server has ended; with `--exec` it only
sets the limit and becomes the program. It stands alone, with the standard library only, so that it starts in 15 ms. `origin` reads the
marks.
"""

from __future__ import annotations

import os
import sys
import time

LIMIT = int.from_bytes(b"gitorch", "big")
"""Of processor time in microseconds for a real-time process that never blocks: some 900 years."""

PR_SET_CHILD_SUBREAPER = 36

REST_SECONDS = 5.0
"""How long what a tmux server ran may outlive it. Codex 0.171.0 ignores that its terminal is gone, and would run for ever."""

RECORDER = b"gitorch.world.kept_output"
"""In the command line of what keeps a session's output, and takes secrets out of it once the session is over."""

RECORDER_SECONDS = 60.0
"""How long that may outlive a tmux server. A few seconds on a busy machine; what is kept would hold the secrets if it were ended sooner."""

AGAIN_SECONDS = 0.2
"""How often the rest is ended, until nothing is left: the children of what has ended become those of this process."""

STARTED_VARIABLE = "GITORCH_STARTED_FOR"
"""In the environment of every program that gitorch starts; its value says for what."""


def mark_process(pid: int = 0) -> None:
    """Mark a process, by default this one, and everything that it starts from now on. Does nothing where the system cannot."""
    import resource  # noqa: PLC0415  only what starts programs pays for it

    if not hasattr(resource, "prlimit"):
        return
    try:
        resource.prlimit(pid, resource.RLIMIT_RTTIME, (LIMIT, LIMIT))
    except (OSError, ValueError):  # it has ended, or has a lower limit already
        return


def adopt_orphans() -> None:
    """Become the parent of descendants whose parent has ended. Does nothing where the system cannot."""
    import ctypes  # noqa: PLC0415  8 ms, for this process only

    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def detach() -> None:
    """Go on as a process of its own, without the caller's terminal and streams."""
    if os.fork():
        os._exit(0)
    os.setsid()
    os.chdir("/")
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(silence, stream)


def start(argv: list[str]) -> int:
    """Start the program, and ignore from then on what would end a group or a terminal; the program's process id.

    The program and its descendants end by such a signal, and this process after them. A signal that comes between the two
    steps waits, so that it can never end this process and leave its descendants without one that awaits them.
    """
    import signal  # noqa: PLC0415  a look at tmux needs this module, and not this function

    ending = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)  # what comes to a whole group, or at the end of a terminal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ending)
    pid = os.fork()
    if pid:
        for number in ending:
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return pid

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # Python's own would raise here
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    try:
        os.execvp(argv[0], argv)  # noqa: S606  no shell is wanted
    except OSError:
        os._exit(127)


def end_rest() -> None:
    """Let what is left end by itself for a while, and end it then, again and again."""
    import signal  # noqa: PLC0415  the same

    late = time.monotonic() + RECORDER_SECONDS
    signal.signal(signal.SIGALRM, lambda *_: end_children(recorders=time.monotonic() > late))
    signal.setitimer(signal.ITIMER_REAL, REST_SECONDS, AGAIN_SECONDS)


def end_children(*, recorders: bool) -> None:
    """Kill every process whose parent is this one, `recorders` too or not. Does nothing where the system does not list them."""
    import signal  # noqa: PLC0415  the same

    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:  # noqa: PTH123  a signal may come while pathlib is imported
            children = file.read().split()
    except OSError:
        return
    for child in children:
        if recorders or not _is_recorder(child):
            os.kill(int(child), signal.SIGKILL)


def _is_recorder(pid: str) -> bool:
    """Whether a process keeps a session's output."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123  the same
            return RECORDER in file.read()
    except OSError:
        return False


def await_all(pid: int, *, ends_rest: bool = False) -> int:
    """The exit status of the program, once it and all its descendants have ended; `ends_rest` ends those that outlive it."""
    import signal  # noqa: PLC0415  the same

    status = 0
    while True:
        try:
            ended, result = os.wait()
        except ChildProcessError:
            signal.setitimer(signal.ITIMER_REAL, 0)  # an alarm while Python ends would end it by the signal
            return status
        if ended == pid:
            status = os.waitstatus_to_exitcode(result)
            if ends_rest:
                end_rest()


def main(argv: list[str]) -> int:
    """Run the program; the exit status is its own."""
    option = argv[0]
    if option in {"--detach", "--exec"}:
        argv = argv[1:]
    if option == "--detach":
        detach()
    mark_process()
    if option == "--exec":
        os.execvp(argv[0], argv)  # noqa: S606  no shell is wanted
    adopt_orphans()
    pid = start(argv)
    return abs(await_all(pid, ends_rest=option == "--detach"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
