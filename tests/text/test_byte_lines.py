"""A stream of bytes comes apart at its line feeds, however it is cut; a line beyond the limit is dropped and told once."""

from hypothesis import given
from hypothesis import strategies as st

from gitorch.text import lines
from gitorch.text.lines import Lines

LIMIT = 4


@given(st.lists(st.binary(max_size=LIMIT + 3).map(lambda part: part.replace(b"\n", b"x")), min_size=1), st.data())
def test_every_line_within_the_limit_is_whole_and_every_other_one_is_told(wanted, data):
    stream, found, reader = b"\n".join(wanted), [], Lines()
    limit, lines.LINE_BYTES_MAX = lines.LINE_BYTES_MAX, LIMIT
    try:
        while stream:
            size = data.draw(st.integers(1, len(stream)))
            found += reader.feed(stream[:size])
            stream = stream[size:]
        found += reader.rest()
        assert list(Lines().rest()) == []
    finally:
        lines.LINE_BYTES_MAX = limit

    last = [] if wanted[-1] else [b""]
    assert found + last == [line if len(line) <= LIMIT else None for line in wanted]
