"""Exports and archives: from the ledger to a folder, and back to the proof that nothing in it was changed."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from gitorch.errors import Corrupt, NotFound, Refused
from gitorch.model.values import Value
from gitorch.text.records import digests
from gitorch.text.records.bundle import MANIFEST, Bundle, CheckResult, Line, bundle, check_bundle
from gitorch.text.records.record import encode
from gitorch.text.redact import POLICIES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gitorch.app.services import Services
    from gitorch.model.ids import RunId
    from gitorch.model.record import Record


class ExportRequest(Value):
    """What an export is to hold. Without a run it is the whole ledger; `bodies` brings what is attached to the records."""

    run: RunId | None = None
    first: int = 0
    last: int | None = None
    bodies: bool = False
    policies: tuple[str, ...] = POLICIES


def export(services: Services, wanted: ExportRequest, folder: Path, shown: str) -> Bundle:
    """Write an export to a new folder. Raises Refused where something is there already, NotFound for an empty range."""
    if folder.exists():
        raise Refused(f"{shown} is there already and stays as it is", "gitorch export ANOTHER_FOLDER")
    records = _within(services, wanted)
    lines = tuple(_line(record, commit, digest, wanted) for record, commit, digest in records)
    bodies = _bodies(services, wanted, tuple(record for record, *_ in records)) if wanted.bodies else {}
    ledger = services.ledger.state(None).board.ledger
    made = bundle(ledger, lines, bodies, wanted.policies, wanted.run or "")
    _write(folder, made)
    return made


Found = tuple["Record", str, str]


def _within(services: Services, wanted: ExportRequest) -> tuple[Found, ...]:
    """The records of the range with commit and digest; of a run, from its first to its last. Raises NotFound, Corrupt."""
    found = list(_chained(services, wanted))
    if wanted.run is not None:
        own = [at for at, (record, *_) in enumerate(found) if record.run == wanted.run]
        found = found[own[0] : own[-1] + 1] if own else []
    if not found:
        raise NotFound("there is no record in this range", "gitorch log -n 5")
    return tuple(found)


def _chained(services: Services, wanted: ExportRequest) -> Iterator[Found]:
    """Each record in its canonical bytes, which must be those that the next one names."""
    before = ""
    for written in services.ledger.records(None, wanted.first - 1):
        record = written.record
        if wanted.last is not None and record.seq > wanted.last:
            return
        if before and record.prev != before:
            raise Corrupt(f"record {record.seq} does not name the digest of the record before it", "gitorch verify")
        before = digests.digest(encode(record)[1])
        yield record, str(written.commit), before


def _line(record: Record, commit: str, digest: str, wanted: ExportRequest) -> Line:
    suffix, data = encode(record)
    mine = wanted.run is None or record.run == wanted.run
    path = f"{record.run or 'ledger'}/{record.seq:06d}-{suffix}"
    return Line(record.seq, str(record.prev), digest, commit, path, data.decode() if mine else None)


def _bodies(services: Services, wanted: ExportRequest, records: tuple[Record, ...]) -> dict[str, bytes]:
    named = {ref.sha256: record.run for record in records if wanted.run in {None, record.run} for ref in record.files}
    return {digest: services.ledger.file(run, digest) for digest, run in named.items()}


def _write(folder: Path, made: Bundle) -> None:
    """The manifest last, so that half an export is none; what was begun is taken away again where it cannot be finished."""
    try:
        for path, data in sorted(made.files.items(), key=lambda item: item[0] == MANIFEST):
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)  # it was not there before
        raise Refused(f"{folder} cannot be written: {(error.strerror or str(error)).lower()}", "df -h .") from error


def verify_export(folder: Path, shown: str) -> CheckResult:
    """Check an export by itself; no repository is needed. Raises NotFound, Corrupt."""
    if not (folder / MANIFEST).is_file():
        raise NotFound(f"{shown} is no export: it has no {MANIFEST}", f"ls {shown}")
    files = {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    return check_bundle(files)
