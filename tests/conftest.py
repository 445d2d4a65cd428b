"""The surroundings of every test: isolated from the user, the network and the clock. See `isolation`."""

from __future__ import annotations

import sys

# A shell may tell Python to keep no compiled modules, and then each worker compiles the tests and Hypothesis again: four seconds of
# the processor. First of all, since it holds for what is imported after it.
sys.dont_write_bytecode = False

import atexit
import compileall
import gc
import os
import secrets
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import built_wheel
import isolation
import pytest
import shares
from forge import Forge
from hypothesis import HealthCheck, settings
from repository import Repository, make_seed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# The tests make garbage in rings seldom, and ten thousand of them are held while they are collected: looking for it took a sixth
# of that time.
gc.disable()

if "TMPDIR" not in os.environ and (folder := isolation.folder_in_memory()):
    # Pytest keeps the folders of failed tests; whatever else programs leave goes with this process, since it takes memory.
    os.environ["PYTEST_DEBUG_TEMPROOT"] = folder
    os.environ["TMPDIR"] = tempfile.tempdir = tempfile.mkdtemp(prefix="gt-", dir=folder)
    atexit.register(shutil.rmtree, tempfile.tempdir, ignore_errors=True)

# Before any test module is imported, since one may read the environment as it is imported. Short, because a
# socket's path may have 107 bytes at most.
_HOME = Path(tempfile.mkdtemp(prefix="gt-"))
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
isolation.move_in(_HOME)
isolation.forbid_network()

# The suite starts thousands of processes that import gitorch, and compiling it takes each of them longer than its verb.
if "PYTEST_XDIST_WORKER" not in os.environ:
    os.environ["PYTEST_TURNS"] = tempfile.mkdtemp(prefix="gt-")  # the workers inherit it
    atexit.register(shutil.rmtree, os.environ["PYTEST_TURNS"], ignore_errors=True)
    compileall.compile_dir(Path(__file__).parents[1] / "gitorch", quiet=2)

_SERVER_PREFIX = f"gitorch-test-{secrets.token_hex(4)}-"

# The same examples every time, so that a red run is red again; `--hypothesis-profile=dev` looks elsewhere each time.
settings.register_profile(
    "ci", deadline=None, derandomize=True, database=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("dev", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("slow", deadline=None, max_examples=2000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ci")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite-transcripts",
        action="store_true",
        help="write tests/transcripts and the pages that are drawn from tables as they are now; read the difference",
    )
    parser.addoption(
        "--share", action="store_true", help="with --dist each: let each worker run only its share of the files"
    )


def pytest_pycollect_makeitem(collector: pytest.Collector, obj: object) -> list[pytest.Item] | None:
    """Make no cases of a slow test while slow tests are left out: five thousand, in each worker."""
    marks = {mark.name for mark in getattr(obj, "pytestmark", ())}
    if "slow" in marks and "not slow" in collector.config.option.markexpr:
        return []
    return None


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With `--share`, leave the files of the other workers out. None: whatever else decides."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if not config.option.share or worker is None or collection_path.suffix != ".py":
        return None
    count = int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    mine = _share(int(worker.removeprefix("gw")), count)
    return None if collection_path.relative_to(shares.TESTS).as_posix() in mine else True


class Collected:
    """The number of all tests, for the percentages: xdist takes the last worker's for that of each."""

    def __init__(self, session: pytest.Session) -> None:
        self.session = session
        self.tests: set[str] = set()

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        self.tests.update(ids)

    def pytest_runtest_logstart(self) -> None:
        self.session.testscollected = len(self.tests)


class Taking:
    """In a worker: run no test of a file that no worker owns and that another one has taken."""

    def __init__(self, turns: shares.Turns) -> None:
        self.turns = turns

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        file = os.path.relpath(item.path, shares.TESTS)
        if not shares.is_last(file) or self.turns.is_mine(file):
            return None
        item.session._setupstate.teardown_exact(nextitem)  # what the file before has set up
        return True


def pytest_sessionstart(session: pytest.Session) -> None:
    if not session.config.option.share:
        return
    if "PYTEST_XDIST_WORKER" not in os.environ:
        session.config.pluginmanager.register(Collected(session))
        return
    session.config.pluginmanager.register(Taking(shares.Turns(Path(os.environ["PYTEST_TURNS"]))))


@cache
def _share(worker: int, count: int) -> frozenset[str]:
    return frozenset(shares.share_out(shares.all_files(), count)[worker])


@pytest.hookimpl(tryfirst=True)  # before pytest leaves out what is slow
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave most cases of a test with the mark `each` to `make slow`, and put the files in the order of `shares`."""
    shares.leave_most(items)
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(os.path.relpath(item.path, shares.TESTS), []).append(item)
    items[:] = [item for file in shares.in_order(files) for item in files[file]]


def pytest_collection_finish() -> None:
    """Look for garbage again, but not among all that was collected, and only after a lot of it was made."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    gc.enable()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The results that long tests report with `record_property("did", …)`, one line each."""
    reports = [report for key in ("passed", "failed") for report in terminalreporter.stats.get(key, [])]
    for line in [value for report in reports for name, value in report.user_properties if name == "did"]:
        terminalreporter.write_line(line)


@pytest.fixture(scope="session", autouse=True)
def _no_tmux_server_left() -> Iterator[None]:
    """Every server in the suite's own folder, and those in the user's folder that have this run's name."""
    own = _HOME / "tmux" / f"tmux-{os.getuid()}"
    with (
        isolation.no_tmux_server_left((own,), ""),
        isolation.no_tmux_server_left((Path(f"/tmp/tmux-{os.getuid()}"),), _SERVER_PREFIX),
    ):
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_repository_above(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep git from finding a repository above the temporary folder."""
    os.environ["GIT_CEILING_DIRECTORIES"] = str(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session", autouse=True)
def _no_syncs() -> Iterator[None]:
    """Let no test wait for the disk, as git is told by `isolation`; what survives a power cut is tested in processes."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture
def home() -> Path:
    """The suite's own home folder, shared by all tests of one process."""
    return _HOME


@pytest.fixture
def tmux_socket() -> Iterator[str]:
    """A unique name for `tmux -L`; its server, if one was started, ends after the test."""
    name = _SERVER_PREFIX + secrets.token_hex(3)
    yield name
    isolation.tmux("-L", name, "kill-server")


@pytest.fixture(scope="session")
def _seed(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return make_seed(tmp_path_factory.mktemp("seed") / "repository")


@pytest.fixture
def repo(tmp_path: Path, _seed: Repository) -> Callable[..., Repository]:
    """Makes a repository: `repo()`, `repo("other")`, `repo(files={"a.py": "…"})` for a second commit."""

    def make(name: str = "repo", files: Mapping[str, str] | None = None) -> Repository:
        made = Repository(shutil.copytree(_seed.path, tmp_path / name))
        if files:
            made.commit(files)
        return made

    return make


@pytest.fixture
def forge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Forge]:
    """The tests' own forge, served over HTTP on loopback while the test lasts; git of the test may reach it there."""
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "file:http")
    made = Forge(tmp_path / "forge")
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the built source distribution and wheel."""
    return built_wheel.build(tmp_path_factory.mktemp("build"))


@pytest.fixture(scope="session")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of an environment in which the built wheel is installed."""
    return built_wheel.install(built, tmp_path_factory.mktemp("installed") / "with a blank")
