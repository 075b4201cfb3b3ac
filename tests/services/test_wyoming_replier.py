"""A server of Home Assistant's protocol that handles what people say, of its own library."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

import pytest

from edgeagent.dialogue.history import Line, Who
from edgeagent.dialogue.kinds import Kind, Understood
from edgeagent.errors import ServiceError
from edgeagent.ports import Request
from tests.services.nowhere import nowhere
from tests.services.repliers import REQUEST, wyoming

pytest.importorskip("wyoming", reason="needs the extra [wyoming]")

from wyoming.asr import Transcript

from tests.services.wyoming_server import serving

CUT = Line(Who.DEVICE, 3, "the train to Bangalore", interrupted=True)

CORRECTION = replace(
    REQUEST,
    text="no not Bangalore Mangalore",
    understood=Understood(Kind.CORRECTION, wrong="Bangalore", right="Mangalore"),
    history=(
        Line(Who.PERSON, 6, "when does the train go"),
        CUT,
        Line(Who.PERSON, 7, "no not Bangalore Mangalore"),
    ),
    saying=("Sorry.",),
)


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("refuses", "no home"),
        ("dies", "breaks off"),
        ("breaks", "breaks off"),
        ("garbage", "breaks off"),
        ("stalled", "does not answer"),
        ("absent", "start the server"),
    ],
)
def test_a_handling_server_that_fails_is_told_in_one_line(mode: str, told: str) -> None:
    with ExitStack() as stack:
        uri = f"tcp://127.0.0.1:{nowhere()}"
        if mode != "absent":
            uri = stack.enter_context(serving(mode)).uri
        with pytest.raises(ServiceError, match=told) as failed:
            list(wyoming(uri, 400).reply(REQUEST))
        assert "\n" not in str(failed.value)


def test_a_handling_server_is_told_the_words_and_its_own_context() -> None:
    with serving("whole") as server:
        replier = wyoming(server.uri)
        assert list(replier.reply(REQUEST)) == ["hello there"]
        assert list(replier.reply(REQUEST)) == ["hello there"]
        assert [event.data for event in server.told] == [{"text": "hello"}, {"text": "hello", "context": {"topic": 1}}]
        server.mode, server.text = "not", ""
        assert list(replier.reply(REQUEST)) == []


def test_a_handling_server_is_told_what_a_correction_replaces_and_what_was_heard_of_us() -> None:
    with serving("whole") as server:
        assert list(wyoming(server.uri).reply(CORRECTION)) == ["hello there"]
        (transcript,) = map(Transcript.from_event, server.told)
    assert transcript.text == "no not Bangalore Mangalore"
    assert transcript.context == {
        "edgeagent": {
            "kind": "correction",
            "command": "",
            "wrong": "Bangalore",
            "right": "Mangalore",
            "saying": ["Sorry."],
            "resumes": False,
            "brief": False,
            "history": [
                {
                    "who": "device",
                    "number": 3,
                    "text": "the train to Bangalore",
                    "interrupted": True,
                    "estimated": False,
                },
                {
                    "who": "person",
                    "number": 7,
                    "text": "no not Bangalore Mangalore",
                    "interrupted": False,
                    "estimated": False,
                },
            ],
        }
    }


@pytest.mark.parametrize(
    "told",
    [
        replace(REQUEST, understood=Understood(Kind.CLARIFICATION)),
        replace(REQUEST, history=(CUT, *REQUEST.history)),
        replace(REQUEST, resumes=True),
        replace(REQUEST, brief=True),
    ],
)
def test_what_the_words_do_not_say_is_told_beside_the_servers_own_context_and_never_twice(told: Request) -> None:
    with serving("whole") as server:
        replier = wyoming(server.uri)
        replies = [list(replier.reply(request)) for request in (REQUEST, told, REQUEST)]
    assert replies == [["hello there"]] * 3
    plain, full, after = (Transcript.from_event(event).context for event in server.told)
    assert plain is None
    assert full is not None
    assert (full["topic"], full["edgeagent"]["kind"]) == (1, told.understood.kind)
    assert after == {"topic": 2}


def test_a_context_that_a_server_gives_back_whole_does_not_tell_the_turn_before() -> None:
    with serving("echoes") as server:
        replier = wyoming(server.uri)
        for request in (CORRECTION, REQUEST):
            list(replier.reply(request))
    assert server.told[1].data == {"text": "hello"}


@pytest.mark.parametrize(
    "told",
    [REQUEST, replace(REQUEST, understood=Understood(Kind.QUESTION), history=(replace(CUT, interrupted=False),))],
)
def test_a_turn_whose_words_say_all_goes_as_it_always_has(told: Request) -> None:
    """An uninterrupted question, after what we said to its end: no server finds anything new there."""
    with serving("whole") as server:
        list(wyoming(server.uri).reply(told))
    assert server.told[0].data == {"text": told.text}
