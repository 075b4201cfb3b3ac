"""A device that reads aloud, on the cranked card: whatever comes in between, it reads to the end."""

from __future__ import annotations

import pytest

from edgeagent.app import build_dialogue
from edgeagent.services.reading_replier import BEGIN, ReadingReplier
from edgeagent.settings import Capture, Settings
from tests.live.rig import Rig
from tests.live.test_dialogue import NAMES, OFFER, Replier, Understanding, ask, heard, interrupt, plans, quiet

TEXT = tuple(f"one two three, four five, {name}." for name in NAMES)
OPENING = "Welcome to a tour of the house, dear guests, one and all."


class Reading(Rig):
    """Says its opening, and reads."""

    def __init__(self, *texts: str) -> None:
        dialogue = build_dialogue(Settings(capture=Capture(on_turn="true")))
        replier = ReadingReplier(TEXT, Replier(["Twenty."], ["Thirty."]))
        super().__init__(replier=replier, listener=Understanding(*texts), dialogue=dialogue)
        self.conversation.say(OPENING)
        self.conversation.open(BEGIN)

    def interrupted_in(self, utterance: int) -> None:
        """After a few words of it."""
        self.until(lambda: any(one["utterance"] == utterance for one in self.entries("playing")))
        self.turn(60)
        interrupt(self)
        quiet(self)


def read_on(rig: Rig, place: int) -> bool:
    """Whether from its `place`th sentence on the text was heard to its end, and nothing else."""
    left = " ".join(TEXT[place:])
    return " ".join(heard(rig)).endswith(left) and heard(rig)[-1] == TEXT[-1]


@pytest.mark.parametrize("utterance", [0, 2])
def test_a_question_in_between_costs_nothing_of_the_text(utterance: int) -> None:
    """The opening, which was still to be said when it began to read, is no part of what is left."""
    rig = Reading("How much is it?", "Yes, please.")
    try:
        rig.interrupted_in(utterance)
        assert heard(rig)[-2:] == ["Twenty.", OFFER]
        ask(rig)
        quiet(rig)
        assert plans(rig) == [("question", "offer"), ("answer", "resume")]
        assert read_on(rig, utterance)
    finally:
        rig.close()


def test_who_only_listens_over_the_opening_hears_the_rest_of_it() -> None:
    rig = Reading("uh-huh")
    try:
        rig.until(lambda: rig.state == "speaking")
        rig.turn(60)
        interrupt(rig)
        quiet(rig)
        assert plans(rig) == [("backchannel", "resume")]
        assert heard(rig)[-len(TEXT) :] == list(TEXT)
        assert heard(rig)[-len(TEXT) - 1].endswith("one and all.")
    finally:
        rig.close()
