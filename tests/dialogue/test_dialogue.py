"""What follows an interruption."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.config.languages import language
from edgeagent.dialogue.dialogue import Dialogue
from edgeagent.dialogue.history import Line, Who
from edgeagent.dialogue.kinds import Kind
from edgeagent.dialogue.reactions import Reaction
from edgeagent.dialogue.saved import Saved

WANTED: dict[str, Reaction] = {
    Kind.CORRECTION: Reaction.REPAIR,
    Kind.CLARIFICATION: Reaction.OFFER,
    Kind.QUESTION: Reaction.OFFER,
    Kind.REQUEST: Reaction.REPLY,
    Kind.ANSWER: Reaction.REPLY,
    Kind.BACKCHANNEL: Reaction.RESUME,
    Kind.NONVERBAL: Reaction.RESUME,
    Kind.FAR: Reaction.RESUME,
}
FIRST, SECOND, THIRD = "The train leaves at nine.", "It stops in Mysore, and in Hassan.", "It arrives at noon."
ENGLISH = language(["en"])
OFFER = "Shall I go on?"


@pytest.fixture
def talk() -> Dialogue:
    """Interrupted in the second of three sentences."""
    dialogue = Dialogue(ENGLISH, WANTED)
    dialogue.begin()
    for number, text in enumerate((FIRST, SECOND, THIRD)):
        dialogue.says(number, text)
    dialogue.heard(0, FIRST, "", whole=True)
    dialogue.heard(1, "It stops in Mysore, and", "and in Hassan.", whole=False)
    return dialogue


def speak(dialogue: Dialogue, number: int, *texts: str) -> None:
    """A speech of ours, heard whole."""
    dialogue.begin()
    for offset, text in enumerate(texts):
        dialogue.says(number + offset, text)
    for offset, text in enumerate(texts):
        dialogue.heard(number + offset, text, "", whole=True)


REST = ("and in Hassan.", THIRD)


@pytest.mark.parametrize("text", ["uh-huh", "okay", "", "[cough]"])
def test_after_a_false_alarm_it_goes_on_from_the_phrase(talk: Dialogue, text: str) -> None:
    plan = talk.turn(9, text)
    assert (plan.reaction, plan.first, plan.ask) == (Reaction.RESUME, REST, False)
    assert all(line.who is Who.DEVICE for line in talk.history.lines)  # it said nothing that a replier must know


def test_a_command_to_stop_is_obeyed_and_may_be_taken_back(talk: Dialogue) -> None:
    plan = talk.turn(9, "Stop.")
    assert (plan.first, plan.ask, plan.last) == ((), False, ())
    assert talk.turn(10, "Okay, go on.").first == REST


@pytest.mark.parametrize("command", ["stop", "hold"])
def test_a_command_to_stop_may_be_acknowledged_and_is_obeyed_all_the_same(talk: Dialogue, command: str) -> None:
    talk._wanted = {**WANTED, command: Reaction.ACKNOWLEDGE}
    plan = talk.turn(9, {"stop": "Stop.", "hold": "Wait a minute."}[command])
    assert (plan.aside, plan.first, plan.ask, plan.last) == (("Okay.",), (), False, ())
    talk.heard(3, "Okay.", "", whole=True)
    assert talk.turn(10, "[cough]").reaction is Reaction.SILENT
    assert Line(Who.DEVICE, 3, "Okay.") in talk.history.lines
    assert talk.turn(11, "Go on.").first == REST


@pytest.mark.parametrize(("wanted", "last"), [(Reaction.OFFER, (OFFER,)), (Reaction.REPLY, ())])
def test_what_is_to_be_said_again_may_be_left_to_the_replier(
    talk: Dialogue, wanted: Reaction, last: tuple[str, ...]
) -> None:
    talk._wanted = {**WANTED, "repeat": wanted}
    plan = talk.turn(9, "Say that again.")
    assert (plan.first, plan.ask, plan.last, plan.resumes) == ((), True, last, False)
    assert talk.rest == (REST if last else ())


SMALL = ["", "[cough]", "mm-hm", "okay", "thanks", "thank you", "good"]


def told_to_stop(dialogue: Dialogue, how: str) -> None:
    if how == "button":
        dialogue.silence()
    else:
        assert dialogue.turn(9, how).reaction is Reaction.SILENT
    dialogue.heard(1, "It stops in Mysore, and in", "in Hassan.", whole=False)  # what is known of it comes late
    dialogue.begin()


@pytest.mark.parametrize("text", SMALL)
@pytest.mark.parametrize("how", ["stop", "Wait.", "button"])
def test_who_was_told_to_stop_goes_on_for_no_small_sound(talk: Dialogue, how: str, text: str) -> None:
    told_to_stop(talk, how)
    plan = talk.turn(10, text)
    assert (plan.first, plan.last, plan.resumes) == ((), (), False)
    assert plan.reaction is (Reaction.REPLY if text.isalpha() or " " in text or "-" in text else Reaction.SILENT)


@pytest.mark.parametrize("how", ["stop", "Wait.", "button"])
def test_who_was_told_to_stop_goes_on_when_asked_to(talk: Dialogue, how: str) -> None:
    told_to_stop(talk, how)
    assert not talk.turn(10, "[cough]").first
    assert talk.turn(11, "go on").first == ("in Hassan.", THIRD)


@pytest.mark.parametrize("how", ["stop", "button"])
def test_what_is_said_after_a_stop_interrupts_nothing(talk: Dialogue, how: str) -> None:
    told_to_stop(talk, how)
    assert talk.turn(10, "No, Mangalore.").understood.kind is not Kind.CORRECTION


def test_an_offer_that_is_stopped_is_not_taken_by_a_later_yes(talk: Dialogue) -> None:
    talk.turn(9, "How much is a ticket?")
    speak(talk, 10, "Twenty rupees.", OFFER)
    talk.silence()
    assert not talk.turn(11, "yes").resumes


@pytest.mark.parametrize("text", SMALL)
@pytest.mark.parametrize("answering", [False, True])
@pytest.mark.parametrize("how", ["stop", "Wait.", "button"])
def test_what_it_says_by_itself_brings_nothing_back_that_was_stopped(
    talk: Dialogue, how: str, answering: bool, text: str
) -> None:
    """Somebody hears that the washing machine is done, and says "okay"."""
    if answering:
        talk.turn(5, "How much is a ticket?")
        talk.begin()
        talk.says(10, FIRST)
        talk.heard(10, "The train", "leaves at nine.", whole=False)
    told_to_stop(talk, how)
    talk.begin()
    talk.says(20, "The washing machine is done.", unasked=True)
    talk.heard(20, "The washing machine is done.", "", whole=True)
    assert not talk.turn(21, text).resumes


@pytest.mark.parametrize("how", ["stop", "Wait.", "button"])
def test_what_was_stopped_is_still_there_behind_what_it_says_by_itself(talk: Dialogue, how: str) -> None:
    told_to_stop(talk, how)
    talk.begin()
    talk.says(20, "The washing machine is done.", unasked=True)
    talk.heard(20, "The washing machine is done.", "", whole=True)
    assert talk.turn(22, "go on").first == ("in Hassan.", THIRD)


def test_what_it_says_by_itself_is_said_on_after_a_false_alarm_whatever_was_stopped_before(talk: Dialogue) -> None:
    told_to_stop(talk, "stop")
    talk.begin()
    talk.says(20, "The washing machine is done.", unasked=True)
    talk.heard(20, "The washing", "machine is done.", whole=False)
    assert talk.turn(21, "uh-huh").first == ("machine is done.",)
    speak(talk, 30, "machine is done.")
    assert not talk.turn(31, "[cough]").resumes


def test_once_it_speaks_again_a_small_sound_costs_no_word(talk: Dialogue) -> None:
    told_to_stop(talk, "stop")
    speak(talk, 20, "Twenty rupees.")
    talk.begin()
    talk.says(30, FIRST)
    talk.heard(30, "The train", "leaves at nine.", whole=False)
    assert talk.turn(31, "uh-huh").first == ("leaves at nine.",)


def test_a_side_question_is_answered_and_then_we_offer_to_go_on(talk: Dialogue) -> None:
    plan = talk.turn(9, "How much is a ticket?")
    assert (plan.first, plan.ask, plan.last) == ((), True, (OFFER,))
    speak(talk, 10, "Twenty rupees.", OFFER)
    assert talk.turn(11, "Yes, please.").first == REST


@pytest.mark.parametrize(("text", "asks"), [("No, thanks.", False), ("Book me a seat.", True)])
def test_an_offer_that_is_not_taken_drops_the_rest(talk: Dialogue, text: str, asks: bool) -> None:
    talk.turn(9, "How much is a ticket?")
    speak(talk, 10, "Twenty rupees.", OFFER)
    assert talk.turn(11, text).ask is asks
    assert talk.rest == ()
    assert talk.turn(12, "go on").first == ()


@pytest.mark.parametrize("text", ["Okay, stop.", "Okay, hold on.", "Okay, that's enough.", "Stop, I'm on the phone."])
def test_who_says_stop_to_an_offer_is_not_told_more_and_may_still_ask_for_it(talk: Dialogue, text: str) -> None:
    talk.turn(9, "How much is a ticket?")
    speak(talk, 10, "Twenty rupees.", OFFER)
    plan = talk.turn(11, text)
    assert (plan.reaction, plan.first, plan.ask) == (Reaction.SILENT, (), False)
    assert talk.turn(12, "You can go on now, please.").first


@pytest.mark.parametrize("text", ["Okay, but first tell me a joke.", "No, what time is it?", "No, I said Mangalore."])
def test_who_says_more_than_yes_or_no_to_an_offer_is_answered(talk: Dialogue, text: str) -> None:
    talk.turn(9, "How much is a ticket?")
    speak(talk, 10, "Twenty rupees.", OFFER)
    assert talk.turn(11, text).ask


def test_a_new_request_drops_the_rest(talk: Dialogue) -> None:
    assert talk.turn(9, "Tell me a story instead.").ask
    assert talk.rest == ()


def test_a_correction_is_repaired_and_asked_as_one(talk: Dialogue) -> None:
    plan = talk.turn(9, "No, not Mysore, Mangalore.")
    assert (plan.reaction, plan.first, plan.ask) == (Reaction.REPAIR, ("Sorry.",), True)
    assert (plan.understood.wrong, plan.understood.right) == ("mysore", "mangalore")


def test_the_last_sentence_again(talk: Dialogue) -> None:
    assert talk.turn(9, "Can you say that again?").first == (SECOND, THIRD)


def test_interrupted_while_resuming(talk: Dialogue) -> None:
    rest = talk.turn(9, "mm-hm").first
    talk.begin()
    for number, text in enumerate(rest, 10):
        talk.says(number, text)
    talk.heard(10, "", "and in Hassan.", whole=False)
    assert talk.turn(11, "hm").first == rest


def test_a_replier_that_was_cut_off_goes_on_behind_the_rest(talk: Dialogue) -> None:
    talk.broken()
    plan = talk.turn(9, "uh-huh")
    assert (plan.first, plan.ask, plan.resumes) == (REST, True, True)
    assert not talk.turn(10, "hm").resumes


def test_a_replier_that_was_cut_off_before_its_next_sentence_goes_on_all_the_same() -> None:
    dialogue = Dialogue(ENGLISH, WANTED)
    speak(dialogue, 0, FIRST)
    dialogue.broken()
    assert dialogue.turn(9, "How much is it?").last == (OFFER,)
    speak(dialogue, 1, "Twenty.", OFFER)
    plan = dialogue.turn(10, "yes")
    assert (plan.first, plan.ask, plan.resumes) == ((), True, True)


def test_a_replier_that_was_cut_off_before_it_said_anything_changes_nothing() -> None:
    dialogue = Dialogue(ENGLISH, WANTED)
    speak(dialogue, 0, FIRST)
    dialogue.turn(1, "Tell me more.")
    dialogue.begin()
    dialogue.broken()
    assert not dialogue.turn(1, "[cough]").ask


def test_a_side_answer_that_is_interrupted_comes_before_the_rest(talk: Dialogue) -> None:
    talk.turn(9, "How much is a ticket?")
    talk.begin()
    talk.says(10, "Twenty rupees and no less.")
    talk.says(11, OFFER)
    talk.heard(10, "Twenty", "Twenty rupees and no less.", whole=False)
    assert talk.turn(12, "uh-huh").first == ("Twenty rupees and no less.", OFFER)
    speak(talk, 13, "Twenty rupees and no less.", OFFER)
    assert talk.turn(15, "yes").first == REST


@pytest.mark.parametrize("more", [True, False])
def test_a_question_in_the_answer_to_a_question_leaves_the_rest_of_both(talk: Dialogue, more: bool) -> None:
    if more:
        talk.broken()
    talk.turn(9, "How much is a ticket?")
    talk.begin()
    talk.says(10, "Twenty rupees, and no less.")
    talk.says(11, OFFER)
    talk.complete()
    talk.heard(10, "Twenty rupees,", "and no less.", whole=False)
    assert talk.turn(12, "How long does it take?").last == (OFFER,)
    speak(talk, 13, "Two hours.", OFFER)
    talk.begin()
    plan = talk.turn(15, "yes")
    assert (plan.first, plan.ask) == (("and no less.", *REST), more)


@pytest.mark.parametrize("name", ["ar", "ja"])
def test_in_a_language_without_an_offer_nothing_is_taken_for_one(name: str) -> None:
    spoken = language([name])
    assert not spoken.offer
    dialogue = Dialogue(spoken, WANTED)
    dialogue.begin()
    dialogue.says(0, FIRST)
    dialogue.heard(0, "The train", "leaves at nine.", whole=False)
    dialogue.begin()
    dialogue.says(1, SECOND)  # and nothing of it is heard
    dialogue.begin()
    no = " ".join(min(spoken.no))
    plan = dialogue.turn(2, no)
    assert plan.reaction is not Reaction.SILENT
    assert dialogue.rest or plan.first or plan.ask


def test_a_small_word_that_interrupts_nothing_goes_to_the_replier_and_a_noise_nowhere() -> None:
    dialogue = Dialogue(ENGLISH, WANTED)
    assert dialogue.turn(1, "okay").ask
    assert not dialogue.turn(2, "[cough]").ask


def test_the_history_has_what_was_heard_in_order(talk: Dialogue) -> None:
    talk.turn(9, "How much is a ticket?")
    speak(talk, 10, "Twenty rupees.")
    assert talk.history.lines == (
        Line(Who.DEVICE, 0, FIRST),
        Line(Who.DEVICE, 1, "It stops in Mysore, and", interrupted=True),
        Line(Who.PERSON, 9, "How much is a ticket?"),
        Line(Who.DEVICE, 10, "Twenty rupees."),
    )


SAID = st.sampled_from(["", "uh-huh", "stop", "go on", "no", "what?", "again", "how much is it?", "book it", "yes"])


@given(st.lists(st.tuples(SAID, st.integers(0, 3), st.booleans()), max_size=40))
def test_whatever_happens_what_was_dropped_stays_dropped(turns: list[tuple[str, int, bool]]) -> None:
    """Nothing is ever said that was not meant to be, the rest is bounded, and a plan never both asks and resumes."""
    dialogue, number = Dialogue(ENGLISH, WANTED), 0
    meant = {ENGLISH.offer, ENGLISH.repair}
    for turn, (text, count, whole) in enumerate(turns):
        plan = dialogue.turn(turn, text)
        assert set(plan.first) | set(plan.last) <= meant
        assert not (plan.ask and plan.reaction is Reaction.RESUME)
        dialogue.begin()
        texts = [*plan.first, *(f"Sentence {number + n}." for n in range(count if plan.ask else 0)), *plan.last]
        meant.update(texts)
        for sentence in texts:
            dialogue.says(number, sentence)
            dialogue.heard(number, sentence if whole else "", sentence, whole=whole)
            number += 1
        assert len(dialogue.rest) <= len(meant)


@pytest.mark.parametrize("text", ["Louder, please.", "slower", "speak normally", "quieter", "faster"])
def test_what_is_said_about_how_we_speak_is_done_and_it_goes_on(talk: Dialogue, text: str) -> None:
    done: list[str] = []
    talk.adjust = done.append
    plan = talk.turn(9, text)
    assert (plan.reaction, plan.first, plan.ask) == (Reaction.RESUME, REST, False)
    assert len(done) == 1


@pytest.mark.parametrize(
    ("text", "again"), [("louder", (THIRD,)), ("slower", (THIRD,)), ("softer", ()), ("faster", ())]
)
def test_who_has_not_understood_hears_the_last_sentence_again(
    talk: Dialogue, text: str, again: tuple[str, ...]
) -> None:
    talk.heard(1, SECOND, "", whole=True)
    talk.heard(2, THIRD, "", whole=True)
    plan = talk.turn(9, text)
    assert (plan.first, plan.ask) == (again, False)


@pytest.fixture
def offering(talk: Dialogue) -> Dialogue:
    """Interrupted again in the offer to go on."""
    talk.begin()
    assert talk.turn(9, "How much is it?").last == (OFFER,)
    talk.says(3, "Five euros.")
    talk.says(4, OFFER)
    talk.complete()
    talk.heard(3, "Five euros.", "", whole=True)
    talk.heard(4, "Shall I", OFFER, whole=False)
    talk.begin()
    return talk


@pytest.mark.parametrize("text", ["yes", "uh-huh", "go on"])
def test_who_does_not_wait_for_the_end_of_an_offer_has_answered_it(offering: Dialogue, text: str) -> None:
    plan = offering.turn(10, text)
    assert (plan.reaction, plan.first, plan.ask) == (Reaction.RESUME, REST, False)


@pytest.mark.parametrize("before", [(), ("stop",), ("[cough]",)])
@pytest.mark.parametrize("text", ["go on", "okay, go on", "continue please"])
def test_who_says_go_on_before_the_offer_is_heard_is_not_asked(
    talk: Dialogue, before: tuple[str, ...], text: str
) -> None:
    """It follows the answer at once, and may have no sound: recorded sentences seldom have it."""
    talk.turn(9, "How much is it?")
    talk.begin()
    talk.says(3, "Five euros.")
    talk.says(4, OFFER)
    talk.heard(3, "Five euros.", "", whole=True)
    for number, said in enumerate(before, 10):
        talk.begin()
        talk.turn(number, said)
    talk.begin()
    plan = talk.turn(20, text)
    assert (plan.reaction, plan.first, plan.ask) == (Reaction.RESUME, REST, False)
    assert talk.rest == ()


def test_one_that_begins_to_read_anew_has_nothing_left_from_before_it_was_off() -> None:
    """As in a language that has no phrase to ask with."""
    dialogue = Dialogue(replace(ENGLISH, offer=""), WANTED)
    assert dialogue.recall(Saved(rest=REST, more=True)) == ""
    dialogue.begin()
    dialogue.opened(-2)
    dialogue.says(0, FIRST)
    dialogue.heard(0, "The train", "leaves at nine.", whole=False)
    dialogue.turn(9, "How much is it?")
    speak(dialogue, 1, "Five euros.")
    dialogue.begin()
    assert dialogue.turn(10, "go on").first == ("leaves at nine.",)


@pytest.mark.parametrize("text", ["", "[cough]"])
def test_a_cough_in_an_offer_answers_nothing(offering: Dialogue, text: str) -> None:
    assert offering.turn(10, text).first == (OFFER,)
    offering.says(5, OFFER)
    offering.heard(5, OFFER, "", whole=True)
    offering.begin()
    assert offering.turn(11, "yes").first == REST


@pytest.mark.parametrize(("text", "far"), [("", 0.0), ("[cough]", 0.0), ("and then she said", 0.9), ("yes", 0.9)])
@pytest.mark.parametrize("offer", [OFFER, ""])
def test_a_cough_after_an_answer_or_an_offer_is_no_yes(talk: Dialogue, text: str, far: float, offer: str) -> None:
    talk.turn(9, "How much is a ticket?")
    speak(talk, 10, *filter(None, ("Twenty rupees.", offer)))
    talk.begin()
    plan = talk.turn(11, text, far)
    assert (plan.reaction, plan.first, plan.ask) == (Reaction.SILENT, (), False)
    talk.begin()
    assert talk.turn(12, "yes" if offer else "go on").first == REST


def test_a_noise_hours_after_a_restart_does_not_begin_to_read() -> None:
    dialogue = Dialogue(ENGLISH, WANTED)
    assert dialogue.recall(Saved(rest=REST)) == OFFER
    speak(dialogue, 0, OFFER)
    dialogue.begin()
    assert dialogue.turn(1, "").first == ()
    assert dialogue.rest == REST


def test_after_another_question_in_an_offer_the_rest_is_still_there(offering: Dialogue) -> None:
    plan = offering.turn(10, "How long does it take?")
    assert (plan.first, plan.ask, plan.last) == ((), True, (OFFER,))
    speak(offering, 5, "Two hours.", OFFER)
    offering.begin()
    assert offering.turn(11, "yes").first == REST


def test_who_says_stop_in_an_offer_may_still_ask_for_the_rest(offering: Dialogue) -> None:
    assert offering.turn(10, "stop").first == ()
    offering.begin()
    assert offering.turn(11, "go on").first == REST


def test_an_offer_that_was_not_understood_is_made_again_and_still_stands(talk: Dialogue) -> None:
    talk.turn(9, "How much is a ticket?")
    speak(talk, 10, "Twenty rupees.", OFFER)
    for number, text in ((12, "louder"), (13, "say that again"), (14, "softer")):
        assert talk.turn(number, text).first == (OFFER,)
        speak(talk, 20 + number, OFFER)
    assert talk.turn(15, "Yes, please.").first == REST


def test_only_who_means_it_has_interrupted(talk: Dialogue) -> None:
    meant: list[str] = []
    talk.adjust = meant.append
    for turn, text in enumerate(("uh-huh", "", "what does that mean?")):
        talk.heard(1, "It stops in Mysore, and", "and in Hassan.", whole=False)
        talk.turn(turn, text)
    assert meant == ["interrupted"]


def test_speech_that_was_not_for_us_is_let_be(talk: Dialogue) -> None:
    plan = talk.turn(9, "and then she said", far=0.9)
    assert (plan.understood.kind, plan.first, plan.ask) == (Kind.FAR, REST, False)
    assert all(line.who is Who.DEVICE for line in talk.history.lines)
    speak(talk, 10, *REST)
    for turn, (text, far) in enumerate([("and so on", 0.9), ("[door]", 0.0)]):
        talk.begin()
        assert talk.turn(11 + turn, text, far).reaction is Reaction.SILENT
    assert all(line.who is Who.DEVICE for line in talk.history.lines)  # no model is told of it, now or later


def test_a_turn_whose_second_text_is_none_keeps_the_first() -> None:
    dialogue = Dialogue(ENGLISH, WANTED)
    dialogue.turn(1, "What time is it?")
    dialogue.dropped(1)
    dialogue.turn(1, "")
    assert dialogue.history.lines == (Line(Who.PERSON, 1, "What time is it?"),)
