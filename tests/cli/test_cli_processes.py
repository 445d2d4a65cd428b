"""Calls as processes: what is loaded, pipes that break, terminals that ask and are given back."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import cli_processes as processes
import pytest
from cli_processes import STAGE, Typist, gitorch, on_stage

PLAN = str(processes.TOP / "examples" / "plan.md")
LATER = ("people.signing", "query.syncing", "reconciler", "start.preflight")
HEAVY = {"dulwich", "libtmux", "ruamel", "ruamel.yaml", "markdown_it", "rich", "filelock", "subprocess"}


UNUSED_BY_READERS = {
    "locale",
    "dataclasses",
    "copy",
    "shutil",
    "ctypes",
    "dulwich",
    "subprocess",
    "tempfile",
    "hashlib",
    "socket",
    "msgspec",
    "msgspec.json",
    *("json", "signal", "gitorch.ports.ledger"),
    *("click", "inspect", "gettext", "gitorch.cli.group"),
}

UNUSED_BY_AGENTS = {
    *("dulwich", "secrets", "random", "tempfile", "shutil", "textwrap", "typing_extensions", "msgspec"),
    *("gitorch.rules.views.brief", "gitorch.rules.views.weakened_tests", "gitorch.rules.views.change_remarks"),
}
UNUSED_BY_LOOKS = {
    *("secrets", "random", "hashlib", "socket", "gitorch.world.git.runner", "gitorch.world.terminal.launch"),
    *("gitorch.ports.world", "gitorch.ports.ledger", "subprocess", "signal", "json", "unicodedata"),
    *("gitorch.world.terminal.template", "gitorch.world.terminal.session_start"),
}

MODULES_OF_INBOX_MAX = 135
"""Of gitorch itself; each costs some 0.003 × the import of click before it does anything."""


def loaded(*words, entry=("-m", "gitorch.cli.main"), cwd=None):
    done = processes.call("-X", "importtime", *entry, *words, cwd=cwd)
    return {line.rpartition(b"|")[2].strip().decode() for line in done.stderr.splitlines() if b"|" in line}


@pytest.mark.parametrize("words", [("--help",), ("up", "--help"), ("stat",), ("status", "--wat", "--json")])
def test_help_and_errors_load_nothing_heavy(words):
    modules = loaded(*words)
    assert "click" in modules
    assert modules & HEAVY == set()
    assert not any(module.startswith(("gitorch.app", "gitorch.rules")) for module in modules)


def test_no_module_of_the_command_line_but_the_live_page_loads_anything_heavy():
    code = (
        "import sys; from gitorch.cli.group import command_of as c; from gitorch.verbs.table import TABLE as t\n"
        "[c(e) for e in t.values() if e.name != 'demo']\n"
        "import gitorch.cli.pages.views, gitorch.cli.pages.details, gitorch.cli.pages.drawing, gitorch.cli.pages.frame, gitorch.cli.pages.sheets\n"
        "print(*sys.modules)"
    )
    modules = set(processes.call("-c", code).stdout.decode().split())
    assert "gitorch.cli.verbs.up" in modules
    assert modules & HEAVY == set()


def test_verbs_of_agents_do_not_load_the_merge():
    modules = set(
        processes.call("-c", "import sys, gitorch.app.work.submissions; print(*sys.modules)").stdout.decode().split()
    )
    assert "gitorch.app.work.context" in modules
    assert not modules & {f"gitorch.app.{name}" for name in LATER}
    assert modules & UNUSED_BY_AGENTS == set()


def test_a_look_at_sessions_does_not_load_how_they_are_started():
    modules = set(
        processes.call("-c", "import sys, gitorch.world.terminal.terminals; print(*sys.modules)")
        .stdout.decode()
        .split()
    )
    assert "gitorch.world.terminal.observer" in modules
    assert modules & UNUSED_BY_LOOKS == set()


def test_who_calls_is_found_without_openssl():
    modules = set(
        processes.call("-c", "import sys, gitorch.wiring.callers; print(*sys.modules)").stdout.decode().split()
    )
    assert "gitorch.world.host" in modules
    assert modules & {"secrets", "random", "hashlib", "hmac"} == set()


def test_verbs_that_read_do_not_load_decisions():
    code = (
        "import sys, gitorch.app.query.runs, gitorch.app.people.mailbox, gitorch.cli.pages.views; print(*sys.modules)"
    )
    modules = set(processes.call("-c", code).stdout.decode().split())
    assert "gitorch.rules.views.run" in modules
    assert not modules & {
        "gitorch.model.commands",
        "gitorch.model.events",
        "gitorch.rules.decide",
        "gitorch.app.executing.execute",
    }


def test_a_verb_that_reads_a_real_ledger_imports_nothing_that_it_does_not_use(repo):
    repository = repo()
    assert processes.gitorch("init", "--tests", "true", cwd=repository.path).returncode == 0
    assert (
        processes.gitorch("inbox", cwd=repository.path).returncode == 0
    )  # keeps what the first reader has to work out
    modules = loaded("inbox", cwd=repository.path)
    assert "gitorch.ledger.branch" in modules
    assert modules & UNUSED_BY_READERS == set()
    assert len({module for module in modules if module.startswith("gitorch")}) <= MODULES_OF_INBOX_MAX


def test_status_for_a_pipe_does_not_load_the_live_page():
    assert loaded("working", "status", entry=(str(STAGE),)) & {"rich", "gitorch.cli.pages.live"} == set()


def test_a_pipe_whose_reader_leaves_ends_with_141():
    process = subprocess.Popen(
        (sys.executable, str(STAGE), "many", "log", "--json", "-n", "0"),
        env=processes.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    assert process.wait(processes.LIMIT_SECONDS) == 141
    assert process.stderr.read() == b""
    process.stderr.close()


@pytest.mark.parametrize("verb", ["start", "approve"])
def test_nobody_is_asked_where_there_is_no_terminal(verb):
    words = ("report", "approve") if verb == "approve" else ("plan", "start", PLAN)
    done = on_stage(*words, typed=b"yes\n")
    assert done.returncode == 2
    assert b"add --yes" in done.stderr


def test_a_terminal_that_only_reads_is_not_asked(tmp_path):
    done = on_stage("plan", "start", PLAN, "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "usage"


def test_start_at_a_real_terminal_asks_and_begins():
    typist = Typist(str(STAGE), "plan", "start", PLAN)
    typist.until("Autonomy [end_only]:")
    typist.type("per_epic\n")
    typist.until("[y/N]:")
    typist.type("y\n")
    typist.until("Next: gitorch up")
    assert typist.status() == 0


def test_an_interrupt_at_a_question_is_130():
    typist = Typist(str(STAGE), "plan", "start", PLAN)
    typist.until("Autonomy [end_only]:")
    typist.interrupt("gitorch: interrupted")
    assert typist.status() == 130


def test_up_at_a_terminal_shows_the_live_page_until_it_is_stopped():
    typist = Typist(str(STAGE), "report", "up")
    typist.until("Ctrl-C leaves")
    assert "\x1b[?1049h" in typist.seen
    typist.process.send_signal(signal.SIGINT)
    typist.until("Continue: gitorch up")
    assert "\x1b[?1049l" in typist.seen
    assert typist.status() == 130


@pytest.mark.parametrize(("env", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_colours_are_for_terminals_that_want_them(env, coloured):
    typist = Typist(str(STAGE), "working", "status", env=env)
    typist.until("gitorch up")
    assert typist.status() == 0
    assert ("\x1b[36m" in typist.seen) is coloured


def test_a_pipe_gets_no_colours_and_no_cuts():
    done = on_stage("many", "status")
    assert b"\x1b" not in done.stdout
    assert "長い題名 epic-39 mit Umlauten äöü 🚀".encode() in done.stdout


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_characters_that_the_encoding_lacks_are_escaped(encoding):
    done = on_stage("working", "status", env={"PYTHONIOENCODING": encoding})
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\\u2192 main" in done.stdout
    done = on_stage("many", "inbox", "--json", env={"PYTHONIOENCODING": encoding})
    assert json.loads(done.stdout)["inbox"][0]["text"] == "どの名前ですか?"


def test_the_version_is_printed():
    from gitorch import __version__

    done = gitorch("--version")
    assert (done.returncode, done.stdout.decode()) == (0, f"gitorch {__version__}\n")
