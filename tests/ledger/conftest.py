"""A ledger of six records in a repository, by either store, and a remote that has it."""

import shutil
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from ledger_kit import AT, ENV, HOST, STORES, count, fill, git, new_repo, open_ledger
from waiting import until

from gitorch.ledger.ledger import GitLedger
from gitorch.ledger.location import common_dir
from gitorch.ledger.tip_index import SAVE_PAUSE_SECONDS
from gitorch.world.git.history import GitHistory
from gitorch.world.git.store import GitStore


@pytest.fixture(params=STORES)
def opened(request):
    """Opens the ledger of a repository with one of the stores."""
    if request.param == "dulwich":
        return open_ledger

    def with_git(repo):
        common = common_dir(repo)
        return GitLedger(GitStore(common, ENV), GitHistory(common, ENV), common, count)

    return with_git


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A repository with a ledger, which each test copies: that is ten times faster than making one."""
    folder = new_repo(tmp_path_factory.mktemp("template") / "r")
    ledger = open_ledger(folder)
    ledger.create(HOST, AT, "L-1")
    fill(ledger, 5)
    saved_by = time.monotonic() + SAVE_PAUSE_SECONDS
    until(lambda: time.monotonic() >= saved_by)  # only then is the whole of it cached
    ledger.state(None)
    return folder


@pytest.fixture
def repo(template, tmp_path):
    return shutil.copytree(template, tmp_path / "r")


@pytest.fixture
def remote(repo, tmp_path):
    """A bare clone that holds the whole ledger, as the remote `backup`."""
    git(tmp_path, "clone", "-q", "--bare", str(repo), "backup.git")
    git(repo, "remote", "add", "backup", str(tmp_path / "backup.git"))
