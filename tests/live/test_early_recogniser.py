"""A recogniser that listens from the first suspicion on: the whole device, with a server of Wyoming's own classes."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Thread, active_count, enumerate
from time import monotonic, sleep
from typing import Any

import numpy as np
import pytest

from edgeagent.engine import Engine
from edgeagent.live.conversation import Told
from edgeagent.live.turns import AGAIN
from edgeagent.services.one_turn import Telling
from edgeagent.services.wyoming_link import CONNECT_S
from edgeagent.services.wyoming_recogniser import WyomingRecogniser
from edgeagent.settings import Recogniser, Settings
from edgeagent.signal.bypass import Bypass
from edgeagent.signal.convert import to_int16
from edgeagent.sim.replay import replay
from edgeagent.store.journal import MemoryJournal
from edgeagent.units import samples
from tests.live.rig import VOICE, LoudEar, Rig

pytest.importorskip("wyoming", reason="needs the extra [wyoming]")

from tests.services.wyoming_server import Server, serving

TEXT = " ".join(["word"] * 60)
GIVE_UP_S = 10.0
PRE_ROLL = samples(Settings().capture.pre_roll_ms)

BLIP = 4
"""Periods of a noise that lowers the voice and stops nothing."""


def nobody(_turn: int, _text: str) -> None:
    """Is told nothing here."""


@contextmanager
def device(*, early: bool = True) -> Iterator[tuple[Rig, Server]]:
    """It speaks, and nobody has said anything yet."""
    with serving() as server:

        def listen(recognised: Told, trouble: Told, _kept: Told) -> WyomingRecogniser:
            wanted = Recogniser(kind="wyoming", uri=server.uri, early=early)
            return WyomingRecogniser(wanted, recognised, trouble)

        rig = Rig(listener=listen, canceller=Bypass())
        try:
            rig.speak(TEXT, 110)
            yield rig, server
        finally:
            rig.close()


def eventually(so: Callable[[], object]) -> None:
    """What other threads do takes real time, and none of ours."""
    until = monotonic() + GIVE_UP_S
    while not so():
        assert monotonic() < until
        sleep(0.001)


def nobody_listens() -> bool:
    """No turn is being recognised any more. Waited for where sound goes on, which is faster than real threads."""
    return all(thread.name != "recogniser" for thread in enumerate())


def notes(rig: Rig, event: str) -> list[dict[str, Any]]:
    return [entry for entry in rig.notes.entries if entry["event"] == event]


def test_the_transcript_has_the_onset_that_the_recogniser_heard_before_there_was_a_turn() -> None:
    with device() as (rig, server):
        rig.until(lambda: rig.state == "doubting", level=VOICE)
        assert server.asked.wait(GIVE_UP_S)
        eventually(lambda: len(server.heard[0]) >= 2 * PRE_ROLL)
        assert rig.state == "doubting"
        assert not rig.entries("interruption")
        rig.turn(120, VOICE)
        assert rig.state == "yielding"
        rig.until(lambda: bool(rig.entries("heard")))
        eventually(nobody_listens)
        rig.until(lambda: bool(notes(rig, "recognised")))
        (turn,) = {entry["turn"] for entry in rig.entries("heard")}
        assert notes(rig, "recognised") == [
            {"at": notes(rig, "recognised")[0]["at"], "event": "recognised", "turn": turn, "text": "hello there"}
        ]
        (heard,) = server.heard  # one connection, before the stop and after it
        start = turn - PRE_ROLL
        assert heard == to_int16(rig.engine.linear.read(start, start + len(heard) // 2)).tobytes()
        assert start + len(heard) // 2 >= round(rig.entries("heard")[0]["end_s"] * 16_000)
        assert [event.type for event in server.told if event.type != "audio-chunk"] == [
            "transcribe",
            "audio-start",
            "audio-stop",
        ]


def test_what_was_no_turn_leaves_no_text_and_the_server_sees_us_go() -> None:
    with device() as (rig, server):
        rig.turn(BLIP, VOICE)
        assert server.asked.wait(GIVE_UP_S)
        assert rig.state == "doubting"
        while rig.state == "doubting":
            begun = monotonic()
            rig.turn()
        assert rig.state == "speaking"
        assert server.gone.wait(GIVE_UP_S)
        assert server.left is not None
        assert server.left - begun < 0.05
        rig.turn(100)
        assert not any(event.type == "audio-stop" for event in server.told)
        assert not notes(rig, "recognised")
        assert not notes(rig, "turn_trouble")
        eventually(nobody_listens)


def test_suspicions_that_flicker_cost_a_connection_a_second_and_leave_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []
    begin = WyomingRecogniser._begin

    def counted(recogniser: WyomingRecogniser, turn: int, *, sure: bool) -> Any:
        tried.append(turn)
        return begin(recogniser, turn, sure=sure)

    monkeypatch.setattr(WyomingRecogniser, "_begin", counted)
    with device() as (rig, server):
        threads, begun = active_count(), rig.engine.at
        for _ in range(25):
            rig.turn(BLIP, VOICE)
            assert active_count() <= threads + 1
            rig.turn(30)
            eventually(nobody_listens)
        passed = rig.engine.at - begun
        assert len(rig.entries("suspected")) == 25
        assert passed // AGAIN // 2 <= len(tried) <= 1 + passed // AGAIN
        assert sum(event.type == "transcribe" for event in server.told) <= len(tried)  # the others were cut off before
        eventually(lambda: active_count() <= threads)
        assert not notes(rig, "recognised")


def test_a_server_that_is_away_is_told_of_when_there_is_a_turn_and_not_before() -> None:
    with device() as (rig, server):
        threads = active_count()
        server.uri = "tcp://127.0.0.1:1"
        rig.conversation._listener._settings = Recogniser(kind="wyoming", uri=server.uri)  # type: ignore[union-attr]
        for _ in range(4):
            rig.turn(BLIP, VOICE)
            rig.turn(100)
        eventually(lambda: active_count() <= threads)
        assert not notes(rig, "turn_trouble")
        rig.turn(120, VOICE)
        rig.until(lambda: bool(rig.entries("heard")))
        eventually(lambda: rig.turn() or notes(rig, "turn_trouble"))  # type: ignore[func-returns-value]
        assert len(notes(rig, "turn_trouble")) == 1


@pytest.mark.parametrize("early", [True, False])
def test_what_is_recorded_decides_the_same_without_any_recogniser(early: bool) -> None:
    with device(early=early) as (rig, server):
        for pause in (40, 20, 150, 30):
            rig.turn(BLIP, VOICE)
            eventually(lambda: server.asked.is_set() or not early)
            rig.turn(pause)
            eventually(nobody_listens)
        rig.until(lambda: rig.state == "doubting", level=VOICE)
        rig.turn(4, VOICE)
        assert rig.state == "doubting"
        assert bool(server.told) == early  # who shall not listen early does not
        rig.turn(120, VOICE)
        assert rig.state == "yielding"
        recorded = rig.recorded
        journal = MemoryJournal()
        engine = Engine(Settings(), journal, Bypass(), LoudEar())
        played, heard = np.concatenate(recorded.played), np.concatenate(recorded.heard)
        replay(engine, played, heard, recorded.told, chunk=37)
        assert journal.entries == rig.journal.entries


def test_a_server_that_takes_nothing_holds_up_neither_the_doubt_nor_the_stop() -> None:
    """Nobody accepts, and the kernel's queue of connections is full: each further one hangs."""
    with socket.socket() as deaf, ExitStack() as stack:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        address = deaf.getsockname()
        for _ in range(3):
            full = stack.enter_context(socket.socket())
            full.setblocking(False)
            full.connect_ex(address)
        recogniser = WyomingRecogniser(Recogniser(kind="wyoming", uri=f"tcp://127.0.0.1:{address[1]}"), nobody, nobody)
        took = []
        for turn in range(9):
            begun = monotonic()
            begins = recogniser.suspect_turn(turn, "")
            recogniser.sound(turn, np.zeros(16_000, np.float32))
            recogniser.drop_turn(turn)
            took.append(monotonic() - begun)
            assert begins == (turn == 0)  # the first still hangs in its connection
        begun = monotonic()
        recogniser.open_turn(100, "")
        recogniser.drop_turn(100)
        assert max(*took, monotonic() - begun) < CONNECT_S / 5  # a busy machine
        assert sorted(took)[4] < 0.01
        recogniser.close()


def test_a_text_that_finds_a_full_inbox_does_not_hold_up_the_engine_that_drops_its_turn() -> None:
    with device() as (rig, _server):
        while rig.inbox.post(lambda: None):
            pass
        telling = Telling(7, sure=True)
        told = Thread(target=telling.tell, args=(rig.conversation._recognised, "hello there"), daemon=True)
        told.start()
        told.join(GIVE_UP_S)
        assert not told.is_alive()  # nor is the lock held that `drop` takes
        telling.drop()


def test_a_device_that_is_too_slow_listens_to_turns_only() -> None:
    with device() as (rig, server):
        rig.conversation.turns.pause()
        rig.until(lambda: rig.state == "doubting", level=VOICE)
        rig.turn(4, VOICE)
        assert rig.state == "doubting"
        assert not server.asked.is_set()
        rig.turn(120, VOICE)
        assert server.asked.wait(GIVE_UP_S)
