"""Who signed the records of a shared ledger: each push ends in a commit with the SSH signature of the host that made it.

A signature covers its commit and, by the chain of parents, every record since the signed commit before it. All of those must
be the signing host's own, so that no known host can write in another's name. The key of each host is in the ledger. A signature
is checked by the keys that the ledger had before the records that it covers: no host vouches for its own key but the first.
"""

from __future__ import annotations

from itertools import chain, tee
from typing import TYPE_CHECKING

from gitorch.errors import Corrupt
from gitorch.ledger import layout
from gitorch.model.events import HostAdded, HostRemoved
from gitorch.text.records.record import decode
from gitorch.text.records.signed_commit import parse_signed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gitorch.model.ids import CommitId
    from gitorch.model.record import Record
    from gitorch.ports.commits import StoredCommit
    from gitorch.ports.ledger import History, HostKeys


def unsigned(
    history: History, keys: HostKeys, known: Mapping[str, str], commits: Iterable[StoredCommit]
) -> Corrupt | None:
    """The first record of these commits that is not vouched for by its own host, as an error; None where all are.

    `known` are the hosts as of the commit before them. Records from before the first host was added need no signature.
    Each signature costs a run of `ssh-keygen`.
    """
    hosts = known
    records = _records_of_hosts(commits, bool(known))
    first = next(records, None)
    if first is None:
        return None

    waiting: list[Record] = []
    listed, records = tee(chain((first,), records))
    bodies = history.objects(commit for commit, _ in listed)
    commit = first[0]
    for (commit, record), stored in zip(records, bodies, strict=True):
        waiting.append(record)
        parsed = parse_signed(stored.body)
        if not parsed.signature:
            continue

        later = _with_changes(hosts, waiting)
        signer = keys.signer(parsed.signed, parsed.signature, hosts or later, record.actor.host)
        fault = _fault(waiting, signer, commit)
        if fault is not None:
            return fault
        hosts = later
        waiting.clear()

    if waiting:
        return _error(waiting[0], "no host signed it", commit)
    return None


def _with_changes(hosts: Mapping[str, str], records: Iterable[Record]) -> Mapping[str, str]:
    """The hosts with their keys after these records."""
    changed = dict(hosts)
    for record in records:
        if isinstance(record.event, HostAdded):
            changed[record.event.host] = record.event.key
        if isinstance(record.event, HostRemoved):
            changed.pop(record.event.host, None)
    return changed


def _records_of_hosts(commits: Iterable[StoredCommit], has_hosts: bool) -> Iterator[tuple[CommitId, Record]]:
    """The records from the first one on that a host must sign, each with its commit, oldest first."""
    for commit in commits:
        for path, data in commit.added.items():
            if not layout.is_record(path):
                continue
            record = decode(path, data)
            has_hosts = has_hosts or isinstance(record.event, HostAdded)
            if has_hosts:
                yield commit.id, record


def _fault(records: list[Record], signer: str, commit: CommitId) -> Corrupt | None:
    """Why this signature does not vouch for all of these records."""
    if not signer:
        return _error(records[0], "it was signed by a key of no host that this ledger knows", commit)

    for record in records:
        if record.actor.host != signer:
            return _error(record, f"host {signer} signed it", commit)
    return None


def _error(record: Record, reason: str, commit: CommitId) -> Corrupt:
    """The error that names a record and the host that it claims to be from."""
    message = f"record {record.seq} says that host {record.actor.host} wrote it, but {reason}."
    return Corrupt(message, hint="gitorch verify", where=commit)
