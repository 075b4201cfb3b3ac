"""What people say after they have had us stop: they take it back, say how we shall go on, or ask something first."""

from __future__ import annotations

import pytest

from edgeagent.config.languages import language
from edgeagent.dialogue.dialogue import Dialogue
from edgeagent.dialogue.kinds import Context, understand
from tests.dialogue.test_dialogue import OFFER, REST, WANTED, speak, told_to_stop
from tests.dialogue.test_dialogue import talk as talk

TAKEN_BACK = {
    "en": ("Never mind, go on.", "Oh, never mind, keep reading.", "Wait, never mind, go on.", "Forget it, go on."),
    "de": ("Egal, mach weiter.", "Vergiss es, weiter."),
    "es": ("Da igual, sigue.", "Olvídalo, sigue."),
    "fr": ("Laisse tomber, continue.", "Peu importe, continue."),
    "pt": ("Deixa pra lá, continua.", "Esquece, continua."),
}


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in TAKEN_BACK.items() for text in texts])
def test_what_is_called_off_and_then_wanted_is_wanted(code: str, text: str) -> None:
    assert understand(text, Context(said="x", interrupted=True), language([code])).command == "continue"


@pytest.mark.parametrize("text", ["Go on, stop.", "Stop. Never mind.", "Never mind."])
def test_the_last_word_counts(text: str) -> None:
    assert understand(text, Context(said="x", interrupted=True), language(["en"])).command == "stop"


def test_never_mind_go_on_goes_on(talk: Dialogue) -> None:
    assert talk.turn(9, "Never mind, go on.").first == REST


@pytest.mark.parametrize("how", ["stop", "button"])
@pytest.mark.parametrize(("text", "command"), [("You're too loud.", "softer"), ("Slower.", "slower")])
def test_who_has_stopped_us_and_says_how_we_spoke_has_not_asked_us_to_go_on(
    talk: Dialogue, how: str, text: str, command: str
) -> None:
    adjusted: list[str] = []
    talk.adjust = adjusted.append
    told_to_stop(talk, how)
    assert talk.turn(10, text).first == ()
    assert adjusted[-1:] == [command]
    assert talk.turn(11, "Go on.").first[-1:] == REST[-1:]


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("Yes, but slower, please.", "slower"),
        ("Yes, a bit louder, please.", "louder"),
        ("Okay, but quieter.", "softer"),
    ],
)
def test_who_is_asked_whether_we_shall_go_on_may_say_how(talk: Dialogue, text: str, command: str) -> None:
    adjusted: list[str] = []
    talk.adjust = adjusted.append
    talk.turn(9, "How much is a ticket?")
    speak(talk, 10, "Twenty rupees.", OFFER)
    assert talk.turn(11, text).first == REST
    assert adjusted[-1:] == [command]


@pytest.mark.parametrize("between", ["", "[cough]", "Louder."])
def test_who_has_us_wait_may_ask_in_between(talk: Dialogue, between: str) -> None:
    talk.turn(9, "Hold on a second.")
    if between:
        assert not talk.turn(9, between).first
    talk.begin()
    asked = talk.turn(10, "How much is a ticket?")
    assert (asked.ask, asked.last) == (True, (OFFER,))
    speak(talk, 10, "Twenty rupees.")
    talk.begin()
    assert talk.turn(11, "Okay, go on.").first == REST


@pytest.mark.parametrize("first", ["Well", "No", "Um and", "The first"])
def test_who_pauses_within_what_they_say_is_understood_as_if_they_had_not(talk: Dialogue, first: str) -> None:
    meant: list[str] = []
    talk.adjust = meant.append
    for text in (first, f"{first}, how much", f"{first}, how much is a ticket?"):
        talk.begin()
        plan = talk.turn(9, text)
        for number, said in enumerate(plan.first, 20):
            talk.says(number, said)
        if not text.endswith("?"):
            talk.broken()
            talk.reopened(9)
    assert (plan.last, talk.rest) == ((OFFER,), REST)
    assert meant == ["interrupted"]
    speak(talk, 30, "Twenty rupees.", OFFER)
    assert talk.turn(10, "yes").first == REST


def test_what_was_forgotten_meanwhile_does_not_come_back(talk: Dialogue) -> None:
    talk.turn(9, "How much")
    talk.forget()
    talk.reopened(9)
    assert talk.rest == ()


def test_a_power_cut_while_the_replier_reads_leaves_more_than_what_it_has_handed_out() -> None:
    dialogue = Dialogue(language(["en"]), WANTED)
    dialogue.begin()
    dialogue.opened(-2)
    dialogue.says(0, "One.")
    dialogue.says(1, "Two.")
    dialogue.heard(0, "One.", "", whole=True)
    assert (dialogue.saved.rest, dialogue.saved.more) == (("Two.",), True)
    again = Dialogue(language(["en"]), WANTED)
    assert again.recall(dialogue.saved) == OFFER
    again.begin()
    again.says(2, OFFER)
    again.heard(2, OFFER, "", whole=True)
    plan = again.turn(3, "Yes.")
    assert (plan.first, plan.ask, plan.resumes) == (("Two.",), True, True)


def test_who_adds_a_word_before_the_replier_has_gone_on_still_wants_it_to_go_on() -> None:
    dialogue = Dialogue(language(["en"]), WANTED)
    dialogue.begin()
    dialogue.turn(1, "Tell me a story.")
    speak(dialogue, 0, "Once there was a king.")
    dialogue.broken()
    dialogue.turn(2, "Stop.")
    dialogue.begin()
    assert (dialogue.turn(3, "Go on.").resumes, dialogue.rest) == (True, ())
    dialogue.broken()
    dialogue.dropped(3)
    dialogue.begin()
    plan = dialogue.turn(3, "Go on, please.")
    assert (plan.resumes, plan.ask) == (True, True)
