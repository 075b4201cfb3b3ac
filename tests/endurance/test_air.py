"""The card of air: the echo where two clocks put it, a hard stop that is one, and every lost sample accounted for."""

from __future__ import annotations

import numpy as np
import pytest

from edgeagent.ports import Pcm, Sound
from edgeagent.units import CARD_BLOCK, RATE
from tools.endurance.air import BUFFERED, DELAY, AirCard

QUIET = np.zeros(CARD_BLOCK, np.float32)


class Ends:
    """Both ends of a card: plays `sounds` sample by sample, keeps what the microphone heard."""

    def __init__(self, card: AirCard, clicks: tuple[int, ...]) -> None:
        self.clicks = clicks
        self.asked = 0
        self.heard: list[Pcm] = []
        self.moments: list[tuple[float, int]] = []
        card.open(self.hear, self.play)

    def play(self, out: Pcm, _when: float) -> None:
        for click in self.clicks:
            if self.asked <= click < self.asked + out.size:
                out[click - self.asked] = 16_000
        self.asked += out.size

    def hear(self, pcm: Pcm, lost: int, when: float) -> None:
        self.heard.append(pcm)
        self.moments.append((when, lost))

    def sound(self) -> Sound:
        return np.concatenate(self.heard).astype(np.float32)


def path(gain: float = 0.5) -> Sound:
    return np.array([gain], np.float32)


@pytest.mark.parametrize("ppm", [0.0, 200.0, -200.0])
def test_the_echo_is_where_the_clocks_put_it(ppm: float) -> None:
    card = AirCard(path(), ppm, 100.0)
    click = 30 * RATE
    ends = Ends(card, (click,))
    for _ in range(31 * RATE // CARD_BLOCK):
        card.turn(QUIET)
    heard = ends.sound()
    assert int(np.argmax(np.abs(heard))) == pytest.approx(click / (1 + ppm * 1e-6) + DELAY, abs=1)
    assert np.abs(heard).max() == pytest.approx(8000, rel=0.4)  # between two samples a click is lower
    assert not heard[: click - 200].any()


def test_what_an_abort_takes_back_is_never_heard() -> None:
    card = AirCard(path(), 0.0, 100.0)
    clicks = tuple(range(0, 4 * RATE, 40))
    ends = Ends(card, clicks)
    for _ in range(50):
        card.turn(QUIET)
    unplayed = card.abort()
    assert BUFFERED <= unplayed <= BUFFERED + 2 * CARD_BLOCK
    stopped = card.at
    assert card.abort() == 0
    for _ in range(50):
        card.turn(QUIET)
    heard = ends.sound()
    assert heard[stopped - CARD_BLOCK : stopped].any()
    assert not heard[stopped + DELAY + 32 :].any()
    assert not card.sounded
    asked = ends.asked
    card.restart()
    card.turn(QUIET)
    assert ends.asked == asked + CARD_BLOCK
    for _ in range(10):
        card.turn(QUIET)
    assert card.sounded


def test_what_is_lost_is_told_with_the_next_block() -> None:
    card = AirCard(path(), 0.0, 100.0)
    ends = Ends(card, ())
    for turn in range(10):
        card.turn(QUIET, lose=turn in (3, 4, 8))
    assert [lost for _, lost in ends.moments] == [0, 0, 0, 2 * CARD_BLOCK, 0, 0, CARD_BLOCK]
    assert card.lost == 3 * CARD_BLOCK
    assert card.at == 10 * CARD_BLOCK
    assert ends.moments[3][0] == pytest.approx(5 * CARD_BLOCK / RATE)
