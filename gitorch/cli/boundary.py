"""Turn errors into exit statuses: expected, interrupted, unexpected. No other module does."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from gitorch.cli.interruption import INTERRUPTED, Interrupted
from gitorch.cli.output import write, write_json
from gitorch.errors import REPLACED, Corrupt, Denied, GitorchError, Malformed, Unavailable, Usage
from gitorch.model.ids import RunId

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TextIO

    import click

    from gitorch.cli.call import Call
    from gitorch.errors import Problem

AGENT_VARIABLE = "GITORCH_TOKEN"
HOLD = "Hold: keep your work as it is, and try again later; only a person restores the ledger."

TERMINATED = 143
HUNG_UP = 129
"""The terminal was closed."""

BROKEN_PIPE = 141
BUG = 70

MACHINE_FAULTS = {
    errno.EACCES: ("cannot be opened: you have no permission", "ls -ld"),
    errno.EPERM: ("cannot be changed: you have no permission", "ls -ld"),
    errno.EROFS: ("lies on a read-only file system", "findmnt -T"),
    errno.ENOSPC: ("cannot be written: no space is left", "df -h"),
    errno.EDQUOT: ("cannot be written: your quota is used up", "df -h"),
    errno.EFBIG: ("cannot be written: files may not grow this large", "df -h"),
    errno.EIO: ("cannot be read or written: the device fails", "df -h"),
}
"""What the operating system refuses for reasons outside of gitorch, and the command that shows more."""


PRINTERS = frozenset({"gitorch.cli.output", "click.utils"})
"""The modules that write to the standard streams."""


class Detailed(Exception):
    """An error with values for programs beside it, and lines that people get before it."""

    def __init__(self, error: GitorchError, lines: Sequence[str] = (), **details: object) -> None:
        super().__init__(error.message)
        self.error = error
        self.lines = tuple(lines)
        self.details = details


def run(argv: Sequence[str], call: Call) -> int:
    """Carry out one command line and return its exit status; nothing is raised."""
    from gitorch.cli.command_line import carried_out

    call.words = tuple(argv)
    call.json = "--json" in _options(argv)

    try:
        status = carried_out(argv, call)
        sys.stdout.flush()
    except BrokenPipeError:
        return _pipe_broken()
    except BaseException as error:  # noqa: BLE001 the boundary, which sorts all of them
        return _failed(error, argv, call)

    if isinstance(status, int):
        return status

    return 0


def _options(argv: Sequence[str]) -> Sequence[str]:
    """The words before `--`, after which nothing is an option."""
    if "--" not in argv:
        return argv

    return argv[: list(argv).index("--")]


def _failed(raised: BaseException, argv: Sequence[str], call: Call) -> int:
    """Print the error, unless the reader of the output has closed the pipe."""
    try:
        return _report(raised, argv, call)
    except BrokenPipeError:
        return _pipe_broken()
    except OSError as error:
        return _unreported(raised, error, call)


def _unreported(raised: BaseException, error: OSError, call: Call) -> int:
    """Say on standard error that the error could not be printed, if that is possible; the status stays that of the error."""
    _discard(sys.stdout)
    if call.json:
        with suppress(OSError):
            write(f"gitorch: standard output cannot be written: {error.strerror}", to_stderr=True)

    _discard(sys.stderr)
    return _status_of(raised)


def _status_of(error: BaseException) -> int:
    """The exit status of an error that could not be printed."""
    if _is_interruption(error):
        return _status_of_interruption(error)

    expected = known_error(error)
    if expected is None:
        return BUG

    return expected.exit_status


def _report(error: BaseException, argv: Sequence[str], call: Call) -> int:
    """Print the error in the form that the caller asked for, and return its exit status."""
    if isinstance(error, SystemExit):  # only click raises it: after a completion, and for a broken pipe
        return 0 if error.code == 0 else _pipe_broken()

    if _is_interruption(error):
        return _interrupted(error, call)

    if isinstance(error, Detailed):
        _print_error(call, error.error, error.lines, error.details)
        return error.error.exit_status

    return _report_expected(error, argv, call)


def _report_expected(error: BaseException, argv: Sequence[str], call: Call) -> int:
    """Print an error that gitorch expects; any other one is a bug."""
    expected = known_error(error)
    if expected is None:
        return _bug(error, argv, call)

    if isinstance(expected, Denied):
        from gitorch.wiring.callers import leave_denial

        leave_denial(call.folder, call.environ, _verb_of(argv))

    _print_error(call, _told_to_hold(expected, call), (), {})
    return expected.exit_status


def _verb_of(argv: Sequence[str]) -> str:
    """The first word of a command line that is no option."""
    return next((word for word in argv if not word.startswith("-")), "")


def _told_to_hold(error: GitorchError, call: Call) -> GitorchError:
    """The error of a damaged ledger as an agent is told it: to wait, without the command that only a person may give."""
    if not isinstance(error, Corrupt) or AGENT_VARIABLE not in call.environ:
        return error
    return Corrupt(f"{error.message} {HOLD}", where=error.where)


def known_error(error: BaseException) -> GitorchError | None:
    """The error as one of gitorch's own: click's complaints and the system's refusals too. None for a bug."""
    if isinstance(error, GitorchError):
        return error

    if isinstance(error, Detailed):
        return error.error

    if isinstance(error, OSError):
        return _refused_by_system(error)

    if "click" in sys.modules:
        return _complaint_of_click(error)

    return None


def _complaint_of_click(error: BaseException) -> GitorchError | None:
    """The error as one of gitorch's own where click raised it."""
    import click

    if isinstance(error, click.UsageError):
        return _usage_of(error)

    if isinstance(error, click.ClickException):
        return Usage(error.format_message())

    return None


def _is_interruption(error: BaseException) -> bool:
    """Whether a human declined or interrupted, by a signal, or at one of click's questions."""
    if isinstance(error, KeyboardInterrupt | Interrupted):
        return True

    if "click" not in sys.modules:
        return False

    import click

    return isinstance(error, click.Abort)


def _usage_of(error: click.UsageError) -> Usage:
    """A complaint of click about the arguments, with the command that explains them."""
    path = "gitorch"
    if error.ctx is not None:
        path = error.ctx.command_path

    return Usage(error.format_message(), f"{path} --help")


def _refused_by_system(error: OSError) -> Unavailable | None:
    """An error of the operating system that is no bug. Writes through an open file do not name the file."""
    if error.errno in {errno.EMFILE, errno.ENFILE}:
        return Unavailable("too many files are open for one more", "ulimit -n")

    if error.errno not in MACHINE_FAULTS:
        return None

    return _machine_fault(error, *MACHINE_FAULTS[error.errno])


def _unnamed(error: OSError) -> str:
    """What could not be written, where the error names no file. All printing goes through `output` or click."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next

    if place is not None and place.tb_frame.f_globals.get("__name__") in PRINTERS:
        return "standard output"

    return "a file of this repository"


def _machine_fault(error: OSError, fault: str, command: str) -> Unavailable:
    """The error of a machine that cannot do what was asked, with the command that shows why."""
    path = ""
    if isinstance(error.filename, str | bytes):
        path = os.fsdecode(error.filename)

    import shlex

    hint = shlex.join([*command.split(), path or "."])
    return Unavailable(f"{path or _unnamed(error)} {fault}", hint)


def _print_error(call: Call, error: GitorchError, lines: Sequence[str], details: Mapping[str, object]) -> None:
    """One JSON object on standard output, or lines on standard error."""
    hint = _hint(error, call)
    if call.json:
        more: dict[str, object] = {}
        if isinstance(error, Malformed):
            more["problems"] = [_problem_values(problem) for problem in error.problems]

        _print_json(error.code, error.message, hint, error.where, {**more, **details})
        return

    shown = _error_lines(error, hint, lines)

    _print_lines(call, shown)


def _hint(error: GitorchError, call: Call) -> str:
    """The command that helps: the typed one with the run or the name that it lacks, otherwise that of the error."""
    if isinstance(error, Usage):
        from gitorch.cli.unambiguous import unambiguous

        return unambiguous(call.words, error) or _hint_in_run(error.hint, call)

    return _hint_in_run(error.hint, call)


def _hint_in_run(hint: str, call: Call) -> str:
    """The hint with the run that the caller named by `--run`, where the suggested verb cannot know it otherwise."""
    run = _run_named(_options(call.words))
    if not run or not hint.startswith("gitorch ") or "--run" in hint:
        return hint

    from gitorch.rules.views.naming_runs import with_run

    return with_run(hint, RunId(run))


def _run_named(words: Sequence[str]) -> str:
    """What follows `--run` on a command line; empty without it."""
    for word, following in zip(words, [*words[1:], ""], strict=False):
        if word == "--run":
            return following
        if word.startswith("--run="):
            return word.removeprefix("--run=")

    return ""


def _error_lines(error: GitorchError, hint: str, lines: Sequence[str]) -> list[str]:
    """The lines of an error for a person."""
    shown = [*lines, f"gitorch: {error.message}"]
    if isinstance(error, Malformed):
        for problem in error.problems:
            shown += _problem_lines(problem)

    if hint:
        shown.append(f"  try: {hint}")
    return shown


def _problem_values(problem: Problem) -> dict[str, object]:
    """The problem under the keys of the JSON form."""
    values: dict[str, object] = dict(problem._asdict())
    return values | {"where": problem.where}


def _problem_lines(problem: Problem) -> list[str]:
    """The problem as lines of text: its place and message, then its fix."""
    lines = [f"{problem.where}: {problem.message}"]
    if problem.fix:
        lines.append(f"    fix: {problem.fix}")

    return lines


def _print_json(code: str, message: str, hint: str, where: str, more: Mapping[str, object]) -> None:
    """Print an error as one JSON object on standard output, and flush it."""
    from gitorch.cli.pages.plain import to_json

    error = {"code": code, "message": message, "hint": hint, "where": where, **more}
    write_json(to_json({"ok": False, "error": error}))
    sys.stdout.flush()


def _print_lines(call: Call, lines: Sequence[str]) -> None:
    """Print on standard error, after everything on standard output; a page may have painted the first lines."""
    sys.stdout.flush()
    write("\n".join(lines), colours=call.streams.colours, to_stderr=True)


def _interrupted(error: BaseException, call: Call) -> int:
    """Say that the command was interrupted, and return the exit status for it."""
    message = str(error) or "interrupted"
    if call.json:
        _print_json("interrupted", message, "", "", {})
    else:
        _print_lines(call, [f"gitorch: {message}"])

    return _status_of_interruption(error)


def _status_of_interruption(error: BaseException) -> int:
    """The exit status after an interruption: that of the error where it has one."""
    if isinstance(error, Interrupted):
        return error.status

    return INTERRUPTED


def _bug(error: BaseException, argv: Sequence[str], call: Call) -> int:
    """Write the report of a bug and name its file."""
    named = f"{type(error).__name__}: {error}"
    try:
        from gitorch.app.reconciler.trouble import bug_sentence
        from gitorch.cli.bug import write_report
    except ImportError:  # the files of this process are gone
        _print_lines(call, [f"gitorch: {REPLACED} ({named})"])
        return BUG

    path = write_report(error, argv, call)
    message = bug_sentence(named, call.began)
    hint, report = "", "  no report could be written"
    if path:
        hint = f"read {path}, which contains the command line, and send it to the authors of gitorch"
        report = f"  report: {path}"

    if call.json:
        _print_json("bug", message, hint, path, {})
        return BUG

    _print_lines(call, [f"gitorch: {message}", report])
    return BUG


def _pipe_broken() -> int:
    """End silently after the reader of the output has gone."""
    _discard(sys.stdout)
    return BROKEN_PIPE


def _discard(stream: TextIO) -> None:
    """Drop what is still to be written to a stream, and keep Python's last flush from complaining."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
