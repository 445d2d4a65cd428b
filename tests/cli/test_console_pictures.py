"""The pictures of the console in the documentation show what it looks like; `--rewrite-transcripts` takes them anew."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from console_scene import PICTURES, picture

DOCS = Path(__file__).resolve().parents[2] / "docs" / "pictures"


def words(svg: str) -> str:
    """The text of a picture."""
    return " ".join(html.unescape(" ".join(re.findall(r">([^<>]+)</text>", svg))).split())


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_in_the_documentation_is_what_the_console_shows(name, request):
    path, drawn = DOCS / f"{name}.svg", picture(name)
    if request.config.getoption("--rewrite-transcripts"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(drawn, encoding="utf-8")
    assert "WAITING FOR YOU" in words(drawn)
    assert "http" not in drawn.replace("http://www.w3.org/2000/svg", "")
    assert words(path.read_text(encoding="utf-8")) == words(drawn)
