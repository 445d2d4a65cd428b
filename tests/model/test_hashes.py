"""Hashes without OpenSSL are the ones that OpenSSL makes."""

from __future__ import annotations

import hashlib

import pytest

from gitorch.model import hashes

DATA = ("", "a", "é" * 5000)


@pytest.mark.parametrize("algorithm", hashes.MODULES)
def test_a_hash_is_the_one_that_hashlib_makes(algorithm):
    ours = [hashes.hex_hash(algorithm, text.encode()) for text in DATA]
    assert ours == [hashlib.new(algorithm, text.encode()).hexdigest() for text in DATA]


def test_a_python_without_modules_of_its_own_hashes_with_hashlib(monkeypatch):
    monkeypatch.setitem(hashes.MODULES, "sha256", ("_no_such_module", "hashlib"))
    hashes._maker.cache_clear()
    made = hashes._maker("sha256")
    hashes._maker.cache_clear()
    assert made is hashlib.sha256
