"""The run that all others are compared with: nobody disturbs it."""

from __future__ import annotations

import pytest
from kill_yard import check_all

from gitorch.model.events import CleanupDone

pytestmark = pytest.mark.tmux


@pytest.mark.slow  # whoever is killed in the quick tests comes to the same end
def test_an_undisturbed_run_comes_to_the_expected_end(yard):
    yard.go_on()
    check_all(yard)
    assert isinstance(yard.events()[-1], CleanupDone)
