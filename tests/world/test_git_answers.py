"""What `git cat-file` answers is read to its end, and no further than memory allows."""

from __future__ import annotations

import io

import pytest

from gitorch.errors import Corrupt
from gitorch.ports.commits import OBJECT_BYTES_MAX
from gitorch.world.git.pipes import body_after

NAME = "a" * 40


def test_a_body_is_read_with_the_line_break_after_it():
    answers = io.BytesIO(b"body\nnext")
    assert (body_after(answers, 4, NAME), answers.read()) == (b"body", b"next")


@pytest.mark.parametrize("given", [b"", b"bod", b"body"])
def test_a_body_that_ends_early_is_an_error_that_names_the_object(given):
    with pytest.raises(Corrupt, match=f"Object {NAME} of the ledger cannot be read to its end"):
        body_after(io.BytesIO(given), 4, NAME)


def test_a_body_that_claims_more_than_memory_has_is_not_read():
    answers = io.BytesIO(b"x" * 10)
    with pytest.raises(Corrupt, match="claims 268,435,457 bytes, more than any object of a ledger has"):
        body_after(answers, OBJECT_BYTES_MAX + 1, NAME)
    assert answers.tell() == 0
