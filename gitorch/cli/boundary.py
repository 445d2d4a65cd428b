"""The one place where errors become exit statuses: expected, interrupted, unexpected."""

from __future__ import annotations

import errno
import os
import shlex
import sys
from typing import TYPE_CHECKING, Any

import click

from gitorch.cli.pages.cells import safe_text
from gitorch.cli.pages.plain import to_json
from gitorch.errors import GitorchError, Malformed, Unavailable, Usage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitorch.cli.call import Call

INTERRUPTED = 130
TERMINATED = 143
BROKEN_PIPE = 141
BUG = 70

MACHINES_FAULT = {
    errno.EACCES: ("may not be used by you", "ls -ld"),
    errno.EPERM: ("may not be used by you", "ls -ld"),
    errno.EROFS: ("lies on a file system that can only be read", "findmnt -T"),
    errno.ENOSPC: ("cannot be written: no space is left", "df -h"),
    errno.EDQUOT: ("cannot be written: your quota is used up", "df -h"),
    errno.EFBIG: ("cannot be written: files may not grow this large", "df -h"),
    errno.EIO: ("cannot be read or written: the device fails", "df -h"),
}
"""What the operating system refuses for reasons that no change of gitorch would remove, and what shows more of it."""


class Detailed(Exception):
    """An error with values that programs may want beside it, and lines that people get before it."""

    def __init__(self, error: GitorchError, lines: Sequence[str] = (), **details: object) -> None:
        super().__init__(error.message)
        self.error = error
        self.lines = tuple(lines)
        self.details = details


class Interrupted(Exception):
    """A human did not agree, or said stop; the message says what was not done, or what goes on."""

    def __init__(self, message: str, status: int = INTERRUPTED) -> None:
        super().__init__(message)
        self.status = status


def run(argv: Sequence[str], call: Call) -> int:
    """Carry out one command line and answer with its exit status; nothing is raised."""
    from gitorch.cli.group import gitorch

    call.json = "--json" in _before_dashes(argv)
    try:
        status = gitorch.main(list(argv), prog_name="gitorch", standalone_mode=False, obj=call)
        sys.stdout.flush()
    except BrokenPipeError:
        return _pipe_broken()
    except BaseException as error:  # noqa: BLE001 the boundary, which sorts all of them
        try:
            return _answer(error, argv, call)
        except BrokenPipeError:
            return _pipe_broken()
    return status if isinstance(status, int) else 0


def _before_dashes(argv: Sequence[str]) -> Sequence[str]:
    return argv[: list(argv).index("--")] if "--" in argv else argv


def _answer(error: BaseException, argv: Sequence[str], call: Call) -> int:
    """Say what went wrong in the form that was asked for."""
    if isinstance(error, SystemExit):  # click's own way out of a broken pipe, and nobody else's
        return _pipe_broken()
    if isinstance(error, KeyboardInterrupt | click.Abort | Interrupted):
        return _interrupted(error, call)
    if isinstance(error, Detailed):
        _tell(call, error.error, error.lines, error.details)
        return error.error.exit_status
    expected = error if isinstance(error, GitorchError) else _as_expected(error)
    if expected is None:
        return _bug(error, argv, call)
    _tell(call, expected, (), {})
    return expected.exit_status


def _as_expected(error: BaseException) -> GitorchError | None:
    """Click's own complaints, and what the operating system refuses; None for what nobody expected."""
    if isinstance(error, click.UsageError):
        path = error.ctx.command_path if error.ctx is not None else "gitorch"
        return Usage(error.format_message(), f"{path} --help")
    if isinstance(error, click.ClickException):
        return Usage(error.format_message())
    if isinstance(error, OSError) and error.errno in MACHINES_FAULT:
        return _machines_fault(error, *MACHINES_FAULT[error.errno])
    if isinstance(error, OSError) and error.errno in {errno.EMFILE, errno.ENFILE}:
        return Unavailable("too many files are open for one more", "ulimit -n")
    return None


def _machines_fault(error: OSError, said: str, shows: str) -> Unavailable:
    """Writes through an open file do not name it; that it was some file here is all that is known then."""
    where = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""
    return Unavailable(f"{where or 'a file of this repository'} {said}", shlex.join([*shows.split(), where or "."]))


def _tell(call: Call, error: GitorchError, lines: Sequence[str], details: Mapping[str, object]) -> None:
    problems = error.problems if isinstance(error, Malformed) else ()
    if call.json:
        more = {"problems": [_problem(p) for p in problems]} if isinstance(error, Malformed) else {}
        _tell_json(error.code, error.message, error.hint, error.where, {**more, **details})
        return
    said = [f"gitorch: {error.message}"]
    for problem in problems:
        said.append(f"{problem.where}: {problem.message}")
        if problem.fix:
            said.append(f"    fix: {problem.fix}")
    if error.hint:
        said.append(f"  try: {error.hint}")
    _tell_people(said, lines)


def _problem(problem: Any) -> dict[str, object]:
    return {name: getattr(problem, name) for name in problem.__struct_fields__} | {"where": problem.where}


def _tell_json(code: str, message: str, hint: str, where: str, more: Mapping[str, object]) -> None:
    error = {"code": code, "message": message, "hint": hint, "where": where, **more}
    click.echo(to_json({"ok": False, "error": error}))
    sys.stdout.flush()


def _tell_people(lines: Sequence[str], made: Sequence[str] = ()) -> None:
    """Say these lines; those that a page has made before them are safe already, and may have colours."""
    sys.stdout.flush()
    click.echo("\n".join([*made, *(safe_text(line) for line in lines)]), err=True)


def _interrupted(error: BaseException, call: Call) -> int:
    said = str(error) or "interrupted"
    if call.json:
        _tell_json("interrupted", said, "", "", {})
    else:
        _tell_people([f"gitorch: {said}"])
    return error.status if isinstance(error, Interrupted) else INTERRUPTED


def _bug(error: BaseException, argv: Sequence[str], call: Call) -> int:
    from gitorch.cli.bug import write_report

    where = write_report(error, argv, call)
    said = f"gitorch has a bug: {type(error).__name__}: {error}"
    hint = f"send {where} to the authors of gitorch; read it first, it names what was typed" if where else ""
    if call.json:
        _tell_json("bug", said, hint, where, {})
    else:
        _tell_people([f"gitorch: {said}", f"  report: {where}" if where else "  no report could be written"])
    return BUG


def _pipe_broken() -> int:
    """Whoever read our output has gone: nothing is said, and Python's last flush must not complain either."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return BROKEN_PIPE
