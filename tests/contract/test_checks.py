"""What every `ports.world.Checks` promises."""

from world.terminal_lab import wait_for

from gitorch.model.observed import CheckPhase


def finished(court, command):
    return wait_for(lambda: (seen := court.checks.observe(court.commit, command)).phase is CheckPhase.FINISHED and seen)


def test_a_run_is_absent_until_it_is_started(court):
    assert court.checks.observe(court.commit, court.passing).phase is CheckPhase.ABSENT
    assert court.checks.log(court.commit, court.passing) == b""


def test_a_passing_run_ends_as_passed_with_its_output(court):
    court.checks.start(court.commit, court.passing, 60, court.where)
    check = finished(court, court.passing).check
    assert (check.commit, check.command, check.outcome, check.exit_status) == (court.commit, court.passing, "passed", 0)
    assert check.tail == "one\ntwo\nthree"
    assert court.checks.log(court.commit, court.passing) == b"one\ntwo\nthree\n"


def test_a_failing_run_has_an_exit_status_and_its_last_lines(court):
    court.checks.start(court.commit, court.failing, 60, court.where)
    check = finished(court, court.failing).check
    assert (check.outcome, check.exit_status, check.tail) == ("failed", 3, "broken")


def test_runs_of_different_commands_are_different_runs(court):
    court.checks.start(court.commit, court.passing, 60, court.where)
    finished(court, court.passing)
    assert court.checks.observe(court.commit, court.failing).phase is CheckPhase.ABSENT


def test_a_cleared_run_is_absent(court):
    court.checks.start(court.commit, court.passing, 60, court.where)
    finished(court, court.passing)
    court.checks.clear(court.where.parent)
    assert court.checks.observe(court.commit, court.passing).phase is CheckPhase.ABSENT


def test_a_run_in_another_folder_is_not_cleared(court):
    court.checks.start(court.commit, court.passing, 60, court.where)
    finished(court, court.passing)
    court.checks.clear(court.where.parent / "another run")
    assert court.checks.observe(court.commit, court.passing).phase is CheckPhase.FINISHED
