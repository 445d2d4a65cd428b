"""Drafts to commits: what a record says, where it lies, what its commit is called, and the state after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitorch.errors import Usage
from gitorch.ledger import layout
from gitorch.model.record import FileRef, Record
from gitorch.ports.ledger import NewCommit
from gitorch.text.records import commit_message, digests
from gitorch.text.records.record import decode, encode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitorch.ledger.replay import Evolve, Replay
    from gitorch.model.board import State
    from gitorch.model.ids import Digest, Moment, RunId
    from gitorch.model.record import Actor
    from gitorch.ports.ledger import Draft

FILE_BYTES_MAX = 8_000_000
"""Of one attached file: history is for ever, and every clone carries all of it."""


class PreparedCommits(NamedTuple):
    """Records with the digests of their files, the commits that will bring them, and the state after the last."""

    records: tuple[tuple[Record, Digest], ...]
    commits: tuple[NewCommit, ...]
    after: State


def compose(
    replay: Replay, evolve: Evolve, drafts: Sequence[Draft], *, run: RunId | None, actor: Actor, at: Moment
) -> PreparedCommits:
    """What would follow `fold`; changes nothing. Raises Usage for what cannot be recorded, and what `evolve` raises.

    Records are read back from their own bytes, so that the state is always that of what was written.
    """
    if run:
        layout.check_run(run)
    head, state = replay.head, replay.state(run)
    when, digest, seq = max(at, head.at), head.digest, head.seq
    folder = replay.folder(run, when)
    records, commits = [], []
    for draft in drafts:
        seq += 1
        files = {layout.file_path(folder, digests.digest(data)): data for data in draft.files.values()}
        suffix, data = encode(Record(seq, digest, when, run, actor, draft.event, _refs(draft.files)))
        path, digest = layout.record_path(folder, seq, suffix), digests.digest(data)
        record = decode(path, data)
        state = evolve(state, record)
        genesis = layout.GENESIS if seq == 0 else {}
        records.append((record, digest))
        commits.append(
            NewCommit(
                {path: data, **files, **genesis},
                commit_message.message(record, digest),
                commit_message.author(actor),
                when,
            )
        )
    return PreparedCommits(tuple(records), tuple(commits), state)


def _refs(files: Mapping[str, bytes]) -> tuple[FileRef, ...]:
    for name, data in files.items():
        if len(data) > FILE_BYTES_MAX:
            raise Usage(f"{name} has {len(data)} bytes, and the ledger keeps files of up to {FILE_BYTES_MAX}.")
    return tuple(FileRef(name, digests.bare(digests.digest(data)), len(data)) for name, data in files.items())
