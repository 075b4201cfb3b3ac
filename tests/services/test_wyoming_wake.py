"""The wake word over the wire: what is sent when, what is detected, and servers that are away, deaf or another's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from edgeagent.services.wyoming_wake import Told, WyomingWake
from edgeagent.settings import Activation
from edgeagent.signal.convert import to_int16

pytest.importorskip("wyoming", reason="needs the extra [wyoming]")

from tests.services.test_wyoming import nowhere
from tests.services.wake_server import WakeServer
from tests.services.wyoming_server import serving

Eventually = Callable[[Callable[[], object]], None]
PIECE = 1600
SOFT = np.full(PIECE, 0.001, np.float32)
LOUD = np.full(PIECE, 0.2, np.float32)


class Ears:
    """Who is told."""

    def __init__(self) -> None:
        self.words: list[tuple[str, int]] = []
        self.there: list[bool] = []
        self.troubles: list[str] = []

    @contextmanager
    def wake(self, uri: str, words: tuple[str, ...] = (), first_s: float = 0.01) -> Iterator[WyomingWake]:
        told = Told(lambda word, end: self.words.append((word, end)), self.there.append, self.troubles.append)
        wake = WyomingWake(Activation("wake", uri=uri, words=words), told, first_s)
        try:
            yield wake
        finally:
            wake.close()


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.mark.parametrize("dated", [True, False])
def test_a_word_is_dated_by_the_sound(ears: Ears, eventually: Eventually, dated: bool) -> None:
    with serving(given=WakeServer(dated=dated)) as server, ears.wake(server.uri, ("hey_jarvis",)) as wake:
        assert isinstance(server, WakeServer)
        eventually(lambda: ears.there == [True])
        for index, sound in enumerate((SOFT, SOFT, LOUD)):
            wake.feed(50_000 + index * PIECE, sound)
        eventually(lambda: ears.words)
        assert server.detects == [["hey_jarvis"]]
        assert [server.pieces.get() for _ in range(3)] == [
            (0, to_int16(SOFT).tobytes()),
            (100, to_int16(SOFT).tobytes()),
            (200, to_int16(LOUD).tobytes()),
        ]
    assert ears.words == [("hey_jarvis", 50_000 + (2 if dated else 3) * PIECE)]
    assert not ears.troubles


def test_awake_nothing_is_sent_and_asleep_again_a_new_stream_begins(ears: Ears, eventually: Eventually) -> None:
    with serving(given=WakeServer()) as server, ears.wake(server.uri) as wake:
        assert isinstance(server, WakeServer)
        wake.feed(0, LOUD)
        eventually(lambda: len(ears.words) == 1)
        wake.rest()
        wake.rest()
        eventually(lambda: server.stops == 1)
        wake.feed(80_000, SOFT)
        wake.feed(80_000 + PIECE, LOUD)
        eventually(lambda: len(ears.words) == 2)
        wake.feed(160_000, LOUD)  # a hole in the sound
        eventually(lambda: len(ears.words) == 3)
        assert server.detects == [None] * 3
    assert [end for _, end in ears.words] == [0, 80_000 + PIECE, 160_000]


def test_a_server_that_goes_is_told_once_and_heard_again_when_it_is_back(ears: Ears, eventually: Eventually) -> None:
    with serving(given=WakeServer()) as server, ears.wake(server.uri) as wake:
        eventually(lambda: ears.there == [True])
        wake.feed(0, SOFT)
        eventually(lambda: not server.pieces.empty() if isinstance(server, WakeServer) else False)
        server.mode = "dies"
        wake.feed(PIECE, SOFT)
        eventually(lambda: ears.there == [True, False])
        server.mode = "whole"
        eventually(lambda: ears.there == [True, False, True])
        wake.feed(90_000, LOUD)
        eventually(lambda: ears.words)
    assert ears.words == [("hey_jarvis", 90_000)]
    assert len(ears.troubles) == 1
    assert "the button wakes the device" in ears.troubles[0]
    assert "\n" not in ears.troubles[0]


@pytest.mark.parametrize(
    ("mode", "words", "told"),
    [
        ("another", (), "knows no wake words"),
        (
            "whole",
            ("hey_you",),
            "does not know hey_you; set activation.words: [hey_jarvis]; it knows hey_jarvis, ok_nabu",
        ),
    ],
)
def test_another_server_is_told(
    ears: Ears, eventually: Eventually, mode: str, words: tuple[str, ...], told: str
) -> None:
    with serving(given=WakeServer(mode)) as server, ears.wake(server.uri, words, 5.0):
        eventually(lambda: ears.troubles)
    assert told in ears.troubles[0]
    assert ears.there == [False]


def test_one_that_takes_the_connection_and_says_nothing_is_told(
    ears: Ears, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeagent.services.wyoming_wake.STALL_S", 0.1)
    with serving(given=WakeServer("mute")) as server, ears.wake(server.uri, first_s=5.0):
        eventually(lambda: ears.troubles)
    assert "does not answer" in ears.troubles[0]
    assert ears.there == [False]


def test_nobody_there_is_told_once_however_often_it_is_tried(ears: Ears, eventually: Eventually) -> None:
    uri = nowhere()
    with ears.wake(uri, first_s=0.001), serving(given=WakeServer(), port=int(uri.rpartition(":")[2])):
        eventually(lambda: ears.there[-1:] == [True])
    assert len(ears.troubles) <= 1


def test_what_nobody_takes_is_lost_and_holds_nobody_up(ears: Ears) -> None:
    with ears.wake(nowhere(), first_s=10.0) as wake:
        for index in range(1000):
            wake.feed(index * PIECE, SOFT)
