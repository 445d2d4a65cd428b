"""`gitorch help` explains topics, and makes the manual page of the table of verbs (D15)."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from test_cli_hints import parse

from gitorch.errors import GitorchError
from gitorch.verbs.table import TABLE
from gitorch.verbs.topics import TOPICS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/gitorch.1"
HELP = ROOT / "templates/help"


def commands(text):
    """The commands of gitorch that stand indented in a page, without the words about them."""
    return re.findall(r"^    (gitorch .*?)(?:  .*)?$", text, re.MULTILINE)


def test_every_topic_has_a_page_and_is_completed(stage):
    assert {path.stem for path in HELP.glob("*.md")} == set(TOPICS)
    for topic in TOPICS:
        answer = stage.gitorch("help", topic)
        assert (answer.status, answer.out) == (0, (HELP / f"{topic}.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize("topic", TOPICS)
def test_the_commands_of_a_topic_exist(topic):
    found = commands((HELP / f"{topic}.md").read_text(encoding="utf-8"))
    assert found or topic == "exit"
    for command in found:
        parse(shlex.split(command)[1:])


def test_the_topic_of_exit_statuses_has_those_of_every_error(stage):
    def kinds(of):
        return [one for each in of.__subclasses__() for one in (each, *kinds(each))]

    told = dict(re.findall(r"^    (\d+) +(\S+)", stage.gitorch("help", "exit").out, re.MULTILINE))
    assert told["0"] == "ok"
    known = {(str(one.exit_status), one.code) for one in kinds(GitorchError) if "code" in vars(one)}
    assert len(known) >= 10
    assert known | {("0", "ok"), ("70", "bug"), ("130", "interrupted")} == set(told.items())


def test_an_unknown_topic_names_those_that_there_are(stage):
    answer = stage.gitorch("help", "frobnicate")
    assert answer.status == 3
    assert ", ".join(TOPICS) in answer.err
    assert stage.gitorch("help", "status", "--man").status == 2


def test_the_manual_page_is_that_of_the_table(stage, request):
    made = stage.gitorch("help", "--man").out
    if request.config.getoption("--rewrite-transcripts"):
        PAGE.write_text(made, encoding="ascii")
    assert made == PAGE.read_text(encoding="ascii")


def test_man_finds_no_fault_in_the_page_and_shows_every_verb():
    if shutil.which("groff") is None:
        pytest.skip("groff, which man uses, is not installed")
    done = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", "-P-c", str(PAGE)], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    shown = re.sub(".\b", "", done.stdout)
    missing = [name for name, verb in TABLE.items() if not verb.members and f"gitorch {name}" not in shown]
    assert missing == []
    assert "     4    refused" in shown or "4    refused" in shown
