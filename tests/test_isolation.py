"""The suite cannot reach the user's home, git, tmux or network; and its own tools do what they say."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import isolation
import pytest
from waiting import until

PERSONAL = {
    "HOME": "/somewhere",
    "GIT_DIR": "/somewhere/.git",
    "GIT_AUTHOR_NAME": "Somebody",
    "GITORCH_TOKEN": "secret",
    "TMUX": "/somewhere/socket,1,0",
    "TMUX_PANE": "%1",
    "XDG_CONFIG_HOME": "/somewhere/.config",
    "SSH_AUTH_SOCK": "/somewhere/agent",
    "PATH": "/usr/bin:/bin",
    "CI": "true",
}


def test_nothing_personal_is_inherited() -> None:
    environment = isolation.private_environment(PERSONAL, Path("/private"))
    assert [name for name, value in environment.items() if "somewhere" in value.lower()] == []
    assert not {"GIT_DIR", "GITORCH_TOKEN", "TMUX", "TMUX_PANE", "SSH_AUTH_SOCK"} & environment.keys()


def test_path_and_everything_impersonal_is_inherited() -> None:
    environment = isolation.private_environment(PERSONAL, Path("/private"))
    assert (environment["PATH"], environment["CI"]) == ("/usr/bin:/bin", "true")


def test_every_folder_of_the_user_is_the_suites_own(home: Path) -> None:
    names = ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "TMUX_TMPDIR")
    assert {name: Path(os.environ[name]).is_relative_to(home) for name in names} == dict.fromkeys(names, True)
    assert Path.home() == home


@pytest.mark.parametrize("name", ["python", "python3"])
def test_the_python_of_programs_is_the_suites_own_and_no_script_that_finds_one(name: str, home: Path) -> None:
    found = subprocess.run(
        (name, "-c", "import sys; print(sys.version, sys.base_prefix)"), check=True, capture_output=True, text=True
    )
    assert found.stdout.strip() == f"{sys.version} {sys.base_prefix}"
    assert (home / "bin" / name).resolve() == Path(sys.executable).resolve()


def test_local_time_is_utc_in_the_suite_and_in_its_programs(tmp_path: Path) -> None:
    """Another zone before the suite moves in, as the user's shell may have it, and read once, so that libc keeps it."""
    code = (
        "import isolation, pathlib, time; before = time.localtime(0).tm_hour; isolation.move_in(pathlib.Path('home'));"
        "print(before, time.localtime(0).tm_hour, time.tzname[0])"
    )
    words = (sys.executable, "-c", code)
    environment = {**os.environ, "TZ": "JST-9", "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run(words, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["9", "0", "UTC"]


@pytest.mark.parametrize(
    ("free_gib", "flag", "given"), [(4, 0, "/dev/shm"), (2, 0, None), (4, os.ST_NOEXEC, None), (None, 0, None)]
)
def test_files_lie_in_memory_where_there_is_room_and_programs_may_run(free_gib, flag, given, monkeypatch) -> None:
    def facts(_path: str) -> SimpleNamespace:
        if free_gib is None:
            raise FileNotFoundError
        return SimpleNamespace(f_flag=flag, f_bavail=free_gib << 10, f_frsize=1 << 20)

    monkeypatch.setattr(os, "statvfs", facts)
    monkeypatch.setattr(os, "access", lambda _path, _mode: True)
    assert isolation.folder_in_memory() == given


def test_git_reads_no_configuration_but_the_suites(home: Path) -> None:
    shown = subprocess.run(
        ("git", "config", "--list", "--show-origin", "--name-only"),
        capture_output=True,
        text=True,
        check=True,
        cwd=home,
    )
    assert {line.split("\t")[0] for line in shown.stdout.splitlines()} == {f"file:{home / 'gitconfig'}"}


def test_git_finds_no_repository_above_the_temporary_folder(tmp_path: Path) -> None:
    found = subprocess.run(("git", "rev-parse", "--git-dir"), capture_output=True, check=False, cwd=tmp_path)
    assert found.returncode == 128


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")])
def test_connecting_beyond_this_machine_is_refused(family: int, host: str) -> None:
    with socket.socket(family) as door, pytest.raises(isolation.Reached, match=host):
        door.connect((host, 80))


def test_names_of_other_machines_are_not_looked_up() -> None:
    with pytest.raises(isolation.Reached, match=r"example\.invalid"):
        socket.create_connection(("example.invalid", 80))


def test_loopback_is_not_refused() -> None:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        taken = door.getsockname()
        # Nobody listens there, and a sandbox may have no loopback at all; either way it is not the guard that says no.
        with pytest.raises(OSError, match=r"refused|unreachable"):
            socket.create_connection(taken)


@pytest.mark.tmux
def test_a_server_is_seen_while_it_lives_and_not_after(tmux_socket: str, home: Path) -> None:
    folder = home / "tmux" / f"tmux-{os.getuid()}"
    isolation.tmux("-L", tmux_socket, "-f", os.devnull, "new-session", "-d", "cat")
    assert isolation.living_tmux_servers((folder,), tmux_socket) == [folder / tmux_socket]
    isolation.tmux("-L", tmux_socket, "kill-server")
    assert until(lambda: isolation.living_tmux_servers((folder,), tmux_socket) == [])


@pytest.mark.tmux
def test_a_server_that_a_test_forgot_fails_the_suite_and_is_ended(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("t", numbered=True)
    forgotten = folder / "forgotten-1"
    with pytest.raises(AssertionError, match="forgotten-1"), isolation.no_tmux_server_left((folder,), "forgotten-"):
        isolation.tmux("-S", str(forgotten), "-f", os.devnull, "new-session", "-d", "cat")
    assert isolation.living_tmux_servers((folder,)) == []


def test_a_made_repository_is_real_and_alone(repo) -> None:
    first, second = repo("first"), repo("second", files={"api/new.py": "x = 1\n"})
    assert first.git("log", "--format=%s %an") == "Begin Ada Example"
    assert second.git("show", "HEAD:api/new.py") == "x = 1"
    assert first.head() != second.head()
    assert second.git("status", "--porcelain") == ""


def test_git_complaints_reach_the_reader(repo) -> None:
    with pytest.raises(AssertionError, match="no-such-branch"):
        repo().git("checkout", "no-such-branch")


def test_waiting_gives_back_the_answer_or_says_what_was_missing() -> None:
    answers = iter([0, 0, 7])
    assert until(lambda: next(answers), every_seconds=0) == 7
    with pytest.raises(AssertionError, match=r"waited 0.01 s for the moon; the last answer was \[\]"):
        until(list, wait_seconds=0.01, what="the moon")


@pytest.mark.slow
def test_property_tests_meet_the_same_examples_every_time() -> None:
    seen = [
        subprocess.run((sys.executable, "-c", DRAW), capture_output=True, check=True, cwd=Path(__file__).parent).stdout
        for _ in range(2)
    ]
    assert seen[0] == seen[1] != b""


DRAW = """
import conftest
from hypothesis import given, strategies
@given(strategies.integers())
def show(number): print(number)
show()
"""
