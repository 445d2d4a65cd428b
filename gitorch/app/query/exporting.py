"""Exports: the ledger or a part of it as a folder of files that can be verified without the repository."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from gitorch.errors import Corrupt, NotFound, Refused
from gitorch.model.path_text import shell_word
from gitorch.model.values import Value
from gitorch.text.records import digests
from gitorch.text.records.bundle import MANIFEST, Bundle, CheckResult, Line, bundle, check_bundle
from gitorch.text.records.record import encode
from gitorch.text.redact import POLICIES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from gitorch.app.services import Services
    from gitorch.model.ids import RunId
    from gitorch.model.record import Record


class ExportRequest(Value):
    """The content of an export."""

    run: RunId | None = None
    """The run; None for the whole ledger."""
    first: int = 0
    """The number of the first record."""
    last: int | None = None
    """The number of the last record; None for the newest."""
    bodies: bool = False
    """Whether files that are attached to the records are included."""
    policies: tuple[str, ...] = POLICIES


class ChainedRecord(Value):
    """A record with the ids that prove its place."""

    record: Record
    commit: str
    digest: str


def export(
    services: Services,
    request: ExportRequest,
    folder: Path,
    shown: str,
) -> Bundle:
    """Write an export to a new folder; `shown` is how messages name it.

    The records of other runs in the range keep their place in the chain and lose their text.
    Secrets are redacted by the policies of the request, in records and attached files alike.

    Raises Refused if the folder exists or cannot be written.
    Raises NotFound if the range holds no record.
    Raises Corrupt if the chain is broken.
    """
    if folder.exists():
        raise Refused(f"{shown} is there already and stays as it is", "gitorch export ANOTHER_FOLDER")

    records = _records_of(services, request)
    lines = tuple(_line(record, request) for record in records)
    bodies = _requested_bodies(services, request, records)

    ledger = services.ledger.state(None).board.ledger
    made = bundle(ledger, lines, bodies, request.policies, request.run or "")
    _write(folder, made)
    return made


def _requested_bodies(services: Services, request: ExportRequest, records: list[ChainedRecord]) -> Mapping[str, bytes]:
    """The attached files where the request includes them, by digest."""
    if request.bodies:
        return _bodies(services, request, records)

    return {}


def _records_of(services: Services, request: ExportRequest) -> list[ChainedRecord]:
    """The records of the range; for a run all from its first to its last, those of other runs included. Raises NotFound, Corrupt."""
    first, last = request.first, request.last
    if request.run is not None:
        first, last = _within_run(services, request, request.run)
    records = list(_chained(services, first, last))
    if not records:
        raise NotFound("there is no record in this range", "gitorch log -n 5")

    return records


def _within_run(services: Services, request: ExportRequest, run: RunId) -> tuple[int, int]:
    """The numbers of the first and last record of a run in the range. Those of other runs between them belong to it too.

    The chain has no gaps. Raises NotFound.
    """
    first, last = services.ledger.span(run)
    if request.last is not None:
        last = min(last, request.last)
    return max(first, request.first), last


def _chained(services: Services, first: int, last: int | None) -> Iterator[ChainedRecord]:
    """Each record with the digest of its canonical bytes, which the next record must name. Raises Corrupt."""
    before = ""
    for written in services.ledger.records(None, first - 1, last):
        record = written.record
        if before and record.prev != before:
            raise Corrupt(f"record {record.seq} does not name the digest of the record before it", "gitorch verify")

        before = digests.digest(encode(record)[1])
        yield ChainedRecord(record, str(written.commit), before)


def _line(chained: ChainedRecord, request: ExportRequest) -> Line:
    """A record of the export; one of another run keeps its place in the chain but not its text."""
    record = chained.record
    suffix, data = encode(record)
    path = f"{record.run or 'ledger'}/{record.seq:06d}-{suffix}"
    text = None
    if request.run in {None, record.run}:
        text = data.decode()
    return Line(
        record.seq,
        str(record.prev),
        chained.digest,
        chained.commit,
        path,
        text,
    )


def _bodies(services: Services, request: ExportRequest, records: list[ChainedRecord]) -> dict[str, bytes]:
    """The attached files of the records, by digest."""
    bodies: dict[str, bytes] = {}
    for chained in records:
        record = chained.record
        if request.run not in {None, record.run}:
            continue

        for ref in record.files:
            if ref.sha256 not in bodies:
                bodies[ref.sha256] = services.ledger.file(record.run, ref.sha256)
    return bodies


def _write(folder: Path, made: Bundle) -> None:
    """Write the files, the manifest last, so that half an export has none. Where one cannot be written, all are removed."""
    manifest_last = sorted(made.files.items(), key=lambda item: item[0] == MANIFEST)
    try:
        for name, data in manifest_last:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)  # `export` found no such folder, so all of it is ours
        reason = (error.strerror or str(error)).lower()
        raise Refused(f"{folder} cannot be written: {reason}", "df -h .") from error


def verify_export(folder: Path, shown: str) -> CheckResult:
    """Verify an export by itself, without a repository; `shown` is how messages name the folder.

    Raises NotFound for a folder without a manifest.
    Raises Corrupt for a file that is missing, unknown or changed, and for a broken chain.
    """
    if not (folder / MANIFEST).is_file():
        raise NotFound(f"{shown} is not an export: it has no {MANIFEST}", f"ls {shell_word(shown)}")

    files: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            files[str(path.relative_to(folder))] = path.read_bytes()
    return check_bundle(files)
