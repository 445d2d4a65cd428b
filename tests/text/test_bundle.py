"""An export is redacted, the same bytes every time, and tells by itself when anything in it was changed (W27)."""

from __future__ import annotations

import json

import pytest
from golden import assert_golden
from hypothesis import given, settings
from hypothesis import strategies as st

from gitorch.errors import Corrupt
from gitorch.text.records import digests
from gitorch.text.records.bundle import MANIFEST, RECORDS, CheckResult, Line, bundle, check_bundle
from gitorch.text.redact import POLICIES, redacted

TOKEN = "ghp_" + "a1B2" * 9


def lines(texts: list[str], linked: tuple[int, ...] = ()) -> list[Line]:
    """Records in a chain, as the ledger has them; those in `linked` belong to another run."""
    found, before = [], "sha256:" + "0" * 64
    for seq, text in enumerate(texts):
        whole = f'gitorch: "record/1"\nseq: {seq}\nprev: "{before}"\n{text}\n'
        digest = digests.digest(whole.encode())
        found.append(
            Line(seq, before, digest, f"{seq:040x}", f"run/{seq:06d}-x.yaml", None if seq in linked else whole)
        )
        before = digest
    return found


HOME, USERS = (f"/{name}/" for name in ("home", "Users"))
TEXTS = ['reason: "plain"', f'reason: "token {TOKEN}"', f'reason: "{HOME}ada/x and ada@firm.org"', 'reason: "end"']
BODIES = {"c0ffee": b"not its digest"}


def made(policies=POLICIES, **more):
    body = f"written by ada@firm.org with {TOKEN}".encode()
    plain = b"nothing to hide \xff\x00"
    bodies = {digests.bare(digests.digest(data)): data for data in (body, plain)}
    return bundle("L-1", lines(TEXTS, (3,)), bodies, policies, **more)


def test_nothing_that_is_to_be_taken_out_is_left_anywhere():
    files = made().files

    everything = b"".join(files.values()).decode("utf-8", "replace") + " ".join(files)
    assert not [word for word in (TOKEN, f"{HOME}ada", "ada@firm.org") if word in everything]
    assert 'reason: \\"plain\\"' in everything


def test_what_may_stay_stays():
    everything = b"".join(made(("secrets",)).files.values()).decode("utf-8", "replace")

    assert "ada@firm.org" in everything
    assert TOKEN not in everything


def test_the_same_records_make_the_same_bytes():
    assert made().files == made().files
    assert made().manifest["bundle"] != made(()).manifest["bundle"]


def test_a_bundle_holds_by_itself_and_says_how():
    found = check_bundle(made().files)

    assert (found.records, found.redacted, found.links, found.attached) == (1, 2, 1, 2)
    assert (found.first, found.last, found.head) == (0, 3, lines(TEXTS)[-1].digest)
    assert check_bundle(made(()).files).records == 3
    linked = check_bundle(bundle("L-1", lines([*TEXTS, *TEXTS], (0, 2, 3)), {}, ("secrets",)).files)
    assert (linked.records, linked.redacted, linked.links) == (3, 2, 3)


@given(st.data())
@settings(max_examples=150)
def test_any_changed_byte_is_found(data):
    files = dict(made().files)
    path = data.draw(st.sampled_from(sorted(files)))
    at = data.draw(st.integers(0, len(files[path]) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != files[path][at]))
    files[path] = files[path][:at] + bytes([byte]) + files[path][at + 1 :]

    try:
        found = check_bundle(files)
    except Corrupt:
        return
    # Only blanks of the manifest may change without changing what it says.
    assert path == MANIFEST
    assert json.loads(files[path]) == json.loads(made().files[path])
    assert found == check_bundle(made().files)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda f: f.pop(RECORDS), "records.jsonl"),
        (lambda f: f.update({"more.txt": b"x"}), "more.txt"),
        (lambda f: f.pop(MANIFEST), "manifest.json"),
        (lambda f: f.update({MANIFEST: b"[]"}), "manifest.json"),
    ],
)
def test_what_is_missing_or_added_is_named(change, where):
    files = dict(made().files)
    change(files)

    with pytest.raises(Corrupt, match=where):
        check_bundle(files)


def sealed(manifest: dict) -> bytes:
    """A manifest under its own right digest, whatever it says."""
    told = {key: value for key, value in manifest.items() if key != "bundle"}
    text = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return json.dumps({**told, "bundle": digests.digest(text.encode())}).encode()


def sealed_again(files: dict[str, bytes], records: list[dict]) -> dict[str, bytes]:
    """Somebody who changes records and works out every digest of the manifest again."""
    data = "".join(
        json.dumps(r, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n" for r in records
    ).encode()
    manifest = json.loads(files[MANIFEST])
    manifest["files"][RECORDS] = {"sha256": digests.bare(digests.digest(data)), "bytes": len(data)}
    return {**files, RECORDS: data, MANIFEST: sealed(manifest)}


@pytest.mark.parametrize("odd", [{"files": ["records.jsonl"]}, {"attached": 3}, {"head": 7}])
def test_a_manifest_of_another_shape_is_named_whoever_sealed_it(odd):
    files = dict(made().files)
    with pytest.raises(Corrupt, match="manifest"):
        check_bundle({**files, MANIFEST: sealed({**json.loads(files[MANIFEST]), **odd})})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda r: r[0].update(text=r[0]["text"].replace("plain", "other")),
            "records.jsonl:1.*does not match its digest",
        ),
        (lambda r: r.pop(1), "records.jsonl:2.*does not follow"),
        (lambda r: r.insert(0, r.pop(1)), "records.jsonl:2.*does not follow"),
        (lambda r: r.append(r[-1]), "records.jsonl:5.*does not follow"),
        (lambda r: r.pop(), "manifest.json.*other records"),
        (
            lambda r: r[1].update(text=r[1]["text"].replace("seq: 1", "seq: 7")),
            "records.jsonl:2.*the number and the previous digest",
        ),
        (lambda r: r[0].update(digest="sha256:" + "1" * 64), "records.jsonl:1.*does not match its digest"),
    ],
)
def test_a_chain_that_was_changed_is_found_even_under_a_new_manifest(change, message):
    files = dict(made().files)
    records = [json.loads(line) for line in files[RECORDS].splitlines()]
    change(records)

    with pytest.raises(Corrupt, match=message):
        check_bundle(sealed_again(files, records))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"see {HOME}ada/code/x.py:3", "see ~/code/x.py:3"),
        (f"see {USERS}Ada/x and C:\\Users\\Ada\\x", "see ~/x and ~\\x"),
        ("url https://host/home/x stays", "url https://host/home/x stays"),
        ("ask ada.l+x@mail.firm.org now", "ask [redacted: an e-mail address] now"),
        ("git@github.com:owner/repo", "[redacted: an e-mail address]:owner/repo"),
        ("agent@gitorch.invalid, a@example.com", "agent@gitorch.invalid, a@example.com"),
        ("password = hunter22", "password = [redacted: a secret]"),
        ('{"API_KEY": "abcdef123"}', '{"API_KEY": "[redacted: a secret]"}'),
        ("token: sha256:" + "a" * 64, "token: sha256:" + "a" * 64),
        ("Authorization: Bearer abcdefghijkl.mnop", "Authorization: Bearer [redacted: a token]"),
        ("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----", "[redacted: a private key]"),
        ("-----BEGIN PRIVATE KEY-----\nand the end is cut off", "[redacted: a private key]"),
        ("the tokens of a password", "the tokens of a password"),
    ],
)
def test_a_text_is_redacted(text, expected):
    assert redacted(text) == expected
    assert redacted(expected) == expected


def test_an_export_is_these_bytes(request):
    """Other programs read exports, so every byte of one is compared; another run's record and a redacted file are in it."""
    found = bundle(
        "L-ö", lines(TEXTS, (3,)), {"sha256:c0ffee": b"mail ada@firm.org"}, ("secrets", "paths", "emails"), run="ä-1"
    )

    told = [f"> {path}\n{data.decode()}" for path, data in found.files.items()]
    assert_golden("export.txt", "\n".join(told), request)


def test_only_a_line_feed_ends_a_line_of_an_export():
    for odd in "\u2028\u2029\x85\x0b\x0c\r":
        assert check_bundle(bundle("L-1", lines([f'reason: "a{odd}b"', "end"]), {}, ()).files).records == 2


def test_an_export_of_nothing_holds():
    found = bundle("L-1", [], {}, ())

    assert check_bundle(found.files) == CheckResult(0, 0, 0, 0, None, None, "")
    assert "run" not in found.manifest
    assert [found.manifest[key] for key in ("first", "last", "head", "redaction")] == [None, None, None, []]


def kept() -> dict[str, bytes]:
    """An export without redactions, with one attached file and another run's record at its end."""
    body = b"a whole file"
    return dict(bundle("L-1", lines(TEXTS, (3,)), {digests.digest(body): body}, ()).files)


BODY = f"files/{digests.bare(digests.digest(b'a whole file'))}"


def manifest_with(**stated):
    """The export under a manifest of somebody who states this, and seals it."""
    files = kept()
    return {**files, MANIFEST: sealed({**json.loads(files[MANIFEST]), **stated})}


def manifest_without(key):
    files = kept()
    whole = json.loads(files[MANIFEST])
    del whole[key]
    return {**files, MANIFEST: json.dumps(whole).encode()}


def stated_of(path, **stated):
    """The export under a manifest that states this of one file."""
    named = json.loads(kept()[MANIFEST])["files"]
    return manifest_with(files={**named, path: {**named[path], **stated}})


def records_with(number, **changed):
    """The export with another line of `records.jsonl`, under a new manifest."""
    files = kept()
    records = [json.loads(line) for line in files[RECORDS].splitlines()]
    records[number] |= changed
    return sealed_again(files, [{key: value for key, value in one.items() if value is not None} for one in records])


def exchanged():
    """Another body under the name of the attached file; the manifest's digest of the file is right."""
    data = b"another file"
    files = stated_of(BODY, sha256=digests.bare(digests.digest(data)), bytes=len(data))
    return {**files, BODY: data}


def without(path):
    return {name: data for name, data in kept().items() if name != path}


DAMAGE = {
    "no manifest": lambda: without(MANIFEST),
    "a manifest that is a list": lambda: {**kept(), MANIFEST: b"[1]"},
    "a manifest of another format": lambda: manifest_with(format="gitorch-export/2"),
    **{f"a manifest without {key}": lambda key=key: manifest_without(key) for key in json.loads(kept()[MANIFEST])},
    "a manifest that names no records": lambda: manifest_with(files={}),
    "a manifest that nobody sealed": lambda: {**kept(), MANIFEST: kept()[MANIFEST].replace(b"L-1", b"L-2")},
    "a file that the manifest does not name": lambda: {**kept(), "b": b"", "a": b""},
    "a file that is missing": lambda: without(BODY),
    "a file of another size": lambda: stated_of(BODY, bytes=3),
    "a file of another digest": lambda: stated_of(BODY, sha256="0" * 64),
    "an attached file that is missing": lambda: manifest_with(attached={"c0ffee": {"redacted": False, "bytes": 1}}),
    "an attached file with another body": exchanged,
    "one record more than there are": lambda: manifest_with(records=4),
    "one redacted record more": lambda: manifest_with(redacted=1),
    "no record of another run": lambda: manifest_with(links=0),
    "another first record": lambda: manifest_with(first=1),
    "another last record": lambda: manifest_with(last=9),
    "another head": lambda: manifest_with(head="sha256:0"),
    "no head": lambda: manifest_with(head=None),
    "a record without a number": lambda: records_with(1, seq=None),
    "a record without the digest before": lambda: records_with(1, prev=None),
    "a record without a digest": lambda: records_with(1, digest=None),
    "a record that skips a number": lambda: records_with(1, seq=2),
    "a record that follows another one": lambda: records_with(1, prev="sha256:0"),
    "a first record that names another one": lambda: records_with(0, prev="sha256:1"),
    "a first record of another number": lambda: records_with(0, seq=-1),
    "a record of another text": lambda: records_with(2, text="x"),
    "a redacted record of another text": lambda: records_with(2, text="x", redacted=True),
}


def damage_of(files) -> str:
    """The error of a check, as one line."""
    try:
        return f"accepted: {check_bundle(files)}"
    except Corrupt as error:
        return f"{error.message} [{error.where}] $ {error.hint}"


def test_every_damage_of_an_export_is_named_with_its_place(request):
    told = [f"{name}: {damage_of(make())}\n" for name, make in DAMAGE.items()]
    assert_golden("export-damage.txt", "".join(told), request)
