"""No card holds the engine thread up, and a dead one does not eat the processor."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping

import numpy as np
import pytest

from edgeagent.errors import DeviceError, DeviceHung
from edgeagent.live import guarded_card
from edgeagent.live.guarded_card import GuardedCard
from edgeagent.ports import Heard, Play


class Card:
    """See `ports.Card`; its abort takes `slow` to be set, its callbacks come from a thread of their own."""

    name = "card"
    input_rate = output_rate = 16000

    def __init__(self) -> None:
        self.threads: list[int] = []
        self.slow = threading.Event()
        self.slow.set()
        self.over = threading.Event()
        self.urgent = False

    def open(self, heard: Heard, play: Play) -> None:
        self.threads.append(threading.get_native_id())
        begun = threading.Event()

        def callbacks() -> None:
            if self.urgent:
                os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(3))
            play(np.zeros(160, np.int16), 5.0)
            heard(np.zeros(160, np.int16), 0, 5.0)
            begun.set()
            self.over.wait(10)

        threading.Thread(target=callbacks, daemon=True).start()
        begun.wait(10)

    def abort(self) -> int:
        self.threads.append(threading.get_native_id())
        self.slow.wait(10)
        return 17

    def restart(self) -> None:
        raise DeviceError("gone")

    def age(self) -> float:
        return 0.0

    def facts(self) -> Mapping[str, int | float | str]:
        return {}

    def close(self) -> None:
        self.threads.append(threading.get_native_id())


@pytest.fixture
def card() -> Iterator[Card]:
    card = Card()
    yield card
    card.over.set()
    card.slow.set()


def opened(card: Card) -> GuardedCard:
    guarded = GuardedCard(card, lambda: 1.0)
    guarded.open(lambda _pcm, _lost, _when: None, lambda _out, _when: None)
    return guarded


def test_one_thread_owns_the_card_and_it_is_not_ours(card: Card) -> None:
    guarded = opened(card)
    assert guarded.abort() == 17
    guarded.restart()  # fails, and nobody has to know at once
    guarded.close()
    assert len(set(card.threads)) == 1
    assert card.threads[0] != threading.get_native_id()
    assert guarded.sounds_until == pytest.approx(5.01)


@pytest.mark.timing
def test_a_hanging_abort_is_given_up_and_nothing_waits_for_it_twice(card: Card) -> None:
    guarded = opened(card)
    card.slow.clear()
    begun = time.monotonic()
    with pytest.raises(DeviceHung, match="hangs"):
        guarded.abort()
    assert time.monotonic() - begun < guarded_card.ABORT_S + 0.3
    begun = time.monotonic()
    with pytest.raises(DeviceHung):
        guarded.close()
    assert time.monotonic() - begun < 0.1


def test_a_card_long_silent_is_not_asked_to_stop(card: Card) -> None:
    now = [1.0]
    guarded = GuardedCard(card, lambda: now[0])
    guarded.open(lambda _pcm, _lost, _when: None, lambda _out, _when: None)
    now[0] = 1.5
    assert guarded.stalled() == 0.5
    assert guarded.abort() == 0
    assert len(card.threads) == 1
    guarded.close()


def test_the_threads_of_a_dead_card_lose_their_urgency_until_it_lives(card: Card) -> None:
    card.urgent = True
    try:
        guarded = opened(card)
        thread = guarded._callbacks.playing
        assert os.sched_getscheduler(thread) == os.SCHED_FIFO
    except (OSError, AssertionError):
        pytest.skip("SCHED_FIFO is not permitted here")
    guarded.calm()
    guarded.calm()
    assert os.sched_getscheduler(thread) == os.SCHED_OTHER
    guarded.hurry()
    guarded.hurry()
    assert os.sched_getscheduler(thread) == os.SCHED_FIFO
    assert os.sched_getparam(thread).sched_priority == 3
    guarded.close()
