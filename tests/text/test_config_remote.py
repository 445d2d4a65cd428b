"""`ledger.remote` as it is read without a YAML parser is what the parser reads, or the reader says that it cannot tell."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gitorch
from gitorch.errors import Malformed
from gitorch.text.config_file import parse_config
from gitorch.text.config_remote import remote_of

TEMPLATE = (Path(gitorch.__file__).parent.parent / "templates" / "gitorch.yaml").read_bytes()

CASES = {
    b"": "",
    b"tests:\n  command: make\n": "",
    b"ledger:\n  remote: origin\n": "origin",
    b'ledger:\n  remote: ""\n': "",
    b"ledger: # shared\n\n  # over\n  remote: up.stream-2   # the remote\ntests:\n  command: x\n": "up.stream-2",
    b"push:\n  remote: origin\n  ledger: true\n": "",
    b"ledger:\r\n  remote: origin\r\n": "origin",
    b"ledger: {remote: origin}\n": None,
    b"{ledger: {remote: origin}}\n": None,
    b'"ledger":\n  remote: origin\n': None,
    b'ledger:\n  remote: "origin"\n': None,
    b'ledger:\n  "remote": origin\n': None,
    b"ledger:\n  remote: &a origin\n": None,
}


@pytest.mark.parametrize("data", CASES)
def test_the_remote_is_found_without_a_parser_in_every_usual_form(data):
    assert remote_of(data) == CASES[data]


def test_the_template_shares_nothing_and_needs_no_parser():
    assert remote_of(TEMPLATE) == ""
    assert remote_of(TEMPLATE.replace(b'ledger:\n  remote: ""', b"ledger:\n  remote: origin")) == "origin"


PART = st.sampled_from(
    [
        "ledger:",
        " remote: origin",
        "  remote: origin",
        "remote: x",
        "push:",
        "  ledger: true",
        "# ledger:",
        "",
        "  public: true",
        " # remote: x",
        "\tremote: y",
        "ledger: x",
        "  remote: a#b",
        "  remote: a #b",
        '"ledger": {remote: z}',
        "  remote:",
    ]
)


@given(st.lists(PART, max_size=7))
def test_the_answer_is_the_parsers_wherever_there_is_one(lines):
    data = "\n".join(lines).encode()
    try:
        expected = parse_config("gitorch.yaml", data).ledger_remote
    except Malformed:
        return
    assert remote_of(data) in {expected, None}
