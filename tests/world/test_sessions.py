"""Sessions in a real tmux server: how they start, end, are seen and stopped."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from world.terminal_lab import gone, run_script, wait_for

from gitorch.errors import NotFound, Refused, Unavailable
from gitorch.model.channel import ChannelObservation
from gitorch.model.ids import PromptId, RunId, SessionId
from gitorch.model.observed import AgentState
from gitorch.model.plans.runtime import Preset
from gitorch.model.values import replace
from gitorch.model.work.session import SessionKey
from gitorch.ports.world import Launch
from gitorch.world.terminal.session_files import folder_of
from gitorch.world.terminal.terminals import TmuxTerminals
from gitorch.world.terminal.tmux import Tmux

pytestmark = pytest.mark.tmux


@pytest.mark.parametrize(
    ("script", "status"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("exec no-such-program", 127)]
)
def test_an_instant_exit_keeps_its_session_and_its_status(lab, script, status):
    key = run_script(lab, f"echo last words; {script}")
    seen = wait_for(lambda: (seen := lab.look(key)).exit_status is not None and seen)
    assert (seen.present, seen.state, seen.exit_status) == (True, AgentState.EXITED, status)
    assert "last words" in wait_for(lambda: lab.look(key).screen)


def test_the_last_output_of_an_agent_that_dies_during_an_observation_is_read_by_the_next_one(lab):
    key = run_script(lab, "echo last words; exec sleep 60")
    said_at = wait_for(lambda: (seen := lab.look(key)).screen and seen.changed_at)
    wait_for(lambda: lab.clock.now() > said_at + 2000)
    fresh = TmuxTerminals(lab.home, lab.socket, lab.clock, lab.environ)
    tmux = fresh._observer._tmux
    capture = tmux.capture

    def dying(panes, *more):
        if not tmux.list().panes[0].dead:
            os.kill(panes[0].pid, signal.SIGKILL)
            wait_for(lambda: tmux.list().panes[0].dead)
        return capture(panes, *more)

    tmux.capture = dying
    fresh.observe([key])
    assert fresh.observe([key])[key].screen == "last words"


def test_a_missing_program_exits_with_127_and_says_its_name(lab):
    key = SessionKey(RunId("auth-7f3a"), SessionId("s1"))
    lab.keys.append(key)
    lab.terminals.start(Launch(key, Preset("none", ("no-such-agent",)), lab.cwd, {}, "", None))
    seen = wait_for(lambda: (seen := lab.look(key)).exit_status == 127 and seen.screen and seen)
    assert "no-such-agent" in seen.screen


def test_a_missing_worktree_ends_the_session_without_running_the_agent(lab):
    key = SessionKey(RunId("auth-7f3a"), SessionId("s1"))
    lab.keys.append(key)
    preset = Preset("touch", ("/usr/bin/touch", str(lab.folder / "ran")))
    lab.terminals.start(Launch(key, preset, lab.folder / "none", {}, "", None))
    assert wait_for(lambda: lab.look(key).exit_status) == 126
    assert not (lab.folder / "ran").exists()


def test_the_agent_gets_a_listed_environment_and_nothing_else(lab):
    user = {
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.invalid",
        "GIT_CONFIG_GLOBAL": "/home/ada/git",
    }
    lab.environ.update({"PASSED": "yes;", "LC_TIME": "C.UTF-8", "GIT_DIR": "/nowhere", **user})
    key = run_script(
        lab, "env -0 > env.out; sleep 600", env={"SET": "it's {session}"}, passes=("PASSED", "ABSENT", "TMUX")
    )
    data = wait_for(lambda: (lab.cwd / "env.out").exists() and (lab.cwd / "env.out").read_bytes())
    env = dict(entry.split("=", 1) for entry in data.decode().split("\0") if entry)
    folder = folder_of(lab.home, key).path
    for name in ("PWD", "OLDPWD", "SHLVL", "_"):
        env.pop(name, None)
    assert env == {
        "PATH": lab.environ["PATH"],
        "HOME": lab.environ["HOME"],
        "TERM": "xterm-256color",
        "LC_TIME": "C.UTF-8",
        "PASSED": "yes;",
        **user,
        "SET": f"it's {folder}",
        "GITORCH_TOKEN": "t0ken",
        "GITORCH_SESSION_KEY": f"{lab.socket}/{key.name}",
        "GITORCH_SIGNALS": str(folder / "signals.jsonl"),
    }


def test_no_token_can_be_read_by_other_users_or_from_a_command_line(lab):
    key = run_script(lab, "sleep 600")
    folder = folder_of(lab.home, key).path
    assert stat.S_IMODE((folder / "run.sh").stat().st_mode) == 0o600
    assert "t0ken" not in (folder / "launch.json").read_text()
    assert "t0ken" not in lab.tmux.output("list-panes", "-a", "-F", "#{pane_start_command}")
    assert "t0ken" not in lab.tmux.output("show-environment", "-g")


def test_the_agent_starts_in_its_worktree_with_the_fixed_size(lab):
    run_script(lab, "pwd > pwd.out; stty size > size.out; sleep 600")
    assert wait_for(lambda: lab.logged("size.out")) == ["50 200"]
    assert lab.logged("pwd.out") == [str(lab.cwd)]


def test_files_of_the_preset_are_there_before_the_agent_starts(lab):
    key = SessionKey(RunId("auth-7f3a"), SessionId("s1"))
    lab.keys.append(key)
    preset = Preset("cat", ("/bin/cp", "{session}/hooks.json", "{cwd}/copy"), files={"hooks.json": "{}"})
    lab.terminals.start(Launch(key, preset, lab.cwd, {}, "", None))
    assert wait_for(lambda: lab.logged("copy")) == ["{}"]


def test_a_first_prompt_that_is_a_command_is_refused_before_anything_starts(lab):
    key = SessionKey(RunId("auth-7f3a"), SessionId("s1"))
    with pytest.raises(Refused, match="cannot be given"):
        lab.terminals.start(Launch(key, lab.preset(), lab.cwd, {}, "!rm -rf .", None))
    assert not lab.look(key).started


def test_session_names_with_the_same_beginning_are_not_confused(lab):
    one = lab.ready(key=SessionKey(RunId("r"), SessionId("s1")))
    ten = lab.ready(key=SessionKey(RunId("r"), SessionId("s10")))
    lab.terminals.stop(one)
    assert not lab.look(one).present
    assert lab.look(ten).present


def test_the_output_is_kept_from_its_beginning_and_its_end_when_all_else_is_gone(lab):
    key = run_script(lab, "echo first words; seq 1 400000; echo last words; sleep 600")
    wait_for(lambda: "last words" in lab.terminals.screen(key))
    lab.tmux.call("kill-server")
    folder = folder_of(lab.home, key).path
    wait_for(lambda: (folder / "output.tail").exists() and (folder / "output.tail").stat().st_size)
    assert (folder / "output.log").read_bytes().startswith(b"first words")
    assert (folder / "output.log").stat().st_size + (folder / "output.tail").stat().st_size <= 2_000_000
    assert lab.terminals.screen(key).splitlines()[-1] == "last words"


def children_of(lab):
    return [int(line) for line in lab.logged("pids")]


STUBBORN = f"""
trap '' TERM HUP
("{sys.executable}" -c "import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.signal(signal.SIGHUP, signal.SIG_IGN)
os.setsid(); os.fork() and os._exit(0)
open('pids', 'a').write(str(os.getpid()) + chr(10)); time.sleep(600)") &
echo $$ >> pids
while :; do sleep 1; done
"""


def test_stopping_ends_children_that_left_the_tree_and_ignore_signals(lab):
    key = run_script(lab, STUBBORN)
    pids = wait_for(lambda: len(children_of(lab)) == 2 and children_of(lab))
    lab.terminals.stop(key)
    assert [gone(pid) for pid in pids] == [True, True]
    assert not lab.look(key).present


def test_stopping_removes_marks_that_were_being_written(lab):
    key = run_script(lab, STUBBORN)
    folder = folder_of(lab.home, key).path
    wait_for((folder / "agent").exists)
    for name in ("exit.tmp", "launch.json.4194303.1.tmp"):
        (folder / name).write_text("half")
    lab.terminals.stop(key)
    assert sorted(folder.rglob("*.tmp")) == []


def test_stopping_works_after_the_server_was_killed(lab):
    key = run_script(lab, STUBBORN)
    pids = wait_for(lambda: len(children_of(lab)) == 2 and children_of(lab))
    os.kill(int(lab.pane(key).server.split(":")[0]), signal.SIGKILL)
    seen = wait_for(lambda: not (seen := lab.look(key)).present and seen)
    assert (seen.started, seen.server_gone, seen.state) == (True, True, AgentState.UNKNOWN)
    lab.terminals.stop(key)
    assert [gone(pid) for pid in pids] == [True, True]
    assert lab.look(key).state is AgentState.EXITED


def test_a_process_id_that_was_given_to_somebody_else_is_never_killed(lab):
    key = run_script(lab, "exit 0")
    wait_for(lambda: lab.look(key).exit_status is not None)
    folder = folder_of(lab.home, key)
    with subprocess.Popen(["sleep", "600"]) as stranger:
        one = (folder.path / "agent").read_text().split("\n")
        (folder.path / "agent").write_text("\n".join([str(stranger.pid), *one[1:]]))
        folder.write_launch(replace(folder.launch(), pane_pid=stranger.pid))
        assert lab.terminals.pids() == {}
        lab.terminals.stop(key)
        assert stranger.poll() is None
        stranger.kill()


def stub(folder, name, script):
    path = folder / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path.parent)


@pytest.mark.parametrize(
    "script",
    [
        "sleep 60",
        "echo 'server exited unexpectedly' >&2; exit 1",
        "echo 'permission denied' >&2; exit 1",
        "echo odd words",
    ],
)
def test_a_tmux_that_gives_no_answer_is_unavailable_and_never_empty(tmp_path, lab, script):
    path = f"{stub(tmp_path, 'tmux', script)}:/usr/bin:/bin"
    terminals = TmuxTerminals(lab.home, lab.socket, lab.clock, {**lab.environ, "PATH": path})
    terminals._tmux._wait_seconds = 0.3
    key = SessionKey(RunId("r"), SessionId("s1"))
    with pytest.raises(Unavailable):
        terminals.observe([key])


def test_a_missing_tmux_is_unavailable(tmp_path, lab):
    terminals = TmuxTerminals(lab.home, lab.socket, lab.clock, {"PATH": str(tmp_path)})
    with pytest.raises(Unavailable, match="tmux cannot be run"):
        terminals.observe([])


@pytest.mark.parametrize(
    "words",
    [
        "no server running on /tmp/x",
        "no current target",
        "error connecting to /tmp/x (No such file or directory)",
        "error connecting to /tmp/x (Connection refused)",
    ],
)
def test_a_server_that_certainly_has_no_session_is_an_answer(tmp_path, lab, words):
    script = f'echo "{words}" >&2; exit 1'
    path = f"{stub(tmp_path, 'tmux', script)}:/usr/bin:/bin"
    assert Tmux(lab.socket, {"PATH": path}, lab.clock).list().panes == ()


def test_a_server_that_was_just_going_away_is_asked_again(tmp_path, lab):
    script = f"""if [ -e {tmp_path}/asked ]; then echo "no server running on x" >&2; exit 1; fi
touch {tmp_path}/asked; echo 'server exited unexpectedly' >&2; exit 1"""
    path = f"{stub(tmp_path, 'tmux', script)}:/usr/bin:/bin"
    tmux = Tmux(lab.socket, {"PATH": path}, lab.clock)
    assert tmux.list().panes == ()


def test_stopping_ends_the_processes_even_when_tmux_cannot_be_asked(tmp_path, lab):
    key = run_script(lab, STUBBORN)
    pids = wait_for(lambda: len(children_of(lab)) == 2 and children_of(lab))
    path = f"{stub(tmp_path, 'tmux', 'exit 1')}:/usr/bin:/bin"
    terminals = TmuxTerminals(lab.home, lab.socket, lab.clock, {**lab.environ, "PATH": path})
    with pytest.raises(Unavailable):
        terminals.stop(key)
    assert [gone(pid) for pid in pids] == [True, True]


def test_a_split_window_does_not_hide_the_agent(lab):
    key = lab.ready()
    lab.tmux.output("split-window", "-b", "-t", lab.pane(key).id, "sleep 600")
    assert lab.wait_state(key, "idle").present
    assert lab.deliver(key) == "submitted"
    assert len(lab.turns()) == 1


def test_a_screen_is_read_again_only_where_something_was_written(lab, monkeypatch):
    key = lab.ready()
    wait_for(lambda: lab.clock.now() > (lab.pane(key).active_at + 1) * 1000)
    lab.look(key)
    asked = []
    monkeypatch.setattr(lab.terminals._observer._tmux, "capture", lambda panes, *_: asked.append(panes) or {})
    lab.look(key)
    assert asked == [[]]


def test_the_state_follows_hooks_and_a_dialog_on_the_screen(lab):
    key = lab.ready("--hooks", "--turn", "0.4")
    assert lab.deliver(key) == "delivered"
    assert lab.look(key).evidence == "hook: prompt"
    assert lab.wait_state(key, "waiting").evidence == "hook: stop"
    lab.mode("dialog")
    assert lab.wait_state(key, "dialog").evidence in {"hook: permission", "tail: dialog"}


def test_a_torn_or_foreign_line_among_the_signals_is_passed_over(lab):
    key = lab.ready("--hooks")
    with folder_of(lab.home, key).signals_path.open("a") as file:
        file.write('{"at": "x"}\n[]\nnot json\n' + json.dumps({"at": lab.clock.now(), "event": "stop"}) + '\n{"at": 1')
    assert lab.wait_state(key, "waiting").evidence == "hook: stop"


class EndingHost:
    """A channel whose program tells the end of its turn to its hooks, right before the channel is asked."""

    def __init__(self, lab, key):
        self.skipped, self.ask = {}, lambda _: None  # nothing about usage, for which it is asked once a second
        self.lab, self.path = lab, folder_of(lab.home, key).signals_path
        self.tell("error")

    def tell(self, event):
        with self.path.open("a") as file:
            file.write(json.dumps({"at": self.lab.clock.now(), "event": event}) + "\n")

    def of(self, *_):
        return self

    def observe(self):
        self.tell("stop")
        return "acp", ChannelObservation(AgentState.WAITING, "acp: end_turn")


def test_the_failure_of_an_earlier_turn_does_not_count_against_the_end_of_this_one(lab):
    key = lab.ready("--hooks", channels=("acp",))
    lab.terminals._observer._channels = EndingHost(lab, key)
    seen = lab.look(key)
    assert (seen.state, seen.evidence) == (AgentState.WAITING, "acp: end_turn")


def test_what_does_not_exist_is_not_found(lab):
    with pytest.raises(NotFound):
        lab.terminals.screen(SessionKey(RunId("none"), SessionId("s1")))


class Counted:
    """Terminals of a lab whose calls of tmux are counted."""

    def __init__(self, lab):
        self.calls, tmux = lab.folder / "calls", lab.folder / "counted/tmux"
        tmux.parent.mkdir()
        tmux.write_text(f'#!/bin/sh\necho x >> "{self.calls}"\nexec {shutil.which("tmux")} "$@"\n')
        tmux.chmod(0o755)
        environ = {**lab.environ, "PATH": f"{tmux.parent}:{lab.environ['PATH']}"}
        self.terminals = TmuxTerminals(lab.home, lab.socket, lab.clock, environ)

    def cost(self, act):
        """How many calls it takes."""
        self.calls.write_text("")
        act()
        return len(self.calls.read_text().split())


def test_a_look_at_many_sessions_is_one_call_of_tmux(lab):
    counted = Counted(lab)
    keys = [run_script(lab, "sleep 600", name=f"s{number}") for number in range(12)]

    def look():
        assert all(seen.present for seen in counted.terminals.observe(keys).values())

    assert counted.cost(look) > 1, "each screen is read at first"
    wait_for(lambda: counted.cost(look) == 1)
    assert [counted.cost(look) for _ in range(3)] == [1, 1, 1]


def test_a_start_takes_three_calls_of_tmux_however_many_sessions_there_are(lab, monkeypatch):
    """What that costs of the processor is measured by tests/bench/sessions.py."""
    counted = Counted(lab)
    monkeypatch.setattr(lab, "terminals", counted.terminals)
    costs = [counted.cost(lambda name=f"s{number}": run_script(lab, "sleep 600", name=name)) for number in range(5)]
    assert costs == [4, 3, 3, 3, 3], "the first one starts the server"


def test_attaching_names_our_server_whatever_tmux_the_caller_is_in(lab):
    key = lab.ready()
    argv = lab.terminals.attach_argv(key)
    assert argv[:5] == ("env", "-u", "TMUX", "-u", "TMUX_TMPDIR")
    assert lab.socket in argv
    assert Path(argv[-1]).name == f"={key.name}"


@pytest.mark.parametrize(
    ("how", "words"), [("stdin", ("-c", "cat; echo; sleep 60")), ("file", ("-c", 'cat "$1"; echo; sleep 60', "agent"))]
)
def test_a_first_prompt_is_there_as_a_file_or_on_standard_input(lab, how, words):
    key = SessionKey(RunId("auth-7f3a"), SessionId("s1"))
    lab.keys.append(key)
    preset = Preset("reader", ("/bin/sh", *words), first_prompt=how)
    text = 'Read `it`, and "do" what $HOME says: é 図.'
    lab.terminals.start(Launch(key, preset, lab.cwd, {}, text, PromptId("p1")))
    wait_for(lambda: text in lab.terminals.screen(key))
    assert lab.terminals.receipts(key) == {"p1": "submitted"}
