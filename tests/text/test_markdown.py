"""The blocks of Markdown that matter to a plan, each on its line."""

import pytest

from gitorch.text.markdown import Heading, Item, Listing, Paragraph, Row, Table, read_markdown


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("# One *two*\n\nThree\n---\n", (Heading(1, 1, 1, "One two"), Heading(3, 4, 2, "Three"))),
        ("\n one\n  two \n", (Paragraph(2, ("one", "two")),)),
        (
            "- one\n  more\n\n  second\n- \n  two\n",
            (Listing(1, (Item(1, ("one", "more"), (Paragraph(4, ("second",)),)), Item(6, ("two",), ()))),),
        ),
        ("-\n\n  two\n", (Listing(1, (Item(1, (), ()),)), Paragraph(3, ("two",)))),
        (
            "1. one\n   - a\n   - b\n\n   after\n2. two\n",
            (
                Listing(
                    1,
                    (
                        Item(
                            1,
                            ("one",),
                            (Listing(2, (Item(2, ("a",), ()), Item(3, ("b",), ()))), Paragraph(5, ("after",))),
                        ),
                        Item(6, ("two",), ()),
                    ),
                ),
            ),
        ),
        (
            "- - a\n\n  late\n",
            (Listing(1, (Item(1, (), (Listing(1, (Item(1, ("a",), ()),)), Paragraph(3, ("late",)))),)),),
        ),
        (
            "| a | `b` |\n|---|---|\n| **c** | d |\n| e | |\n",
            (Table(1, ("a", "b"), (Row(3, ("c", "d")), Row(4, ("e", "")))),),
        ),
    ],
)
def test_a_text_is_read_as_its_blocks(text, blocks):
    assert read_markdown(text).blocks == blocks
