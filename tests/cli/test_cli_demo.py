"""What the demo tells its reader to type."""

import pytest

from gitorch.cli.verbs.demo import program_as_typed


@pytest.fixture
def program(tmp_path):
    program = tmp_path / "venv" / "bin" / "gitorch"
    program.parent.mkdir(parents=True)
    program.touch(0o755)
    return program


def test_a_program_that_the_shell_finds_is_called_by_its_name(program):
    assert program_as_typed(str(program), {"PATH": f"/nowhere:{program.parent}"}) == "gitorch"


def test_a_program_that_no_folder_of_the_path_holds_is_called_by_its_own(program):
    assert program_as_typed(str(program), {"PATH": "/nowhere"}) == str(program)


def test_of_two_programs_the_called_one_is_named(program, tmp_path):
    other = tmp_path / "gitorch"
    other.touch(0o755)
    assert program_as_typed(str(program), {"PATH": str(tmp_path)}) == str(program)


def test_a_module_that_was_run_is_called_by_the_usual_name(tmp_path):
    assert program_as_typed(str(tmp_path / "main.py"), {"PATH": ""}) == "gitorch"
