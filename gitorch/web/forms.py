"""Forms of the pages: their fields, within limits."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from gitorch.errors import Usage
from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

BYTES_MAX = 512 * 1024
FIELDS_MAX = 2_000
BODY_SECONDS = 10.0
KIND = "application/x-www-form-urlencoded"


class Form(Value):
    """The fields of a form."""

    fields: Mapping[str, tuple[str, ...]]

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field that may stand several times, in the order of the page."""
        return self.fields.get(name, ())


async def form_of(request: Request) -> Form:
    """The form that a browser sent. Raises Usage for anything else, and for one that is too large or too slow."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != KIND:
        raise Usage("a change is sent as a form of the page")

    try:
        async with asyncio.timeout(BODY_SECONDS):
            data = await _body(request)
    except TimeoutError:
        raise Usage(f"the form did not arrive within {BODY_SECONDS:.0f} s") from None

    try:
        parsed = parse_qs(data.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict")
    except ValueError:
        raise Usage("the form cannot be read") from None

    fields: dict[str, tuple[str, ...]] = {}
    for name, values in parsed.items():
        fields[name] = tuple(value.replace("\r\n", "\n").strip() for value in values)
    return Form(fields)


async def _body(request: Request) -> bytes:
    """The bytes of a request. Raises Usage beyond the limit, before the rest is read."""
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > BYTES_MAX:
            raise Usage(f"the form is larger than {BYTES_MAX // 1024} KiB")
    return bytes(data)
