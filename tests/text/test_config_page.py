"""The page of the configuration has every key that `gitorch.yaml` may have, with its default."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from config_page import TEMPLATE, keys, rows, written_anew

from gitorch.text import config_runtimes
from gitorch.text.config_file import parse_config

PAGE = Path(__file__).parents[2] / "docs/configuration.md"


def test_the_page_has_the_keys_of_the_template(request):
    template = TEMPLATE.read_text()
    if request.config.getoption("--rewrite-transcripts"):
        PAGE.write_text(written_anew(PAGE.read_text(), template))
    assert written_anew(PAGE.read_text(), template) == PAGE.read_text()


def test_every_key_that_the_template_sets_is_a_row():
    places = parse_config("gitorch.yaml", TEMPLATE.read_bytes()).places
    listed = {key.name for key in keys(TEMPLATE.read_text())}  # a mapping on one line is one row
    values = {name for name in places if not any(other.startswith(f"{name}.") for other in places)}
    missing = {name for name in values if name not in listed and name.rpartition(".")[0] not in listed}
    assert (missing, listed - set(places)) == (set(), set())


def test_a_row_has_the_name_the_default_and_the_words_of_its_section():
    template = "budgets:  # limits; 0: unlimited\n  run_seconds: 0  # wall time\ncleanup: ask  # ask|keep\n"
    assert rows(template).splitlines()[2:] == [
        "| `budgets.run_seconds` | `0` | wall time; limits; 0: unlimited |",
        "| `cleanup` | `ask` | ask\\|keep |",
    ]


def test_every_key_of_a_runtime_is_in_the_second_table():
    source = inspect.getsource(config_runtimes.read_runtime) + inspect.getsource(config_runtimes._env)
    source += inspect.getsource(config_runtimes._model) + inspect.getsource(config_runtimes._permissions)
    read = set(re.findall(r'form\.(?:word|argv|flag|choice|texts|mapping|text|rows)\("(\w+)"', source))
    written = re.findall(r"^\| `(\w+)` \|", PAGE.read_text().partition("## Keys of a runtime")[2], re.MULTILINE)
    assert sorted(written) == sorted(read)
