"""An approval on one host of a run that another one leads."""

from __future__ import annotations

import copy
import json

import pytest
from cli_stage import RUN
from host_stages import two_hosts


@pytest.fixture
def hosts(tmp_path):
    return two_hosts(tmp_path)


def test_an_approval_on_a_host_that_does_not_lead_ends_at_once_and_says_who_merges(hosts):
    desk, attic = hosts
    desk.until_report()
    values = json.loads(copy.deepcopy(attic).gitorch("approve", "--yes", "--json").out)
    assert (values["merged"], values["left_to_up"]) == (None, True)
    answer = attic.gitorch("approve", "--yes")
    assert (answer.status, desk.run.merged) == (0, None)
    assert (
        answer.out.splitlines()[-1] == f"desk leads {RUN} and merges it. Unless it runs already, type there: gitorch up"
    )
    desk.gitorch("up", "--no-wait")
    assert desk.run.merged is not None
