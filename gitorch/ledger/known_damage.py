"""The damaged object that was met last, in `<common git dir>/gitorch/damaged`: verbs that answer from the cache report it too.

Without it, a verb that reads an old record would call the ledger corrupt, and the next one, which needs only the cache,
would not. It is no proof: the object is read again by whoever finds the file, and the file goes when the object is whole.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from gitorch.errors import Corrupt, GitorchError
from gitorch.ledger.files import read, replace
from gitorch.model.json_text import json_of, parse_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gitorch.ports.ledger import History

_OBJECT_ID = "[0-9a-f]{40}|[0-9a-f]{64}"


def path(common: Path) -> Path:
    """The path of the file; `common` is the git directory that all worktrees share."""
    return common / "gitorch" / "damaged"


def note(common: Path, errors: Iterable[Corrupt]) -> None:
    """Remember the first of these errors that is about one object. A clone that cannot be written is no error."""
    for error in errors:
        if is_of_object(error):
            with suppress(OSError):
                replace(path(common), json_of([error.where, error.message]))
            return


def is_of_object(error: Corrupt) -> bool:
    """Whether an error names one object that is missing, damaged or replaced."""
    return error.message.startswith("Object ") and re.fullmatch(_OBJECT_ID, error.where) is not None


def ensure_repaired(common: Path, history: History) -> None:
    """Raise Corrupt while the object that was met last is still missing or damaged; forget it once it is whole.

    Costs one failed look for a file where no damage was met.
    """
    known = _load(common)
    if known is None:
        return

    if not _is_whole(history, known.where):
        raise known

    with suppress(OSError):
        path(common).unlink(missing_ok=True)


def _load(common: Path) -> Corrupt | None:
    """The error that was remembered; None without one. A file that cannot be read counts as absent."""
    try:
        identity, message = parse_json(read(path(common)))
    except (OSError, ValueError, TypeError):
        return None

    if not isinstance(message, str) or not re.fullmatch(_OBJECT_ID, str(identity)):
        return None
    return Corrupt(message, hint="gitorch recover", where=identity)


def _is_whole(history: History, identity: str) -> bool:
    """Whether git reads this object, and its content matches its name."""
    from gitorch.ledger.object_check import matches_name  # noqa: PLC0415  # only where damage was met

    try:
        return all(map(matches_name, history.objects(iter((identity,)))))
    except GitorchError:
        return False


def unreadable(identity: str, what: str) -> Corrupt:
    """The error for an object that cannot be read; `what` is the rest of the sentence."""
    return Corrupt(f"Object {identity} of the ledger {what}.", hint="gitorch recover", where=identity)
