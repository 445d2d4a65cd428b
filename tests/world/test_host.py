"""Who is calling, and the secret that tokens come from."""

import os
import stat
import threading
from pathlib import Path

import pytest

from gitorch.model.ids import RunId, SessionId
from gitorch.model.work.session import SessionKey
from gitorch.world.host import Evidence, HostSecrets, KnownSessions, caller, secret, user_name

API, WEB = SessionKey(RunId("auth-7f3a"), SessionId("s1")), SessionKey(RunId("auth-7f3a"), SessionId("s2"))
KNOWN = KnownSessions({"t1": API, "t2": WEB}, {10: API, 20: WEB}, {Path("/w/api"): API, Path("/w/api/inner"): WEB})
NOBODY = Evidence("", "", (5, 4), Path("/home/user"))


@pytest.mark.parametrize(
    ("evidence", "session"),
    [
        (NOBODY, None),
        (Evidence("t2", "", (5,), Path("/home")), WEB),
        (Evidence("forged", "", (5,), Path("/home")), None),
        (Evidence("", "gitorch-x/auth-7f3a_s1", (5,), Path("/home")), API),
        (Evidence("", "gitorch-x/other_s1", (5,), Path("/home")), None),
        (Evidence("", "", (5, 20, 10), Path("/home")), WEB),
        (Evidence("", "", (5,), Path("/w/api/src")), API),
        (Evidence("", "", (5,), Path("/w/api/inner")), WEB),
        (Evidence("", "", (5,), Path("/w/apis")), None),
    ],
)
def test_each_piece_of_evidence_shows_the_session(evidence, session):
    assert KNOWN.calling(evidence) == session


def test_the_secret_is_made_once_whoever_comes_first_and_is_private(tmp_path):
    found = []
    makers = [threading.Thread(target=lambda: found.append(secret(tmp_path / "gitorch"))) for _ in range(8)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert len(set(found)) == 1
    assert len(found[0]) == 32
    assert [path.name for path in (tmp_path / "gitorch").iterdir()] == ["secret"]
    assert stat.S_IMODE((tmp_path / "gitorch/secret").stat().st_mode) == 0o600


def test_a_token_is_the_same_again_and_different_for_every_session_and_host(tmp_path):
    secrets = HostSecrets(tmp_path / "a")
    assert secrets.token(API) == HostSecrets(tmp_path / "a").token(API)
    assert len({secrets.token(API), secrets.token(WEB), HostSecrets(tmp_path / "b").token(API)}) == 3
    assert secrets.nonce() != secrets.nonce()


@pytest.mark.tmux
def test_a_real_agent_is_known_by_its_token_its_mark_its_children_and_its_folder(lab):
    key = lab.ready()
    pids = lab.terminals.pids()
    token = HostSecrets(lab.home).token(key)
    outside = lab.folder
    assert caller({}, lab.home, pids, outside) is None
    assert caller({"GITORCH_TOKEN": token}, lab.home, {}, outside) == key
    assert caller({"GITORCH_SESSION_KEY": f"{lab.socket}/{key.name}"}, lab.home, {}, outside) == key
    assert caller({}, lab.home, {os.getppid(): key}, outside) == key
    assert caller({}, lab.home, pids, lab.cwd) == key


def test_the_user_has_a_name():
    assert user_name()
