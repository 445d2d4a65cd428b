"""Markdown of anybody becomes HTML that does nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitorch.text.html import to_html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**a** `b`", "<p><strong>a</strong> <code>b</code></p>\n"),
        ("# A", "<h3>A</h3>\n"),
        ("##### A", "<h6>A</h6>\n"),
        ("<b>a</b>", "<p>&lt;b&gt;a&lt;/b&gt;</p>\n"),
        ("<script>a</script>", "<p>&lt;script&gt;a&lt;/script&gt;</p>\n"),
        ("&lt;b&gt;", "<p>&lt;b&gt;</p>\n"),
        ("[a](javascript:b)", "<p>[a](javascript:b)</p>\n"),
        ("[a](JaVaScRiPt&#58;b)", "<p>[a](JaVaScRiPt:b)</p>\n"),
        ("[a](data:text/html,b)", "<p>[a](data:text/html,b)</p>\n"),
        ("[a](//evil.example)", "<p>[a](//evil.example)</p>\n"),
        ("[a](/runs/x)", "<p>[a](/runs/x)</p>\n"),
        ("![a](http://evil.example/a.png)", "<p>[a]</p>\n"),
    ],
)
def test_each_form_of_markup_is_what_it_may_be(text, html):
    assert to_html(text) == html


def test_a_link_to_the_web_tells_the_other_side_nothing():
    assert to_html("[a](https://example.org/?a=1&b=2)") == (
        '<p><a href="https://example.org/?a=1&amp;b=2" rel="noopener noreferrer nofollow">a</a></p>\n'
    )


MARKUP = st.sampled_from(
    [
        "<script>",
        "</p>",
        "[a](",
        "javascript:",
        "http://e.example",
        ")",
        "![",
        "`",
        "```\n",
        "|a|\n|-|\n",
        "&#106;",
        '"',
    ]
)


@given(st.lists(st.one_of(MARKUP, st.text(max_size=8)), max_size=12).map("".join))
def test_no_text_makes_an_element_or_attribute_that_is_not_ours(text):
    html = to_html(text)
    tags = set(re.findall(r"<(\w+)", html))
    assert tags <= {
        *("p", "strong", "em", "code", "pre", "a", "ul", "ol", "li", "blockquote", "hr", "br"),
        *("h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
    }
    for attributes in re.findall(r"<\w+([^>]*)>", html):
        assert set(re.findall(r"(\w+)=", re.sub(r'"[^"]*"', '""', attributes))) <= {
            "href",
            "rel",
            "title",
            "class",
            "start",
            "style",
        }
    assert all(address.startswith("http") for address in re.findall(r'href="([^"]*)"', html))
