"""What the ledger says: the report, the log, one thing in full, the proof."""

from __future__ import annotations

import json

from cli_memory import commit
from cli_scenes import reworked
from cli_stage import RUN

from gitorch.app.query.kept import kept_in
from gitorch.cli.call import Streams
from gitorch.cli.pages.details import kept_text
from gitorch.errors import Corrupt
from gitorch.model.ids import JobId, LateHandoffId, Moment, SessionId
from gitorch.model.values import replace
from gitorch.model.work.late_handoff import LateHandoff
from gitorch.model.work.review import ReportStatus


def test_the_report_is_printed_as_it_was_issued(stage):
    stage.until_report()
    answer = stage.gitorch("report")
    assert answer.out.startswith("# ")
    values = json.loads(stage.gitorch("report", "--json").out)
    assert values["valid"] is True
    assert answer.out == f"{values['text'].rstrip()}\n\n{values['state']}\n"
    assert values["state"].startswith("This report waits for your approval.\n")
    assert values["report"]["digest"] == stage.run.report.digest


def test_report_without_a_report_is_not_found(stage):
    stage.begin_run()
    assert stage.gitorch("report").status == 3


def test_log_prints_the_last_records_or_those_after_a_number(stage):
    stage.begin_run().launch("api")

    def numbers(*words):
        return [int(line.split()[0]) for line in stage.gitorch("log", *words).out.splitlines()]

    assert numbers() == list(range(7))
    assert numbers("-n", "2") == [5, 6]
    assert numbers("--after", "3") == [4, 5, 6]
    assert numbers("--after", "3", "-n", "1") == [4]
    assert numbers(RUN, "-n", "0") == list(range(1, 7))


def test_the_log_for_programs_has_every_field(stage):
    stage.begin_run()
    first = json.loads(stage.gitorch("log", RUN, "--json").out)["records"][0]
    assert first["type"] == "run-prepared"
    assert first["event"]["target"] == "main"
    assert first["actor"]["name"] == "ada"
    assert first["at"].endswith("Z")


def test_a_long_log_is_bounded_unless_it_is_asked_for(stage):
    stage.begin_run()
    for _ in range(30):
        stage.gitorch("pause")
        stage.gitorch("resume")
    assert len(stage.gitorch("log").out.splitlines()) == 50
    assert len(stage.gitorch("log", "-n", "0").out.splitlines()) == 64


def test_show_finds_a_record_by_number_and_by_commit(stage):
    stage.begin_run()
    written = stage.ledger.written[2]
    by_number = stage.gitorch("show", "2")
    assert by_number.out == stage.gitorch("show", written.commit[:10]).out
    assert "run-confirmed" in by_number.out
    assert json.loads(stage.gitorch("show", "2", "--json").out)["record"]["commit"] == written.commit


def test_show_prints_what_an_id_names(stage):
    stage.begin_run().launch("api").submit_handoff("api", "NEEDS_CONTEXT", questions=("Which name?",))
    assert stage.gitorch("show", "api").out.startswith("api: Api\n")
    assert "answer it  gitorch answer q1" in stage.gitorch("show", "q1").out
    assert "prompt   p1 brief: delivered" in stage.gitorch("show", "s1").out
    assert stage.gitorch("show", RUN).out.startswith(f"{RUN}  running")
    assert json.loads(stage.gitorch("show", "api", "--json").out)["job"]["phase"] == "waiting_human"
    assert json.loads(stage.gitorch("show", RUN, "--json").out)["run"]["id"] == RUN
    for thing, key in (("api", "job"), ("q1", "question"), ("s1", "session")):
        values = json.loads(stage.gitorch("show", thing, "--json").out)
        assert (values["run"], thing in json.dumps(values[key])) == (RUN, True), thing


def test_show_of_an_unknown_id_is_not_found(stage):
    stage.begin_run()
    for thing in ("99", "abcdef1", "web", "q9", "0" * 40):
        assert stage.gitorch("show", thing).status == 3, thing


def test_a_job_takes_precedence_over_a_commit_of_the_same_name(stage):
    stage.begin_run({"deadbeef": ()})
    assert stage.gitorch("show", "deadbeef").out.startswith("deadbeef: ")


def test_verify_prints_the_number_of_records_and_the_warnings(stage):
    stage.begin_run()
    answer = stage.gitorch("verify")
    assert answer.status == 0
    assert "4 records verified" in answer.out
    assert "warning: the remote lags by 2" in answer.out


def test_verify_lists_every_fault_and_ends_as_corrupt(stage):
    stage.begin_run()
    stage.ledger.faults = (Corrupt("record 2 was changed", where="abc1234"), Corrupt("record 3 is missing"))
    answer = stage.gitorch("verify")
    assert answer.status == 7
    assert "abc1234: record 2 was changed\nledger: record 3 is missing\n" in answer.err
    assert "2 faults in 4 records" in answer.err
    error = json.loads(stage.gitorch("verify", "--json").out)["error"]
    assert (error["code"], len(error["faults"]), error["records"]) == ("corrupt", 2, 4)


def test_verbs_that_read_name_a_missing_ledger(stage):
    for words in (("log",), ("show", "1"), ("show", "api"), ("verify",), ("report",)):
        answer = stage.gitorch(*words)
        if words != ("log",):
            assert (answer.status, answer.err.splitlines()[-1]) == (3, "  try: gitorch init")


def test_peek_prints_a_screen_without_its_escapes(stage):
    stage.begin_run().launch("api")
    stage.terminals.screens["s1"] = "> \x1b[31mred\nsecond\n\n"
    for thing in ("api", "s1"):
        assert stage.gitorch("peek", thing).out == "> �[31mred\nsecond\n"
    values = json.loads(stage.gitorch("peek", "api", "--json").out)
    assert (values["session"], values["screen"]) == ("s1", "> \x1b[31mred\nsecond\n\n")


def test_peek_at_a_terminal_that_shows_nothing_says_so(stage):
    stage.begin_run().launch("api")
    stage.terminals.screens["s1"] = "\n  \n"
    assert stage.gitorch("peek", "s1").out == "The terminal of s1 shows nothing.\n"


def test_peek_of_a_job_without_an_agent_says_so(stage):
    stage.begin_run()
    answer = stage.gitorch("peek", "ui")
    assert (answer.status, "no agent has worked on ui yet" in answer.err) == (3, True)
    assert stage.gitorch("peek", "web").status == 3


def test_attach_needs_a_terminal_and_prints_its_command_as_json(stage):
    stage.begin_run().launch("api")
    assert stage.gitorch("attach", "api").status == 2
    argv = json.loads(stage.gitorch("attach", "api", "--json").out)["argv"]
    assert argv[-1] == f"{RUN}_s1"


def test_attach_to_a_program_that_is_missing_is_unavailable(stage):
    stage.begin_run().launch("api")
    stage.streams = Streams(asks=True, draws=True, columns=80)
    stage.terminals.attach_argv = lambda _: ("no-such-program-here",)
    assert stage.gitorch("attach", "api").status == 8


def test_show_takes_every_id_that_a_verb_prints(stage):
    reworked(stage)
    decided = json.loads(stage.gitorch("decide", "api", "rejected", "--note", "Not\nlike this", "--json").out)[
        "decision"
    ]
    for name, what, fields in (
        ("d1", "decision", {"job": "api", "outcome": "rejected", "text": "Not\nlike this"}),
        ("p1", "prompt", {"kind": "brief"}),
        ("notes", "artifact", {"path": "docs/notes.txt", "version": 2}),
    ):
        shown = json.loads(stage.gitorch("show", name, "--json").out)[what]
        assert fields.items() <= shown.items()
        text = stage.gitorch("show", name).out
        assert text.splitlines()[0] == f"{name} {what}"
        assert all(str(value) in text for value in fields.values())

    assert json.loads(stage.gitorch("show", "d1", "--json").out)["decision"] == decided
    assert stage.gitorch("show", "d2").status == 3


def test_show_takes_the_id_of_a_late_handoff(stage):
    stage.begin_run({"api": ()})
    late = LateHandoff(
        LateHandoffId("h1"), JobId("api"), SessionId("s1"), 1, ReportStatus.DONE, commit("api-1"), Moment(1), "As asked"
    )
    run = replace(stage.run, late_handoffs={late.id: late})
    assert kept_in(run, "h1") == ("late_handoff", late)
    assert kept_text("h1", "late_handoff", late).splitlines()[0] == "h1 late handoff"
    assert kept_text("h1", "late_handoff", late).endswith("\n\nAs asked")
    assert kept_in(run, "h2") is None


def test_the_job_is_shown_where_a_document_has_its_name(stage):
    reworked(stage)
    assert "job" in json.loads(stage.gitorch("show", "api", "--json").out)
    run = replace(stage.run, artifacts=(replace(stage.run.artifacts[0], name="ui"),))
    assert kept_in(run, "ui") is not None
    assert "job" in json.loads(stage.gitorch("show", "ui", "--json").out)
