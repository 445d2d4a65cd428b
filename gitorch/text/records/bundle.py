"""An export: a folder of JSON lines with a manifest, the same bytes for the same range, whose chain can be checked inside it.

`records.jsonl` has a line for each record of the range. A record without anything to redact is there byte for byte, so that
its digest can be recomputed. A redacted record is marked, and its digest is the one that the next record names. A record
of another run is there as a link only: its number, its digest, and the digest before.
"""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

from gitorch.errors import Corrupt
from gitorch.model.json_text import parse_json
from gitorch.model.values import Value
from gitorch.text.records import digests
from gitorch.text.redact import redacted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

FORMAT = "gitorch-export/1"
RECORDS = "records.jsonl"
MANIFEST = "manifest.json"
FILES = "files"

_MANIFEST_KEYS = frozenset({"bundle", "attached", "head", "records", "first", "last", "files"})


class Line(Value):
    """One record of an export."""

    seq: int
    prev: str
    digest: str
    commit: str
    """The commit that holds the record in the ledger."""
    path: str
    text: str | None = None
    """The record's file; None for a record of another run."""


class Bundle(Value):
    """An export in memory."""

    files: Mapping[str, bytes]
    """Every file by its path."""
    manifest: Mapping[str, Any]


def bundle(
    ledger: str, lines: Iterable[Line], bodies: Mapping[str, bytes], policies: Collection[str], run: str = ""
) -> Bundle:
    """Put together an export of these records.

    `bodies` are attached files by their digests; `policies` are those of `redacted`. With `run`, the manifest names it.
    Equal arguments give equal bytes.
    """
    entries = [_entry(line, policies) for line in lines]
    files = {RECORDS: "".join([f"{_json(entry)}\n" for entry in entries]).encode()}
    attached = _attach(bodies, policies, files)

    manifest: dict[str, Any] = {"format": FORMAT, "ledger": ledger}
    if run:
        manifest["run"] = run

    manifest |= _summary(entries)
    manifest["redaction"] = sorted(policies)
    manifest["attached"] = attached
    manifest["files"] = {}

    for path, data in sorted(files.items()):
        manifest["files"][path] = {"sha256": digests.bare(digests.digest(data)), "bytes": len(data)}

    manifest["bundle"] = _digest_of(manifest)
    files[MANIFEST] = (json.dumps(manifest, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()
    return Bundle(files, manifest)


def _attach(
    bodies: Mapping[str, bytes], policies: Collection[str], files: dict[str, bytes]
) -> dict[str, dict[str, int]]:
    """Add the attached files to an export; the result is what its manifest says of them."""
    attached = {}

    for digest, data in sorted(bodies.items()):
        body = _redacted_bytes(data, policies)
        files[f"{FILES}/{digests.bare(digest)}"] = body
        attached[digests.bare(digest)] = {"redacted": body != data, "bytes": len(body)}
    return attached


def _summary(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The range and the numbers of records that a manifest states."""
    summary: dict[str, Any] = {"first": None, "last": None, "head": None, "records": 0, "links": 0, "redacted": 0}
    _count(entries, summary)

    if entries:
        summary["first"] = entries[0]["seq"]
        summary["last"] = entries[-1]["seq"]
        summary["head"] = entries[-1]["digest"]

    return summary


def _count(entries: Sequence[Mapping[str, Any]], summary: dict[str, Any]) -> None:
    """Count records, links and redacted records."""
    for entry in entries:
        if "text" not in entry:
            summary["links"] += 1
            continue
        summary["records"] += 1
        if "redacted" in entry:
            summary["redacted"] += 1


def _json(value: object) -> str:
    """The one way to write a value, since its digest is taken."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _digest_of(manifest: Mapping[str, Any]) -> str:
    """The digest of a manifest without its key `bundle`, which holds this digest."""
    rest = dict(manifest)
    rest.pop("bundle", None)
    return digests.digest(_json(rest).encode())


def _entry(line: Line, policies: Collection[str]) -> dict[str, Any]:
    """The line of `records.jsonl` for one record."""
    entry: dict[str, Any] = {"seq": line.seq, "prev": line.prev, "digest": line.digest}
    if line.text is None:
        return entry

    text = redacted(line.text, policies)
    entry |= {"commit": line.commit, "path": redacted(line.path, policies), "text": text}
    if text != line.text:
        entry["redacted"] = True

    return entry


def _redacted_bytes(data: bytes, policies: Collection[str]) -> bytes:
    """A file without what the policies name. Bytes that are not UTF-8 are kept as they are."""
    text = data.decode("utf-8", "surrogateescape")
    return redacted(text, policies).encode("utf-8", "surrogateescape")


class CheckResult(Value):
    """The contents of an export that passed its check."""

    records: int
    """Records whose digest was recomputed."""
    redacted: int
    """Records that were redacted, whose digest cannot be recomputed."""
    links: int
    """Records of other runs."""
    attached: int
    """Attached files."""
    first: int | None
    last: int | None
    head: str


def check_bundle(files: Mapping[str, bytes]) -> CheckResult:
    """Check an export by itself: every file by the manifest, every record by the chain.

    Whether the ledger has these records is another question. Raises Corrupt, naming file and line.
    """
    try:
        return _checked(files, _manifest(files))
    except (KeyError, TypeError, AttributeError, ValueError) as error:  # its digest is right, but its shape is not
        raise _fault(MANIFEST, f"it is not a manifest of {FORMAT}") from error


def _checked(files: Mapping[str, bytes], manifest: dict[str, Any]) -> CheckResult:
    """Check everything that a manifest states."""
    if _digest_of(manifest) != manifest["bundle"]:
        raise _fault(MANIFEST, "it does not match its own digest")

    _check_files(files, manifest["files"])
    _check_attached(files, manifest["attached"])
    summary = _summary(_read_chain(files[RECORDS]))
    for key, value in summary.items():
        if manifest.get(key) != value:
            raise _fault(MANIFEST, f"it describes other records than those in {RECORDS}")

    return CheckResult(
        summary["records"] - summary["redacted"],
        summary["redacted"],
        summary["links"],
        len(manifest["attached"]),
        summary["first"],
        summary["last"],
        summary["head"] or "",
    )


def _check_files(files: Mapping[str, bytes], named: Mapping[str, Any]) -> None:
    """Raise Corrupt unless exactly the files that the manifest names are there, with its digests and sizes."""
    unnamed = sorted({*files} - {MANIFEST, *named})
    if unnamed:
        raise _fault(unnamed[0], "the manifest does not name it")

    for path, stated in named.items():
        data = files.get(path)
        if data is None:
            raise _fault(path, "the manifest names it, but it is missing")
        if digests.bare(digests.digest(data)) != stated["sha256"] or len(data) != stated["bytes"]:
            raise _fault(path, "it does not match the manifest")


def _check_attached(files: Mapping[str, bytes], attached: Mapping[str, Any]) -> None:
    """Raise Corrupt unless every attached file is there, and matches its name where it was not redacted."""
    for digest, stated in attached.items():
        path = f"{FILES}/{digest}"
        data = files.get(path)
        if data is None:
            raise _fault(path, "it is missing")

        if not stated["redacted"] and digests.bare(digests.digest(data)) != digest:
            raise _fault(path, "it does not match the digest in its name")


def _manifest(files: Mapping[str, bytes]) -> dict[str, Any]:
    """The manifest of an export. Raises Corrupt where there is none of this format."""
    manifest = _parsed_manifest(files)

    is_complete = _MANIFEST_KEYS.issubset(manifest)
    if not is_complete or manifest.get("format") != FORMAT or RECORDS not in manifest["files"]:
        raise _fault(MANIFEST, f"it is not a manifest of {FORMAT}")

    return manifest


def _parsed_manifest(files: Mapping[str, bytes]) -> dict[Any, Any]:
    """The manifest as it stands; empty where the file is none."""
    try:
        manifest = dict(parse_json(files[MANIFEST]))
    except (KeyError, ValueError, TypeError):
        manifest = {}
    return manifest


def _read_chain(data: bytes) -> list[dict[str, Any]]:
    """The lines of `records.jsonl`. Raises Corrupt unless each line follows the one before and matches its digest."""
    entries: list[dict[str, Any]] = []

    for number, raw in enumerate(io.StringIO(data.decode("utf-8", "replace"), newline="\n"), 1):
        where = f"{RECORDS}:{number}"
        entry = _parse_entry(where, raw)
        if entries:
            _check_follows(where, entries[-1], entry)
        if "text" in entry:
            _check_text(where, entry)
        entries.append(entry)

    return entries


def _parse_entry(where: str, raw: str) -> dict[str, Any]:
    """A line of `records.jsonl`. Raises Corrupt where it lacks a key of the chain."""
    try:
        entry: dict[str, Any] = parse_json(raw)
        for key in ("seq", "prev", "digest"):
            entry[key]  # raises where it is missing
    except (ValueError, KeyError, TypeError):
        raise _fault(where, "it is not a record of an export") from None

    return entry


def _check_follows(where: str, before: Mapping[str, Any], entry: Mapping[str, Any]) -> None:
    """Raise Corrupt unless a line has the number and the previous digest that follow from the line before."""
    if entry["seq"] != before["seq"] + 1 or entry["prev"] != before["digest"]:
        raise _fault(where, f"record {entry['seq']} does not follow record {before['seq']}")


def _check_text(where: str, entry: Mapping[str, Any]) -> None:
    """Raise Corrupt unless the text of a record has the line's digest (where not redacted), number and previous digest."""
    seq, text = entry["seq"], entry["text"]
    if not entry.get("redacted") and digests.digest(text.encode()) != entry["digest"]:
        raise _fault(where, f"record {seq} does not match its digest")

    if f"\nseq: {seq}\n" not in text or f'\nprev: "{entry["prev"]}"\n' not in text:
        raise _fault(where, f"record {seq} does not have the number and the previous digest of its line")


def _fault(where: str, why: str) -> Corrupt:
    """The error for a damaged export, which can only be made again."""
    return Corrupt(f"The export is damaged at {where}: {why}.", "gitorch export FOLDER", where)
