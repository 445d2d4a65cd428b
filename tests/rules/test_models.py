"""Which model did what: in each report and verdict, and a judge of the author's model is named."""

from __future__ import annotations

from play import Play, workflow

from gitorch.model import commands as c
from gitorch.model.events import HandoffSubmitted, VerdictGiven
from gitorch.model.values import replace
from gitorch.model.work.usage import ModelUsage, UsageReading
from gitorch.rules.views.merge_report import report_text
from gitorch.rules.views.run import run_view


def use(play: Play, job: str, model: str) -> None:
    usage = ModelUsage(model, input=10)
    play.do(c.RecordUsage(play.session(job), UsageReading("claude", (usage,))))


def judged(judge: str) -> Play:
    play = Play()
    play.begin({"api": ()})
    play.launch("api")
    use(play, "api", "opus")
    play.submit_handoff("api")
    play.check("api")
    play.launch("api.spec")
    use(play, "api.spec", judge)
    play.judge("api.spec")
    return play


def models(play: Play) -> list[str]:
    return [event.model for event in play.events if isinstance(event, HandoffSubmitted | VerdictGiven)]


def test_reports_and_verdicts_record_the_model_and_a_judge_of_the_same_model_is_named():
    play = judged("opus")
    assert models(play) == ["opus", "opus"]
    assert "the model that wrote api also judged it: api.spec (opus)" in run_view(play.run).notes
    play.review("api.quality")
    text = report_text(play.run, play.facts())
    assert "judged by the model that wrote it: api.spec (opus)" in text
    assert "s1 (scripted, opus)" in text
    assert "Used with its reviews: 20 tokens." in text


def test_another_model_is_no_remark():
    play = judged("gpt-5.5")
    assert models(play) == ["opus", "gpt-5.5"]
    assert not any("also judged it" in note for note in run_view(play.run).notes)


def look_at(play: Play) -> str:
    text = report_text(play.run, play.facts())
    return text.partition("### Look at\n\n")[2].partition("\n\n")[0]


def test_a_judge_of_the_same_program_is_named_where_a_model_is_not_known():
    same = "judged by the program that wrote it: api"
    play = judged("")
    play.review("api.quality")
    assert look_at(play) == f"- {same} (api.spec (scripted), api.quality (scripted))"
    assert f"\n- {same}.spec (scripted), api.quality (scripted)\n" in report_text(play.run, play.facts())

    play = judged("gpt-5.5")
    play.review("api.quality")
    assert look_at(play) == f"- {same} (api.quality (scripted))"


def test_where_other_programs_judge_nothing_stands_out():
    flow = workflow({"api": ()})
    lanes = {name: replace(lane, runtime="shell-script") for name, lane in flow.lanes.items() if name != "implementer"}
    play = Play()
    play.begin({}, flow=replace(flow, lanes={**flow.lanes, **lanes}))
    play.finish("api")
    assert look_at(play) == "- nothing stands out"


def test_a_lane_names_the_model_until_its_program_does():
    flow = workflow({"api": ()})
    lane = replace(flow.lanes["implementer"], model="sonnet")
    play = Play()
    play.begin({}, flow=replace(flow, lanes={**flow.lanes, "implementer": lane}))
    play.launch("api")
    assert run_view(play.run).jobs[0].model == "sonnet"
    use(play, "api", "claude-sonnet-4-5")
    assert run_view(play.run).jobs[0].model == "claude-sonnet-4-5"
