"""An export: a folder of JSON lines with a manifest, the same bytes for the same range, whose chain can be checked inside it.

`records.jsonl` has a line for each record of the range. A record that held nothing to redact is there byte for byte, so that its
digest can be worked out again; a redacted one is declared, and its digest is the one that the next record names. Records that
belong to other runs are there as links only: number, digest, and the digest before.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gitorch.errors import Corrupt
from gitorch.model.values import Value
from gitorch.text.records import digests
from gitorch.text.redact import redacted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

FORMAT = "gitorch-export/1"
RECORDS = "records.jsonl"
MANIFEST = "manifest.json"
FILES = "files"


class Line(Value):
    """One record of a bundle. `text` is None for a record of another run; `commit` is where the ledger has it."""

    seq: int
    prev: str
    digest: str
    commit: str
    path: str
    text: str | None = None


class Bundle(Value):
    """The files of an export by their paths, and what its manifest says."""

    files: Mapping[str, bytes]
    manifest: Mapping[str, Any]


def bundle(
    ledger: str, lines: Iterable[Line], bodies: Mapping[str, bytes], policies: Collection[str], run: str = ""
) -> Bundle:
    """Put together an export. `bodies` are attached files by their digests."""
    written = [_written(line, policies) for line in lines]
    files = {RECORDS: "".join(f"{_json(line)}\n" for line in written).encode()}
    kept = {}
    for digest, data in sorted(bodies.items()):
        body = _redacted_bytes(data, policies)
        files[f"{FILES}/{digests.bare(digest)}"] = body
        kept[digests.bare(digest)] = {"redacted": body != data, "bytes": len(body)}
    named = {
        path: {"sha256": digests.bare(digests.digest(data)), "bytes": len(data)} for path, data in sorted(files.items())
    }
    manifest = {
        "format": FORMAT,
        "ledger": ledger,
        **({"run": run} if run else {}),
        "first": written[0]["seq"] if written else None,
        "last": written[-1]["seq"] if written else None,
        "head": written[-1]["digest"] if written else None,
        "records": sum("text" in line for line in written),
        "links": sum("text" not in line for line in written),
        "redaction": sorted(policies),
        "redacted": sum(bool(line.get("redacted")) for line in written),
        "attached": kept,
        "files": named,
    }
    manifest["bundle"] = _sum(manifest)
    files[MANIFEST] = (json.dumps(manifest, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()
    return Bundle(files, manifest)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _sum(manifest: Mapping[str, Any]) -> str:
    """The digest of all that a manifest says beside it."""
    return digests.digest(_json({key: value for key, value in manifest.items() if key != "bundle"}).encode())


def _written(line: Line, policies: Collection[str]) -> dict[str, Any]:
    link = {"seq": line.seq, "prev": line.prev, "digest": line.digest}
    if line.text is None:
        return link
    said = redacted(line.text, policies)
    changed = {"redacted": True} if said != line.text else {}
    return {**link, "commit": line.commit, "path": redacted(line.path, policies), "text": said, **changed}


def _redacted_bytes(data: bytes, policies: Collection[str]) -> bytes:
    """A body without what the policies name. What is no UTF-8 is taken byte for byte, as ASCII would be."""
    text = data.decode("utf-8", "surrogateescape")
    return redacted(text, policies).encode("utf-8", "surrogateescape")


class CheckResult(Value):
    """What was found to hold: records whose digest was worked out again, records that were redacted, links, attached files."""

    records: int
    redacted: int
    links: int
    attached: int
    first: int | None
    last: int | None
    head: str


def check_bundle(files: Mapping[str, bytes]) -> CheckResult:
    """Check an export by itself: every file by the manifest, every record by the chain. Raises Corrupt, naming file and line."""
    try:
        return _checked(files, _manifest(files))
    except (KeyError, TypeError, AttributeError, ValueError) as error:  # sealed by somebody, but of another shape
        raise _wrong(MANIFEST, f"it is no manifest of {FORMAT}") from error


def _checked(files: Mapping[str, bytes], manifest: dict[str, Any]) -> CheckResult:
    named = manifest["files"]
    if _sum(manifest) != manifest["bundle"]:
        raise _wrong(MANIFEST, "it is not what its own digest says")
    strange = sorted({*files} - {MANIFEST, *named})
    if strange:
        raise _wrong(strange[0], "the manifest does not name it")
    for path, said in named.items():
        if path not in files:
            raise _wrong(path, "the manifest names it, and it is not there")
        if digests.bare(digests.digest(files[path])) != said["sha256"] or len(files[path]) != said["bytes"]:
            raise _wrong(path, "it is not what the manifest says")
    for digest, said in manifest["attached"].items():
        data = files.get(f"{FILES}/{digest}")
        if data is None or (not said["redacted"] and digests.bare(digests.digest(data)) != digest):
            raise _wrong(f"{FILES}/{digest}", "it is not what its name says")
    counts, head = _chain(files[RECORDS])
    if head != (manifest["head"] or "") or counts["records"] + counts["redacted"] != manifest["records"]:
        raise _wrong(MANIFEST, "it tells of other records than there are")
    attached = len(manifest["attached"])
    return CheckResult(
        counts["records"], counts["redacted"], counts["links"], attached, manifest["first"], manifest["last"], head
    )


def _manifest(files: Mapping[str, bytes]) -> dict[str, Any]:
    try:
        manifest = dict(json.loads(files[MANIFEST]))
    except (KeyError, ValueError, TypeError):
        manifest = {}
    whole = {"bundle", "attached", "head", "records", "first", "last", "files"} <= {*manifest}
    if not whole or manifest.get("format") != FORMAT or RECORDS not in manifest["files"]:
        raise _wrong(MANIFEST, f"it is no manifest of {FORMAT}")
    return manifest


def _chain(data: bytes) -> tuple[dict[str, int], str]:
    """Each line names the digest of the one before, numbers go up by one, and texts are what their digests say."""
    counts = {"records": 0, "redacted": 0, "links": 0}
    before: dict[str, Any] | None = None
    for number, raw in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        where = f"{RECORDS}:{number}"
        try:
            line = json.loads(raw)
            seq, prev, digest = line["seq"], line["prev"], line["digest"]
        except (ValueError, KeyError, TypeError):
            raise _wrong(where, "it is no record of a bundle") from None
        if before is not None and (seq != before["seq"] + 1 or prev != before["digest"]):
            raise _wrong(where, f"record {seq} does not follow record {before['seq']}")
        kind = "links" if "text" not in line else "redacted" if line.get("redacted") else "records"
        if kind == "records" and digests.digest(line["text"].encode()) != digest:
            raise _wrong(where, f"record {seq} is not what its digest says")
        if (kind != "links" and f"\nseq: {seq}\n" not in line["text"]) or (
            kind != "links" and f'\nprev: "{prev}"\n' not in line["text"]
        ):
            raise _wrong(where, f"record {seq} says another number or another record before it")
        counts[kind] += 1
        before = line
    return counts, "" if before is None else before["digest"]


def _wrong(where: str, why: str) -> Corrupt:
    return Corrupt(f"{where} does not hold: {why}.", "make the export anew: gitorch export FOLDER", where)
