"""Writing an export where it cannot be finished."""

import pytest

from gitorch.app.query.exporting import _write
from gitorch.errors import Refused
from gitorch.text.records.bundle import MANIFEST, Bundle


def test_an_export_that_fails_leaves_no_folder(tmp_path):
    files = {MANIFEST: b"{}", "records.jsonl": b"", "z" * 300: b"a name that no file system takes"}
    with pytest.raises(Refused, match="cannot be written"):
        _write(tmp_path / "out", Bundle(files, {}))
    assert not (tmp_path / "out").exists()
    _write(tmp_path / "out", Bundle({MANIFEST: b"{}"}, {}))
    assert (tmp_path / "out" / MANIFEST).read_bytes() == b"{}"
