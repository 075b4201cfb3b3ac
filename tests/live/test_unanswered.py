"""A turn that gets no reply, or half of one: what is to be read at the terminal, and that the next turn is answered."""

from __future__ import annotations

from collections.abc import Iterator

from edgeagent import settings
from edgeagent.app import build_dialogue
from edgeagent.errors import ServiceError
from edgeagent.ports import Replier as AnyReplier
from edgeagent.ports import Request
from edgeagent.services.chat_replier import ChatReplier
from edgeagent.settings import Capture, Settings, Turns
from tests.live.rig import VOICE, Rig
from tests.live.test_dialogue import LONG, OFFER, Pieces, Replier, Understanding, ask, heard, interrupt, quiet
from tests.services.chat_server import Talking, serving

SETTINGS = Settings(capture=Capture(on_turn="true"), turns=Turns(reply_timeout_ms=3000))


def device(replier: AnyReplier, *texts: str) -> Rig:
    rig = Rig(None, replier, Understanding(*texts), SETTINGS, dialogue=build_dialogue(SETTINGS))
    rig.turn(30)
    return rig


def told(rig: Rig, what: str) -> list[str]:
    return [line for line in rig.terminal if what in line]


def test_an_empty_reply_is_told() -> None:
    rig = device(Replier([], ["Here."]), "Tell me a story.", "Hello, are you there?")
    ask(rig)
    quiet(rig)
    assert rig.terminal[-1] == "IDLE         nothing was answered; listening"
    ask(rig)
    quiet(rig)
    assert told(rig, "nothing was answered") == ["IDLE         nothing was answered; listening"]
    assert heard(rig) == ["Here."]
    rig.close()


def test_that_it_is_silent_because_it_was_told_to_is_no_missing_answer() -> None:
    rig = device(Replier(), "Stop!", "[cough]")
    for _ in range(2):
        rig.turn(60, VOICE)
        rig.until(lambda: rig.state not in ("idle", "hearing"), most=200)
        quiet(rig)
    assert told(rig, "is silent") == ['"stop": is silent', "nonverbal: is silent"]
    assert not told(rig, "answer")
    rig.close()


def test_a_replier_that_is_too_slow_is_told_with_the_time_that_it_had() -> None:
    replier = Replier(["never"], ["Here."])
    replier.may.clear()
    rig = device(replier, "Tell me a story.", "Hello, are you there?")
    ask(rig)
    rig.until(lambda: rig.state == "idle")
    assert rig.terminal[-1] == "IDLE         no answer in 3 s; listening"
    replier.may.set()
    ask(rig)
    quiet(rig)
    assert len(told(rig, "no answer")) == 1
    assert heard(rig) == ["Here."]
    rig.close()


def test_that_an_endless_reply_was_cut_is_told() -> None:
    """By a real server, through the real adapter: ten thousand letters, in words so long that they are soon said."""
    answers = iter(["endless", "Here."])

    def act(talking: Talking) -> None:
        talking.begin()
        if next(answers) == "endless":
            while not talking.gone(0):
                talking.say("word" * 50)
        else:
            talking.say("Here.")
            talking.done()

    with serving(act) as server:
        rig = device(
            ChatReplier(settings.Replier(kind="chat", url=server.url, model="small")),
            "Tell me a story.",
            "Hello, are you there?",
        )
        ask(rig)
        quiet(rig)
        (line,) = told(rig, "8000")
        assert line.startswith("the reply breaks off: it has more than 8000 characters")
        assert 7500 < sum(map(len, heard(rig))) <= 8000
        ask(rig)
        quiet(rig)
        assert heard(rig)[-1] == "Here."
        rig.close()


def test_an_answer_that_breaks_off_leaves_the_offer_to_go_on() -> None:
    class Breaking(Pieces):
        def __iter__(self) -> Iterator[str]:
            yield "Twenty rupees. And"
            raise ServiceError("connection reset")

    class Breaks(Replier):
        def reply(self, request: Request) -> Pieces:
            self.asked.append(request)
            return Breaking([], self.may)

    rig = device(Breaks(), "How much is it?", "Yes, please.")
    rig.speak(LONG)
    interrupt(rig)
    quiet(rig)
    assert heard(rig)[1:] == ["Twenty rupees.", OFFER]
    assert told(rig, "breaks off") == ["the reply breaks off: connection reset"]
    ask(rig)
    quiet(rig)
    assert LONG.endswith(heard(rig)[-1])
    rig.close()
