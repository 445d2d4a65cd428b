"""What a channel tells counts above hooks, title and screen, and what of those still corrects it."""

import pytest
from play import HUMAN, Play

from gitorch.model import commands as c
from gitorch.model.channel import ChannelObservation
from gitorch.model.dialog import DialogChoice, PermissionRequest, ShownDialog
from gitorch.model.ids import Moment
from gitorch.model.observed import AgentState as S
from gitorch.model.observed import Observed, SessionObservation
from gitorch.model.plans.permission import Option, PermissionAnswer
from gitorch.model.values import replace
from gitorch.rules.agent_state.by_channel import NO_WORD_YET, readings_below, with_channel
from gitorch.rules.agent_state.judge import StateReading, judge
from gitorch.rules.agent_state.requests import dialog_of, is_of_screen, option_chosen
from gitorch.rules.reconciling.dialogs import dialog_trouble, owed_answer
from gitorch.rules.reconciling.withdrawals import settled_by

NOW = 1_000_000
REQUEST = PermissionRequest("r1", "make all", "Bash", "make all", "/srv/a")


@pytest.mark.parametrize(
    ("told", "hook", "screen", "state"),
    [
        (S.IDLE, S.WORKING, S.UNKNOWN, S.IDLE),
        (S.IDLE, S.DIALOG, S.IDLE, S.IDLE),
        (S.WORKING, S.DIALOG, S.WORKING, S.WORKING),
        (S.WORKING, S.WAITING, S.IDLE, S.WORKING),
        (S.DIALOG, S.WORKING, S.IDLE, S.DIALOG),
        (S.IDLE, S.ERROR, S.IDLE, S.ERROR),
        (S.WORKING, S.ERROR, S.IDLE, S.WORKING),
        (S.IDLE, S.UNKNOWN, S.DIALOG, S.DIALOG),
        (S.IDLE, S.UNKNOWN, S.LIMITED, S.LIMITED),
        (S.IDLE, S.UNKNOWN, S.ERROR, S.IDLE),
        (S.WORKING, S.UNKNOWN, S.LIMITED, S.WORKING),
        (S.UNKNOWN, S.WAITING, S.IDLE, S.WAITING),
        (None, S.WORKING, S.UNKNOWN, S.WORKING),
    ],
)
def test_the_word_of_a_channel_beside_hooks_and_screen(told, hook, screen, state):
    long_ago = NOW - 60_000
    channel = ChannelObservation(told, "fake: told") if told is not None else None
    signals = [StateReading(hook, "hook", long_ago)] if hook is not S.UNKNOWN else []
    shown = [StateReading(screen, "screen", long_ago)]
    assert judge(readings_below(channel, signals, shown, NOW), ready_seen=True, now=NOW)[0] is state


def seen(state):
    return SessionObservation(present=True, started=True, state=state, asked="what the screen shows")


def test_a_request_that_a_channel_tells_replaces_what_the_screen_shows():
    found = with_channel(seen(S.DIALOG), ChannelObservation(S.DIALOG, "fake: told", REQUEST), NOW)
    assert (found.asked, found.dialog, found.request) == ("make all", "permission", REQUEST)
    assert [choice.word for choice in found.offered.choices] == ["allow", "reject"]


def test_no_request_is_shown_beside_another_state():
    found = with_channel(seen(S.WORKING), ChannelObservation(S.DIALOG, "fake: told", REQUEST), NOW)
    assert (found.request, found.offered) == (None, None)


def test_the_end_of_a_limit_comes_from_the_channel_where_it_knows_it():
    assert with_channel(seen(S.LIMITED), ChannelObservation(S.LIMITED, "", None, 7), NOW).resets_at == 7
    assert with_channel(seen(S.LIMITED), None, NOW).resets_at is None


@pytest.mark.parametrize(("word", "option"), [("allow", Option.ONCE), ("reject", Option.REJECT)])
def test_a_human_chooses_by_the_label_of_exactly_this_request(word, option):
    label = dialog_of(REQUEST).label(word)
    assert option_chosen(REQUEST, PermissionAnswer(label, Option.CHOSEN, "q1")) is option
    other = PermissionRequest("r2", "make all", "Bash", "make all", "/srv/a")
    assert option_chosen(other, PermissionAnswer(label, Option.CHOSEN, "q1")) is None


@pytest.mark.parametrize(
    ("asked", "option", "expected"),
    [
        ("make all", Option.ONCE, Option.ONCE),
        ("make all", Option.REJECT, Option.REJECT),
        ("make", Option.ONCE, None),
        ("make all", Option.TRUST, None),
    ],
)
def test_a_rule_answers_only_the_whole_text_of_a_request_and_trusts_nothing(asked, option, expected):
    assert option_chosen(REQUEST, PermissionAnswer(asked, option, "make .*")) is expected


def test_a_request_is_a_question_with_tool_command_and_folder_and_the_answer_carries_the_reason():
    play, session, shown = asking(replace(REQUEST, command="make\n  all"))
    question = dialog_trouble(play.run, session, shown, play.at)
    assert question.happened.endswith("asks whether it may run a command in /srv/a (Bash): make all")
    assert question.evidence == "make all"
    assert question.options == ("allow", "reject", "retry", "stop_epic", "stop_run")

    play.do(question)
    (asked,) = play.run.open_questions()
    play.do(c.AnswerQuestion(asked.id, "reject", "use ninja"), HUMAN)
    owed = owed_answer(play.run, session, shown)
    assert (option_chosen(shown.request, owed), owed.rule, owed.reason) == (Option.REJECT, asked.id, "use ninja")

    done = replace(shown, answered=(replace(owed, asked="make all"),))
    assert owed_answer(play.run, session, done) is None
    other = ChannelObservation(S.DIALOG, "state file", replace(REQUEST, id="r2"))
    again = with_channel(replace(shown, offered=None), other, NOW)
    assert owed_answer(play.run, session, again) is None


@pytest.mark.parametrize(("option", "waits"), [("allow", True), ("reject", True), ("retry", False)])
def test_the_screen_asks_nothing_again_while_an_answer_waits_for_a_silent_channel(option, waits):
    play, session, shown = asking(REQUEST)
    play.do(dialog_trouble(play.run, session, shown, play.at))
    (asked,) = play.run.open_questions()
    play.do(c.AnswerQuestion(asked.id, option, ""), HUMAN)
    answered_at = play.run.questions[asked.id].answer.at

    def is_asked(seconds: int, **told) -> bool:
        return dialog_trouble(play.run, session, replace(BY_SCREEN, **told), answered_at + seconds * 1_000) is not None

    assert is_asked(29) is not waits
    assert is_asked(30)
    assert is_asked(1, answered=(PermissionAnswer("make all", Option.ONCE, asked.id),)), "it reached the program"


def asking(request):
    """A run, its only session, and what shows while that asks for permission by a channel."""
    play = Play()
    play.begin({"api": ()})
    play.launch("api")
    session = next(iter(play.run.sessions.values()))
    shown = SessionObservation(present=True, started=True, state=S.DIALOG, changed_at=play.at, evidence="state file")
    return play, session, with_channel(shown, ChannelObservation(S.DIALOG, "state file", request), NOW)


ON_SCREEN = ShownDialog((DialogChoice("1", "Yes", is_selected=True), DialogChoice("2", "No")), "aa")
BY_SCREEN = SessionObservation(present=True, started=True, state=S.DIALOG, offered=ON_SCREEN, channel="terminal")
BY_CHANNEL = replace(
    with_channel(BY_SCREEN, ChannelObservation(S.DIALOG, "state file", REQUEST), NOW), channel="claude"
)


@pytest.mark.parametrize("first", [BY_SCREEN, BY_CHANNEL], ids=["screen", "channel"])
@pytest.mark.parametrize("then", [BY_SCREEN, BY_CHANNEL], ids=["screen", "channel"])
def test_one_dialog_is_one_question_whether_its_screen_or_its_channel_shows_it_first(first, then):
    play = Play()
    play.begin({"api": ()})
    play.launch("api")
    session = next(iter(play.run.sessions.values()))
    play.do(dialog_trouble(play.run, session, first, NOW))
    (asked,) = play.run.open_questions()
    assert settled_by(play.run, Observed(Moment(NOW), {session.id: then}, None), asked) == ""
    play.do(c.AnswerQuestion(asked.id, asked.options[0], ""), HUMAN)
    owed = owed_answer(play.run, session, first)
    assert (owed.rule, is_of_screen(owed)) == (asked.id, first is BY_SCREEN)
    assert owed_answer(play.run, session, BY_CHANNEL) == owed, "the answer is given where the question came from"


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (BY_SCREEN, replace(BY_SCREEN, offered=replace(ON_SCREEN, mark="bb"))),
        (BY_SCREEN, replace(BY_CHANNEL, on_screen=replace(ON_SCREEN, mark="bb"))),
        (BY_CHANNEL, replace(BY_CHANNEL, offered=dialog_of(replace(REQUEST, id="r2")), on_screen=None)),
        (BY_CHANNEL, replace(BY_SCREEN, channel="claude")),
    ],
)
def test_a_question_ends_where_its_own_source_shows_another_dialog(first, then):
    play = Play()
    play.begin({"api": ()})
    play.launch("api")
    session = next(iter(play.run.sessions.values()))
    play.do(dialog_trouble(play.run, session, first, NOW))
    (asked,) = play.run.open_questions()
    assert (
        settled_by(play.run, Observed(Moment(NOW), {session.id: then}, None), asked)
        == "session s1 shows another dialog"
    )


def test_a_long_command_is_cut_in_the_sentence_and_whole_in_the_evidence():
    play = Play()
    play.begin({"api": ()})
    play.launch("api")
    session = next(iter(play.run.sessions.values()))
    long = replace(REQUEST, text="echo " + "x" * 5_000, command="echo " + "x" * 5_000)
    shown = SessionObservation(present=True, started=True, state=S.DIALOG, changed_at=play.at)
    question = dialog_trouble(
        play.run, session, with_channel(shown, ChannelObservation(S.DIALOG, "", long), NOW), play.at
    )
    assert len(question.happened) < 500
    assert question.happened.endswith("…")
    assert question.evidence == long.text


def test_a_request_whose_text_is_about_to_be_reported_is_neither_asked_about_nor_answered_by_its_screen():
    play = Play()
    play.begin({"api": ()})
    play.launch("api")
    session = next(iter(play.run.sessions.values()))
    offered = dialog_of(PermissionRequest("screen", "make"))
    screen = SessionObservation(
        present=True, started=True, state=S.DIALOG, changed_at=play.at, asked="make", offered=offered
    )
    follows = ChannelObservation(S.DIALOG, "state file", request_follows=True)
    coming = with_channel(screen, follows, play.at + 3_999)
    assert (coming.asked, coming.offered, coming.word) == ("", None, "dialog: permission")
    assert dialog_trouble(play.run, session, coming, play.at + 3_999) is None
    late = with_channel(screen, follows, play.at + 4_000)
    assert dialog_trouble(play.run, session, late, play.at + 4_000).options[:2] == ("allow", "reject")
    assert with_channel(screen, ChannelObservation(S.DIALOG, "state file"), NOW).offered == offered


@pytest.mark.parametrize(("after_ms", "offers"), [(0, False), (3_999, False), (4_000, True)])
def test_a_dialog_that_the_screen_shows_before_the_channel_knows_of_it_is_given_a_moment(after_ms, offers):
    offered = dialog_of(PermissionRequest("screen", "make"))
    screen = replace(seen(S.DIALOG), changed_at=NOW, offered=offered)
    found = with_channel(screen, ChannelObservation(S.WORKING, "state file: busy"), NOW + after_ms)
    assert (found.offered is not None) is offers
    own = with_channel(screen, ChannelObservation(S.DIALOG, "state file: waiting, dialog open"), NOW + after_ms)
    assert own.offered == offered, "a dialog that a human opened has no request to wait for"


@pytest.mark.parametrize(("dialog", "after_ms", "offers"), [("", 3_999, False), ("", 4_000, True), ("trust", 0, True)])
def test_a_channel_that_says_nothing_for_a_moment_is_waited_for_except_in_a_dialog_of_a_first_run(
    dialog, after_ms, offers
):
    offered = dialog_of(PermissionRequest("screen", "make"))
    screen = replace(seen(S.DIALOG), changed_at=NOW, offered=offered, dialog=dialog)
    assert (with_channel(screen, NO_WORD_YET, NOW + after_ms).offered is not None) is offers
    assert with_channel(screen, None, NOW).offered == offered, "a channel that was given up is not waited for"


@pytest.mark.parametrize(
    ("told", "waits_ms"),
    [
        ({"evidence": "tail: dialog"}, 4_000),
        ({"evidence": "hook: permission"}, 4_000),
        ({"evidence": "tail: dialog", "skipped": {"fake": "it does not answer"}}, 15_000),
        ({"evidence": "tail: dialog", "offered": ON_SCREEN}, 0),
    ],
)
def test_a_dialog_is_asked_about_once_its_choices_had_the_time_to_show(told, waits_ms):
    play, session, _ = asking(REQUEST)
    since = play.at
    shown = SessionObservation(present=True, started=True, state=S.DIALOG, changed_at=since, **told)
    assert waits_ms == 0 or dialog_trouble(play.run, session, shown, since + waits_ms - 1) is None
    assert dialog_trouble(play.run, session, shown, since + waits_ms) is not None

    moving = replace(shown, changed_at=since + waits_ms, asking_since=since)
    assert dialog_trouble(play.run, session, moving, since + waits_ms) is not None, "a screen that goes on moving"


@pytest.mark.parametrize("then", [BY_SCREEN, BY_CHANNEL], ids=["screen", "channel"])
def test_a_dialog_that_was_asked_about_without_its_choices_is_asked_about_again_with_them(then):
    play, session, _ = asking(REQUEST)
    play.do(dialog_trouble(play.run, session, replace(BY_SCREEN, offered=None), NOW))
    (asked,) = play.run.open_questions()
    assert asked.options == ("cleared", "retry", "stop_epic", "stop_run")
    reason = settled_by(play.run, Observed(Moment(NOW), {session.id: then}, None), asked)
    assert reason == "the choices of its dialog are known by now; session s1 is asked about again"
    play.do(c.WithdrawQuestion(asked.id, reason))
    play.do(dialog_trouble(play.run, session, then, NOW))
    (again,) = play.run.open_questions()
    assert again.options[:2] == tuple(choice.word for choice in then.offered.choices)
