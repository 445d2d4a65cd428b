"""Hashes without OpenSSL are the ones that OpenSSL makes."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitorch.model import hashes

DATA = ("", "a", "é" * 5000)


@pytest.mark.parametrize("algorithm", hashes.MODULES)
def test_a_hash_is_the_one_that_hashlib_makes(algorithm):
    ours = [hashes.hex_hash(algorithm, text.encode()) for text in DATA]
    assert ours == [hashlib.new(algorithm, text.encode()).hexdigest() for text in DATA]


@given(st.binary(max_size=150), st.binary(max_size=150))
def test_a_keyed_hash_is_the_one_that_hmac_makes(key, data):
    assert hashes.keyed_hash(key, data) == hmac.new(key, data, hashlib.sha256).hexdigest()


@pytest.mark.parametrize("length", [0, 63, 64, 65])
def test_a_key_is_hashed_only_when_it_is_longer_than_a_block(length):
    key = b"k" * length
    assert hashes.keyed_hash(key, b"text") == hmac.new(key, b"text", hashlib.sha256).hexdigest()


def test_a_python_without_modules_of_its_own_hashes_with_hashlib(monkeypatch):
    monkeypatch.setitem(hashes.MODULES, "sha256", ("_no_such_module", "hashlib"))
    hashes._maker.cache_clear()
    made = hashes._maker("sha256")
    hashes._maker.cache_clear()
    assert made is hashlib.sha256
