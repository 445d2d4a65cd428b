"""Drafts to commits: the bytes of each record, its path, its commit message, and the state after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitorch.errors import Usage
from gitorch.ledger import layout
from gitorch.model.record import FileRef, Record
from gitorch.ports.commits import NewCommit
from gitorch.text.records import commit_message, digests
from gitorch.text.records.record import decode, encode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitorch.ledger.replay import Evolve, Replay
    from gitorch.model.ids import Digest, Moment, RunId
    from gitorch.model.record import Actor
    from gitorch.model.work.board import State
    from gitorch.ports.commits import Draft

FILE_BYTES_MAX = 8_000_000
"""Of one attached file: history is for ever, and every clone carries all of it."""


class PreparedCommits(NamedTuple):
    """Everything that an append will write, worked out before anything is written."""

    records: tuple[tuple[Record, Digest], ...]
    """Each record with the digest of its file."""

    commits: tuple[NewCommit, ...]
    """One commit for each record, in the same order."""

    after: State
    """The state after the last record."""


def compose(
    replay: Replay, evolve: Evolve, drafts: Sequence[Draft], *, run: RunId | None, actor: Actor, at: Moment
) -> PreparedCommits:
    """The commits that put these drafts after the head of `replay`, which is not changed.

    Records are read back from their own bytes, so that the state is always that of the bytes that are written. Raises
    Usage for a draft that a record cannot hold, and whatever `evolve` raises.
    """
    if run is not None:
        layout.check_run(run)

    state, seq, digest = replay.state(run), replay.head.seq, replay.head.digest
    when = max(at, replay.head.at)  # the time of a record is never before that of the one it follows
    folder = replay.folder(run, when)
    records, commits = [], []
    for draft in drafts:
        seq += 1
        suffix, data = encode(Record(seq, digest, when, run, actor, draft.event, _refs(draft.files)))
        path, digest = layout.record_path(folder, seq, suffix), digests.digest(data)
        record = decode(path, data)
        state = evolve(state, record)
        files = {path: data}
        for attached in draft.files.values():
            files[layout.file_path(folder, digests.digest(attached))] = attached
        if seq == 0:
            files |= layout.GENESIS
        message = commit_message.message(record, digest)
        records.append((record, digest))
        commits.append(NewCommit(files, message, commit_message.author(actor), when))

    return PreparedCommits(tuple(records), tuple(commits), state)


def _refs(files: Mapping[str, bytes]) -> tuple[FileRef, ...]:
    """How a record names its attached files. Raises Usage for a file that is too large."""
    refs = []
    for name, data in files.items():
        if len(data) > FILE_BYTES_MAX:
            raise Usage(f"{name} has {len(data):,} bytes, and the ledger keeps files of up to {FILE_BYTES_MAX:,}.")
        refs.append(FileRef(name, digests.bare(digests.digest(data)), len(data)))
    return tuple(refs)
