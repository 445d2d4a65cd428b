"""Houses for end-to-end tests: one a module, shared by its tests, so that one run answers several questions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from house import House, house

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def home_of_runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The house of this module."""
    with house(tmp_path_factory.mktemp("house")) as made:
        yield made
