"""What a Wyoming server sends that is no answer: told in one line, in bounded time and memory, and then it is left."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial

import numpy as np
import pytest

from edgeagent import settings
from edgeagent.dialogue.kinds import Kind, Understood
from edgeagent.errors import ServiceError
from edgeagent.ports import Request
from edgeagent.services.wyoming_recogniser import WyomingRecogniser
from edgeagent.services.wyoming_replier import WyomingReplier
from edgeagent.services.wyoming_talker import WyomingTalker
from edgeagent.services.wyoming_wake import Told, WyomingWake

pytest.importorskip("wyoming", reason="needs the extra [wyoming]")

from tests.services.wake_server import WakeServer
from tests.services.wyoming_server import GARBAGE, Server, serving

Eventually = Callable[[Callable[[], object]], None]
Complaint = Callable[[str], str]

STALL_MS = 500
MOST_BYTES = 16 << 20
GIVE_UP_S = 10.0
SOUND = np.zeros(1600, np.float32)

TELLS = {
    "line": "sends what is no Wyoming (a line without an end)",
    "huge": "sends what is no Wyoming (payload_length is not from 0 to",
    "wordy": "sends what is no Wyoming (data_length is not from 0 to",
    "noise": "sends what is no Wyoming",
    "half": "does not answer",
    "babble": "does not answer",
}


@pytest.fixture(params=["talker", "recogniser", "replier", "wake"])
def complaint(request: pytest.FixtureRequest, eventually: Eventually, monkeypatch: pytest.MonkeyPatch) -> Complaint:
    """What is told of a server."""
    monkeypatch.setattr("edgeagent.services.wyoming_wake.STALL_S", STALL_MS / 1000)
    complaints = {"talker": spoken, "replier": replied}
    if request.param in complaints:
        return complaints[request.param]
    return partial({"recogniser": recognised, "wake": woken}[request.param], eventually)


def spoken(uri: str) -> str:
    with pytest.raises(ServiceError) as failed:
        list(WyomingTalker(settings.Talker(kind="wyoming", uri=uri, stall_ms=STALL_MS)).say("Hello."))
    return str(failed.value)


def replied(uri: str) -> str:
    asked = Request(7, SOUND, "hello", Understood(Kind.REQUEST), ())
    with pytest.raises(ServiceError) as failed:
        list(WyomingReplier(settings.Replier(kind="wyoming", uri=uri, stall_ms=STALL_MS)).reply(asked))
    return str(failed.value)


def recognised(eventually: Eventually, uri: str) -> str:
    texts: list[tuple[int, str]] = []
    troubles: list[str] = []
    wanted = settings.Recogniser(kind="wyoming", uri=uri, patience_ms=STALL_MS)
    with closing(
        WyomingRecogniser(wanted, lambda *told: texts.append(told), lambda _, text: troubles.append(text))
    ) as recogniser:
        recogniser.open_turn(7, "")
        recogniser.sound(7, SOUND)
        recogniser.close_turn(7, SOUND)
        eventually(lambda: texts)
    assert texts == [(7, "")]
    (trouble,) = troubles
    return trouble


def woken(eventually: Eventually, uri: str) -> str:
    troubles: list[str] = []
    there: list[bool] = []
    told = Told(lambda *_: None, there.append, troubles.append)
    with closing(WyomingWake(settings.Activation("wake", uri=uri), told, GIVE_UP_S)):
        eventually(lambda: troubles)
    assert there == [False]
    (trouble,) = troubles
    return trouble


@contextmanager
def bounded() -> Iterator[None]:
    """No more memory than this, whatever comes."""
    tracemalloc.start()
    try:
        yield
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < MOST_BYTES


@pytest.mark.parametrize("mode", GARBAGE)
def test_a_server_that_sends_no_answer_is_told_in_one_line_and_left(complaint: Complaint, mode: str) -> None:
    server = WakeServer(mode) if getattr(complaint, "func", None) is woken else Server(mode)
    with serving(given=server), bounded():
        told = complaint(server.uri)
        assert TELLS[mode] in told
        assert "\n" not in told
        assert server.gone.wait(GIVE_UP_S)
